"""Where in its prior a case is explained, and what its data tell there: the way to a subspace.

Draws of the prior are simulated; the best of them and the middle of the prior are starts. From each
a few Gauss-Newton steps in all smooth quantities go uphill, and the information of the data is kept
at every point on the way that is nearly as good as the best, and at draws around the best, so that
directions which matter only there are found as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.case_model import CaseModel
from abscope.infer.computed import Computed
from abscope.infer.latents import choice_names, smooth_names

__all__ = ["Scouted", "scouted"]

#: Settings: draws of the prior that are tried, starts, steps from each, draws about the best.
_DRAWS, _STARTS, _STEPS, _AROUND = 192, 4, 2, 3
#: Setting: draws with the strongest response in which quantities are looked for that matter.
_STRONGEST = 4
#: Settings: further steps from the best start, and what ends them (deviates).
_MOST_STEPS, _SMALL_STEP = 5, 0.05
#: Setting: quantities with less than this share of what each reading tells are left out.
_SLIGHT = 1e-6
#: Settings: one that moves a reading by this share of its error at another start, or in a draw with
#: a strong response, is not left out.
_MOVES, _MOVES_STRONGEST = 0.05, 0.005
#: Setting: points this far (log posterior) below the best still count for the directions.
_NEARLY = 8.0
#: Settings: a choice counts where it moves a reading by this many standard deviations; at most so
#: many count.
_CHOICE_COUNTS, _MOST_CHOICES = 0.5, 6
#: Setting: below this it is left out.
_CHOICE_SLIGHT = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Scouted:
    """Rows of information (rows, names), starts (starts, names) best first.

    ``choices`` are the places of the choices and times that move a reading much, ``others`` of all
    that move one at all, ``smooth`` of the smooth quantities that do.
    """

    rows: Floats
    starts: Floats
    smooth: NDArray[np.int64]
    choices: NDArray[np.int64]
    others: NDArray[np.int64]


def scouted(model: CaseModel, *, seed: int) -> Scouted:
    """Return what is found on the way from the prior to the best points of a case."""
    middle = np.zeros(len(model.names))
    smooth = smooth_names(model, middle)
    others, moved = _choices(model, middle, smooth)
    choices = others[:_MOST_CHOICES][moved[:_MOST_CHOICES] > _CHOICE_COUNTS]
    starts, strongest = _starts(model, smooth, choices, seed)
    places = _relevant(model, starts, strongest, smooth)
    way = _Way(model, places)
    for _ in range(_STEPS):
        starts = way.step(starts)
    height = way.look(starts)
    starts = starts[np.argsort(-height)]
    best = way.climb(starts[:1])
    way.look(way.around(best[0], seed))
    starts[:1] = best
    return Scouted(way.rows(best[0]), starts, places, choices, others)


def _starts(
    model: CaseModel, smooth: NDArray[np.bool_], choices: NDArray[np.int64], seed: int
) -> tuple[Floats, Floats]:
    """Return starts, and draws with a strong response.

    The starts are the middle of the prior and the draws that explain the data best.
    """
    draws = np.random.default_rng(seed).standard_normal((_DRAWS, len(model.names)))
    found = model.computed(draws)
    best = np.argsort(-model.log_likelihood(found))[: _STARTS - 1]
    strongest = np.argsort(-_response(model, found))[:_STRONGEST]
    # what is neither smooth nor a choice that counts stays in the middle, as it does in a density
    kept = smooth.copy()
    kept[choices] = True
    middle, drawn = np.zeros((1, len(model.names))), np.where(kept, draws, 0.0)
    return np.concatenate([middle, drawn[best]]), drawn[strongest]


def _response(model: CaseModel, found: Computed) -> Floats:
    """Return by how much the numbers that are read lie below their medians, (draws,).

    It is the sum of squares over readings, each in standard deviations over the draws; what acts
    on tumors and lymphocytes acts most where it is large.
    """
    out, ok = np.zeros(len(found.ok)), found.ok
    if ok.any():
        for _, _, _, number in model.readings(found):
            below = (np.median(number[ok]) - number) / max(float(number[ok].std()), 1e-9)
            out += np.square(np.maximum(below, 0.0))
    return np.where(ok, out, -1.0)


def _relevant(
    model: CaseModel, starts: Floats, strongest: Floats, smooth: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the places of the smooth quantities that matter at some points.

    In the middle, the first of the starts, those that any reading is told by, elsewhere those that
    move one. The middle alone is not enough: at its plateau a count is not told by how fast
    lymphocytes come back, and where T cells do nothing no size is told by what tires them.
    """
    places = np.flatnonzero(smooth)
    squared = np.square(_sharp(model, starts[:1], places)[0])
    share = squared / np.maximum(squared.sum(axis=1, keepdims=True), 1e-300)
    moved = np.sqrt(squared) > _MOVES
    found = places[((share > _SLIGHT) | moved).any(axis=0)]
    for z, moves in ((starts[1:], _MOVES), (strongest, _MOVES_STRONGEST)):
        left = np.setdiff1d(places, found)
        if len(z) and len(left):
            matters = (np.abs(_sharp(model, z, left)) > moves).any(axis=(0, 1))
            found = np.union1d(found, left[matters])
    return np.asarray(found, np.int64)


def _sharp(model: CaseModel, z: Floats, places: NDArray[np.int64]) -> Floats:
    """Return how sharply readings could tell quantities at points z, (points, rows, places)."""
    return model.information(model.computed_along(z, np.eye(z.shape[1])[places])).sharp


class _Way:
    """Steps uphill in some quantities, with what was learned on the way."""

    def __init__(self, model: CaseModel, places: NDArray[np.int64]) -> None:
        self.model, self.places = model, places
        self.seen: list[tuple[float, Floats]] = []
        self.known: dict[bytes, tuple[float, Floats]] = {}
        self.newton: dict[bytes, tuple[Floats, Floats]] = {}

    def look(self, z: Floats) -> Floats:
        """Return the log posterior of points (n, names), and keep what the data tell there."""
        new = z[[point.tobytes() not in self.known for point in z]]
        if len(new):
            slopes = self.model.computed_along(new, np.eye(z.shape[1])[self.places])
            found = self.model.information(slopes)
            height = found.log_likelihood - 0.5 * np.square(new).sum(axis=1)
            for k, point in enumerate(new):
                self.known[point.tobytes()] = (float(height[k]), found.sharp[k])
                self.newton[point.tobytes()] = (found.newton[k], found.gradient[k])
        # a point that is passed again counts again for the directions
        self.seen += [self.known[point.tobytes()] for point in z]
        return np.array([self.known[point.tobytes()][0] for point in z])

    def step(self, z: Floats) -> Floats:
        """Return the points after a Gauss-Newton step each, shortened until it is better."""
        before = self.look(z)
        lengths = 0.25 ** np.arange(4)
        tried = np.repeat(z[:, None, :], len(lengths), axis=1)
        for k, point in enumerate(z):
            j, gradient = self.newton[point.tobytes()]
            uphill = gradient - point[self.places]
            # (I + J^T J)^-1 g = g - J^T (I + J J^T)^-1 J g
            step = uphill - j.T @ np.linalg.solve(np.eye(len(j)) + j @ j.T, j @ uphill)
            step *= min(1.0, 4.0 / max(float(np.linalg.norm(step)), 1e-12))
            tried[k][:, self.places] += lengths[:, None] * step
        flat = tried.reshape(-1, z.shape[1])
        after = self.model.log_likelihood(self.model.computed(flat))
        after = (after - 0.5 * np.square(flat).sum(axis=1)).reshape(len(z), -1)
        chosen = after.argmax(axis=1)
        better = after.max(axis=1) > before
        return np.where(better[:, None], tried[np.arange(len(z)), chosen], z)

    def climb(self, z: Floats) -> Floats:
        """Return one point (1, names) after steps until they gain no more."""
        for _ in range(_MOST_STEPS):
            before, z = z, self.step(z)
            if np.abs(z - before).max() < _SMALL_STEP:
                break
        self.look(z)
        return z

    def around(self, z: Floats, seed: int) -> Floats:
        """Return draws around a point from the normal posterior that was found there."""
        j, _ = self.newton[z.tobytes()]
        white = np.random.default_rng(seed + 1).standard_normal((_AROUND, len(self.places)))
        _, sizes, vectors = np.linalg.svd(j, full_matrices=False)
        shrink = 1.0 / np.sqrt(1.0 + sizes**2) - 1.0
        out = np.repeat(z[None, :], _AROUND, axis=0)
        out[:, self.places] += white + ((white @ vectors.T) * shrink) @ vectors
        return out

    def rows(self, best: Floats) -> Floats:
        """Return rows of information: half of the best point, half of all that are nearly as good.

        First stands the gradient at the best point, along which it lies from the middle of the
        prior, as a reading that is told for sure.
        """
        top = max(height for height, _ in self.seen)
        kept = [rows for height, rows in self.seen if height > top - _NEARLY]
        _, own = self.known[best.tobytes()]
        _, gradient = self.newton[best.tobytes()]
        found = [gradient[None, :], own / np.sqrt(2.0)]
        found += [rows / np.sqrt(2.0 * len(kept)) for rows in kept]
        out = np.zeros((sum(len(rows) for rows in found), len(self.model.names)))
        out[:, self.places] = np.concatenate(found)
        return out


def _choices(
    model: CaseModel, z: Floats, smooth: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Floats]:
    """Return the choices and times that move a reading, the strongest first, and by how much."""
    places = choice_names(model, z, smooth)
    levels = (-1.0, -0.1, 0.1, 1.0)
    moved = np.zeros(len(places))
    if not len(places):
        return places, moved
    points = np.repeat(z[None, :], len(levels) * len(places), axis=0)
    for k, place in enumerate(places):
        points[len(levels) * k : len(levels) * (k + 1), place] = levels
    for _, _, likely, number in model.readings(model.computed(points)):
        known = number.reshape(len(places), len(levels))
        spread = (known.max(axis=1) - known.min(axis=1)) / 2.0
        moved = np.maximum(moved, spread * np.sqrt(likely.sharpness[0]))
    order = np.argsort(-moved)
    order = order[moved[order] > _CHOICE_SLIGHT]
    return np.asarray(places[order], np.int64), moved[order]
