"""Samples of dose collected into one ascending distribution, with bounded memory."""

from collections.abc import Sequence

import numpy as np

from abscope.dose.geometry.grid import DoseGrid, Floats
from abscope.dose.sampling import Samples

__all__ = ["Collected", "volume_quantiles"]

_SORTED_UP_TO = 1_000_000
_BINS = 1 << 20
_FLUSH = 1 << 20


class Collected:
    """Samples of all slabs, sorted once; many are merged into fine steps of dose on the way.

    More than a million ``expected`` samples go into 2^20 steps from 0 to the largest dose.
    """

    def __init__(self, dose: DoseGrid, *, expected: int) -> None:
        merged = expected > _SORTED_UP_TO
        self.outside_ml = [0.0, 0.0]
        self.overlap_ml = 0.0
        self._dose: list[Floats] = []
        self._volume: list[Floats] = []
        self._outer: list[bool] = []
        self._waiting = 0
        self._steps = np.zeros((3, _BINS)) if merged else None
        if merged:
            # a spline can rise above the largest voxel; what does falls into the last step
            self._scale = (_BINS - 1) / max(float(dose.dose_gy.max()), 1e-9)

    def add(self, samples: Samples) -> None:
        """Take the samples of one slab."""
        self.outside_ml[samples.outer] += samples.outside_ml
        self.overlap_ml += 0.0 if samples.outer else samples.overlap_ml
        self._dose.append(samples.dose_gy)
        self._volume.append(samples.volume_ml)
        self._outer.append(samples.outer)
        self._waiting += len(samples.dose_gy)
        if self._steps is not None and self._waiting > _FLUSH:
            self._flush(self._steps)

    def _flush(self, steps: Floats) -> None:
        doses, inner, outer = self._joined()
        at = np.clip(doses * self._scale, 0, _BINS - 1).astype(np.intp)
        steps[0] += np.bincount(at, inner, _BINS)
        if outer.any():
            steps[1] += np.bincount(at, outer, _BINS)
        steps[2] += np.bincount(at, (inner + outer) * doses, _BINS)
        self._dose, self._volume, self._outer, self._waiting = [], [], [], 0

    def _joined(self) -> tuple[Floats, Floats, Floats]:
        if not self._dose:
            return np.zeros(0), np.zeros(0), np.zeros(0)
        doses, volumes = np.concatenate(self._dose), np.concatenate(self._volume)
        outer = np.repeat(self._outer, [len(d) for d in self._dose])
        return doses, np.where(outer, 0.0, volumes), np.where(outer, volumes, 0.0)

    def sorted(self) -> tuple[Floats, Floats, Floats]:
        """Return ascending doses, with the volume of the inner and of the outer slabs."""
        if self._steps is None:
            doses, inner, outer = self._joined()
            order = np.argsort(doses)
            return doses[order], inner[order], outer[order]
        self._flush(self._steps)
        total = self._steps[0] + self._steps[1]
        kept = total > 0
        return self._steps[2][kept] / total[kept], self._steps[0][kept], self._steps[1][kept]


def volume_quantiles(
    dose_gy: Floats, *, volume_ml: Floats, share_frac: Sequence[float]
) -> tuple[float, ...]:
    """Return the doses (Gy) that the hottest shares of the volume have at least; 0 without volume.

    ``dose_gy`` ascends; the distribution is linear between the middles of its weights.
    """
    kept = volume_ml > 0
    if not kept.all():
        dose_gy, volume_ml = dose_gy[kept], volume_ml[kept]
    if not dose_gy.size:
        return (0.0,) * len(share_frac)
    middles = np.cumsum(volume_ml)
    whole = middles[-1]
    middles -= volume_ml / 2
    at = (1 - np.asarray(share_frac, dtype=float)) * whole
    return tuple(np.interp(at, middles, dose_gy).tolist())
