"""The same draws with and without each part of what the treatment did: worlds to compare.

Four causes act on a lesion: the dose that it got itself, the dose that other lesions got (which
reaches it through immunity only), the drugs, and the dose of blood, nodes and lymphoid tissue. A
world is a set of causes that act; in all worlds of a draw the patient is the same, and so are the
volumes at the start. Without drugs means that none was ever given, before the start neither.

Where T cells cannot be primed, reach a lesion or kill, one lesion has no effect on another, and
the causes that act through them are exactly without effect.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.simulation import Settings
from abscope.model.batch import CoreOptions
from abscope.model.case_lesions import grouped
from abscope.model.patient import Patient
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches

__all__ = [
    "CAUSES", "EVERYTHING", "Cause", "WorldKey", "Worlds", "couples", "edited", "in_world",
    "simulate_worlds", "world_key",
]  # fmt: skip

Cause = Literal["own_dose", "dose_elsewhere", "drugs", "lymphocyte_dose"]
#: Bit k of the number of a world says whether cause k acts.
CAUSES: tuple[Cause, ...] = get_args(Cause)
#: The world in which all causes act: what was delivered.
EVERYTHING = (1 << len(CAUSES)) - 1
_PER_MCELL = 1e6
_OWN, _ELSEWHERE, _DRUGS, _CELLS = (1 << k for k in range(len(CAUSES)))


@dataclass(frozen=True, slots=True, eq=False)
class Worlds:
    """What becomes of lesions in every world.

    ``volume_ml`` has per lesion of the record the volume of all its members, (worlds, draws, days),
    ``start_ml`` that at the start, (draws,). ``delivered_ml`` and ``alc_per_ul`` are of what was
    delivered, for all lesions, (draws, days), and so are the effector T cells in lesions (the mean
    of the members) and those in blood. Where ``ok`` (draws,) is false a world could not be
    simulated, and the draw is NaN everywhere.
    """

    start_ml: Mapping[str, Floats]
    volume_ml: Mapping[str, Floats]
    delivered_ml: Mapping[str, Floats]
    alc_per_ul: Floats
    effectors_per_ml: Mapping[str, Floats]
    circulating_cells: Floats
    ok: NDArray[np.bool_]
    members: int


def couples(switches: Switches) -> bool:
    """Return whether lesions, drugs and lymphocytes can act on the volume of a lesion at all."""
    return switches.priming and switches.traffic and switches.immune_kill


def edited(patient: Patient, *, dosed: Collection[str] | None, drugs: bool, cells: bool) -> Patient:
    """Return the patient with dose only in the members ``dosed`` (None: in all), ``drugs`` or none.

    ``cells`` False takes the dose from blood, nodes and lymphoid tissue.
    """
    zero: dict[str, Any] = {} if cells else {"blood_gy": 0.0, "lymphoid_gy": 0.0, "nodes_gy": 0.0}
    fractions = patient.fractions
    if dosed is not None or zero:
        fractions = tuple(
            replace(
                one,
                lesions={
                    name: dose
                    for name, dose in one.lesions.items()
                    if dosed is None or name in dosed
                },
                **zero,
            )
            for one in fractions
        )
    return replace(patient, fractions=fractions, infusions=patient.infusions if drugs else ())


#: Which lesions have dose ("all", "none", "only X", "not X"), drugs, dose of cells.
WorldKey = tuple[str, str, bool, bool]


def simulate_worlds(
    patients: Sequence[Patient],
    *,
    lesions: Sequence[str],
    observe_at_d: Floats,
    options: CoreOptions,
    settings: Settings | None = None,
) -> Worlds:
    """Return the worlds of every lesion named, at days (draws, days) in any order.

    Worlds that are equal, because a cause has nothing to act with, are simulated once.
    """
    keys = {
        (lesion, world): world_key(patients, lesion, world, options.switches)
        for lesion in lesions
        for world in range(EVERYTHING + 1)
    }
    delivered: WorldKey = ("all", "", True, True)
    unique = list(dict.fromkeys([delivered, *keys.values()]))
    batch = [in_world(patient, key) for key in unique for patient in patients]
    days = np.asarray(observe_at_d, float)
    order = np.argsort(days, axis=1)
    rising = np.take_along_axis(days, order, axis=1)
    back = np.argsort(order, axis=1)
    found = simulate_patients(
        batch, observe_at_d=np.tile(rising, (len(unique), 1)), options=options, settings=settings
    )
    shape = (len(unique), len(patients))
    ok = np.asarray(np.all(np.reshape(found.ok, shape), axis=0))
    volumes = found["volume_ml"].reshape(*shape, *found["volume_ml"].shape[1:])
    counts = np.take_along_axis(found["alc_per_ul"].reshape(*shape, -1)[0], back, axis=1)
    moving = np.take_along_axis(found["circulating_mcell"].reshape(*shape, -1)[0], back, axis=1)
    inside = found["effector_mcell_per_ml"].reshape(volumes.shape)[0]
    place = {key: k for k, key in enumerate(unique)}
    groups = [dict(grouped(tuple(x.id for x in patient.lesions))) for patient in patients]
    names = tuple(dict.fromkeys(name for group in groups for name in group))

    def total(world: int, lesion: str) -> Floats:
        rows = [
            volumes[world, k][back[k]][:, list(group.get(lesion, ()))].sum(axis=1)
            for k, group in enumerate(groups)
        ]
        return np.where(ok[:, None], np.stack(rows), np.nan)

    def dense(lesion: str) -> Floats:
        rows = [
            inside[k][back[k]][:, list(group[lesion])].mean(axis=1)
            if lesion in group
            else np.zeros(inside.shape[1])
            for k, group in enumerate(groups)
        ]
        return _PER_MCELL * np.stack(rows)

    return Worlds(
        start_ml={name: _start_ml(patients, groups, name) for name in names},
        volume_ml={
            lesion: np.stack(
                [total(place[keys[lesion, world]], lesion) for world in range(EVERYTHING + 1)]
            )
            for lesion in lesions
        },
        delivered_ml={name: total(0, name) for name in names},
        alc_per_ul=np.where(ok[:, None], counts, np.nan),
        effectors_per_ml={name: dense(name) for name in names},
        circulating_cells=_PER_MCELL * moving,
        ok=ok,
        members=len(batch),
    )


def world_key(patients: Sequence[Patient], lesion: str, world: int, switches: Switches) -> WorldKey:
    """Return what differs in a world of a lesion, the same where two worlds are the same.

    A cause that has nothing to act with makes no difference.
    """
    coupled = couples(switches)
    own, elsewhere = bool(world & _OWN), bool(world & _ELSEWHERE)
    own_acts = _dosed(patients, lesion, own=True)
    elsewhere_acts = coupled and _dosed(patients, lesion, own=False)
    own = own if own_acts else elsewhere or not elsewhere_acts
    elsewhere = elsewhere if elsewhere_acts else own
    where = {(True, True): "all", (False, False): "none", (True, False): "only"}
    dosed = where.get((own, elsewhere), "not")
    drugs = not coupled or bool(world & _DRUGS) or not any(x.infusions for x in patients)
    cells = not coupled or bool(world & _CELLS) or not _cells(patients)
    return dosed, lesion if dosed in ("only", "not") else "", drugs, cells


def _dosed(patients: Sequence[Patient], lesion: str, *, own: bool) -> bool:
    return any(
        float(np.max(dose.dose_gy, initial=0.0)) > 0.0
        for patient in patients
        for one in patient.fractions
        for name, dose in one.lesions.items()
        if _is_of(name, lesion) is own
    )


def _cells(patients: Sequence[Patient]) -> bool:
    return any(
        one.blood_gy > 0.0 or one.lymphoid_gy > 0.0 or one.nodes_gy > 0.0
        for patient in patients
        for one in patient.fractions
    )


def _is_of(member: str, lesion: str) -> bool:
    return member.partition(".")[0] == lesion


def in_world(patient: Patient, key: WorldKey) -> Patient:
    """Return a patient in a world."""
    dosed, lesion, drugs, cells = key
    names: list[str] | None = None
    if dosed != "all":
        mine = [x.id for x in patient.lesions if _is_of(x.id, lesion)]
        others = [x.id for x in patient.lesions if not _is_of(x.id, lesion)]
        names = {"none": [], "only": mine, "not": others}[dosed]
    return edited(patient, dosed=names, drugs=drugs, cells=cells)


def _start_ml(
    patients: Sequence[Patient], groups: Sequence[Mapping[str, tuple[int, ...]]], lesion: str
) -> Floats:
    return np.array(
        [
            sum(patient.lesions[row].volume_ml for row in group.get(lesion, ()))
            for patient, group in zip(patients, groups, strict=True)
        ]
    )
