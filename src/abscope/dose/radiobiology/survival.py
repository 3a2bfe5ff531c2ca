"""How many cells survive a dose: linear-quadratic, and straight at high dose.

With d the dose of one fraction (Gy) and G a factor on the quadratic term (1: acute exposure),

    -ln S = alpha d + G beta d^2                                   for d <= d_T   (LQ)
    -ln S = -ln S(d_T) + (alpha + 2 G beta d_T) (d - d_T)          for d >  d_T   (LQ-L)

Value and slope are continuous at d_T; without d_T (infinite) the curve is LQ everywhere. The
universal survival curve of Park 2008 is the same curve told by other numbers: its straight part
has the slope 1/D0 and meets S = 1 at D_q.

Neglected: cell cycle, hypoxia, differences between cells, bystander and immune effects.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.geometry.grid import Floats
from abscope.dose.radiobiology.arguments import require

__all__ = ["CellSurvival", "dose_of_log_survival_gy", "log_survival", "surviving_frac"]


@dataclass(frozen=True, slots=True)
class CellSurvival:
    """The survival curve of one kind of cell; ``transition_gy`` is d_T, infinite for LQ.

    alpha > 0 in 1/Gy, beta >= 0 in 1/Gy^2, d_T > 0 in Gy. Raises ModelError otherwise.
    """

    alpha_per_gy: float
    beta_per_gy2: float
    transition_gy: float = math.inf

    def __post_init__(self) -> None:
        require(
            "cell survival",
            (
                ("alpha_per_gy", self.alpha_per_gy, "> 0"),
                ("beta_per_gy2", self.beta_per_gy2, ">= 0"),
                ("transition_gy", self.transition_gy, "> 0 or infinite"),
            ),
        )

    @classmethod
    def of_alpha_beta(
        cls, alpha_per_gy: float, *, alpha_beta_gy: float, transition_gy: float = math.inf
    ) -> Self:
        """Return the curve of an alpha (1/Gy) and an alpha/beta (Gy).

        >>> CellSurvival.of_alpha_beta(0.3, alpha_beta_gy=10.0).beta_per_gy2
        0.03
        """
        require("cell survival", (("alpha_beta_gy", alpha_beta_gy, "> 0"),))
        return cls(alpha_per_gy, alpha_per_gy / alpha_beta_gy, transition_gy)

    @classmethod
    def universal(cls, alpha_per_gy: float, *, d0_gy: float, dq_gy: float) -> Self:
        """Return the universal survival curve of alpha, D0 and D_q.

        beta = (1 - alpha D0)^2 / (4 D0 D_q), d_T = 2 D_q / (1 - alpha D0): the parabola that
        touches the line -ln S = (d - D_q) / D0. Raises ModelError unless alpha D0 < 1.
        Source: Park 2008, Int J Radiat Oncol Biol Phys 70:847, doi:10.1016/j.ijrobp.2007.10.059.

        >>> curve = CellSurvival.universal(0.33, d0_gy=1.25, dq_gy=1.8)
        >>> f"{curve.alpha_beta_gy:.1f} {curve.transition_gy:.1f}"
        '8.6 6.1'
        """
        bend = 1.0 - alpha_per_gy * d0_gy
        require(
            "universal survival curve",
            (
                ("alpha_per_gy", alpha_per_gy, "> 0"),
                ("d0_gy", d0_gy, "> 0"),
                ("dq_gy", dq_gy, "> 0"),
                ("1 - alpha D0", bend, "> 0"),
            ),
        )
        return cls(alpha_per_gy, bend * bend / (4.0 * d0_gy * dq_gy), 2.0 * dq_gy / bend)

    @property
    def alpha_beta_gy(self) -> float:
        """alpha/beta (Gy), infinite where beta is 0."""
        return self.alpha_per_gy / self.beta_per_gy2 if self.beta_per_gy2 else math.inf


def log_survival(
    dose_per_fraction_gy: ArrayLike, *, cell: CellSurvival, quadratic_factor: float = 1.0
) -> Floats:
    """Return ln S of one fraction, of the shape of the doses (Gy, >= 0); 0 at no dose.

    ``quadratic_factor`` multiplies beta: G of `repair.lea_catcheside_factor` for a long fraction,
    1 + h of `repair.thames_factor` for several a day. It is applied to the bend of the LQ-L curve
    too; d_T itself is taken as unchanged.

    Raises ModelError for a dose or a factor that is negative or not finite.

    >>> f"{log_survival(2.0, cell=CellSurvival(0.3, 0.03)):.2f}"
    '-0.72'
    """
    dose, factor = require(
        "survival",
        (
            ("dose_per_fraction_gy", dose_per_fraction_gy, ">= 0"),
            ("quadratic_factor", quadratic_factor, ">= 0"),
        ),
    )
    beta = float(factor) * cell.beta_per_gy2
    bent = np.minimum(dose, cell.transition_gy)
    beyond = dose - bent
    killed = bent * (cell.alpha_per_gy + beta * bent)
    if math.isfinite(cell.transition_gy):
        killed = killed + (cell.alpha_per_gy + 2.0 * beta * cell.transition_gy) * beyond
    return np.asarray(-killed)[()]


def surviving_frac(
    dose_per_fraction_gy: ArrayLike,
    *,
    cell: CellSurvival,
    n_fractions: int = 1,
    quadratic_factor: float = 1.0,
) -> Floats:
    """Return S = S(d)^n after n equal fractions, 0..1, of the shape of the doses.

    Full repair between fractions and no repopulation are assumed; see `log_survival`.

    >>> f"{surviving_frac(2.0, cell=CellSurvival(0.3, 0.03), n_fractions=2):.4f}"
    '0.2369'
    """
    require("survival", (("n_fractions", n_fractions, "whole and >= 1"),))
    each = log_survival(dose_per_fraction_gy, cell=cell, quadratic_factor=quadratic_factor)
    return np.asarray(np.exp(n_fractions * each))[()]


def dose_of_log_survival_gy(
    log_frac: ArrayLike, *, cell: CellSurvival, quadratic_factor: float = 1.0
) -> Floats:
    """Return the dose of one fraction (Gy) that leaves exp(log_frac): the inverse of the curve.

    ``log_frac`` <= 0 is ln S of that fraction. Below d_T the root of the parabola is taken as
    2 L / (alpha + sqrt(alpha^2 + 4 beta L)) with L = -ln S, which stays exact for beta -> 0.

    Raises ModelError for a positive or not finite ln S.
    """
    kill, factor = require(
        "survival",
        (
            ("-log_frac", -np.asarray(log_frac, dtype=np.float64), ">= 0"),
            ("quadratic_factor", quadratic_factor, ">= 0"),
        ),
    )
    alpha, beta = cell.alpha_per_gy, float(factor) * cell.beta_per_gy2
    dose = 2.0 * kill / (alpha + np.sqrt(alpha * alpha + 4.0 * beta * kill))
    if math.isfinite(cell.transition_gy):
        bent = cell.transition_gy
        at_bend = bent * (alpha + beta * bent)
        straight = bent + (kill - at_bend) / (alpha + 2.0 * beta * bent)
        dose = np.where(kill > at_bend, straight, dose)
    return np.asarray(dose)[()]
