"""Sites that share the effectors they recruit, each with the block of Kuznetsov et al. 1994.

For site i with effectors E_i and tumor T_i, recruits r_i = p E_i T_i / (g + T_i):

    E_i' = s + k_i r_i + w_i B / tau - m E_i T_i - d E_i
    T_i' = a T_i (1 - b T_i) - n E_i T_i
    B'   = sum_j (1 - k_j) r_j - B / tau

A site keeps the share k_i of what it recruits and gives the rest to the blood B, which passes once
in the mean time tau; of what leaves, a site takes the share w_i, and the w_i add up to 1. The
matrix of traffic is W_ij = k_i [i = j] + (1 - k_i) w_j: any two sites with W_12 + W_21 <= 1, and
equal rows (k = 0) for any number of sites. k = 1 uncouples the sites. Radiation leaves a fraction
of T_i at once, resection a fraction of T_i and of E_i. Idea: Walker et al. 2018 (two sites, breast
and lung; pmc PMC6013469) after Poleszczuk et al. 2016; their rates are not readable, so the
constants are those of BCL1 lymphoma. Neglected: what Kuznetsov neglects.
"""

from collections.abc import Mapping
from typing import Any

from abscope.catalog import Parameter as Number
from abscope.catalog import published_parameters
from abscope.engine.declaration import (
    Body,
    Event,
    Field,
    Observable,
    Parameter,
    Replicate,
    State,
    System,
    Total,
)
from abscope.model.card import ModelCard
from abscope.model.published.kuznetsov import PARAMETERS, encounters, recruited

__all__ = ["CARD", "sites_system"]


def _site(x: Any, body: Any, p: Any) -> Mapping[str, Any]:
    recruits = recruited(x, p)
    gained = x.kept * recruits + x.taken * body.blood / p.passage
    return {**encounters(x, p, gained), "given": (1.0 - x.kept) * recruits}


def _blood(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
    return {"blood": total.given - body.blood / p.passage}


def _values() -> Mapping[str, Number]:
    return {**published_parameters("kuznetsov1994"), **published_parameters("walker2018")}


def sites_system() -> System:
    """Return the coupled sites as a system of the engine; time in days, cells counted."""
    left = Field("left", "1", "fraction that is left", "f")
    return System(
        name="Sites that share effectors",
        body=Body(
            states=(State("blood", "cell", "effectors on their way", "B", scale=1e3),),
            parameters=(*PARAMETERS, Parameter("passage", "d", "mean way", r"\tau", low=1e-6)),
            rates=_blood,
        ),
        replicate=Replicate(
            name="site",
            states=(
                State("effectors", "cell", "effector cells", "E", scale=1e5),
                State("tumor", "cell", "tumor cells", "T", scale=1e5),
            ),
            parameters=(
                Parameter("kept", "1", "share of recruits that stay", "k", low=0.0, high=1.0),
                Parameter("taken", "1", "share of the others that arrive", "w", low=0.0, high=1.0),
            ),
            totals=(Total("given", "cell/d", "recruits that leave", "G"),),
            rates=_site,
            observables=(
                Observable("effectors_seen", "cell", "effector cells", r"\hat{E}"),
                Observable("tumor_seen", "cell", "tumor cells", r"\hat{T}"),
            ),
            observe=lambda x, _body, _p: {"effectors_seen": x.effectors, "tumor_seen": x.tumor},
        ),
        events=(
            Event(
                name="radiation",
                meaning="A fraction of the tumor cells is left",
                replicate_fields=(left,),
                replicate=lambda x, _body, _p, e: {"tumor": x.tumor * e.left},
            ),
            Event(
                name="resection",
                meaning="A fraction of the tumor is left, with its effectors",
                replicate_fields=(left,),
                replicate=lambda x, _body, _p, e: {
                    "tumor": x.tumor * e.left,
                    "effectors": x.effectors * e.left,
                },
            ),
        ),
    )


CARD = ModelCard(
    name="walker2018",
    title="Sites that share the effectors they recruit",
    source="Walker et al. 2018, PMC6013469; local block of Kuznetsov et al. 1994",
    system=sites_system,
    values=_values,
    scope="Any number of sites, one tumor each; kill fractions and resection, no drug, no dose.",
    departures=(
        "The rates of the print are not readable: the constants are those of BCL1 lymphoma, with"
        " which the sign of the print's resection effects is not reproduced.",
        "Recruits pass the blood once (40 s) before they arrive; in the print they arrive at once."
        " The tumors of two equal sites differ by less than 1e-4 from that limit at 800 d.",
        "The traffic is a share that a site keeps and a share that it takes: with two sites this"
        " is every matrix W with W12 + W21 <= 1.",
    ),
)
