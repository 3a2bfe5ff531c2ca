"""The kernel of a team: in the simulator it gives the processor's numbers.

Rung: independent execution of the same equations (threads of plain Python against compiled code).
"""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from abscope.engine.executors import Gpu
from abscope.engine.executors.gpu import kernel_source
from abscope.engine.executors.team_text import team_text
from abscope.errors import EngineError
from engine_systems import closed, kuznetsov

HERE = Path(__file__).resolve()
_SIMULATED = """
import json, sys, threading
import numpy as np
from numba.cuda.simulator.kernelapi import FakeCUDAShared
sys.setswitchinterval(1e-6)     # the simulator polls its threads: let them take turns quickly

# The simulator gives an array of shared memory to the first thread that asks for it, but two that
# ask at one time get one each. Whoever finds none holds the lock until it has put one there.
class Arrays(dict):
    lock = threading.Lock()
    def get(self, caller):
        self.lock.acquire()
        found = super().get(caller)
        if found is not None:
            self.lock.release()
        return found
    def __setitem__(self, caller, array):
        super().__setitem__(caller, array)
        self.lock.release()

begin = FakeCUDAShared.__init__
def begin_with_lock(self, size):
    begin(self, size)
    self._allocations = Arrays()
FakeCUDAShared.__init__ = begin_with_lock

from engine_cohorts import closed_cohort
from engine_systems import closed_batch, ready
from abscope.engine.batch import Batch
from abscope.engine.executors import Cohort, Gpu, run
from abscope.engine.simulation import Settings

found = {}
def compare(name, compiled, batch, threads, settings):
    gpu = run(compiled, batch, executor=Gpu(threads=threads), settings=settings)
    cpu = run(compiled, batch, executor="serial", settings=settings)
    away = 0.0
    for kind in ("observables", "states", "final"):
        for key, table in getattr(cpu, kind).items():
            other = getattr(gpu, kind)[key]
            assert (np.isnan(table) == np.isnan(other)).all(), (kind, key)
            if table.size:
                away = max(away, float(np.nanmax(np.abs(table - other) / (1e-3 + np.abs(table)))))
    found[name] = {
        "away": away, "steps": [gpu.steps.tolist(), cpu.steps.tolist()],
        "outcome": [gpu.outcome.tolist(), cpu.outcome.tolist()], "cause": [gpu.cause, cpu.cause],
        "ended": [gpu.ended_at.tolist(), cpu.ended_at.tolist()],
    }

loose = Settings(rtol=1e-2, keep_states=True)
cohort = Cohort(draw=closed_cohort, members=2, seed=3, arguments={"horizon": 1.2})
compare("rodas4", ready("closed", lanes=1), cohort, 2, loose)
compare("tsit5", ready("closed", lanes=1, method="tsit5"), cohort, 3, Settings(rtol=1e-2))
dry = closed_batch(
    horizon=2.0, observe_at=[0.5, 1.5], parameters=closed_batch().parameters | {"leak": 5.0}
)
compare("dry", ready("closed", lanes=1), dry, 16, loose)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def simulated():
    """What the simulator and the processor found, from a process that has the simulator."""
    pytest.importorskip("numba_cuda", reason="the extra gpu is not installed")
    tests = HERE.parents[2]
    environment = os.environ | {
        "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": os.pathsep.join([str(tests), *sys.path]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _SIMULATED], env=environment, capture_output=True, text=True,
        check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["rodas4", "tsit5", "dry"])
def test_a_team_gives_the_numbers_of_the_processor(simulated, name):
    """Same steps, so only the rounding differs: 1e-10 is far above it, far below a wrong term."""
    found = simulated[name]
    assert found["away"] < 1e-10
    for key in ("steps", "outcome", "cause"):
        assert found[key][0] == found[key][1], key
    assert found["ended"][0] == pytest.approx(found["ended"][1], rel=1e-12)


def test_a_member_that_runs_dry_ends_on_the_device_too(simulated):
    assert simulated["dry"]["outcome"][0] == [3]
    assert simulated["dry"]["cause"][0] == ["tank"]


def test_no_device_is_said_in_one_line():
    pytest.importorskip("numba_cuda", reason="the extra gpu is not installed")
    from numba import cuda

    if cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(EngineError, match="executor gpu: no CUDA device answers") as caught:
        Gpu()
    assert "\n" not in str(caught.value)


def test_the_missing_extra_is_said_in_one_line(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr("abscope.engine.executors.gpu.find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"pip install 'abscope\[gpu\]'") as caught:
        Gpu()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("system", [closed, kuznetsov])
@pytest.mark.parametrize("method", ["rodas4", "rodas3", "tsit5"])
def test_the_text_of_a_team_has_no_row_function_left(system, method):
    """Every load and store is an index, every loop over rows or replicates is dealt out."""
    tree = ast.parse(kernel_source(system(), method, threads=16))
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call)
              and isinstance(n.func, ast.Name)}  # fmt: skip
    assert not called & {"vec", "put", "get", "set_", "number", "store", "splat", "one", "val"}
    functions = {n.name: ast.unparse(n) for n in tree.body if isinstance(n, ast.FunctionDef)}
    for name in ("rates", "factor", "solve", "attempt", "keep"):
        assert "range(n)" not in functions[name]
        assert "range(rows)" not in functions[name]
    assert functions["rates"].count("if lane == 0:") == 1


def test_sums_are_added_in_the_order_of_the_replicates():
    printed = (
        "def rates(y, dy, p, q, here, n):\n    t = splat(0.0)\n    for i in range(n):\n"
        "        t = t + vec(y, i, 0)\n    put(dy, 0, 0, t)\n    return\n"
    )
    text, sums = team_text(printed, "", threads=4)
    spoken = {"cuda": type("cuda", (), {"syncthreads": staticmethod(lambda: None)}), "TEAM": 4}
    exec(text.replace("if lane == 0", "if lane == 3"), spoken)
    red, dy = [0.0] * sums, [0.0]
    for lane in range(4):  # one thread after another: the last one sees what all have written
        spoken["rates"]([1e16, 1.0, -1e16, 1.0], dy, None, None, None, 4, lane, red)
    assert dy == [((1e16 + 1.0) + -1e16) + 1.0]
