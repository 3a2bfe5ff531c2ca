"""The program as a user starts it, and the same program inside this process, which is faster."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from abscope.cli.app import run
from abscope.infer.sampling import SamplerSettings
from ended import Call, Done
from kim2021_dicom import COARSE, make_kim2021


@pytest.fixture
def inside(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run a command in this process."""

    def call(*arguments: str | Path) -> Done:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Done(status, *capsys.readouterr())

    return call


@pytest.fixture
def started(tmp_path: Path) -> Call:
    """Run a command in a process of its own, in an empty folder."""

    def call(*arguments: str | Path, **variables: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "abscope", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONUTF8": "1", **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def kim_coarse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic set of Kim 2021, coarse, made once: with dicom, case.yaml and map.yaml."""
    out = tmp_path_factory.mktemp("kim") / "set"
    assert make_kim2021(out, fineness=COARSE) == out / "dicom"
    return out


@pytest.fixture(scope="session", autouse=True)
def small_fits() -> Iterator[None]:
    """Let fits inside this process have a quarter of the walkers, and fewer steps for each draw."""
    defaults = SamplerSettings.__init__.__kwdefaults__
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(defaults, "walkers", 8)
        patched.setitem(defaults, "steps_per_draw", 5)
        yield


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, small_fits: None) -> Path:
    """The folder of a short fit of the melanoma case, far from converged; tests change copies.

    Beside it stands what the command said ("said").
    """
    folder = tmp_path_factory.mktemp("fits") / "fit"
    short = ("--chains", "2", "--draws", "20", "--warmup", "10")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert run(["fit", "fong2025-melanoma", *short, "--out", str(folder)]) == 0
    (folder.parent / "said").write_text(said.getvalue(), encoding="utf-8")
    return folder
