"""What every page of a case shows around its own content."""

from typing import Any

from abscope.web.fits import Source, fit_place
from abscope.web.rooms import CaseHere
from abscope.web.subject import Subject
from abscope.web.views import STEPS, case_argument

__all__ = ["argument_of", "frame", "run_of", "subject_of"]


def subject_of(here: CaseHere) -> Subject:
    """Return the case that long work of a page is about."""
    return Subject(here.rooms, here.opened)


def argument_of(here: CaseHere) -> str:
    """Return how the command line names the case."""
    return case_argument(here.shown, str(here.rooms.project.layout.folder))


def run_of(subject: Subject, source: Source) -> Any:
    """Return the folder of the fit that draws come from; None where they are of the prior."""
    return fit_place(subject) if source == "fit" else None


def frame(here: CaseHere, subject: Subject, step: str) -> dict[str, Any]:
    """Return the values that the templates of all pages of a case need."""
    return {
        "here": here, "case": here.opened.case, "shown": here.shown, "crumbs": here.shown,
        "step": step, "steps": STEPS, "figures": {}, "problems": (),
        "with_dose": subject.read is not None,
        "personal": [one for one in here.opened.findings if one.code == "personal-data"],
    }  # fmt: skip
