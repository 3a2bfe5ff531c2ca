"""A region as samples of dose with the volume each stands for, slab by slab."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

from abscope.dose.geometry.grid import DoseGrid, Floats, Grid
from abscope.dose.geometry.interpolate import DoseWindow, Method, dose_at, plane_edges_mm
from abscope.dose.geometry.planes import Plane, PlaneStack, Slab
from abscope.dose.geometry.raster import Coverage, combined_coverage, polygon_area

__all__ = [
    "ML_PER_MM3",
    "Resampling",
    "Samples",
    "Sampling",
    "oblique_cells",
    "plane_coverage",
    "region_samples",
    "resolved",
    "rough_volume_ml",
    "sub_slices",
    "voxel_ml",
]

ML_PER_MM3 = 1e-3
_FINE = 20_000  # a region of this many voxels or more is large against one voxel
_SAMPLES = 80_000
_MOST_K = 8
_MOST_KZ = 4
_MOST_CELLS = 16_000_000
_ROUNDING = 1e-9  # of sums of areas

Resampling = Literal["auto"] | Method


@dataclass(frozen=True, slots=True)
class Sampling:
    """k x k cells per dose voxel in the plane, kz sub-slices per slab, and the interpolation."""

    k: int
    kz: int
    method: Method


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Doses (n,) of one slab and the volume (n,) that each stands for.

    ``outside_ml`` of the slab lies outside the dose grid. ``overlap_ml`` is covered twice.
    """

    dose_gy: Floats
    volume_ml: Floats
    outside_ml: float
    outer: bool
    overlap_ml: float


def voxel_ml(grid: Grid) -> float:
    """Return the volume of a voxel between planes of median spacing."""
    step = float(np.median(np.diff(grid.offsets_mm)))
    return abs(float(np.linalg.det(grid.affine[:3, :3]))) * step * ML_PER_MM3


def resolved(
    n_voxels: int,
    *,
    slab_planes: int = 1,
    k: int | None = None,
    kz: int | None = None,
    method: Resampling = "auto",
) -> Sampling:
    """Return how finely a region of ``n_voxels`` dose voxels is sampled; what is given is kept.

    k = ceil((80000 / n)^(1/3)) from 1 to 8; kz = min(k, 4), at least one sub-slice per dose plane
    in a slab (``slab_planes``). ``auto`` is the spline for regions of
    fewer than 20000 voxels and linear interpolation for larger ones, where the difference is small
    against the size of the region.
    """
    found = int(np.clip(np.ceil((_SAMPLES / max(n_voxels, 1)) ** (1 / 3)), 1, _MOST_K))
    k = found if k is None else k
    kz = max(min(k, _MOST_KZ), slab_planes) if kz is None else kz
    if method == "auto":
        return Sampling(k, kz, "cubic" if n_voxels < _FINE else "linear")
    return Sampling(k, kz, method)


def rough_volume_ml(stack: PlaneStack) -> float:
    """Return the volume (ml) without overlaps, to choose how finely the region is sampled."""
    mm3 = 0.0
    for plane in stack.planes:
        low, high = plane.extent_mm("half")
        areas = [abs(polygon_area(polygon)) for polygon in plane.polygons]
        mm3 += (high - low) * sum(s * a for s, a in zip(plane.signs, areas, strict=True))
    return mm3 * stack.cell_mm2 * ML_PER_MM3


def plane_coverage(plane: Plane, *, k: int, rows: int, columns: int) -> Coverage:
    """Return the share of each cell that a plane of a region covers."""
    return combined_coverage(
        plane.polygons,
        signs=plane.signs,
        k=k,
        grid_rows_columns=(rows, columns),
        exclusive=plane.exclusive,
    )


def region_samples(
    stack: PlaneStack,
    *,
    dose: DoseGrid,
    sampling: Sampling,
    seen: Callable[[Plane, Coverage], None] | None = None,
) -> Iterator[Samples]:
    """Yield the samples of each slab of a region, one plane at a time to keep memory small.

    ``seen`` receives the coverage of each plane that is parallel to the planes of the dose.
    """
    edges = plane_edges_mm(dose.grid)
    for plane in stack.planes:
        if stack.aligned:
            k, rows, columns = sampling.k, dose.grid.rows, dose.grid.columns
            cover = plane_coverage(plane, k=k, rows=rows, columns=columns)
            if seen is not None:
                seen(plane, cover)
            ends = float(edges[0]), float(edges[-1])
            yield from _aligned(stack, (plane, cover), dose, sampling, ends)
            continue
        index, ml_per_mm, beyond = oblique_cells(stack, plane=plane, grid=dose.grid, k=sampling.k)
        for slab in plane.slabs:
            samples = _oblique_slab(stack, slab, dose, sampling, (index, ml_per_mm))
            outside = samples.outside_ml + beyond * (slab.high_mm - slab.low_mm)
            yield replace(samples, outside_ml=outside)


def sub_slices(low_mm: float, high_mm: float, kz: int) -> tuple[Floats, float]:
    """Return the middles (kz,) of equal slices (mm) and the thickness of one (mm)."""
    thickness = (high_mm - low_mm) / kz
    at: Floats = low_mm + (np.arange(kz, dtype=np.float64) + 0.5) * thickness
    return at, thickness


def _aligned(
    stack: PlaneStack,
    covered_plane: tuple[Plane, Coverage],
    dose: DoseGrid,
    sampling: Sampling,
    ends: tuple[float, float],
) -> Iterator[Samples]:
    k = sampling.k
    plane, cover = covered_plane
    ml_per_mm = stack.cell_mm2 / (k * k) * ML_PER_MM3
    covered = cover.share_frac > 0
    share = cover.share_frac[covered]
    inside_cells = float(share.sum())
    beyond = max(cover.total_cells - inside_cells, 0.0)
    if beyond < _ROUNDING * max(cover.total_cells, 1.0):
        beyond = 0.0
    window = DoseWindow(dose, k=k, row=cover.row, column=cover.column, cells=covered.shape)
    evaluate = window.cubic if sampling.method == "cubic" else window.linear
    for slab in plane.slabs:
        whole = slab.high_mm - slab.low_mm
        low, high = max(slab.low_mm, ends[0]), min(slab.high_mm, ends[1])
        within = max(high - low, 0.0)
        outside = ml_per_mm * (beyond * within + cover.total_cells * (whole - within))
        overlap = cover.overlap_cells * ml_per_mm * whole
        if not within or not share.size:
            yield Samples(np.zeros(0), np.zeros(0), outside, slab.outer, overlap)
            continue
        at, thickness = sub_slices(low, high, sampling.kz)
        levels = evaluate(at)
        doses = levels[:, covered].reshape(-1)
        volumes = np.tile(share * (ml_per_mm * thickness), len(at))
        yield Samples(doses, volumes, outside, slab.outer, overlap)


def oblique_cells(
    stack: PlaneStack, *, plane: Plane, grid: Grid, k: int
) -> tuple[Floats, Floats, float]:
    """Return the cells of a plane near a grid, the volume of each, and what is beyond them.

    The cells are (column, row, 0) (n, 3) in the index space of the stack, k x k per unit or fewer
    where a plane is huge; the volumes (n,) are ml per mm along the normal, and so is the volume
    that lies farther out than any corner of the grid.
    """
    corners = _stack_index(stack, _grid_corners(grid))
    drawn = np.concatenate(plane.polygons)
    low = np.floor(np.maximum(drawn.min(axis=0), corners.min(axis=0)[:2]))
    high = np.ceil(np.minimum(drawn.max(axis=0), corners.max(axis=0)[:2])) + 1
    size = np.maximum(high - low, 1.0)
    k = min(k, max(1, int((_MOST_CELLS / float(size.prod())) ** 0.5)))
    shifted = replace(plane, polygons=tuple(p - low for p in plane.polygons))
    cover = plane_coverage(shifted, k=k, rows=int(size[1]), columns=int(size[0]))
    ml_per_mm = stack.cell_mm2 / (k * k) * ML_PER_MM3
    row, column = np.nonzero(cover.share_frac > 0)
    share = cover.share_frac[row, column]
    index: Floats = np.zeros((len(row), 3))
    index[:, 0] = (column + cover.column + 0.5) / k - 0.5 + low[0]
    index[:, 1] = (row + cover.row + 0.5) / k - 0.5 + low[1]
    beyond = cover.total_cells - float(share.sum())
    if beyond < _ROUNDING * cover.total_cells:
        beyond = 0.0
    return index, share * ml_per_mm, beyond * ml_per_mm


def _grid_corners(grid: Grid) -> Floats:
    edges = plane_edges_mm(grid)
    ends = ((-0.5, grid.columns - 0.5), (-0.5, grid.rows - 0.5), (edges[0], edges[-1]))
    return grid.points_mm(np.array(list(product(*ends)), dtype=float))


def _stack_index(stack: PlaneStack, points_mm: Floats) -> Floats:
    """Return (column, row, offset in mm) (n, 3) in the stack's planes of points in the patient."""
    found: Floats = (points_mm - stack.affine[:3, 3]) @ np.linalg.inv(stack.affine[:3, :3]).T
    return found


def _oblique_slab(
    stack: PlaneStack,
    slab: Slab,
    dose: DoseGrid,
    sampling: Sampling,
    cells: tuple[Floats, Floats],
) -> Samples:
    index, ml_per_mm = cells
    at, thickness = sub_slices(slab.low_mm, slab.high_mm, sampling.kz)
    doses, volumes, outside = [], [], 0.0
    for offset in at:
        index[:, 2] = offset
        points = index @ stack.affine[:3, :3].T + stack.affine[:3, 3]
        values = dose_at(points, dose=dose, method=sampling.method)
        known = ~np.isnan(values)
        doses.append(values[known])
        volumes.append(ml_per_mm[known] * thickness)
        outside += float(ml_per_mm[~known].sum()) * thickness
    return Samples(np.concatenate(doses), np.concatenate(volumes), outside, slab.outer, 0.0)
