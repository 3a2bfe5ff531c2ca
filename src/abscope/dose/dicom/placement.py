"""From DICOM's position, orientation, spacing and frame offsets to a Grid, or why there is none."""

import numpy as np

from abscope.dose.dicom.instances import Pixels, Placement
from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import Floats, Grid

__all__ = ["placed"]

_ORTHONORMAL = 1e-3
_OFFSET_MM = 0.01
_FARTHEST_MM = 5000.0
_EXPORT = "Export the dose again with its whole geometry."


def placed(
    placement: Placement, pixels: Pixels, *, about: str
) -> tuple[Grid | None, bool, tuple[DoseFinding, ...]]:
    """Return the grid of a multi-frame object, whether its frames come in falling order, findings.

    The step from column to column is PixelSpacing[1], from row to row PixelSpacing[0]; frames lie
    along the cross product of the two (PS3.3 C.7.6.2, C.8.8.3.2). Frame offsets that start at 0
    are relative to ImagePositionPatient, those that start at its z are z coordinates; anything
    else is refused. Offsets that fall are sorted, and the frames with them.
    """
    found = _missing(placement, about)
    if found or placement.position_mm is None or placement.orientation is None:
        return None, False, found
    assert placement.spacing_mm is not None
    axes = placement.orientation.reshape(2, 3)
    found = _skew(axes, about)
    offsets, faults = _offsets(placement, pixels, axes, about)
    found += faults
    if offsets is None or any(item.severity == "refused" for item in found):
        return None, False, found
    affine = np.eye(4)
    affine[:3, 0] = axes[0] * placement.spacing_mm[1]
    affine[:3, 1] = axes[1] * placement.spacing_mm[0]
    affine[:3, 2] = np.cross(axes[0], axes[1])
    affine[:3, 3] = placement.position_mm
    falling = offsets.size > 1 and bool(offsets[1] < offsets[0])
    grid = Grid(affine, offsets[::-1].copy() if falling else offsets, pixels.rows, pixels.columns)
    return grid, falling, found


def _firm(code: str, about: str, what: str, expected: str) -> DoseFinding:
    return DoseFinding(code, "refused", about, what, expected, _EXPORT, firm=True)


def _missing(placement: Placement, about: str) -> tuple[DoseFinding, ...]:
    wanted = (
        ("ImagePositionPatient", placement.position_mm, 3),
        ("ImageOrientationPatient", placement.orientation, 6),
        ("PixelSpacing", placement.spacing_mm, 2),
    )
    out = []
    for name, values, count in wanted:
        if values is None or values.size != count:
            size = 0 if values is None else values.size
            out.append(_firm("geometry", about, f"{name} has {size} numbers", f"{count}"))
    spacing, position = placement.spacing_mm, placement.position_mm
    if spacing is not None and not ((spacing > 0) & (spacing < _FARTHEST_MM)).all():
        stated = " x ".join(f"{v:g}" for v in spacing)
        out.append(_firm("geometry", about, f"PixelSpacing is {stated} mm", "lengths above 0"))
    if position is not None and not (np.abs(position) < _FARTHEST_MM).all():
        farthest = np.abs(position).max()
        out.append(_firm("geometry", about, f"the grid starts at {farthest:g} mm", "within 5 m"))
    return tuple(out)


def _skew(axes: Floats, about: str) -> tuple[DoseFinding, ...]:
    lengths = np.sqrt((axes**2).sum(axis=1))
    slant = float((axes[0] * axes[1]).sum())
    if np.abs(lengths - 1).max() > _ORTHONORMAL or abs(slant) > _ORTHONORMAL:
        what = f"the axes of the grid have lengths {lengths[0]:.4f} and {lengths[1]:.4f}, "
        what += f"their product is {slant:.4f}"
        return (_firm("orientation", about, what, "two unit vectors at right angles (1e-3)"),)
    if (np.abs(axes).max(axis=1) < 1 - _ORTHONORMAL**2).any():
        turn = float(np.degrees(np.arccos(min(1.0, np.abs(axes).max(axis=1).min()))))
        return (
            DoseFinding(
                "rotated-grid", "warning", about,
                f"the grid is turned by {turn:.2f} degrees against the patient",
                "axes along the patient",
                "It is read with its full orientation; check what other programs made of it.",
            ),
        )  # fmt: skip
    return ()


def _offsets(
    placement: Placement, pixels: Pixels, axes: Floats, about: str
) -> tuple[Floats | None, tuple[DoseFinding, ...]]:
    given, frames = placement.offsets_mm, pixels.frames
    if given is None and frames == 1:
        return np.zeros(1), ()
    count = 0 if given is None else given.size
    if given is None or count != frames:
        what = f"GridFrameOffsetVector has {count} numbers for {frames} frames"
        return None, (_firm("frame-offsets", about, what, "one per frame"),)
    steps = np.diff(given)
    if not ((steps > 0).all() or (steps < 0).all()):
        what = "the frame offsets do not rise or fall throughout"
        return None, (_firm("frame-offsets", about, what, "one direction, no frame twice"),)
    if np.abs(given).max() > 2 * _FARTHEST_MM:
        what = f"a frame offset is {np.abs(given).max():g} mm"
        return None, (_firm("frame-offsets", about, what, "offsets within 10 m"),)
    assert placement.position_mm is not None
    height = float(placement.position_mm[2])
    if given[0] == 0:
        return given - 0.0, ()
    upright = float(np.cross(axes[0], axes[1])[2])
    if abs(given[0] - height) <= _OFFSET_MM and abs(abs(upright) - 1) < _ORTHONORMAL:
        return (given - given[0]) * np.sign(upright), ()
    what = f"the first frame offset is {given[0]:g} mm"
    expected = f"0 (relative) or {height:g} mm (the z of the first frame, for axial frames)"
    return None, (_firm("frame-offsets", about, what, expected),)
