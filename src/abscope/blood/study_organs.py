"""Organ doses of a DICOM study under the names that the case has for its courses and phases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from abscope.case.record import Case
from abscope.dose.results import OrganDose
from abscope.dose.survey import survey_dose
from abscope.errors import DicomError, Problem

__all__ = ["named_as_in_case", "organs_of_study", "phase_of_course"]


def organs_of_study(source: Path, *, case: Case) -> tuple[OrganDose, ...]:
    """Return the organ doses of a DICOM folder, each course named as the phase of the case.

    Raises DicomError where the study has no organ, or a course that the case does not clearly
    have.
    """
    survey = survey_dose(source, case=case)
    if not survey.organs:
        raise DicomError(
            survey.organ_problems
            or Problem(
                str(source), "no organ was found among the regions", "organs that are drawn",
                "Draw them, or give a table with --organs.",
            )
        )  # fmt: skip
    of_case = survey.course_matching.of_case if survey.course_matching else {}
    return named_as_in_case(survey.organs, of_case=of_case, case=case)


def named_as_in_case(
    organs: Sequence[OrganDose], *, of_case: Mapping[str, str], case: Case
) -> tuple[OrganDose, ...]:
    """Return the rows with the phase of the case in the place of the course of the doses.

    Raises DicomError as `phase_of_course` does.
    """
    names = list(dict.fromkeys(row.course for row in organs))
    found = phase_of_course(names, of_case=of_case, case=case)
    return tuple(replace(row, course=found[row.course]) for row in organs)


def phase_of_course(
    names: Sequence[str], *, of_case: Mapping[str, str], case: Case
) -> dict[str, str]:
    """Return the phase of the case that each course of the doses is, by name.

    ``of_case`` has the recorded course of each course of the doses. Several courses of the doses
    in one recorded course are its phases in their order, where there are as many. Raises DicomError
    with every course whose phase is not clear.
    """
    phases = {item.id: [phase.id for phase in item.phases] for item in case.rt_courses}
    every = [phase for items in phases.values() for phase in items]
    found: dict[str, str] = {}
    problems = []
    for name in names:
        course = of_case.get(name)
        mates = [other for other in names if of_case.get(other) == course]
        if course in phases and len(mates) == len(phases[course]):
            found[name] = phases[course][mates.index(name)]
        elif not of_case and len(names) == len(every):
            found[name] = every[names.index(name)]
        else:
            problems.append(
                Problem(
                    f"course {name} of the doses",
                    "it is not clear which phase of the case it is",
                    f"one of {', '.join(every)}",
                    "Write the organ doses as a table, name the courses there, use --organs.",
                )
            )
    if problems:
        raise DicomError(problems)
    return found
