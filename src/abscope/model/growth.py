"""Growth of viable tumor: exponential, logistic, generalized logistic or Gompertz, as chosen.

With V all that a scan shows (viable T, doomed M, debris N), V_r the volume at which the rate g is
stated, K the capacity, d0 the turnover (cells that die and are replaced),

    births = (g f(V) / f(V_r) + d0) T        deaths = d0 T
    f(V) = 1                     exponential
    f(V) = 1 - V / K             logistic
    f(V) = 1 - (V / K)^theta     generalized logistic
    f(V) = ln(K / V)             Gompertz, the limit theta -> 0

So g is the net specific growth rate at V_r under every law, ln 2 over the doubling time there, and
turnover feeds antigen without changing growth. A lesion that stands for a part of another one
(``part`` below 1) has its volumes V_r and K scaled by the part, so that halves grow as the whole.
Neglected: space, hypoxia, surgery or injury that speeds growth up; lesions do not compete.
Sources: laws in their usual form; Mehrara 2007, doi:10.1158/0008-5472.CAN-06-3822 for the specific
growth rate as the quantity to state.
"""

from collections.abc import Callable, Mapping
from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import log, maximum, power

__all__ = ["LAWS", "OWN", "SHARED", "births", "deaths"]

#: Parameters of each lesion, and those that only some laws use.
OWN = (
    Parameter("growth", "1/d", "net specific growth rate at the reference volume", "g"),
    Parameter("part", "1", "share of a lesion that this record stands for", "w", low=1e-9, high=1),
)
_CAPACITY = Parameter("capacity", "mL", "largest volume", "K", low=1e-9)
_REFERENCE = Parameter("reference_volume", "mL", "volume at which growth is stated", "V_r", low=0.0)
_BEND = Parameter("bend", "1", "exponent of the generalized logistic law", r"\theta", low=1e-6)
_SPECK = Parameter("speck", "mL", "volume that counts as none", r"\epsilon", low=1e-300)
SHARED = (
    Parameter("turnover", "1/d", "viable cells that die and are replaced", "d_0", low=0.0),
    _SPECK,
)


def _logistic(v: Any, x: Any, p: Any) -> Any:
    return 1.0 - v / (x.capacity * x.part)


def _generalized(v: Any, x: Any, p: Any) -> Any:
    return 1.0 - power(v / (x.capacity * x.part), p.bend)


def _gompertz(v: Any, x: Any, p: Any) -> Any:
    return log(x.capacity * x.part / (v + p.speck))


_Room = Callable[[Any, Any, Any], Any]

#: Law -> (room f(V) or None where it is 1, further own and shared parameters).
LAWS: Mapping[str, tuple[_Room | None, tuple[Parameter, ...], tuple[Parameter, ...]]] = {
    "exponential": (None, (), ()),
    "logistic": (_logistic, (_CAPACITY,), (_REFERENCE,)),
    "generalized": (_generalized, (_CAPACITY,), (_REFERENCE, _BEND)),
    "gompertz": (_gompertz, (_CAPACITY,), (_REFERENCE,)),
}


def births(law: str, x: Any, volume: Any, p: Any) -> Any:
    """Return the growth of viable tumor under a law of ``LAWS``, in mL/d.

    What the error of a step puts below zero does not grow: with the sign of a lesion of less than
    the tolerance, a year of growth would carry it far below.
    """
    room, alive = LAWS[law][0], maximum(x.viable, 0.0)
    if room is None:
        return (x.growth + p.turnover) * alive
    relative = room(volume, x, p) / room(p.reference_volume * x.part, x, p)
    return (x.growth * relative + p.turnover) * alive


def deaths(x: Any, p: Any) -> Any:
    """Return the viable tumor that dies of itself and becomes debris, in mL/d."""
    return p.turnover * x.viable
