"""The dose histogram of a lesion as parts of equal volume, which the events of the model take."""

from collections.abc import Sequence

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.model.kill import BINS
from abscope.model.patient import BinnedDose

__all__ = ["equal_parts_gy", "equal_parts_of_gy", "equal_parts_table_gy"]


def equal_parts_gy(binned: BinnedDose, *, parts: int = BINS) -> Floats:
    """Return the mean dose (Gy) of each of the parts of equal volume, the coldest first.

    The histogram is sorted by dose and cut at the volumes 1/n, 2/n ...; the mean over the parts is
    the mean dose exactly. What is lost is the spread inside a part: cells in a cold spot smaller
    than a part count with the mean of that part, so survival comes out lower than it is.
    """
    return np.asarray(equal_parts_table_gy([binned], parts=parts)[0])


def equal_parts_table_gy(binned: Sequence[BinnedDose], *, parts: int = BINS) -> Floats:
    """Return `equal_parts_gy` of many histograms, (histograms, parts)."""
    out = np.empty((len(binned), parts))
    lengths = np.array([len(one.dose_gy) for one in binned])
    for length in sorted(set(lengths.tolist())):
        rows = np.flatnonzero(lengths == length)
        dose: Floats = np.array([binned[k].dose_gy for k in rows.tolist()], dtype=np.float64)
        share: Floats = np.array([binned[k].volume_frac for k in rows.tolist()], dtype=np.float64)
        out[rows] = equal_parts_of_gy(dose, share, parts=parts)
    return out


def equal_parts_of_gy(dose_gy: Floats, volume_frac: Floats, *, parts: int = BINS) -> Floats:
    """Return `equal_parts_gy` of histograms of equal length, (histograms, levels) each.

    With edges e_l and shares w_l of the levels d_l, in order of dose, the dose below the volume c
    is F(c) = sum of d_l min(max(c - e_l, 0), w_l), and a part has n (F(c_k+1) - F(c_k)) / sum w.
    """
    if dose_gy.shape[1] == 1:
        return np.repeat(dose_gy, parts, axis=1)
    order = np.argsort(dose_gy, axis=1, kind="stable")
    dose = np.take_along_axis(dose_gy, order, 1)
    share = np.take_along_axis(volume_frac, order, 1)
    after = np.cumsum(share, axis=1)
    edge, whole = after - share, after[:, -1:]
    cuts = np.linspace(0.0, 1.0, parts + 1) * whole
    inside = np.clip(cuts[:, :, None] - edge[:, None, :], 0.0, share[:, None, :])
    below = (inside * dose[:, None, :]).sum(axis=2)
    mean = np.diff(below, axis=1) * (parts / whole)
    return np.asarray(np.clip(mean, dose[:, :1], dose[:, -1:]))
