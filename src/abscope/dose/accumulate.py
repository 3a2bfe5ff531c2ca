"""Doses of several courses summed voxel by voxel on one grid, or bounded where that is impossible.

With D_c the delivered dose of course c in a voxel, n_c its delivered fractions, r = alpha/beta:

    physical  sum of D_c
    BED       sum of D_c (1 + D_c / (n_c r))
    EQD2      sum of D_c (D_c / n_c + r) / (2 + r)

A voxel that lies outside the grid of any course has no sum: NaN, and how many courses cover it is
kept. Neglected: repair and repopulation between courses, and every change of the anatomy between
them, since only rigid transforms are known; sums in organs that move or shrink are wrong by that.

Where no registration joins the courses, only bounds hold. Means add exactly. A dose that 98 % of a
lesion gets lies between the best choice of quantiles that must overlap and the worst that may
(Makarov 1981, Theory Probab Appl 26:803): these are at least as tight as the sums of the minima and
of the maxima.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from abscope.dose.courses import Course
from abscope.dose.geometry.grid import DoseGrid, Floats, Grid
from abscope.dose.geometry.interpolate import Method, dose_at
from abscope.dose.radiobiology.bed import voxel_bed_gy, voxel_eqd2_gy
from abscope.dose.transforms import move_dose
from abscope.errors import Problem, UsageError

__all__ = [
    "Accumulated", "Effect", "Reference", "accumulate", "quantile_bounds",
    "voxel_effect",
]  # fmt: skip

Effect = Literal["physical", "bed", "eqd2"]

#: Parts that the open share is split into for the bounds; any split gives a valid bound.
_PARTS = 100
#: Voxel centers that are looked up at once, to bound the memory.
_CHUNK = 1 << 19


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The grid that courses are summed on, and how each gets there.

    ``to_frame`` has the matrix (4, 4) from the frame of each course, by its name, to ``frame_uid``.
    """

    grid: Grid
    frame_uid: str
    to_frame: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Accumulated:
    """The sum on one grid: ``dose`` in Gy, NaN where not every course covers the voxel.

    ``n_covering`` (planes, rows, columns) counts the courses whose grid holds the voxel;
    ``alpha_beta_gy`` is None for a physical dose.
    """

    dose: DoseGrid
    n_covering: NDArray[np.int64]
    effect: Effect
    alpha_beta_gy: float | None
    courses: tuple[str, ...]

    @property
    def covered_frac(self) -> float:
        """Share of the voxels that every course covers."""
        return float(np.mean(self.n_covering == len(self.courses)))


def voxel_effect(
    dose_gy: Floats, *, n_fractions: int | None, effect: Effect, alpha_beta_gy: float | None
) -> Floats:
    """Return delivered doses as they are, as BED or as EQD2 (Gy), each with its own d = D / n.

    NaN, where no dose is known, stays NaN.
    Raises UsageError where BED or EQD2 is asked for without fractions or without alpha/beta > 0.

    >>> voxel_effect(np.array([22.5]), n_fractions=5, effect="bed", alpha_beta_gy=10.0).tolist()
    [32.625]
    """
    if effect == "physical":
        return dose_gy
    problems = []
    if n_fractions is None:
        problems.append(
            Problem(effect, "the number of fractions is unknown", "a number", "State it.")
        )
    if alpha_beta_gy is None or not 0 < alpha_beta_gy < np.inf:
        what = f"alpha/beta is {alpha_beta_gy}"
        problems.append(Problem(effect, what, "a finite number > 0 Gy", "Name the tumor type."))
    if problems or n_fractions is None or alpha_beta_gy is None:
        raise UsageError(problems)
    formula = voxel_bed_gy if effect == "bed" else voxel_eqd2_gy
    known = ~np.isnan(dose_gy)
    found = np.full(dose_gy.shape, np.nan)
    found[known] = formula(
        dose_gy[known], n_fractions=max(n_fractions, 1), alpha_beta_gy=alpha_beta_gy
    )
    return found


def accumulate(
    courses: Sequence[Course],
    *,
    reference: Reference,
    effect: Effect = "physical",
    alpha_beta_gy: float | None = None,
    method: Method = "linear",
) -> Accumulated:
    """Return the sum of courses on the reference grid (Gy).

    Raises UsageError without a course, without the matrix of one, or where BED or EQD2 is asked
    for and fractions or alpha/beta are unknown.
    """
    grid, to_frame = reference.grid, reference.to_frame
    lacking = [course.name for course in courses if course.name not in to_frame]
    if lacking or not courses:
        what = f"no way to the grid for {', '.join(lacking)}" if lacking else "no course"
        raise UsageError(Problem("accumulate", what, "courses with registrations", "Name them."))
    total = np.zeros(grid.shape)
    covering = np.zeros(grid.shape, dtype=np.int64)
    for course in courses:
        moved = move_dose(course.dose, to_frame[course.name], frame_uid=reference.frame_uid)
        values, inside = _on_grid(moved, grid, method)
        total += voxel_effect(
            values, n_fractions=course.n_fractions, effect=effect, alpha_beta_gy=alpha_beta_gy
        )
        covering += inside
    effective = any(course.dose.effective for course in courses)
    return Accumulated(
        dose=DoseGrid(grid, total, reference.frame_uid, effective),
        n_covering=covering,
        effect=effect,
        alpha_beta_gy=None if effect == "physical" else alpha_beta_gy,
        courses=tuple(course.name for course in courses),
    )


def quantile_bounds(
    quantiles: Sequence[Callable[[Floats], Floats]], *, at_frac: float
) -> tuple[float, float]:
    """Return bounds of a quantile of a sum from the quantile functions of its terms.

    ``quantiles`` give the dose (Gy) below which a share of the lesion lies; ``at_frac`` is 0.02 for
    D98 and 0.98 for D2. If a share p_c gets less than Q_c(p_c) in course c, at most the sum of the
    p_c gets less than the sum of the Q_c: the lower bound, for p that sum to ``at_frac``. The upper
    one in the same way for the shares that get more.
    """
    less = np.linspace(0.0, at_frac, _PARTS + 1)
    more = np.linspace(0.0, 1.0 - at_frac, _PARTS + 1)
    low = _best([quantile(less) for quantile in quantiles])
    high = -_best([-quantile(1.0 - more) for quantile in quantiles])
    return low, high


def _best(terms: Sequence[Floats]) -> float:
    """The largest sum of one value of each term whose places sum to the last place."""
    best = terms[0]
    for values in terms[1:]:
        best = np.array([(best[: k + 1] + values[k::-1]).max() for k in range(_PARTS + 1)])
    return float(best[-1])


def _on_grid(dose: DoseGrid, grid: Grid, method: Method) -> tuple[Floats, NDArray[np.bool_]]:
    planes, rows, columns = grid.shape
    per_plane = rows * columns
    row, column = np.divmod(np.arange(per_plane, dtype=float), columns)
    values = np.empty((planes, per_plane))
    inside = np.empty((planes, per_plane), dtype=bool)
    step = max(_CHUNK // per_plane, 1)
    for start in range(0, planes, step):
        offsets = grid.offsets_mm[start : start + step]
        index = np.column_stack(
            [np.tile(column, len(offsets)), np.tile(row, len(offsets)), offsets.repeat(per_plane)]
        )
        points = grid.points_mm(index)
        found = dose_at(points, dose=dose, method=method)
        part = np.isfinite(found)
        values[start : start + step] = found.reshape(len(offsets), per_plane)
        inside[start : start + step] = part.reshape(len(offsets), per_plane)
    return values.reshape(grid.shape), inside.reshape(grid.shape)
