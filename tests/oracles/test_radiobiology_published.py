"""Published numbers: BED and EQD2 of trial schedules, universal survival curve, Lyman model.

The schedule table was worked out apart from the code (project notes, model section 8.1, exact
values of D(1 + d/(a/b)) and D(d + a/b)/(2 + a/b)); tolerance: half a unit of its last digit.
"""

import pytest

from abscope.dose.radiobiology.bed import voxel_bed_gy, voxel_eqd2_gy
from abscope.dose.radiobiology.ntcp import region_ntcp_frac
from abscope.dose.radiobiology.survival import CellSurvival, log_survival

#: total, fractions: BED / EQD2 as printed at alpha/beta 10, 4 and 2.5 Gy
TABLE = {
    (22.5, 5): ("32.63", "27.19", "47.81", "31.88", "63.00", "35.00"),
    (25.0, 5): ("37.50", "31.25", "56.25", "37.50", "75.00", "41.67"),
    (30.0, 5): ("48.00", "40.00", "75.00", "50.00", "102.0", "56.67"),
    (10.0, 5): ("12.00", "10.00", "15.00", "10.00", "18.00", "10.00"),
    (24.0, 3): ("43.20", "36.00", "72.00", "48.00", "100.8", "56.00"),
    (50.0, 4): ("112.5", "93.75", "206.3", "137.5", "300.0", "166.7"),
    (45.0, 15): ("58.50", "48.75", "78.75", "52.50", "99.00", "55.00"),
    (20.0, 1): ("60.00", "50.00", "120.0", "80.00", "180.0", "100.0"),
}
RATIOS = (10.0, 4.0, 2.5)


def half_unit(printed):
    return 0.5 * 10 ** -len(printed.partition(".")[2]) + 1e-9


@pytest.mark.parametrize(("total", "n"), list(TABLE))
def test_table_of_schedules(total, n):
    printed = TABLE[total, n]
    for i, ratio in enumerate(RATIOS):
        for function, text in zip((voxel_bed_gy, voxel_eqd2_gy), printed[2 * i :], strict=False):
            found = function(total, n_fractions=n, alpha_beta_gy=ratio)
            assert found == pytest.approx(float(text), abs=half_unit(text))


def test_universal_survival_curve_of_lung_cancer_cells():
    """Park 2008: alpha 0.33 /Gy, D0 1.25 Gy, D_q 1.8 Gy; alpha/beta 8.6 Gy and d_T 6.2 Gy.

    Our memory of the paper's fit; d_T follows as 6.13 Gy from the rounded numbers, hence 0.1 Gy.
    """
    cell = CellSurvival.universal(0.33, d0_gy=1.25, dq_gy=1.8)
    assert cell.alpha_beta_gy == pytest.approx(8.6, abs=0.05)
    assert cell.transition_gy == pytest.approx(6.2, abs=0.1)
    steepest = log_survival(20.0, cell=cell) - log_survival(19.0, cell=cell)
    assert steepest == pytest.approx(-1 / 1.25, rel=1e-12)


def test_half_the_patients_at_td50():
    """Lyman: a lung with a uniform 30.8 Gy has 50 % pneumonitis at n 0.99, m 0.37, TD50 30.8 Gy."""
    found = region_ntcp_frac(
        [30.8, 30.8], volume_ml=[1.0, 2.0], td50_gy=30.8, slope_m=0.37, volume_n=0.99
    )
    assert found == pytest.approx(0.5, rel=1e-12)
