"""What was computed of a source of dose, written back to DICOM for a planning system to show.

A new folder receives the summed dose of all courses, its EQD2 and the regions of the lesions, filed
under the patient and study of the dose that was read. Voxels that a course does not cover have no
sum: the grid is cut to the largest box found in which every voxel is known.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from abscope.dose.accumulate import Accumulated, Reference, accumulate
from abscope.dose.courses import Course
from abscope.dose.dicom.folder import source_files
from abscope.dose.dicom.limits import Limits
from abscope.dose.dicom.write import Filing, Subject, new_uid, subject_of
from abscope.dose.dicom.write_dose import DoseReferences, write_dose
from abscope.dose.dicom.write_structures import write_structures
from abscope.dose.geometry.grid import DoseGrid, Grid
from abscope.dose.sampling import voxel_ml
from abscope.dose.structures import Roi, StructureSet
from abscope.dose.survey import DoseSurvey
from abscope.dose.transforms import frame_to_frame
from abscope.errors import DicomError, Problem, UsageError

__all__ = ["export_survey"]


def export_survey(
    survey: DoseSurvey,
    folder: str | Path,
    *,
    source: str | Path,
    alpha_betas_gy: Sequence[float],
) -> tuple[Path, ...]:
    """Write sum, EQD2 sums and lesion regions into a new folder; return the files.

    ``source`` is what the survey was read from: patient and study are copied from its dose. One
    EQD2 is written for each of ``alpha_betas_gy``; the value stands in label and comment. None is
    written where the fractions of a course are not known.

    Raises UsageError where the folder exists or cannot be made, DicomError where no registration
    joins the courses, where they share no voxel, or where a result cannot be held as DICOM. Then
    no folder is left.
    """
    courses = survey.courses
    reference = _reference(survey)
    subject = _subject(survey, source, reference.frame_uid)
    plans = tuple(dict.fromkeys(x.plan_uid for x in survey.study.doses if x.plan_uid is not None))
    names = ", ".join(course.name for course in courses)
    with _new_folder(Path(folder)) as made:
        written = [("sum.dcm", accumulate(courses, reference=reference), f"sum of {names}")]
        counted = all(course.n_fractions is not None for course in courses)
        for ratio in dict.fromkeys(alpha_betas_gy) if counted else ():
            found = accumulate(courses, reference=reference, effect="eqd2", alpha_beta_gy=ratio)
            label = f"EQD2 alpha/beta {ratio:g} Gy"
            written.append((f"eqd2-{ratio:g}.dcm", found, label))
        for name, found, label in written:
            _write(made / name, found, label[:34], subject, plans, courses)
        files = [name for name, _, _ in written]
        regions = _regions(survey, reference.frame_uid)
        if regions is not None:
            comment = "Regions that abscope read as lesions, and spheres around stated centers."
            filing = Filing("regions of lesions", comment=comment)
            write_structures(made / "lesions.dcm", regions, subject=subject, filing=filing)
            files.append("lesions.dcm")
    return tuple(Path(folder) / name for name in files)


def _reference(survey: DoseSurvey) -> Reference:
    """Return the finest grid of all courses, and how each course gets to its frame."""
    best = min(survey.courses, key=lambda course: voxel_ml(course.dose.grid))
    ways = {}
    for course in survey.courses:
        way = frame_to_frame(
            survey.study.registrations,
            source_uid=course.dose.frame_uid,
            target_uid=best.dose.frame_uid,
        )
        if way is not None:
            ways[course.name] = way
    lacking = [course.name for course in survey.courses if course.name not in ways]
    if lacking:
        raise DicomError(
            Problem(
                survey.study.source,
                f"no registration joins {', '.join(lacking)} to {best.name}: there is no sum",
                "courses in one frame of reference, or registrations between them",
                "Add the registration, or state it with --registration.",
            )
        )
    return Reference(best.dose.grid, best.dose.frame_uid, ways)


def _write(
    path: Path,
    found: Accumulated,
    label: str,
    subject: Subject,
    plans: tuple[str, ...],
    courses: Sequence[Course],
) -> None:
    ratio = "" if found.alpha_beta_gy is None else f"EQD2, alpha/beta {found.alpha_beta_gy:g} Gy. "
    fractions = ", ".join(f"{x.name} {x.n_fractions or 'unknown'} fractions" for x in courses)
    dose = _known_box(found.dose)
    write_dose(
        path,
        dose if found.effect == "physical" else replace(dose, effective=True),
        subject=subject,
        filing=Filing(label, comment=f"{ratio}Delivered: {fractions}."),
        refers=DoseReferences(plan_uids=plans),
        summation="PLAN" if len(plans) == 1 else "MULTI_PLAN",
    )


def _known_box(dose: DoseGrid) -> DoseGrid:
    """Return the dose cut to a box without unknown voxels, one face after the other."""
    known: NDArray[np.bool_] = np.isfinite(dose.dose_gy)
    box = [[0, size] for size in known.shape]
    while True:
        part = known[tuple(slice(low, high) for low, high in box)]
        if min(part.shape) < 2:
            raise DicomError(
                Problem(
                    "sum of courses", "the dose grids share no volume", "grids that overlap",
                    "See the courses one by one.",
                )
            )  # fmt: skip
        if part.all():
            break
        faces = [
            (float(part.take(at, axis=axis).mean()), axis, end)
            for axis in range(3)
            for end, at in ((0, 0), (1, -1))
        ]
        _, axis, end = min(faces)
        box[axis][end] += 1 if end == 0 else -1
    (k0, k1), (j0, j1), (i0, i1) = box
    grid = dose.grid
    affine = grid.affine.copy()
    affine[:3, 3] = grid.points_mm(np.array([[float(i0), float(j0), 0.0]]))[0]
    cut = Grid(affine, grid.offsets_mm[k0:k1], j1 - j0, i1 - i0)
    return replace(dose, grid=cut, dose_gy=dose.dose_gy[k0:k1, j0:j1, i0:i1])


def _regions(survey: DoseSurvey, frame_uid: str) -> StructureSet | None:
    """Return the regions of all lesions in one frame, named by lesion; None where there is none."""
    rois: list[Roi] = []
    for lesion, regions in survey.lesion_regions.items():
        mine = [region for region in regions if region.frame_uid == frame_uid]
        for place, region in enumerate(mine, start=1):
            name = lesion if len(mine) == 1 else f"{lesion} {place}"
            rois.append(replace(region.roi, number=len(rois) + 1, name=name[:64]))
    drawn = tuple(roi for roi in rois if roi.contours)
    return StructureSet(new_uid(), frame_uid, drawn) if drawn else None


def _subject(survey: DoseSurvey, source: str | Path, frame_uid: str) -> Subject:
    """Return patient and study of the file that holds a dose in the frame of the sum."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    wanted = {item.uid for item in survey.study.doses if item.dose.frame_uid == frame_uid}
    with source_files(Path(source), Limits()) as listing:
        for file in listing.files:
            try:
                found = dcmread(
                    file.path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]
                )
            except (OSError, InvalidDicomError, ValueError, EOFError):
                continue  # the scan has judged it: only the files of the doses matter here
            if str(found.get("SOPInstanceUID", "")) in wanted:
                return subject_of(file.path)
    raise DicomError(
        Problem(str(source), "the dose is no longer there", "what was read", "Run it again.")
    )


@contextmanager
def _new_folder(place: Path) -> Iterator[Path]:
    """Give a folder that becomes ``place`` when all went well, and vanishes otherwise."""
    if os.path.lexists(place):
        raise UsageError(Problem(str(place), "already exists", "a new folder", "Choose another."))
    try:
        held = Path(tempfile.mkdtemp(prefix=f".{place.name[:40]}.", dir=place.parent))
    except OSError as error:
        what = f"cannot be made ({error.strerror})"
        raise UsageError(Problem(str(place), what, "a writable place", "Choose another.")) from None
    try:
        yield held
        held.chmod(0o755)
        held.rename(place)
    except BaseException:
        shutil.rmtree(held, ignore_errors=True)
        raise
