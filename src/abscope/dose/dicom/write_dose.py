"""A dose grid as RT Dose: 32 bit integers, full orientation, references to what it belongs to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from abscope.dose.dicom.write import (
    Filing,
    Subject,
    Written,
    decimal,
    save_objects,
    start_object,
)
from abscope.dose.geometry.grid import DoseGrid, Grid
from abscope.dose.study import Summation
from abscope.errors import DicomError, Problem

__all__ = ["DoseReferences", "check_frame", "place_image", "write_dose"]

_RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
_RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
_WORDS = {"PLAN", "MULTI_PLAN", "FRACTION", "BEAM", "BRACHY"}
_LARGEST = 2**32 - 1
#: Largest departure of the axes of a grid from right angles and unit length.
_ORTHOGONAL = 1e-6


@dataclass(frozen=True, slots=True)
class DoseReferences:
    """What a dose belongs to: its plans, one fraction group and its beams.

    The structure set is reached through the plan: an RT Dose may name one only beside DVHs of it.
    """

    plan_uids: tuple[str, ...] = ()
    fraction_group: int | None = None
    beams: tuple[int, ...] = ()


def write_dose(
    path: str | Path,
    dose: DoseGrid,
    *,
    subject: Subject,
    filing: Filing,
    refers: DoseReferences,
    summation: Summation = "PLAN",
) -> Written:
    """Write a dose in Gy as RT Dose and return the file with the error of its integers in Gy.

    The error is at most half a step, and a step is the maximum divided by 2^32 - 1. An existing
    file is never replaced. Raises DicomError where the dose cannot be held (a voxel without a
    number, a negative dose, no plan to refer to, another frame of reference than that of
    ``subject``, a skew grid) and UsageError where the file cannot be written.
    """
    problems = [*_dose_problems(path, dose), *_reference_problems(path, refers, summation)]
    problems += check_frame(path, dose.frame_uid, subject)
    problems += _grid_problems(path, dose.grid)
    if problems:
        raise DicomError(problems)
    made = start_object(_RT_DOSE, modality="RTDOSE", subject=subject, filing=filing)
    order = place_image(made, dose.grid)
    offsets = np.abs(dose.grid.offsets_mm[order] - dose.grid.offsets_mm[order[0]])
    made.FrameOfReferenceUID = dose.frame_uid
    made.PositionReferenceIndicator = ""
    made.NumberOfFrames = str(len(offsets))
    made.FrameIncrementPointer = 0x3004000C
    made.GridFrameOffsetVector = [decimal(float(value)) for value in offsets]
    made.DoseUnits = "GY"
    made.DoseType = "EFFECTIVE" if dose.effective else "PHYSICAL"
    made.DoseSummationType = summation
    prefix = "SYNTHETIC, " if subject.synthetic else ""
    made.DoseComment = f"{prefix}abscope, research use only"
    made.ImageComments = f"{prefix}{filing.comment}"
    made.InstanceNumber = "1"
    made.ContentDate, made.ContentTime = filing.date, "120000" if filing.date else ""
    _refer(made, refers, summation)
    step_gy = _pixels(made, np.asarray(dose.dose_gy)[order])
    save_objects([(path, made)], implicit=True)
    return Written(Path(path), str(made.SOPInstanceUID), step_gy / 2)


def place_image(made: Any, grid: Grid) -> "np.ndarray[Any, np.dtype[np.intp]]":
    """Fill the place of the first plane, and return the order in which planes ascend.

    DICOM counts planes along the cross product of row and column direction; where the normal of
    the grid points the other way, the planes are written from the last to the first.
    """
    across, down, normal = grid.affine[:3, 0], grid.affine[:3, 1], grid.affine[:3, 2]
    along = float(np.cross(across, down) @ normal) > 0
    order = np.arange(grid.offsets_mm.size) if along else np.arange(grid.offsets_mm.size)[::-1]
    first = grid.affine[:3, 3] + normal * grid.offsets_mm[order[0]]
    width, height = float(np.linalg.norm(across)), float(np.linalg.norm(down))
    made.ImagePositionPatient = [decimal(float(value)) for value in first]
    made.ImageOrientationPatient = [
        decimal(float(value)) for value in (*(across / width), *(down / height))
    ]
    made.PixelSpacing = [decimal(height), decimal(width)]
    gaps = np.diff(grid.offsets_mm)
    even = gaps.size > 0 and float(np.ptp(gaps)) < 1e-4
    made.SliceThickness = decimal(float(gaps[0])) if even else None
    made.Rows, made.Columns = grid.rows, grid.columns
    return order


def check_frame(path: str | Path, frame_uid: str, subject: Subject) -> list[Problem]:
    """Return the problem of an object that would be filed beside images of another frame."""
    if not subject.frame_uid or subject.frame_uid == frame_uid:
        return []
    return [
        Problem(
            str(path),
            "lies in another frame of reference than the file it shall be filed beside",
            "one frame of reference",
            "Name a file of the same planning image, or register first.",
        )
    ]


def _dose_problems(path: str | Path, dose: DoseGrid) -> list[Problem]:
    values = np.asarray(dose.dose_gy)
    found = []
    if values.shape != dose.grid.shape:
        what = f"has {values.shape} values for a grid of {dose.grid.shape}"
        found.append(Problem(str(path), what, "one dose per voxel", "Check the grid."))
    unknown = int((~np.isfinite(values)).sum())
    if unknown:
        what = f"{unknown} voxels have no number"
        action = "Cut the grid to where the dose is known."
        found.append(Problem(str(path), what, "a dose in every voxel of the grid", action))
    elif values.size == 0 or float(values.max()) <= 0:
        found.append(Problem(str(path), "holds no dose", "a maximum > 0 Gy", "Check the grid."))
    elif float(values.min()) < 0:
        what = f"the smallest dose is {float(values.min()):g} Gy"
        found.append(Problem(str(path), what, "doses >= 0 Gy", "Clip after interpolation."))
    return found


def _reference_problems(
    path: str | Path, refers: DoseReferences, summation: Summation
) -> list[Problem]:
    where, number = str(path), len(refers.plan_uids)
    if summation not in _WORDS:
        expected = "PLAN, MULTI_PLAN, FRACTION, BEAM or BRACHY"
        return [Problem(where, f"the summation is {summation}", expected, "Choose one.")]
    found = []
    if summation == "MULTI_PLAN" and number < 2:
        what = f"a sum over plans names {number}"
        found.append(Problem(where, what, "at least two plans", "Name every plan of the sum."))
    if summation != "MULTI_PLAN" and number != 1:
        what = f"a {summation} dose names {number} plans"
        found.append(Problem(where, what, "exactly one plan", "Name the plan it belongs to."))
    if summation in ("FRACTION", "BEAM") and refers.fraction_group is None:
        what = f"a {summation} dose names no fraction group"
        found.append(Problem(where, what, "a fraction group", "Name the group."))
    if summation == "BEAM" and not refers.beams:
        found.append(Problem(where, "a BEAM dose names no beam", "its beams", "Name the beams."))
    return found


def _grid_problems(path: str | Path, grid: Grid) -> list[Problem]:
    axes = grid.affine[:3, :3] / np.linalg.norm(grid.affine[:3, :3], axis=0)
    skew = float(np.abs(axes.T @ axes - np.eye(3)).max())
    unit = abs(float(np.linalg.norm(grid.affine[:3, 2])) - 1.0)
    if skew < _ORTHOGONAL and unit < _ORTHOGONAL:
        return []
    what = "the axes of the grid are not at right angles, or its normal is not of length 1"
    return [Problem(str(path), what, "planes at right angles", "Resample onto a plain grid.")]


def _refer(made: Any, refers: DoseReferences, summation: Summation) -> None:
    from pydicom.dataset import Dataset

    plans = []
    for uid in refers.plan_uids:
        plan = _reference(_RT_PLAN, uid)
        if summation in ("FRACTION", "BEAM"):
            fractions = Dataset()
            fractions.ReferencedFractionGroupNumber = str(refers.fraction_group)
            if summation == "BEAM":
                beams = [Dataset() for _ in refers.beams]
                for beam, number in zip(beams, refers.beams, strict=True):
                    beam.ReferencedBeamNumber = str(number)
                fractions.ReferencedBeamSequence = beams
            plan.ReferencedFractionGroupSequence = [fractions]
        plans.append(plan)
    made.ReferencedRTPlanSequence = plans


def _reference(sop_class: str, uid: str) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item


def _pixels(made: Any, dose: "np.ndarray[Any, Any]") -> float:
    """Fill the pixels and return one step in Gy; the step as written holds the maximum."""
    values = dose.astype(np.float64)
    top = float(values.max())
    text = decimal(top / _LARGEST)
    if float(text) * _LARGEST < top:
        text = decimal(float(text) * (1 + 1e-9))
    step = float(text)
    made.DoseGridScaling = text
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 32, 32, 31
    made.PixelRepresentation = 0
    made.PixelData = np.rint(values / step).clip(0, _LARGEST).astype("<u4").tobytes()
    return step
