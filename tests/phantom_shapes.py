"""Grids and contours of known shape and volume, for tests of the dose room."""

from collections.abc import Iterable, Sequence

import numpy as np

from abscope.dose.geometry.grid import Grid
from abscope.dose.structures import Contour, Roi


def grid_of(
    shape: tuple[int, int, int],
    *,
    spacing_mm: tuple[float, float, float] = (2.5, 2.5, 2.5),
    origin_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
    orientation: Sequence[float] = (1, 0, 0, 0, 1, 0),
    offsets_mm: Sequence[float] | None = None,
) -> Grid:
    """Return a grid of (planes, rows, columns) with spacings in that order.

    ``orientation`` is DICOM's: the direction along a row (column index grows), then down a column.
    """
    along, down = np.array(orientation[:3], float), np.array(orientation[3:], float)
    affine = np.eye(4)
    affine[:3, 0] = along * spacing_mm[2]
    affine[:3, 1] = down * spacing_mm[1]
    affine[:3, 2] = np.cross(along, down)
    affine[:3, 3] = origin_mm
    offsets = np.arange(shape[0]) * spacing_mm[0] if offsets_mm is None else np.array(offsets_mm)
    return Grid(affine, offsets.astype(float), shape[1], shape[2])


def centers_mm(grid: Grid) -> np.ndarray:
    """Return the centers of all voxels (planes, rows, columns, 3) in the patient."""
    k, j, i = np.meshgrid(
        grid.offsets_mm, np.arange(grid.rows), np.arange(grid.columns), indexing="ij"
    )
    index = np.stack([i, j, k], axis=-1).reshape(-1, 3).astype(float)
    return grid.points_mm(index).reshape(*grid.shape, 3)


def circle(
    center_mm: tuple[float, float], radius_mm: float, z_mm: float, n: int = 180
) -> np.ndarray:
    """Return a circle (n, 3) on an axial plane, with the area of the true circle."""
    turn = np.arange(n) * 2 * np.pi / n
    grown = radius_mm * np.sqrt(2 * np.pi / n / np.sin(2 * np.pi / n))
    x, y = center_mm[0] + grown * np.cos(turn), center_mm[1] + grown * np.sin(turn)
    return np.column_stack([x, y, np.full(n, z_mm)])


def roi_of(
    name: str, contours: Iterable[np.ndarray], *, number: int = 1, role: str = "", kind: str = ""
) -> Roi:
    """Return a region from arrays of points (n, 3)."""
    kind = kind or "CLOSED_PLANAR"
    return Roi(number, name, tuple(Contour(np.asarray(c, float), kind) for c in contours), role)


def sphere(
    name: str,
    center_mm: tuple[float, float, float],
    radius_mm: float,
    *,
    spacing_mm: float = 1.0,
    number: int = 1,
    role: str = "GTV",
) -> Roi:
    """Return a sphere whose planes lie half a spacing off its poles, on its center or both."""
    x, y, z = center_mm
    steps = np.arange(-radius_mm + spacing_mm / 2, radius_mm, spacing_mm)
    rings = [circle((x, y), float(np.sqrt(radius_mm**2 - h**2)), z + float(h)) for h in steps]
    return roi_of(name, rings, number=number, role=role)


def cylinder(
    name: str,
    center_mm: tuple[float, float, float],
    radius_mm: float,
    height_mm: float,
    *,
    spacing_mm: float = 1.0,
    number: int = 1,
) -> Roi:
    """Return an upright cylinder; full end slabs give exactly its height."""
    x, y, z = center_mm
    steps = np.arange(-height_mm / 2 + spacing_mm / 2, height_mm / 2, spacing_mm)
    rings = [circle((x, y), radius_mm, z + float(h)) for h in steps]
    return roi_of(name, rings, number=number)


def box(
    name: str,
    low_mm: tuple[float, float, float],
    high_mm: tuple[float, float, float],
    *,
    spacing_mm: float = 1.0,
    number: int = 1,
) -> Roi:
    """Return an upright box; full end slabs give exactly its height."""
    (x0, y0, z0), (x1, y1, z1) = low_mm, high_mm
    planes = np.arange(z0 + spacing_mm / 2, z1, spacing_mm)
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return roi_of(name, [np.array([(x, y, z) for x, y in corners]) for z in planes], number=number)
