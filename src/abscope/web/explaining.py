"""Explanations for the page: from the prior in seconds, or after a fit, which takes minutes."""

from typing import TYPE_CHECKING, Literal

from abscope.web.jobs import Job, Jobs, Progress
from abscope.web.reading import Opened

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.infer.explanation import Explanation

__all__ = ["Source", "explain_job", "find_explanation"]

#: What the draws come from: the prior alone, or a fit to the scans and counts of the case.
Source = Literal["prior", "fit"]

#: The share of the time that a fit takes of both.
_FIT_FRAC = 0.8


def explain_job(jobs: Jobs, opened: Opened, case: "Case", source: Source, variant: str) -> Job:
    """Return the work that explains a case, started where it was not; see `find_explanation`."""
    title = f"Explaining {opened.shown.name}" + (" after a fit" if source == "fit" else "")
    return jobs.start(
        _key(opened, source, variant), title, lambda progress: _explain(case, source, progress)
    )


def find_explanation(jobs: Jobs, opened: Opened, source: Source, variant: str) -> Job | None:
    """Return the work for this case at this revision; ``variant`` tells dose data apart."""
    return jobs.find(_key(opened, source, variant))


def _key(opened: Opened, source: Source, variant: str) -> tuple[str, ...]:
    shown = opened.shown
    return ("explain", shown.shelf, shown.name, shown.revision, source, variant)


def _explain(case: "Case", source: Source, progress: Progress) -> "Explanation":
    from abscope.infer.explanation import STEPS, explain_case

    posterior, begun = None, 0.0
    if source == "fit":
        from abscope.infer.fitting import fit_case

        progress(0.0, "looking for the best fit")
        begun = _FIT_FRAC
        fit = fit_case(
            case,
            progress=lambda step: progress(
                _FIT_FRAC * step.done / max(step.total, 1),
                f"fitting: step {step.done} of {step.total}",
            ),
        )
        posterior = fit.posterior

    def tell(step: str) -> None:
        progress(begun + (1 - begun) * STEPS.index(step) / len(STEPS), step)

    return explain_case(case, posterior, progress=tell)
