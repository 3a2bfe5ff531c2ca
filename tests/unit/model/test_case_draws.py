"""A case prepared once gives the patients that the long way gives, for every treatment of it."""

from typing import Any

import pytest

from abscope.case.shelf import open_case
from abscope.errors import CaseError
from abscope.model.case_draws import CaseDraws
from abscope.model.from_case import patients_from
from abscope.model.patient import Patient
from abscope.model.prior_draws import PriorDraws
from model_cases import phase, small_case

CASES = ("kim2021-breast", "fong2025-melanoma")


def plain(patient: Patient) -> Any:
    """Return everything of a patient as values that can be compared exactly."""
    fractions = [
        (
            one.day_d, one.course, one.blood_gy, one.lymphoid_gy, one.nodes_gy,
            {k: (x.dose_gy.tolist(), x.volume_frac.tolist()) for k, x in one.lesions.items()},
        )
        for one in patient.fractions
    ]  # fmt: skip
    rest = [getattr(patient, name) for name in (
        "id", "sex", "weight_kg", "lesions", "infusions", "resections", "start_d", "horizon_d",
        "parameters", "unknowns",
    )]  # fmt: skip
    return fractions, rest


@pytest.mark.parametrize("name", CASES)
def test_prepared_draws_are_bit_identical_to_the_long_way(name: str) -> None:
    case = open_case(name).case
    prepared = CaseDraws(case, PriorDraws(6, seed=3))
    ids = [one.id for one in (*case.rt_courses, *case.systemic_therapy)]
    for without in ((), *((one,) for one in ids), tuple(ids)):
        long = patients_from(case, PriorDraws(6, seed=3), without=without)
        short = prepared.patients(without=without)
        assert [plain(x) for x in long] == [plain(x) for x in short], without
        assert [plain(x) for x in prepared.patients(without=without)] == [plain(x) for x in short]


def test_courses_in_the_place_of_those_on_record() -> None:
    """The record's own courses change nothing; others change fractions only."""
    case = small_case()
    prepared = CaseDraws(case, PriorDraws(4, seed=2))
    asked = prepared.patients(courses=case.rt_courses, therapies=case.systemic_therapy)
    assert [plain(x) for x in asked] == [plain(x) for x in prepared.patients()]
    other = small_case(rt_courses=phase(dose_per_fraction_gy=20, n_fractions_planned=1))
    single = prepared.patients(courses=other.rt_courses)
    own = CaseDraws(other, PriorDraws(4, seed=2)).patients()
    assert [len(one.fractions) for one in single] == [1] * 4
    assert [plain(x)[0] for x in single] == [plain(x)[0] for x in own]
    assert [x.lesions for x in single] == [x.lesions for x in prepared.patients()]
    assert [x.horizon_d for x in single] == [x.horizon_d for x in prepared.patients()]


def test_phase_can_be_left_out_by_itself() -> None:
    case = open_case("kim2021-breast").case
    prepared = CaseDraws(case, PriorDraws(3, seed=1))
    for whole, less in zip(prepared.patients(), prepared.patients(without=("RT1b",)), strict=True):
        assert len(less.fractions) == len(whole.fractions) - 5
        assert less.start_d == whole.start_d


def test_course_before_the_start_and_unknown_names_are_refused() -> None:
    prepared = CaseDraws(small_case(), PriorDraws(2, seed=1))
    early = phase(start="day -40")  # a Sunday
    with pytest.raises(CaseError, match="begins on day -39, before the start"):
        prepared.patients(courses=small_case(rt_courses=early).rt_courses)
    with pytest.raises(CaseError, match="no course or therapy 'RT9'"):
        prepared.patients(without=("RT9",))
