"""The sizes behind spider and waterfall as tables, one per course: the same in words."""

from abscope.report.changes import LesionLine, course_panels
from abscope.report.exposure_marks import look
from abscope.report.material import Cell, Material, Row, Table
from abscope.report.percent import percent
from abscope.report.spider import step_time
from abscope.report.words import Said, plural

__all__ = ["change_tables"]

_MOST_ROWS = 200


def change_tables(material: Material) -> list[Table]:
    """Return every drawn size with its day and change; empty where no lesion has two sizes."""
    tables = []
    for panel in course_panels(material.case, material.assessment, material.clock):
        rows = [_line(item) for item in panel.lines[:_MOST_ROWS]]
        rows += [
            Row(item.name, (look(item.exposure).words, Said(item.text, missing=True), ""))
            for item in panel.words[: _MOST_ROWS - len(rows)]
        ]
        left_out = len(panel.lines) + len(panel.words) - len(rows)
        tables.append(
            Table(
                f"Sizes after {panel.course}, days from its start",
                ("Lesion", "Exposure", "Sizes", "Best change"),
                tuple(rows),
                f"{plural(left_out, 'more lesion')} not listed." if left_out else "",
            )
        )
    return tables


def _line(item: LesionLine) -> Row:
    sizes: tuple[Cell, ...] = tuple(
        f"{step.scan}, {step_time(step)}: {step.detail}" for step in item.steps
    )
    if item.note:
        sizes = (*sizes, Said(f"{item.note[0].upper()}{item.note[1:]}.", missing=True))
    return Row(item.name, (look(item.exposure).words, sizes, percent(item.best_frac)))
