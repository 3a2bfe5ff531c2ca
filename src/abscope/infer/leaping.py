"""One leap of many walkers: a choice among the point of a walker and others far from it.

    w(z) = p(z) / t(z);  the next point is z_k of (z_0, z_1 .. z_n) with probability w_k / sum of w

z_0 is the point of the walker, the others are independent draws of the reference t. This leaves p
as it is, needs one batch, and forgets the past where t is like p. Where it is not, the walker
stays: a leap is therefore followed by steps along slices (`abscope.infer.elliptical`).
Source: Tjelmeland 2004 (NTNU preprint 04/2004); Andrieu, Lee, Vihola 2018, Bernoulli 24:842.
"""

from collections.abc import Callable

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.infer.ensemble import Ensemble, Reference

__all__ = ["leap_step"]


def leap_step(
    walkers: Ensemble,
    *,
    log_likelihood: Callable[[Floats], Floats],
    reference: Reference,
    generators: list[np.random.Generator],
    others: int,
) -> None:
    """Move every walker to one of ``others`` independent points, or leave it where it is."""
    points = np.stack([reference.draws(others, one) for one in generators])
    found = walkers.tried_at(points, log_likelihood)
    points = np.concatenate([walkers.z[:, None, :], points], axis=1)
    found = np.concatenate([walkers.log_likelihood[:, None], found], axis=1)
    weights = reference.log_ratio(points, found)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    place = np.array([one.random() for one in generators]) * weights.sum(axis=1)
    chosen = np.minimum((np.cumsum(weights, axis=1) <= place[:, None]).sum(axis=1), others)
    rows = np.arange(len(points))
    walkers.z[:] = points[rows, chosen]
    walkers.log_likelihood[:] = found[rows, chosen]
