"""Regions with an uneven dose: survival, effective uniform dose, gEUD, TCP, NTCP."""

import math

import numpy as np
import pytest

from abscope.dose.radiobiology.geud import generalized_eud_gy
from abscope.dose.radiobiology.ntcp import (
    effective_volume_frac,
    lyman_ntcp_frac,
    region_ntcp_frac,
)
from abscope.dose.radiobiology.region import (
    effective_uniform_dose_gy,
    known_histogram,
    log_region_survival,
    region_survival_frac,
)
from abscope.dose.radiobiology.survival import CellSurvival, surviving_frac
from abscope.dose.radiobiology.tcp import logistic_response_frac, poisson_tcp_frac, region_tcp_frac
from abscope.dose.results import Dvh
from abscope.errors import ModelError

CELLS = [CellSurvival(0.3, 0.03), CellSurvival(0.2, 0.05, 4.0), CellSurvival(0.4, 0.0)]
DOSE = np.array([0.5, 10.0, 30.0, 61.0])
VOLUME = np.array([1.0, 5.0, 20.0, 2.0])


def curve(outside_ml=0.0):
    return Dvh(DOSE, VOLUME, outside_ml, 9, 3.0, 500, 0.0, 0.0)


@pytest.mark.parametrize("cell", CELLS)
def test_survival_is_the_volume_mean_of_survival(cell):
    mean = float(VOLUME @ surviving_frac(DOSE / 5, cell=cell, n_fractions=5)) / VOLUME.sum()
    found = region_survival_frac(DOSE, volume_ml=VOLUME, cell=cell, n_fractions=5)
    assert found == pytest.approx(mean, rel=1e-12)


def test_survival_of_very_high_doses_stays_a_number():
    logs = log_region_survival([1000.0], volume_ml=[3.0], cell=CELLS[0], n_fractions=1)
    assert logs == pytest.approx(-(300 + 30_000), rel=1e-12)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_effective_uniform_dose(cell, factor):
    """It leaves what the histogram leaves, lies between minimum and mean, and is D if uniform."""
    options = {"cell": cell, "n_fractions": 6, "quadratic_factor": factor}
    found = effective_uniform_dose_gy(DOSE, volume_ml=VOLUME, **options)
    assert DOSE.min() < found < VOLUME @ DOSE / VOLUME.sum()
    assert region_survival_frac([found], volume_ml=[1.0], **options) == pytest.approx(
        region_survival_frac(DOSE, volume_ml=VOLUME, **options), rel=1e-10
    )
    assert effective_uniform_dose_gy([33.0, 33.0], volume_ml=[1, 2], **options) == pytest.approx(
        33.0, rel=1e-12
    )


def test_no_volume_and_shapes_are_refused():
    for dose, volume in (([1.0], [0.0]), ([1.0, 2.0], [1.0]), ([], []), ([[1.0]], [[1.0]])):
        with pytest.raises(ModelError, match="dose of a region"):
            region_survival_frac(dose, volume_ml=volume, cell=CELLS[0], n_fractions=1)
    with pytest.raises(ModelError, match="volume_ml"):
        generalized_eud_gy([1.0], volume_ml=[-1.0], exponent=2.0)


def test_volume_outside_the_grid_is_not_taken_as_like_the_rest():
    dose, volume = known_histogram(curve())
    assert dose is DOSE
    assert volume is VOLUME
    assert known_histogram(curve(0.02))[1] is VOLUME
    with pytest.raises(ModelError, match="outside the dose grid"):
        known_histogram(curve(0.1))


def test_geud_limits():
    mean = float(VOLUME @ DOSE / VOLUME.sum())
    assert generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=1.0) == pytest.approx(mean)
    assert generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=math.inf) == 61.0
    assert generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=-math.inf) == 0.5
    assert generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=2000.0) == pytest.approx(61, abs=0.1)
    low = generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=-2000.0)
    assert low == pytest.approx(0.5, abs=1e-2)
    quadratic = math.sqrt(float(VOLUME @ DOSE**2) / VOLUME.sum())
    assert generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=2.0) == pytest.approx(quadratic)


@pytest.mark.parametrize("exponent", [-20.0, -0.5, 0.1, 1.0, 8.0, math.inf])
def test_geud_of_a_uniform_dose_is_the_dose(exponent):
    found = generalized_eud_gy([12.5, 12.5], volume_ml=[1.0, 9.0], exponent=exponent)
    assert found == pytest.approx(12.5, rel=1e-12)


def test_geud_rises_with_its_exponent():
    values = [
        generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=a) for a in (-9, -1, 0.01, 1, 5, 50)
    ]
    assert values == sorted(values)


def test_geud_with_volume_at_no_dose():
    assert generalized_eud_gy([0.0, 50.0], volume_ml=[1, 1], exponent=-1.0) == 0.0
    assert generalized_eud_gy([0.0, 50.0], volume_ml=[1, 1], exponent=2.0) == pytest.approx(
        50 / math.sqrt(2)
    )
    assert generalized_eud_gy([0.0], volume_ml=[1], exponent=3.0) == 0.0
    assert generalized_eud_gy([0.0, 50.0], volume_ml=[0, 1], exponent=-1.0) == 50.0


@pytest.mark.parametrize("exponent", [0.0, math.nan])
def test_geud_refuses_an_exponent_without_meaning(exponent):
    with pytest.raises(ModelError, match="exponent"):
        generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=exponent)


def test_poisson_control_broadcasts():
    found = poisson_tcp_frac([0.0, 10.0], surviving_frac=[[0.1], [1.0]])
    assert found == pytest.approx(np.array([[1.0, math.exp(-1)], [1.0, math.exp(-10)]]))


def test_control_of_a_region_is_the_product_over_its_parts():
    options = {"cell": CELLS[0], "n_fractions": 30, "density_per_ml": 1e5}
    whole = region_tcp_frac([40.0, 44.0], volume_ml=[4.0, 8.0], **options)
    parts = [
        region_tcp_frac([dose], volume_ml=[volume], **options)
        for dose, volume in ((40.0, 4.0), (44.0, 8.0))
    ]
    assert 0.01 < whole < 0.99
    assert whole == pytest.approx(math.prod(parts), rel=1e-12)


def test_a_cold_spot_ruins_control():
    options = {"cell": CELLS[0], "n_fractions": 30, "density_per_ml": 1e5}
    even = region_tcp_frac([70.0], volume_ml=[10.0], **options)
    cold = region_tcp_frac([70.0, 10.0], volume_ml=[9.9, 0.1], **options)
    assert even > 0.9
    assert cold < 1e-6


def test_logistic_control():
    """gamma50 is D dTCP/dD at D50; 0 at no dose; no overflow far away."""
    step = 1e-5
    high, low = logistic_response_frac([50 + step, 50 - step], d50_gy=50.0, gamma50=2.0)
    assert 50 * (high - low) / (2 * step) == pytest.approx(2.0, rel=1e-6)
    ends = logistic_response_frac([0.0, 5e-324, 25.0, 100.0, 1e300], d50_gy=50.0, gamma50=2.0)
    assert ends.tolist() == pytest.approx([0.0, 0.0, 1 / 257, 256 / 257, 1.0])


def test_lyman_closed_forms():
    """Phi(0) = 0.5, Phi(-+1) = 0.158655, 0.841345; TD50(v) = TD50 v^-n."""
    dose = np.array([40.0, 36.0, 44.0])
    found = lyman_ntcp_frac(dose, td50_gy=40.0, slope_m=0.1)
    assert found == pytest.approx([0.5, 0.158655254, 0.841344746], abs=1e-9)
    part = lyman_ntcp_frac(80.0, td50_gy=40.0, slope_m=0.1, volume_frac=0.25, volume_n=0.5)
    assert part == pytest.approx(0.5)


def test_effective_volume_and_geud_agree():
    """Kutcher-Burman reduction to the maximum equals the gEUD form of the same model."""
    n, m, td50 = 0.32, 0.15, 45.0
    volume = effective_volume_frac(DOSE, volume_ml=VOLUME, volume_n=n)
    reduced = lyman_ntcp_frac(61.0, td50_gy=td50, slope_m=m, volume_frac=volume, volume_n=n)
    whole = region_ntcp_frac(DOSE, volume_ml=VOLUME, td50_gy=td50, slope_m=m, volume_n=n)
    t = (61.0 - td50 * volume**-n) / (m * td50 * volume**-n)
    equivalent = generalized_eud_gy(DOSE, volume_ml=VOLUME, exponent=1 / n)
    assert t == pytest.approx((equivalent - td50) / (m * td50), rel=1e-12)
    assert reduced == pytest.approx(whole, rel=1e-12)
    uniform = effective_volume_frac([20.0, 20.0], volume_ml=[1, 2], volume_n=n)
    assert uniform == pytest.approx(1.0, rel=1e-12)
    half = effective_volume_frac([20.0], volume_ml=[3.0], volume_n=0.5, reference_gy=40.0)
    assert half == pytest.approx(0.25)


@pytest.mark.parametrize(
    "call",
    [
        lambda: lyman_ntcp_frac(-1.0, td50_gy=40.0, slope_m=0.1),
        lambda: lyman_ntcp_frac(1.0, td50_gy=0.0, slope_m=0.1),
        lambda: lyman_ntcp_frac(1.0, td50_gy=40.0, slope_m=0.1, volume_frac=0.0),
        lambda: lyman_ntcp_frac(1.0, td50_gy=40.0, slope_m=0.1, volume_frac=1.1),
        lambda: region_ntcp_frac([1.0], volume_ml=[1.0], td50_gy=4.0, slope_m=0.1, volume_n=0.0),
        lambda: effective_volume_frac([0.0], volume_ml=[1.0], volume_n=0.5),
        lambda: poisson_tcp_frac(-1.0, surviving_frac=0.5),
        lambda: poisson_tcp_frac(1.0, surviving_frac=1.5),
        lambda: logistic_response_frac(math.nan, d50_gy=50.0, gamma50=2.0),
        lambda: logistic_response_frac(1.0, d50_gy=50.0, gamma50=0.0),
        lambda: region_tcp_frac(
            [1.0], volume_ml=[1.0], cell=CELLS[0], n_fractions=1, density_per_ml=0.0
        ),
    ],
)
def test_wrong_parameters_are_refused(call):
    with pytest.raises(ModelError):
        call()
