"""Patients as a batch of the engine: parameters, lesions, fractions, infusions, surgery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch, Events, Holds
from abscope.engine.declaration import System
from abscope.errors import ModelError, Problem
from abscope.model.backcast import Room, volume_before_ml
from abscope.model.infusions import holds_of, infusions_of
from abscope.model.patient import Patient
from abscope.model.patient_checks import fine_doses, patient_problems
from abscope.model.routes import Homing, mode_scale, passes, rounds_per_d
from abscope.model.switches import Switches
from abscope.model.system import core_system
from abscope.model.timetable import events_of, imprints
from abscope.model.values import agent_numbers, core_values

__all__ = [
    "BatchColumns", "CoreOptions", "batch_of", "batch_of_columns", "early_infusions",
    "resting_body",
]  # fmt: skip

_LESION_STATES = ("doomed", "debris", "scar", "signal", "effector", "exhausted", "pdl1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreOptions:
    """How patients are simulated: mechanisms, homing, and the time before the start.

    ``run_in_d`` is how long the untreated lesions grow with the immune system before the start, so
    that a patient begins with the response that the disease has by then; at the start volumes are
    set to the recorded ones. 0 begins with an immune system that never saw the tumor. ``draws`` is
    how many members each patient becomes, one after the other.
    """

    switches: Switches = field(default_factory=Switches)
    homing: Homing = "lesion"
    run_in_d: float = 365.0
    draws: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BatchColumns:
    """What a batch is made of, a row per member: `batch_of_columns`.

    ``shared`` (members,) and ``own`` (members, lesions) are parameters by name, ``volume_ml``
    (members, lesions) is that at the start, ``n_members`` (members,) how many there are.
    """

    start_d: Floats
    horizon_d: Floats
    n_members: NDArray[np.int64]
    shared: Mapping[str, Floats]
    own: Mapping[str, Floats]
    volume_ml: Floats
    events: tuple[Events, ...]
    holds: tuple[Holds, ...]


def batch_of(
    patients: Sequence[Patient],
    *,
    observe_at_d: ArrayLike,
    options: CoreOptions | None = None,
    draws: Mapping[str, ArrayLike] | None = None,
) -> Batch:
    """Return patients as a batch of `system.core_system` with the growth law of the switches.

    Member ``i * options.draws + k`` is draw k of patient i; replicates are the lesions in order.
    ``observe_at_d`` is (times,) or (members, times), in days of the patient. ``draws`` gives values
    by parameter, (members,) or (members, lesions). A value is that of the switches, else the draw,
    else of the lesion, else of the patient, else of sex, agent and circulation, else of the
    catalog. Raises ModelError with every problem of the patients.
    """
    options = options or CoreOptions()
    system = core_system(options.switches.growth)
    fine = fine_doses(patients)
    problems = [p for one in patients for p in patient_problems(one, system, fine=fine)]
    problems += _option_problems(patients, options, draws or {}, system)
    if problems:
        raise ModelError(problems)
    columns = _Filling(patients, options, dict(draws or {}), system).columns()
    return batch_of_columns(columns, observe_at_d=observe_at_d, options=options)


def batch_of_columns(
    columns: BatchColumns, *, observe_at_d: ArrayLike, options: CoreOptions
) -> Batch:
    """Return columns as a batch: mechanisms switched off, volumes before the run-in."""
    shared, own = dict(columns.shared), dict(columns.own)
    for name, given in options.switches.overrides().items():
        if name in own:
            own[name] = _wide(given, own[name].shape)
        elif name in shared:
            shared[name] = np.broadcast_to(np.asarray(given, float), shared[name].shape)
    before = volume_before_ml(
        columns.volume_ml,
        law=options.switches.growth,
        growth_per_d=own["growth"],
        before_d=options.run_in_d,
        room=Room(
            own.get("capacity", np.ones((1, 1))) * own["part"],
            _column(shared, "reference_volume") * own["part"],
            _column(shared, "bend"),
        ),
    )
    return Batch(
        members=len(columns.n_members),
        start=columns.start_d - options.run_in_d,
        horizon=columns.horizon_d,
        observe_at=observe_at_d,
        replicates=columns.n_members,
        parameters=shared,
        own=own,
        initial=resting_body(shared, core_system(options.switches.growth)),
        replicate_initial={
            **dict.fromkeys(_LESION_STATES, 0.0),
            "viable": before,
            "stroma": 1.0,
        },
        events=columns.events,
        holds=columns.holds,
    )


def _option_problems(
    patients: Sequence[Patient], options: CoreOptions, draws: Mapping[str, Any], system: System
) -> list[Problem]:
    where, out = "simulation", []
    if not patients:
        out.append(Problem(where, "no patients", "one or more", "Give a patient."))
    if options.draws < 1:
        out.append(Problem(where, f"{options.draws} draws", "1 or more", "Correct it."))
    if not 0.0 <= options.run_in_d < np.inf:
        expected = "a number of days from 0"
        out.append(Problem(where, f"a run-in of {options.run_in_d:g} d", expected, "Correct it."))
    out += early_infusions(patients, options)
    known = {q.name for q in (*_shared(system), *_own(system))}
    for name in sorted(set(draws) - known):
        what = f"drawn parameter '{name}' is not of the model"
        out.append(Problem(where, what, ", ".join(sorted(known)), "Rename or remove it."))
    return out


def early_infusions(patients: Sequence[Patient], options: CoreOptions) -> list[Problem]:
    """Return a problem for every patient with an infusion before the run-in."""
    out = []
    for patient in patients:
        early = min((one.day_d for one in patient.infusions), default=np.inf)
        if early < patient.start_d - options.run_in_d:
            expected = f"day {patient.start_d - options.run_in_d:g} or later, inside the run-in"
            what = f"an infusion on day {early:g}"
            out.append(Problem(f"patient {patient.id}", what, expected, "Lengthen the run-in."))
    return out


def _shared(system: System) -> tuple[Any, ...]:
    return system.body.parameters


def _own(system: System) -> tuple[Any, ...]:
    return system.replicate.parameters if system.replicate else ()


class _Filling:
    """The columns of the batch, filled patient by patient and then repeated for the draws."""

    def __init__(
        self,
        patients: Sequence[Patient],
        options: CoreOptions,
        draws: dict[str, ArrayLike],
        system: System,
    ) -> None:
        self.patients, self.options, self.draws, self.system = patients, options, draws, system
        self.count = np.array([len(patient.lesions) for patient in patients])
        self.shape = (len(patients), int(self.count.max()))
        self.start = np.array([patient.start_d for patient in patients])
        self.horizon = np.array([patient.horizon_d for patient in patients])

    def columns(self) -> BatchColumns:
        """Return the columns, each row repeated for its draws."""
        repeat = self.options.draws
        shared, own = self._shared_numbers(), self._own_numbers()
        volume = self._lesion_column(lambda lesion: lesion.volume_ml, 0.0)
        shared = {name: np.repeat(column, repeat, 0) for name, column in shared.items()}
        own = {name: np.repeat(column, repeat, 0) for name, column in own.items()}
        for name, given in self.draws.items():
            if name in own:
                own[name] = _wide(given, own[name].shape)
            elif name in shared:
                shared[name] = np.broadcast_to(np.asarray(given, float), shared[name].shape)
        return BatchColumns(
            start_d=np.repeat(self.start, repeat),
            horizon_d=np.repeat(self.horizon, repeat),
            n_members=np.repeat(self.count, repeat),
            shared=shared,
            own=own,
            volume_ml=np.repeat(volume, repeat, 0),
            events=events_of(self.patients, run_in_d=self.options.run_in_d, draws=repeat),
            holds=holds_of(infusions_of(self.patients), self.horizon, draws=repeat),
        )

    def _shared_numbers(self) -> dict[str, Floats]:
        out = {}
        catalog = core_values()
        for parameter in _shared(self.system):
            value = catalog[parameter.name].value if parameter.name in catalog else np.nan
            out[parameter.name] = np.full(len(self.patients), value)
        out["rounds"] = np.array([rounds_per_d(patient.sex) for patient in self.patients])
        given: dict[tuple[str, str | None, bool], list[int]] = {}
        for i, patient in enumerate(self.patients):
            for agent in dict.fromkeys(infusion.agent for infusion in patient.infusions):
                given.setdefault((agent, patient.sex, patient.weight_kg is None), []).append(i)
        for (agent, sex, no_weight), rows in given.items():
            weight = None if no_weight else np.array([self.patients[i].weight_kg for i in rows])
            for name, values in agent_numbers(agent, sex=sex, weight_kg=weight).items():  # type: ignore[arg-type]
                out[name][rows] = values
        for i, patient in enumerate(self.patients):
            for name, value in patient.parameters.items():
                if name in out:
                    out[name][i] = value
        return out

    def _own_numbers(self) -> dict[str, Floats]:
        catalog, out = core_values(), {}
        for parameter in _own(self.system):
            value = catalog[parameter.name].value if parameter.name in catalog else 0.0
            column = np.full(self.shape, value)
            for i, patient in enumerate(self.patients):
                column[i] = patient.parameters.get(parameter.name, value)
                for j, lesion in enumerate(patient.lesions):
                    if parameter.name in lesion.own:
                        column[i, j] = lesion.own[parameter.name]
            out[parameter.name] = column
        self._route(out)
        return out

    def _route(self, own: dict[str, Floats]) -> None:
        """Fill perfusion, passage and imprint where neither lesion nor patient states them."""
        for i, patient in enumerate(self.patients):
            n = len(patient.lesions)
            found = passes(
                [lesion.compartment for lesion in patient.lesions],
                mode=self.options.homing,
                sex=patient.sex,  # type: ignore[arg-type]
                part_frac=own["part"][i, :n],
            )
            scale = mode_scale(self.options.homing)
            gain = imprints(patient, own["imprint"][i, :n])
            columns = {
                "perfusion": scale * found.per_ml,
                "passage": scale * found.fixed_frac,
                "imprint": gain,
            }
            for name, values in columns.items():
                if name in patient.parameters and name != "imprint":
                    continue
                for j, lesion in enumerate(patient.lesions):
                    if name not in lesion.own:
                        own[name][i, j] = values[j]

    def _lesion_column(self, number: Any, absent: float) -> Floats:
        out = np.full(self.shape, absent)
        for i, patient in enumerate(self.patients):
            out[i, : len(patient.lesions)] = [number(lesion) for lesion in patient.lesions]
        return out


def _wide(given: ArrayLike, shape: tuple[int, ...]) -> Floats:
    values = np.asarray(given, float)
    return np.broadcast_to(values[:, None] if values.ndim == 1 else values, shape)


def _column(shared: Mapping[str, Floats], name: str) -> Floats:
    return shared[name][:, None] if name in shared else np.ones((1, 1))


def resting_body(shared: Mapping[str, Any], system: System) -> dict[str, Any]:
    """Return the states of the body before it met the tumor, of numbers, arrays or symbols."""
    count = shared["baseline"] / shared["usual_count"]
    return {
        **{state.name: 0.0 for state in system.body.states},
        "naive": shared["naive_pool"] * count ** shared["supply_bend"],
        "blood": shared["baseline"],
        "lymphoid": shared["baseline"] * shared["lymphoid_ratio"],
    }
