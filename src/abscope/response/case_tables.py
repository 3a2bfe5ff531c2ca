"""The calls of one case as rows of tables: visits, lesions with exposure, the abscopal call."""

from collections.abc import Mapping, Sequence
from typing import Any

from abscope.response.assessment import CaseAssessment, PartReading
from abscope.response.recist import VisitCall

__all__ = ["ABSCOPAL_COLUMNS", "LESION_COLUMNS", "VISIT_COLUMNS", "case_tables"]

VISIT_COLUMNS = (
    "case", "course", "part", "lesions", "visit", "target", "nontarget", "new_lesions", "overall",
    "sum_mm", "best", "confirmed_best", "reasons",
)  # fmt: skip
LESION_COLUMNS = (
    "case", "lesion", "course", "intended", "exposure", "accepted", "evidence", "dose_low_gy",
    "dose_high_gy", "response", "change_frac", "p_true_pr_frac", "reasons",
)  # fmt: skip
ABSCOPAL_COLUMNS = (
    "case", "strict", "field_only", "evidence", "grade", "decisive", "A1", "A2", "A3", "A4", "A5",
    "A6", "A7", "A8", "A9", "reasons", "caveats", "would_change", "low_gy", "high_gy",
)  # fmt: skip


def case_tables(
    found: CaseAssessment,
) -> Mapping[str, tuple[Sequence[str], Sequence[Mapping[str, Any]]]]:
    """Return the tables ``visits``, ``lesions`` and ``abscopal`` with their columns and rows."""
    return {
        "visits": (VISIT_COLUMNS, _visits(found)),
        "lesions": (LESION_COLUMNS, _lesions(found)),
        "abscopal": (ABSCOPAL_COLUMNS, [_abscopal(found)]),
    }


def _visits(found: CaseAssessment) -> list[dict[str, Any]]:
    return [
        _visit(found.case_id, course.course, part, call)
        for course in found.courses
        for part in (course.everything, course.in_field, course.out_of_field)
        for call in (part.reading.visits if part.reading else ())
    ]


def _visit(case: str, course: str, part: PartReading, call: VisitCall) -> dict[str, Any]:
    return {
        "case": case,
        "course": course,
        "part": part.part,
        "lesions": " ".join(part.lesions),
        "visit": call.visit,
        "target": call.target_response,
        "nontarget": call.nontarget_response,
        "new_lesions": " ".join(call.new_lesions),
        "overall": call.overall,
        "sum_mm": call.target.sum_mm if call.target else None,
        "best": part.outcome.best.response if part.outcome else None,
        "confirmed_best": part.outcome.confirmed_best.response if part.outcome else None,
        "reasons": "; ".join(f"{reason.lesion} {reason.text}".strip() for reason in call.reasons),
    }


def _lesions(found: CaseAssessment) -> list[dict[str, Any]]:
    changes = {(c.course, x.path.lesion): x for c in found.courses for x in c.lesions}
    rows = []
    for item in found.exposures:
        change = changes.get((item.course, item.lesion))
        low, high = item.dose_gy or (None, None)
        rows.append(
            {
                "case": found.case_id,
                "lesion": item.lesion,
                "course": item.course,
                "intended": item.intended,
                "exposure": item.exposure,
                "accepted": item.accepted,
                "evidence": item.evidence,
                "dose_low_gy": low,
                "dose_high_gy": high,
                "response": change.path.response if change else "NE",
                "change_frac": change.path.change_frac if change else None,
                "p_true_pr_frac": (
                    change.passes_pr.probability_frac if change and change.passes_pr else None
                ),
                "reasons": "; ".join(item.reasons),
            }
        )
    return rows


def _abscopal(found: CaseAssessment) -> dict[str, Any]:
    call = found.abscopal
    words = {True: "met", False: "not met", None: "not known"}
    return {
        "case": found.case_id,
        "strict": call.strict,
        "field_only": call.field_only,
        "evidence": call.evidence,
        "grade": found.grade.grade,
        "decisive": call.decisive,
        **{item.id: words[item.met] for item in found.definitions},
        "reasons": "; ".join(call.reasons),
        "caveats": "; ".join(call.caveats),
        "would_change": "; ".join(call.would_change),
        "low_gy": found.lines.low_gy,
        "high_gy": found.lines.high_gy,
    }
