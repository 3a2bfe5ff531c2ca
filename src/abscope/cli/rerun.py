"""``abscope rerun RUN``: make a run again from what its folder holds, and compare the numbers."""

import contextlib
import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from abscope.cli.options import JsonOption
from abscope.cli.output import answer
from abscope.cli.run_option import FIT_INPUTS
from abscope.errors import Problem, UsageError

__all__ = ["rerun"]

_FolderArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="A folder that --out wrote.", show_default=False)
]
_AnyVersionOption = Annotated[
    bool, typer.Option("--any-version", help="Compare with other versions of the software, too.")
]
#: Differences that the text shows; the JSON object has all.
_SHOWN = 10


def rerun(
    run: _FolderArgument, any_version: _AnyVersionOption = False, as_json: JsonOption = False
) -> None:
    """Make a run again from its folder and say whether the numbers are the same.

    The folder stays as it is. Exit code 1 where a number differs.
    """
    from abscope.infer.run_compare import differences
    from abscope.infer.run_folder import open_run, versions_now

    kept = open_run(run)
    if not kept.complete:
        what, hint = "the run was cut off", "Give its command again with the same --out."
        raise UsageError(Problem(str(run), what, "a run that is over", hint))
    now = versions_now()
    other = [name for name, version in kept.record.versions.items() if now.get(name) != version]
    if other and not any_version:
        raise UsageError(
            [
                Problem(
                    str(run),
                    f"was made with {name} {kept.record.versions[name]}",
                    f"{name} {now.get(name)}, which is here",
                    "Install that version, or use --any-version.",
                )
                for name in other
            ]
        )
    with tempfile.TemporaryDirectory() as folder:
        for name in kept.record.inputs:
            place = Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(kept.read(name))
        inputs = Path(folder) / "inputs"
        if other:
            _of_now(inputs / FIT_INPUTS / "run.json", now)
        again = _again(inputs, kept.record.command, kept.record.options)
        found = differences(kept.results, again)
    answer(
        {"run": str(run), "command": kept.record.command, "case": kept.record.case_id,
         "compared": found.compared, "differences": found.plain()},
        lambda: (
            f"abscope {kept.record.command} {kept.record.case_id}: "
            + (f"all {found.compared} values are the same" if not found.rows
               else f"{len(found.rows)} of {found.compared} values differ"),
            *(f"  {row}" for row in found.rows[:_SHOWN]),
        ),
        as_json=as_json,
        status=1 if found.rows else 0,
    )  # fmt: skip


def _of_now(record: Path, now: Mapping[str, str]) -> None:
    """Let the copy of a fit pass for one of this version, as --any-version asks."""
    if record.is_file():
        found = json.loads(record.read_bytes())
        record.write_text(json.dumps({**found, "versions": dict(now)}), encoding="utf-8")


def _again(inputs: Path, command: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results of the command of a run, given again with a copy of its inputs."""
    from abscope.cli.app import application
    from abscope.infer.run_folder import open_run

    out = inputs.parent / "run"
    arguments = [command, str(inputs / "case.yaml"), *options["arguments"], "--json"]
    if (inputs / FIT_INPUTS).is_dir():
        arguments += ["--run", str(inputs / FIT_INPUTS)]
    with contextlib.redirect_stdout(io.StringIO()):
        app = application([command])
        app([*arguments, "--out", str(out)], prog_name="abscope", standalone_mode=False)
    return open_run(out).results
