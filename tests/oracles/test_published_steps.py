"""Serre 2016 / Cho 2023 and Friedrich 2022 (rung: published numbers).

Serre: total volume 20, 40, 60 d after 10 Gy on day 10, models.md 4, run from open code of Cho 2023.
Friedrich: cells of the abscopal tumor at 10, 20, 30, 50 d, models.md 6, one more
digit from a run of the open dashboard. Half a unit of the last printed digit.
"""

import numpy as np
import pytest
from scipy.integrate import quad

from abscope.errors import ModelError
from abscope.model.published.friedrich import delay_per_d, run_friedrich
from abscope.model.published.serre import run_serre

SERRE = {
    0.0: (4.674, 162.5, 11525),
    1.0: (0.3805, 0.3896, 1.401),
    0.5: (0.3870, 0.1541, 0.0612),
}
NINE = tuple(float(day) for day in range(1, 10))
DRUG = ((1.0, 20.0),)
FRIEDRICH = {
    "none": ((), (), (5.873e7, 3.005e8, 7.824e8, 2.544e9)),
    "drug": ((), DRUG, (5.310e7, 1.179e8, 4.134e8, 1.732e9)),
    "nine": (NINE, (), (5.825e7, 2.958e8, 7.953e8, 2.805e9)),
    "nine and drug": (NINE, DRUG, (3.838e7, 0, 0, 0)),
    "three and drug": (NINE[:3], DRUG, (3.035e7, 0, 0, 0)),
}


def doses(coverage: float, elements: int = 100) -> np.ndarray:
    table = np.zeros((71, elements))
    table[10, : round(coverage * elements)] = 10.0
    return table


@pytest.mark.parametrize("coverage", SERRE)
def test_serre_volume_after_ten_gray(coverage: float) -> None:
    volume = run_serre(dose_gy=doses(coverage))["volume"][[30, 50, 70]]
    for value, printed in zip(volume, SERRE[coverage], strict=True):
        assert f"{value:.4g}" == f"{printed:.4g}" or value == pytest.approx(printed, abs=0.5)


def test_serre_does_not_depend_on_how_finely_a_tumor_is_cut() -> None:
    fine = run_serre(dose_gy=doses(0.5))["volume"]
    coarse = run_serre(dose_gy=doses(0.5, 2))["volume"]
    assert coarse == pytest.approx(fine, rel=1e-10)


def test_serre_half_coverage_beats_full_and_spares_lymphocytes() -> None:
    half, full = (run_serre(dose_gy=doses(share)) for share in (0.5, 1.0))
    assert half["volume"][-1] < full["volume"][-1]
    assert half["lymphocytes"][20].sum() > full["lymphocytes"][20].sum()


def test_serre_drug_against_pd1_strengthens_the_primary_effect() -> None:
    without, with_drug = (
        run_serre(dose_gy=doses(1.0), parameters={"anti_pd1": level}) for level in (0.0, 5.0)
    )
    assert (with_drug["primary"][1:] >= without["primary"][1:]).mean() > 0.5
    assert with_drug["volume"][-1] < without["volume"][-1]
    assert (without["secondary"] == 0.0).all()  # gamma is 0 in the values


@pytest.mark.parametrize("arm", FRIEDRICH)
def test_friedrich_abscopal_tumor(arm: str) -> None:
    fractions, drug, printed = FRIEDRICH[arm]
    found = run_friedrich(fraction_days_d=fractions, drug_days_d=drug, horizon_d=60.0)
    values = found["abscopal"][[100, 200, 300, 500]]
    assert [f"{value:.4g}" for value in values] == [f"{value:.4g}" for value in printed]


@pytest.mark.parametrize(("rate", "shape"), [(0.5, 20.0), (1 / 7, 2.8), (0.5, 2.8)])
def test_friedrich_delay_is_a_density_with_its_survivor(rate: float, shape: float) -> None:
    def at(time: float) -> tuple[float, float]:
        density, left = delay_per_d(np.array([time]), rate_per_d=rate, rise_per_d=0.2, shape=shape)
        return float(density[0]), float(left[0])

    assert quad(lambda t: at(t)[0], 0.0, 1.0 / rate, epsabs=1e-12)[0] == pytest.approx(
        1.0, abs=1e-9
    )
    for time in (0.3 / rate, 0.7 / rate):
        died = quad(lambda t: at(t)[0], 0.0, time, epsabs=1e-12)[0]
        assert at(time)[1] == pytest.approx(1.0 - died, abs=1e-9)
    assert at(0.0) == (0.0, 1.0)
    assert at(1.01 / rate)[0] == 0.0


def test_friedrich_grid_matters_little_where_no_tumor_ends() -> None:
    coarse, fine = (
        run_friedrich(fraction_days_d=NINE, horizon_d=31.0, parameters={"step": step})
        for step in (0.1, 0.05)
    )
    assert coarse["abscopal"][300] == pytest.approx(fine["abscopal"][600], rel=0.15)


def test_wrong_input_is_refused_with_every_problem() -> None:
    with pytest.raises(ModelError, match=r"dose_gy(.|\n)*") as caught:
        run_serre(dose_gy=np.full((3, 2), -1.0), parameters={"alpa": 1.0})
    assert len(caught.value.problems) == 2
    with pytest.raises(ModelError) as caught:
        run_friedrich(fraction_days_d=(-1.0,), horizon_d=10.0, parameters={"kil": 1.0})
    assert [problem.path for problem in caught.value.problems] == ["kil", ""]
