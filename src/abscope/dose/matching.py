"""Which region stands for which lesion, and which course of the record each dose course is.

A region belongs to a lesion where a person says so in a map, or where its name is exactly the id
or the name of the lesion (upper and lower case apart). Everything else is a question: a wrong
region would give a lesion the dose of another one.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from abscope.dose.courses import Course
from abscope.dose.lesion_map import LesionMap, LesionPlace
from abscope.dose.lesion_region import LesionRegion, sphere_roi
from abscope.dose.structures import Roi, StructureSet
from abscope.dose.study import Study
from abscope.errors import CaseError, Problem

if TYPE_CHECKING:
    from abscope.case.lesion import Lesion

__all__ = ["MatchQuestion", "Matching", "course_words", "map_template", "match_lesions"]


#: Words of a name that do not tell one lesion from another.
_SIDES = {"left", "right", "both", "bilateral", "upper", "lower", "lesion", "metastasis"}


@dataclass(frozen=True, slots=True)
class MatchQuestion:
    """What a person has to say: of which lesion or course, why, and the likely answers."""

    about: str
    label: str
    what: str
    candidates: tuple[str, ...]

    def __str__(self) -> str:
        """Return the question on one line."""
        likely = f" Is it {', '.join(self.candidates)}?" if self.candidates else ""
        label = f" ({self.label})" if self.label and self.label != self.about else ""
        return f"{self.about}{label}: {self.what}.{likely}"


@dataclass(frozen=True, slots=True)
class Matching:
    """The regions of each lesion, what is still to be asked, and the distances of the map.

    ``regions`` holds matched lesions only, a group with the regions of all its members, and those
    whose distance from the field was confirmed (without a region). ``confirmed_distances`` are for
    `abscope.dose.exposure_table.TableOptions`.
    """

    regions: Mapping[str, tuple[LesionRegion, ...]]
    questions: tuple[MatchQuestion, ...]
    confirmed_distances: Mapping[tuple[str, str], float] = field(default_factory=dict)


def match_lesions(
    study: Study,
    *,
    lesions: Sequence["Lesion"],
    courses: Sequence[Course],
    chosen: LesionMap | None = None,
) -> Matching:
    """Return the regions of the lesions of a case, and a question for each one without.

    Raises CaseError with every entry of the map that names an unknown lesion, region or course.
    """
    places = dict(chosen.lesions) if chosen else {}
    problems = _map_problems(study, places, lesions, courses)
    if problems:
        raise CaseError(problems)
    regions: dict[str, tuple[LesionRegion, ...]] = {}
    questions: list[MatchQuestion] = []
    distances: dict[tuple[str, str], float] = {}
    for lesion in lesions:
        place = places.get(lesion.id)
        if place is not None:
            regions[lesion.id] = _placed(study, lesion, place, courses)
            distances |= {
                (lesion.id, course): apart for course, apart in place.field_distances.items()
            }
            if place.rois or place.center_mm is not None:
                continue
        found = _named(study, {lesion.id, lesion.name or lesion.id})
        twice = _twice(found)
        if found and not twice:
            regions[lesion.id] = tuple(_region(s, roi, "roi") for s, roi in found)
            continue
        if place is not None and not twice and place.field_distances:
            continue
        what = (
            f"{len(twice)} regions of one structure set are called {twice[0]}"
            if twice
            else "no region has its id or name"
        )
        questions.append(MatchQuestion(lesion.id, lesion.label, what, _likely(study, lesion)))
    return Matching(regions, tuple(questions), distances)


def map_template(
    study: Study, *, matching: Matching, lesions: Sequence["Lesion"], courses: Sequence[Course]
) -> str:
    """Return a map file to fill in: what is matched, the questions, and every name to choose from.

    Questions are comments, so that the file is a valid map as it stands.
    """
    lines = [
        "# Regions of the lesions. Remove the '#' where an answer is right, or correct it.",
        "",
    ]
    lines.append("lesions:")
    asked = {question.about: question for question in matching.questions}
    for lesion in lesions:
        found = matching.regions.get(lesion.id)
        if found:
            chosen = list(dict.fromkeys(_quoted(region.roi.name) for region in found))
            answer = chosen[0] if len(chosen) == 1 else f"[{', '.join(chosen)}]"
            lines.append(f"  {lesion.id}: {answer}")
            continue
        question = asked.get(lesion.id)
        likely = question.candidates if question else ()
        if len(likely) > 1 and all(lesion.id.casefold() in _words(name) for name in likely):
            members = ", ".join(map(_quoted, likely))
            lines.append(f"  # {lesion.id}: [{members}]  # {lesion.label}: one of them, or a group")
            continue
        answer = _quoted(likely[0]) if likely else "{center_mm: [0, 0, 0], diameter_mm: 10}"
        lines.append(f"  # {lesion.id}: {answer}  # {lesion.label}")
        lines += [f"  #   or {_quoted(name)}" for name in likely[1:]]
    names = sorted({roi.name for item in study.structure_sets for roi in item.rois})
    lines += ["", "# Regions:"] + [f"#   {name}" for name in names]
    lines += ["", "# Courses of the doses:"]
    lines += [f"#   {course_words(course)}" for course in courses]
    lines += ["# courses:", "#   RT1: [C1]"]
    return "\n".join(lines) + "\n"


def course_words(course: Course) -> str:
    """Return a course in words: its name, fractions and prescription."""
    n, rx_gy = course.n_fractions_planned, course.prescribed_dose_gy
    parts = [
        "fractions unknown" if n is None else f"{n} fractions",
        "prescription unknown" if rx_gy is None else f"{rx_gy:g} Gy",
        course.source,
    ]
    if course.day is not None:
        parts.append(f"day {course.day}")
    return f"{course.name}: {', '.join(parts)}"


def _map_problems(
    study: Study,
    places: Mapping[str, LesionPlace],
    lesions: Sequence["Lesion"],
    courses: Sequence[Course],
) -> list[Problem]:
    known = [lesion.id for lesion in lesions]
    names = sorted({roi.name for item in study.structure_sets for roi in item.rois})
    of_courses = [course.name for course in courses]
    frames = {course.dose.frame_uid for course in courses}
    out: list[Problem] = []
    for lesion, place in places.items():
        path = f"lesions.{lesion}"
        if lesion not in known:
            out.append(_unknown(place.where, "lesion", lesion, known, path))
        for roi in place.rois:
            if roi not in names:
                out.append(_unknown(place.where, "region", roi, names, path))
            elif _twice(_named(study, {roi}, exact=True)):
                what = f"several regions of one structure set are called '{roi}'"
                action = "Rename one in the planning system, or give its center and diameter."
                out.append(Problem(place.where, what, "one region of that name", action, path))
        if place.frame and place.frame not in of_courses:
            out.append(_unknown(place.where, "course", place.frame, of_courses, path))
        if place.center_mm is not None and not place.frame and len(frames) > 1:
            what = f"the center lies in one of {len(frames)} frames of reference"
            expected = f"frame: one of {', '.join(of_courses)}"
            action = "Name a course whose coordinates it is in."
            out.append(Problem(place.where, what, expected, action, path))
        out += [
            _unknown(place.where, "course", course, of_courses, path)
            for course in place.field_distances
            if course not in (*of_courses, "all")
        ]
    return out


def _unknown(where: str, kind: str, name: str, known: Sequence[str], path: str) -> Problem:
    close = _near(name, known)
    action = f"Did you mean {', '.join(close)}?" if close else f"Known: {', '.join(known[:20])}."
    return Problem(where, f"there is no {kind} '{name}'", f"a {kind} of the data", action, path)


def _placed(
    study: Study, lesion: "Lesion", place: LesionPlace, courses: Sequence[Course]
) -> tuple[LesionRegion, ...]:
    if place.rois:
        found = [pair for name in place.rois for pair in _named(study, {name}, exact=True)]
        return tuple(_region(item, roi, "manual") for item, roi in found)
    if place.center_mm is None or place.diameter_mm is None:
        return ()
    frame = next(c.dose.frame_uid for c in courses if place.frame in ("", c.name))
    roi = sphere_roi(lesion.id, center_mm=place.center_mm, diameter_mm=place.diameter_mm)
    return (LesionRegion(roi, frame, "expansion"),)


def _region(found: StructureSet, roi: Roi, match: str) -> LesionRegion:
    return LesionRegion(roi, found.frame_uid, match, found.uid, found.plane_spacing_mm)


def _named(
    study: Study, names: Iterable[str], *, exact: bool = False
) -> list[tuple[StructureSet, Roi]]:
    wanted = {name if exact else name.strip().casefold() for name in names}
    return [
        (item, roi)
        for item in study.structure_sets
        for roi in item.rois
        if (roi.name if exact else roi.name.strip().casefold()) in wanted and roi.contours
    ]


def _twice(found: Sequence[tuple[StructureSet, Roi]]) -> list[str]:
    """The names of the regions of a structure set that holds more than one of them."""
    for item, _ in found:
        names = [roi.name for other, roi in found if other is item]
        if len(names) > 1:
            return names
    return []


def _likely(study: Study, lesion: "Lesion") -> tuple[str, ...]:
    """Names that hold the id, else at most six that look like the lesion, its site or a target."""
    rois = [roi for item in study.structure_sets for roi in item.rois if roi.contours]
    names = list(dict.fromkeys(roi.name for roi in rois))
    holding = [name for name in names if lesion.id.casefold() in _words(name)]
    if holding:
        return tuple(holding)
    texts = [lesion.id, lesion.label, *(site.name.replace("_", " ") for site in lesion.sites)]
    close = [name for text in texts for name in _near(text, names)]
    telling = {word for text in texts for word in _words(text) if len(word) > 3} - _SIDES
    shared = {name: len(telling & _words(name)) for name in names}
    close += sorted((name for name in names if shared[name]), key=lambda name: -shared[name])
    targets = [roi.name for roi in rois if roi.role in ("GTV", "CTV", "PTV")]
    return tuple(dict.fromkeys([*close, *targets]))[:6]


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[\W_]+", text.casefold()) if word}


def _near(word: str, names: Sequence[str]) -> list[str]:
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold()[:80], list(folded), n=3, cutoff=0.6)
    return [folded[name] for name in close]


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
