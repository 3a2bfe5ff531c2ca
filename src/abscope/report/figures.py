"""The figures of a case by name, each in a wide and a narrow drawing, as SVG and PNG."""

from dataclasses import dataclass

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.report.lymphocytes import lymphocyte_figure
from abscope.report.pain import pain_figure
from abscope.report.svg import Scene, Theme
from abscope.report.timeline import NARROW, WIDE, timeline

__all__ = ["Figure", "figures"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a caption and two drawings of the same, for wide and for narrow columns."""

    name: str
    caption: str
    wide: Scene
    narrow: Scene

    def svg(self, theme: Theme = "auto") -> str:
        """Return the wide drawing as a standalone SVG file, light and dark unless one is asked."""
        return self.wide.svg(theme)

    def png(self, width_px: int = 1600) -> bytes:
        """Return the wide drawing as PNG, ``width_px`` wide, the same on every machine."""
        return self.wide.png(width_px)


def figures(case: Case) -> dict[str, Figure]:
    """Return the figures that the record can fill: timeline, and lymphocytes and pain if known."""
    clock = Clock(case)
    found = {
        "timeline": Figure(
            "timeline",
            "All tracks on one axis. Nothing is dated that the record leaves open.",
            timeline(case, clock, WIDE),
            timeline(case, clock, NARROW),
        )
    }
    lymphocytes = [lymphocyte_figure(case, clock, narrow=narrow) for narrow in (False, True)]
    if lymphocytes[0] is not None and lymphocytes[1] is not None:
        found["lymphocytes"] = Figure(
            "lymphocytes",
            "Lymphocyte counts on a logarithmic axis with the grades of CTCAE v5.",
            lymphocytes[0],
            lymphocytes[1],
        )
    pain = [pain_figure(case, clock, narrow=narrow) for narrow in (False, True)]
    if pain[0] is not None and pain[1] is not None:
        found["pain"] = Figure(
            "pain",
            "Scores per site in the order of their times; a bar joins statements that conflict.",
            pain[0],
            pain[1],
        )
    return found
