"""The figures of a case by name, each in a wide and a narrow drawing, as SVG and PNG."""

from dataclasses import dataclass

from abscope.blood.case_forecast import case_forecast_or_none
from abscope.blood.forecast import Forecast
from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.report.blood_curve import blood_curve
from abscope.report.lymphocytes import lymphocyte_figure
from abscope.report.pain import pain_figure
from abscope.report.spider import spider_figure
from abscope.report.svg import Scene, Theme
from abscope.report.timeline import NARROW, WIDE, timeline
from abscope.report.waterfall import waterfall_figure
from abscope.response.assessment import CaseAssessment, assess_case

__all__ = [
    "Figure", "blood_figures", "change_figures", "figures", "pain_figures", "timeline_figures",
]  # fmt: skip


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


def figures(
    case: Case, *, assessment: CaseAssessment | None = None, forecast: Forecast | None = None
) -> dict[str, Figure]:
    """Return the figures that the record can fill.

    The timeline always; spider where a lesion has two sizes, lymphocytes and pain where known.
    ``assessment`` and ``forecast`` are made here where the caller has none.
    """
    return {
        **timeline_figures(case),
        **change_figures(case, assessment or assess_case(case)),
        **blood_figures(case, forecast or case_forecast_or_none(case)),
        **pain_figures(case),
    }


def timeline_figures(case: Case) -> dict[str, Figure]:
    """Return the timeline by its name."""
    clock = Clock(case)
    caption = "All tracks on one axis. Nothing is dated that the record leaves open."
    wide, narrow = (timeline(case, clock, layout) for layout in (WIDE, NARROW))
    return {"timeline": Figure("timeline", caption, wide, narrow)}


def blood_figures(case: Case, forecast: Forecast | None) -> dict[str, Figure]:
    """Return the counts, and the counts with a prediction, each where there is one to draw."""
    clock, found = Clock(case), {}
    counts = [lymphocyte_figure(case, clock, narrow=narrow) for narrow in (False, True)]
    if counts[0] is not None and counts[1] is not None:
        caption = "Lymphocyte counts on a logarithmic axis with the grades of CTCAE v5."
        found["lymphocytes"] = Figure("lymphocytes", caption, counts[0], counts[1])
    if forecast is not None:
        found["blood"] = Figure(
            "blood",
            "Lymphocyte counts with what the model predicts from the doses, before and after it "
            "has seen the counts.",
            blood_curve(forecast, narrow=False),
            blood_curve(forecast, narrow=True),
        )
    return found


def pain_figures(case: Case) -> dict[str, Figure]:
    """Return the scores of symptoms by the name of the figure; none without a score."""
    clock = Clock(case)
    pain = [pain_figure(case, clock, narrow=narrow) for narrow in (False, True)]
    if pain[0] is None or pain[1] is None:
        return {}
    caption = "Scores per site in the order of their times; a bar joins statements that conflict."
    return {"pain": Figure("pain", caption, pain[0], pain[1])}


def change_figures(case: Case, assessment: CaseAssessment) -> dict[str, Figure]:
    """Return the drawings of lesions with two sizes or more; none where there is no such lesion."""
    clock, found = Clock(case), {}
    for name, draw, caption in _CHANGES:
        wide = draw(case, assessment, clock, narrow=False)
        narrow = draw(case, assessment, clock, narrow=True)
        if wide is not None and narrow is not None:
            found[name] = Figure(name, caption, wide, narrow)
    return found


_CHANGES = (
    (
        "spider",
        spider_figure,
        "Size against the last one before the course. The lines at −30 % and +20 % are those of "
        "RECIST, drawn as guides: progression counts from the smallest size and needs 5 mm more.",
    ),
    (
        "waterfall",
        waterfall_figure,
        "Best change of each lesion after the course, sorted; the lines are those of the spider.",
    ),
)
