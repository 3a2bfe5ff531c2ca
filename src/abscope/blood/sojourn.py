"""How long blood stays in a compartment: Weibull times, and phases that stand in for them."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from abscope.errors import ModelError, Problem

__all__ = ["PhaseTimes", "Transit", "phase_times"]

_GRID = 400
_LONGEST = 4.0


@dataclass(frozen=True, slots=True)
class Transit:
    """How blood passes a compartment.

    Transit times are Weibull with the mean volume / flow and the given ``shape`` (1: exponential,
    2: Rayleigh, what HEDOS uses). Inside a compartment whose dose is not uniform a cell changes to
    a random place at the rate 1 / ``tau_mix_s``: 0 is perfect mixing (every cell gets the mean
    dose of the compartment), infinity are frozen streamlines. Nobody has measured tau_mix, so
    results carry both limits. ``n_phases`` is used where Weibull times are approximated.
    """

    shape: float = 2.0
    tau_mix_s: float = 0.0
    n_phases: int = 6

    def __post_init__(self) -> None:
        problems = []
        if not (math.isfinite(self.shape) and 0.5 <= self.shape <= 10):
            problems.append(("shape", self.shape, "0.5 to 10"))
        if not self.tau_mix_s >= 0:
            problems.append(("tau_mix_s", self.tau_mix_s, "0 (mixed) to infinity (frozen)"))
        if not 1 <= self.n_phases <= 20:
            problems.append(("n_phases", self.n_phases, "1 to 20"))
        if problems:
            raise ModelError(
                Problem("transit", f"{name} is {value:g}", rule, "Correct it.")
                for name, value, rule in problems
            )


@dataclass(frozen=True, slots=True, eq=False)
class PhaseTimes:
    """A time of mean 1 made of exponential phases, all left at ``relative_rate``.

    A cell enters phase j with probability ``entry_frac[j]`` (phases,) and goes through the phases
    that follow; ``worst_cdf_error_frac`` is the largest difference to the fitted distribution.
    """

    relative_rate: float
    entry_frac: NDArray[np.float64]
    worst_cdf_error_frac: float

    @property
    def stationary_frac(self) -> NDArray[np.float64]:
        """Share of the cells of a compartment in each phase, in equilibrium (phases,)."""
        return np.cumsum(self.entry_frac) / self.relative_rate


@cache
def phase_times(shape: float, n_phases: int) -> PhaseTimes:
    """Return the mixed Erlang time of mean 1 closest to a Weibull time of mean 1.

    F(t) = sum over j of w_j Erlang(j, rate), w_j >= 0, sum of w_j = 1, mean 1; rate and w by
    least squares on the distribution function. Shape 1 is one phase, exact. Raises ModelError for
    shapes below 1, which no chain of phases with one rate can have.
    """
    if shape == 1.0:
        return PhaseTimes(1.0, np.ones(1), 0.0)
    if shape < 1 or n_phases < 2:
        what = f"shape {shape:g} with {n_phases} phase(s)"
        rule = "a shape of at least 1 and two phases or more"
        raise ModelError(Problem("transit", what, rule, "Use the events engine."))
    from scipy.optimize import minimize_scalar, nnls
    from scipy.special import gammainc

    times = np.linspace(0, _LONGEST, _GRID + 1)[1:]
    target = -np.expm1(-((times * math.gamma(1 + 1 / shape)) ** shape))
    order = np.arange(1, n_phases + 1)

    def weights(rate: float) -> NDArray[np.float64]:
        erlang = gammainc(order[None, :], rate * times[:, None])
        # the two sums are rows of great weight
        rows = np.vstack([erlang, 1e4 * np.ones(n_phases), 1e4 * order / rate])
        found: NDArray[np.float64] = nnls(rows, np.append(target, [1e4, 1e4]))[0]
        return found

    def miss(rate: float) -> NDArray[np.float64]:
        return np.asarray(gammainc(order, rate * times[:, None]) @ weights(rate) - target)

    best = minimize_scalar(
        lambda rate: float(miss(rate) @ miss(rate)),
        bounds=(1.0, float(n_phases)),
        method="bounded",
        options={"xatol": 1e-10},
    )
    share = weights(best.x)
    share /= share.sum()
    rate = float(share @ order)
    error = float(np.abs(gammainc(order, rate * times[:, None]) @ share - target).max())
    return PhaseTimes(rate, share[::-1].copy(), error)
