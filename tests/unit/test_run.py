"""run.py without internet: what it refuses, what it reuses, what it builds anew."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

WITHOUT_ENSUREPIP = (
    "import runpy, sys; sys.modules['ensurepip'] = None; sys.argv = {argv!r}; "
    "runpy.run_path('run.py', run_name='__main__')"
)
#: Stands for the installed program: writes the file it is asked for and says with what.
FAKE_PROGRAM = """\
import pathlib, sys
assert sys.argv[1] == "report" and sys.argv[3] == "-o" and sys.argv[5] == "--force", sys.argv
pathlib.Path(sys.argv[4]).write_text("report of " + sys.argv[2])
sys.exit(int(sys.argv[2] == "fong2025-melanoma") * FAIL)
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("run.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run(clone: Path, *arguments: str, ensurepip: bool = True) -> subprocess.CompletedProcess[str]:
    code = WITHOUT_ENSUREPIP.format(argv=["run.py", *arguments])
    program = ["run.py", *arguments] if ensurepip else ["-c", code]
    env = {**os.environ, "CI": "true"}
    return subprocess.run(
        [sys.executable, *program], cwd=clone, env=env, capture_output=True, text=True, check=False
    )


def environment(clone: Path, *, stamp: str | None = None, fail: int = 0) -> None:
    """Make an environment with a stand-in program and the stamp of a finished installation."""
    made = venv.EnvBuilder(with_pip=False)
    context = made.ensure_directories(clone / ".venv")
    made.create(clone / ".venv")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    folder = Path(context.env_dir) / "lib" / version / "site-packages"
    folder = Path(context.env_dir) / "Lib" / "site-packages" if os.name == "nt" else folder
    (folder / "abscope").mkdir(parents=True)
    (folder / "abscope" / "__init__.py").touch()
    text = FAKE_PROGRAM.replace("FAIL", str(fail))
    (folder / "abscope" / "__main__.py").write_text(text, encoding="utf-8")
    key = hashlib.sha256((clone / "pyproject.toml").read_bytes() + str(clone).encode()).hexdigest()
    (clone / ".venv" / "abscope-stamp").write_text(key if stamp is None else stamp, "utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required: command"),
        (("nonsense",), "invalid choice: 'nonsense'"),
        (("demo", "--wheels", "nowhere"), "there is no folder nowhere"),
        (("demo", "--bogus"), "unrecognized arguments: --bogus"),
    ],
)
def test_wrong_arguments_end_with_2_and_the_usage(
    clone: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = run(clone, *arguments)
    assert done.returncode == 2
    assert "usage: run.py" in done.stderr
    assert said in done.stderr
    assert not (clone / ".venv").exists()


def test_python_without_ensurepip_is_told_what_to_install(clone: Path) -> None:
    done = run(clone, "demo", ensurepip=False)
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_finished_environment_is_used_as_it_is(clone: Path) -> None:
    environment(clone)
    done = run(clone, "demo", ensurepip=False)
    assert done.returncode == 0, done.stderr
    assert "Installing" not in done.stdout
    for name in ("kim2021-breast", "fong2025-melanoma"):
        page = clone / "demo" / f"{name}.html"
        assert page.read_text(encoding="utf-8") == f"report of {name}"
        assert str(page) in done.stdout


def test_exit_code_of_a_failing_report_is_passed_on(clone: Path) -> None:
    environment(clone, fail=7)
    assert run(clone, "demo").returncode == 7


@pytest.mark.parametrize("stamp", ["unfinished", "", "0" * 64])
def test_half_made_or_outdated_environment_is_not_used(clone: Path, stamp: str) -> None:
    environment(clone, stamp=stamp)
    done = run(clone, "demo", ensurepip=False)
    assert done.returncode == 1
    assert "(anew)" in done.stdout
    assert not (clone / "demo").exists()


def test_environment_without_its_python_is_not_used(clone: Path) -> None:
    environment(clone)
    shutil.rmtree(clone / ".venv" / ("Scripts" if os.name == "nt" else "bin"))
    done = run(clone, "demo", ensurepip=False)
    assert done.returncode == 1
    assert "(anew)" in done.stdout


def test_moved_clone_is_not_taken_for_finished(clone: Path, tmp_path: Path) -> None:
    environment(clone)
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("run.py", "pyproject.toml", ".venv"):
        shutil.move(clone / name, moved / name)
    done = run(moved, "demo", ensurepip=False)
    assert done.returncode == 1
    assert "(anew)" in done.stdout
