"""The dose of a case: where its DICOM objects lie, and the long work that reads them."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from abscope.web.jobs import Job, Jobs, Progress
from abscope.web.reading import Opened
from abscope.web.store.atomic import digest
from abscope.web.store.paths import Layout, check_name

if TYPE_CHECKING:
    from abscope.dose.survey import DoseSurvey
    from abscope.report.dose_figures import LesionView
    from abscope.report.material import Material

__all__ = ["DoseFiles", "DoseRead", "dose_files", "dose_job", "dose_read"]


@dataclass(frozen=True, slots=True)
class DoseFiles:
    """Where the DICOM objects of a case lie, with the map that a person wrote, where there is one.

    ``stamp`` changes with any of them.
    """

    source: Path
    map_file: Path | None
    stamp: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DoseRead:
    """The survey of a case, and what the report is made from with it.

    ``key`` changes with the files that were read.
    """

    survey: "DoseSurvey"
    material: "Material"
    key: str

    @cached_property
    def views(self) -> "tuple[LesionView, ...]":
        """The lesions whose planes can be drawn, with what they are drawn from."""
        from abscope.report.dose_figures import lesion_views

        return lesion_views(self.survey)


def dose_files(layout: Layout, name: str) -> DoseFiles | None:
    """Return the DICOM objects of a case: ``dose/NAME``, a folder, or ``dose/NAME/dicom.zip``.

    None where there are none.
    """
    folder = layout.dose / check_name(name)
    pack = folder / "dicom.zip"
    if not folder.is_dir():
        return None
    map_file = folder / "map.yaml"
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    objects = [path for path in found if path != map_file]
    if not objects:
        return None
    stamp = tuple(_stamp(path) for path in found)
    source = pack if pack.is_file() else folder
    return DoseFiles(source, map_file if map_file.is_file() else None, stamp)


def dose_job(jobs: Jobs, opened: Opened, files: DoseFiles) -> Job:
    """Return the work that reads the dose of a case at this revision, started where it was not."""
    return jobs.start(
        _key(opened, files),
        f"Reading the dose of {opened.shown.name}",
        lambda progress: _read(opened, files, progress),
    )


def dose_read(jobs: Jobs, layout: Layout, opened: Opened) -> DoseRead | None:
    """Return the dose of a case where it was read already, and as it is now."""
    files = dose_files(layout, opened.shown.name)
    job = jobs.find(_key(opened, files)) if files is not None else None
    found = job.result if job is not None and job.state == "done" else None
    return found if isinstance(found, DoseRead) else None


def _key(opened: Opened, files: DoseFiles) -> tuple[object, ...]:
    return ("dose", opened.shown.shelf, opened.shown.name, opened.shown.revision, files.stamp)


def _read(opened: Opened, files: DoseFiles, progress: Progress) -> DoseRead:
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # regions have threads of their own
    from abscope.case.checks import check_case
    from abscope.case.clock import Clock
    from abscope.dose.lesion_map import read_lesion_map
    from abscope.dose.survey import SurveyOptions, case_with_dose, survey_dose
    from abscope.report.dose_figures import dose_material
    from abscope.report.material import Material

    progress(0.05, "reading the DICOM objects")
    chosen = read_lesion_map(files.map_file) if files.map_file else None
    options = SurveyOptions(images=True, organs=chosen.organs if chosen else {})
    survey = survey_dose(files.source, case=opened.case, chosen=chosen, options=options)
    progress(0.7, "drawing curves and pictures")
    made = dose_material(survey)
    progress(0.95, "joining lesions to their dose")
    case = case_with_dose(opened.case, survey)
    located = replace(opened.located, case=case)
    material = Material(located, check_case(case), Clock(case), made)
    return DoseRead(survey, material, digest(repr(files.stamp))[:16])


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{path.name}:{status.st_size}:{status.st_mtime_ns}"
