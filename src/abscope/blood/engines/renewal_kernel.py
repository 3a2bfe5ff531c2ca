"""Many sparse linear systems of one network, solved by elimination without pivoting."""

import numba
import numpy as np

__all__ = ["solve_many", "solve_many_transposed"]


@numba.njit(cache=True, nogil=True)
def solve_many(density, right, routing, order):  # type: ignore[no-untyped-def]
    """Return u (k, n) with u - density * (routing u) = right, for each row of (k, n) arrays.

    The matrix is diagonally dominant while |density| < 1, that is for Re z > 0: no pivoting.
    """
    systems, n = density.shape
    out = np.empty_like(right)
    matrix = np.empty((n, n), dtype=density.dtype)
    value = np.empty(n, dtype=density.dtype)
    for system in range(systems):
        for i in range(n):
            value[i] = right[system, order[i]]
            for j in range(n):
                matrix[i, j] = -density[system, order[i]] * routing[order[i], order[j]]
            matrix[i, i] += 1.0
        _eliminate(matrix, value)
        for i in range(n):
            out[system, order[i]] = value[i]
    return out


@numba.njit(cache=True, nogil=True)
def solve_many_transposed(density, right, routing, order):  # type: ignore[no-untyped-def]
    """Return a (k, n) with a - (a * density) routing = right, for each row of (k, n) arrays."""
    systems, n = density.shape
    out = np.empty_like(right)
    matrix = np.empty((n, n), dtype=density.dtype)
    value = np.empty(n, dtype=density.dtype)
    for system in range(systems):
        for i in range(n):
            value[i] = right[system, order[i]]
            for j in range(n):
                matrix[i, j] = -density[system, order[j]] * routing[order[j], order[i]]
            matrix[i, i] += 1.0
        _eliminate(matrix, value)
        for i in range(n):
            out[system, order[i]] = value[i]
    return out


@numba.njit(cache=True, nogil=True)
def _eliminate(matrix, value):  # type: ignore[no-untyped-def]
    n = value.size
    for pivot in range(n):
        inverse = 1.0 / matrix[pivot, pivot]
        for row in range(pivot + 1, n):
            if matrix[row, pivot] != 0.0:
                factor = matrix[row, pivot] * inverse
                for column in range(pivot + 1, n):
                    if matrix[pivot, column] != 0.0:
                        matrix[row, column] -= factor * matrix[pivot, column]
                value[row] -= factor * value[pivot]
    for row in range(n - 1, -1, -1):
        for column in range(row + 1, n):
            if matrix[row, column] != 0.0:
                value[row] -= matrix[row, column] * value[column]
        value[row] /= matrix[row, row]
