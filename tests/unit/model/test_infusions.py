"""Infusions as columns: the same as patient by patient."""

from collections import Counter

import numpy as np
import pytest

from abscope.model.case_drugs import _one_per_target
from abscope.model.drug_covariates import patient_kinetics
from abscope.model.infusions import InfusionTable, holds_of, infusions_of
from abscope.model.patient import Infusion, Patient
from abscope.model.values import AGENTS

_NAMES = ("nivolumab", "pembrolizumab", "ipilimumab", "atezolizumab")


def _patients(seed, n=12, most=9):
    rng = np.random.default_rng(seed)
    out = []
    for k in range(n):
        days = np.sort(rng.integers(0, 12, rng.integers(0, most + 1)).astype(float))
        infusions = tuple(
            Infusion(
                day_d=float(day),
                agent=str(rng.choice(_NAMES)),
                amount_mg=float(rng.integers(1, 9)),
                duration_d=float(rng.choice([0.0, 0.02, 30.0])),
            )
            for day in days
        )
        out.append(
            Patient(id=f"p{k}", sex="female", weight_kg=70.0, lesions=(), infusions=infusions,
                    start_d=0.0, horizon_d=float(rng.integers(5, 15)))
        )  # fmt: skip
    return out


@pytest.mark.parametrize("seed", range(5))
def test_columns_hold_every_infusion_of_every_patient(seed):
    patients = _patients(seed)
    assert infusions_of(patients).by_patient == tuple(one.infusions for one in patients)


def test_no_infusions_are_empty_columns():
    table = infusions_of(_patients(0, n=3, most=0))
    assert table.by_patient == ((), (), ())
    assert holds_of(table, np.ones(3), draws=2) == ()


def _one_by_one(rows):
    """Return the rows of `_one_per_target` and what is told, patient by patient."""
    out, told = [], []
    for row in rows:
        agents = [one.agent for one in row]
        for target in sorted(set(AGENTS.values())):
            counts = Counter(name for name in agents if AGENTS[name] == target)
            if len(counts) > 1:
                kept = counts.most_common(1)[0][0]
                told.append(f"{' and '.join(sorted(counts))} count as {kept}")
                agents = [kept if name in counts else name for name in agents]
        out.append(agents)
    return out, told


@pytest.mark.parametrize("seed", range(20))
def test_one_agent_against_a_target_stands_for_all(seed):
    table = infusions_of(_patients(seed))
    expected, reasons = _one_by_one(table.by_patient)
    told: list[str] = []
    found = _one_per_target(table, told)
    assert [[one.agent for one in row] for row in found.by_patient] == expected
    assert list(dict.fromkeys(told)) == list(dict.fromkeys(reasons))


@pytest.mark.parametrize("draws", [1, 3])
def test_holds_are_the_rates_until_the_horizon(draws):
    patients = _patients(7)
    horizon = np.array([one.horizon_d for one in patients])
    found = {one.name: one for one in holds_of(infusions_of(patients), horizon, draws=draws)}
    for key in ("pd1", "ctla4"):
        rates, began = [], []
        for i, patient in enumerate(patients):
            mine = [one for one in patient.infusions if AGENTS[one.agent] == key]
            for one in mine:
                end = min(one.day_d + one.duration_d, patient.horizon_d)
                if one.duration_d > 0.0 and one.day_d < end:
                    rate = one.amount_mg / one.duration_d
                    rates += [(i * draws + k, one.day_d, end, rate) for k in range(draws)]
            first = min((one.day_d for one in mine), default=np.inf)
            if first < patient.horizon_d:
                began += [(i * draws + k, first, patient.horizon_d, 1.0) for k in range(draws)]
        for name, expected in ((f"{key}_infusion", rates), (f"{key}_started", began)):
            one = found[name]
            rows = zip(one.members, one.starts, one.ends, one.values, strict=True)
            assert [tuple(row) for row in rows] == expected


def test_kinetics_of_many_patients_are_those_of_each():
    weights = np.array([48.0, 70.0, 101.5])
    every = patient_kinetics("nivolumab", covariates={"weight_kg": weights, "male": 1.0})
    for k, weight in enumerate(weights.tolist()):
        one = patient_kinetics("nivolumab", covariates={"weight_kg": weight, "male": 1.0})
        for name, value in one.items():
            assert isinstance(value, float)
            assert np.broadcast_to(every[name], 3)[k] == pytest.approx(value, rel=1e-14)


def test_table_knows_who_was_given_what():
    table = InfusionTable(
        n=3, agents=("nivolumab", "ipilimumab"), patient=np.array([0, 0, 2]),
        agent=np.array([0, 1, 0]), day_d=np.zeros(3), amount_mg=np.ones(3), duration_d=np.ones(3),
    )  # fmt: skip
    assert table.given("nivolumab").tolist() == [0, 2]
    assert table.against("ctla4").tolist() == [False, True, False]
