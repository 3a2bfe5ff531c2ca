"""Population pharmacokinetics (rung: published values and numbers computed from them, models.md 9).

Half-lives in days from CL, V1, Q, V2 as printed; troughs in mg/L with doses given at once
(ipilimumab over 90 min); tolerance half a unit of the last printed digit.
"""

import math

import numpy as np
import pytest

from abscope.errors import ModelError
from abscope.model.drug_covariates import half_lives_d, kinetic_deviations, patient_kinetics
from published_runs import levels

HALF_LIVES = {
    "pembrolizumab-ahamadi2017": 25.8, "nivolumab-bajaj2017": 20.9, "ipilimumab-feng2014": 15.0,
    "ipilimumab-sanghavi2020": 16.3, "atezolizumab-stroh2017": 26.6,
    "durvalumab-baverel2018": 23.6,
}  # fmt: skip
PEMBROLIZUMAB = "pembrolizumab-ahamadi2017"


@pytest.mark.parametrize("model", HALF_LIVES)
def test_terminal_half_life(model: str) -> None:
    assert round(half_lives_d(patient_kinetics(model))[1], 1) == HALF_LIVES[model]


def test_nivolumab_half_life_grows_as_clearance_falls_to_0_745() -> None:
    late = patient_kinetics("nivolumab")
    fall = math.exp(late["emax"])
    assert round(fall, 3) == 0.745
    assert round(half_lives_d(late | {"clearance": late["clearance"] * fall})[1], 1) == 27.6


def test_pembrolizumab_troughs_and_occupancy() -> None:
    days = (21.0, 378.0)
    found = levels(PEMBROLIZUMAB, amount_mg=200.0, every_d=21.0, doses=18, days=days)
    assert found["concentration"][0] == pytest.approx([12.7, 29.5], abs=0.05)
    assert found["occupancy"][0, 0] == pytest.approx(0.96, abs=0.005)
    assert found["occupancy"][0, 1] == pytest.approx(0.982, abs=0.0005)
    assert 200.0 / 21.0 / patient_kinetics(PEMBROLIZUMAB)["clearance"] == pytest.approx(
        43.3, abs=0.05
    )


def test_occupancy_falls_below_90_after_89_and_below_50_percent_after_171_days() -> None:
    last = 21.0 * 17
    days = last + np.arange(1.0, 201.0)
    found = levels(PEMBROLIZUMAB, amount_mg=200.0, every_d=21.0, doses=18, days=days)["occupancy"][
        0
    ]
    assert [1 + int(np.argmax(found < share)) for share in (0.9, 0.5)] == [89, 171]


def test_nivolumab_trough_needs_its_falling_clearance() -> None:
    model = "nivolumab-bajaj2017"
    arguments = {"amount_mg": 240.0, "every_d": 14.0, "doses": 26, "days": (364.0,)}
    assert levels(model, **arguments)["concentration"][0, 0] == pytest.approx(81.3, abs=0.05)
    flat = levels(model, quantities={"emax": 0.0}, **arguments)["concentration"][0, 0]
    assert flat == pytest.approx(56.1, abs=0.05)


def test_ipilimumab_trough_after_four_doses() -> None:
    # 3 mg/kg of 80 kg over 90 min
    found = levels(
        "ipilimumab-feng2014", amount_mg=240.0, every_d=21.0, doses=4, days=(84.0,),
        duration_d=0.0625,
    )  # fmt: skip
    assert found["concentration"][0, 0] == pytest.approx(17.1, abs=0.05)


def test_saturable_elimination_shortens_low_levels_only() -> None:
    model = "durvalumab-baverel2018"
    arguments = {"every_d": 28.0, "doses": 1, "days": (28.0, 56.0)}
    for amount, least, most in ((1500.0, 0.90, 1.0), (1.0, 0.0, 0.6)):
        whole = levels(model, amount_mg=amount, **arguments)["concentration"][0]
        linear = levels(model, amount_mg=amount, quantities={"vmax": 0.0}, **arguments)
        assert least < whole[0] / linear["concentration"][0, 0] < most


def test_covariates_follow_the_print() -> None:
    typical = patient_kinetics(PEMBROLIZUMAB)
    woman = patient_kinetics(
        PEMBROLIZUMAB, covariates={"female": 1.0, "weight_kg": 60.0, "albumin_g_per_l": 30.0}
    )
    expected = (60 / 76.8) ** 0.595 * (30 / 39.6) ** -0.907 * (1 - 0.152)
    assert woman["clearance"] / typical["clearance"] == pytest.approx(expected, rel=1e-12)
    expected = (60 / 76.8) ** 0.489 * (30 / 39.6) ** -0.208 * (1 - 0.134)
    assert woman["central"] / typical["central"] == pytest.approx(expected, rel=1e-12)
    man = patient_kinetics("nivolumab", covariates={"male": 1.0, "ecog_above_0": 1.0})
    assert man["clearance"] == pytest.approx(0.2256 * math.exp(0.165 + 0.172), rel=1e-12)
    both = patient_kinetics("ipilimumab-sanghavi2020", covariates={"with_nivolumab": 1.0})
    assert both["emax"] == pytest.approx(-0.266, abs=5e-4)


def test_reference_covariates_are_the_typical_patient() -> None:
    reference = {"weight_kg": 76.8, "albumin_g_per_l": 39.6, "burden_mm": 89.6,
                 "egfr_ml_per_min": 88.47, "female": 0.0}  # fmt: skip
    found = patient_kinetics(PEMBROLIZUMAB, covariates=reference)
    assert found == pytest.approx(patient_kinetics(PEMBROLIZUMAB), rel=1e-12)


def test_deviations_have_the_published_covariance() -> None:
    # 20 000 draws: standard error of a variance of 0.123 is 0.0012; four of them, false alarm 1e-3
    drawn = kinetic_deviations("nivolumab", members=20_000, seed=5)
    seen = np.cov(drawn["clearance"], drawn["central"])
    assert seen[0, 0] == pytest.approx(0.123, abs=0.005)
    assert seen[0, 1] == pytest.approx(0.0432, abs=0.004)
    assert np.var(drawn["emax"]) == pytest.approx(0.0719, abs=0.003)
    shared = kinetic_deviations(PEMBROLIZUMAB, members=50, seed=5)
    assert shared["clearance"] == pytest.approx(shared["exchange"], abs=1e-6)
    assert kinetic_deviations("pembrolizumab-elassaiss-schaap2017", members=3, seed=1) == {}


def test_deviations_move_levels_of_members() -> None:
    drawn = kinetic_deviations(PEMBROLIZUMAB, members=8, seed=2)
    typical = patient_kinetics(PEMBROLIZUMAB)
    own = {name: typical[name] * np.exp(eta) for name, eta in drawn.items()}
    arguments = {"amount_mg": 200.0, "every_d": 21.0, "doses": 2, "days": (42.0,)}
    found = levels(PEMBROLIZUMAB, quantities=own, members=8, **arguments)["concentration"][:, 0]
    assert np.corrcoef(drawn["clearance"], np.log(found))[0, 1] < -0.8


def test_wrong_covariates_are_refused_with_every_problem() -> None:
    with pytest.raises(ModelError) as caught:
        patient_kinetics(
            "nivolumab",
            covariates={"weight": 70.0, "weight_kg": 0.0, "male": 2.0},
            deviations={"volume": 0.1},
        )
    assert [problem.path for problem in caught.value.problems] == [
        "volume", "weight", "weight_kg", "male",
    ]  # fmt: skip
    with pytest.raises(ModelError, match="at least one"):
        levels("nivolumab-bajaj2017", amount_mg=1.0, every_d=1.0, doses=0, days=(1.0,))
