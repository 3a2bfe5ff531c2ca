"""A stack of parallel planes of voxels, placed in the patient by one full affine."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["DoseGrid", "Floats", "Grid", "ImageGrid"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The centers of voxels in the patient (mm, DICOM LPS), for arrays [plane, row, column].

    The center of voxel (k, j, i) is the first three numbers of
    ``affine @ (i, j, offsets_mm[k], 1)``: ``affine`` (4, 4) has the step from column to column and
    from row to row (mm per index), the unit normal of the planes, and the center of row 0, column
    0 at offset 0. ``offsets_mm`` (planes,) increases strictly and need not be uniform. Nothing is
    assumed about how the planes lie in the patient: a prone, feet first, descending or rotated
    stack is the same type.
    """

    affine: Floats
    offsets_mm: Floats
    rows: int
    columns: int

    @property
    def shape(self) -> tuple[int, int, int]:
        """Planes, rows, columns."""
        return self.offsets_mm.shape[0], self.rows, self.columns

    def points_mm(self, index: Floats) -> Floats:
        """Return points (n, 3) in patient coordinates from (column, row, offset in mm) (n, 3)."""
        placed: Floats = index @ self.affine[:3, :3].T + self.affine[:3, 3]
        return placed

    def index_of(self, points_mm: Floats) -> Floats:
        """Return continuous (column, row, offset in mm) (n, 3) of points (n, 3) in the patient."""
        found: Floats = (points_mm - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T
        return found


@dataclass(frozen=True, slots=True, eq=False)
class DoseGrid:
    """Dose in Gy, all fractions of its plan together, in one frame of reference.

    ``dose_gy`` is (planes, rows, columns), float32 or float64. ``effective`` says that a relative
    biological effectiveness is already in the numbers. Outside the grid the dose is unknown.
    """

    grid: Grid
    dose_gy: NDArray[np.floating]
    frame_uid: str
    effective: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ImageGrid:
    """A CT volume in one frame of reference; ``ct_hu`` is (planes, rows, columns)."""

    grid: Grid
    ct_hu: NDArray[np.int16]
    frame_uid: str
