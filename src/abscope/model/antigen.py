"""Antigen on dendritic cells that reach the draining nodes.

    A' = rho sum over lesions of c_i dying_i (1 + u I_i) - lambda_A A

Dying tumor gives antigen, and the innate signal makes dendritic cells carry more of it; c is the
share of the antigens in common, so a lesion that has none of them primes against none of the
others. At a fraction A -> A exp(-a_D d_nodes). Assumed: all nodes are one; release goes with
volume. rho only sets the unit of A together with ``antigen_half`` of `priming`: keep one fixed.
Source: own; that antigen capture rules the abscopal effect: Hadjigeorgiou 2026,
doi:10.3389/fimmu.2026.1769229.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp

__all__ = ["SHARED", "antigen_after", "antigen_rate", "antigen_shed"]

SHARED = (
    Parameter("antigen_yield", "Mcell/mL", "loaded cells per dying volume", r"\rho_A", low=0.0),
    Parameter("adjuvant", "1", "gain of loading by the innate signal", "u", low=0.0),
    Parameter("antigen_loss", "1/d", "loss of loaded cells", r"\lambda_A", low=0.0),
    Parameter("dendritic_alpha", "1/Gy", "sensitivity of loaded cells", "a_D", low=0.0),
)


def antigen_shed(x: Any, dying_volume: Any, p: Any) -> Any:
    """Return what a lesion adds to the loading, in mL/d of dying tumor."""
    return x.match * dying_volume * (1.0 + p.adjuvant * x.signal)


def antigen_rate(body: Any, shed: Any, p: Any) -> Any:
    """Return A', in Mcell/d."""
    return p.antigen_yield * shed - p.antigen_loss * body.antigen


def antigen_after(body: Any, p: Any, e: Any) -> Any:
    """Return A after a fraction."""
    return body.antigen * exp(-p.dendritic_alpha * e.nodes)
