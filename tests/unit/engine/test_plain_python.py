"""A kernel run as plain Python: what is printed, and the lines that drive it, without a compiler.

Rung: independent execution of the same text. The functions of ``driving`` and ``stepping`` are the
real ones of the modules; what is printed from the system runs on plain doubles.
"""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from abscope.engine import driving, tables
from abscope.engine.compiling import compile_system
from abscope.engine.simulation import (
    Outcome,
    Settings,
    prepare,
    run_kernel,
    simulate,
    trajectories_of,
)
from engine_systems import closed, closed_batch

SETTINGS = Settings(rtol=1e-4)


def _put(array, first, k, x):
    array[first + k] = x


def _set(array, first, k, _lane, x):
    array[first + k] = x


NUMBERS = {
    "Any": Any, "J": lambda function: function, "ROW": 1, "LANES": 1, "SIZE": 1, "np": np,
    "vec": lambda array, first, k: array[first + k], "put": _put, "store": _put, "set_": _set,
    "get": lambda array, first, k, _lane: array[first + k],
    "number": lambda array, first, k: array[first + k],
    "brought": lambda array, first, k: array[first + k],
    "splat": float, "one": float, "val": lambda x: x,
    "pick": lambda condition, x, y: x if condition else y,
    "exp": math.exp, "log": math.log, "absolute": abs,
    "step": lambda x: 1.0 if x > 0.0 else 0.0, "power": lambda x, e: x**e if x > 0.0 else 0.0,
    "maximum": max, "minimum": min,
}  # fmt: skip


@pytest.fixture
def kernel(monkeypatch):
    """Return the kernel of the closed forms in plain Python."""
    names = {name: getattr(tables, name) for name in tables.__all__ if name.isupper()}
    text = dict(NUMBERS) | names
    exec(compile_system(closed(), lanes=1).text(), text)
    for name in ("attempt", "derive", "jump", "keep", "prepare", "record", "put", "BODY", "OWN"):
        monkeypatch.setattr(driving, name, text[name], raising=False)
    sizes = ("VECTORS", "FACTORS", "BODY_FACTORS", "FIXED", "FIXED_OWN")
    return SimpleNamespace(
        ROW=1, LANES=1, SIZE=1, chunk=driving.chunk, **{name: text[name] for name in sizes}
    )


def _run(kernel, batch):
    ready = prepare(compile_system(closed(), lanes=1), batch, SETTINGS)
    with np.errstate(all="ignore"):
        return trajectories_of(ready, run_kernel(kernel, ready, SETTINGS))


def test_plain_python_and_lanes_agree(kernel):
    batch = closed_batch()
    plain, lanes = _run(kernel, batch), simulate(compile_system(closed()), batch, SETTINGS)
    np.testing.assert_array_equal(plain.outcome, lanes.outcome)
    np.testing.assert_array_equal(plain.steps, lanes.steps)
    for name, values in lanes.observables.items():
        np.testing.assert_allclose(plain[name], values, rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_tank_that_runs_dry_ends_its_member_in_plain_python(kernel):
    batch = closed_batch()
    dry = closed_batch(parameters={**batch.parameters, "leak": 50.0})
    found = _run(kernel, dry)
    assert found.outcome.tolist() == [Outcome.NEGATIVE] * dry.members
    assert set(found.cause) == {"tank"}


def test_the_step_limit_ends_a_member_in_plain_python(kernel):
    ready = prepare(compile_system(closed(), lanes=1), closed_batch(), Settings(max_steps=3))
    with np.errstate(all="ignore"):
        found = trajectories_of(ready, run_kernel(kernel, ready, Settings(max_steps=3)))
    assert found.outcome[0] == Outcome.STEP_LIMIT
