"""From the header of an RTDOSE to dose in Gy on a grid, or why there is none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from abscope.dose.dicom.instances import DoseHeader, Pixels
from abscope.dose.dicom.placement import placed
from abscope.dose.dicom.tps_dvh import system_dvhs
from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import DoseGrid
from abscope.dose.study import DoseObject, Summation
from abscope.errors import DicomError, Problem

__all__ = ["read_dose", "stored_values"]

_SUMMATIONS: dict[str, Summation] = {
    "PLAN": "PLAN",
    "MULTI_PLAN": "MULTI_PLAN",
    "FRACTION": "FRACTION",
    "BEAM": "BEAM",
    "BRACHY": "BRACHY",
}
_EXPORT = "Export the dose again."
#: one count of a dose is never as much; larger ones could not be held in float32
_LARGEST_SCALING_GY = 1e3


def read_dose(
    header: DoseHeader, path: Path, *, uid: str, about: str
) -> tuple[DoseObject | None, tuple[DoseFinding, ...]]:
    """Return the dose of one RTDOSE (Gy) and what its own checks found.

    None where a firm check refuses it: no scaling, no Gy, pixels that do not fit, a grid that
    cannot be placed. Values are counts times DoseGridScaling, kept as float32 (7 digits).
    """
    found = [*_units(header, about), *_size(header.pixels, about)]
    grid, falling, faults = placed(header.placement, header.pixels, about=about)
    found += faults
    dvhs, faults = system_dvhs(header.dvhs, about=about)
    found += faults
    if grid is None or header.scaling_gy is None or any(item.firm for item in found):
        return None, tuple(found)
    dose_gy = _scaled(header.pixels, path, scaling_gy=header.scaling_gy, falling=falling)
    if header.pixels.signed and float(dose_gy.min()) < 0:
        lowest = float(dose_gy.min())
        found.append(_firm("negative-dose", about, f"the lowest dose is {lowest:g} Gy", ">= 0"))
        return None, tuple(found)
    plan_uids = tuple(uid for uid in header.plan_uids if uid)
    dose = DoseObject(
        uid,
        DoseGrid(grid, dose_gy, header.frame_uid, header.kind == "EFFECTIVE"),
        _SUMMATIONS.get(header.summation, "OTHER"),
        plan_uids[0] if len(plan_uids) == 1 else None,
        header.fraction_group,
        header.beams,
        dvhs,
    )
    return dose, tuple(found)


def stored_values(pixels: Pixels, path: Path) -> NDArray[np.integer]:
    """Return the stored numbers [frame, row, column], straight from the file where they stand.

    Raises DicomError where the file is no longer what was parsed.
    """
    kind = f"{'>' if pixels.big_endian else '<'}{'i' if pixels.signed else 'u'}{pixels.bits // 8}"
    shape = (pixels.frames, pixels.rows, pixels.columns)
    if pixels.counts is not None:
        return pixels.counts.view(kind)
    count = shape[0] * shape[1] * shape[2]
    try:
        values = np.fromfile(path, kind, count, offset=pixels.start)
    except OSError:
        values = np.empty(0, kind)
    if values.size != count:
        raise DicomError(
            Problem(path.name, "the file changed while it was read", "files at rest", "Read again.")
        )
    return values.reshape(shape)


def _scaled(pixels: Pixels, path: Path, *, scaling_gy: float, falling: bool) -> NDArray[np.float32]:
    """Return the dose (Gy), plane by plane, so that the stored numbers are never all in memory."""
    out = np.empty((pixels.frames, pixels.rows, pixels.columns), np.float32)
    size = pixels.rows * pixels.columns * pixels.bits // 8
    for place in range(pixels.frames):
        counts = None if pixels.counts is None else pixels.counts[place : place + 1]
        plane = replace(pixels, frames=1, start=pixels.start + place * size, counts=counts)
        target = out[pixels.frames - 1 - place] if falling else out[place]
        np.multiply(stored_values(plane, path)[0], scaling_gy, out=target, casting="unsafe")
    return out


def _firm(code: str, about: str, what: str, expected: str) -> DoseFinding:
    return DoseFinding(code, "refused", about, what, expected, _EXPORT, firm=True)


def _units(header: DoseHeader, about: str) -> list[DoseFinding]:
    """Judge units, type and scaling: without them a stored number is no dose."""
    found = []
    if header.units != "GY":
        stated = f"DoseUnits is {header.units}" if header.units else "DoseUnits is missing"
        found.append(
            DoseFinding(
                "dose-units", "refused", about, stated, "GY",
                "Export the dose in Gy; a relative dose has no scale.", firm=header.units != "",
            )
        )  # fmt: skip
    if header.scaling_gy is None or not 0 < header.scaling_gy < _LARGEST_SCALING_GY:
        stated = "missing" if header.scaling_gy is None else f"{header.scaling_gy:g}"
        expected = f"above 0 and below {_LARGEST_SCALING_GY:g} Gy"
        found.append(_firm("dose-scaling", about, f"DoseGridScaling is {stated}", expected))
    if header.kind == "ERROR":
        found.append(_firm("dose-type", about, "DoseType is ERROR", "PHYSICAL or EFFECTIVE"))
    if header.kind == "EFFECTIVE":
        found.append(
            DoseFinding(
                "effective-dose", "warning", about,
                "the dose is EFFECTIVE: a relative biological effectiveness is in it already",
                "physical dose",
                "No second one is applied; name the model that the planning system used.",
            )
        )  # fmt: skip
    elif header.kind not in ("PHYSICAL", "ERROR"):
        stated = header.kind or "missing"
        found.append(
            DoseFinding(
                "dose-type", "refused", about, f"DoseType is {stated}", "PHYSICAL or EFFECTIVE",
                "Find out whether a relative biological effectiveness is in the dose.",
            )
        )  # fmt: skip
    if not header.frame_uid:
        found.append(
            DoseFinding(
                "frame-missing", "refused", about, "no frame of reference is stated", "one",
                "Export the dose with its frame of reference.",
            )
        )  # fmt: skip
    return found


def _size(pixels: Pixels, about: str) -> list[DoseFinding]:
    if min(pixels.rows, pixels.columns, pixels.frames) < 1 or pixels.bits not in (16, 32):
        what = f"{pixels.frames} frames of {pixels.rows} x {pixels.columns} values of "
        what += f"{pixels.bits} bits"
        return [_firm("pixel-length", about, what, "at least one value of 16 or 32 bits")]
    if pixels.counts is not None:
        return []
    wanted = pixels.frames * pixels.rows * pixels.columns * pixels.bits // 8
    if pixels.length is None:
        return [_firm("pixel-length", about, "there are no pixels", f"{wanted} bytes")]
    if pixels.held != pixels.length or pixels.length not in (wanted, wanted + wanted % 2):
        what = f"the pixels say {pixels.length} bytes and the file holds {pixels.held}"
        return [_firm("pixel-length", about, what, f"{wanted} bytes (rows x columns x frames)")]
    return []
