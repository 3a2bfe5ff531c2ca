"""Many histograms at once are cut into parts as each is by itself, slowly."""

import numpy as np
import pytest

from abscope.model.dose_bins import equal_parts_gy, equal_parts_table_gy
from abscope.model.kill import BINS
from abscope.model.patient import BinnedDose


def slow_parts(dose: BinnedDose, cells: int = 80_000) -> np.ndarray:
    """Independent twin: fill the lesion with equal cells, sort them, average each eighth."""
    number = np.round(dose.volume_frac * cells).astype(int)
    filled = np.sort(np.repeat(dose.dose_gy, number))
    return np.array([part.mean() for part in np.array_split(filled, BINS)])


def test_many_histograms_agree_with_the_slow_twin_and_with_each_other() -> None:
    rng = np.random.default_rng(5)
    doses = []
    for levels in (1, 2, 2, 8, 8, 40):
        share = rng.uniform(0.05, 1.0, levels)
        doses.append(BinnedDose(rng.uniform(0.0, 12.0, levels), share / share.sum()))
    table = equal_parts_table_gy(doses)
    for row, dose in zip(table, doses, strict=True):
        assert row == pytest.approx(equal_parts_gy(dose), rel=1e-12)
        assert row == pytest.approx(slow_parts(dose), abs=5e-3)
        assert row.mean() == pytest.approx(float(dose.dose_gy @ dose.volume_frac), rel=1e-12)
        assert (np.diff(row) >= -1e-12).all()
    assert (table[0] == doses[0].dose_gy[0]).all()
