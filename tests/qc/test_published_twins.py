"""The slow twins of published models give the numbers that are known of them (rung: published).

Kuznetsov 1994: equilibria of its own equations. Kosinsky 2018: typical animal, total volume in uL.
Cho 2023: total volume 20, 40 and 60 d after 10 Gy. Friedrich 2022: cells of
the unirradiated tumor. Half-lives and levels: computed from the published clearances and volumes;
tolerance half a unit of the last digit, up to 1 % for trajectories.
"""

import math

import pytest

from qc.slow_friedrich import friedrich
from qc.slow_published import (
    KOSINSKY,
    antibody,
    half_life,
    kosinsky,
    kuznetsov_equilibria,
    kuznetsov_two_sites,
    serre,
)

PEMBROLIZUMAB = {"cl": 0.22, "vc": 3.48, "q": 0.795, "vp": 4.06}
IPILIMUMAB = {"cl": 0.36, "vc": 4.15, "q": 0.986, "vp": 3.11}
NIVOLUMAB = {"cl": 0.2256, "vc": 3.63, "q": 0.7704, "vp": 2.78}
FALLING = {**NIVOLUMAB, "emax": -0.295, "t50": 58.75, "hill": 3.15}
FIVE_BY_TWO = dict.fromkeys(range(7, 12), 2.0)
THRICE_WEEKLY = (7, 9, 11, 14, 16, 18, 21, 23, 25)


def test_kuznetsov_has_its_four_equilibria():
    found = kuznetsov_equilibria()
    assert [tumor for tumor, _ in found] == pytest.approx(
        [0, 8.186e6, 2.680e8, 4.470e8], rel=1.3e-4
    )
    assert [cells for _, cells in found][:2] == pytest.approx([3.155e5, 1.608e6], rel=2e-4)
    assert found[3][1] == pytest.approx(1.732e5, rel=3e-4)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (1.0, 0.0)])
def test_two_sites_that_share_evenly_are_one_site(shares):
    assert kuznetsov_two_sites(shares, 800) == pytest.approx([7.914e6, 7.914e6], rel=1e-4)


def test_a_site_that_gives_its_effectors_away_escapes():
    receiver, donor = kuznetsov_two_sites((0.7, 0.7), 800)
    assert donor == pytest.approx(4.41e8, rel=2e-3)
    assert receiver == pytest.approx(8.2e6, rel=2e-3)


@pytest.mark.parametrize(
    ("fractions", "antibodies", "expected"),
    [
        ({}, (), (149.2, 488.4, 1048, 1667, 1766)),
        (FIVE_BY_TWO, (), (149.2, 165.7, 248.1, 891.5, 1753)),
        (FIVE_BY_TWO, THRICE_WEEKLY, (149.2, 131.7, 88.3, 11.3, 9.7)),
    ],
)
def test_kosinsky_typical_animal(fractions, antibodies, expected):
    assert kosinsky(fractions, antibodies, (7, 14, 20, 30, 50)) == pytest.approx(expected, rel=0.01)


def test_kosinsky_kill_is_lq_with_ten_gray():
    # U(0) = delta D, so the integral of U^2 is delta^2 D^2 tau / 2 and beta = 0.1 alpha
    v = KOSINSKY
    beta = 0.2 * v["alpha"] / (v["tau"] * v["delta"] ** 2) * v["delta"] ** 2 * v["tau"] / 2
    assert v["alpha"] / beta == pytest.approx(10.0, abs=1e-12)


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (0.0, (4.674, 162.5, 11525)),
        (1.0, (0.3805, 0.3896, 1.401)),
        (0.5, (0.3870, 0.1541, 0.0612)),
    ],
)
def test_serre_volume_after_one_fraction(coverage, expected):
    volumes = serre(coverage, 70)
    assert [volumes[10 + day] for day in (20, 40, 60)] == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize(
    ("drug", "factor", "days"),
    [
        (PEMBROLIZUMAB, 1.0, 25.8), (IPILIMUMAB, 1.0, 15.0), (NIVOLUMAB, 1.0, 20.9),
        (NIVOLUMAB, math.exp(-0.295), 27.6),
        ({"cl": 0.338, "vc": 3.95, "q": 0.670, "vp": 3.18}, 1.0, 16.3),
        ({"cl": 0.20, "vc": 3.28, "q": 0.546, "vp": 3.63}, 1.0, 26.6),
        ({"cl": 0.232, "vc": 3.51, "q": 0.476, "vp": 3.45}, 1.0, 23.6),
    ],
)  # fmt: skip
def test_terminal_half_life(drug, factor, days):
    assert half_life(drug, factor) == pytest.approx(days, abs=0.05)


def test_levels_before_the_next_dose():
    every_three_weeks = dict.fromkeys(range(0, 21 * 20, 21), 200.0)
    first, steady = antibody(PEMBROLIZUMAB, every_three_weeks, [21, 21 * 20])
    assert (first, steady) == pytest.approx((12.7, 29.5), abs=0.05)
    every_two_weeks = dict.fromkeys(range(0, 14 * 30, 14), 240.0)
    assert antibody(NIVOLUMAB, every_two_weeks, [14 * 30]) == pytest.approx([56.1], abs=0.05)
    assert antibody(FALLING, every_two_weeks, [14 * 30]) == pytest.approx([81.3], abs=0.1)
    assert antibody(IPILIMUMAB, dict.fromkeys((0, 21, 42, 63), 240.0), [84]) == pytest.approx(
        [17.1], abs=0.06
    )


@pytest.mark.parametrize(
    ("fractions", "drug", "expected"),
    [
        ((), None, (5.87e7, 3.01e8, 7.82e8, 2.54e9)),
        ((), (1, 20), (5.31e7, 1.18e8, 4.13e8, 1.73e9)),
        (range(1, 10), None, (5.83e7, 2.96e8, 7.95e8, 2.81e9)),
        (range(1, 10), (1, 20), (3.84e7, 0, 0, 0)),
        (range(1, 4), (1, 20), (3.03e7, 0, 0, 0)),
    ],
)
def test_friedrich_unirradiated_tumor(fractions, drug, expected):
    assert friedrich(fractions, drug, (10, 20, 30, 50)) == pytest.approx(expected, rel=5e-3)
