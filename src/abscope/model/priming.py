"""Priming of naive T cells in the draining nodes, their expansion, and what node dose does.

    see    = A^n / (A^n + A50^n)
    prime  = k_P see (1 + c4 RC) Nv
    Nv'    = d_N (Nv0 supply - Nv) - prime
    P1'    = prime - k_tr P1,   P2' = k_tr (P1 - P2),   P3' = k_tr (P2 - P3)
    effectors that leave the nodes: G k_tr P3

RC is the occupancy of CTLA-4. At a fraction P1..P3 -> P exp(-a_n d_nodes) and Nv ->
Nv exp(-a_L d_lymphoid). Assumed: naive cells refill as the lymphocytes supply them (`lymphocytes`);
expansion is a gain after a delay of three stages. Nv0 is what patients differ in most: who has few
neoantigens that a T cell knows has nothing to prime. Neglected: tolerance, different clones.
Sources: own; three of the rates after QSPIO-TNBC (https://github.com/popellab/QSPIO-TNBC).
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp, named, power

__all__ = ["SHARED", "leaving", "priming_after", "priming_rates", "seen"]

SHARED = (
    Parameter("priming_rate", "1/d", "priming of naive cells at full antigen", "k_P", low=0.0),
    Parameter("antigen_half", "Mcell", "loaded cells of half the priming", "A_{50}", low=1e-9),
    Parameter("antigen_bend", "1", "steepness of priming over antigen", "n", low=1.0),
    Parameter("ctla4_gain", "1", "gain of priming by blocking CTLA-4", "c_4", low=0.0),
    Parameter("naive_turnover", "1/d", "turnover of naive cells", "d_N", low=0.0),
    Parameter("naive_pool", "Mcell", "naive tumor-specific cells at rest", "N_{v0}", low=0.0),
    Parameter("transit", "1/d", "passage through the stages of expansion", "k_{tr}", low=0.0),
    Parameter("expansion", "1", "effectors that one primed cell becomes", "G", low=0.0),
    Parameter("node_alpha", "1/Gy", "sensitivity of primed cells in nodes", "a_n", low=0.0),
)
_STAGES = ("primed_1", "primed_2", "primed_3")


def seen(body: Any, p: Any) -> Any:
    """Return the share of the priming that the antigen allows, 0..1."""
    relative = power(body.antigen / p.antigen_half, p.antigen_bend)
    return named(r"\alpha_A", relative / (1.0 + relative))


def leaving(body: Any, p: Any) -> Any:
    """Return the effectors that leave the nodes, in Mcell/d."""
    return p.expansion * p.transit * body.primed_3


def priming_rates(body: Any, supply: Any, ctla4_occupancy: Any, p: Any) -> dict[str, Any]:
    """Return the rates of Nv and P1..P3 by name, in Mcell/d."""
    helped = 1.0 + p.ctla4_gain * ctla4_occupancy
    prime = named(r"\pi", p.priming_rate * seen(body, p) * helped * body.naive)
    return {
        "naive": p.naive_turnover * (p.naive_pool * supply - body.naive) - prime,
        "primed_1": prime - p.transit * body.primed_1,
        "primed_2": p.transit * (body.primed_1 - body.primed_2),
        "primed_3": p.transit * (body.primed_2 - body.primed_3),
    }


def priming_after(body: Any, p: Any, e: Any) -> dict[str, Any]:
    """Return the states of priming after a fraction, by name."""
    left = exp(-p.node_alpha * e.nodes)
    after = {stage: getattr(body, stage) * left for stage in _STAGES}
    return after | {"naive": body.naive * exp(-p.lymphocyte_alpha * e.lymphoid)}
