"""Which course of the record each course of the doses is: by a map, or by fractions and dose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from abscope.dose.courses import Course
from abscope.dose.lesion_map import LesionMap
from abscope.dose.matching import MatchQuestion, course_words
from abscope.errors import CaseError, Problem

if TYPE_CHECKING:
    from abscope.case.radiotherapy import RTCourse, RTPhase

__all__ = ["CourseMatching", "match_courses"]

#: A prescription is the recorded one within this share: records round.
_SAME_DOSE = 0.01


@dataclass(frozen=True, slots=True)
class CourseMatching:
    """The course of the case by the course of the doses, and what is still to be asked."""

    of_case: Mapping[str, str]
    questions: tuple[MatchQuestion, ...]


def match_courses(
    courses: Sequence[Course],
    *,
    recorded: Sequence["RTCourse"],
    chosen: LesionMap | None = None,
) -> CourseMatching:
    """Return the recorded course of each course of the doses.

    A map decides. Without an entry, a course belongs to the one recorded course with a phase of the
    same planned fractions and prescription (within 1 %), unless more doses than phases do so.
    Raises CaseError with every unknown name of the map.
    """
    named = _from_map(courses, recorded, chosen)
    open_courses = [course for course in courses if course.name not in named]
    fits = {
        course.name: [
            (item.id, phase.id)
            for item in recorded
            for phase in item.phases
            if _fits(course, phase)
        ]
        for course in open_courses
    }
    owners = {name: list(dict.fromkeys(owner for owner, _ in mine)) for name, mine in fits.items()}
    questions: list[MatchQuestion] = []
    for course in open_courses:
        mine = owners[course.name]
        rivals = [name for name, theirs in owners.items() if set(theirs) & set(mine)]
        if len(mine) == 1 and _all_placed({name: fits[name] for name in rivals}):
            named[course.name] = mine[0]
            continue
        if len(mine) > 1:
            what = f"{' and '.join(mine)} have these fractions and this prescription"
        elif mine:
            what = f"more doses ({', '.join(rivals)}) fit {mine[0]} than it has phases"
        else:
            what = "no recorded course has these fractions and this prescription"
        likely = tuple(mine) or tuple(item.id for item in recorded)
        questions.append(MatchQuestion(course.name, course_words(course), what, likely))
    return CourseMatching(named, tuple(questions))


def _all_placed(fits: Mapping[str, Sequence[tuple[str, str]]]) -> bool:
    """Whether each course can have a phase of its own (augmenting paths)."""
    holder: dict[tuple[str, str], str] = {}

    def place(name: str, tried: set[tuple[str, str]]) -> bool:
        for phase in fits[name]:
            if phase not in tried:
                tried.add(phase)
                if phase not in holder or place(holder[phase], tried):
                    holder[phase] = name
                    return True
        return False

    return all(place(name, set()) for name in fits)


def _from_map(
    courses: Sequence[Course], recorded: Sequence["RTCourse"], chosen: LesionMap | None
) -> dict[str, str]:
    if chosen is None:
        return {}
    names = [course.name for course in courses]
    ids = [item.id for item in recorded]
    problems = []
    for item, members in chosen.courses.items():
        where, path = chosen.places[item], f"courses.{item}"
        wrong = [("course of the case", item, ids)] if item not in ids else []
        wrong += [("course of the doses", name, names) for name in members if name not in names]
        problems += [
            Problem(where, f"there is no {kind} '{name}'", f"one of {', '.join(known)}",
                    "Correct the name.", path)
            for kind, name, known in wrong
        ]  # fmt: skip
    if problems:
        raise CaseError(problems)
    return {name: item for item, members in chosen.courses.items() for name in members}


def _fits(course: Course, phase: "RTPhase") -> bool:
    planned = phase.n_fractions_planned
    if course.n_fractions_planned is None or planned is None:
        return False
    if course.n_fractions_planned not in planned.candidates:
        return False
    totals = _totals(phase)
    return any(
        abs(level.dose_gy - total) <= _SAME_DOSE * total
        for level in course.levels
        for total in totals
    )


def _totals(phase: "RTPhase") -> tuple[float, ...]:
    """Every total dose (Gy) that the phase may mean; of a boost too."""
    stated = [amount for amount in (phase.total_dose_gy,) if amount is not None]
    if phase.boost is not None and phase.boost.total_dose_gy is not None:
        stated.append(phase.boost.total_dose_gy)
    found = [number for amount in stated for number in amount.candidates]
    if phase.dose_per_fraction_gy is not None and phase.n_fractions_planned is not None:
        found += [
            dose * count
            for dose in phase.dose_per_fraction_gy.candidates
            for count in phase.n_fractions_planned.candidates
        ]
    return tuple(found)
