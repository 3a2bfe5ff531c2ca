"""Dose in a region: the volume that has each dose, and what is read from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from abscope.dose.collecting import Collected, volume_quantiles
from abscope.dose.dvh_findings import region_findings
from abscope.dose.geometry.grid import DoseGrid, Floats, Grid
from abscope.dose.geometry.planes import Cap, PlaneStack, plane_stack
from abscope.dose.regions import VoxelSum
from abscope.dose.results import Dvh
from abscope.dose.sampling import (
    Resampling,
    region_samples,
    resolved,
    rough_volume_ml,
    voxel_ml,
)
from abscope.dose.structures import Roi
from abscope.errors import Problem, UsageError

__all__ = [
    "DvhSettings",
    "cumulative_curve",
    "dose_at_volume",
    "doses_at_volumes",
    "dvh",
    "dvh_and_voxels",
    "dvh_of",
    "histogram_per_fraction",
    "max_dose",
    "mean_dose",
    "min_dose",
    "quantile_table",
    "top_dose",
    "total_volume",
    "volume_at_dose",
]

#: The hottest volume (ml) whose dose stands for the maximum, by the convention of trial protocols.
_TOP_ML = 0.03
_MOST_SUB_SLICES = 16


@dataclass(frozen=True, slots=True)
class DvhSettings:
    """How a region is sampled: rule for the end planes, cells per voxel (None: by size), method."""

    cap: Cap = "half"
    k: int | None = None
    kz: int | None = None
    method: Resampling = "auto"

    def __post_init__(self) -> None:
        """Raise UsageError where a setting is not one that exists."""
        wrong = [
            Problem("dvh settings", f"{name} is {value!r}", expected, "Give one of them.")
            for name, value, expected, fits in (
                ("cap", self.cap, "'half' or 'full'", self.cap in ("half", "full")),
                ("k", self.k, "1 to 64 or None", self.k is None or 1 <= self.k <= 64),
                ("kz", self.kz, "1 to 64 or None", self.kz is None or 1 <= self.kz <= 64),
                (
                    "method",
                    self.method,
                    "'auto', 'linear' or 'cubic'",
                    self.method in ("auto", "linear", "cubic"),
                ),
            )
            if not fits
        ]
        if wrong:
            raise UsageError(wrong)


def dvh(
    roi: Roi,
    *,
    dose: DoseGrid,
    plane_spacing_mm: float | None = None,
    settings: DvhSettings | None = None,
) -> Dvh:
    """Return the volume (ml) of a region at each dose (Gy), as a weighted distribution.

    The region is the exact area of its contours in each cell of the dose grid times the slab of
    each plane (see `geometry.raster` and `geometry.planes`); the dose of a cell is interpolated at
    its center. ``plane_spacing_mm`` is the spacing of the image (`StructureSet.plane_spacing_mm`),
    used only where the region has one plane. Volume outside the grid is in ``outside_ml`` and has
    no dose. About a million samples or more are merged into 2^20 steps of dose, each with its own
    mean dose, so that memory stays bounded: no dose moves by more than a millionth of the largest.

    The result carries the findings about the region (``findings``). A region without a usable
    contour gives an empty distribution and says so. Raises DicomError where the planes are not
    parallel, or a single plane has no known thickness.
    """
    stack = plane_stack(roi, grid=dose.grid, plane_spacing_mm=plane_spacing_mm)
    return _of_stack(stack, dose, settings or DvhSettings())[0]


def dvh_and_voxels(
    roi: Roi,
    *,
    dose: DoseGrid,
    plane_spacing_mm: float | None = None,
    settings: DvhSettings | None = None,
    keep_voxels: bool = True,
) -> tuple[Dvh, VoxelSum | None]:
    """Return what `dvh` does, and the voxels of the dose that the region covers, drawn only once.

    The voxels are those of `regions.covered_voxels`; None without ``keep_voxels``,
    and for a region oblique to the grid, which is sampled in another way there. Raises what `dvh`
    does.
    """
    stack = plane_stack(roi, grid=dose.grid, plane_spacing_mm=plane_spacing_mm)
    return _of_stack(stack, dose, settings or DvhSettings(), voxels=keep_voxels)


def _of_stack(
    stack: PlaneStack, dose: DoseGrid, settings: DvhSettings, *, voxels: bool = False
) -> tuple[Dvh, VoxelSum | None]:
    n_voxels = max(round(rough_volume_ml(stack) / voxel_ml(dose.grid)), 1)
    sampling = resolved(
        n_voxels,
        slab_planes=_planes_in_a_slab(stack, dose.grid),
        k=settings.k,
        kz=settings.kz,
        method=settings.method,
    )
    collected = Collected(dose, expected=2 * n_voxels * sampling.k**2 * sampling.kz)
    drawn = VoxelSum(stack, grid=dose.grid, cap=settings.cap) if voxels and stack.aligned else None
    keep = partial(drawn.add, k=sampling.k) if drawn is not None else None
    for samples in region_samples(stack, dose=dose, sampling=sampling, seen=keep):
        collected.add(samples)
    doses, inner, outer = collected.sorted()
    chosen = inner + outer if settings.cap == "full" else inner
    kept = chosen > 0
    outside = collected.outside_ml[0]
    if settings.cap == "full":
        outside += collected.outside_ml[1]
    volumes = chosen[kept]
    (full,) = volume_quantiles(doses, volume_ml=inner + outer, share_frac=(0.98,))
    (half,) = volume_quantiles(doses, volume_ml=inner, share_frac=(0.98,))
    result = Dvh(
        dose_gy=doses[kept],
        volume_ml=volumes,
        outside_ml=outside,
        n_planes=len(stack.planes),
        plane_spacing_mm=stack.spacing_mm,
        n_dose_voxels=round(float(volumes.sum()) / voxel_ml(dose.grid)),
        d98_spread_gy=abs(full - half),
        volume_spread_ml=float(outer.sum()) + collected.outside_ml[1],
    )
    found = region_findings(stack.name, curve=result, overlap_ml=collected.overlap_ml)
    result = replace(result, findings=(*stack.findings, *found))
    return result, drawn


def _planes_in_a_slab(stack: PlaneStack, grid: Grid) -> int:
    if stack.spacing_mm is None:
        return 1
    ratio = stack.spacing_mm / float(np.median(np.diff(grid.offsets_mm)))
    return int(np.clip(np.ceil(ratio - 1e-6), 1, _MOST_SUB_SLICES))


def dvh_of(dose_gy: Floats, *, volume_ml: Floats, outside_ml: float = 0.0) -> Dvh:
    """Return the distribution of doses (n,) with volumes (n,), for a dose summed over courses.

    It has no planes and no spread of end planes: take those from the region's own `dvh`.
    """
    kept = volume_ml > 0
    order = np.argsort(dose_gy[kept], kind="stable")
    return Dvh(
        dose_gy=np.asarray(dose_gy, float)[kept][order],
        volume_ml=np.asarray(volume_ml, float)[kept][order],
        outside_ml=outside_ml,
        n_planes=0,
        plane_spacing_mm=None,
        n_dose_voxels=int(kept.sum()),
        d98_spread_gy=0.0,
        volume_spread_ml=0.0,
    )


def total_volume(curve: Dvh) -> float:
    """Return the volume (ml) of the region, inside and outside the dose grid."""
    return float(curve.volume_ml.sum()) + curve.outside_ml


def mean_dose(curve: Dvh) -> float | None:
    """Return the mean dose (Gy) inside the grid: sum(v d) / sum(v); None without volume there."""
    if not curve.dose_gy.size:
        return None
    # einsum: `@` wakes threads of BLAS, which take longer to wake than this takes
    return float(np.einsum("i,i", curve.dose_gy, curve.volume_ml) / curve.volume_ml.sum())


def min_dose(curve: Dvh) -> float | None:
    """Return the smallest dose (Gy) of the part inside the grid; None without one."""
    return float(curve.dose_gy[0]) if curve.dose_gy.size else None


def max_dose(curve: Dvh) -> float | None:
    """Return the largest dose (Gy) of the part inside the grid; None without one."""
    return float(curve.dose_gy[-1]) if curve.dose_gy.size else None


def top_dose(curve: Dvh, *, volume_ml: float = _TOP_ML) -> float | None:
    """Return the dose (Gy) that the hottest ``volume_ml`` have at least, by default 0.03 ml.

    In a region smaller than that it is the largest dose. None without volume inside the grid.
    """
    if not curve.dose_gy.size:
        return None
    whole = float(curve.volume_ml.sum())
    if whole <= volume_ml:
        return max_dose(curve)
    return dose_at_volume(curve, volume_frac=volume_ml / whole)


def dose_at_volume(curve: Dvh, *, volume_frac: float) -> float | None:
    """Return D_v (Gy): the dose that a share ``volume_frac`` of the volume inside has at least.

    D98 is ``volume_frac=0.98``. The distribution is interpolated linearly between the middles of
    its weights: D_v = interp(1 - v; (W_i - w_i / 2) / W, d_i). None without volume inside the grid.
    """
    return doses_at_volumes(curve, volume_frac=(volume_frac,))[0]


def doses_at_volumes(curve: Dvh, *, volume_frac: Sequence[float]) -> tuple[float | None, ...]:
    """Return `dose_at_volume` (Gy) of several shares, for the price of one."""
    if not curve.dose_gy.size:
        return (None,) * len(volume_frac)
    return volume_quantiles(curve.dose_gy, volume_ml=curve.volume_ml, share_frac=volume_frac)


def volume_at_dose(curve: Dvh, *, dose_gy: float) -> float:
    """Return V_d (ml): the volume inside the grid that has ``dose_gy`` or more."""
    first = int(np.searchsorted(curve.dose_gy, dose_gy, side="left"))
    return float(curve.volume_ml[first:].sum())


def cumulative_curve(curve: Dvh, *, dose_gy: Floats) -> Floats:
    """Return the volume (ml) with at least each of ``dose_gy`` (m,)."""
    above = np.concatenate([np.cumsum(curve.volume_ml[::-1])[::-1], [0.0]])
    at: Floats = above[np.searchsorted(curve.dose_gy, dose_gy, side="left")]
    return at


def quantile_table(curve: Dvh, *, n: int = 4096) -> Floats:
    """Return the doses (n,) in Gy, ascending, of n equal shares of the volume inside the grid.

    Entry i is the dose at the cumulative share (i + 1/2) / n: a compact form to store. Empty
    without volume inside the grid.
    """
    if not curve.dose_gy.size:
        return np.zeros(0)
    middles = np.cumsum(curve.volume_ml) - curve.volume_ml / 2
    shares = (np.arange(n) + 0.5) / n * float(curve.volume_ml.sum())
    table: Floats = np.interp(shares, middles, curve.dose_gy)
    return table


def histogram_per_fraction(curve: Dvh, *, n_fractions: int, n: int = 200) -> tuple[Floats, Floats]:
    """Return the dose per fraction (Gy) and the volume (ml) of up to n steps of equal width.

    The dose of a step is the mean of what falls into it, so that volume and integral dose are kept.
    """
    if n_fractions < 1:
        raise UsageError(
            Problem("histogram per fraction", f"n_fractions is {n_fractions}", "1 or more", "")
        )
    if not curve.dose_gy.size:
        return np.zeros(0), np.zeros(0)
    top = max(float(curve.dose_gy[-1]), 1e-12)
    step = np.minimum((curve.dose_gy / top * n).astype(np.intp), n - 1)
    volume: Floats = np.bincount(step, curve.volume_ml, n).astype(float)
    product = np.bincount(step, curve.volume_ml * curve.dose_gy, n)
    kept = volume > 0
    return product[kept] / volume[kept] / n_fractions, volume[kept]
