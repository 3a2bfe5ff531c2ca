"""CT slices to volumes, and the spacing of the images that regions were drawn on."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from abscope.dose.dicom.instances import ImageHeader
from abscope.dose.dicom.rtdose import stored_values
from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import Floats, Grid, ImageGrid

__all__ = ["Slice", "plane_spacing_mm", "read_images"]

_SAME_MM = 0.05
_SAME = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One CT slice: its UID, its header and the file that holds its values."""

    uid: str
    header: ImageHeader
    path: Path


def read_images(
    slices: Sequence[Slice], *, values: bool
) -> tuple[tuple[ImageGrid, ...], tuple[DoseFinding, ...]]:
    """Return one volume (HU) per series, and why a series gave none.

    With ``values`` false nothing is read. A series is left out where its slices differ in size,
    spacing or orientation, lie on one another, are tilted against their own axis, or are
    compressed: a picture is missing then, no number.
    """
    if not values:
        return (), ()
    series = defaultdict[tuple[str, str], list[Slice]](list)
    for item in slices:
        series[item.header.frame_uid, item.header.series_uid].append(item)
    images, found = [], []
    for place, key in enumerate(sorted(series), start=1):
        image = _volume(series[key])
        if isinstance(image, ImageGrid):
            images.append(image)
            continue
        found.append(
            DoseFinding(
                "ct-geometry", "warning", f"CT series {place}", image,
                "parallel slices of one size, uncompressed",
                "No picture is drawn over it; the dose does not depend on it.",
            )
        )  # fmt: skip
    return tuple(images), tuple(found)


def plane_spacing_mm(
    slices: Sequence[Slice], *, frame_uid: str, image_uids: frozenset[str]
) -> float | None:
    """Return the median distance (mm) between the images that a structure set was drawn on.

    The images named by the structure set count, else all of its frame; None below two planes.
    """
    here = [item for item in slices if item.header.frame_uid == frame_uid]
    named = [item for item in here if item.uid in image_uids]
    heights = sorted({round(h, 3) for item in named or here if (h := _height(item)) is not None})
    return float(np.median(np.diff(heights))) if len(heights) > 1 else None


def _axes(item: Slice) -> Floats | None:
    turn = item.header.placement.orientation
    return turn.reshape(2, 3) if turn is not None and turn.size == 6 else None


def _height(item: Slice) -> float | None:
    axes, position = _axes(item), item.header.placement.position_mm
    if axes is None or position is None or position.size != 3:
        return None
    return float((np.cross(axes[0], axes[1]) * position).sum())


def _fault(stack: Sequence[Slice]) -> str:
    """Return why slices do not make a volume, '' where they do."""
    first = stack[0].header
    for item in stack:
        here, pixels = item.header.placement, item.header.pixels
        spacing = here.spacing_mm
        if not item.header.decodable:
            return "the slices are compressed in a way that is not read"
        axes = _axes(item)
        if axes is None or _height(item) is None:
            return "a slice does not state where it lies"
        if spacing is None or spacing.size != 2 or not (spacing > 0).all():
            return "a slice does not state its pixel spacing"
        if (pixels.rows, pixels.columns) != (first.pixels.rows, first.pixels.columns):
            return "the slices differ in size"
        if not np.allclose(axes, np.asarray(_axes(stack[0])), atol=_SAME):
            return "the slices differ in orientation"
        if not np.allclose(spacing, np.asarray(first.placement.spacing_mm), atol=_SAME):
            return "the slices differ in pixel spacing"
        wanted = pixels.rows * pixels.columns * 2
        whole = pixels.counts is not None or wanted == pixels.held == pixels.length
        if pixels.bits != 16 or pixels.frames != 1 or not wanted or not whole:
            return "a slice has other than its rows x columns of 16 bits"
    return ""


def _volume(unsorted: Sequence[Slice]) -> ImageGrid | str:
    fault = _fault(unsorted)
    if fault:
        return fault
    stack = sorted(unsorted, key=lambda item: _height(item) or 0.0)
    heights = np.array([_height(item) for item in stack], float)
    if len(stack) > 1 and np.diff(heights).min() < _SAME_MM:
        return "two slices lie in the same place"
    axes, first = _axes(stack[0]), stack[0].header.placement
    assert axes is not None
    assert first.spacing_mm is not None
    assert first.position_mm is not None
    normal = np.cross(axes[0], axes[1])
    positions = np.array([item.header.placement.position_mm for item in stack])
    expected = first.position_mm + (heights - heights[0])[:, None] * normal
    if np.abs(positions - expected).max() > _SAME_MM:
        return "the slices are tilted against their axis"
    affine = np.eye(4)
    affine[:3, 0] = axes[0] * first.spacing_mm[1]
    affine[:3, 1] = axes[1] * first.spacing_mm[0]
    affine[:3, 2] = normal
    affine[:3, 3] = first.position_mm
    rows, columns = stack[0].header.pixels.rows, stack[0].header.pixels.columns
    ct_hu = np.empty((len(stack), rows, columns), np.int16)
    for place, item in enumerate(stack):
        stored = stored_values(item.header.pixels, item.path)[0]
        slope = 1.0 if item.header.slope_hu is None else item.header.slope_hu
        shift = 0.0 if item.header.intercept_hu is None else item.header.intercept_hu
        ct_hu[place] = np.clip(np.rint(stored * np.float32(slope) + shift), -32768, 32767)
    grid = Grid(affine, heights - heights[0], rows, columns)
    return ImageGrid(grid, ct_hu, stack[0].header.frame_uid)
