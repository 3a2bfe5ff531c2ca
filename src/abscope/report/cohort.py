"""The figures of a table of many patients: best change of each, and the course of each."""

from typing import get_args

from abscope.case.clock import Span
from abscope.report.figures import Figure
from abscope.report.swimmer import LaneEvent, LaneEventKind, SwimmerLane, swimmer_scene
from abscope.report.waterfall import ChangeBar, WaterfallPanel, waterfall_scene
from abscope.response.table_assessment import SubjectResult, TableAssessment

__all__ = ["cohort_figures"]

#: What a call of any criteria is drawn as.
_KINDS: dict[str, LaneEventKind] = {
    **{kind: kind for kind in get_args(LaneEventKind)},
    "iCR": "CR", "iPR": "PR", "iSD": "SD", "iCPD": "PD", "iUPD": "PD",
}  # fmt: skip


def cohort_figures(found: TableAssessment) -> dict[str, Figure]:
    """Return waterfall and swimmer of a table; a figure that no patient can fill is left out."""
    several = len({item.reader for item in found.subjects}) > 1
    names = {
        id(item): f"{item.subject}, {item.reader}" if several else item.subject
        for item in found.subjects
    }
    out: dict[str, Figure] = {}
    bars = tuple(
        ChangeBar(names[id(item)], item.best_change_frac, note=item.outcome.best.response)
        for item in found.subjects
        if item.best_change_frac is not None
    )
    if bars:
        panels = (WaterfallPanel("Best change of the sum of diameters", bars, "patient"),)
        out["waterfall"] = Figure(
            "waterfall",
            "Best change of each patient from baseline, sorted.",
            waterfall_scene(panels, narrow=False),
            waterfall_scene(panels, narrow=True),
        )
    lanes = tuple(_lane(names[id(item)], item) for item in found.subjects if item.visit_d)
    if lanes:
        out["swimmer"] = Figure(
            "swimmer",
            "Each patient from the reference day to the last known day.",
            swimmer_scene(lanes, narrow=False),
            swimmer_scene(lanes, narrow=True),
        )
    return out


def _lane(name: str, item: SubjectResult) -> SwimmerLane:
    events = [
        LaneEvent(_KINDS[overall], Span(day_d, day_d), note=f"{visit}: {overall}")
        for (visit, overall), day_d in zip(item.visits, item.visit_d, strict=True)
        if overall in _KINDS and day_d >= 0
    ]
    last_d = max((*item.visit_d, 0.0))
    if item.death_d is not None:
        return SwimmerLane(name, max(last_d, item.death_d), "death", tuple(events))
    return SwimmerLane(name, last_d, "stopped", tuple(events))
