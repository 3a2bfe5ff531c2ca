"""Runs on disk: the options that name them, and the arguments that make the same run again."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.infer.fit_run import StoredFit
    from abscope.infer.run_folder import RunFolder

__all__ = [
    "FIT_INPUTS",
    "OutRunOption",
    "PriorOption",
    "RunOption",
    "begin_command",
    "finish_command",
]

#: Where the fit that a run rests on is kept inside the folder of that run.
FIT_INPUTS = "fit"
#: Options that say where things go, not what is computed.
_ASIDE = {"case", "out", "run", "figures", "force", "as_json"}
#: What of an answer depends on where files lie.
_PLACES = ("file", "written")

OutRunOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="RUN", show_default=False,
        help="Keep the run in this folder: inputs, versions, seed, numbers, figures.",
    ),
]  # fmt: skip
RunOption = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="RUN", show_default=False,
        help="Use the draws of this fit, a folder that 'abscope fit --out' wrote.",
    ),
]  # fmt: skip
PriorOption = Annotated[
    bool, typer.Option("--prior", help="Do not fit: draws of the prior, said in the first line.")
]


def begin_command(
    context: typer.Context,
    located: "LocatedCase",
    out: Path | None,
    *,
    force: bool,
    fit: "StoredFit | None" = None,
) -> "RunFolder | None":
    """Return the folder of the command that is under way, None where it keeps none.

    ``fit`` is the fit that it rests on, which is copied in. Raises UsageError where the folder
    cannot be used, before anything is computed. A folder that was made for a command which fails
    is taken away again.
    """
    if out is None:
        return None
    from abscope.infer.run_folder import RunRecord, begin_run, versions_now

    record = RunRecord(
        command=str(context.info_name),
        case_id=located.case.id,
        options={
            **{name: context.params.get(name) for name in ("homing", "without")},
            "arguments": _arguments(context),
        },
        seed=int(context.params["seed"]),
        versions=versions_now(),
        inputs={},
        outputs={},
    )
    inputs: dict[str, str | bytes] = {"case.yaml": located.text}
    if fit is not None:
        whole = fit.folder
        names = ("run.json", *whole.record.inputs, *whole.record.outputs)
        inputs |= {f"{FIT_INPUTS}/{name}": whole.read(name) for name in names}
    run = begin_run(out, record, inputs, force=force)
    context.call_on_close(run.abandon)
    return run


def finish_command(
    run: "RunFolder | None", results: Mapping[str, Any], files: Mapping[str, str | bytes]
) -> list[str]:
    """Write results and files of a command into its folder; return the name of the folder."""
    if run is None:
        return []
    kept = {name: value for name, value in results.items() if name not in _PLACES}
    run.finish(kept, files)
    return [str(run.path)]


def _arguments(context: typer.Context) -> list[str]:
    """Return the options of a command as arguments that give the same values."""
    out: list[str] = []
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.name in _ASIDE or value is None or value is False:
            continue
        if value is True:
            out.append(parameter.opts[0])
            continue
        for item in value if isinstance(value, list | tuple) else [value]:
            out += [parameter.opts[0], str(item)]
    return out
