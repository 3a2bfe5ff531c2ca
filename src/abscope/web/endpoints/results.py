"""What the rooms say of a case, as JSON, tables and figures."""

import csv
import io
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi import Path as PathPart
from fastapi.responses import JSONResponse, Response

from abscope.errors import DicomError, Problem, UsageError
from abscope.web.answers import PICTURE, as_file, fine
from abscope.web.dosing import dose_files, dose_job, dose_read
from abscope.web.facts import fact_of
from abscope.web.reading import Opened
from abscope.web.rooms import OpenedHere, Rooms, RoomsHere, ShelfName
from abscope.web.shapes import ERRORS, Answer
from abscope.web.views import step_figures

__all__ = [
    "blood",
    "dose",
    "expectation",
    "fact",
    "figure",
    "plane",
    "response",
    "router",
    "table",
    "timeline",
]

router = APIRouter(responses=ERRORS, tags=["results"])


@router.get("/{shelf}/{name}/timeline", response_model=Answer)
def timeline(shelf: ShelfName, opened: OpenedHere) -> JSONResponse:
    """Return the tracks with their marks: label, time, days from day zero, path of the record."""
    from abscope.report.events import mark_path, tracks

    return fine(
        {
            "shelf": shelf,
            "zero": opened.material.clock.zero_label,
            "tracks": [
                {
                    "id": track.id,
                    "title": track.title,
                    "omitted": track.omitted,
                    "marks": [
                        {
                            "row": lane.name, "label": mark.label, "detail": mark.detail,
                            "time": mark.time, "path": mark_path(mark),
                            "low_d": _finite(mark.span.low_d if mark.span else None),
                            "high_d": _finite(mark.span.high_d if mark.span else None),
                        }
                        for lane in track.lanes
                        for mark in lane.marks
                    ],
                }
                for track in tracks(opened.case, opened.material.clock)
            ],
        }
    )  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) != float("inf") else None


@router.get("/{shelf}/{name}/facts/{path}", response_model=Answer)
def fact(
    shelf: ShelfName,
    path: Annotated[str, PathPart(pattern=r"^[a-z_]+(\.[a-z0-9_]+)*$", max_length=200)],
    opened: OpenedHere,
) -> JSONResponse:
    """Return the record behind a mark: fields with status and place, and its line in the file."""
    return fine({"shelf": shelf, **fact_of(opened, path).to_dict()})


@router.get("/{shelf}/{name}/response", response_model=Answer)
def response(shelf: ShelfName, opened: OpenedHere, rooms: RoomsHere) -> JSONResponse:
    """Return every call with its reasons, as `abscope assess --json` does."""
    from abscope.response.plain import plain

    return fine({"shelf": shelf, **plain(_material(opened, rooms).assessment)})


@router.get("/{shelf}/{name}/blood", response_model=Answer)
def blood(shelf: ShelfName, opened: OpenedHere, rooms: RoomsHere) -> JSONResponse:
    """Return the forecast of lymphocytes, as `abscope blood --json` does; null without one."""
    from abscope.blood.result_rows import plain_forecast

    found = _material(opened, rooms).forecast
    return fine({"shelf": shelf, "forecast": plain_forecast(found) if found else None})


@router.get("/{shelf}/{name}/expectation", response_model=Answer)
def expectation(shelf: ShelfName, opened: OpenedHere, rooms: RoomsHere) -> JSONResponse:
    """Return what the model expects, as `abscope simulate --json` does; null without a case."""
    from abscope.model.expectation_rows import plain_expectation

    found = _material(opened, rooms).expectation
    return fine({"shelf": shelf, "expectation": plain_expectation(found) if found else None})


@router.get("/{shelf}/{name}/dose", response_model=Answer)
def dose(shelf: ShelfName, opened: OpenedHere, rooms: RoomsHere) -> JSONResponse:
    """Return courses, regions and exposure of each lesion; the job while they are being read."""
    from abscope.dose.tables import survey_payload

    read = dose_read(rooms.jobs, rooms.project.layout, opened)
    if read is not None:
        return fine({"shelf": shelf, "dose": survey_payload(read.survey), "job": None})
    files = dose_files(rooms.project.layout, opened.shown.name)
    if files is None:
        return fine({"shelf": shelf, "dose": None, "job": None})
    job = dose_job(rooms.jobs, opened, files)
    return fine({"shelf": shelf, "dose": None, "job": job.to_dict()})


@router.get("/{shelf}/{name}/tables/{table}.csv", response_class=Response)
def table(
    shelf: ShelfName,
    table: Literal["visits", "lesions", "abscopal", "exposure", "regions", "organs"],
    opened: OpenedHere,
    rooms: RoomsHere,
) -> Response:
    """Return one table as CSV: of the response, or of the dose where it was read."""
    from abscope.response.case_tables import case_tables

    found: dict[str, Any] = dict(case_tables(_material(opened, rooms).assessment))
    read = dose_read(rooms.jobs, rooms.project.layout, opened)
    if read is not None:
        from abscope.dose.tables import survey_tables

        found |= survey_tables(read.survey)
    if table not in found:
        raise UsageError(
            Problem(table, "there is no such table of this case", ", ".join(found), "Choose one.")
        )
    columns, rows = found[table]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return as_file(text.getvalue(), "text/csv", f"{opened.case.id}-{table}.csv", shelf)


@router.get("/{shelf}/{name}/figures/{step}/{figure}.{kind}", response_class=Response)
def figure(
    shelf: ShelfName,
    step: Literal["timeline", "response", "blood", "expectation", "dose"],
    figure: Annotated[str, PathPart(max_length=100)],
    kind: Literal["svg", "png"],
    opened: OpenedHere,
    rooms: RoomsHere,
) -> Response:
    """Return a figure as a file."""
    found = step_figures(step, _material(opened, rooms))
    if figure not in found:
        raise UsageError(
            Problem(figure[:80], "there is no such figure", ", ".join(found) or "none", "Choose.")
        )
    drawn, name = found[figure], f"{opened.case.id}-{figure}.{kind}"
    if kind == "png":
        return as_file(drawn.png(), "image/png", name, shelf)
    return as_file(drawn.svg(), "image/svg+xml", name, shelf)


@router.get("/{shelf}/{name}/dose/plane.svg", response_class=Response)
def plane(  # noqa: PLR0913 - what a picture depends on
    opened: OpenedHere,
    rooms: RoomsHere,
    lesion: Annotated[str, Query(max_length=80)],
    course: Annotated[str, Query(max_length=80)],
    orientation: Literal["axial", "coronal", "sagittal"] = "axial",
    at_mm: Annotated[float | None, Query(ge=-5000, le=5000)] = None,
    low_hu: Annotated[float, Query(ge=-2000, le=8000)] = -950.0,
    high_hu: Annotated[float, Query(ge=-2000, le=8000)] = 300.0,
) -> Response:
    """Return one plane of dose over the image with the outlines of the lesions."""
    from abscope.web.planes import plane_svg

    read = dose_read(rooms.jobs, rooms.project.layout, opened)
    if read is None:
        raise DicomError(
            Problem("dose", "the dose of this case was not read", "DICOM objects", "Open the page.")
        )
    if low_hu >= high_hu:
        raise UsageError(Problem("low_hu", "is not below high_hu", "a window", "Swap them."))
    text = plane_svg(read, (lesion, course), orientation, at_mm=at_mm, window_hu=(low_hu, high_hu))
    return Response(text, media_type="image/svg+xml", headers=PICTURE)


def _material(opened: Opened, rooms: Rooms) -> Any:
    read = dose_read(rooms.jobs, rooms.project.layout, opened)
    return opened.material if read is None else read.material
