"""``abscope explain CASE``: was it the radiotherapy? Shares, rivals, and what would settle it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.model_options import HomingOption, WithoutOption
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.record import Case
    from abscope.infer.explanation import ExplainOptions, Explanation
    from abscope.infer.posterior import Posterior

__all__ = ["explain"]

_DrawsOption = Annotated[int, typer.Option("--draws", help="Draws that are explained.")]
_SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the draws and of a fit.")]
_PriorOption = Annotated[
    bool, typer.Option("--prior", help="Do not fit: draws of the prior, said in the first line.")
]
_LesionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--lesion", metavar="ID", show_default=False,
        help="A lesion to explain; may be repeated. Without it, those that were followed.",
    ),
]  # fmt: skip
_RunOption = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="RUN", help="The folder of a fit, instead of fitting here.",
        show_default=False,
    ),
]  # fmt: skip
_FiguresOption = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR", help="Draw the shares there, as SVG and PNG.",
        show_default=False,
    ),
]  # fmt: skip


def explain(  # noqa: PLR0913 - the options of the command line
    case: CaseArgument,
    run: _RunOption = None,
    prior: _PriorOption = False,
    draws: _DrawsOption = 200,
    seed: _SeedOption = 1,
    homing: HomingOption = "lesion",
    without: WithoutOption = None,
    lesion: _LesionOption = None,
    figures: _FiguresOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Explain what each lesion did: by radiotherapy, immunity, drugs or its natural course.

    The same draws are run with and without each cause. The answer comes with intervals, the rival
    explanations, what measurement would have settled it, and what can be concluded.
    """
    from abscope.case.shelf import open_case
    from abscope.infer.case_model import FitOptions
    from abscope.infer.explanation import ExplainOptions, explain_case
    from abscope.infer.explanation_rows import plain_explanation
    from abscope.model.expectation_rows import switches_without
    from abscope.report.explain_lines import explanation_lines

    located = open_case(case)
    fit = FitOptions(homing=homing, switches=switches_without(tuple(without or ())))  # type: ignore[arg-type]
    options = ExplainOptions(draws=draws, seed=seed, lesions=tuple(lesion or ()), fit=fit)
    posterior = _posterior(located.case, run, options, prior=prior)
    found = explain_case(located.case, posterior, options=options, progress=_say)
    written = _figures(found, figures, force=force)
    answer(
        {"case": found.case_id, "file": located.name, "written": written,
         **plain_explanation(found)},
        lambda: (*explanation_lines(found), *(f"{path}: written" for path in written)),
        as_json=as_json,
    )  # fmt: skip


def _posterior(
    case: "Case", run: Path | None, options: "ExplainOptions", *, prior: bool
) -> "Posterior | None":
    """Return the posterior of a run folder, else of a fit made here; None for the prior."""
    from abscope.infer.fitted import posterior_for, posterior_of_run

    if prior and run is not None:
        expected = "one of them"
        raise UsageError(Problem("abscope explain", "both --prior and --run", expected, "Choose."))
    if run is not None:
        return posterior_of_run(run, case_id=case.id, homing=options.fit.homing)
    if prior:
        return None
    _say("fitting")
    return posterior_for(case, options=options.fit, seed=options.seed)


def _say(step: str) -> None:
    """Tell a person at a terminal what is done next."""
    if sys.stderr.isatty():
        typer.echo(f"... {step}", err=True)


def _figures(found: "Explanation", folder: Path | None, *, force: bool) -> list[str]:
    """Draw the shares; return the names of the files."""
    if folder is None:
        return []
    from abscope.case.files import write_files
    from abscope.report.explain_figure import explain_figure

    figure = explain_figure(found)
    name = f"{found.case_id}-{figure.name}"
    contents: dict[Path, str | bytes] = {
        folder / f"{name}.svg": figure.svg(),
        folder / f"{name}.png": figure.png(),
    }
    write_files(contents, force=force, folder=folder)
    return [str(path) for path in contents]
