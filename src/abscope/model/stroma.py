"""Suppressive stroma (TGF-beta, M2 macrophages, regulatory T cells, CAF as one number S).

    S' = lambda_S (1 + s_V V / (V + V50) - S)
    at a fraction, mean over the parts:
        S -> S mean(1 - l (d / d_l) exp(1 - d / d_l)) + u mean(d^2 / (d^2 + d_u^2))

S is 1 in a small lesion at rest. Doses near d_l (0.5-2 Gy) lower it, high doses raise it. V50 goes
with ``part`` of the lesion. Assumed: form and values; that low doses lower suppression and that
lesions with low dose respond more often is seen, how much S falls is not. Sources: Barsoumian 2020,
doi:10.1136/jitc-2020-000537 (1 Gy twice: M1 up, TGF-beta down); Klug 2013,
doi:10.1016/j.ccr.2013.09.014; Menon 2019, doi:10.1186/s40425-019-0718-6.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp, named
from abscope.model.kill import binned_mean

__all__ = ["SHARED", "stroma_after", "stroma_rate"]

SHARED = (
    Parameter("stroma_rate", "1/d", "return of the stroma to rest", r"\lambda_S", low=0.0),
    Parameter("stroma_growth", "1", "stroma that a large lesion adds", "s_V", low=0.0),
    Parameter("stroma_volume", "mL", "volume of half that addition", "V_{50}", low=1e-9),
    Parameter("low_dose_depth", "1", "largest fall by one low dose", "l", low=0.0, high=1.0),
    Parameter("low_dose_peak", "Gy", "dose of the largest fall", "d_l", low=1e-6),
    Parameter("high_dose_rise", "1", "largest rise by one high dose", "u", low=0.0),
    Parameter("high_dose_half", "Gy", "dose of half that rise", "d_u", low=1e-6),
)


def stroma_rate(x: Any, volume: Any, p: Any) -> Any:
    """Return S', in 1/d."""
    crowded = volume / (volume + p.stroma_volume * x.part)
    return p.stroma_rate * (1.0 + p.stroma_growth * crowded - x.stroma)


def stroma_after(x: Any, p: Any, e: Any) -> Any:
    """Return S after a fraction."""

    def kept(dose: Any) -> Any:
        relative = dose / p.low_dose_peak
        return 1.0 - p.low_dose_depth * relative * exp(1.0 - relative)

    def raised(dose: Any) -> Any:
        return dose * dose / (dose * dose + p.high_dose_half * p.high_dose_half)

    left, added = named("S_l", binned_mean(e, kept)), named("S_u", binned_mean(e, raised))
    return x.stroma * left + p.high_dose_rise * added
