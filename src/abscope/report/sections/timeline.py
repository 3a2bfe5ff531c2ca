"""The timeline with its text alternative, one table per track."""

from abscope.report.events import tracks
from abscope.report.material import Cell, Material, Row, Section, Table
from abscope.report.words import Said

__all__ = ["timeline_section"]


def timeline_section(material: Material) -> Section:
    """Return the section of the figure with every mark of it in words."""
    tables = []
    for track in tracks(material.case, material.clock):
        rows = [
            Row(
                mark.label,
                (lane.name or track.title, _when(material, mark.time, mark.span), mark.detail),
            )
            for lane in track.lanes
            for mark in lane.marks
        ]
        note = f"{track.omitted} more are not drawn." if track.omitted else ""
        columns = ("Event", "Row", "When", "In full")
        tables.append(Table(f"{track.title}, in words", columns, tuple(rows), note))
    return Section("timeline", "Timeline", "timeline.html", {"tables": tables})


def _when(material: Material, time: str, span: object) -> tuple[Cell, ...]:
    from abscope.case.clock import Span

    days = material.days(span if isinstance(span, Span) else None)
    if time == material.missing:
        return (Said(time, missing=True),)
    return (time,) if days.text == time else (time, days)
