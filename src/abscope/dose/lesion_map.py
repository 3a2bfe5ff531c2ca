"""The map file: which region is which lesion or organ, and which course of the record is which.

YAML, or TOML with the same keys::

    lesions:
      L1: GTV lung left                        # the name of a region
      L2: {center_mm: [12, -40, 310], diameter_mm: 14, frame: C1}
      L3: {field_distance_mm: 400}             # confirmed by a person, for every course
      L4: {roi: GTV axilla, field_distance_mm: {C2: 220}}
      L5: [nodule 1, nodule 2]                 # a lesion of the record that stands for several
    courses:
      RT1: [C1, C2]                            # a course of the case: courses of the doses
    organs:
      Lt Lung: lung                            # an organ of the catalog, body or none
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from abscope.case.files import read_text
from abscope.catalog.organs import organ_catalog
from abscope.dose.organ_names import NO_ORGAN, candidates
from abscope.errors import CaseError, Problem

if TYPE_CHECKING:
    from abscope.case.yamltext import Tree

__all__ = ["LesionMap", "LesionPlace", "read_lesion_map", "read_lesion_map_text"]

_KEYS = ("roi", "center_mm", "diameter_mm", "frame", "field_distance_mm")
_FAR_MM = 5000.0


@dataclass(frozen=True, slots=True)
class LesionPlace:
    """What a map says of one lesion; ``where`` is its place in the file.

    ``rois`` are names of regions; several are the members of a group that the record holds as one
    lesion. ``frame`` is a course whose coordinates the center is in, '' where it is not said.
    ``field_distances`` has confirmed distances (mm) by course, or by 'all'.
    """

    where: str
    rois: tuple[str, ...] = ()
    center_mm: tuple[float, float, float] | None = None
    diameter_mm: float | None = None
    frame: str = ""
    field_distances: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LesionMap:
    """A map that was read: lesions by id, courses of the doses by the course of the case.

    ``places`` has the place in the file of each key of ``courses``; ``organs`` has what a person
    decided about names of regions (see `abscope.dose.organ_names.map_rois`).
    """

    name: str
    lesions: Mapping[str, LesionPlace]
    courses: Mapping[str, tuple[str, ...]]
    places: Mapping[str, str]
    organs: Mapping[str, str] = field(default_factory=dict)


def read_lesion_map(path: str | Path) -> LesionMap:
    """Return the map of a YAML or TOML file, the latter by its ending.

    Raises UsageError where there is no file to read, CaseError with every problem of its content.
    """
    return read_lesion_map_text(read_text(path), name=str(path))


def read_lesion_map_text(text: str, *, name: str) -> LesionMap:
    """Return the map of a text; ``name`` stands for the file in messages, .toml for TOML.

    Raises CaseError with every problem at once.
    """
    reading = _Reading(name, text)
    data = reading.data
    if not isinstance(data, dict):
        expected = "lesions:, courses: or organs:"
        reading.note((), f"the file holds {_shown(data)}", expected, "See the docs.")
        raise CaseError(reading.problems)
    reading.unknown_keys((), data, ("lesions", "courses", "organs"))
    lesions: dict[str, LesionPlace] = {}
    for lesion, item in reading.mapping(data, "lesions").items():
        lesions[lesion] = _place(reading, lesion, item)
    courses = {
        course: _names(reading, course, item)
        for course, item in reading.mapping(data, "courses").items()
    }
    for course, names in courses.items():
        for other, more in courses.items():
            if other < course and (both := sorted(set(names) & set(more))):
                what = f"{', '.join(both)} belongs to {other} and to {course}"
                reading.note(("courses", course), what, "one course each", "Remove one of them.")
    organs = {
        roi: organ
        for roi, item in reading.mapping(data, "organs").items()
        if (organ := _organ(reading, roi, item))
    }
    if reading.problems:
        raise CaseError(reading.problems)
    places = {course: reading.where(("courses", course)) for course in courses}
    return LesionMap(name, lesions, courses, places, organs)


class _Reading:
    """The plain values of a text with the places of YAML, and the problems found so far."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.tree: Tree | None = None
        self.problems: list[Problem] = []
        if name.lower().endswith(".toml"):
            try:
                self.data: Any = tomllib.loads(text)
            except tomllib.TOMLDecodeError as error:
                fault = f"not TOML: {error}"
                raise CaseError(Problem(name, fault, "TOML", "Correct the syntax.")) from None
        else:
            from abscope.case.yamltext import read_yaml

            self.tree = read_yaml(text, name=name)
            self.data = self.tree.root.plain
            self.problems += [problem for _, _, problem in self.tree.problems]

    def where(self, path: tuple[str | int, ...]) -> str:
        if self.tree is None:
            return self.name
        spot = self.tree.spot(path)
        return f"{self.name}:{spot.line}:{spot.column}"

    def note(self, path: tuple[str | int, ...], what: str, expected: str, action: str) -> None:
        dotted = ".".join(map(str, path))
        self.problems.append(Problem(self.where(path), what, expected, action, dotted))

    def unknown_keys(
        self, path: tuple[str | int, ...], item: dict[str, Any], known: tuple[str, ...]
    ) -> None:
        for key in item:
            if key not in known:
                self.note((*path, key), f"unknown key '{key}'", ", ".join(known), "Correct it.")

    def mapping(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        item = data.get(key)
        if item is None:
            return {}
        if not isinstance(item, dict):
            self.note((key,), f"{key} is {_shown(item)}", "names with what they are", "Correct it.")
            return {}
        return item


def _place(reading: _Reading, lesion: str, item: Any) -> LesionPlace:
    path = ("lesions", lesion)
    where = reading.where(path)
    if isinstance(item, (str, list)) and (rois := _rois(item)):
        return LesionPlace(where, rois)
    if not isinstance(item, dict) or not item:
        expected = f"the name of a region, a list of them, or {', '.join(_KEYS)}"
        reading.note(path, f"{lesion} is {_shown(item)}", expected, "Say where it is.")
        return LesionPlace(where)
    reading.unknown_keys(path, item, _KEYS)
    if "roi" in item and not _rois(item["roi"]):
        what = f"roi is {_shown(item['roi'])}"
        reading.note((*path, "roi"), what, "a name, or a list of names", "Quote it.")
    if "frame" in item and not (isinstance(item["frame"], str) and item["frame"].strip()):
        what = f"frame is {_shown(item['frame'])}"
        reading.note((*path, "frame"), what, "a course, such as C1", "Quote it.")
    center = _center(reading, path, item)
    diameter: Any = item.get("diameter_mm")
    if "diameter_mm" in item and not (_number(diameter) and 0 < diameter <= 400):
        what = f"diameter_mm is {_shown(diameter)}"
        reading.note((*path, "diameter_mm"), what, "0 < diameter <= 400 mm", "Correct it.")
    if ("center_mm" in item) != ("diameter_mm" in item):
        reading.note(path, "only one of center_mm and diameter_mm", "both", "Give the other.")
    if "center_mm" in item and "roi" in item:
        reading.note(path, "both a region and a center", "one of the two", "Remove one.")
    return LesionPlace(
        where=where,
        rois=_rois(item.get("roi")),
        center_mm=center,
        diameter_mm=float(diameter) if _number(diameter) else None,
        frame=str(item.get("frame") or "").strip(),
        field_distances=_distances(reading, path, item),
    )


def _rois(item: Any) -> tuple[str, ...]:
    """The names of regions, () where it is neither a name nor a list of names."""
    names = item if isinstance(item, list) else [item]
    if not all(isinstance(name, str) and name.strip() for name in names):
        return ()
    return tuple(dict.fromkeys(name.strip() for name in names))


def _center(
    reading: _Reading, path: tuple[str, ...], item: dict[str, Any]
) -> tuple[float, float, float] | None:
    center: Any = item.get("center_mm")
    if "center_mm" not in item:
        return None
    fits = isinstance(center, list) and len(center) == 3
    if not fits or not all(_number(x) and abs(x) < _FAR_MM for x in center):
        what = f"center_mm is {_shown(center)}"
        reading.note((*path, "center_mm"), what, "three coordinates in mm", "Write [x, y, z].")
        return None
    x, y, z = (float(number) for number in center)
    return x, y, z


def _distances(reading: _Reading, path: tuple[str, ...], item: dict[str, Any]) -> dict[str, float]:
    given = item.get("field_distance_mm")
    if "field_distance_mm" not in item:
        return {}
    by_course = given if isinstance(given, dict) else {"all": given}
    for course, number in by_course.items():
        if not (_number(number) and 0 <= number < _FAR_MM):
            what = f"the distance for {course} is {_shown(number)}"
            spot = (*path, "field_distance_mm")
            reading.note(spot, what, f"0 to {_FAR_MM:g} mm", "Correct it.")
    return {course: float(x) for course, x in by_course.items() if _number(x)}


def _names(reading: _Reading, course: str, item: Any) -> tuple[str, ...]:
    names = [item] if isinstance(item, str) else item
    if not isinstance(names, list) or not names or not all(isinstance(x, str) for x in names):
        what = f"{course} is {_shown(item)}"
        reading.note(("courses", course), what, "a course, or a list of them", "Write [C1, C2].")
        return ()
    return tuple(dict.fromkeys(names))


def _organ(reading: _Reading, roi: str, item: Any) -> str:
    if isinstance(item, str) and (item in organ_catalog().organs or item in NO_ORGAN):
        return item
    near = ", ".join(found.organ for found in candidates(item)) if isinstance(item, str) else ""
    action = f"Did you mean {near}?" if near else "Use a name of the list of organs."
    expected = f"an organ, or {' or '.join(NO_ORGAN)}"
    reading.note(("organs", roi), f"{roi} is {_shown(item)}", expected, action)
    return ""


def _number(item: Any) -> TypeGuard[float]:
    return isinstance(item, (int, float)) and not isinstance(item, bool) and math.isfinite(item)


def _shown(item: Any) -> str:
    return "nothing" if item is None else repr(item)[:60]
