"""Points of which none is better in everything than another, and the one nearest to the ideal."""

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats

__all__ = ["compromise", "layers", "non_dominated", "spread_out"]


def non_dominated(losses: Floats) -> NDArray[np.bool_]:
    """Return which points (points, goals) no other beats: losses, the smaller the better.

    A point is beaten by one that is nowhere worse and somewhere better; of equal points the first
    stays.

    >>> non_dominated(np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]])).tolist()
    [True, True, False, False]
    """
    worse = (losses[:, None, :] >= losses[None, :, :]).all(axis=2)
    strictly = (losses[:, None, :] > losses[None, :, :]).any(axis=2)
    same = worse & ~strictly
    earlier = np.tri(len(losses), k=-1, dtype=bool)
    return np.asarray(~((worse & strictly) | (same & earlier)).any(axis=1))


def layers(losses: Floats, *, most: int) -> list[int]:
    """Return the points front by front: those no other beats, then those only they beat.

    Whole fronts as long as there are fewer than ``most``; at most so many.

    >>> layers(np.array([[1.0], [3.0], [2.0]]), most=2)
    [0, 2]
    """
    left = np.arange(len(losses))
    out: list[int] = []
    while len(left) and len(out) < most:
        front = non_dominated(losses[left])
        out += left[front].tolist()
        left = left[~front]
    return out[:most]


def compromise(losses: Floats) -> int:
    """Return the point nearest to the best of every goal, each goal scaled to its range.

    >>> compromise(np.array([[0.0, 1.0], [0.4, 0.4], [1.0, 0.0]]))
    1
    """
    low, high = losses.min(axis=0), losses.max(axis=0)
    scaled = (losses - low) / np.where(high > low, high - low, 1.0)
    return int(np.argmin(np.sqrt((scaled**2).sum(axis=1))))


def spread_out(losses: Floats, *, most: int) -> list[int]:
    """Return at most so many points: the best of each goal first, then the farthest from those.

    >>> spread_out(np.array([[0.0, 4.0], [1.0, 3.0], [2.0, 2.0], [4.0, 0.0]]), most=3)
    [0, 3, 2]
    """
    low, high = losses.min(axis=0), losses.max(axis=0)
    scaled = (losses - low) / np.where(high > low, high - low, 1.0)
    chosen = list(dict.fromkeys(int(k) for k in scaled.argmin(axis=0)))[:most]
    while len(chosen) < min(most, len(losses)):
        gaps = np.abs(scaled[:, None, :] - scaled[chosen][None]).sum(axis=2).min(axis=1)
        if gaps.max() <= 0.0:
            break
        chosen.append(int(np.argmax(gaps)))
    return chosen
