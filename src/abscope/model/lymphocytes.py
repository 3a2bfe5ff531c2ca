"""Lymphocytes of the blood and of lymphoid tissue: exchange, loss, regeneration, depletion by dose.

    L_b' = -k_b (L_b - L_t / r)
    L_t' =  k_b (L_b - L_t / r) + k_R R2 - d_L L_t
    R1'  = d_L L_t0 min((L_t0 / L_t)^gamma, cap) - k_R R1,    R2' = k_R (R1 - R2)
    L_t0 = r L_b0
    at a fraction:  L_b -> L_b exp(-a_L d_blood),   L_t -> L_t exp(-a_L d_lymphoid)

All four count per microliter of blood, so that exchange keeps L_b + L_t. r and a_L are those of
`abscope.blood` (share of the blood among the pools, sensitivity); d_L and gamma are set to its rate
of recovery, (1 + gamma) d_L. Assumed: lymphoid tissue is one pool, hit cells leave at once. The
count returns to where it began, while the fits of `abscope.blood` end at two thirds of it within a
year: its forecast has the pools by region, the delays and the plateau, and stands where only the
count is asked for. Sources: Jin 2020, pmid:31794944; form with transit own.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp, maximum, minimum, power

__all__ = ["SHARED", "lymphocyte_rates", "lymphocytes_after", "lymphoid_frac"]

SHARED = (
    Parameter("baseline", "1/uL", "lymphocytes of the blood before treatment", "L_{b0}", low=1e-3),
    Parameter("blood_exchange", "1/d", "exchange of blood with tissue", "k_b", low=0.0),
    Parameter("lymphoid_ratio", "1", "lymphocytes in tissue per one in blood", "r", low=1e-3),
    Parameter("lymphoid_loss", "1/d", "loss of lymphocytes", "d_L", low=0.0),
    Parameter("regrowth", "1/d", "passage through the stages of regeneration", "k_R", low=1e-6),
    Parameter("feedback", "1", "strength of homeostasis", r"\gamma", low=0.0),
    Parameter("feedback_cap", "1", "largest gain of production", r"h_{max}", low=1.0),
    Parameter("lymphocyte_alpha", "1/Gy", "sensitivity of lymphocytes", "a_L", low=0.0),
)
#: Share of the pool at rest below which the gain of production is capped anyway.
_LEAST = 1e-6


def lymphoid_frac(body: Any, p: Any) -> Any:
    """Return the lymphoid pool as a share of the one at rest."""
    return body.lymphoid / (p.baseline * p.lymphoid_ratio)


def lymphocyte_rates(body: Any, p: Any) -> dict[str, Any]:
    """Return the rates of L_b, L_t, R1 and R2 by name, in 1/uL/d."""
    rest = p.baseline * p.lymphoid_ratio
    across = p.blood_exchange * (body.blood - body.lymphoid / p.lymphoid_ratio)
    short = 1.0 / maximum(lymphoid_frac(body, p), _LEAST)
    made = p.lymphoid_loss * rest * minimum(power(short, p.feedback), p.feedback_cap)
    return {
        "blood": -across,
        "lymphoid": across + p.regrowth * body.regrowing_2 - p.lymphoid_loss * body.lymphoid,
        "regrowing_1": made - p.regrowth * body.regrowing_1,
        "regrowing_2": p.regrowth * (body.regrowing_1 - body.regrowing_2),
    }


def lymphocytes_after(body: Any, p: Any, e: Any) -> dict[str, Any]:
    """Return L_b and L_t after a fraction, by name."""
    return {
        "blood": body.blood * exp(-p.lymphocyte_alpha * e.blood),
        "lymphoid": body.lymphoid * exp(-p.lymphocyte_alpha * e.lymphoid),
    }
