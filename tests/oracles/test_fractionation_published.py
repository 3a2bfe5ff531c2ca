"""Published number: BED and EQD2 of the schedules of the founding cases and common trials.

The values follow from D(1 + d/(a/b)) and D(d + a/b)/(2 + a/b) and were worked out apart from the
code (project notes, dose section, check 1; model section 8.1). Tolerance: half a unit of the last
digit printed there.
"""

import pytest

from abscope.dose.fractionation import bed_gy, eqd2_gy

#: total, fractions, alpha/beta, BED, EQD2, tolerance
SCHEDULES = [
    (22.5, 5, 10.0, 32.625, 27.1875, 1e-9),
    (22.5, 5, 3.0, 56.25, 33.75, 1e-9),
    (25.0, 5, 10.0, 37.5, 31.25, 1e-9),
    (25.0, 5, 3.0, 66.667, 40.0, 5e-4),
    (30.0, 5, 10.0, 48.0, 40.0, 1e-9),
    (30.0, 5, 3.0, 90.0, 54.0, 1e-9),
    (10.0, 5, 10.0, 12.0, 10.0, 1e-9),
    (22.5, 5, 4.0, 47.81, 31.88, 5e-3),
    (22.5, 5, 2.5, 63.0, 35.0, 5e-3),
    (24.0, 3, 10.0, 43.2, 36.0, 5e-3),
    (50.0, 4, 10.0, 112.5, 93.75, 5e-3),
    (45.0, 15, 2.5, 99.0, 55.0, 5e-3),
    (20.0, 1, 10.0, 60.0, 50.0, 5e-3),
]


@pytest.mark.parametrize(("total", "n", "ratio", "bed", "eqd2", "tolerance"), SCHEDULES)
def test_published_schedule(total, n, ratio, bed, eqd2, tolerance):
    d = total / n
    assert bed_gy(total, dose_per_fraction_gy=d, alpha_beta_gy=ratio) == pytest.approx(
        bed, abs=tolerance
    )
    assert eqd2_gy(total, dose_per_fraction_gy=d, alpha_beta_gy=ratio) == pytest.approx(
        eqd2, abs=tolerance
    )


def test_eqd2_of_a_ramp_is_not_the_eqd2_of_its_mean():
    """Closed form: dose uniform on 0-25 Gy in 5 fractions at 3 Gy: 15.833 against 13.750."""
    n = 20_000
    voxels = [25.0 * (i + 0.5) / n for i in range(n)]
    mean = sum(eqd2_gy(x, dose_per_fraction_gy=x / 5, alpha_beta_gy=3.0) for x in voxels) / n
    assert mean == pytest.approx(15.833, abs=5e-4)
    assert eqd2_gy(12.5, dose_per_fraction_gy=2.5, alpha_beta_gy=3.0) == pytest.approx(13.75)
