"""The distribution of the blood dose: a weighted sample that answers volume and dose questions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.blood.kill import Kill

__all__ = ["DoseHistogram"]

_FOLD_BINS = 16384


@dataclass(frozen=True, slots=True, eq=False)
class DoseHistogram:
    """Blood dose as an empirical distribution: ``volume_frac`` (k,) of the blood got ``dose_gy``.

    Doses (k,) ascend, shares add up to 1. Of a simulation each entry is one particle.
    """

    dose_gy: NDArray[np.float64]
    volume_frac: NDArray[np.float64]

    @property
    def mean_gy(self) -> float:
        """Mean blood dose (Gy)."""
        return float(self.dose_gy @ self.volume_frac)

    @property
    def sd_gy(self) -> float:
        """Standard deviation of the blood dose (Gy)."""
        return float(np.sqrt((self.dose_gy - self.mean_gy) ** 2 @ self.volume_frac))

    @property
    def unirradiated_frac(self) -> float:
        """Share of the blood without any dose."""
        return float(self.volume_frac[: np.searchsorted(self.dose_gy, 0.0, side="right")].sum())

    def volume_above_frac(self, dose_gy: ArrayLike) -> NDArray[np.float64]:
        """Share of the blood with more than each dose (Gy); V1Gy is ``volume_above_frac(1)``."""
        above = np.append(np.cumsum(self.volume_frac[::-1])[::-1], 0.0)
        return np.asarray(above[np.searchsorted(self.dose_gy, dose_gy, side="right")])

    def dose_at_volume_gy(self, volume_frac: ArrayLike) -> NDArray[np.float64]:
        """Least dose (Gy) of the hottest share of the blood; D2 is ``dose_at_volume_gy(0.02)``."""
        below = np.cumsum(self.volume_frac)
        place = np.searchsorted(below, 1 - np.asarray(volume_frac, dtype=float), side="left")
        return np.asarray(self.dose_gy[np.minimum(place, self.dose_gy.size - 1)])

    def survival_frac(self, kill: Kill) -> float:
        """Mean surviving fraction of the cells in blood."""
        return float(kill.surviving_frac(self.dose_gy) @ self.volume_frac)

    def binned(self, edges_gy: ArrayLike) -> NDArray[np.float64]:
        """Share of the blood in each bin between ascending edges (Gy), the last edge included."""
        counts, _ = np.histogram(self.dose_gy, bins=edges_gy, weights=self.volume_frac)
        return counts

    def repeated(self, n_fractions: int) -> "DoseHistogram":
        """Dose after several equal fractions with full mixing in between.

        Characteristic function to the power n on a grid of 16384 bins, each dose shared between
        its two neighbors so that the mean is kept; the share without dose stays exact.
        """
        if n_fractions == 1:
            return self
        return _folded([(self, n_fractions)])

    def added(self, other: "DoseHistogram") -> "DoseHistogram":
        """Dose after this and another, independent dose; by characteristic functions."""
        return _folded([(self, 1), (other, 1)])


def _folded(parts: list[tuple[DoseHistogram, int]]) -> DoseHistogram:
    total = sum(float(part.dose_gy[-1]) * count for part, count in parts)
    if total == 0:
        return parts[0][0]
    # every fraction can reach one bin beyond its largest dose
    width = total / (_FOLD_BINS - 2 * sum(count for _, count in parts))
    transform = np.ones(_FOLD_BINS // 2 + 1, dtype=complex)
    for part, count in parts:
        place = part.dose_gy / width
        low = place.astype(int)
        upper = place - low
        grid = np.bincount(low, part.volume_frac * (1 - upper), minlength=_FOLD_BINS)
        grid[1:] += np.bincount(low, part.volume_frac * upper, minlength=_FOLD_BINS)[:-1]
        # a dose below one bin would be counted as none
        lost = grid[0] - part.unirradiated_frac
        grid[0] -= lost
        grid[1] += lost
        transform *= np.fft.rfft(grid) ** count
    folded = np.fft.irfft(transform, _FOLD_BINS)
    kept = folded > 1e-15
    doses: NDArray[np.float64] = width * np.arange(_FOLD_BINS, dtype=np.float64)[kept]
    return DoseHistogram(doses, folded[kept] / float(folded[kept].sum()))
