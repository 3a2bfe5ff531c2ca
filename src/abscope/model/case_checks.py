"""Whether a case can be simulated, and whether what is asked to be left out is of it."""

from collections.abc import Collection

from abscope.case.record import Case
from abscope.errors import CaseError, Problem

__all__ = ["MOST_LESIONS", "check_case", "lesions_on_record"]

#: More lesions than anybody follows; each is 8 equations in every draw.
MOST_LESIONS = 100


def lesions_on_record(case: Case) -> int:
    """Return how many lesions the numbers of a record add up to, a word counting as one."""
    most = dict.fromkeys(case.lesions_by_id, 1)
    told = [(lesion.id, lesion.count) for lesion in case.lesions]
    told += [(found.lesion, found.count) for scan in case.imaging for found in scan.findings]
    for name, fact in told:
        for number in fact.candidates if fact is not None else ():
            if isinstance(number, int) and name in most:
                most[name] = max(most[name], number)
    return sum(most.values())


def check_case(case: Case, *, without: Collection[str] = ()) -> None:
    """Raise CaseError for a series, for too many lesions and for names that are not of the case.

    ``without`` may name courses, their phases and therapies.
    """
    problems = []
    if case.kind == "series":
        what, hint = "a series of patients of whom one line each is known", "Simulate a patient."
        problems.append(Problem(case.id, what, "the record of one patient", hint, "kind"))
    if (number := lesions_on_record(case)) > MOST_LESIONS:
        expected, hint = f"at most {MOST_LESIONS}", "Simulate a part of them."
        problems.append(Problem(case.id, f"{number} lesions", expected, hint, "lesions"))
    known = [course.id for course in case.rt_courses]
    phases = {phase.id for course in case.rt_courses for phase in course.phases}
    known += [therapy.id for therapy in case.systemic_therapy]
    problems += [
        Problem(case.id, f"there is no course or therapy '{name}'", ", ".join(known) or "none",
                "Name one of them.")
        for name in without
        if name not in known and name not in phases
    ]  # fmt: skip
    if problems:
        raise CaseError(problems)
