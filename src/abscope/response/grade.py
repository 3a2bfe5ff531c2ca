"""The evidence grade of an abscopal response: definite, probable, possible, none, not evaluable.

Every requirement is listed with whether it is met, not met, or not known; what is not known is
never counted as met. *Definite* needs all of them, *probable* all but one weak one (response of a
single lesion only, not confirmed, in-field progression, or pseudoprogression first), *possible* is
what a drug, an earlier trend, an unknown dose, words without sizes or an unusual time leave.
The grade is a proposal of this project, not a consensus.
"""

from dataclasses import dataclass
from typing import Literal

from abscope.response.abscopal import AbscopalCall, Candidate
from abscope.response.rivals import onset_window_d

__all__ = ["EvidenceGrade", "Grade", "Requirement", "grade"]

Grade = Literal["definite", "probable", "possible", "none", "not_evaluable"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of the grade: met (True), not met (False), or not known (None)."""

    code: str
    text: str
    met: bool | None
    weak: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EvidenceGrade:
    """The grade of a case, the lesion it rests on and every requirement."""

    grade: Grade
    lesion: str | None
    requirements: tuple[Requirement, ...]
    reason: str


def grade(
    call: AbscopalCall,
    *,
    infield_progressed: bool | None,
    sum_responded: bool | None,
    after_iupd: bool = False,
) -> EvidenceGrade:
    """Return the evidence grade of a call.

    ``infield_progressed``: whether the irradiated lesions progressed (None: not known).
    ``sum_responded``: whether the sum of the measurable lesions outside the fields responded by
    RECIST 1.1 (None: not computable). ``after_iupd``: whether the response followed an unconfirmed
    progression.
    """
    usable = [c for c in call.candidates if c.path.responded and not c.obstacles]
    if not usable:
        followed = [c.lesion for c in call.candidates if c.path.response in ("SD", "PD")]
        if followed and call.strict == "no":
            return EvidenceGrade("none", None, (), f"no response outside the fields: {followed[0]}")
        return EvidenceGrade(
            "not_evaluable", None, (), "no lesion outside the fields has a usable response"
        )
    best = max(
        usable, key=lambda c: (c.lesion == call.decisive, c.exposure.exposure == "out_of_field")
    )
    needs = _requirements(best, call, infield_progressed, sum_responded, after_iupd)
    if call.strict == "no":
        return EvidenceGrade("none", best.lesion, needs, call.reasons[0])
    unmet = [need for need in needs if need.met is not True]
    strong = [need for need in unmet if not need.weak]
    if strong:
        return EvidenceGrade("possible", best.lesion, needs, "; ".join(n.reason for n in strong))
    if len(unmet) == 1:
        return EvidenceGrade("probable", best.lesion, needs, unmet[0].reason)
    if unmet:
        return EvidenceGrade("possible", best.lesion, needs, "; ".join(n.reason for n in unmet))
    return EvidenceGrade("definite", best.lesion, needs, "every requirement is met")


def _requirements(
    best: Candidate,
    call: AbscopalCall,
    infield_progressed: bool | None,
    sum_responded: bool | None,
    after_iupd: bool,
) -> tuple[Requirement, ...]:
    path, codes = best.path, {r.code: r for r in best.rivals}
    measurable = path.baseline is not None and path.baseline.size_mm is not None
    onset = path.onset_d
    in_window: bool | None = None
    if onset is not None:
        earliest_d, latest_d, _ = onset_window_d()
        in_window = onset.high_d >= earliest_d and onset.low_d <= latest_d
    drug = next((codes[c] for c in ("concurrent-drug", "drugs-unknown") if c in codes), None)
    falling = codes.get("shrinking-before")
    return (
        Requirement(
            "out-of-field", "the lesion is out of field by dose or anatomy",
            best.exposure.exposure == "out_of_field", False, "; ".join(best.exposure.reasons),
        ),
        Requirement(
            "measured", "it was measured before and after",
            measurable and path.change_frac is not None,
            False, "no sizes before and after",
        ),
        Requirement(
            "sum-responded", "the sum of the lesions outside the fields is CR or PR",
            sum_responded, True, "only single lesions responded, or the sum is not known",
        ),
        Requirement(
            "confirmed", "a second scan at least 28 days later still shows it",
            path.confirmed, True, "not confirmed by a second scan",
        ),
        Requirement(
            "no-new-lesion", "no new lesion appeared", not call.new_after, False,
            f"new: {', '.join(call.new_after)}" if call.new_after else "none appeared",
        ),
        Requirement(
            "no-drug", "no systemic therapy started or changed from 90 days before to the response",
            drug is None, False, drug.text if drug else "no drug in the window",
        ),
        Requirement(
            "not-shrinking", "it was not shrinking before the course on an earlier scan",
            False if falling else (None if "trend-unknown" in codes else True), False,
            falling.text if falling else "its trend before the course is not known",
        ),
        Requirement(
            "infield-controlled", "the irradiated lesions did not progress",
            None if infield_progressed is None else not infield_progressed, True,
            "in-field progression, or the irradiated lesions were not followed",
        ),
        Requirement(
            "in-window", "first seen from 2 weeks to 12 months after the course", in_window, False,
            "the time of the response is outside the window or not known",
        ),
        Requirement(
            "lasting", "the response was not taken back", path.lapsed is None, False,
            "the response was transient",
        ),
        Requirement(
            "direct", "not preceded by an unconfirmed progression", not after_iupd, True,
            "the response followed an unconfirmed progression",
        ),
    )  # fmt: skip
