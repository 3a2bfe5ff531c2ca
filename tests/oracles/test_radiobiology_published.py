"""Published numbers: BED and EQD2 of schedules, universal survival curve, parotid and cord.

The schedule table was worked out apart from the code (project notes, model section 8.1, exact
values of D(1 + d/(a/b)) and D(d + a/b)/(2 + a/b)); tolerance: half a unit of its last digit.
"""

import pytest

from abscope.catalog import logistic_set, lyman_set
from abscope.dose.radiobiology.bed import Repopulation, voxel_bed_gy, voxel_eqd2_gy
from abscope.dose.radiobiology.ntcp import region_ntcp_frac
from abscope.dose.radiobiology.survival import CellSurvival, log_survival
from abscope.dose.radiobiology.tcp import logistic_response_frac

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


@pytest.mark.parametrize(
    ("mean_gy", "low", "high"), [(25.0, 0.165, 0.185), (30.0, 0.255, 0.275), (39.9, 0.495, 0.505)]
)
def test_parotid_glands(mean_gy, low, high):
    """Dijkema 2010, abstract: mean doses of 25-30 Gy went with 17-26 % (TD50 39.9 Gy, m 0.40).

    Phi((25 - 39.9) / (0.4 x 39.9)) is 17.5 %; half a unit of the last digit is 0.5 %. At 30 Gy the
    formula gives 26.8 %, the print 26 %: the range is allowed one unit there.
    """
    item = lyman_set("xerostomia")
    found = region_ntcp_frac(
        [mean_gy],
        volume_ml=[25.0],
        td50_gy=item.td50.value,
        slope_m=item.m.value,
        volume_n=item.n.value,
    )
    assert low <= found <= high


@pytest.mark.parametrize(
    ("dose_gy", "percent", "tolerance"),
    [(45.0, 0.03, 0.005), (50.0, 0.2, 0.05), (59.3, 5.0, 0.5), (69.4, 50.0, 0.5)],
)
def test_cervical_spinal_cord(dose_gy, percent, tolerance):
    """Schultheiss 2008, abstract: 0.03 % at 45 Gy, 0.2 % at 50, 5 % at 59.3, 50 % at 69.4 Gy.

    The slope in the catalog was set by the third and fourth number; the first two are the check.
    """
    item = logistic_set("myelopathy")
    found = logistic_response_frac(dose_gy, d50_gy=item.d50.value, gamma50=item.gamma50.value)
    assert 100 * found == pytest.approx(percent, abs=tolerance)


def test_schedules_equivalent_to_fifty_gray_for_the_breast():
    """Qi 2011, abstract: 25 x 2 Gy equals 20 x 2.26, 10 x 3.34 and 5 x 4.93 Gy.

    Their alpha 0.08 /Gy, alpha/beta 2.88 Gy and doubling time 14.4 d; the overall times (five
    fractions a week) are ours. The four BED agree within 2 %, without growth they differ by 27 %.
    """
    growth = [Repopulation(days, 0.0, 14.4, 0.08) for days in (32.0, 25.0, 11.0, 4.0)]
    schedules = [(25, 2.0), (20, 2.26), (10, 3.34), (5, 4.93)]
    beds = [
        voxel_bed_gy(n * d, n_fractions=n, alpha_beta_gy=2.88, repopulation=regrown)
        for (n, d), regrown in zip(schedules, growth, strict=True)
    ]
    assert beds == pytest.approx([beds[0]] * 4, rel=0.02)
