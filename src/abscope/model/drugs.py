"""Checkpoint inhibitors: an anti-PD-1 (or anti-PD-L1) and an anti-CTLA-4 in two compartments.

For each of the two, with amounts A1 and A2 (mg), C = A1 / V1 and t days since the first infusion,

    CL(t) = CL exp(D t^b / (t50^b + t^b))
    A1' = infusion - (CL(t) + V_max / (K_m + C)) C - Q (C - A2 / V2)
    A2' = Q (C - A2 / V2),    t' = 1 from the first infusion on
    RO  = C / (C + IC50)

D = 0 gives a constant clearance, V_max = 0 no saturable one. Every gram that is given is in A1, in
A2 or cleared. Assumed: occupancy in tumor follows that in blood; the clearance does not follow the
disease (it does in patients). Sources by agent in ``pharmacokinetics.toml`` of the catalog.
"""

from typing import Any

from abscope.engine.declaration import Input, Parameter, State
from abscope.engine.functions import exp, power

__all__ = ["INPUTS", "SHARED", "STATES", "concentration", "drug_rates", "occupancy"]

_WHICH = {"pd1": "anti-PD-1", "ctla4": "anti-CTLA-4"}


def _parameters(key: str, name: str) -> tuple[Parameter, ...]:
    rows = (
        ("clearance", "L/d", "clearance at first", "CL", 0.0),
        ("central", "L", "central volume", "V_1", 1e-6),
        ("exchange", "L/d", "exchange with tissue", "Q", 0.0),
        ("peripheral", "L", "peripheral volume", "V_2", 1e-6),
        ("drift", "1", "change of ln clearance in the long run", "D", None),
        ("drift_half", "d", "time of half that change", "t_{50}", 1e-6),
        ("drift_bend", "1", "steepness of that change", "b", 1e-3),
        ("saturable", "mg/d", "largest saturable clearance", "V_{max}", 0.0),
        ("saturable_half", "mg/L", "concentration of half of it", "K_m", 1e-9),
        ("ic50", "mg/L", "concentration of half occupancy", "IC_{50}", 1e-9),
    )
    infinity = float("inf")
    return tuple(
        Parameter(
            f"{key}_{suffix}", unit, f"{meaning} of the {name}", _mark(symbol, key),
            low=-infinity if low is None else low,
        )
        for suffix, unit, meaning, symbol, low in rows
    )  # fmt: skip


def _mark(symbol: str, key: str) -> str:
    return rf"{symbol}^{{\mathrm{{{key}}}}}"


SHARED = tuple(row for key, name in _WHICH.items() for row in _parameters(key, name))
STATES = tuple(
    State(f"{key}_{where}", unit, f"{meaning} {name}", _mark(symbol, key), scale=scale)
    for key, name in _WHICH.items()
    for where, unit, meaning, symbol, scale in (
        ("blood", "mg", "amount in blood of the", "A_1", 10.0),
        ("tissue", "mg", "amount in tissue of the", "A_2", 10.0),
        ("days", "d", "time since the first infusion of the", "t", 10.0),
    )
)
INPUTS = tuple(
    row
    for key, name in _WHICH.items()
    for row in (
        Input(f"{key}_infusion", "mg/d", f"infusion of the {name}", _mark("R", key)),
        Input(
            f"{key}_started", "1", f"1 from the first infusion of the {name} on", _mark("s", key)
        ),
    )
)


def concentration(key: str, body: Any, p: Any) -> Any:
    """Return C of ``pd1`` or ``ctla4``, in mg/L."""
    return getattr(body, f"{key}_blood") / getattr(p, f"{key}_central")


def occupancy(key: str, body: Any, p: Any) -> Any:
    """Return RO of ``pd1`` or ``ctla4``, 0..1."""
    amount = getattr(body, f"{key}_blood")
    return amount / (amount + getattr(p, f"{key}_ic50") * getattr(p, f"{key}_central"))


def drug_rates(key: str, body: Any, p: Any) -> dict[str, Any]:
    """Return the rates of A1, A2 and t of ``pd1`` or ``ctla4``, by name."""

    def of(name: str) -> Any:
        return getattr(p, f"{key}_{name}")

    level = concentration(key, body, p)
    late = power(getattr(body, f"{key}_days") / of("drift_half"), of("drift_bend"))
    clearance = of("clearance") * exp(of("drift") * late / (1.0 + late))
    across = of("exchange") * (level - getattr(body, f"{key}_tissue") / of("peripheral"))
    lost = (clearance + of("saturable") / (of("saturable_half") + level)) * level
    return {
        f"{key}_blood": of("infusion") - lost - across,
        f"{key}_tissue": across,
        f"{key}_days": of("started"),
    }
