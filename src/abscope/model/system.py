"""The model ``abscope-core``: the mechanisms of this folder coupled into one system.

N lesions meet only through the body. Each has viable, doomed and debris volume, an innate signal,
effector and exhausted T cells, suppressive stroma and PD-L1; the body has antigen, naive and primed
cells, effectors in blood, memory, lymphocytes and the drugs. No other file couples mechanisms.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from abscope.engine.declaration import (
    Body,
    Event,
    Field,
    Observable,
    Replicate,
    State,
    System,
    Total,
)
from abscope.engine.functions import maximum, named
from abscope.model import (
    antigen,
    clearance,
    cytotoxicity,
    drugs,
    exhaustion,
    growth,
    homing,
    kill,
    lymphocytes,
    memory,
    priming,
    signal,
    stroma,
)
from abscope.model.switches import GrowthLaw

__all__ = ["core_system"]

_LESION_STATES = (
    State("viable", "mL", "viable tumor", "T", scale=1.0),
    State("doomed", "mL", "tumor that will die of radiation", "M", scale=1.0),
    State("debris", "mL", "dead tumor", "N", scale=1.0),
    State("scar", "mL", "scar of irradiated tumor", "C", scale=1.0),
    State("signal", "1", "innate signal", "I", scale=0.1),
    State("effector", "Mcell/mL", "effector T cells", "E", scale=0.1),
    State("exhausted", "Mcell/mL", "exhausted T cells", "X", scale=0.1),
    State("stroma", "1", "suppressive stroma, 1 in a small lesion", "S", scale=1.0),
    State("pdl1", "1", "PD-L1", "P", scale=0.1),
)
_BODY_STATES = (
    State("antigen", "Mcell", "loaded dendritic cells in nodes", "A", scale=0.1),
    State("naive", "Mcell", "naive tumor-specific T cells", "N_v", scale=0.1),
    State("primed_1", "Mcell", "primed T cells, first stage", "P_1", scale=0.01),
    State("primed_2", "Mcell", "primed T cells, second stage", "P_2", scale=0.01),
    State("primed_3", "Mcell", "primed T cells, third stage", "P_3", scale=0.01),
    State("circulating", "Mcell", "effector T cells in blood", "B", scale=1.0),
    State("memory", "Mcell", "memory T cells", "Mem", scale=1.0),
    State("blood", "1/uL", "lymphocytes in blood", "L_b", scale=1000.0),
    State("lymphoid", "1/uL", "lymphocytes in lymphoid tissue", "L_t", scale=1e4),
    *drugs.STATES,
)
_TOTALS = (
    Total("shed", "mL/d", "dying tumor that loads dendritic cells", r"\Sigma_A"),
    Total("arriving", "Mcell/d", "effectors that come to lesions", r"\Sigma_B"),
    Total("burden", "mL", "volume of all lesions", r"\Sigma_V"),
)
_SEEN_IN_LESION = (
    Observable("volume_ml", "mL", "volume that a scan shows", "V"),
    Observable("viable_ml", "mL", "viable tumor", "T"),
    Observable("dead_ml", "mL", "doomed tumor, debris and scar", "M{+}N{+}C"),
    Observable("signal_frac", "1", "innate signal", "I"),
    Observable("effector_mcell_per_ml", "Mcell/mL", "effector T cells", "E"),
    Observable("exhausted_mcell_per_ml", "Mcell/mL", "exhausted T cells", "X"),
    Observable("stroma_frac", "1", "suppressive stroma", "S"),
    Observable("pdl1_frac", "1", "PD-L1", "P"),
    Observable("kill_per_d", "1/d", "killing by T cells", r"\kappa"),
    Observable("arriving_mcell_per_d", "Mcell/d", "effectors that come", r"\phi"),
)
_SEEN_IN_BODY = (
    Observable("burden_ml", "mL", "volume of all lesions", r"V_{all}"),
    Observable("alc_per_ul", "1/uL", "lymphocytes in blood", "ALC"),
    Observable("lymphoid_rest_frac", "1", "lymphoid pool over the one at rest", r"\ell"),
    Observable("antigen_mcell", "Mcell", "loaded dendritic cells", "A"),
    Observable("circulating_mcell", "Mcell", "effector T cells in blood", "B"),
    Observable("memory_mcell", "Mcell", "memory T cells", "Mem"),
    Observable("homing_mcell_per_d", "Mcell/d", "effectors that come to lesions", r"\Phi"),
    Observable("pd1_mg_per_l", "mg/L", "anti-PD-1 in blood", "C^{pd1}"),
    Observable("pd1_occupancy_frac", "1", "occupancy of PD-1", "RO"),
    Observable("ctla4_mg_per_l", "mg/L", "anti-CTLA-4 in blood", "C^{ctla4}"),
    Observable("ctla4_occupancy_frac", "1", "occupancy of CTLA-4", "RC"),
)


def _volume(x: Any) -> Any:
    return x.viable + x.doomed + x.debris + x.scar


def _taken(key: str, body: Any, p: Any) -> Any:
    mark = {"pd1": "RO", "ctla4": "RC"}[key]
    return named(mark, drugs.occupancy(key, body, p))


def _brake(x: Any, body: Any, p: Any) -> Any:
    return exhaustion.brake(x, _taken("pd1", body, p), _taken("ctla4", body, p), p)


def _kill(x: Any, body: Any, p: Any) -> Any:
    return cytotoxicity.kill_rate(x, _brake(x, body, p), p)


def _lesion_rates(law: str, x: Any, body: Any, p: Any) -> Mapping[str, Any]:
    volume = named("V", _volume(x))
    killing = named(r"\kappa", _kill(x, body, p))
    deaths = growth.deaths(x, p)
    dying = named(r"\delta", clearance.dying(x, killing, deaths, p))
    arrival = named(r"\phi", homing.arrival(x, volume, body, p))
    return {
        "viable": growth.births(law, x, volume, p) - deaths - killing * x.viable,
        "doomed": clearance.doomed_rate(x, killing, p),
        "debris": clearance.debris_rate(x, dying, p),
        "scar": clearance.scar_rate(x, p),
        "signal": signal.signal_rate(x, killing, p),
        "stroma": stroma.stroma_rate(x, volume, p),
        **exhaustion.effector_rates(
            x,
            p,
            arrival=arrival,
            dying_frac=dying / (volume + p.speck),
            suppression=cytotoxicity.suppression(x, p),
            checked=(_brake(x, body, p), _taken("pd1", body, p)),
        ),
        "shed": antigen.antigen_shed(x, dying, p),
        "arriving": arrival * volume,
        "burden": volume,
    }


def _body_rates(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
    seen = priming.seen(body, p)
    sent = priming.leaving(body, p) + memory.recalled(body, seen, p)
    return {
        "antigen": antigen.antigen_rate(body, total.shed, p),
        **priming.priming_rates(body, lymphocytes.supply(body, p), _taken("ctla4", body, p), p),
        "circulating": homing.circulating_rate(body, total.arriving, sent, p),
        "memory": memory.memory_rate(body, p),
        **lymphocytes.lymphocyte_rates(body, p),
        **drugs.drug_rates("pd1", body, p),
        **drugs.drug_rates("ctla4", body, p),
    }


def _see_lesion(x: Any, body: Any, p: Any) -> Mapping[str, Any]:
    volume = _volume(x)
    return {
        "volume_ml": volume,
        "viable_ml": x.viable,
        "dead_ml": x.doomed + x.debris + x.scar,
        "signal_frac": x.signal,
        "effector_mcell_per_ml": x.effector,
        "exhausted_mcell_per_ml": x.exhausted,
        "stroma_frac": x.stroma,
        "pdl1_frac": x.pdl1,
        "kill_per_d": _kill(x, body, p),
        "arriving_mcell_per_d": homing.arrival(x, volume, body, p) * volume,
    }


def _see_body(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
    return {
        "burden_ml": total.burden,
        "alc_per_ul": body.blood,
        "lymphoid_rest_frac": lymphocytes.lymphoid_frac(body, p),
        "antigen_mcell": body.antigen,
        "circulating_mcell": body.circulating,
        "memory_mcell": body.memory,
        "homing_mcell_per_d": total.arriving,
        "pd1_mg_per_l": drugs.concentration("pd1", body, p),
        "pd1_occupancy_frac": drugs.occupancy("pd1", body, p),
        "ctla4_mg_per_l": drugs.concentration("ctla4", body, p),
        "ctla4_occupancy_frac": drugs.occupancy("ctla4", body, p),
    }


def _irradiate_lesion(x: Any, body: Any, p: Any, e: Any) -> Mapping[str, Any]:
    left = named("S_d", kill.surviving(x, p, e))
    return {
        "viable": x.viable * left,
        **clearance.dead_after(x, left, p, e),
        "signal": signal.signal_after(x, p, e),
        "stroma": stroma.stroma_after(x, p, e),
        **exhaustion.effectors_after(x, p, e),
    }


def _irradiate_body(body: Any, p: Any, e: Any) -> Mapping[str, Any]:
    return {
        "antigen": antigen.antigen_after(body, p, e),
        **priming.priming_after(body, p, e),
        "circulating": homing.circulating_after(body, p, e),
        "memory": memory.memory_after(body, p, e),
        **lymphocytes.lymphocytes_after(body, p, e),
    }


def _resect(x: Any, body: Any, p: Any, e: Any) -> Mapping[str, Any]:
    gone = ("viable", "doomed", "debris", "scar", "signal", "effector", "exhausted", "pdl1")
    after = {name: getattr(x, name) * e.left for name in gone}
    return after | {"stroma": 1.0 + (x.stroma - 1.0) * e.left}


def _anchor(x: Any, body: Any, p: Any, e: Any) -> Mapping[str, Any]:
    parts = {
        name: maximum(getattr(x, name), 0.0) for name in ("viable", "doomed", "debris", "scar")
    }
    parts["viable"] = parts["viable"] + p.speck  # a lesion below one cell is one
    whole = sum(parts.values())
    return {name: e.volume * part / whole for name, part in parts.items()}


def _events() -> tuple[Event, ...]:
    return (
        Event(
            name="fraction",
            meaning="A fraction of radiotherapy",
            fields=(
                Field("blood", "Gy", "uniform dose of equal effect on cells in blood", "d_{b}"),
                Field("lymphoid", "Gy", "the same in lymphoid tissue", "d_{l}"),
                Field("nodes", "Gy", "the same in the draining nodes", "d_{n}"),
            ),
            replicate_fields=kill.DOSES,
            body=_irradiate_body,
            replicate=_irradiate_lesion,
        ),
        Event(
            name="resection",
            meaning="Lesions are taken out",
            replicate_fields=(Field("left", "1", "what is left of the lesion, 0..1", "l"),),
            replicate=_resect,
        ),
        Event(
            name="seeding",
            meaning="New lesions begin",
            replicate_fields=(Field("begun", "mL", "viable tumor that begins", "v"),),
            replicate=lambda x, body, p, e: {"viable": x.viable + e.begun},
        ),
        Event(
            name="anchor",
            meaning="The volumes become the recorded ones, in unchanged proportions",
            replicate_fields=(Field("volume", "mL", "recorded volume", "v"),),
            replicate=_anchor,
        ),
        Event(
            name="transfusion",
            meaning="Lymphocytes are given into the blood",
            fields=(
                Field("given_count", "1/uL", "rise of the lymphocyte count", r"\Delta L"),
                Field("given_effectors", "Mcell", "effector T cells among them", r"\Delta B"),
            ),
            body=lambda body, p, e: {
                "blood": body.blood + e.given_count,
                "circulating": body.circulating + e.given_effectors,
            },
        ),
        Event(
            name="bolus",
            meaning="An infusion that takes no time",
            fields=(
                Field("pd1_dose", "mg", "anti-PD-1", r"D^{pd1}"),
                Field("ctla4_dose", "mg", "anti-CTLA-4", r"D^{ctla4}"),
            ),
            body=lambda body, p, e: {
                "pd1_blood": body.pd1_blood + e.pd1_dose,
                "ctla4_blood": body.ctla4_blood + e.ctla4_dose,
            },
        ),
    )


def core_system(law: GrowthLaw = "generalized") -> System:
    """Return the model with a law of growth; mechanisms are switched by `switches.Switches`."""
    return _declared(law)


@cache  # by the law itself: a call that leaves it out is the same model
def _declared(law: GrowthLaw) -> System:
    _, own, shared = growth.LAWS[law]
    modules: tuple[Any, ...] = (
        kill, cytotoxicity, clearance, signal, antigen, priming, homing, exhaustion, stroma, memory,
        lymphocytes, drugs,
    )  # fmt: skip
    return System(
        name="abscope-core",
        body=Body(
            states=_BODY_STATES,
            parameters=(
                *growth.SHARED,
                *shared,
                *(parameter for module in modules for parameter in module.SHARED),
            ),
            inputs=drugs.INPUTS,
            rates=_body_rates,
            observables=_SEEN_IN_BODY,
            observe=_see_body,
        ),
        replicate=Replicate(
            name="lesion",
            states=_LESION_STATES,
            parameters=(*growth.OWN, *own, *kill.OWN, *cytotoxicity.OWN, *homing.OWN),
            totals=_TOTALS,
            rates=lambda x, body, p: _lesion_rates(law, x, body, p),
            observables=_SEEN_IN_LESION,
            observe=_see_lesion,
        ),
        events=_events(),
    )
