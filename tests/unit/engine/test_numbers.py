"""The functions on SIMD numbers and duals hold the errors that they state."""

import math

import numba as nb
import numpy as np
import pytest

from abscope.engine import duals, elementary
from abscope.engine.duals import duals_of
from native_calls import call

J = nb.njit(error_model="numpy")


def test_exp_on_vectors():
    x = np.random.default_rng(1).uniform(-700.0, 700.0, 40_000)
    out = call("put(out, k, 0, exp(vec(x, k, 0)))", x)
    assert np.max(np.abs(out / np.exp(x) - 1.0)) < 1.5e-15
    x = np.array([-1e4, 709.0, 710.0, np.nan, 0.0, -np.inf, np.inf, 1e-300])
    out = call("put(out, k, 0, exp(vec(x, k, 0)))", x)
    np.testing.assert_allclose(
        out, [0.0, math.exp(709.0), np.inf, np.nan, 1.0, 0.0, np.inf, 1.0], rtol=2e-15
    )


def test_log_on_vectors():
    rng = np.random.default_rng(2)
    x = np.exp(np.concatenate([rng.uniform(-600.0, 600.0, 20_000), rng.normal(0.0, 0.1, 20_000)]))
    out = call("put(out, k, 0, log(vec(x, k, 0)))", x)
    exact = np.log(x)
    assert np.max(np.abs(out - exact) / np.maximum(np.abs(exact), 1.0)) < 4.5e-16
    x = np.array([0.0, -1.0, np.nan, 1.0])
    out = call("put(out, k, 0, log(vec(x, k, 0)))", x)
    np.testing.assert_array_equal(out, [-np.inf, np.nan, np.nan, 0.0])


def test_power_on_vectors():
    rng = np.random.default_rng(3)
    x, y = np.exp(rng.uniform(-20.0, 20.0, 20_000)), rng.uniform(-4.0, 4.0, 20_000)
    out = call("put(out, k, 0, power(vec(x, k, 0), vec(y, k, 0)))", x, y)
    assert np.max(np.abs(out / x**y - 1.0) / (1.0 + np.abs(y * np.log(x)))) < 1.5e-15
    x, y = np.array([0.0, -2.0, 2.0, 1e-301]), np.array([0.5, 2.0, 0.0, 1.0])
    out = call("put(out, k, 0, power(vec(x, k, 0), vec(y, k, 0)))", x, y)
    np.testing.assert_array_equal(out, [0.0, 0.0, 1.0, 0.0])


@pytest.mark.parametrize(("text", "expected"), [
    ("maximum(a, b)", np.maximum), ("minimum(a, b)", np.minimum),
    ("step(a)", lambda a, _b: (a > 0.0).astype(float)),
    ("absolute(a) - (-b) / 2.0", lambda a, b: np.abs(a) + b / 2.0),
    ("pick(a < b, a, 7.0)", lambda a, b: np.where(a < b, a, 7.0)),
])  # fmt: skip
def test_the_rest_on_vectors(text, expected):
    x, y = np.array([1.0, -2.0, 0.0, 3.0]), np.array([2.0, -4.0, 0.0, 1.0])
    found = call(f"a, b = vec(x, k, 0), vec(y, k, 0); put(out, k, 0, {text})", x, y)
    np.testing.assert_array_equal(found, expected(x, y))


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16])
def test_any_number_of_lanes_computes_the_same(width):
    x = np.random.default_rng(4).uniform(-30.0, 30.0, 64)
    found = call("put(out, k, 0, exp(vec(x, k, 0)) + 1.0)", x, width=width)
    np.testing.assert_allclose(found, np.exp(x) + 1.0, rtol=1e-15)


_, _, _, load, keep, _, _, _ = duals_of(2)


@J
def _all_on_duals(x, out):
    a, b = load(x, 0, 0), load(x, 1, 0)
    keep(out, 0, 0, a * b + 2.0 * a - b / a + 1.0 / b - 3.0)
    keep(out, 1, 0, elementary.exp(-a) + elementary.log(b))
    keep(out, 2, 0, elementary.power(a, b))
    keep(out, 3, 0, elementary.power(a, 1.5) + elementary.power(2.0, b))
    keep(out, 4, 0, elementary.maximum(a, b) * elementary.step(a) - elementary.minimum(a, 5.0))
    keep(out, 5, 0, elementary.absolute(-a) * 2.0 + elementary.power(-a, b))


def test_slopes_of_duals_are_the_derivatives():
    a, b = 1.3, 2.1
    x, out = np.array([a, 1.0, 0.0, b, 0.0, 1.0]), np.empty(18)
    _all_on_duals(x, out)
    expected = [
        [a * b + 2 * a - b / a + 1 / b - 3, b + 2 + b / a**2, a - 1 / a - 1 / b**2],
        [math.exp(-a) + math.log(b), -math.exp(-a), 1 / b],
        [a**b, b * a ** (b - 1), a**b * math.log(a)],
        [a**1.5 + 2**b, 1.5 * a**0.5, 2**b * math.log(2)],
        [b - a, -1.0, 1.0],
        [2 * a, 2.0, 0.0],
    ]
    np.testing.assert_allclose(out.reshape(6, 3), expected, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("function", ["exp", "log", "power", "maximum"])
def test_kernel_functions_are_for_kernels(function):
    arguments = (1.0,) if function in ("exp", "log") else (1.0, 2.0)
    with pytest.raises(NotImplementedError):
        getattr(elementary, function)(*arguments)


def test_modules_of_number_types_add_themselves():
    assert duals.DualType(3) == duals.DualType(3)
    assert duals.DualType(3) != duals.DualType(4)
