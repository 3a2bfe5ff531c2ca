"""What happens to patients when: fractions, resections, new lesions and infusions as columns."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Events
from abscope.model.dose_bins import equal_parts_table_gy
from abscope.model.kill import BINS, DOSES
from abscope.model.patient import BinnedDose, Patient
from abscope.model.routes import blood_volume_ul
from abscope.model.values import AGENTS

__all__ = ["ANCHOR_LEAD_D", "events_of", "imprints"]

#: The recorded volumes are set this long before the start, since an observation at the start sees
#: the state before the events of its instant; a lesion grows by less than 1e-7 of itself meanwhile.
ANCHOR_LEAD_D = 1e-6
_CELLS_PER_MCELL = 1e6


def imprints(patient: Patient, gain: Floats) -> Floats:
    """Return the gain of homing of each lesion by the organ that cells were primed for.

    Effectors in blood are one pool, so they carry the mean imprint: 1 + (H - 1) w, with w the share
    of the organ in the volume that feeds priming, of the irradiated lesions where there are any,
    else of all. H = 1 means no imprint.
    """
    if (gain == 1.0).all():
        return gain
    treated = {name for one in patient.fractions for name, dose in one.lesions.items()
               if float(np.max(dose.dose_gy, initial=0.0)) > 0.0}  # fmt: skip
    feeding = np.array(
        [lesion.volume_ml if lesion.id in treated or not treated else 0.0
         for lesion in patient.lesions]
    )  # fmt: skip
    organs = [lesion.compartment for lesion in patient.lesions]
    total = feeding.sum()
    if total <= 0.0:
        return np.ones(len(organs))
    share = np.array([feeding[[one == other for other in organs]].sum() / total for one in organs])
    return np.asarray(1.0 + (gain - 1.0) * share)


def events_of(patients: Sequence[Patient], *, run_in_d: float, draws: int) -> tuple[Events, ...]:
    """Return the events of the patients, each repeated for its draws."""
    most = max(len(patient.lesions) for patient in patients)
    table = partial(_events, draws=draws)
    rows = [_fraction_rows(patients, most), _resection_rows(patients, most)]
    rows += [_seeding_rows(patients, most), _bolus_rows(patients), _transfusion_rows(patients)]
    if run_in_d > 0.0:
        rows.insert(0, _anchor_rows(patients, most))
    return tuple(table(*one) for one in rows if len(one[1]))


_Rows = tuple[str, list[int], list[float], dict[str, list[float] | list[Floats] | Floats]]


def _events(
    name: str,
    members: list[int],
    times_d: list[float],
    fields: dict[str, list[float] | list[Floats] | Floats],
    *,
    draws: int,
) -> Events:
    repeated = {key: np.repeat(np.array(rows), draws, 0) for key, rows in fields.items()}
    return Events(
        name,
        times=np.repeat(np.array(times_d), draws),
        fields=repeated,
        members=_members(members, draws),
    )


def _members(patients: list[int], draws: int) -> NDArray[np.int64]:
    first = np.repeat(np.array(patients, dtype=np.int64) * draws, draws)
    return np.asarray(first + np.tile(np.arange(draws), len(patients)), dtype=np.int64)


def _fraction_rows(patients: Sequence[Patient], most: int) -> _Rows:
    members: list[int] = []
    times: list[float] = []
    whole: list[tuple[float, float, float]] = []
    place_of: list[int] = []  # of each fraction: where the doses of its lesions are
    seen: dict[tuple[int, int], int] = {}  # by identity: the patients hold what it is of
    doses: list[BinnedDose] = []
    cells: list[tuple[int, int]] = []
    for i, patient in enumerate(patients):
        place = {lesion.id: j for j, lesion in enumerate(patient.lesions)}
        for one in patient.fractions:
            key = id(patient.lesions), id(one.lesions)
            row = seen.get(key, -1)
            if row < 0:
                row = seen[key] = len(seen)
                doses += one.lesions.values()
                cells += [(row, place[lesion]) for lesion in one.lesions]
            members.append(i)
            times.append(one.day_d)
            whole.append((one.blood_gy, one.lymphoid_gy, one.nodes_gy))
            place_of.append(row)
    table = np.zeros((len(seen), most, BINS))
    if cells:
        rows, columns = np.array(cells).T
        table[rows, columns] = equal_parts_table_gy(doses)
    of_fraction = table[place_of]
    body = np.reshape(whole, (-1, 3))
    fields: dict[str, list[float] | list[Floats] | Floats] = {
        name: body[:, k] for k, name in enumerate(("blood", "lymphoid", "nodes"))
    }
    fields |= {field.name: of_fraction[:, :, k] for k, field in enumerate(DOSES)}
    return "fraction", members, times, fields


def _per_lesion(name: str, key: str, rows: list[tuple[int, float, Floats]]) -> _Rows:
    return name, [i for i, _, _ in rows], [t for _, t, _ in rows], {key: [v for *_, v in rows]}


def _anchor_rows(patients: Sequence[Patient], most: int) -> _Rows:
    rows = []
    for i, patient in enumerate(patients):
        volumes = np.zeros(most)
        volumes[: len(patient.lesions)] = [lesion.volume_ml for lesion in patient.lesions]
        rows.append((i, patient.start_d - ANCHOR_LEAD_D, volumes))
    return _per_lesion("anchor", "volume", rows)


def _resection_rows(patients: Sequence[Patient], most: int) -> _Rows:
    rows = []
    for i, patient in enumerate(patients):
        place = {lesion.id: j for j, lesion in enumerate(patient.lesions)}
        for one in patient.resections:
            left = np.ones(most)
            left[place[one.lesion]] = 0.0
            rows.append((i, one.day_d, left))
    return _per_lesion("resection", "left", rows)


def _seeding_rows(patients: Sequence[Patient], most: int) -> _Rows:
    rows = []
    for i, patient in enumerate(patients):
        place = {lesion.id: j for j, lesion in enumerate(patient.lesions)}
        for one in patient.seedings:
            begun = np.zeros(most)
            begun[place[one.lesion]] = one.volume_ml
            rows.append((i, one.day_d, begun))
    return _per_lesion("seeding", "begun", rows)


def _transfusion_rows(patients: Sequence[Patient]) -> _Rows:
    rows = [(i, patient.sex, one) for i, patient in enumerate(patients)
            for one in patient.transfusions]  # fmt: skip
    counts = [one.lymphocytes_cells / blood_volume_ul(sex) for _, sex, one in rows]
    effectors = [
        one.lymphocytes_cells * one.tumor_specific_frac / _CELLS_PER_MCELL for *_, one in rows
    ]
    fields: dict[str, list[float] | list[Floats] | Floats] = {
        "given_count": counts, "given_effectors": effectors,
    }  # fmt: skip
    return "transfusion", [i for i, *_ in rows], [one.day_d for *_, one in rows], fields


def _bolus_rows(patients: Sequence[Patient]) -> _Rows:
    members, times = [], []
    amounts: dict[str, list[float]] = {"pd1_dose": [], "ctla4_dose": []}
    for i, patient in enumerate(patients):
        for one in patient.infusions:
            if one.duration_d == 0.0:
                members.append(i)
                times.append(one.day_d)
                for key, column in amounts.items():
                    column.append(one.amount_mg if key == f"{AGENTS[one.agent]}_dose" else 0.0)
    return "bolus", members, times, dict(amounts)
