"""Normal tissue complication probability after Lyman, Kutcher and Burman."""

import numpy as np
from numpy.typing import ArrayLike

from abscope.dose.geometry.grid import Floats
from abscope.dose.radiobiology.arguments import require
from abscope.dose.radiobiology.geud import generalized_eud_gy
from abscope.dose.radiobiology.region import volume_shares

__all__ = ["effective_volume_frac", "lyman_ntcp_frac", "region_ntcp_frac"]


def lyman_ntcp_frac(
    dose_gy: ArrayLike, *, td50_gy: float, slope_m: float, volume_frac: float = 1.0,
    volume_n: float = 1.0,
) -> Floats:  # fmt: skip
    """Return the complication probability of a uniform dose to a part of an organ, 0..1.

    NTCP = Phi((D - TD50(v)) / (m TD50(v))), TD50(v) = TD50(1) v^-n. ``dose_gy`` is of the schedule
    that TD50 is of: convert to EQD2 first where TD50 is of 2 Gy fractions. At no dose the formula
    leaves Phi(-1/m), which is not 0 (0.3 % at m = 0.37); it is not corrected here.

    Raises ModelError for a negative dose, a volume outside 0..1 or parameters not positive.
    Source: Lyman 1985, Radiat Res Suppl 8:S13.

    >>> float(lyman_ntcp_frac(30.8, td50_gy=30.8, slope_m=0.37))
    0.5
    """
    dose, *_ = require(
        "NTCP",
        (
            ("dose_gy", dose_gy, ">= 0"),
            ("td50_gy", td50_gy, "> 0"),
            ("slope_m", slope_m, "> 0"),
            ("volume_frac", volume_frac, "0 to 1"),
            ("volume_frac", volume_frac, "> 0"),
            ("volume_n", volume_n, "> 0"),
        ),
    )
    tolerance = td50_gy * volume_frac**-volume_n
    return _normal((dose - tolerance) / (slope_m * tolerance))


def effective_volume_frac(
    dose_gy: ArrayLike, *, volume_ml: ArrayLike, volume_n: float, reference_gy: float | None = None
) -> float:
    """Return the share of the organ that, at the reference dose, does what the histogram does.

    v_eff = sum_i v_i (D_i / D_ref)^(1/n); D_ref is the maximum where it is not given. With
    TD50(v_eff) at D_ref it gives the same NTCP as gEUD with a = 1/n does for the whole organ.

    Raises ModelError for a histogram that is none, no dose at all, or n not positive.
    Source: Kutcher and Burman 1989, Int J Radiat Oncol Biol Phys 16:1623,
    doi:10.1016/0360-3016(89)90972-3.
    """
    dose, shares = volume_shares(dose_gy, volume_ml)
    top = float(dose[shares > 0].max()) if reference_gy is None else reference_gy
    require("effective volume", (("volume_n", volume_n, "> 0"), ("reference_gy", top, "> 0")))
    ratio = generalized_eud_gy(dose, volume_ml=shares, exponent=1.0 / volume_n) / top
    return float(ratio ** (1.0 / volume_n))


def region_ntcp_frac(
    dose_gy: ArrayLike, *, volume_ml: ArrayLike, td50_gy: float, slope_m: float, volume_n: float
) -> float:
    """Return the complication probability of an organ with a histogram of doses, 0..1.

    NTCP = Phi((gEUD - TD50) / (m TD50)) with a = 1/n. Doses are of the schedule of TD50. Parameters
    come from `abscope.catalog.lyman_set`; they belong to an endpoint, a population and a way to
    draw the organ, and predict poorly outside them.
    Source: Kutcher and Burman 1989; Mohan 1992, Med Phys 19:933, doi:10.1118/1.596812.

    >>> f"{region_ntcp_frac([20.], volume_ml=[1.], td50_gy=30.8, slope_m=0.37, volume_n=1.):.3f}"
    '0.172'
    """
    require("NTCP", (("volume_n", volume_n, "> 0"),))
    equivalent = generalized_eud_gy(dose_gy, volume_ml=volume_ml, exponent=1.0 / volume_n)
    return float(lyman_ntcp_frac(equivalent, td50_gy=td50_gy, slope_m=slope_m))


def _normal(t: Floats) -> Floats:
    """Phi(t), exact in both tails."""
    from scipy.special import ndtr

    return np.asarray(ndtr(t))[()]
