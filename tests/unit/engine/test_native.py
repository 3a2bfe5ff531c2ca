"""The language of kernels: what it computes is what Python would; what it lacks is an error."""

import numpy as np
import pytest

from abscope.engine.native.program import Program
from abscope.errors import EngineError
from native_calls import run_text

_WORK = """
def search(limit):
    found, k = 0, 0
    while True:
        k += 1
        if k % 1 == 0 and k > limit:
            break
        if k == 3 or k == 5:
            continue
        found = found + k
    return found

def sign(v):
    if v > 0.0:
        return 1.0
    return -1.0 if v < 0.0 else 0.0
"""


def _plain(limit):
    found, k = 0, 0
    while True:
        k += 1
        if k > limit:
            break
        if k in (3, 5):
            continue
        found += k
    return found


@pytest.mark.parametrize("limit", [0, 2, 5, 9])
def test_loops_branches_and_whole_numbers(limit):
    functions = _WORK.replace("k % 1 == 0 and ", "")
    body = f"out[0] = search({limit}); out[1] = 7 // 2; out[2] = (1 << 3 | 1) & 9; out[3] = abs(-4)"
    found = run_text(functions, body, np.zeros(4), [0.0])
    assert found.tolist() == [_plain(limit), 3.0, 9.0, 4.0]


def test_doubles_comparisons_and_choices():
    functions = _WORK.replace("k % 1 == 0 and ", "")
    body = (
        "out[0] = sign(x[0]); out[1] = sign(x[1]); out[2] = np.sqrt(x[0]) + 2.0 ** 0.5; "
        "out[3] = 1.0 if np.isfinite(x[2]) else (2.0 if not x[2] < 0.0 else 3.0)"
    )
    found = run_text(functions, body, np.array([4.0, -1.0, np.nan, 0.0]), [0.0])
    np.testing.assert_allclose(found, [1.0, -1.0, 2.0 + np.sqrt(2.0), 2.0], rtol=1e-15)


def test_whole_numbers_are_kept_where_they_belong():
    whole = np.zeros((2, 4), np.int64)
    body = "whole[1, 2] = whole.shape[0] + 5; whole[0, 3] += 2; out[0] = whole[1, 2]"
    found = run_text("", body, np.zeros(4), [0.0], whole=whole)
    assert (found[0], whole[1, 2], whole[0, 3]) == (7.0, 7, 2)


@pytest.mark.parametrize("body", [
    "out[0] = unknown", "out[0] = x[0] % 2.0", "for v in x:\n        out[0] = v", "del x",
    "out[0] = [1.0][0]", "out[0] = memory", "out[0] = x.sum", "a = b = 1.0",
])  # fmt: skip
def test_what_the_language_lacks_is_an_error(body):
    with pytest.raises(EngineError, match="kernel function chunk"):
        run_text("", body, np.zeros(4), [0.0])


def test_a_function_that_is_not_there_is_named():
    with pytest.raises(EngineError, match="nowhere"):
        run_text("", "out[0] = nowhere(1.0)", np.zeros(4), [0.0])


def test_arrays_of_another_kind_are_refused():
    with pytest.raises(TypeError, match="int64 where float64"):
        run_text("", "out[0] = 1.0", np.zeros(4, np.int64), [0.0], keep_kind=True)
    with pytest.raises(TypeError, match="2 axes where 1 belong"):
        run_text("", "out[0] = 1.0", np.zeros((4, 1)), [0.0])


def test_a_module_is_text_that_llvm_reads():
    assert Program("A, B = 1, 2.5", 4).constants["B"].text.startswith("0x")
