"""Models of several groups on one case: what each makes of doses, drugs and lesions."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.errors import CaseError, ModelError
from abscope.model.families.family import MOUSE
from abscope.model.families.lymphocytes import JIN
from abscope.model.families.one_tumor import KOSINSKY, SERRE
from abscope.model.families.several_tumors import FRIEDRICH, SITES
from abscope.model.families.side_by_side import FAMILIES, OURS, families
from abscope.model.patient import Patient
from abscope.model.prior_draws import PriorDraws
from core_patients import fractions, infusions, patient
from model_cases import small_case
from published_runs import mice


def two(**more: object) -> Patient:
    given = {"fractions": fractions([7.0, 8.0, 9.0, 10.0, 11.0], {"a": 2.0}), "horizon_d": 60.0}
    return patient(("liver", 10.0), ("lung", 5.0), **{**given, **more})


def days(*known: float) -> np.ndarray:
    return np.array([known])


def test_every_model_says_what_it_drops_and_whose_numbers_it_has() -> None:
    found = families(small_case(), PriorDraws(2, seed=1))
    assert list(found) == [OURS, *FAMILIES]
    for name, one in found.items():
        assert one.failed == 0
        assert one.lesions or one.alc_per_ul is not None
        assert (name == OURS) == (not one.dropped)
        assert name in (OURS, "jin2020") or MOUSE in one.taken
        for band in one.treated_ratio.values():
            assert np.isfinite(band.median[-1])


def test_radiation_shrinks_the_treated_lesion_in_every_family() -> None:
    """Two weeks after the first fraction the lesion with 40 Gy is smaller than without them."""
    found = families(small_case(), PriorDraws(2, seed=1))
    place = {name: one.visits[0].place for name, one in found.items()}
    for name, one in found.items():
        if name != "jin2020":
            assert one.treated_ratio["A"].at(place[name])[1] < 1.0, name
    alone = found["kosinsky2018"].treated_ratio["B"]
    assert alone.at(place["kosinsky2018"])[1] == pytest.approx(1.0, abs=0.05)


def test_kosinsky_is_the_reference_run_on_the_same_schedule() -> None:
    """5 x 2 Gy from the seventh day of a tumor, and a lesion without dose is the control."""
    found = KOSINSKY.run([two(start_d=7.0)], days(14.0, 50.0)).volume_frac
    assert found is not None
    treated = mice([7.0, 14.0, 50.0], fractions=[(7.0 + k, 2.0) for k in range(5)])["volume"][0]
    control = mice([7.0, 14.0, 50.0])["volume"][0]
    assert found[0, :, 0] == pytest.approx(treated[1:] / treated[0], rel=1e-3)
    assert found[0, :, 1] == pytest.approx(control[1:] / control[0], rel=1e-3)
    drug = two(start_d=7.0, infusions=infusions("pembrolizumab", [7.0, 14.0], 200.0))
    with_drug = KOSINSKY.run([drug], days(50.0)).volume_frac
    assert with_drug is not None
    assert with_drug[0, 0, 0] < found[0, 1, 0]


def test_jin_counts_fall_by_the_doses_of_the_fractions() -> None:
    """Closed form: without traffic in the instant of a fraction blood keeps exp(-alpha d)."""
    dosed = replace(
        two(), fractions=fractions([7.0], {"a": 2.0}, blood_gy=0.5, lymphoid_gy=0.5),
        parameters={"baseline": 2000.0},
    )  # fmt: skip
    count = JIN.run([dosed], days(7.0, 7.0 + 1e-6, 60.0)).alc_per_ul
    assert count is not None
    assert count[0, 0] == pytest.approx(2000.0)
    assert count[0, 1] == pytest.approx(2000.0 * np.exp(-0.40 * 0.5), rel=1e-3)
    assert count[0, 1] < count[0, 2] < 2000.0


def test_sites_share_effectors_by_homing_and_a_resection_removes_one() -> None:
    one = two(fractions=())
    cut = replace(one, resections=two().resections)
    found = SITES.run([one, cut], np.tile(days(20.0), (2, 1))).volume_frac
    assert found is not None
    assert found[0] == pytest.approx(found[1])
    assert (found > 0.0).all()


def test_two_tumor_model_has_one_curve_for_treated_and_one_for_other_lesions() -> None:
    three = patient(
        ("liver", 10.0), ("lung", 5.0), ("lung", 9.0), horizon_d=40.0,
        fractions=fractions([1.0, 3.0, 5.0], {"a": 8.0, "b": 0.2}),
    )  # fmt: skip
    found = FRIEDRICH.run([three], days(30.0)).volume_frac
    assert found is not None
    assert found[0, 0, 1] == found[0, 0, 2] != found[0, 0, 0]
    by_day = SERRE.run([three], days(30.0)).volume_frac
    assert by_day is not None
    assert by_day[0, 0, 0] < by_day[0, 0, 1] < by_day[0, 0, 2]


def test_models_that_take_no_case_and_names_of_no_course_are_refused() -> None:
    case, prior = small_case(), PriorDraws(1, seed=1)
    with pytest.raises(ModelError, match="'kuznetsov1994' takes no case"):
        families(case, prior, names=("kuznetsov1994",))
    with pytest.raises(CaseError, match="no course or therapy 'RT9'"):
        families(case, prior, names=("jin2020",), without=("RT9",))


def test_breast_case_has_bands_of_counts_in_ours_and_in_jin() -> None:
    found = families(
        open_case("kim2021-breast").case, PriorDraws(6, seed=1), names=(OURS, "jin2020")
    )
    for one in found.values():
        assert one.alc_per_ul is not None
        low, median, high = one.alc_per_ul.at(one.visits[0].place)
        assert 100.0 < low <= median <= high < 4000.0
