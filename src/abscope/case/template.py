"""A commented case file to start from, which is itself a valid, complete small case."""

import re

from abscope.errors import Problem, UsageError

__all__ = ["template"]

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\Z")
#: Identifiers that YAML would take for a number or a truth value without quotes.
_NEEDS_QUOTES = re.compile(r"[0-9].*|true|false|null|yes|no|on|off|y|n")

_TEXT = """\
# A case for abscope. Research use only: no names, no dates of birth, no hospital numbers.
#
# Every clinical value may be written short or long:
#   size_mm: 22                               stated by the source
#   size_mm: 2.2 cm                           any unit that converts is read
#   size_mm: 20-30 mm                         an interval; also "< 5 mm", "> 60 mm"
#   size_mm: {value: 22, status: derived, loc: "p. 3"}          derived, with its place
#   size_mm: {versions: [{value: 22, loc: "text"}, {value: 25, loc: "table 1"}]}   they conflict
#   size_mm: not reported                     the source says nothing; never write 0 for it
# Times are dates (2021-03-05, 2021-03, 2021), days from day zero (day 14, day -3), or relative:
#   "3 months after RT1.end", "before RT1", "during RT1", "at I1", "2021-03..2021-05".
schema: abscope-case/1
id: @ID@
title: Melanoma with metastases in lung and liver, radiotherapy of one node
default_missing: not_reported     # how to read what this file does not mention; or not_seen
day_zero: RT1.start               # days count from here; a date or an event

source:
  seen: [own_records]

patient:
  age_years: 61
  sex: female
  performance_status: ECOG 1
  weight_kg: not reported

diagnosis:
  tumor: Cutaneous melanoma
  tumor_type: melanoma
  stage: {value: "IV", loc: "letter, p. 1"}
  metastatic_date: 2020-11        # a month is enough
  markers:
    - {name: BRAF V600E, result: absent}

lesions:
  - id: L1                        # short names; other records refer to them
    name: left axillary node
    site: node_axillary           # see: abscope schema
    laterality: left
    painful: true
  - id: L2
    site: lung
    laterality: right
  - id: L3
    site: liver
    count: several                # a number, or single, several, multiple, numerous

rt_courses:
  - id: RT1
    intent: palliative
    particle: photon
    technique: VMAT
    phases:
      - id: RT1a
        targets: [L1]
        schedule: 5 x 4.5 Gy daily from 2021-03-05 skip weekends
        n_fractions_delivered: 5  # planned and delivered are kept apart
        prescription_point: not reported
    exposures:
      - {lesion: L2, stated_class: out_of_field}
      - {lesion: L3, stated_class: out_of_field, mean_dose_gy: < 0.1 Gy}

systemic_therapy:
  - id: S1
    agents:
      - {name: pembrolizumab, drug_class: immune_checkpoint_inhibitor, regimen: 200 mg q21d x 6}
    start: 2 weeks after RT1.end
    stop_reason: completed

procedures:
  - {id: P1, kind: biopsy, name: Core biopsy of the node, when: 2020-11, lesions: [L1]}

imaging:
  - id: I0
    when: 2021-02-20
    role: baseline
    modalities: [CT]
    slice_mm: 5
    findings:
      - {lesion: L1, size_mm: 31, axis: short}
      - lesion: L2                # the source contradicts itself: keep every version
        size_mm: {versions: [{value: 22, loc: "text"}, {value: 25, loc: "table 1"}]}
        axis: longest
      - {lesion: L3, change: present}
  - id: I1
    when: 3 months after RT1.end
    role: follow_up
    modalities: [CT]
    findings:
      - {lesion: L1, size_mm: 18 mm, axis: short}
      - {lesion: L2, size_mm: {value: 12, status: derived, note: "read from the figure"},
         axis: longest}
      - {lesion: L3, change: decreased}

labs:                             # a blood count needs its unit
  - {test: lymphocytes, when: day -3, value: 1.15 10^9/L, lower_limit: 1.0 10^9/L}
  - {test: lymphocytes, when: day 7, value: 640 /mm3}
  - {test: LDH, when: day -3, value: 310 U/L, upper_limit: 250 U/L}

symptoms:
  - {scale: NRS, scale_max: 10, lesions: [L1], when: day 0, value: 6}
  - {scale: NRS, scale_max: 10, lesions: [L1], when: 4 weeks after RT1.end, value: 1-2}

adverse_events:
  - {term: Fatigue, grade: 1, when: during RT1}

outcomes:
  - {kind: last_contact, when: 2021-12, value: alive}

author_claims:                    # what the authors say, apart from what the record supports
  - {text: Regression of lesions that were not irradiated, abscopal: claimed}
"""


def template(case_id: str = "my-case") -> str:
    """Return a commented case file with this identifier, ready to be changed.

    Raises UsageError where the identifier cannot be one of a case.
    """
    if not _ID.match(case_id):
        raise UsageError(
            Problem(
                "case identifier",
                f"'{case_id[:80]}' cannot be the identifier of a case",
                "up to 60 small letters, digits, _ and -",
                "Write for example my-case.",
            )
        )
    return _TEXT.replace("@ID@", f'"{case_id}"' if _NEEDS_QUOTES.fullmatch(case_id) else case_id)
