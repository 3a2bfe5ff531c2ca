"""The list of cases: of the project and of the library, import, export, and new ones by a form."""

from functools import cache
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from abscope.case.files import MAX_BYTES
from abscope.case.reader import read_case_text
from abscope.case.shelf import library_names, library_text
from abscope.errors import AbscopeError, CaseError, Problem
from abscope.web.answers import status_of
from abscope.web.new_case import TUMOR_TYPES, case_text, compact, field_problems
from abscope.web.rooms import Rooms, RoomsHere, UserHere
from abscope.web.store.archive import import_project
from abscope.web.store.atomic import digest
from abscope.web.store.index import Entry
from abscope.web.store.paths import check_name
from abscope.web.templating import render

__all__ = [
    "blank",
    "cases",
    "copy",
    "create",
    "router",
    "take",
]

router = APIRouter()
_ABBREVIATED = ("nsclc", "sclc", "hcc", "rcc", "hnscc")


@router.get("/cases")
def cases(request: Request, rooms: RoomsHere, q: str = "") -> Response:
    """Show the cases of the project and of the library that hold the words asked for."""
    return HTMLResponse(_list_page(request, rooms, q))


def _list_page(
    request: Request, rooms: Rooms, words: str = "", problems: tuple[Problem, ...] = ()
) -> str:
    drafts = rooms.project.drafts.every()
    return render(
        request,
        "cases.html",
        {
            "tumor": _tumor,
            "own": [entry for entry in rooms.project.entries() if _fits(entry, words)],
            "library": [entry for entry in _library() if _fits(entry, words)],
            "drafts": drafts,
            "recovered": rooms.recovered,
            "folder": rooms.project.layout.folder,
            "problems": problems,
            "words": words,
        },
    )


@cache
def _library() -> tuple[Entry, ...]:
    from abscope.report.words import brief

    found = []
    for name in library_names():
        text = library_text(name)
        case = read_case_text(text, name=f"{name}.yaml").case
        tumor = brief(case.diagnosis.tumor_type) or brief(case.diagnosis.tumor)
        counts = (len(case.lesions), len(case.rt_courses), 0)
        found.append(
            Entry(name, f"{name}.yaml", len(text), 0, digest(text), case.id, case.title,
                  case.kind, tumor, *counts, "")
        )  # fmt: skip
    return tuple(found)


def _tumor(words: str) -> str:
    """Return a type of tumor as oncologists write it: its abbreviation in capitals."""
    return words.upper() if words in _ABBREVIATED else words


def _fits(entry: Entry, words: str) -> bool:
    held = f"{entry.name} {entry.title} {entry.tumor} {entry.kind}".casefold()
    return all(word in held for word in words.casefold().split())


@router.get("/new")
def blank(request: Request, lesions: int = 3, courses: int = 1, scans: int = 2) -> Response:
    """Show the form for a new case."""
    rows = {"lesions": lesions, "courses": courses, "scans": scans, "drugs": 1}
    return HTMLResponse(_form_page(request, {}, rows=rows, problems=()))


def _form_page(
    request: Request,
    values: dict[str, str],
    *,
    rows: dict[str, int],
    problems: tuple[Problem, ...],
) -> str:
    from abscope.case.anatomy import SITES

    return render(
        request,
        "new.html",
        {
            "values": values,
            "rows": {name: min(max(count, 1), 40) for name, count in rows.items()},
            "problems": problems,
            "by_field": field_problems(problems),
            "sites": sorted((name, site.label) for name, site in SITES.items()),
            "tumor_types": [(name, _tumor(name.replace("_", " "))) for name in TUMOR_TYPES],
        },
    )


@router.post("/new")
async def create(request: Request, rooms: RoomsHere, user: UserHere) -> Response:
    """Make a case from the form, or show what is wrong beside each field."""
    form = await request.form(max_files=0, max_fields=2000)
    given = {key: value.strip() for key, value in form.items() if isinstance(value, str)}
    values = compact(given)
    counts = {name: _count(given.get(f"rows-{name}", "1")) for name in
              ("lesions", "courses", "scans", "drugs")}  # fmt: skip
    try:
        text = case_text(values)
        name = check_name(values.get("id", ""))
        rooms.project.create(name, text, who=user, note="made with the form")
    except AbscopeError as error:
        page = _form_page(request, values, rows=counts, problems=error.problems)
        return HTMLResponse(page, status_of(error))
    return RedirectResponse(f"/cases/{name}/timeline", 303)


def _count(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 3 else 1


@router.post("/import")
def take(
    request: Request, rooms: RoomsHere, user: UserHere, files: Annotated[list[UploadFile], File()]
) -> Response:
    """Take case files in, all of them or none; a zip is a whole project."""
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for file in files:
        name = PurePosixPath((file.filename or "").replace("\\", "/")).name
        if name.lower().endswith(".zip") and len(files) == 1:
            return _take_project(request, rooms, user, file)
        try:
            texts[check_name(PurePosixPath(name).stem)] = _case_file(file, name)
        except AbscopeError as error:
            problems += error.problems
    if problems or not texts:
        found = tuple(problems) or (Problem("import", "no file was chosen", "a file", "Choose."),)
        return HTMLResponse(_list_page(request, rooms, problems=found), 422)
    made = []
    for name, text in texts.items():
        free = rooms.project.free_name(name)
        rooms.project.create(free, text, who=user, note="imported")
        made.append(free)
    return RedirectResponse(f"/cases/{made[0]}/timeline" if len(made) == 1 else "/cases", 303)


def _case_file(file: UploadFile, name: str) -> str:
    """Return the text of an uploaded case file that can be read as a case."""
    data = file.file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        what = f"is larger than {MAX_BYTES // 1_000_000} MB"
        raise CaseError(Problem(name, what, "a case file", "Is it one?"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CaseError(
            Problem(f"{name}:{line}", "is not UTF-8", "text in UTF-8", "Save the file as UTF-8.")
        ) from None
    read_case_text(text, name=name)
    return text


def _take_project(request: Request, rooms: Rooms, user: str, file: UploadFile) -> Response:
    try:
        import_project(rooms.project, file.file, who=user)
    except AbscopeError as error:
        return HTMLResponse(_list_page(request, rooms, problems=error.problems), status_of(error))
    return RedirectResponse("/cases", 303)


@router.post("/library/{name}/copy")
def copy(name: str, rooms: RoomsHere, user: UserHere) -> Response:
    """Copy a case of the library into the project, where it can be changed."""
    shown = rooms.project.show("library", name)
    free = rooms.project.free_name(name)
    rooms.project.create(free, shown.text, who=user, note=f"copied from the library: {name}")
    return RedirectResponse(f"/cases/{free}/edit", 303)
