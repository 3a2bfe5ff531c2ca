"""Every check fires on a case spoiled for it, and stays silent on the near miss beside it."""

from collections.abc import Callable
from typing import Any

import pytest

from abscope.case.checks import CHECKS

Plain = dict[str, Any]
Spoil = Callable[[Plain], object]


def phase(case: Plain) -> Plain:
    return case["rt_courses"][0]["phases"][0]


def exam(case: Plain, number: int) -> Plain:
    return case["imaging"][number]


def found(case: Plain, number: int, index: int) -> Plain:
    return exam(case, number)["findings"][index]


def drop(mapping: Plain, *keys: str) -> None:
    for key in keys:
        del mapping[key]


def lab(value: str, when: str = "2023-08-14", **more: Any) -> Plain:
    return {"test": "lymphocytes", "when": when, "value": value, "lower_limit": "1 10^9/L", **more}


def second_course(case: Plain, **more: Any) -> None:
    plan = {"id": "RT2a", "targets": ["T1"], "schedule": "5 x 4 Gy"}
    case["rt_courses"].append({"id": "RT2", "start": "2024-01-08", "phases": [plan], **more})


def undated_course(case: Plain, n_fractions: int) -> None:
    drop(phase(case), "end", "n_fractions_delivered")
    phase(case).update(n_fractions_planned=n_fractions, total_dose_gy=n_fractions * 4)


def relink(case: Plain, **link: Any) -> None:
    case["lesions"][1]["links"] = [{"relation": "same_as", "lesion": "T1", **link}]


def diarrhea(case: Plain, text: str) -> None:
    case["adverse_events"] += [
        {"term": "diarrhea", "grade": 2},
        {"term": "Diarrhea", "reporter": "patient", "text": text},
    ]


def symptom(case: Plain, **more: Any) -> None:
    case["symptoms"].append({"scale": "NRS 0-10", "omed_mg": 0, "when": "2023-07-14", **more})


FIRES: list[tuple[str, Spoil]] = [
    ("fractions-calendar", lambda c: phase(c).update(start="2023-07-18")),
    ("fractions-calendar", lambda c: phase(c).update(start="2023-07-21", end="2023-07-26")),
    ("fractions-calendar", lambda c: phase(c).update(fractionation="alternate_days")),
    ("fractions-calendar", lambda c: phase(c).update(start="day 0", end="day 3")),
    ("fractions-gap", lambda c: phase(c).update(end="2023-08-25")),
    ("single-fraction", lambda c: phase(c).update(fractionation="single")),
    ("dose-sum", lambda c: phase(c).update(total_dose_gy=25)),
    ("dose-sum", lambda c: phase(c).update(total_dose_gy={"versions": [20, 30]})),
    (
        "boost-sum",
        lambda c: phase(c).update(
            boost={
                "kind": "simultaneous_integrated",
                "dose_per_fraction_gy": 6,
                "total_dose_gy": 25,
            }
        ),
    ),
    (
        "boost-sum",
        lambda c: phase(c).update(
            boost={"kind": "simultaneous_integrated", "dose_per_fraction_gy": 3}
        ),
    ),
    ("dose-unknown", lambda c: drop(phase(c), "total_dose_gy", "dose_per_fraction_gy")),
    (
        "fractionation-unknown",
        lambda c: drop(
            phase(c), "dose_per_fraction_gy", "n_fractions_planned", "n_fractions_delivered"
        ),
    ),
    ("delivered-fractions", lambda c: phase(c).update(n_fractions_delivered=4)),
    ("delivered-fractions", lambda c: phase(c).update(n_fractions_delivered={"versions": [4, 5]})),
    (
        "delivered-fractions",
        lambda c: (
            drop(phase(c), "n_fractions_delivered"),
            c["rt_courses"][0].update(stopped_early=True),
        ),
    ),
    ("dose-order", lambda c: c["rt_courses"][0]["exposures"][0].update(max_dose_gy=10)),
    (
        "dose-order",
        lambda c: phase(c).update(lattice={"peak_dose_gy": 3, "valley_dose_gy": 12}),
    ),
    ("target-uncertain", lambda c: phase(c).update(targets_uncertain=["L2"])),
    ("target-missing", lambda c: phase(c).update(targets=[])),
    (
        "target-out-of-field",
        lambda c: c["rt_courses"][0]["exposures"][0].update(stated_class="out_of_field"),
    ),
    ("out-of-field-without-dose", lambda c: c["lesions"][2].update(site="skull")),
    ("out-of-field-without-dose", lambda c: c["lesions"][2].pop("site")),
    (
        "bystander-dose-unknown",
        lambda c: (c["lesions"][2].update(site="skull"), c["rt_courses"][0]["exposures"].pop()),
    ),
    ("irradiated-twice", second_course),
    ("irradiated-twice", lambda c: second_course(c, same_volume_as=["RT1"])),
    ("lesion-not-listed", lambda c: found(c, 1, 0).update(lesion="X9")),
    ("lesion-not-listed", lambda c: found(c, 1, 0).update(state="merged", merged_with="X9")),
    ("missing-at-baseline", lambda c: exam(c, 0)["findings"].pop(1)),
    ("target-never-imaged", lambda c: phase(c).update(targets=["T1", "M1"])),
    ("lesion-never-mentioned", lambda c: c["lesions"].append({"id": "L9", "site": "eye"})),
    (
        "lost-to-follow-up",
        lambda c: (exam(c, 1).update(not_assessed=[]), exam(c, 2)["findings"].pop()),
    ),
    ("count-in-words", lambda c: c["lesions"][1].update(count="numerous")),
    ("count-exceeded", lambda c: found(c, 1, 1).update(count=3)),
    ("scan-during-rt", lambda c: exam(c, 1).update(when="2023-07-19")),
    ("scan-during-rt", lambda c: exam(c, 0).update(when="2023-07")),
    (
        "scan-during-rt",
        lambda c: (undated_course(c, 27), exam(c, 1).update(when="1 month after RT1.start")),
    ),
    ("follow-up-without-baseline", lambda c: c["imaging"].pop(0)),
    ("no-follow-up", lambda c: c.update(imaging=c["imaging"][:1])),
    ("no-follow-up", lambda c: c.update(imaging=[])),
    ("baseline-too-early", lambda c: exam(c, 0).update(when="2023-06-01")),
    ("baseline-after-start", lambda c: exam(c, 0).update(when="2023-08-01")),
    ("same-day-exams", lambda c: exam(c, 2).update(when="2023-09-18")),
    ("response-without-size", lambda c: found(c, 1, 0).pop("size_mm")),
    (
        "response-without-size",
        lambda c: exam(c, 1).update(findings=[{"lesion": "T1", "change": "present"}]),
    ),
    ("modality-changed", lambda c: exam(c, 1).update(modalities=["MRI"])),
    ("modality-changed", lambda c: exam(c, 0).update(modalities=["PET/CT"])),
    ("slice-unknown", lambda c: exam(c, 0).pop("slice_mm")),
    ("resected-still-seen", lambda c: c["procedures"][0]["lesions"].append("L1")),
    ("resolved-then-seen", lambda c: found(c, 1, 0).update(size_mm=0, change="gone")
     or found(c, 2, 0).update(size_mm=8, change="increased")),
    ("new-twice", lambda c: found(c, 1, 1).update(change="new")),
    ("finding-twice", lambda c: exam(c, 1)["findings"].append({"lesion": "L1"})),
    ("state-contradicts", lambda c: found(c, 1, 0).update(state="absent")),
    ("state-contradicts", lambda c: found(c, 1, 0).update(state="split")),
    ("state-contradicts", lambda c: found(c, 1, 0).update(state="merged")),
    ("state-contradicts", lambda c: found(c, 1, 0).update(state="merged", merged_with="T1")),
    (
        "state-contradicts",
        lambda c: (
            found(c, 1, 0).update(state="merged", merged_with="L1"),
            c["lesions"][0].update(links=[{"relation": "merged_into", "lesion": "L2"}]),
        ),
    ),
    ("link-contradicts", relink),
    ("link-contradicts", lambda c: relink(c, lesion="L1")),
    (
        "link-contradicts",
        lambda c: (
            relink(c, relation="split_from"),
            c["lesions"][0].update(links=[{"relation": "split_from", "lesion": "L1"}]),
        ),
    ),
    (
        "link-contradicts",
        lambda c: (
            c["lesions"].append({"id": "L3", "site": "lung", "laterality": "right"}),
            relink(c, lesion="L3"),
        ),
    ),
    ("size-scale", lambda c: found(c, 1, 0).update(size_mm=2)),
    ("change-against-size", lambda c: found(c, 1, 0).update(size_mm=21)),
    ("node-axis", lambda c: c["lesions"][2].update(site="node_pelvic")),
    ("node-axis", lambda c: c["lesions"][2].update(node={"versions": [True, False]})),
    ("axis-order", lambda c: found(c, 1, 0).update(other_axis_mm=11)),
    ("lab-unit-unclear", lambda c: c["labs"].append(lab("700 /mm3", unit_status="implied"))),
    ("lab-unit-unclear", lambda c: c["labs"].append({"test": "LDH", "value": 300,
                                                    "when": "2023-08-14"})),
    ("lymphocyte-limit", lambda c: c["labs"][0].pop("lower_limit")),
    ("lab-without-time", lambda c: c["labs"][0].pop("when")),
    ("lab-implausible", lambda c: c["labs"].append(lab("180 10^9/L"))),
    ("lab-implausible", lambda c: c["labs"][0].update(upper_limit="500 /mm3")),
    ("lab-scale", lambda c: c["labs"].append(lab("1 /mm3"))),
    (
        "lab-scale",
        lambda c: c["labs"].extend(
            {"test": "LDH", "value": value, "unit": unit, "when": when}
            for value, unit, when in ((300, "U/L", "2023-07-14"), (5, "ukat/L", "2023-08-14"))
        ),
    ),
    ("lab-same-time", lambda c: c["labs"].append(lab("700 /mm3", when="2023-07-24"))),
    ("symptom-above-scale", lambda c: c["symptoms"][1].update(value=11)),
    ("symptom-above-scale", lambda c: c["symptoms"][1].update(value=-1)),
    ("symptom-scale-unknown", lambda c: c["symptoms"][1].update(scale="pain score")),
    ("symptom-baseline", lambda c: symptom(c, lesions=["T1"], value=6, baseline=True)),
    (
        "symptom-baseline",
        lambda c: symptom(c, lesions=["L1"], value={"versions": [6, 8]}, baseline=True),
    ),
    ("symptom-without-baseline", lambda c: symptom(c, lesions=["L1"], value=6)),
    ("analgesic-unknown", lambda c: c["symptoms"][1].pop("omed_mg")),
    ("event-grades-differ", lambda c: diarrhea(c, "called mild")),
    ("event-without-grade", lambda c: c["adverse_events"].append({"term": "rash"})),
    ("end-before-start", lambda c: phase(c).update(end="2023-07-10")),
    ("end-before-start", lambda c: c["systemic_therapy"][0].update(stop="2022-12-01")),
    ("after-death", lambda c: c["outcomes"][1].update(when="2023-11-01")),
    ("event-twice", lambda c: c["outcomes"].append({"kind": "death", "when": "2024-02-02"})),
    ("metastases-before-diagnosis", lambda c: c["diagnosis"].update(metastatic_date="2022-12")),
    ("seen-before-first-seen", lambda c: c["lesions"][0].update(first_seen="2023-08")),
    ("time-missing", lambda c: exam(c, 2).pop("when")),
    ("time-missing", lambda c: c["procedures"][0].pop("when")),
    ("time-untied", lambda c: exam(c, 2).update(when="2 months after death")
     or c["outcomes"].pop()),
    ("age-without-date", lambda c: c["patient"].pop("age_at")
     and c["procedures"][0].update(when="2015")),
    ("cycles-calendar", lambda c: c["systemic_therapy"][0].update(n_cycles=16)),
    ("cycles-calendar", lambda c: c["systemic_therapy"][0].update(n_cycles=1)),
    ("therapy-without-start", lambda c: c["systemic_therapy"][0].pop("start")),
    ("untreated-yet-treated", lambda c: c["no_systemic_therapy"][0].update(start="2023-02-01")),
    ("untreated-yet-treated", lambda c: c.update(no_systemic_therapy=[{"scope": "any"}])),
    ("personal-data", lambda c: c["patient"].update(note="MRN: 0012345")),
    ("personal-data", lambda c: c["patient"].update(note="DOB 1960-02-03")),
    ("personal-data", lambda c: exam(c, 0).update(text="Mr. Miller came back")),
    ("personal-data", lambda c: exam(c, 0).update(text="accession 123456789")),
    ("personal-data", lambda c: exam(c, 0).update(note="ask a.b@hospital.org")),
    ("conflicting-value", lambda c: found(c, 1, 0).update(size_mm={"versions": [10, 11]})),
    (
        "recorded-discrepancy",
        lambda c: c.update(
            discrepancies=[
                {
                    "id": "gap",
                    "topic": "t",
                    "kind": "omission",
                    "statements": [{"text": "a"}],
                    "effect": "e.",
                    "handling": "h",
                }
            ]
        ),
    ),
]  # fmt: skip


SILENT: list[tuple[str, Spoil]] = [
    # five daily fractions from Thursday to Wednesday: exactly five weekdays
    ("fractions-calendar", lambda c: phase(c).update(start="2023-07-13", end="2023-07-19")),
    # five fractions on alternate days take nine days
    ("fractions-calendar", lambda c: phase(c).update(fractionation="alternate_days",
                                                     end="2023-07-25")),
    ("fractions-calendar", lambda c: phase(c).update(fractionation="twice_daily",
                                                     end="2023-07-19")),
    ("fractions-calendar", lambda c: phase(c).update(start="2023-07", end="2023-07")),
    ("fractions-calendar", lambda c: phase(c).pop("fractionation")
     and phase(c).update(end="2023-07-19")),
    ("fractions-gap", lambda c: phase(c).update(end="2023-07-31")),
    ("fractions-gap", lambda c: phase(c).update(end="2023-08-25",
                                                pauses=[{"after_fraction": 2}])),
    # 15 x 2.67 Gy is 40.05 Gy, printed as 40 Gy
    ("dose-sum", lambda c: phase(c).update(total_dose_gy=40, dose_per_fraction_gy=2.67,
                                           n_fractions_planned=15, end="2023-08-04",
                                           n_fractions_delivered=15)),
    ("delivered-fractions", lambda c: phase(c).pop("n_fractions_delivered")),
    ("dose-unknown", lambda c: phase(c).pop("total_dose_gy")),
    ("out-of-field-without-dose", lambda c: c["rt_courses"][0]["exposures"][1].update(
        mean_dose_gy={"low": 0, "high": 0.3})),
    # resected before radiotherapy: no bystander any more
    ("bystander-dose-unknown", lambda c: c["lesions"][3].update(site="skull")),
    ("missing-at-baseline", lambda c: found(c, 1, 1).update(change="new")
     or exam(c, 0)["findings"].pop(1)),
    ("missing-at-baseline", lambda c: exam(c, 0)["findings"].pop(1)
     and exam(c, 0).update(not_assessed=["L1"])),
    ("lost-to-follow-up", lambda c: exam(c, 2)["findings"].pop(0)
     and found(c, 1, 0).update(size_mm=0, change="gone")),
    ("scan-during-rt", lambda c: exam(c, 1).update(when="2 weeks after RT1.end")),
    ("scan-during-rt", lambda c: undated_course(c, 5)
     or exam(c, 1).update(when="1 month after RT1.start")),
    ("scan-during-rt", lambda c: undated_course(c, 27)
     or exam(c, 1).update(when="1 month after RT1")),
    ("baseline-too-early", lambda c: exam(c, 0).update(when="2023-06-19")),
    ("baseline-after-start", lambda c: exam(c, 0).update(when="2023-07-17")),
    ("same-day-exams", lambda c: exam(c, 2).update(when="2023-09-18", modalities=["MRI"])),
    ("response-without-size", lambda c: found(c, 2, 0).pop("size_mm")),
    ("modality-changed", lambda c: exam(c, 0).update(modalities=["PET", "CT"])),
    ("resected-still-seen", lambda c: c["procedures"][0].update(lesions=["L1", "M1"],
                                                                complete=False)),
    ("resected-still-seen", lambda c: c["procedures"][0].update(lesions=["M1"],
                                                                lesions_uncertain=["L1"])),
    ("resolved-then-seen", lambda c: found(c, 1, 0).update(size_mm=0, change="gone")
     or found(c, 2, 0).update(size_mm=8, change="reappeared")),
    ("link-contradicts", lambda c: c["lesions"].append({"id": "L3", "site": "mediastinum"})
     or relink(c, lesion="L3")),
    ("node-axis", lambda c: c["lesions"][2].update(site="node_pelvic")
     or [found(c, n, 2).update(axis="short") for n in (0, 2)]),
    ("change-against-size", lambda c: found(c, 1, 0).update(size_mm=21, relative_to="I2")),
    ("lymphocyte-limit", lambda c: c["labs"].append({"test": "lymphocytes", "value": "640 /mm3",
                                                     "when": "2023-07-25"})),
    ("lab-scale", lambda c: c["labs"].extend(
        {"test": "AFP", "value": value, "unit": "ug/L", "when": when}
        for value, when in ((11460, "2023-07-14"), (11, "2023-08-14")))),
    ("symptom-baseline", lambda c: symptom(c, lesions=["T1"], value=8, baseline=True)),
    ("event-grades-differ", lambda c: diarrhea(c, "called moderate")),
    ("event-grades-differ", lambda c: diarrhea(c, "not said")),
    ("after-death", lambda c: c["outcomes"][1].update(when="2023-12")),
    ("metastases-before-diagnosis", lambda c: c["diagnosis"].update(metastatic_date="2023-01")),
    ("seen-before-first-seen", lambda c: c["lesions"][0].update(first_seen="2023")),
    ("cycles-calendar", lambda c: c["systemic_therapy"][0].update(n_cycles=4)),
    ("untreated-yet-treated", lambda c: c["no_systemic_therapy"][0].update(
        start="2023-02-01", scope="immunotherapy")),
    ("personal-data", lambda c: c.update(source={"pmid": 24563870, "citation": "Miller 12345678",
                                                 "doi": "10.1186/12345678"})),
    ("personal-data", lambda c: c["patient"].update(
        note="born abroad; MS in remission, trial NCT01234567, dates 2018-04-20")),
]  # fmt: skip


def spoiled(plain: Plain, spoil: Spoil, findings) -> tuple:
    spoil(plain)
    return findings(plain)


def test_a_clean_case_has_no_finding(plain, findings):
    assert findings(plain) == ()


def test_every_code_is_tested_to_fire():
    assert {code for code, _ in FIRES} == {check.code for check in CHECKS}


def test_codes_are_kebab_case_unique_and_described():
    codes = [check.code for check in CHECKS]
    assert len(codes) == len(set(codes))
    for check in CHECKS:
        assert check.code == check.code.lower()
        assert "_" not in check.code
        assert "\n" not in check.description
        assert len(check.description) > 20
        assert check.rule.__doc__, check.code


@pytest.mark.parametrize(
    ("code", "spoil"), FIRES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(FIRES)]
)
def test_fires(plain, findings, code, spoil):
    hits = [f for f in spoiled(plain, spoil, findings) if f.code == code]
    assert hits
    for hit in hits:
        assert hit.what
        assert hit.expected
        assert hit.action
        assert hit.path
        assert not hit.expected.endswith(".")


@pytest.mark.parametrize(
    ("code", "spoil"), SILENT, ids=[f"{code}-{n}" for n, (code, _) in enumerate(SILENT)]
)
def test_stays_silent(plain, findings, code, spoil):
    assert [f.what for f in spoiled(plain, spoil, findings) if f.code == code] == []
