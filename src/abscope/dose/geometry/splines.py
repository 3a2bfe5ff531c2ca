"""The cubic spline through values at given places, as weights of those values."""

import numpy as np

from abscope.dose.geometry.grid import Floats

__all__ = ["spline_weights"]


def spline_weights(x_mm: Floats, *, at_mm: Floats) -> Floats:
    """Return weights (m, n): weights @ values is the spline through (x, values) at the m places.

    The spline is cubic between neighboring x (n,), ascending, need not be evenly spaced, and has
    continuous second derivatives M, which solve
    h_(i-1) M_(i-1) + 2 (h_(i-1) + h_i) M_i + h_i M_(i+1) = 6 (s_i - s_(i-1)), with steps h and
    slopes s. At either end the third derivative continues over the first inner place (not-a-knot;
    a parabola for n = 3, a line for n = 2). Any unit of length serves. Source: de Boor, A Practical
    Guide to Splines (1978), chapter IV.
    """
    n = len(x_mm)
    low = np.clip(np.searchsorted(x_mm, at_mm, side="right") - 1, 0, n - 2)
    step = np.diff(x_mm)
    h = step[low]
    b = (at_mm - x_mm[low]) / h
    a = 1 - b
    rows = np.arange(len(at_mm))
    weights: Floats = np.zeros((len(at_mm), n))
    weights[rows, low] = a
    weights[rows, low + 1] = b
    if n == 2:
        return weights
    bends = np.zeros((len(at_mm), n))
    bends[rows, low] = (a**3 - a) * h**2 / 6
    bends[rows, low + 1] = (b**3 - b) * h**2 / 6
    return weights + bends @ _second_derivatives(step)


def _second_derivatives(step: Floats) -> Floats:
    """Return the matrix (n, n) from values to the second derivatives of their spline."""
    n = len(step) + 1
    left: Floats = np.zeros((n, n))
    right: Floats = np.zeros((n, n))
    i = np.arange(1, n - 1)
    before, after = step[i - 1], step[i]
    left[i, i - 1], left[i, i], left[i, i + 1] = before, 2 * (before + after), after
    right[i, i - 1] = 6 / before
    right[i, i + 1] = 6 / after
    right[i, i] = -6 / before - 6 / after
    if n == 3:
        left[0, :2] = left[2, 1:] = (1, -1)
    else:
        left[0, :3] = (step[1], -step[0] - step[1], step[0])
        left[-1, -3:] = (step[-1], -step[-2] - step[-1], step[-2])
    matrix: Floats = np.linalg.solve(left, right).astype(np.float64)
    return matrix
