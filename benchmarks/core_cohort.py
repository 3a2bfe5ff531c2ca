"""Virtual patients of the core model for the benchmarks: the ensemble workload of the engine.

1 to 10 lesions (mean 5.5), 3 years, 50 observation times; two courses of 5 to 20 fractions of 2 to
8 Gy, each to half of the lesions; 10 to 34 infusions of anti-PD-1 over half an hour, three weeks
apart. Every parameter that is drawn is log-normal around the catalog's value with 20 %. Members are
drawn in columns: a hundred thousand take seconds.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from abscope.engine.batch import Batch, Events, Holds
from abscope.engine.declaration import System
from abscope.engine.executors import Draws
from abscope.engine.executors.parts import fitted
from abscope.model.batch import CoreOptions, batch_of, resting_body
from abscope.model.kill import DOSES
from abscope.model.patient import BinnedDose, Fraction, Infusion, LesionStart, Patient
from abscope.model.system import core_system

__all__ = ["BODY", "HORIZON_D", "MOST", "OWN", "drawn", "empty", "patients", "system"]

HORIZON_D, MOST = 1095.0, 10
#: what engines are compared by: of each lesion, of the patient
OWN, BODY = "volume_ml", "alc_per_ul"
_MOST_FRACTIONS, _MOST_INFUSIONS = 20, 34
_ORGANS = ("lung", "liver", "red_marrow", "muscle", "kidneys")
#: lesions and body parameters that differ from patient to patient
_VARIED = (
    "baseline", "lymphoid_ratio", "regrowth", "naive_pool", "capture",
    "pd1_clearance", "pd1_central", "pd1_exchange", "pd1_peripheral",
)  # fmt: skip


def system() -> System:
    """Return the core model."""
    return core_system("generalized")


@cache
def _middle(lesions: int) -> Batch:
    """Return a patient with the middle of every prior."""
    places = [_ORGANS[k % len(_ORGANS)] for k in range(lesions)]
    dose = BinnedDose(dose_gy=np.array([8.0]), volume_frac=np.array([1.0]))
    patient = Patient(
        id="middle", sex="female", weight_kg=65.0, start_d=0.0, horizon_d=HORIZON_D,
        lesions=tuple(
            LesionStart(id=f"L{k}", compartment=place, volume_ml=5.0)
            for k, place in enumerate(places)
        ),
        fractions=(
            Fraction(day_d=10.0, course="c", lesions={"L0": dose}, blood_gy=0.02,
                     lymphoid_gy=0.02, nodes_gy=0.0),
        ),
        infusions=(Infusion(day_d=1.0, agent="pembrolizumab", amount_mg=200.0, duration_d=0.02),),
    )  # fmt: skip
    return batch_of([patient], observe_at_d=[0.0], options=CoreOptions(run_in_d=0.0))


def _fractions(draws: Draws, lesions: int) -> Events:
    count = draws.integers("fractions", 5, _MOST_FRACTIONS + 1, 2)
    start = np.array([20.0, 300.0]) + 200.0 * draws.uniform("course", 2)
    each = 2.0 + 6.0 * draws.uniform("dose", 2)
    hit = draws.uniform("hit", (2, lesions)) < 0.5
    number = np.arange(_MOST_FRACTIONS)
    given = number < count[..., None]
    member, course, k = np.nonzero(given)
    times = start[member, course] + k + 2.0 * (k // 5)
    lesion = np.where(hit[member, course], each[member, course][:, None], 0.0)
    # the dose falls a little from the first part of a lesion to the last
    parts = {field.name: lesion * (1.03 - 0.0075 * part) for part, field in enumerate(DOSES)}
    low = np.full(times.size, 0.02)
    fields = {"blood": low, "lymphoid": low, "nodes": 2.0 * low, **parts}
    return Events("fraction", times=times, fields=fields, members=member)


def _evenly(members: int, lesions: int, count: int) -> Events:
    times = np.tile(20.0 + 3.0 * np.arange(count), members)
    dose = np.full((times.size, lesions), 1.0)
    low = np.full(times.size, 0.02)
    fields = {"blood": low, "lymphoid": low, "nodes": low} | {f.name: dose for f in DOSES}
    owner = np.repeat(np.arange(members), count)
    return Events("fraction", times=times, fields=fields, members=owner)


def _infusions(draws: Draws) -> tuple[Holds, ...]:
    count = draws.integers("infusions", 10, _MOST_INFUSIONS + 1)
    first = 30.0 * draws.uniform("first infusion")
    member, k = np.nonzero(np.arange(_MOST_INFUSIONS) < count[:, None])
    starts = first[member] + 21.0 * k
    ends = starts + 0.5 / 24.0
    rate = np.full(starts.size, 200.0 * 48.0)
    since = Holds(
        "pd1_started", starts=first, ends=np.full(first.size, HORIZON_D),
        values=np.ones(first.size), members=np.arange(first.size),
    )  # fmt: skip
    return (Holds("pd1_infusion", starts=starts, ends=ends, values=rate, members=member), since)


def drawn(draws: Draws, *, lesions: int | None = None, fractions: int | None = None) -> Batch:
    """Return patients by number.

    ``lesions`` gives every patient as many; ``fractions`` as many of 1 Gy, three days apart and
    without infusions.
    """
    n, most = draws.members, lesions or MOST
    middle = _middle(most)
    counts: NDArray[np.int64] = (
        draws.integers("lesions", 1, MOST + 1) if lesions is None else np.full(n, lesions)
    )
    shared = {name: np.repeat(column, n) for name, column in middle.parameters.items()}
    for name in _VARIED:
        if name in shared:
            shared[name] = shared[name] * np.exp(0.2 * draws.normal(name))
    own = {name: np.repeat(column, n, axis=0) for name, column in middle.own.items()}
    own["growth"] = 0.008 * np.exp(0.4 * draws.normal("growth", most))
    own["alpha"] = own["alpha"] * np.exp(0.2 * draws.normal("alpha", most))
    return Batch(
        members=n,
        horizon=HORIZON_D,
        observe_at=np.linspace(0.0, HORIZON_D, 50),
        replicates=counts,
        parameters=shared,
        own=own,
        initial=resting_body(shared, system()),
        replicate_initial={
            **middle.replicate_initial,
            "viable": 5.0 * np.exp(0.8 * draws.normal("volume", most)),
        },
        events=(_fractions(draws, most) if fractions is None else _evenly(n, most, fractions),),
        holds=_infusions(draws) if fractions is None else (),
    )


def patients(n: int, *, seed: int = 1, first: int = 0, **options: int | None) -> Batch:
    """Return the patients first to first + n - 1 of a study."""
    return fitted(drawn(Draws(seed=seed, first=first, last=first + n), **options))


def empty(batch: Batch) -> dict[str, np.ndarray]:
    """Return columns for what an engine finds, NaN where it has not been."""
    n, times = batch.members, np.asarray(batch.observe_at).shape[-1]
    most = int(np.max(batch.replicates))
    return {OWN: np.full((n, times, most), np.nan), BODY: np.full((n, times), np.nan)}
