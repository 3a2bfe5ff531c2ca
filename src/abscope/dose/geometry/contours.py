"""Which contours of a region can be used, and the normal that they share."""

from dataclasses import dataclass

import numpy as np

from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import Floats
from abscope.dose.structures import Roi
from abscope.errors import DicomError, Problem

__all__ = ["MAX_CONTOURS", "MAX_LENGTH_MM", "Drawn", "closed_contours", "common_normal"]

#: DICOM kinds that enclose an area; some writers leave the kind out.
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "")
#: A longer line is damage or an attack: 1 km would cross a million voxels.
MAX_LENGTH_MM = 1e6
#: A thousand planes with a hundred islands each.
MAX_CONTOURS = 100_000
_FLAT_MM = 0.1
_SMALLEST_MM2 = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A usable contour with its area vector (normal times area in mm2)."""

    points_mm: Floats
    area_mm2: Floats
    exclusive: bool


def closed_contours(roi: Roi) -> tuple[list[Drawn], list[DoseFinding]]:
    """Return the contours of a region that enclose an area, and a finding for each kind left out.

    Left out are contours with fewer than 3 points, with a coordinate that is not a number, without
    an area, open ones, and points. Raises DicomError for more than 100,000 contours.
    """
    if len(roi.contours) > MAX_CONTOURS:
        raise DicomError(
            Problem(
                f"region {roi.name}",
                f"has {len(roi.contours)} contours",
                f"at most {MAX_CONTOURS}",
                "Export it again; a region of a patient has a few hundred.",
            )
        )
    usable: list[Drawn] = []
    left_out: dict[str, int] = {}
    for contour in roi.contours:
        points = np.asarray(contour.points_mm, float)
        reason = _unusable(points, contour.kind)
        if not reason:
            area = _area_vector(points)
            if float(np.linalg.norm(area)) > _SMALLEST_MM2:
                usable.append(Drawn(points, area, contour.kind == "CLOSEDPLANAR_XOR"))
                continue
            reason = "contour-without-area"
        left_out[reason] = left_out.get(reason, 0) + 1
    findings = [_left_out(roi.name, code, count) for code, count in left_out.items()]
    if not roi.contours:
        findings.append(
            DoseFinding(
                "empty-roi",
                "warning",
                f"region {roi.name}",
                "has no contours",
                "closed contours",
                "It has no volume and no dose here.",
            )
        )
    return usable, findings


def _unusable(points: Floats, kind: str) -> str:
    if kind not in _CLOSED:
        return "open-contour"
    if len(points) < 3:
        return "short-contour"
    if not np.isfinite(points).all():
        return "contour-not-finite"
    length = np.sqrt((np.diff(points, axis=0) ** 2).sum(axis=1)).sum()
    return "contour-too-long" if float(length) > MAX_LENGTH_MM else ""


_REASONS = {
    "open-contour": ("are open lines or points", "closed contours"),
    "short-contour": ("have fewer than 3 points", "3 points or more"),
    "contour-not-finite": ("have coordinates that are not finite", "finite numbers (mm)"),
    "contour-too-long": ("are longer than 1 km", "the outline of a part of a body"),
    "contour-without-area": ("enclose no area", "an area above 0"),
}


def _left_out(name: str, code: str, count: int) -> DoseFinding:
    what, expected = _REASONS[code]
    return DoseFinding(
        code,
        "warning",
        f"region {name}",
        f"{count} contours {what}",
        expected,
        "They were left out.",
    )


def _area_vector(points: Floats) -> Floats:
    """Return the area (mm2) along each axis of a closed line: half the sum of cross products."""
    relative = points - points[0]
    # the first point is the origin now: the edge that closes the line spans no area
    x, y, z = relative.T
    turns = [a[:-1] @ b[1:] - a[1:] @ b[:-1] for a, b in ((y, z), (z, x), (x, y))]
    half: Floats = np.array(turns) / 2
    return half


def common_normal(name: str, drawn: list[Drawn]) -> Floats:
    """Return the unit normal that all contours share.

    Raises DicomError where a contour leaves its plane by more than 0.1 mm: it is bent, or it was
    drawn on another kind of plane than the largest one.
    """
    largest = max(drawn, key=lambda item: float(np.linalg.norm(item.area_mm2)))
    normal = largest.area_mm2 / np.linalg.norm(largest.area_mm2)
    # all contours together fix the normal better than one; the largest fixes its direction
    total = sum(
        (item.area_mm2 * np.sign(float(item.area_mm2 @ normal)) for item in drawn), np.zeros(3)
    )
    normal = total / np.linalg.norm(total)
    off = [float(np.ptp(item.points_mm @ normal)) for item in drawn]
    worst = max(off)
    if worst > 2 * _FLAT_MM:
        raise DicomError(
            Problem(
                f"region {name}",
                f"{sum(o > 2 * _FLAT_MM for o in off)} of {len(off)} contours leave the plane "
                f"of the others, by up to {worst / 2:.2f} mm",
                f"parallel flat contours (within {_FLAT_MM} mm)",
                "Export the region as contours on one kind of plane.",
            )
        )
    return normal
