"""Kernels are kept on disk, safely for processes that start at once, or else in memory."""

import os
import subprocess
import sys
import warnings

import pytest

from abscope.engine import cache
from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import simulate
from engine_systems import decay

PROGRAM = """
import sys
from engine_systems import decay
from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import simulate
batch = Batch(horizon=1.0, observe_at=[1.0], parameters={"k": 1.0}, initial={"x": 1.0})
found = simulate(compile_system(decay(), lanes=1), batch)
print(f"{found['x_seen'][0, 0]:.4f}", "sympy" in sys.modules)
"""


def _start(folder):
    tests = os.path.dirname(sys.modules["engine_systems"].__file__)
    environment = os.environ | {"ABSCOPE_CACHE": str(folder), "PYTHONPATH": tests}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_processes_that_start_at_once_share_the_cache(tmp_path):
    running = [_start(tmp_path) for _ in range(2)]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert out.split() in (["0.3679", "True"], ["0.3679", "False"])
    out, err = _start(tmp_path).communicate(timeout=120)
    assert out.split() == ["0.3679", "False"], err
    left = {path.suffix for path in (tmp_path / "kernels").iterdir() if path.is_file()}
    assert left == {".py"}
    assert not list((tmp_path / "kernels").glob(".part-*"))


def test_a_cache_that_cannot_be_written_is_told_once(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("ABSCOPE_CACHE", str(blocked))
    monkeypatch.setattr(cache, "_warned", False)
    batch = Batch(horizon=1.0, observe_at=[1.0], parameters={"k": 1.0}, initial={"x": 1.0})
    with pytest.warns(RuntimeWarning, match="cannot be kept"):
        found = simulate(compile_system(decay(), lanes=1, method="tsit5"), batch)
    assert found["x_seen"][0, 0] == pytest.approx(0.367879, abs=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulate(compile_system(decay(), lanes=1, method="tsit5"), batch)


@pytest.mark.parametrize(("platform", "variable", "part"), [
    ("linux", "XDG_CACHE_HOME", "abscope"), ("win32", "LOCALAPPDATA", "abscope"),
    ("darwin", "HOME", "Caches"),
])  # fmt: skip
def test_the_folder_is_that_of_the_platform(tmp_path, monkeypatch, platform, variable, part):
    monkeypatch.delenv("ABSCOPE_CACHE", raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert str(cache.cache_folder()).startswith(str(tmp_path))
    assert part in cache.cache_folder().parts


def test_keys_differ_where_kernels_differ():
    keys = {
        cache.kernel_key(*given)
        for given in (
            ("a", "rodas4", "lanes4"), ("b", "rodas4", "lanes4"), ("a", "rodas3", "lanes4"),
            ("a", "rodas4", "lanes1"),
        )
    }  # fmt: skip
    assert len(keys) == 4


def test_declaring_imports_neither_numba_nor_sympy_nor_scipy():
    program = (
        "import sys, engine_systems; engine_systems.closed(); "
        "print([m for m in ('numba', 'sympy', 'scipy') if m in sys.modules])"
    )
    tests = os.path.dirname(sys.modules["engine_systems"].__file__)
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": tests}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
