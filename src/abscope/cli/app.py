"""The ``abscope`` program: its commands, and the last door that every error leaves through."""

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Annotated, Any

import typer

from abscope.cli.options import JsonOption
from abscope.cli.output import OutputRefusedError, answer, fail, prepare_streams
from abscope.errors import AbscopeError, Problem

__all__ = [
    "BUG", "COMMANDS", "DEBUG_VARIABLE", "INTERRUPTED", "WRONG_USE", "application", "main", "run",
]  # fmt: skip

WRONG_USE = 2
#: An error that abscope did not foresee (EX_SOFTWARE of sysexits.h).
BUG = 70
#: Ctrl-C, as a shell reports it (128 + SIGINT).
INTERRUPTED = 130
#: Set to 1, an unforeseen error shows its traceback.
DEBUG_VARIABLE = "ABSCOPE_DEBUG"

#: The commands in the order of the help, each a function of this name in a module of this room.
COMMANDS = {
    "cases": "cases", "show": "show", "check": "check", "assess": "assess", "best": "best",
    "blood": "blood", "dose": "dose", "models": "models", "new": "new", "schema": "schema",
    "regimen": "regimen", "report": "report", "fetch": "pacs", "send": "pacs",
    "simulate": "simulate", "export": "export", "fit": "fit", "rerun": "rerun",
    "explain": "explain", "whatif": "whatif", "optimize": "optimize", "serve": "serve",
}  # fmt: skip
#: Most of what a short command makes lives until its end: to look for garbage every 700 objects
#: costs a tenth of its time.
_OBJECTS_BEFORE_COLLECTION = 50_000


def application(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Return the program with these commands (all where none is named), loading no other."""
    app = typer.Typer(
        name="abscope",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    for name in names:
        module = import_module(f"abscope.cli.{COMMANDS[name]}")
        app.command(name)(getattr(module, name))
    app.callback(invoke_without_command=True)(_abscope)
    return app


def _abscope(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Record, check and report cases of local radiotherapy for many metastases.

    Research use only. Exit codes: 0 fine, 1 the case has errors, 2 wrong use.
    """
    if version:
        from abscope import __version__

        answer({"version": __version__}, lambda: [f"abscope {__version__}"], as_json=as_json)
        raise typer.Exit
    if context.invoked_subcommand is not None and as_json:
        context.fail("--json goes after the command, not before it")
    if context.invoked_subcommand is None:
        if not as_json:
            typer.echo(context.get_help(), err=True)
        else:
            context.fail("Missing command.")
        raise typer.Exit(WRONG_USE)


def main() -> None:
    """Run the program with the arguments of this process and end it with its exit code."""
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION, *gc.get_threshold()[1:])
    # abscope has no plugins of pydantic; to look for some reads every installed distribution
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; no exception leaves, whatever happens."""
    prepare_streams()
    as_json = "--json" in arguments
    try:
        status, problems = _run(arguments)
        if problems:
            fail(problems, status=status, as_json=as_json)
    except typer.Exit as ended:  # the stream was closed while a problem was printed
        return ended.exit_code
    except OutputRefusedError as refused:
        return _tell_beside(refused)
    return status


def _tell_beside(refused: OutputRefusedError) -> int:
    """Say on standard error that standard output takes no text; return the exit code."""
    try:
        fail([refused.problem], status=WRONG_USE, as_json=False)
    except typer.Exit as ended:
        return ended.exit_code
    except OutputRefusedError:  # nowhere is left to say it
        return WRONG_USE
    return WRONG_USE


def _run(arguments: Sequence[str]) -> tuple[int, tuple[Problem, ...]]:
    """Run one command; return its exit code and what there is to complain about."""
    try:
        with _interrupts() as seen:
            result = _called(arguments)
    except OutputRefusedError:
        raise
    except AbscopeError as error:
        return error.exit_code, error.problems
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED, (_interrupted(),)
    except Exception as error:  # noqa: BLE001 - a person gets one line, never a traceback
        if seen:  # compiled code that was being loaded turned Ctrl-C into an error of its own
            return INTERRUPTED, (_interrupted(),)
        problem, status = _unexpected(error)
        return status, (problem,)
    status = result if isinstance(result, int) else 0
    return status, (_interrupted(),) if status == INTERRUPTED else ()


def _called(arguments: Sequence[str]) -> object:
    """Run the command of some arguments; all commands are loaded only for help and wrong use."""
    named = next((word for word in arguments if not word.startswith("-")), "")
    if named == "whatif":
        from abscope.cli.whatif import joined_pairs

        arguments = joined_pairs(arguments)
    app = application([named] if named in COMMANDS else COMMANDS)
    return app(list(arguments), prog_name="abscope", standalone_mode=False)


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Give a list that has an entry once Ctrl-C was pressed, which is raised as ever."""
    seen: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.default_int_handler(number, frame)

    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield seen
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _unexpected(error: Exception) -> tuple[Problem, int]:
    if isinstance(error, typer.BadParameter.__bases__[0]):  # Typer's UsageError, not exported
        return _usage_problem(error), WRONG_USE
    if os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0"):
        import traceback

        traceback.print_exception(error)
    message = " ".join(str(error).split())
    problem = Problem(
        where="abscope",
        what=f"this is a bug of abscope: {type(error).__name__}: {message}".rstrip(": "),
        expected="no error, or one of abscope's own",
        action=f"Set {DEBUG_VARIABLE}=1 to see the traceback, and report it.",
    )
    return problem, BUG


def _usage_problem(error: Any) -> Problem:
    command = error.ctx.command_path if error.ctx else "abscope"
    message = " ".join(error.format_message().split()).rstrip(".")
    return Problem(
        where=command,
        what=message[:1].lower() + message[1:],
        expected=f"the arguments that '{command} --help' lists",
        action=f"Run '{command} --help'.",
    )


def _interrupted() -> Problem:
    return Problem(
        where="abscope",
        what="stopped by Ctrl-C",
        expected="the command to end",
        action="Run it again; no file was left half-written.",
    )
