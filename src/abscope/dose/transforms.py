"""Rigid ways from one frame of reference to another, over the registrations of a study.

A registration carries points of its source frame into its target frame; the way back is its
inverse. A way may lead over several registrations. Where two ways join the same frames they must
agree; by how much they differ is measured on the corners of a cube around the region of interest.
"""

from collections import deque
from collections.abc import Sequence

import numpy as np

from abscope.catalog.exposure import exposure_line
from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import DoseGrid, Floats, Grid
from abscope.dose.plans import Registration

__all__ = ["frame_to_frame", "move_dose", "registration_findings", "rigid_faults"]

#: Rows and columns of a rotation are orthonormal within this (DICOM stores decimals as text).
_ORTHONORMAL = 1e-3
_LAST_ROW = 1e-6


def frame_to_frame(
    registrations: Sequence[Registration], *, source_uid: str, target_uid: str
) -> Floats | None:
    """Return the matrix (4, 4) from points of one frame (mm) to another; None: no way is known.

    The way over the fewest registrations, found breadth first; of equally short ways the one whose
    registrations come first.

    >>> frame_to_frame((), source_uid="a", target_uid="a").diagonal().tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    return _ways(registrations, source_uid).get(target_uid)


def move_dose(dose: DoseGrid, to_target: Floats, *, frame_uid: str) -> DoseGrid:
    """Return the same dose values on a grid carried into another frame, without resampling."""
    grid = dose.grid
    moved = Grid(to_target @ grid.affine, grid.offsets_mm, grid.rows, grid.columns)
    return DoseGrid(moved, dose.dose_gy, frame_uid, dose.effective)


def rigid_faults(to_target: Floats) -> list[tuple[str, str, str]]:
    """Return why a matrix is no rigid transform (what, expected, action); empty where it is one.

    Rotation orthonormal within 1e-3, determinant +1, last row 0 0 0 1, every number finite.
    """
    if to_target.shape != (4, 4):
        return [(f"the matrix has the shape {to_target.shape}", "4 rows of 4", "Correct it.")]
    if not np.isfinite(to_target).all():
        return [("the matrix holds NaN or infinity", "finite numbers", "Correct it.")]
    out = []
    rotation, last = to_target[:3, :3], to_target[3]
    if np.abs(last - (0, 0, 0, 1)).max() > _LAST_ROW:
        row = " ".join(f"{x:g}" for x in last)
        column = not to_target[:3, 3].any()
        hint = "Is it transposed?" if column and last[:3].any() else "Correct it."
        out.append((f"the last row is {row}", "0 0 0 1", hint))
    error = float(np.abs(rotation.T @ rotation - np.eye(3)).max())
    if error > _ORTHONORMAL:
        what = f"the rotation differs from an orthonormal one by {error:.2g}"
        out.append((what, f"at most {_ORTHONORMAL:g}", "Scaling and shear are not rigid."))
    elif np.linalg.det(rotation) < 0:
        out.append(("the determinant is -1: a reflection", "+1", "Check the axes (LPS or RAS?)."))
    return out


def registration_findings(
    registrations: Sequence[Registration], *, center_mm: Floats | None = None
) -> tuple[DoseFinding, ...]:
    """Return what is wrong with registrations: matrices that are not rigid, ways that disagree.

    ``center_mm`` (3,) is the middle of the region, in the frame of each registration's source, on
    which two ways are compared (default: the origin); see ``registration_warn_mm`` and
    ``registration_refuse_mm`` of the catalog.
    """
    out: list[DoseFinding] = []
    for place, item in enumerate(registrations, start=1):
        out += [
            DoseFinding("registration-not-rigid", "refused", f"registration {place}", *fault)
            for fault in rigid_faults(item.to_target)
        ]
    if out:
        return tuple(out)
    for place, item in enumerate(registrations, start=1):
        rest = registrations[: place - 1]
        other = frame_to_frame(
            rest, source_uid=item.source_frame_uid, target_uid=item.target_frame_uid
        )
        if other is None:
            continue
        apart_mm = _apart_mm(item.to_target, other, center_mm)
        finding = _disagreement(place, apart_mm)
        if finding is not None:
            out.append(finding)
    return tuple(out)


def _disagreement(place: int, apart_mm: float) -> DoseFinding | None:
    warn, refuse = (exposure_line(f"registration_{word}_mm").value for word in ("warn", "refuse"))
    if apart_mm <= warn:
        return None
    return DoseFinding(
        "registrations-disagree",
        "refused" if apart_mm > refuse else "warning",
        f"registration {place}",
        f"it differs from the way over the earlier ones by up to {apart_mm:.1f} mm",
        f"at most {refuse if apart_mm > refuse else warn:g} mm",
        "Remove the wrong one; the shortest way, first in order, is used.",
    )


def _apart_mm(one: Floats, other: Floats, center_mm: Floats | None) -> float:
    half_mm = exposure_line("registration_cube_half_mm").value
    signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
    middle = np.zeros(3) if center_mm is None else center_mm
    corners = np.hstack([middle + half_mm * signs, np.ones((8, 1))])
    return float(np.linalg.norm((corners @ (one - other).T)[:, :3], axis=1).max())


def _ways(registrations: Sequence[Registration], start: str) -> dict[str, Floats]:
    edges: dict[str, list[tuple[str, Floats]]] = {}
    for item in registrations:
        there: Floats = item.to_target
        back: Floats = np.asarray(np.linalg.inv(there), dtype=np.float64)
        edges.setdefault(item.source_frame_uid, []).append((item.target_frame_uid, there))
        edges.setdefault(item.target_frame_uid, []).append((item.source_frame_uid, back))
    found: dict[str, Floats] = {start: np.eye(4)}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for frame, matrix in edges.get(here, ()):
            if frame not in found:
                found[frame] = matrix @ found[here]
                waiting.append(frame)
    return found
