"""Code that is mapped from its file is what LLVM loads, and a later start needs no LLVM."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import abscope.engine.native.image as image
from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.native.kernel import code_of, opened
from abscope.engine.native.machine import object_code
from abscope.engine.simulation import Settings, prepare, run_kernel, simulate
from engine_systems import decay

EMPTY = "define void @run(i8* %table, i64 %first, i64 %last) { ret void }"
OUTSIDE = """
declare void @other()
define void @run(i8* %table, i64 %first, i64 %last) {
  call void @other()
  ret void
}
"""

PROGRAM = """
import sys
from engine_systems import decay
from abscope.engine.batch import Batch
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import simulate
batch = Batch(horizon=1.0, observe_at=[1.0], parameters={"k": 1.0}, initial={"x": 1.0})
found = simulate(compile_system(decay(), lanes=4), batch)
print(f"{found['x_seen'][0, 0]:.4f}", "llvmlite" in sys.modules)
"""

on_linux = pytest.mark.skipif(not image.processor(), reason="images are for Linux on x86-64")


def decays() -> Batch:
    rates = np.linspace(0.1, 2.0, 9)
    return Batch(
        members=9, horizon=2.0, observe_at=[0.5, 2.0], parameters={"k": rates}, initial={"x": 1.0}
    )


@pytest.fixture(scope="module")
def code() -> bytes:
    return code_of(compile_system(decay()).text(), 4)


@on_linux
def test_mapped_code_gives_what_llvm_loads(code, tmp_path):
    path = tmp_path / "kernel.code"
    path.write_bytes(code)
    assert json.loads(code[: image.PAGE])["image"] > 0
    compiled = compile_system(decay())
    results = []
    for kernel in (opened(code), opened(path)):
        ready = prepare(compiled, decays(), Settings())
        results.append(run_kernel(kernel, ready, Settings()))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_object_that_needs_something_from_outside_has_no_image():
    assert image.image_of(object_code(OUTSIDE), name="run") is None
    assert image.image_of(object_code(EMPTY), name="walk") is None
    assert image.image_of(b"MZ" + bytes(200), name="run") is None


@on_linux
def test_a_disk_that_runs_no_code_leaves_it_to_llvm(code, tmp_path, monkeypatch):
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    path = tmp_path / "kernel.code"
    path.write_bytes(code)
    monkeypatch.setattr(image.mmap, "mmap", refused)
    ready = prepare(compile_system(decay()), decays(), Settings())
    found = run_kernel(opened(path), ready, Settings())
    assert np.isfinite(found.final).all()


def test_a_system_without_a_description_of_its_processor_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "_CPU", tmp_path / "none")
    assert image.processor() == ""


@on_linux
def test_a_later_start_loads_no_compiler(tmp_path):
    tests = os.path.dirname(sys.modules["engine_systems"].__file__)
    told = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONPATH": tests, "ABSCOPE_CACHE": str(tmp_path)},
            text=True, capture_output=True, check=True,
        ).stdout.strip()
        for _ in range(2)
    ]  # fmt: skip
    assert told == ["0.3679 True", "0.3679 False"]


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "text", "head"])
def test_kept_code_that_was_damaged_is_never_run_but_made_again(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("ABSCOPE_CACHE", str(tmp_path))
    batch = Batch(horizon=1.0, observe_at=[1.0], parameters={"k": 1.0}, initial={"x": 1.0})
    simulate(compile_system(decay(), lanes=4), batch)
    (kept,) = tmp_path.rglob("*.code")
    whole = kept.read_bytes()
    half = len(whole) // 2
    other = bytes([whole[half] ^ 255])
    left = {
        "empty": b"", "cut": whole[:half], "changed": whole[:half] + other + whole[half + 1 :],
        "text": b"no code" * 2000, "head": b"[1]".ljust(image.PAGE) + whole[image.PAGE :],
    }[damage]  # fmt: skip
    kept.write_bytes(left)
    with pytest.raises(ValueError, match=r"Expecting|changed or cut off"):
        opened(kept)
    found = simulate(compile_system(decay(), lanes=4), batch)
    assert found["x_seen"][0, 0] == pytest.approx(np.exp(-1), rel=1e-4)
    assert kept.read_bytes() == whole
