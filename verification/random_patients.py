"""Patients at random over organs, sizes, schedules, drugs and the ranges of the catalog.

They are no population: they are spread wide, so that an integrator meets what it finds hard.
"""

import numpy as np

from abscope.catalog.entries import Parameter
from abscope.model.patient import (
    BinnedDose,
    Fraction,
    Infusion,
    LesionStart,
    Patient,
    Resection,
    Seeding,
)
from abscope.model.routes import organs
from abscope.model.system import core_system
from abscope.model.values import AGENTS, core_values

__all__ = ["HORIZON_D", "random_patients"]

HORIZON_D = 120.0
_DOSE_PARTS = 3


def random_patients(n: int, *, seed: int, most_lesions: int = 10) -> list[Patient]:
    """Return n patients of day 0 to 120; patient k depends on the seed and k only."""
    return [_patient(k, np.random.default_rng([seed, k]), most_lesions) for k in range(n)]


def _patient(number: int, rng: np.random.Generator, most: int) -> Patient:
    names = [f"l{k}" for k in range(rng.integers(1, most + 1))]
    own = [q.name for q in core_system().replicate.parameters]
    shared = [q.name for q in core_system().body.parameters]
    lesions = [
        LesionStart(
            id=name,
            compartment=str(rng.choice(organs())),
            volume_ml=float(10 ** rng.uniform(-1.5, 2.0)),
            own=_drawn(own, rng),
        )
        for name in names
    ]
    seedings = []
    if rng.random() < 0.2:
        day = rng.uniform(1.0, HORIZON_D / 2)
        seedings.append(Seeding(day_d=day, lesion="new", volume_ml=0.001))
        lesions.append(LesionStart(id="new", compartment="liver", volume_ml=0.0))
    cut = rng.random() < 0.2
    return Patient(
        id=f"random {number}",
        sex=[None, "female", "male"][rng.integers(3)],
        weight_kg=float(rng.uniform(45.0, 120.0)),
        lesions=tuple(lesions),
        fractions=tuple(one for c in range(rng.integers(1, 3)) for one in _course(c, names, rng)),
        infusions=_infusions(rng),
        resections=(Resection(day_d=rng.uniform(1.0, HORIZON_D), lesion=names[0]),) if cut else (),
        seedings=tuple(seedings),
        start_d=0.0,
        horizon_d=HORIZON_D,
        parameters=_drawn(shared, rng),
    )


def _drawn(names: list[str], rng: np.random.Generator) -> dict[str, float]:
    """Return a value inside the range of the catalog for each parameter that has one."""
    entries: list[Parameter] = [core_values()[name] for name in names if name in core_values()]
    return {
        entry.name: float(rng.uniform(entry.low, entry.high))
        for entry in entries
        if entry.high > entry.low
    }


def _course(number: int, names: list[str], rng: np.random.Generator) -> list[Fraction]:
    """Return 1 to 12 fractions of 0.5 to 20 Gy, alike, to some lesions with uneven doses."""
    dose = float(np.exp(rng.uniform(np.log(0.5), np.log(20.0))))
    hit = rng.permutation(names)[: rng.integers(1, len(names) + 1)]
    lesions = {
        str(name): BinnedDose(
            dose * rng.uniform(0.02, 1.3, _DOSE_PARTS), rng.dirichlet(np.ones(_DOSE_PARTS))
        )
        for name in hit
    }
    first, gap = rng.uniform(0.0, 60.0), rng.choice([1.0, 1.0, 2.0, 7.0])
    days = [first + gap * k for k in range(rng.integers(1, 13)) if first + gap * k < HORIZON_D]
    blood, lymphoid, nodes = dose * rng.uniform(0.0, 0.1, 3)
    return [
        Fraction(
            day_d=float(day), course=f"c{number}", lesions=lesions,
            blood_gy=float(blood), lymphoid_gy=float(lymphoid), nodes_gy=float(nodes),
        )
        for day in days
    ]  # fmt: skip


def _infusions(rng: np.random.Generator) -> tuple[Infusion, ...]:
    """Return 0 to 5 infusions of one agent against PD-1 or PD-L1 and 0 to 4 of ipilimumab."""
    against_pd1 = [name for name, key in AGENTS.items() if key == "pd1"]
    found = []
    for agent, most in ((str(rng.choice(against_pd1)), 5), ("ipilimumab", 4)):
        first, gap = rng.uniform(0.0, 40.0), rng.choice([14.0, 21.0])
        amount, lasts = rng.uniform(100.0, 1200.0), rng.choice([0.0, 1 / 48, 1 / 16])
        found += [
            Infusion(day_d=first + gap * k, agent=agent, amount_mg=amount, duration_d=float(lasts))
            for k in range(rng.integers(0, most + 1))
            if first + gap * k + lasts < HORIZON_D
        ]
    return tuple(found)
