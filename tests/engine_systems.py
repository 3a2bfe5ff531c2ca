"""Systems that the engine's tests share: closed forms, a published one, an invented large one."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from abscope.engine.batch import Batch, Events, Holds
from abscope.engine.compiling import Compiled, compile_system
from abscope.engine.declaration import (
    Body,
    Event,
    Field,
    Input,
    Observable,
    Parameter,
    Replicate,
    State,
    System,
    Total,
)
from abscope.engine.functions import exp, power

os.environ.setdefault(
    "ABSCOPE_CACHE", str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "engine")
)


@cache
def ready(name: str, *, lanes: int = 4, method: str = "rodas4") -> Compiled:
    """Return a compiled system of this file by name, compiled once for all tests."""
    return compile_system(globals()[name](), lanes=lanes, method=method)


@cache
def decay() -> System:
    """Return x' = -k x: the smallest kernel."""
    return System(
        name="decay",
        body=Body(
            states=(State("x", "mg", "amount"),),
            parameters=(Parameter("k", "1/d", "loss", "k", low=0.0),),
            rates=lambda body, total, p: {"x": -p.k * body.x},
            observables=(Observable("x_seen", "mg", "amount"),),
            observe=lambda body, total, p: {"x_seen": body.x},
        ),
    )


def _drain(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
    across = p.k12 * body.blood - p.k21 * body.tissue
    return {
        "x": -p.k * body.x,
        "first": -p.k1 * body.first,
        "second": p.k1 * body.first - p.k2 * body.second,
        "third": p.k2 * body.second,
        "blood": p.infusion - p.k10 * body.blood - across,
        "tissue": across,
        "area": total.burden,
        "tank": -p.leak,
        "burst": p.boom * body.burst * body.burst,
    }


def _seen(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
    names = ("x", "first", "second", "third", "blood", "tissue", "area", "tank", "burst")
    return {f"{name}_seen": getattr(body, name) for name in names} | {"burden_seen": total.burden}


@cache
def closed() -> System:
    """Return parts with closed forms side by side.

    Decay with a bolus, a chain of three, two compartments with an infusion, n logistic growths with
    their integral, a tank that runs dry (negative) and a quadratic growth that bursts (non-finite).
    """
    amounts = ("x", "first", "second", "third", "blood", "tissue")
    return System(
        name="closed forms",
        body=Body(
            states=(
                *(State(name, "mg", f"amount {name}") for name in amounts),
                State("area", "mL*d", "integral of the burden"),
                State("tank", "mg", "what is left in a tank"),
                State("burst", "mg", "grows with its square", nonnegative=False),
            ),
            parameters=(
                *(Parameter(k, "1/d", "rate", low=0.0) for k in
                  ("k", "k1", "k2", "k10", "k12", "k21")),
                Parameter("cap", "mL", "largest volume", "K", low=0.0),
                Parameter("leak", "mg/d", "loss of the tank", low=0.0),
                Parameter("boom", "1/(mg*d)", "growth of the burst", low=0.0),
            ),
            inputs=(Input("infusion", "mg/d", "into the blood"),),
            rates=_drain,
            observables=(
                *(Observable(f"{name}_seen", "mg", name) for name in (*amounts, "tank", "burst")),
                Observable("area_seen", "mL*d", "integral"),
                Observable("burden_seen", "mL", "sum of the volumes"),
            ),
            observe=_seen,
        ),
        replicate=Replicate(
            name="lesion",
            states=(State("v", "mL", "volume", "V"),),
            parameters=(Parameter("g", "1/d", "growth", "g"),),
            inputs=(Input("feed", "mL/d", "inflow"),),
            totals=(Total("burden", "mL", "sum of the volumes"),),
            rates=lambda x, body, p: {
                "v": x.feed + x.g * x.v * (1.0 - x.v / p.cap), "burden": x.v,
            },
            observables=(Observable("v_seen", "mL", "volume"),),
            observe=lambda x, body, p: {"v_seen": x.v},
        ),
        events=(
            Event(
                name="bolus",
                meaning="adds a dose",
                fields=(Field("dose", "mg", "dose"),),
                body=lambda body, p, e: {"x": body.x + e.dose},
            ),
            Event(
                name="halving",
                meaning="leaves a half",
                body=lambda body, p, e: {"x": 0.5 * body.x},
            ),
            Event(
                name="cut",
                meaning="leaves a fraction of each lesion",
                replicate_fields=(Field("left", "1", "what is left"),),
                replicate=lambda x, body, p, e: {"v": x.v * e.left},
            ),
        ),
    )  # fmt: skip


CLOSED_PARAMETERS = {
    "k": 0.3, "k1": 1.2, "k2": 0.4, "k10": 0.5, "k12": 2.0, "k21": 1.5, "cap": 50.0, "leak": 0.0,
    "boom": 0.0,
}  # fmt: skip
CLOSED_START = {
    "x": 10.0, "first": 7.0, "second": 0.0, "third": 0.0, "blood": 0.0, "tissue": 0.0, "area": 0.0,
    "tank": 5.0, "burst": 1.0,
}  # fmt: skip


def closed_batch(**changed: Any) -> Batch:
    """Return one member of the closed forms with three lesions; fields can be replaced."""
    given: dict[str, Any] = {
        "horizon": 20.0,
        "observe_at": np.linspace(0.0, 20.0, 21),
        "replicates": 3,
        "parameters": CLOSED_PARAMETERS,
        "own": {"g": [[0.2, 0.5, 1.0]]},
        "initial": CLOSED_START,
        "replicate_initial": {"v": [[1.0, 2.0, 0.1]]},
    }
    return Batch(**(given | changed))


@cache
def kuznetsov() -> System:
    """Return effector and tumor cells of Kuznetsov et al. 1994, doi:10.1007/BF02460644."""
    unit = {"s": "cell/d", "pp": "1/d", "g": "cell", "m": "1/(d*cell)", "d": "1/d", "a": "1/d"}
    unit |= {"b": "1/cell", "n": "1/(d*cell)"}

    def rates(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
        e, t = body.e, body.t
        return {
            "e": p.s + p.pp * e * t / (p.g + t) - p.m * e * t - p.d * e,
            "t": p.a * t * (1.0 - p.b * t) - p.n * e * t,
        }

    return System(
        name="Kuznetsov 1994",
        body=Body(
            states=(
                State("e", "cell", "effector cells", "E", scale=1e5),
                State("t", "cell", "tumor cells", "T", scale=1e5),
            ),
            parameters=tuple(Parameter(k, v, "constant", low=0.0) for k, v in unit.items()),
            rates=rates,
        ),
    )


_OWN = {
    "growth": 0.02, "room": 8.0, "bite": 1.6, "lure": 1.6, "signal": 1.0, "scar": 0.12,
    "hurt": 0.25, "bend": 0.9,
}  # fmt: skip
_OWN_UNIT = {"room": "mL", "growth": "1/d", "bite": "1/d", "lure": "1/d", "scar": "1/d"}
_SHARED = {
    "fade": 0.15, "rot": 0.04, "shed": 1.0, "wash": 0.25, "glow": 0.4, "dim": 4.0, "spread": 0.35,
    "die": 0.12, "tire": 0.25, "rouse": 0.12, "quit": 0.08, "heal": 0.06, "melt": 0.4,
    "out": 0.063, "over": 0.228, "back": 0.196, "out2": 0.09, "over2": 0.30, "back2": 0.25,
    "leave": 0.5, "teach": 0.8, "go": 0.7, "fast": 10.0, "recall": 0.6, "keep": 0.02,
    "forget": 0.002, "make": 0.02, "lose": 0.1, "swap": 9.0, "unswap": 4.0, "age": 0.012,
    "move": 0.12, "renew": 0.16, "born": 0.05, "gone": 0.2, "clear": 12.0,
}  # fmt: skip
_PLAIN = {"warm": 2.0, "half": 0.5, "third": 0.3, "much": 10.0, "more": 15.0, "one": 1.0}
_COLONY = ("v", "w", "n", "a", "i", "e", "x", "f")
_BODY = (
    "c", "c2", "d", "d2", "dc", "tp", "tc", "tm", "tr", "l", "lt", "r1", "r2", "m", "s",
)  # fmt: skip


def _colony(x: Any, body: Any, p: Any) -> Mapping[str, Any]:
    open_ = 1.0 / (1.0 + x.f)
    bound = body.c / (body.c + p.much)
    alarm = x.i / (x.i + p.third)
    kill = x.bite * x.e * x.v / (p.one + x.v + x.e)
    come = x.lure * open_ * (1.0 + p.warm * alarm) * body.tc
    tired = p.tire * (1.0 - bound) * x.v / (x.v + p.half) * x.e
    back = p.rouse * bound * x.x
    bent = power((x.v + x.w) / x.room, x.bend)
    return {
        "v": x.growth * x.v * (1.0 - bent) - kill,
        "w": -p.fade * x.w,
        "n": p.fade * x.w + kill - p.rot * x.n,
        "a": p.shed * (p.fade * x.w * x.signal + 0.1 * kill) * (1.0 + 2.0 * alarm) / p.one
        * p.day - p.wash * x.a,
        "i": p.glow * x.signal * x.w - p.dim * x.i,
        "e": come + p.spread * x.e * x.a / (x.a + p.half) / (1.0 + 0.4 * x.e) + back - tired
        - p.die * x.e,
        "x": tired - back - p.quit * x.x,
        "f": x.scar * x.v / (x.v + p.half) / (1.0 + body.m) * 2.0 - (p.heal + p.melt * x.i) * x.f,
        "migrate": x.a * (1.0 + alarm) / p.day,
        "taken": come,
        "fibre": x.f,
        "shine": x.i / p.day,
    }  # fmt: skip


def _host(body: Any, total: Any, p: Any) -> Mapping[str, Any]:
    lifted = body.d / (body.d + p.more)
    drive = body.dc / (body.dc + 1.0)
    egress = p.go * body.tp
    return {
        "c": p.infusion - (p.out + p.over) * body.c + p.back * body.c2,
        "c2": p.over * body.c - p.back * body.c2,
        "d": -(p.out2 + p.over2) * body.d + p.back2 * body.d2,
        "d2": p.over2 * body.d - p.back2 * body.d2,
        "dc": total.migrate - p.leave * body.dc,
        "tp": drive * (p.make * body.l / (body.l + 0.4) + p.renew * body.tm) * (1.0 + lifted)
        + p.teach * drive * body.tp / (1.0 + body.tp + body.tr) - egress,
        "tc": egress + p.make - p.fast * body.tc + p.recall * body.tm - 0.05 * total.taken,
        "tm": p.keep * 10.0 * body.tc - (p.forget + 0.05 * p.recall) * body.tm,
        "tr": p.make * (1.0 + 0.3 * total.fibre) - p.lose * (1.0 + lifted) * body.tr,
        "l": p.move * body.r2 + p.unswap * body.lt - p.swap * body.l,
        "lt": p.swap * body.l - (p.unswap + p.age) * body.lt,
        "r1": p.renew * body.r1 / (1.0 + body.r1) * 2.0 / (1.0 + body.l) - p.move * body.r1,
        "r2": p.move * (body.r1 - body.r2),
        "m": p.born * (1.0 + 0.2 * total.fibre) - p.gone * body.m,
        "s": total.shine - p.clear * body.s,
    }  # fmt: skip


def _hit(x: Any, body: Any, p: Any, e: Any) -> Mapping[str, Any]:
    left = exp(-e.dose * x.hurt * (1.0 + 0.1 * e.dose))
    mild = exp(-0.2 * e.dose)
    return {
        "v": x.v * left, "w": x.w + x.v * (1.0 - left),
        "i": x.i + e.dose / (e.dose + 4.0) * x.v * (1.0 - left),
        "e": x.e * mild, "x": x.x * mild, "f": x.f * (0.6 + 0.4 * mild),
    }  # fmt: skip


@cache
def colonies() -> System:
    """Return 15 states and 8 per replicate, rates from 0.002 to 15 per day; invented for tests."""
    names = {**dict.fromkeys(_SHARED, "1/d"), **dict.fromkeys(_PLAIN, "1")}
    unit = {"room": "1"}
    return System(
        name="colonies",
        body=Body(
            states=tuple(State(name, "1", f"state {name} of the host") for name in _BODY),
            parameters=(
                *(Parameter(name, u, f"constant {name}", low=0.0) for name, u in names.items()),
                Parameter("day", "d", "one day", low=1.0, high=1.0),
            ),
            inputs=(Input("infusion", "1/d", "into c"),),
            rates=_host,
            observables=(Observable("blood", "1", "state l"), Observable("scars", "1", "fibre")),
            observe=lambda body, total, p: {"blood": body.l, "scars": total.fibre},
        ),
        replicate=Replicate(
            name="colony",
            states=tuple(State(name, "1", f"state {name} of a colony") for name in _COLONY),
            parameters=tuple(
                Parameter(name, unit.get(name, _OWN_UNIT.get(name, "1")), f"own {name}", low=0.0)
                for name in _OWN
            ),
            totals=(
                Total("migrate", "1/d", "cells that leave"),
                Total("taken", "1/d", "cells that settle"),
                Total("fibre", "1", "scar"),
                Total("shine", "1/d", "signal"),
            ),
            rates=_colony,
            observables=(Observable("size", "1", "all that a scan shows"),),
            observe=lambda x, body, p: {"size": x.v + x.w + x.n},
        ),
        events=(
            Event(
                name="fraction",
                meaning="kills a share of each colony and of the blood",
                fields=(Field("share", "1", "share of the blood that dies"),),
                replicate_fields=(Field("dose", "1", "dose on the colony"),),
                body=lambda body, p, e: {
                    "l": body.l * (1.0 - e.share), "lt": body.lt * (1.0 - 0.3 * e.share),
                    "tc": body.tc * (1.0 - e.share),
                },
                replicate=_hit,
            ),
            Event(
                name="bolus",
                meaning="adds to d",
                fields=(Field("amount", "1", "amount"),),
                body=lambda body, p, e: {"d": body.d + e.amount},
            ),
        ),
    )  # fmt: skip


_START = {
    "c": 0.0, "c2": 0.0, "d": 0.0, "d2": 0.0, "dc": 0.0, "tp": 0.02, "tc": 0.004, "tm": 0.05,
    "tr": 0.2, "l": 1.6, "lt": 3.6, "r1": 0.36, "r2": 0.36, "m": 0.3, "s": 0.0,
}  # fmt: skip
_OWN_START = {"w": 0.0, "n": 0.02, "a": 0.02, "i": 0.0, "e": 0.02, "x": 0.02, "f": 0.6}


def colony_batch(
    members: int, *, seed: int = 7, most: int = 10, horizon: float = 1095.0, courses: int = 2
) -> Batch:
    """Return random members with 2 to ``most`` colonies, fractions, infusions, observations."""
    rng = np.random.default_rng(seed)
    shape = (members, most)

    def varied(value: float, size: Any, spread: float = 0.2) -> Any:
        return value * np.exp(spread * rng.standard_normal(size))

    count = rng.integers(min(2, most), most + 1, members)
    times, rows, doses = [], [], []
    for member in range(members):
        for _ in range(courses):
            first, fractions = rng.uniform(0.02, 0.5) * horizon, int(rng.choice([3, 5, 10]))
            dose = rng.choice([2.0, 6.0, 8.0]) * (rng.random(most) < 0.5)
            times += [first + day for day in range(fractions) if first + day < horizon]
            rows += [member] * (len(times) - len(rows))
            doses += [dose] * (len(rows) - len(doses))
    cycles = np.arange(20.0, min(horizon - 1.0, 400.0), 21.0)
    return Batch(
        members=members,
        horizon=horizon,
        observe_at=np.linspace(0.0, horizon, 50),
        replicates=count,
        parameters={
            **{name: varied(value, members) for name, value in _SHARED.items()},
            **_PLAIN,
            "day": 1.0,
        },
        own={
            name: varied(value, shape, 0.25 if name != "bend" else 0.05)
            for name, value in _OWN.items()
        },
        initial=_START,
        replicate_initial={"v": varied(0.6, shape, 0.6), **_OWN_START},
        events=(
            Events(
                "fraction",
                times=np.array(times),
                members=np.array(rows),
                fields={"share": np.full(len(times), 0.05), "dose": np.array(doses)},
            ),
            Events("bolus", times=cycles[:4], fields={"amount": 20.0}),
        ),
        holds=(
            Holds(
                "infusion",
                starts=cycles,
                ends=cycles + 0.0625,
                values=np.full(cycles.size, 60.0 / 0.0625),
            ),
        ),
    )
