"""Dose in a region: the volume that has each dose, and what is read from it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import DoseGrid, Floats
from abscope.dose.geometry.planes import Cap, PlaneStack, plane_stack
from abscope.dose.results import Dvh
from abscope.dose.sampling import (
    Resampling,
    Samples,
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
    "dvh",
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

_SORTED_UP_TO = 4_000_000
_BINS = 1 << 20
_FLUSH = 1 << 20
#: The volume of the near maximum dose (ml); ICRU 91 and TG-101 use 0.03 to 0.035 cm3.
_TOP_ML = 0.03


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
    no dose. Regions of more than 4 million samples are merged into 2^20 steps of dose, each with
    its own mean dose, so that memory stays bounded: no dose moves by more than a millionth of the
    largest.

    The result carries the findings about the region (``findings``). A region without a usable
    contour gives an empty distribution and says so. Raises DicomError where the planes are not
    parallel, or a single plane has no known thickness.
    """
    settings = settings or DvhSettings()
    stack = plane_stack(roi, grid=dose.grid, plane_spacing_mm=plane_spacing_mm)
    return _of_stack(stack, dose, settings)


def _of_stack(stack: PlaneStack, dose: DoseGrid, settings: DvhSettings) -> Dvh:
    n_voxels = max(round(rough_volume_ml(stack) / voxel_ml(dose.grid)), 1)
    sampling = resolved(n_voxels, k=settings.k, kz=settings.kz, method=settings.method)
    collected = _Collected(dose, merged=2 * n_voxels * sampling.k**2 * sampling.kz > _SORTED_UP_TO)
    for samples in region_samples(stack, dose=dose, sampling=sampling):
        collected.add(samples)
    doses, inner, outer = collected.sorted()
    chosen = inner + outer if settings.cap == "full" else inner
    kept = chosen > 0
    outside = collected.outside_ml[0]
    if settings.cap == "full":
        outside += collected.outside_ml[1]
    volumes = chosen[kept]
    ends = abs(_quantile(doses, inner + outer, 0.98) - _quantile(doses, inner, 0.98))
    result = Dvh(
        dose_gy=doses[kept],
        volume_ml=volumes,
        outside_ml=outside,
        n_planes=len(stack.planes),
        plane_spacing_mm=stack.spacing_mm,
        n_dose_voxels=round(float(volumes.sum()) / voxel_ml(dose.grid)),
        d98_spread_gy=ends,
        volume_spread_ml=float(outer.sum()) + collected.outside_ml[1],
    )
    return replace(
        result, findings=(*stack.findings, *_findings(stack.name, result, collected.overlap_ml))
    )


class _Collected:
    """Samples of all slabs, sorted once; many are merged into fine steps of dose on the way."""

    def __init__(self, dose: DoseGrid, *, merged: bool) -> None:
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


def _quantile(doses: Floats, volumes: Floats, share: float) -> float:
    """Return the dose that the hottest ``share`` of the volume has at least; 0 volume gives 0."""
    kept = volumes > 0
    if not kept.any():
        return 0.0
    middles = np.cumsum(volumes[kept])
    whole = middles[-1]
    middles -= volumes[kept] / 2
    return float(np.interp((1 - share) * whole, middles, doses[kept]))


def _findings(name: str, result: Dvh, overlap_ml: float) -> Iterable[DoseFinding]:
    about = f"region {name}"
    inside = float(result.volume_ml.sum())
    whole = inside + result.outside_ml
    if whole > 0 and result.outside_ml > 1e-3 * whole:
        yield DoseFinding(
            "region_outside_grid",
            "warning",
            about,
            f"{result.outside_ml:.3f} of {whole:.3f} ml ({result.outside_ml / whole:.1%}) lie "
            "outside the dose grid",
            "all of it inside (0.1 % are let pass)",
            "The dose there is unknown: every value holds for the part inside only.",
        )
    if whole > 0 and result.n_dose_voxels < 50:
        yield DoseFinding(
            "few_dose_voxels",
            "warning",
            about,
            f"covers {result.n_dose_voxels} voxels of the dose grid",
            "50 or more",
            "Its D98, D2 and extremes rest on interpolation.",
        )
    d98 = dose_at_volume(result, volume_frac=0.98)
    if d98 is not None and result.d98_spread_gy > max(0.05 * d98, 0.01):
        yield DoseFinding(
            "d98_spread",
            "warning",
            about,
            f"D98 changes by {result.d98_spread_gy:.2f} Gy with the rule for the end planes",
            f"at most 5 % of D98 ({d98:.2f} Gy) or 0.01 Gy",
            "Report D98 with this spread.",
        )
    if overlap_ml > 1e-3 * max(whole, 1e-9):
        yield DoseFinding(
            "contours_overlap",
            "warning",
            about,
            f"contours cover {overlap_ml:.3f} ml more than once",
            "contours that are nested or apart",
            "Contours that cross were united; where one line overlaps itself, even is outside.",
        )


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
    return float(curve.dose_gy @ curve.volume_ml / curve.volume_ml.sum())


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
    if not curve.dose_gy.size:
        return None
    return _quantile(curve.dose_gy, curve.volume_ml, volume_frac)


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
