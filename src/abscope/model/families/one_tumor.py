"""Models of one tumor on a case: each lesion by itself, with its own dose (Kosinsky, Serre)."""

from collections.abc import Iterator, Sequence

import numpy as np

from abscope.catalog import published_parameters
from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Batch, Events
from abscope.model.dose_bins import equal_parts_gy
from abscope.model.families.family import MOUSE, Curves, Family, lesion_means_gy
from abscope.model.families.running import compiled_model, numbers_of, run_batch
from abscope.model.kill import BINS
from abscope.model.patient import Patient
from abscope.model.published.serre import run_serre
from abscope.model.values import AGENTS

__all__ = ["KOSINSKY", "SERRE"]

#: The print treats on the seventh day after the tumor was set, and the open code of Cho on day 10.
_KOSINSKY_BEFORE_D, _SERRE_BEFORE_D = 7, 10


def _alone(patients: Sequence[Patient]) -> Iterator[tuple[int, int, str]]:
    """Yield patient, place and identifier of every lesion."""
    for i, patient in enumerate(patients):
        for j, lesion in enumerate(patient.lesions):
            yield i, j, lesion.id


def _table(patients: Sequence[Patient], n_days: int) -> Floats:
    most = max(len(patient.lesions) for patient in patients)
    return np.full((len(patients), n_days, most), np.nan)


def _kosinsky(patients: Sequence[Patient], days_d: Floats) -> Curves:
    values = numbers_of("kosinsky2018")
    catalog = published_parameters("kosinsky2018")
    amount = catalog["antibody_dose"].value
    members = list(_alone(patients))
    start = np.array([patients[i].start_d - _KOSINSKY_BEFORE_D for i, _, _ in members])
    doses = [
        (k, day, gray)
        for k, (i, _, name) in enumerate(members)
        for day, gray in lesion_means_gy(patients[i], name)
    ]
    shots = [
        (k, one.day_d)
        for k, (i, _, _) in enumerate(members)
        for one in patients[i].infusions
        if AGENTS[one.agent] == "pd1" and one.day_d >= start[k]
    ]
    events = []
    if doses:
        who, when, gray = (np.array(column) for column in zip(*doses, strict=True))
        events.append(Events("fraction", times=when, fields={"dose": gray}, members=who))
    if shots:
        who, when = (np.array(column) for column in zip(*shots, strict=True))
        given = np.full(len(shots), amount)
        events.append(Events("injection", times=when, fields={"amount": given}, members=who))
    compiled = compiled_model("kosinsky2018")
    states = [state.name for state in compiled.system.body.states]
    at_start = np.array([patients[i].start_d for i, _, _ in members])[:, None]
    seen = np.concatenate([at_start, days_d[[i for i, _, _ in members]]], axis=1)
    batch = Batch(
        members=len(members),
        start=start,
        horizon=np.array([patients[i].horizon_d for i, _, _ in members]),
        observe_at=seen,
        parameters=values,
        initial=dict.fromkeys(states, 0.0) | {"tumor": catalog["start_volume"].value},
        events=tuple(events),
    )
    volume = run_batch(compiled, batch)["volume"]
    out = _table(patients, days_d.shape[1])
    for k, (i, j, _) in enumerate(members):
        out[i, :, j] = volume[k, 1:] / volume[k, 0]
    return Curves(volume_frac=out)


def _serre(patients: Sequence[Patient], days_d: Floats) -> Curves:
    out = _table(patients, days_d.shape[1])
    known: dict[bytes, Floats] = {}
    for i, j, name in _alone(patients):
        patient = patients[i]
        first = int(np.floor(patient.start_d)) - _SERRE_BEFORE_D
        plan = np.zeros((int(np.ceil(patient.horizon_d)) - first + 1, BINS))
        for one in patient.fractions:
            if name in one.lesions:
                plan[int(np.floor(one.day_d)) - first] += equal_parts_gy(one.lesions[name])
        key = plan.tobytes()
        if key not in known:
            known[key] = run_serre(dose_gy=plan)["volume"]
        volume = known[key]
        day = np.arange(len(volume)) + first
        out[i, :, j] = np.interp(days_d[i], day, volume) / volume[_SERRE_BEFORE_D]
    return Curves(volume_frac=out)


_ALONE = "every lesion is a tumor by itself: what one does to another is dropped"

KOSINSKY = Family(
    name="kosinsky2018",
    run=_kosinsky,
    dropped=(_ALONE, "sizes and sites", "dose of blood, nodes and lymphoid tissue",
             "drugs against CTLA-4", "surgery"),
    taken=(
        MOUSE,
        "a tumor of the print's size, set 7 days before the start, has the mean dose of the lesion",
        "every infusion against PD-1 or PD-L1 is one injection of the print's antibody",
    ),
)  # fmt: skip

SERRE = Family(
    name="serre2016",
    run=_serre,
    dropped=(_ALONE, "sizes and sites", "dose of blood, nodes and lymphoid tissue", "drugs",
             "surgery"),
    taken=(
        MOUSE,
        "a tumor of the print's size, set 10 days before the start, has the eight parts of the "
        "lesion's dose as elements; two fractions of a day count as one dose",
    ),
    most_draws=20,
)  # fmt: skip
