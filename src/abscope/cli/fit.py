"""``abscope fit CASE``: what the data of a case say of the quantities of the model."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abscope.cli.model_options import HomingOption, WithoutOption
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer, table
from abscope.cli.progress import told
from abscope.cli.run_option import OutRunOption, begin_command, finish_command

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.infer.fitting import Fit
    from abscope.infer.run_folder import RunFolder
    from abscope.infer.sampling import SamplingProgress

__all__ = ["fit"]

_ChainsOption = Annotated[int, typer.Option("--chains", help="Chains, each of many walkers.")]
_DrawsOption = Annotated[int, typer.Option("--draws", help="Draws of each chain.")]
_WarmupOption = Annotated[int, typer.Option("--warmup", help="Steps of a walker before the draws.")]
_SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the chains.")]
_ProfileOption = Annotated[
    list[str] | None,
    typer.Option(
        "--profile", metavar="NAME",
        help="Profile a quantity, such as 'growth': all else at its best; may be repeated.",
        show_default=False,
    ),
]  # fmt: skip
#: Quantities that the text shows; the JSON object has all.
_SHOWN = 15
#: Draws that its figure shows.
_FIGURE_DRAWS = 200


def fit(  # noqa: PLR0913 - the options of the command line
    context: typer.Context,
    case: CaseArgument,
    homing: HomingOption = "lesion",
    without: WithoutOption = None,
    chains: _ChainsOption = 4,
    draws: _DrawsOption = 250,
    warmup: _WarmupOption = 40,
    seed: _SeedOption = 1,
    profile: _ProfileOption = None,
    out: OutRunOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fit the model to a case: what the scans and counts say of what the record does not tell.

    Every quantity begins at its prior; the answer shows how much of the prior is left. With --out
    the run is kept for explain, whatif and optimize, and one that was cut off goes on.
    """
    from abscope.case.shelf import open_case
    from abscope.infer.fit_run import fit_files, fit_options, fit_results
    from abscope.infer.fitting import fit_case
    from abscope.infer.sampling import SamplerSettings

    options = fit_options(homing=homing, without=tuple(without or ()))
    settings = SamplerSettings(chains=chains, draws=draws, warmup=warmup, seed=seed)
    located = open_case(case)
    run = begin_command(context, located, out, force=force)
    with told("fit") as tell:
        found = fit_case(
            located.case, options=options, settings=settings, progress=_keeping(run, tell),
            resume=None if run is None else run.checkpoint(), profiles=tuple(profile or ()),
        )  # fmt: skip
    results = fit_results(located.case, found)
    files = fit_files(found)
    if run is not None:
        files |= _drawn(located.case, found, results)
    written = finish_command(run, results, files)
    answer(
        {**results, "file": located.name, "written": written},
        lambda: (*_lines(results), *(f"{path}: written" for path in written)),
        as_json=as_json,
    )


def _keeping(
    run: "RunFolder | None", tell: Callable[[int, int], None]
) -> "Callable[[SamplingProgress], None]":
    def after_a_step(step: "SamplingProgress") -> None:
        tell(step.done, step.total)
        if run is not None and step.save:
            run.save_checkpoint(step.state())

    return after_a_step


def _drawn(case: "Case", found: "Fit", results: dict[str, Any]) -> dict[str, bytes]:
    """Return the figures of the fit over the data, and of its profiles, as files by name."""
    from abscope.model.expectation import ExpectationOptions, expect_case
    from abscope.report.expectation_figure import fit_figure
    from abscope.report.profile_figure import profile_figure

    posterior, options = found.posterior, found.density.model.options
    number = min(_FIGURE_DRAWS, posterior.size)
    told = ExpectationOptions(
        draws=number, seed=posterior.seed, homing=options.homing, switches=options.switches
    )
    bands = expect_case(case, options=told, fitted=posterior.prior(number))
    figures = [fit_figure(case, bands, before=expect_case(case, options=told))]
    if results["profiles"]:
        figures.append(profile_figure(results["profiles"]))
    files: dict[str, bytes] = {}
    for figure in figures:
        stem = f"figures/{case.id}-{figure.name}"
        files |= {f"{stem}.svg": figure.svg().encode("utf-8"), f"{stem}.png": figure.png()}
    return files


def _lines(found: dict[str, Any]) -> Iterator[str]:
    if not found["converged"]:
        yield f"! {found['case']}: the fit did not converge; its numbers are not an answer"
        yield from (f"! {why}" for why in found["why_not"])
    else:
        yield f"{found['case']}: research use only"
    yield (
        f"{found['chains']} chains of {found['draws']} draws, "
        f"R-hat at most {_plain(found['r_hat'])}, "
        f"at least {_plain(found['ess_bulk'])} effective draws"
    )
    yield from (f"! {text}" for text in found["not_informed"])
    yield from (f"Not used: {text}" for text in found["not_used"])
    told_of = [one for one in found["coordinates"] if one["posterior_over_prior_sd"] < 0.9]
    yield f"The data carry {len(told_of)} of {len(found['coordinates'])} combinations:"
    for one in told_of:
        yield f"  {one['posterior_over_prior_sd']:.0%} of the prior is left of {one['meaning']}"
    yield ""
    yield "Quantities that the data say most of: median and 90 % of the draws"
    rows = [
        (
            one["meaning"] if len(one["meaning"]) < 60 else one["meaning"][:57] + "...",
            one["unit"],
            _three(one["before"]),
            _three(one["after"]),
            f"{min(one['ratio_frac'], 1.0):.0%}",
        )
        for one in found["quantities"][:_SHOWN]
    ]
    head = ("quantity", "unit", "before the data", "after", "prior left")
    yield from (f"  {line}" for line in table(rows, head=head))
    left = len(found["quantities"]) - _SHOWN
    if left > 0:
        yield f"  and {left} more that the data say less of (--json has them)"
    yield from (f"Recorded again over its draws: {text}" for text in found["recorded_again_says"])
    yield from (f"! {one['says']}" for one in found["confounded"] if one["exactly"])
    for one in found["profiles"]:
        yield from _profile_lines(one)


def _profile_lines(found: dict[str, Any]) -> Iterator[str]:
    low, high = (None if end is None else f"{end:.3g}" for end in found["interval_95"])
    yield ""
    yield f"Profile of {found['name']} ({found['meaning']}), all else at its best for each value"
    if not found["converged"]:
        yield "! not every search came to rest: what is shown is a lower limit"
    rows = [
        (f"{value:.3g}", _drop(height, max(x for x in found["log_posterior"] if x is not None)),
         _drop(alone, 0.0))
        for value, height, alone in zip(
            found["values"], found["log_posterior"], found["without_prior"], strict=True
        )
    ]  # fmt: skip
    head = (found["unit"], "below the best", "without its prior")
    yield from (f"  {line}" for line in table(rows, head=head))
    yield (
        f"  95 % without its prior: {f'from {low}' if low else 'no lower end'}, "
        f"{f'to {high}' if high else 'no upper end'}; heights are natural logarithms."
    )


def _drop(height: float | None, top: float) -> str:
    return "cannot be simulated" if height is None else f"{top - height:.2f}"


def _plain(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _three(values: list[float]) -> str:
    low, middle, high = (f"{value:.3g}" for value in values)
    return f"{middle} ({low} to {high})"
