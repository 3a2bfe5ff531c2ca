"""Innate signal of an irradiated lesion: cGAS/STING and interferon, and its fall by TREX1.

    J(d) = (d^h / (d50^h + d^h)) / (1 + b (d / d_X)^m)
    at a fraction:  I -> I + psi mean over the parts of J(d_k) (1 - S(d_k))
    between:        I' = -lambda_I I + q kill

b is 1, or 0 where the fall by TREX1 is switched off. Fractions a day or two apart add up before the
signal is gone, so repeated doses below d_X make more of it than one above. Assumed: form and
values; the threshold is measured, the curve is not. Source: Vanpouille-Box 2017,
doi:10.1038/ncomms15618 (TREX1 induced above 12-18 Gy, repeated lower doses amplify interferon).
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import power
from abscope.model.kill import binned_mean, survival

__all__ = ["SHARED", "immunogenicity", "signal_after", "signal_rate"]

SHARED = (
    Parameter("signal_gain", "1", "signal of a fraction that kills all", r"\psi_I", low=0.0),
    Parameter("signal_half_dose", "Gy", "dose of half the signal", "d_{50}", low=1e-6),
    Parameter("signal_bend", "1", "steepness of the rise", "h", low=1e-3),
    Parameter("trex1_dose", "Gy", "dose at which TREX1 halves the signal", "d_X", low=1e-6),
    Parameter("trex1_bend", "1", "steepness of the fall", "m", low=1e-3),
    Parameter("trex1_on", "1", "1 with the fall by TREX1, 0 without", "b_X", low=0, high=1),
    Parameter("signal_loss", "1/d", "decay of the signal", r"\lambda_I", low=0.0),
    Parameter("signal_from_kill", "1", "signal of killing by T cells", "q", low=0.0),
)


def immunogenicity(dose: Any, p: Any) -> Any:
    """Return J of one dose, 0..1."""
    rise = power(dose / p.signal_half_dose, p.signal_bend)
    fall = 1.0 + p.trex1_on * power(dose / p.trex1_dose, p.trex1_bend)
    return rise / (1.0 + rise) / fall


def signal_after(x: Any, p: Any, e: Any) -> Any:
    """Return I after a fraction."""

    def made(dose: Any) -> Any:
        return immunogenicity(dose, p) * (1.0 - survival(dose, x, p))

    return x.signal + p.signal_gain * binned_mean(e, made)


def signal_rate(x: Any, kill: Any, p: Any) -> Any:
    """Return I', in 1/d."""
    return p.signal_from_kill * kill - p.signal_loss * x.signal
