"""The profile of one quantity: how well a case can be explained with it held at each value.

    profile(v) = max over all other quantities of ln L(z) - |z|^2 / 2,   z_name = v

The search at each value is Gauss-Newton in every smooth quantity that a reading depends on, begun
from the best fit, and again from where the search of the next value ended if that explains more;
all values are members of one batch. Against its own prior -v^2 / 2 the profile says what the data
add: flat means nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError
from abscope.infer.whole_density import WholeDensity

__all__ = ["WITHIN", "Profile", "check_profiled", "profile_of"]

_GRID = np.linspace(-3.0, 3.0, 13)
_MOST_STEPS, _SMALL_GAIN = 40, 1e-3
#: Setting: a gain worth a search from where that of the next value ended.
_WORTH = 0.01
#: Half of the 95 % quantile of chi-squared with one degree of freedom (3.84).
WITHIN = 1.92
_LONGEST = 4.0
#: Names that an error lists.
_LISTED = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """The profile of a quantity at values ``z`` (values,) of its deviate.

    ``log_posterior`` (values,) has the prior of the quantity in it, ``log_likelihood`` (values,) is
    of the point of each value. ``converged`` says whether every search came to rest.
    """

    name: str
    z: Floats
    log_posterior: Floats
    log_likelihood: Floats
    converged: bool

    @property
    def without_prior(self) -> Floats:
        """Return the profile without the prior of the quantity itself, 0 at its best."""
        found = self.log_posterior + 0.5 * np.square(self.z)
        return np.asarray(found - found.max())

    def interval(self, drop: float = WITHIN) -> tuple[float, float]:
        """Return the values between which the profile without the prior is within ``drop``.

        Infinite where the values end before.
        """
        inside = self.without_prior >= -drop
        places = np.flatnonzero(inside)
        low, high = float(self.z[places[0]]), float(self.z[places[-1]])
        return (
            -np.inf if places[0] == 0 else low,
            np.inf if places[-1] == len(self.z) - 1 else high,
        )


def check_profiled(density: WholeDensity, profiled: Sequence[str]) -> None:
    """Raise UsageError for names of quantities that no reading depends on."""
    names = [latent.name for latent in density.latents]
    left = len(names) - _LISTED
    expected = ", ".join(names[:_LISTED]) + (f" or one of {left} more" if left > 0 else "")
    hint = "Name one of them (--json of a fit has all); the others stay at their prior."
    problems = []
    for name in profiled:
        if name not in names:
            near = get_close_matches(name, names, n=1, cutoff=0.5)
            guess = f" Did you mean '{near[0]}'?" if near else ""
            what = f"no reading depends on '{name}'"
            problems.append(Problem("profile", what, expected, hint + guess))
    if problems:
        raise UsageError(problems)


def profile_of(
    density: WholeDensity, name: str, *, best: Floats, values: Floats | None = None
) -> Profile:
    """Return the profile of a quantity by name.

    ``best`` (latents,) is where the searches begin, ``values`` are deviates of the quantity (-3 to
    3 where not given). Raises UsageError for a name that no reading depends on.
    """
    check_profiled(density, [name])
    names = [latent.name for latent in density.latents]
    grid = np.asarray(_GRID if values is None else values, float)
    place, smooth = names.index(name), density.n_directions
    z = np.repeat(np.asarray(best, float)[None, :], len(grid), axis=0)
    z[:, place] = grid
    free = np.zeros(len(names), bool)
    free[:smooth] = True
    free[place] = False
    log_l, height, resting = _climbed(density, z, free)
    for _ in grid:
        begin, worth = _from_neighbors(density, z, height, place)
        if not worth.any():
            break
        again = begin[worth]
        log_l[worth], height[worth], resting[worth] = _climbed(density, again, free)
        z[worth] = again
    else:  # what one search finds has been handed on to all, and still there is more
        resting[:] = False
    return Profile(
        name=name, z=grid, log_posterior=height, log_likelihood=log_l, converged=bool(resting.all())
    )


def _from_neighbors(
    density: WholeDensity, z: Floats, height: Floats, place: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the better of the ends of both next values, with the own value, and where it gains."""
    begin, best = z.copy(), height.copy()
    for step in (-1, 1):
        tried = np.roll(z, step, axis=0)
        tried[:, place] = z[:, place]
        found = density.log_likelihood(tried) - 0.5 * np.square(tried).sum(axis=1)
        found[-1 if step < 0 else 0] = -np.inf  # the last value has none after it
        more = found > best
        begin[more], best[more] = tried[more], found[more]
    return begin, best > height + _WORTH


def _climbed(density: WholeDensity, z: Floats, free: Floats) -> tuple[Floats, Floats, Floats]:
    """Return log likelihood, log posterior and whether at rest, of searches in what is free."""
    log_l, gradient, rows = density.with_curvature(z)
    height = log_l - 0.5 * np.square(z).sum(axis=1)
    length = np.ones(len(z))
    done = ~np.isfinite(height)
    for _ in range(_MOST_STEPS):
        active = np.flatnonzero(~done)
        if not len(active):
            break
        tried = z[active].copy()
        for n, k in enumerate(active):
            j, uphill = rows[k] * free, (gradient[k] - z[k]) * free
            step = uphill - j.T @ np.linalg.solve(np.eye(len(j)) + j @ j.T, j @ uphill)
            step *= length[k] * min(1.0, _LONGEST / max(float(np.linalg.norm(step)), 1e-12))
            tried[n] += step
        new_l, new_gradient, new_rows = density.with_curvature(tried)
        new_height = new_l - 0.5 * np.square(tried).sum(axis=1)
        gain = np.where(np.isfinite(new_height), new_height, -np.inf) - height[active]
        better = gain > 0.0
        moved = active[better]
        z[moved], log_l[moved], height[moved] = tried[better], new_l[better], new_height[better]
        gradient[moved], rows[moved] = new_gradient[better], new_rows[better]
        length[active] = np.where(better, np.minimum(1.0, 2.0 * length[active]), length[active] / 4)
        done[active] = (better & (gain < _SMALL_GAIN)) | (length[active] < 1e-4)
    return log_l, height, done
