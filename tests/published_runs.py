"""Runs of published models that several tests share, through the compiled kernels."""

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from abscope.catalog import published_parameters
from abscope.engine.batch import Batch, Events
from abscope.engine.compiling import Compiled, compile_system
from abscope.engine.simulation import Settings, Trajectories, simulate
from abscope.model.patient import Infusion
from abscope.model.published.pharmacokinetics import drug_batch
from abscope.model.registry import model_card

EXACT = Settings(rtol=1e-8, max_steps=2_000_000)
os.environ.setdefault(
    "ABSCOPE_CACHE", str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "engine")
)
FIVE_BY_TWO = ((7.0, 2.0), (8.0, 2.0), (9.0, 2.0), (10.0, 2.0), (11.0, 2.0))
ONCE_TEN = ((7.0, 10.0),)


@cache
def compiled(name: str) -> Compiled:
    """Return a published model, compiled once for all tests of a process."""
    system = model_card(name).system
    assert system is not None
    return compile_system(system())


def numbers(name: str) -> dict[str, float]:
    """Return the values of a model by name."""
    return {key: entry.value for key, entry in model_card(name).values().items()}


def thrice_weekly(first: float) -> tuple[float, ...]:
    """Return nine days of injection in three weeks from a day on, evenly spread."""
    return tuple(first + 7.0 * k / 3.0 for k in range(9))


def mice(
    days: Sequence[float],
    *,
    fractions: Sequence[tuple[float, float]] = (),
    injections: Sequence[float] = (),
    half_antigen: Any = None,
    changed: Mapping[str, float] | None = None,
    tumor: float | None = None,
    dose: float | None = None,
) -> Trajectories:
    """Return tumors of the Kosinsky model for one or several S_L; ``dose`` is in nmol."""
    catalog = published_parameters("kosinsky2018")
    typical = catalog["half_antigen"].value
    table = np.atleast_1d(typical if half_antigen is None else half_antigen)
    names = [state.name for state in compiled("kosinsky2018").system.body.states]
    start = catalog["start_volume"].value if tumor is None else tumor
    amount = catalog["antibody_dose"].value if dose is None else dose
    events = (
        Events(
            "fraction",
            times=[day for day, _ in fractions],
            fields={"dose": [gray for _, gray in fractions]},
        ),
        Events("injection", times=list(injections), fields={"amount": [amount] * len(injections)}),
    )
    batch = Batch(
        members=table.size,
        horizon=max(days),
        observe_at=np.asarray(days, float),
        parameters=numbers("kosinsky2018") | dict(changed or {}) | {"half_antigen": table},
        initial=dict.fromkeys(names, 0.0) | {"tumor": start},
        events=events,
    )
    found = simulate(compiled("kosinsky2018"), batch, EXACT)
    assert found.ok.all(), found.failures()
    return found


def sites(
    days: Sequence[float],
    *,
    taken: Sequence[float],
    kept: Sequence[float] | float = 0.0,
    events: tuple[Events, ...] = (),
) -> Trajectories:
    """Return coupled sites that all start with 3.2e5 effectors and 5e6 tumor cells."""
    values = numbers("walker2018")
    shared = {name: value for name, value in values.items() if name not in ("kept", "taken")}
    kept_by_site = np.broadcast_to(np.asarray(kept, float), (len(taken),))
    batch = Batch(
        horizon=max(days),
        observe_at=np.asarray(days, float),
        replicates=len(taken),
        parameters=shared,
        own={"kept": kept_by_site[None, :], "taken": np.asarray([taken], float)},
        initial={"blood": 0.0},
        replicate_initial={"effectors": 3.2e5, "tumor": 5e6},
        events=events,
    )
    found = simulate(compiled("walker2018"), batch, EXACT)
    assert found.ok.all(), found.failures()
    return found


def levels(
    model: str,
    *,
    amount_mg: float,
    every_d: float,
    doses: int,
    days: Sequence[float],
    duration_d: float = 1e-4,
    quantities: Mapping[str, Any] | None = None,
    members: int = 1,
) -> Trajectories:
    """Return concentration and occupancy after equal doses at equal distances."""
    infusions = tuple(
        Infusion(day_d=every_d * k, agent=model, amount_mg=amount_mg, duration_d=duration_d)
        for k in range(doses)
    )
    batch = drug_batch(
        model, infusions=infusions, observe_d=np.asarray(days, float), quantities=quantities,
        members=members,
    )  # fmt: skip
    found = simulate(compiled(model), batch, EXACT)
    assert found.ok.all(), found.failures()
    return found
