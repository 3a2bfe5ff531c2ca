"""Effector cells and tumor cells of Kuznetsov et al. 1994: dormancy and escape.

    E' = s + p E T / (g + T) - m E T - d E
    T' = a T (1 - b T) - n E T

with E effector and T tumor cells. Fitted to BCL1 lymphoma in the spleen of chimeric mice.
Neglected: space, drugs, radiation, lymphocyte counts, delays. Source: Kuznetsov, Makalkin, Taylor,
Perelson 1994, doi:10.1007/BF02460644, as BIOMD0000000762 holds it.
"""

from collections.abc import Mapping
from typing import Any

from abscope.catalog import published_parameters
from abscope.engine.declaration import Body, Observable, Parameter, State, System
from abscope.model.card import ModelCard

__all__ = ["CARD", "PARAMETERS", "encounters", "kuznetsov_system", "recruited"]

#: The constants of one site; two coupled sites have the same.
PARAMETERS = (
    Parameter("influx", "cell/d", "effectors that arrive without a tumor", "s", low=0.0),
    Parameter("recruitment", "1/d", "largest recruitment by the tumor", "p", low=0.0),
    Parameter("half_burden", "cell", "tumor cells at half of the recruitment", "g", low=1e-6),
    Parameter("exhaustion", "1/(d*cell)", "effectors lost per encounter", "m", low=0.0),
    Parameter("death", "1/d", "death of effectors", "d", low=0.0),
    Parameter("growth", "1/d", "growth of a small tumor", "a", low=0.0),
    Parameter("crowding", "1/cell", "inverse of the largest burden", "b", low=0.0),
    Parameter("kill", "1/(d*cell)", "tumor cells killed per encounter", "n", low=0.0),
)


def recruited(x: Any, p: Any) -> Any:
    """Return the effectors that a tumor recruits, p E T / (g + T), in cells per day."""
    return p.recruitment * x.effectors * x.tumor / (p.half_burden + x.tumor)


def encounters(x: Any, p: Any, gained: Any) -> Mapping[str, Any]:
    """Return the rates of E and T of one site that gains so many effectors per day."""
    met = x.effectors * x.tumor
    return {
        "effectors": p.influx + gained - p.exhaustion * met - p.death * x.effectors,
        "tumor": p.growth * x.tumor * (1.0 - p.crowding * x.tumor) - p.kill * met,
    }


def _rates(body: Any, _total: Any, p: Any) -> Mapping[str, Any]:
    return encounters(body, p, recruited(body, p))


def kuznetsov_system() -> System:
    """Return the two equations as a system of the engine; time in days, cells counted."""
    return System(
        name="Kuznetsov 1994",
        body=Body(
            states=(
                State("effectors", "cell", "effector cells", "E", scale=1e5),
                State("tumor", "cell", "tumor cells", "T", scale=1e5),
            ),
            parameters=PARAMETERS,
            rates=_rates,
            observables=(
                Observable("effectors_seen", "cell", "effector cells", r"\hat{E}"),
                Observable("tumor_seen", "cell", "tumor cells", r"\hat{T}"),
            ),
            observe=lambda body, _total, _p: {
                "effectors_seen": body.effectors,
                "tumor_seen": body.tumor,
            },
        ),
    )


CARD = ModelCard(
    name="kuznetsov1994",
    title="Effector cells and tumor cells: dormancy and escape",
    source="Kuznetsov, Makalkin, Taylor, Perelson 1994, doi:10.1007/BF02460644",
    system=kuznetsov_system,
    values=lambda: published_parameters("kuznetsov1994"),
    scope="BCL1 lymphoma of mice, one site; no radiation, no drug.",
)
