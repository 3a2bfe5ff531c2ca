"""What the report shows of a fit: bands, causes, and what other treatments would have done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abscope.case.reader import LocatedCase
from abscope.case.record import Case
from abscope.decide.answers import Answers, Draws, ask, sessions_of
from abscope.decide.continuation import WhatIfOptions
from abscope.decide.standard import standard_scenarios
from abscope.infer.explanation import STEPS, ExplainOptions, Explanation, explain_case
from abscope.infer.fit_run import StoredFit, read_fit
from abscope.model.expectation import Expectation, ExpectationOptions, expect_case
from abscope.report.expectation_figure import fit_figure
from abscope.report.explain_figure import explain_figures
from abscope.report.figures import Figure
from abscope.report.profile_figure import profile_figure
from abscope.report.whatif_figure import whatif_figure

__all__ = ["FitMaterial", "fit_figures", "fit_material"]

#: How many of the draws of a fit the report rests on.
_DRAWS = 200


@dataclass(frozen=True, slots=True, eq=False)
class FitMaterial:
    """A kept fit: its results, its bands and those before the data, its explanation, what-ifs."""

    results: Mapping[str, Any]
    expectation: Expectation
    before: Expectation
    explanation: Explanation
    answers: Answers


def fit_material(
    located: LocatedCase, run: Path, *, progress: Callable[[int, int], None] = lambda _a, _b: None
) -> FitMaterial:
    """Return what the report shows of the fit in a folder.

    ``progress`` is told how many of how many parts are done. Raises UsageError where the folder is
    no finished fit of this case file.
    """
    case, fit = located.case, read_fit(run, text=located.text)
    number = min(_DRAWS, fit.posterior.size)
    whole = len(STEPS) + 2
    steps = list(STEPS)
    progress(0, whole)
    told = ExpectationOptions(
        draws=number,
        seed=fit.posterior.seed,
        homing=fit.options.homing,
        switches=fit.options.switches,
    )
    bands = expect_case(case, options=told, fitted=fit.posterior.prior(number))
    before = expect_case(case, options=told)
    explained = explain_case(
        case,
        fit.posterior,
        options=ExplainOptions(draws=number, seed=fit.posterior.seed, fit=fit.options),
        progress=lambda step: progress(1 + steps.index(step) if step in steps else 1, whole),
    )
    progress(whole - 1, whole)
    answers = _answers(case, fit, number)
    progress(whole, whole)
    return FitMaterial(fit.folder.results, bands, before, explained, answers)


def fit_figures(case: Case, found: FitMaterial) -> dict[str, Figure]:
    """Return the figures of a fit by name."""
    drawn = {
        "fit": fit_figure(case, found.expectation, before=found.before),
        **explain_figures(found.explanation),
    }
    if found.results.get("profiles"):
        drawn["profiles"] = profile_figure(found.results["profiles"])
    if found.answers.comparisons:
        figure = whatif_figure(found.answers)
        drawn[figure.name] = figure
    return drawn


def _answers(case: Case, fit: StoredFit, number: int) -> Answers:
    posterior = fit.posterior
    said = ("the fit did not converge: its numbers are not an answer",)
    warnings = () if posterior.diagnosis.converged else (*said, *posterior.diagnosis.why)
    draws = Draws.of_posterior(posterior, number, warnings=warnings)
    options = WhatIfOptions(homing=fit.options.homing, switches=fit.options.switches)
    sessions = sessions_of(case, draws, options=options)
    scenarios = standard_scenarios(sessions.main)
    return ask(case, scenarios, draws=draws, sessions=sessions, standard=True)
