"""The pages of one case: timeline, dose, response, blood, what the model expects, report."""

import gzip
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from abscope.case.checks import check_case
from abscope.errors import AbscopeError, Problem
from abscope.web.answers import REPORT_POLICY, status_of
from abscope.web.dosing import dose_files, dose_job, dose_read
from abscope.web.facts import fact_of
from abscope.web.rooms import CaseHere, RoomsHere, ShelfName, ShownHere, UserHere
from abscope.web.store.atomic import write_bytes
from abscope.web.templating import render
from abscope.web.uploads import keep_upload
from abscope.web.views import STEPS, case_argument, command, python, step_figures, step_parts

__all__ = [
    "blood",
    "case",
    "dose",
    "expectation",
    "hand_over",
    "keep_map",
    "report",
    "report_file",
    "response",
    "router",
    "timeline",
]

router = APIRouter()
_Here = Annotated[CaseHere, Depends()]


@router.get("/{shelf}/{name}")
def case(shelf: ShelfName, name: str) -> Response:
    """Lead to the first page of a case."""
    return RedirectResponse(f"/{shelf}/{name}/timeline")


@router.get("/{shelf}/{name}/timeline")
def timeline(here: _Here, mark: str = "") -> Response:
    """Show what happened; a mark in the address opens the record behind it."""
    chosen = fact_of(here.opened, mark) if mark else None
    return _page(here, "timeline", {"chosen": chosen})


@router.get("/{shelf}/{name}/dose")
def dose(here: _Here) -> Response:
    """Show what each lesion was given; dose from DICOM where it was handed over."""
    files = dose_files(here.rooms.project.layout, here.shown.name)
    job = dose_job(here.rooms.jobs, here.opened, files) if files is not None else None
    if job is not None:
        job.ended.wait(0.05)
    read = dose_read(here.rooms.jobs, here.rooms.project.layout, here.opened)
    map_text = files.map_file.read_text("utf-8") if files and files.map_file else ""
    planes: list[dict[str, Any]] = []
    if read is not None:
        from abscope.dose.survey import survey_map
        from abscope.web.planes import plane_choices

        planes = plane_choices(read)
        map_text = map_text or survey_map(read.survey, lesions=here.opened.case.lesions)
    values = {"job": job, "read": read, "planes": planes, "map_text": map_text, "files": files}
    return _page(here, "dose", values)


@router.post("/{shelf}/{name}/dose")
def hand_over(
    shown: ShownHere, rooms: RoomsHere, user: UserHere, files: Annotated[list[UploadFile], File()]
) -> Response:
    """Keep DICOM objects for a case: a zip, or single files."""
    folder = rooms.project.layout.dose / shown.name
    count = keep_upload(folder, files)
    rooms.project.audit.add(who=user, what="dose", of=shown.name, files=str(count))
    return RedirectResponse(f"/{shown.shelf}/{shown.name}/dose", 303)


@router.post("/{shelf}/{name}/dose-map")
def keep_map(here: _Here, text: Annotated[str, Form(max_length=1_000_000)]) -> Response:
    """Keep the map from regions to lesions, after it was read without a problem."""
    from abscope.dose.lesion_map import read_lesion_map

    path = here.rooms.project.layout.dose / here.shown.name / "map.yaml"
    trial = path.with_name("map-new.yaml")
    write_bytes(trial, text.replace("\r\n", "\n"))
    try:
        read_lesion_map(trial)
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)
    here.rooms.project.audit.add(who=here.user, what="dose map", of=here.shown.name)
    return RedirectResponse(f"/{here.shown.shelf}/{here.shown.name}/dose", 303)


@router.get("/{shelf}/{name}/response")
def response(here: _Here) -> Response:
    """Show the calls with their reasons."""
    return _page(here, "response", {})


@router.get("/{shelf}/{name}/blood")
def blood(here: _Here) -> Response:
    """Show the lymphocytes, measured and predicted."""
    return _page(here, "blood", {})


@router.get("/{shelf}/{name}/expectation")
def expectation(here: _Here) -> Response:
    """Show what the model expects, with what had to be assumed."""
    return _page(here, "expectation", {})


@router.get("/{shelf}/{name}/report")
def report(here: _Here) -> Response:
    """Show the report, ready to be printed or downloaded."""
    return _page(here, "report", {})


@router.get("/{shelf}/{name}/report.html")
def report_file(here: _Here, download: bool = False) -> Response:
    """Return the report as the file that `abscope report` writes."""
    from abscope.report.build import build_report

    read = dose_read(here.rooms.jobs, here.rooms.project.layout, here.opened)

    def make() -> str:
        if read is None:
            return build_report(here.opened.located, here.opened.findings)
        located = read.material.located
        return build_report(located, check_case(located.case), dose=read.material.dose)

    key = read.key if read is not None else ""
    data = here.opened.keep(("report file", key), make).encode()
    headers = {"content-security-policy": REPORT_POLICY, "vary": "accept-encoding"}
    if download:
        headers["content-disposition"] = f'attachment; filename="{here.opened.case.id}.html"'
    if "gzip" in here.request.headers.get("accept-encoding", ""):  # 400 kB become a fifth
        headers["content-encoding"] = "gzip"
        packed = partial(gzip.compress, data, 6, mtime=0)
        return HTMLResponse(here.opened.keep(("report packed", key), packed), headers=headers)
    return HTMLResponse(data, headers=headers)


def _page(here: CaseHere, step: str, values: dict[str, Any]) -> Response:
    """Return a page of a case; a part that cannot be made says why, the others stay."""
    read = dose_read(here.rooms.jobs, here.rooms.project.layout, here.opened)
    material = read.material if read is not None else here.opened.material
    problems: tuple[Problem, ...] = ()
    figures, parts, status = {}, (), 200
    try:
        figures, parts = here.opened.keep(
            (step, read.key if read is not None else ""), lambda: _made(step, material)
        )
    except AbscopeError as error:
        problems, status = error.problems, status_of(error)
    argument = case_argument(here.shown, str(here.rooms.project.layout.folder))
    files = dose_files(here.rooms.project.layout, here.shown.name)
    source = str(files.source) if files is not None else "DIR"
    page = render(
        here.request,
        _TEMPLATES.get(step, "parts.html"),
        {
            **values,
            "here": here, "case": here.opened.case, "shown": here.shown, "crumbs": here.shown,
            "material": material, "step": step, "steps": STEPS, "parts": parts,
            "figures": figures, "pictures": _pictures(figures), "problems": problems,
            "with_dose": read is not None,
            "personal": [f for f in here.opened.findings if f.code == "personal-data"],
            "command": command(step, argument, name=here.opened.case.id, source=source),
            "python": python(step, argument, source=source),
        },
    )  # fmt: skip
    return HTMLResponse(page, status)


_TEMPLATES = {"timeline": "timeline.html", "dose": "dose.html", "report": "whole.html"}


def _pictures(figures: Any) -> list[tuple[str, Any]]:
    """Return the figures that hold a raster: they are loaded one by one, when they are opened."""
    return [(name, drawn) for name, drawn in figures.items() if name.startswith("dose-")]


def _made(step: str, material: Any) -> Any:
    figures = step_figures(step, material)
    inside = {name: one for name, one in figures.items() if not name.startswith("dose-")}
    return figures, step_parts(step, material, inside)
