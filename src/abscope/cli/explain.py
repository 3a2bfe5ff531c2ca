"""``abscope explain CASE``: was it the radiotherapy? Shares, rivals, and what would settle it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.fitted import fitted, kept_fit
from abscope.cli.model_options import HomingOption, WithoutOption
from abscope.cli.options import CaseArgument, ForceOption, JsonOption
from abscope.cli.output import answer
from abscope.cli.progress import told
from abscope.cli.run_option import (
    OutRunOption,
    PriorOption,
    RunOption,
    begin_command,
    finish_command,
)

if TYPE_CHECKING:
    from abscope.infer.explanation import Explanation

__all__ = ["explain"]

_DrawsOption = Annotated[int, typer.Option("--draws", help="Draws that are explained.")]
_SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the fit and of the draws.")]
_LesionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--lesion", metavar="ID", show_default=False,
        help="A lesion to explain; may be repeated. Without it, those that were followed.",
    ),
]  # fmt: skip
_OthersOption = Annotated[
    bool, typer.Option("--others", help="Ask the published models, too; this takes minutes.")
]
_FiguresOption = Annotated[
    Path | None,
    typer.Option(
        "--figures", metavar="DIR", help="Draw the shares there, as SVG and PNG.",
        show_default=False,
    ),
]  # fmt: skip


def explain(  # noqa: PLR0913 - the options of the command line
    context: typer.Context,
    case: CaseArgument,
    run: RunOption = None,
    prior: PriorOption = False,
    draws: _DrawsOption = 200,
    seed: _SeedOption = 1,
    homing: HomingOption = "lesion",
    without: WithoutOption = None,
    lesion: _LesionOption = None,
    others: _OthersOption = False,
    figures: _FiguresOption = None,
    out: OutRunOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Explain what each lesion did: by radiotherapy, immunity, drugs or its natural course.

    The same draws are run with and without each cause. The answer comes with intervals, the rival
    explanations, what measurement would have settled it, and what can be concluded. Without --run
    or --prior the case is fitted first. A kept fit brings its own homing and mechanisms.
    """
    from abscope.case.shelf import open_case
    from abscope.infer.explanation import (
        STEPS,
        ExplainOptions,
        check_explained,
        explain_case,
    )
    from abscope.infer.explanation_rows import plain_explanation
    from abscope.report.explain_lines import explanation_lines

    located = open_case(case)
    fit = kept_fit(located, run=run, prior=prior)
    options = ExplainOptions(draws=draws, seed=seed, lesions=tuple(lesion or ()), others=others)
    check_explained(located.case, options, posterior=None if fit is None else fit.posterior)
    kept = begin_command(context, located, out, force=force, fit=fit)
    source = fitted(
        located, fit, prior=prior, seed=seed, homing=homing, without=tuple(without or ())
    )
    options = replace(options, fit=source.options)
    with told("explain") as tell:
        found = explain_case(
            located.case, source.posterior, options=options,
            progress=lambda step: tell(STEPS.index(step), len(STEPS)),
        )  # fmt: skip
    results = {"case": found.case_id, **plain_explanation(found)}
    drawn = _drawn(found)
    written = [
        *_figures(drawn, figures, force=force),
        *finish_command(kept, results, {**source.files, **_in_folder(drawn)}),
    ]
    answer(
        {**results, "file": located.name, "written": written},
        lambda: (*explanation_lines(found), *(f"{path}: written" for path in written)),
        as_json=as_json,
    )


def _drawn(found: "Explanation") -> dict[str, str | bytes]:
    """Return the files of the figure by name."""
    from abscope.report.explain_figure import explain_figure

    figure = explain_figure(found)
    name = f"{found.case_id}-{figure.name}"
    return {f"{name}.svg": figure.svg(), f"{name}.png": figure.png()}


def _in_folder(drawn: dict[str, str | bytes]) -> dict[str, str | bytes]:
    """Return the files of the figure by their name in the folder of a run."""
    return {f"figures/{name}": data for name, data in drawn.items()}


def _figures(drawn: dict[str, str | bytes], folder: Path | None, *, force: bool) -> list[str]:
    """Write the figure into a folder; return the names of the files."""
    if folder is None:
        return []
    from abscope.case.files import write_files

    contents = {folder / name: data for name, data in drawn.items()}
    write_files(contents, force=force, folder=folder)
    return [str(path) for path in contents]
