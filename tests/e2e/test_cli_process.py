"""The program as a process: what it loads, its streams, its signals, its last resort."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from abscope import __version__
from abscope.case import shelf
from abscope.cli import output
from abscope.cli.app import COMMANDS, application, run
from ended import Call

HEAVY = ("pydantic", "pydantic_core", "yaml", "jinja2", "numpy", "rich", "resvg_py")
PROGRAM = [sys.executable, "-m", "abscope"]


def loaded_by(*arguments: str) -> set[str]:
    """Return the modules that are loaded after a command, in a process of its own."""
    return loaded_by_all([list(arguments)])


def loaded_by_all(commands: list[list[str]]) -> set[str]:
    code = (
        "import json, sys; from abscope.cli.app import run;"
        "status = max(run(arguments) for arguments in json.loads(sys.argv[1]));"
        "print(status, *sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(commands)],
        capture_output=True,
        text=True,
        check=True,
    )
    status, *names = done.stderr.split()
    assert status == "0"
    return set(names)


def test_help_loads_nothing_heavy() -> None:
    names = loaded_by("--help")
    assert {"abscope.cli.report", "typer"} <= names
    assert {name.partition(".")[0] for name in names}.isdisjoint(HEAVY)


def test_help_of_every_command_loads_no_other_room() -> None:
    """Typer itself may load pydantic to read options; abscope and its other needs stay out."""
    names = loaded_by_all([["--version"], *([command, "--help"] for command in COMMANDS)])
    rooms = {name for name in names if name.startswith("abscope.")}
    allowed = {"abscope.cli", "abscope.errors"}
    assert {".".join(name.split(".")[:2]) for name in rooms} == allowed
    assert {name.partition(".")[0] for name in names}.isdisjoint(
        {*HEAVY} - {"pydantic", "pydantic_core"}
    )


def test_a_command_does_load_what_it_needs() -> None:
    """The control: the same look sees the heavy packages of a command that needs them."""
    assert {"pydantic", "yaml", "abscope.case.reader"} <= loaded_by("show", "kim2021-breast")


def test_a_command_loads_no_other_command() -> None:
    names = loaded_by("cases")
    assert "abscope.cli.cases" in names
    others = {f"abscope.cli.{module}" for module in COMMANDS.values()} - {"abscope.cli.cases"}
    assert names.isdisjoint(others)


def test_module_and_script_are_the_same_program(started: Call) -> None:
    assert started("--version").out == f"abscope {__version__}\n"
    script = shutil.which("abscope", path=str(Path(sys.executable).parent))
    if script is None:
        pytest.skip("the console script is not installed beside this Python")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"abscope {__version__}\n"


def test_exit_codes_reach_the_shell(started: Call, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("id: 1\n")
    assert started("check", "kim2021-breast").status == 0
    assert started("check", "bad.yaml").status == 1
    assert started("check", "missing.yaml").status == 2
    assert started("check", "--nonsense").status == 2


def test_an_ascii_terminal_gets_escapes_and_json_stays_json(started: Call, tmp_path: Path) -> None:
    (tmp_path / "Müller.yaml").write_text("id: é\n", encoding="utf-8")
    ascii_only = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    shown = started("show", "kim2021-breast", **ascii_only)
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.isascii()
    assert "per \\xb5L" in shown.out
    found = started("check", "Müller.yaml", "--json", **{**ascii_only, "PYTHONUTF8": "1"})
    assert found.out.isascii()
    assert found.json["errors"][0]["where"].startswith("Müller.yaml")


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_a_file_name_that_is_no_text_is_printed(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff.yaml")
    (tmp_path / name).write_text("")
    for more in ([], ["--json"]):
        done = subprocess.run(
            [*PROGRAM, "check", name, *more], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 1
        assert b"a\\udcff.yaml" in done.stdout + done.stderr
        assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    process = subprocess.Popen(
        [*PROGRAM, "show", "kim2021-breast"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, b"")


def test_a_missing_output_stream_is_no_error() -> None:
    code = (
        "import sys; sys.stdout = None; from abscope.cli.app import run; sys.exit(run(['cases']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_full_disk_behind_standard_output_is_one_line(more: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, "cases", *more], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: standard output: cannot be written (No space left")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_ctrl_c_ends_with_one_line(tmp_path: Path, more: tuple[str, ...]) -> None:
    """The case is a pipe that never ends, so the command surely waits when the signal comes."""
    pipe = tmp_path / "case.yaml"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [*PROGRAM, "check", pipe, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with open(pipe, "wb"):  # opens once the command reads
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    said = json.loads(out)["error"] if more else err.removeprefix("error: ").rstrip("\n")
    assert said.startswith("abscope: stopped by Ctrl-C; ")
    assert "\n" not in said
    assert list(tmp_path.iterdir()) == [pipe]


def test_ctrl_c_that_other_code_turns_into_an_error_is_still_ctrl_c(
    inside: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled code that is being loaded does so."""

    def load() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("no compiled object") from None

    monkeypatch.setattr(shelf, "library_names", load)
    done = inside("cases")
    assert done.status == 130
    assert "stopped by Ctrl-C" in done.err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a line\nand another")

    monkeypatch.setattr(shelf, "library_names", fail)
    monkeypatch.delenv("ABSCOPE_DEBUG", raising=False)


BUG = "abscope: this is a bug of abscope: ZeroDivisionError: a line and another; "


@pytest.mark.usefixtures("broken")
def test_an_unforeseen_error_is_one_line_and_seventy(inside: Call) -> None:
    done = inside("cases")
    assert (done.status, done.out) == (70, "")
    (line,) = done.err.splitlines()
    assert line.startswith(f"error: {BUG}")
    assert "ABSCOPE_DEBUG=1" in line
    found = inside("cases", "--json")
    assert (found.status, found.json["status"], found.err) == (70, 70, "")
    assert found.json["error"].startswith(BUG)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(("value", "shown"), [("1", True), ("0", False), ("", False)])
def test_debugging_shows_the_traceback_too(
    inside: Call, monkeypatch: pytest.MonkeyPatch, value: str, shown: bool
) -> None:
    monkeypatch.setenv("ABSCOPE_DEBUG", value)
    done = inside("cases")
    assert done.status == 70
    assert ("Traceback (most recent call last)" in done.err) is shown
    assert f"error: {BUG}" in done.err


def test_a_stream_that_fails_while_an_error_is_told_ends_with_its_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone:
        encoding = "utf-8"

        def write(self, text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            raise AssertionError

        def fileno(self) -> int:
            return spare

    spare = os.open(os.devnull, os.O_WRONLY)
    try:
        monkeypatch.setattr(sys, "stderr", Gone())
        assert run(["check", "no-such-case"]) == output.CLOSED_PIPE
    finally:
        os.close(spare)


def test_every_command_takes_json() -> None:
    assert {"cases", "show", "check", "new", "schema", "regimen", "report"} <= set(COMMANDS)
    for command in application().registered_commands:
        callback = command.callback
        assert callback is not None
        assert "as_json" in callback.__annotations__, callback.__name__


def test_no_command_line_module_is_loaded_by_another_room() -> None:
    source = Path(output.__file__).parents[1]
    others = [path for path in source.rglob("*.py") if "cli" not in path.parts]
    assert len(others) > 20
    importing = [path for path in others if re.search(r"abscope\.cli", path.read_text("utf-8"))]
    assert {path.name for path in importing} == {"__main__.py"}
