"""Explanations for the page: from the prior in seconds, or after a fit, which takes minutes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from abscope.web.fits import Source, run_fit
from abscope.web.jobs import Job, Progress
from abscope.web.subject import Subject

if TYPE_CHECKING:
    from abscope.infer.explanation import Explanation
    from abscope.report.figures import Figure
    from abscope.report.parts import Part

__all__ = ["explain_job", "explained", "find_explanation"]

#: The share of the time that a fit takes of both.
_FIT_FRAC = 0.8


def explain_job(subject: Subject, source: Source) -> Job:
    """Return the work that explains a case, started where it was not; see `find_explanation`."""
    after = " after a fit" if source == "fit" else ""
    return subject.rooms.jobs.start(
        ("explain", source, *subject.key),
        f"Explaining {subject.opened.shown.name}{after}",
        lambda progress: _explain(subject, source, progress),
    )


def find_explanation(subject: Subject, source: Source) -> Job | None:
    """Return the work for this case at this revision; None where there is none."""
    return subject.rooms.jobs.find(("explain", source, *subject.key))


def _explain(subject: Subject, source: Source, progress: Progress) -> "Explanation":
    from abscope.infer.explanation import STEPS, ExplainOptions, explain_case

    posterior, begun, options = None, 0.0, ExplainOptions()
    if source == "fit":
        begun = _FIT_FRAC
        fit = run_fit(subject, progress.part(0.0, begun))
        posterior, options = fit.posterior, ExplainOptions(fit=fit.options)

    def tell(step: str) -> None:
        progress(begun + (1 - begun) * STEPS.index(step) / len(STEPS), step)

    return explain_case(subject.case, posterior, options=options, progress=tell)


def explained(subject: Subject, job: Job) -> "tuple[Mapping[str, Figure], tuple[Part, ...]]":
    """Return the figures and the parts of the report of an explanation that is over."""
    return subject.opened.keep(("explain", job.id), lambda: _made(subject, job.result))


def _made(subject: Subject, found: "Explanation") -> "tuple[dict[str, Figure], tuple[Part, ...]]":
    from abscope.report.explain_figure import explain_figure
    from abscope.report.parts import parts
    from abscope.report.sections.explain import explain_section

    figure = explain_figure(found)
    figures = {figure.name: figure}
    sections = [lambda whole: explain_section(whole, found)]
    return figures, parts(subject.material, sections, figures=figures)
