"""Attribution is exact where it must be, on both founding cases and draws of any seed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.case.shelf import open_case
from abscope.infer.shares import shapley_shares
from abscope.infer.worlds import CAUSES, EVERYTHING, simulate_worlds
from abscope.model.batch import CoreOptions
from abscope.model.from_case import patients_from
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.patient import Patient
from abscope.model.prior_draws import PriorDraws
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches

CASES = {"kim2021-breast": "L01", "fong2025-melanoma": "M13"}
DRAWS, DAYS = 2, np.full((2, 1), 100.0)
UNCOUPLED = CoreOptions(switches=Switches(traffic=False))
ANY = settings(max_examples=4, deadline=None, derandomize=True)


def drawn(name: str, seed: int, *, without: tuple[str, ...] = ()) -> tuple[Patient, ...]:
    return patients_from(open_case(name).case, PriorDraws(DRAWS, seed=seed), without=without)


def no_scatter(patient: Patient, lesion: str) -> Patient:
    """Return the patient with no dose at all in a lesion: surely out of every field."""
    fractions = tuple(
        replace(
            one, lesions={k: v for k, v in one.lesions.items() if k.partition(".")[0] != lesion}
        )
        for one in patient.fractions
    )
    return replace(patient, fractions=fractions)


@pytest.mark.parametrize("name", CASES)
@ANY
@given(seed=st.integers(0, 2**31))
def test_without_immune_coupling_radiotherapy_does_nothing_out_of_field(name, seed) -> None:
    lesion = CASES[name]
    patients = [no_scatter(one, lesion) for one in drawn(name, seed)]
    found = simulate_worlds(patients, lesions=(lesion,), observe_at_d=DAYS, options=UNCOUPLED)
    shares = dict(zip(CAUSES, shapley_shares(found.volume_ml[lesion]), strict=True))
    for cause in ("own_dose", "dose_elsewhere", "lymphocyte_dose"):
        assert (shares[cause] == 0.0).all()


@pytest.mark.parametrize("name", CASES)
@ANY
@given(seed=st.integers(0, 2**31))
def test_without_radiotherapy_the_shares_are_the_whole_change(name, seed) -> None:
    """Only drugs are left; natural course and shares give what the plain model gives."""
    lesion, case = CASES[name], open_case(name).case
    courses = tuple(course.id for course in case.rt_courses)
    patients = drawn(name, seed, without=courses)
    assert not any(one.fractions for one in patients)
    found = simulate_worlds(patients, lesions=(lesion,), observe_at_d=DAYS, options=CoreOptions())
    change = diameter_mm(found.volume_ml[lesion]) / diameter_mm(found.start_ml[lesion])[:, None]
    shares = dict(zip(CAUSES, shapley_shares(change), strict=True))
    for cause in ("own_dose", "dose_elsewhere", "lymphocyte_dose"):
        assert (shares[cause] == 0.0).all()
    assert change[0] + sum(shares.values()) == pytest.approx(change[EVERYTHING], abs=1e-12)
    plain = simulate_patients(patients, observe_at_d=DAYS)
    members = [
        [k for k, x in enumerate(one.lesions) if x.id.partition(".")[0] == lesion]
        for one in patients
    ]
    whole = [plain["volume_ml"][k, 0, mine].sum() for k, mine in enumerate(members)]
    assert found.volume_ml[lesion][EVERYTHING, :, 0] == pytest.approx(whole, rel=1e-4)
