"""The dose histogram of a lesion as parts of equal volume, which the events of the model take."""

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.model.kill import BINS
from abscope.model.patient import BinnedDose

__all__ = ["equal_parts_gy"]


def equal_parts_gy(binned: BinnedDose, *, parts: int = BINS) -> Floats:
    """Return the mean dose (Gy) of each of the parts of equal volume, the coldest first.

    The histogram is sorted by dose and cut at the volumes 1/n, 2/n ...; the mean over the parts is
    the mean dose exactly. What is lost is the spread inside a part: cells in a cold spot smaller
    than a part count with the mean of that part, so survival comes out lower than it is.
    """
    if len(binned.dose_gy) == 1:
        return np.full(parts, float(binned.dose_gy[0]))
    if len(binned.dose_gy) == 1:
        return np.full(parts, float(binned.dose_gy[0]))
    order = np.argsort(binned.dose_gy, kind="stable")
    dose = np.asarray(binned.dose_gy, float)[order]
    share = np.asarray(binned.volume_frac, float)[order]
    edges = np.concatenate([[0.0], np.cumsum(share)])
    integral = np.concatenate([[0.0], np.cumsum(dose * share)])
    cuts = np.linspace(0.0, edges[-1], parts + 1)
    mean = np.diff(np.interp(cuts, edges, integral)) * (parts / edges[-1])
    return np.asarray(np.clip(mean, dose[0], dose[-1]))
