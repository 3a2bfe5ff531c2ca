"""Attribution where it must be exact, and where it must answer to the treatment."""

import numpy as np
import pytest

from abscope.errors import CaseError
from abscope.infer.attribution import RESPONSE_FRAC, Attribution, attribute
from abscope.infer.case_model import FitOptions
from abscope.infer.worlds import CAUSES, EVERYTHING, couples, edited, simulate_worlds
from abscope.model.batch import CoreOptions
from abscope.model.from_case import patients_from
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.prior_draws import PriorDraws
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches
from explained_cases import followed

DRAWS = 12


@pytest.fixture(scope="module")
def found() -> Attribution:
    return attribute(followed(), PriorDraws(DRAWS, seed=3))


def test_parts_add_up_to_the_change_of_a_plain_simulation(found: Attribution) -> None:
    patients = patients_from(followed(), PriorDraws(DRAWS, seed=3))
    plain = simulate_patients(patients, observe_at_d=[90.0])
    assert [item.lesion for item in found.lesions] == ["A", "B"]
    for column, item in enumerate(found.lesions):
        start = np.array([patient.lesions[column].volume_ml for patient in patients])
        change = diameter_mm(plain["volume_ml"][:, 0, column]) / diameter_mm(start) - 1.0
        shares = sum(item.share_draws_frac(0).values())
        natural = item.change_frac[0, :, 0]
        assert natural + shares == pytest.approx(change, abs=1e-4)
        assert item.total(0).mean_frac == pytest.approx(
            item.natural(0).mean_frac + sum(s.mean_frac for s in item.shares(0).values())
        )


def test_without_immune_coupling_only_the_own_dose_counts() -> None:
    case = followed()
    for off in ("priming", "traffic", "immune_kill"):
        switches = Switches(**{off: False})
        assert not couples(switches)
        got = attribute(case, PriorDraws(4, seed=3), options=FitOptions(switches=switches))
        for item in got.lesions:
            shares = item.share_draws_frac(0)
            for cause in ("dose_elsewhere", "drugs", "lymphocyte_dose"):
                assert (shares[cause] == 0.0).all()
            assert (shares["own_dose"] != 0.0).any()


@pytest.mark.parametrize("off", ["priming", "traffic", "immune_kill"])
def test_what_is_taken_for_uncoupled_is_so_in_the_solver(off: str) -> None:
    patients = patients_from(followed(), PriorDraws(4, seed=3))
    options = CoreOptions(switches=Switches(**{off: False}))
    volumes = [
        simulate_patients(
            [edited(x, dosed=dosed, drugs=drugs, cells=cells) for x in patients],
            observe_at_d=[90.0], options=options,
        )["volume_ml"][:, 0, 1]
        for dosed, drugs, cells in ((None, True, True), (("B",), False, False))
    ]  # fmt: skip
    assert volumes[0] == pytest.approx(volumes[1], rel=1e-4)


def test_without_radiotherapy_its_shares_are_exactly_zero() -> None:
    case = followed()
    patients = patients_from(case, PriorDraws(4, seed=3), without=("RT1",))
    got = simulate_worlds(
        patients, lesions=("A", "B"), observe_at_d=np.full((4, 1), 90.0), options=CoreOptions()
    )
    assert got.members == 8  # with and without the drug, each once
    drugs = 1 << CAUSES.index("drugs")
    for volume in got.volume_ml.values():
        for world in range(EVERYTHING + 1):
            assert (volume[world] == volume[world & drugs]).all()


def test_dose_in_the_lesion_itself_shrinks_it() -> None:
    found = attribute(followed(systemic_therapy=[]), PriorDraws(DRAWS, seed=3))
    target = found.by_lesion["A"]
    assert target.shares(0)["own_dose"].median_frac < -0.1
    with_it, without = (target.responds(w, 0).probability_frac for w in ("delivered", "nothing"))
    assert with_it > without
    assert target.needed(0).probability_frac > 0.3  # scar keeps some that shrink from a response
    assert (target.own_dose_gy > 30.0).all()
    assert (found.by_lesion["B"].own_dose_gy < 30.0).all()


def test_response_is_counted_draw_by_draw(found: Attribution) -> None:
    item = found.by_lesion["A"]
    change = item.change_frac[EVERYTHING, :, 0]
    assert item.responds("delivered", 0).probability_frac == np.mean(change <= RESPONSE_FRAC)
    gone = item.responds("delivered", 0, complete=True).probability_frac
    assert gone <= item.responds("delivered", 0).probability_frac


def test_group_counts_as_the_sphere_of_all_its_members() -> None:
    case = followed(lesions=[{"id": "A", "site": "liver"}, {"id": "B", "site": "lung", "count": 3}])
    got = attribute(case, PriorDraws(2, seed=3), lesions=("B",))
    patients = patients_from(case, PriorDraws(2, seed=3))
    whole = [sum(x.volume_ml for x in patient.lesions if x.id != "A") for patient in patients]
    assert got.by_lesion["B"].start_mm == pytest.approx(diameter_mm(np.array(whole)))


def test_lesion_that_is_not_simulated_is_refused() -> None:
    with pytest.raises(CaseError, match="'Z' is not simulated"):
        attribute(followed(), PriorDraws(2, seed=3), lesions=("Z",))
