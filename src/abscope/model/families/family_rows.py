"""What a published model says of a case, as plain values for JSON."""

from typing import Any

from abscope.model.expectation import VisitDay
from abscope.model.expectation_rows import plain_band, plain_three
from abscope.model.families.side_by_side import FamilyOutcome

__all__ = ["plain_family"]


def plain_family(found: FamilyOutcome) -> dict[str, Any]:
    """Return the outcome as values that JSON can hold."""
    return {
        "model": found.name,
        "scope": found.scope,
        "draws": found.draws,
        "failed_draws": found.failed,
        "left_out": list(found.dropped),
        "taken": list(found.taken),
        "days_d": found.days_d.tolist(),
        "visits": [{"label": visit.label, "day_d": visit.day_d} for visit in found.visits],
        "lesions": [_lesion(found, name) for name in found.lesions],
        "alc_per_ul": None if found.alc_per_ul is None else plain_band(found.alc_per_ul),
        "unknowns": list(found.unknowns),
    }


def _lesion(found: FamilyOutcome, name: str) -> dict[str, Any]:
    def at(visit: VisitDay) -> dict[str, Any]:
        return {
            "label": visit.label,
            "day_d": visit.day_d,
            "volume_frac": plain_three(found.lesions[name].at(visit.place)),
            "treated_ratio": plain_three(found.treated_ratio[name].at(visit.place)),
        }

    return {
        "lesion": name,
        "visits": [at(visit) for visit in found.visits],
        "volume_frac": plain_band(found.lesions[name]),
    }
