"""Properties of the radiobiology functions that hold for every dose and every parameter."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from abscope.dose.radiobiology.bed import voxel_bed_gy, voxel_eqd2_gy
from abscope.dose.radiobiology.geud import generalized_eud_gy
from abscope.dose.radiobiology.ntcp import region_ntcp_frac
from abscope.dose.radiobiology.region import (
    effective_uniform_dose_gy,
    log_region_survival,
    region_survival_frac,
)
from abscope.dose.radiobiology.repair import pulse_train_factor, thames_factor
from abscope.dose.radiobiology.survival import CellSurvival, log_survival

QUIET = settings(derandomize=True, max_examples=60, deadline=None)
doses = st.lists(st.floats(0, 80), min_size=1, max_size=8)
ratios = st.floats(0.3, 30)
fractions = st.integers(1, 40)
cells = st.builds(
    CellSurvival,
    st.floats(0.01, 1),
    st.floats(0, 0.2),
    st.one_of(st.just(math.inf), st.floats(0.5, 20)),
)


@st.composite
def histograms(draw):
    dose = draw(doses)
    size = len(dose)
    volume = draw(st.lists(st.floats(1e-3, 100), min_size=size, max_size=size))
    return np.array(dose), np.array(volume)


@QUIET
@given(doses, fractions, ratios)
def test_courses_add_and_order_is_irrelevant(dose, n, ratio):
    values = np.array(dose)
    one = voxel_bed_gy(values, n_fractions=n, alpha_beta_gy=ratio)
    twice = voxel_bed_gy(2 * values, n_fractions=2 * n, alpha_beta_gy=ratio)
    assert twice == pytest.approx(2 * one, rel=1e-12)
    backwards = voxel_bed_gy(values[::-1], n_fractions=n, alpha_beta_gy=ratio)
    assert np.array_equal(backwards[::-1], one)


@QUIET
@given(st.floats(0.1, 80), st.integers(1, 39), ratios, st.floats(0.5, 30))
def test_splitting_a_dose_never_raises_bed(dose, n, ratio, bend):
    whole, split = (
        voxel_bed_gy(dose, n_fractions=k, alpha_beta_gy=ratio, transition_gy=bend)
        for k in (n, n + 1)
    )
    assert dose * (1 - 1e-12) <= split <= whole * (1 + 1e-12)


@QUIET
@given(doses, fractions, ratios)
def test_equivalent_dose_in_two_gray_fractions_is_equivalent(dose, n, ratio):
    values = np.array(dose)
    eqd2 = voxel_eqd2_gy(values, n_fractions=n, alpha_beta_gy=ratio)
    assert eqd2 * (1 + 2 / ratio) == pytest.approx(
        voxel_bed_gy(values, n_fractions=n, alpha_beta_gy=ratio), rel=1e-12
    )


@QUIET
@given(cells, st.floats(0, 60), st.floats(1e-3, 10))
def test_more_dose_never_leaves_more_cells(cell, dose, more):
    assert log_survival(dose + more, cell=cell) < log_survival(dose, cell=cell)


@QUIET
@given(cells, st.floats(0, 60))
def test_a_straight_curve_never_kills_more(cell, dose):
    bent = CellSurvival(cell.alpha_per_gy, cell.beta_per_gy2)
    assert log_survival(dose, cell=bent) <= log_survival(dose, cell=cell) + 1e-12


@QUIET
@given(histograms(), cells, fractions)
def test_effective_uniform_dose_lies_within_the_doses(histogram, cell, n):
    """Below the mean too where the curve has no shoulder (within one it can be above)."""
    dose, volume = histogram
    found = effective_uniform_dose_gy(dose, volume_ml=volume, cell=cell, n_fractions=n)
    assert dose.min() - 1e-6 <= found <= dose.max() + 1e-6
    straight = CellSurvival(cell.alpha_per_gy, 0.0)
    found = effective_uniform_dose_gy(dose, volume_ml=volume, cell=straight, n_fractions=n)
    assert found <= float(dose @ volume / volume.sum()) + 1e-6


@QUIET
@given(histograms(), cells, fractions)
def test_survival_of_a_region_lies_between_its_voxels(histogram, cell, n):
    dose, volume = histogram
    logs = log_region_survival(dose, volume_ml=volume, cell=cell, n_fractions=n)
    each = n * log_survival(dose / n, cell=cell)
    assert each.min() - 1e-9 <= logs <= each.max() + 1e-9


@QUIET
@given(histograms(), st.floats(0.5, 2))
def test_scale_of_volume_is_irrelevant(histogram, factor):
    dose, volume = histogram
    cell = CellSurvival(0.2, 0.02)
    one, other = (
        region_survival_frac(dose, volume_ml=v, cell=cell, n_fractions=5)
        for v in (volume, factor * volume)
    )
    assert one == pytest.approx(other, rel=1e-12)


@QUIET
@given(histograms(), st.floats(-40, 40), st.floats(0.1, 3))
def test_geud_scales_with_dose_and_stays_within_it(histogram, exponent, factor):
    assume(abs(exponent) > 1e-2)
    dose, volume = histogram
    found = generalized_eud_gy(dose, volume_ml=volume, exponent=exponent)
    assert dose.min() * (1 - 1e-9) <= found <= dose.max() * (1 + 1e-9)
    scaled = generalized_eud_gy(factor * dose, volume_ml=volume, exponent=exponent)
    assert scaled == pytest.approx(factor * found, rel=1e-9, abs=1e-300)


@QUIET
@given(histograms(), st.floats(0.05, 1.2), st.floats(0.05, 0.5), st.floats(5, 80))
def test_complications_are_a_probability_that_rises_with_dose(histogram, n, m, td50):
    dose, volume = histogram
    options = {"volume_ml": volume, "td50_gy": td50, "slope_m": m, "volume_n": n}
    low = region_ntcp_frac(dose, **options)
    high = region_ntcp_frac(dose + 1.0, **options)
    assert 0 <= low <= high <= 1


@QUIET
@given(
    st.lists(st.tuples(st.floats(0, 90), st.floats(0, 200), st.floats(0.01, 9)), min_size=1,
             max_size=5),
    st.floats(1, 1000), st.floats(-1e4, 1e4),
)  # fmt: skip
def test_repair_factor_is_a_share_and_forgets_the_clock(pulses, half_time, shift):
    lengths, gaps, given_gy = (np.array(part) for part in zip(*pulses, strict=True))
    starts = np.r_[0.0, np.cumsum(lengths + gaps)[:-1]]
    options = {"durations_min": lengths, "doses_gy": given_gy, "half_time_min": half_time}
    found = pulse_train_factor(starts, **options)
    assert 0 < found <= 1 + 1e-12
    assert pulse_train_factor(starts + shift, **options) == pytest.approx(found, rel=1e-6)


@QUIET
@given(st.integers(1, 6), st.floats(1, 1440), st.floats(1, 600))
def test_fractions_further_apart_repair_more(m, interval, half_time):
    near = thames_factor(m, interval_min=interval, half_time_min=half_time)
    far = thames_factor(m, interval_min=interval + 30, half_time_min=half_time)
    assert 0 <= far <= near <= m - 1 + 1e-12
