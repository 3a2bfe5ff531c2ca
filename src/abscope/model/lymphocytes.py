"""Lymphocytes of the blood and of lymphoid tissue: exchange, depletion by dose, recovery.

    L_b' = -k_b (L_b - L_t / r)
    L_t' =  k_b (L_b - L_t / r) + sigma max(q (1 + r) L_b0 - L_b - L_t, 0)
    at a fraction:  L_b -> L_b exp(-a_L d_blood),   L_t -> L_t exp(-a_L d_lymphoid)
    supply = (L_t / (r L_u))^h

Both count per microliter of blood, so that exchange keeps L_b + L_t. This is the rule of
`abscope.blood.alc`: below the plateau q of the count before treatment the pool goes back to it at
the rate sigma, above it it stays; r, a_L, q and sigma are those of the blood room. ``supply`` is
what the body has of naive cells and of their helpers for its absolute count, with 1 at the usual
count L_u; h = 0 takes it as 1 whatever the count. Assumed: lymphoid tissue is one pool, hit cells
leave at once, CD8 cells and the CD4 cells that help them both go with the count, hence h near 2.
The forecast of `abscope.blood` has pools by region and delays, and stands where only the count is
asked for. Sources: Jin 2020, pmid:31794944; that a low count goes with few responses: Chen 2020,
pmid:32036004.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp, maximum, named, power

__all__ = ["SHARED", "lymphocyte_rates", "lymphocytes_after", "lymphoid_frac", "supply"]

SHARED = (
    Parameter("baseline", "1/uL", "lymphocytes of the blood before treatment", "L_{b0}", low=1e-3),
    Parameter("usual_count", "1/uL", "count at which the supply is 1", "L_u", low=1e-3),
    Parameter("supply_bend", "1", "power of the count by which the supply goes", "h", low=0.0),
    Parameter("blood_exchange", "1/d", "exchange of blood with tissue", "k_b", low=0.0),
    Parameter("lymphoid_ratio", "1", "lymphocytes in tissue per one in blood", "r", low=1e-3),
    Parameter("recovery", "1/d", "return to the plateau", r"\sigma", low=0.0),
    Parameter("plateau", "1", "share of the count before that is reached", "q", low=0, high=1),
    Parameter("lymphocyte_alpha", "1/Gy", "sensitivity of lymphocytes", "a_L", low=0.0),
)


def lymphoid_frac(body: Any, p: Any) -> Any:
    """Return the lymphoid pool as a share of the one at rest."""
    return body.lymphoid / (p.baseline * p.lymphoid_ratio)


def supply(body: Any, p: Any) -> Any:
    """Return what the absolute count supplies of naive cells and helpers, 1 at the usual count."""
    count = body.lymphoid / (p.usual_count * p.lymphoid_ratio)
    return named(r"\ell", power(count, p.supply_bend))


def lymphocyte_rates(body: Any, p: Any) -> dict[str, Any]:
    """Return the rates of L_b and L_t by name, in 1/uL/d."""
    across = p.blood_exchange * (body.blood - body.lymphoid / p.lymphoid_ratio)
    reached = p.plateau * p.baseline * (1.0 + p.lymphoid_ratio)
    missing = maximum(reached - body.blood - body.lymphoid, 0.0)
    return {"blood": -across, "lymphoid": across + p.recovery * missing}


def lymphocytes_after(body: Any, p: Any, e: Any) -> dict[str, Any]:
    """Return L_b and L_t after a fraction, by name."""
    return {
        "blood": body.blood * exp(-p.lymphocyte_alpha * e.blood),
        "lymphoid": body.lymphoid * exp(-p.lymphocyte_alpha * e.lymphoid),
    }
