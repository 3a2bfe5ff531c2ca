"""The text of a scenario: what each option of the command line, and each field of a page, says."""

import re
from collections.abc import Callable, Iterable

from pydantic_core import PydanticCustomError

from abscope.case.regimen import Segment, parse_regimen
from abscope.decide.scenario import (
    AddCourse,
    Change,
    Drop,
    Prescription,
    Scenario,
    SetPrescription,
    SetTargets,
    Shift,
    Spare,
    named,
)
from abscope.errors import AbscopeError, Problem, UsageError

__all__ = [
    "parse_add", "parse_drop", "parse_prescription", "parse_scenario", "parse_set", "parse_shift",
]  # fmt: skip

_ID = r"[A-Za-z_][\w-]*"
_RT = re.compile(rf"^rt\.(?P<target>{_ID})(?P<targets>\.targets)?$")
_BLOOD = re.compile(rf"^blood\.(?P<organ>{_ID}?)_dose$")
_FACTOR = re.compile(r"^[x×*]\s*(?P<factor>[+-]?\d+(?:\.\d+)?)$")
_NAMED = re.compile(rf"^(?:rt\.|drug\.)?(?P<target>{_ID})$")
_DAYS = re.compile(r"^(?P<by>[+-]?\d+(?:\.\d+)?)\s*(?P<unit>d|days?|w|weeks?|h|hours?)$")
_NEGATIVE = re.compile(r"(?<![\w.])[-−]\s*(\d+(?:[.,]\d+)?)\s*c?Gy\b", re.IGNORECASE)
_NO_FRACTIONS = re.compile(r"^\s*[-−]\s*\d+\s*[x×*]")
_WHERE = re.compile(r"^rt\s+(?P<where>.+?)\s+(?=[-−]?\d)(?P<regimen>.*)$", re.IGNORECASE)
_MOST_FACTOR = 2.0
#: Two fractions a day is the shortest distance of the record.
_SHORTEST_D = 0.5
_FARTHEST_D = 3650.0


def parse_scenario(
    *,
    sets: Iterable[str] = (),
    drops: Iterable[str] = (),
    adds: Iterable[str] = (),
    shifts: Iterable[tuple[str, str]] = (),
    name: str | None = None,
) -> Scenario:
    """Return the scenario that lines of text say together.

    Raises UsageError with every line that cannot be read, or that contradicts another.

    >>> parse_scenario(sets=["rt.RT2: 5 x 1 Gy"]).name
    'rt.RT2: 5 x 1 Gy'
    """
    changes: list[Change] = []
    problems: list[Problem] = []
    readers: list[Callable[[], Change]] = [
        *((lambda text=text: parse_set(text)) for text in sets),
        *((lambda text=text: parse_drop(text)) for text in drops),
        *((lambda text=text: parse_add(text)) for text in adds),
        *((lambda pair=pair: parse_shift(*pair)) for pair in shifts),
    ]
    for read in readers:
        try:
            changes.append(read())
        except AbscopeError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    return named(changes, name=name)


def parse_set(text: str) -> Change:
    """Return the change of ``rt.ID: 3 x 8 Gy``, ``rt.ID.targets: L1``, ``blood.ORGAN_dose: x0.5``.

    Raises UsageError where it is none of them.
    """
    where = f'--set "{text}"'
    key, colon, value = (part.strip() for part in text.partition(":"))
    found = _RT.match(key) if colon else None
    if found and found["targets"]:
        lesions = tuple(part.strip() for part in value.split(",") if part.strip())
        if not lesions or not all(re.fullmatch(_ID, name) for name in lesions):
            what = f"'{value}' is no list of lesions"
            raise _wrong(where, what, "identifiers with commas between them", "L03, L05")
        return SetTargets(where, found["target"], tuple(dict.fromkeys(lesions)))
    if found:
        return SetPrescription(where, found["target"], parse_prescription(value, where=where))
    organ = _BLOOD.match(key) if colon else None
    if organ and organ["organ"]:
        factor = _FACTOR.match(value)
        if factor is None or not 0.0 <= float(factor["factor"]) <= _MOST_FACTOR:
            what = f"'{value}' is no factor on a dose"
            raise _wrong(where, what, f"x0 to x{_MOST_FACTOR:g}", "x0.5 halves it")
        return Spare(where, organ["organ"], float(factor["factor"]))
    what = f"'{key}' is nothing that can be set" if colon else "there is no colon in it"
    raise _wrong(where, what, "rt.ID, rt.ID.targets or blood.ORGAN_dose", "rt.RT2: 3 x 8 Gy")


def parse_drop(text: str) -> Drop:
    """Return the change of ``rt.RT1b``, ``RT1``, ``D5`` or ``pembrolizumab``; else UsageError."""
    where = f"--drop {text}"
    found = _NAMED.match(text.strip())
    if found is None:
        what = f"'{text}' names nothing"
        raise _wrong(where, what, "a course, a phase, a therapy or a drug", "rt.RT1b")
    return Drop(where, found["target"])


def parse_add(text: str) -> AddCourse:
    """Return the change of ``rt SITE-OR-LESIONS REGIMEN``; else UsageError."""
    where = f'--add "{text}"'
    found = _WHERE.match(text.strip())
    if found is None:
        what = "it names no place or no dose"
        expected = "rt, a site or lesions, and a regimen"
        raise _wrong(where, what, expected, "rt liver 0.5 Gy x 4")
    places = tuple(part.strip() for part in found["where"].split(",") if part.strip())
    prescription = parse_prescription(found["regimen"], where=where)
    return AddCourse(where, tuple(dict.fromkeys(places)), prescription)


def parse_shift(target: str, delta: str) -> Shift:
    """Return the change of ``pembrolizumab`` and ``-21d``; else UsageError."""
    where = f"--shift {target} {delta}"
    found, by = _NAMED.match(target.strip()), _DAYS.match(delta.strip().replace("−", "-"))
    if found is None:
        raise _wrong(where, f"'{target}' names nothing", "a drug, therapy or course", "RT2")
    if by is None:
        what = f"'{delta}' is no distance in time"
        raise _wrong(where, what, "days, weeks or hours with a sign", "-21d")
    days = float(by["by"]) * {"d": 1.0, "w": 7.0, "h": 1 / 24}[by["unit"][0]]
    if days == 0.0 or abs(days) > _FARTHEST_D:
        expected = f"more than 0 and at most {_FARTHEST_D:g} days"
        raise _wrong(where, f"{days:g} days", expected, "-21d")
    return Shift(where, found["target"], days)


def parse_prescription(text: str, *, where: str) -> Prescription:
    """Return fractions and dose of ``3 x 8 Gy``, with spacing and first day where they are said.

    Raises UsageError where it is no regimen of radiotherapy or leaves the number open.
    """
    negative = _NEGATIVE.search(text)
    if negative:
        what = f"a dose of -{negative.group(1)} Gy"
        raise _wrong(where, what, "a dose above 0", "3 x 8 Gy")
    if _NO_FRACTIONS.match(text):
        raise _wrong(where, "a negative number of fractions", "1 or more", "3 x 8 Gy")
    try:
        segments = parse_regimen(text)
    except PydanticCustomError as error:
        said = error.context or {}
        raise UsageError(Problem(where, said["what"], said["expected"], said["action"])) from None
    if len(segments) != 1:
        raise _wrong(where, f"{len(segments)} parts", "one regimen", "3 x 8 Gy")
    segment = segments[0]
    problems = _segment_problems(segment, where)
    if problems:
        raise UsageError(problems)
    interval = segment.interval_d
    if interval is not None and abs(interval - round(interval)) < 1e-9:
        interval = float(round(interval))
    return Prescription(
        n_fractions=segment.n_doses or 1,
        dose_per_fraction_gy=round(segment.amount, 10),
        interval_d=interval,
        weekdays=segment.skip_weekends,
        start_d=segment.start_d,
    )


def _segment_problems(segment: Segment, where: str) -> list[Problem]:
    out = []
    if segment.unit != "Gy":
        out.append(_bad(where, f"a dose in {segment.unit}", "Gy", "3 x 8 Gy"))
    if segment.label:
        out.append(_bad(where, f"'{segment.label}'", "doses and times only", "3 x 8 Gy"))
    if segment.n_doses is None:
        out.append(_bad(where, "no number of fractions", "fractions and dose", "3 x 8 Gy"))
    if segment.start_date is not None:
        what = f"starts on {segment.start_date.isoformat()}"
        out.append(_bad(where, what, "a day from day zero", "from day 14"))
    interval = segment.interval_d
    whole = interval is None or interval == _SHORTEST_D or (interval >= 1 and interval % 1 < 1e-9)
    if not whole:
        out.append(_bad(where, f"a spacing of {24 * (interval or 0):g} h",
                        "12 h or whole days", "every 48 h"))  # fmt: skip
    return out


def _bad(where: str, what: str, expected: str, example: str) -> Problem:
    return Problem(where, what, expected, f"For example: {example}.")


def _wrong(where: str, what: str, expected: str, example: str) -> UsageError:
    return UsageError(_bad(where, what, expected, example))
