"""Adverse events graded by CTCAE v5.0: lymphocytes, diarrhea, maculo-papular rash.

A grade that hangs on something not recorded is returned as the set of grades that remain possible;
an unknown lower limit of normal, hospital stay or symptom is never taken for a normal one.

Source: Common Terminology Criteria for Adverse Events v5.0, US National Cancer Institute,
27 November 2017. A semicolon in a grade's text means "or".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from abscope.catalog.laboratory import ctcae_lymphocyte_floor, lymphocyte_lower_limit
from abscope.errors import Problem, ProtocolError

__all__ = [
    "CtcaeBand", "CtcaeGrade", "RashSymptoms", "diarrhea_grade", "lymphocyte_bands",
    "lymphocyte_grade", "maculopapular_rash_grade",
]  # fmt: skip

_RULE = "CTCAE v5.0"

#: Lower ends of grades 1, 2 and 3 in cells per microliter; a count at the end has that grade.
_GRADE_FLOORS_PER_UL = {grade: ctcae_lymphocyte_floor(grade).value for grade in (1, 2, 3)}

RashSymptoms = Literal["none", "mild", "moderate", "severe"]


@dataclass(frozen=True, slots=True)
class CtcaeGrade:
    """The grades that are possible, lowest first, with rule, numbers and reasons.

    ``numbers`` holds what was graded, by name and unit; None is a value that is not known.
    """

    term: str
    possible: tuple[int, ...]
    numbers: Mapping[str, float | None] = field(hash=False)
    reasons: tuple[str, ...]
    rule: str = _RULE

    @property
    def grade(self) -> int | None:
        """The grade, or None when several are possible."""
        return self.possible[0] if len(self.possible) == 1 else None

    @property
    def text(self) -> str:
        """The grade in words: ``grade 2``, ``grade 0 or 1``, ``grade 1, 3 or 4``."""
        names = [str(grade) for grade in self.possible]
        head = ", ".join(names[:-1])
        return f"grade {head} or {names[-1]}" if head else f"grade {names[-1]}"


@dataclass(frozen=True, slots=True)
class CtcaeBand:
    """A range of counts, ``low_per_ul`` <= count < ``high_per_ul`` (None: open), and its grades."""

    possible: tuple[int, ...]
    low_per_ul: float
    high_per_ul: float | None
    label: str


def lymphocyte_grade(count_per_ul: float, *, lower_limit_per_ul: float | None) -> CtcaeGrade:
    """Return the grade of 'lymphocyte count decreased' for a count per microliter.

    Grade 0: count >= lower limit of normal (LLN); 1: below it to 800; 2: below 800 to 500;
    3: below 500 to 200; 4: below 200. Without the laboratory's LLN (None) a count from 800 up is
    grade 0 or 1, unless it lies above every limit in use (`lymphocyte_lower_limit`). With an LLN
    below 800 the criteria contradict themselves between the two; both grades are returned.

    Raises ProtocolError for a negative or non-finite number or an LLN of 0.

    >>> lymphocyte_grade(640, lower_limit_per_ul=1000).text
    'grade 2'
    >>> lymphocyte_grade(1150, lower_limit_per_ul=None).text
    'grade 0 or 1'
    """
    _check_number("lymphocyte count", count_per_ul, "per uL")
    if lower_limit_per_ul is not None:
        _check_number("lower limit of normal", lower_limit_per_ul, "per uL", above_zero=True)
    band = next(
        band
        for band in lymphocyte_bands(lower_limit_per_ul)
        if band.high_per_ul is None or count_per_ul < band.high_per_ul
    )
    return CtcaeGrade(
        "lymphocyte count decreased",
        band.possible,
        {"count_per_ul": count_per_ul, "lower_limit_per_ul": lower_limit_per_ul},
        _lymphocyte_reasons(count_per_ul, band, lower_limit_per_ul),
    )


def lymphocyte_bands(lower_limit_per_ul: float | None) -> tuple[CtcaeBand, ...]:
    """Return the bands of 'lymphocyte count decreased' from 0 upward, without gap or overlap.

    Without a lower limit (None) the band from 800 to the highest limit in use is 'grade 0 or 1'.
    Raises ProtocolError for a limit that is not positive and finite.
    """
    floors = [(4, 0.0), (3, _GRADE_FLOORS_PER_UL[3]), (2, _GRADE_FLOORS_PER_UL[2])]
    top = _GRADE_FLOORS_PER_UL[1]
    edges: list[tuple[tuple[int, ...], float]] = [((grade,), low) for grade, low in floors]
    if lower_limit_per_ul is None:
        edges += [((0, 1), top), ((0,), lymphocyte_lower_limit().high)]
    else:
        _check_number("lower limit of normal", lower_limit_per_ul, "per uL", above_zero=True)
        if lower_limit_per_ul > top:
            edges += [((1,), top), ((0,), lower_limit_per_ul)]
        elif lower_limit_per_ul == top:
            edges += [((0,), top)]
        else:
            edges = _below_800(lower_limit_per_ul)
    highs = [low for _, low in edges[1:]]
    return tuple(
        CtcaeBand(possible, low, high, _label(possible))
        for (possible, low), high in zip(edges, [*highs, None], strict=True)
    )


def diarrhea_grade(
    increase_per_d: float, *, hospitalized: bool | None, life_threatening: bool | None
) -> CtcaeGrade:
    """Return the grade of diarrhea from stools per day over baseline.

    Grade 1: below 4; 2: 4 to 6; 3: 7 or more, or hospital stay indicated; 4: life-threatening.
    No increase is grade 0. None for ``hospitalized`` or ``life_threatening`` means not recorded
    and leaves the higher grade possible. Between 6 and 7 (a mean over days) is grade 2.

    Raises ProtocolError for a non-finite number and for a hospital stay or threat to life without
    any increase, which is no diarrhea to grade.

    >>> diarrhea_grade(6, hospitalized=False, life_threatening=False).text
    'grade 2'
    """
    if not math.isfinite(increase_per_d):
        raise _problem("stools over baseline", f"{increase_per_d} per day", "a finite number")
    if increase_per_d <= 0 and (hospitalized or life_threatening):
        raise _problem(
            "diarrhea",
            f"{increase_per_d:g} stools/day over baseline with hospital stay or threat to life",
            "an increase above 0",
        )
    reasons = [f"{increase_per_d:g} stools/day over baseline"]
    if increase_per_d <= 0:
        grades = {0}
    elif life_threatening:
        grades, reasons = {4}, [*reasons, "life-threatening"]
    else:
        base = 1 if increase_per_d < 4 else 2 if increase_per_d < 7 else 3
        base = 3 if hospitalized else base
        grades = {base}
        if hospitalized:
            reasons.append("hospital stay indicated")
        if hospitalized is None and base < 3:
            grades.add(3)
            reasons.append("hospital stay not recorded: grade 3 possible")
        if life_threatening is None:
            grades.add(4)
            reasons.append("threat to life not recorded: grade 4 possible")
    numbers = {"increase_per_d": increase_per_d}
    return CtcaeGrade("diarrhea", tuple(sorted(grades)), numbers, tuple(reasons))


def maculopapular_rash_grade(
    body_surface_frac: float,
    *,
    symptoms: RashSymptoms | None,
    limits_instrumental_care: bool | None,
    limits_self_care: bool | None,
) -> CtcaeGrade:
    """Return the grade of a maculo-papular rash from the share of body surface it covers (0..1).

    Grade 1: below 0.10; 2: 0.10 to 0.30, or limiting instrumental activities, or above 0.30 with
    no or mild symptoms; 3: above 0.30 with moderate or severe symptoms, or limiting self care.
    No rash is grade 0; the term has no grade 4. None means not recorded and leaves the higher
    grade possible. The table is quoted from memory and agrees with the acneiform rash of the same
    version, which was read.

    Raises ProtocolError for a share outside 0..1.

    >>> maculopapular_rash_grade(0.4, symptoms=None, limits_instrumental_care=False,
    ...                          limits_self_care=False).text
    'grade 2 or 3'
    """
    if not 0 <= body_surface_frac <= 1:
        raise _problem("body surface", f"{body_surface_frac} as a share", "0 to 1 (30 % is 0.30)")
    reasons = [f"{body_surface_frac:.0%} of body surface"]
    grades: set[int]
    if body_surface_frac == 0:
        grades = {0}
    elif limits_self_care:
        grades = {3}
        reasons.append("limits self care")
    else:
        grades = _rash_by_surface(body_surface_frac, symptoms, reasons)
        if limits_instrumental_care:
            grades = {max(2, grade) for grade in grades}
            reasons.append("limits instrumental activities")
        elif limits_instrumental_care is None and 1 in grades:
            grades.add(2)
            reasons.append("effect on instrumental activities not recorded: grade 2 possible")
        if limits_self_care is None and grades != {3}:
            grades.add(3)
            reasons.append("effect on self care not recorded: grade 3 possible")
    numbers = {"body_surface_frac": body_surface_frac}
    return CtcaeGrade("rash maculo-papular", tuple(sorted(grades)), numbers, tuple(reasons))


def _rash_by_surface(
    surface_frac: float, symptoms: RashSymptoms | None, reasons: list[str]
) -> set[int]:
    if surface_frac < 0.10:
        return {1}
    if surface_frac <= 0.30:
        return {2}
    if symptoms is None:
        reasons.append("above 30 % the grade needs the symptoms, which are not recorded")
        return {2, 3}
    reasons.append(f"above 30 % with {symptoms} symptoms")
    return {3} if symptoms in ("moderate", "severe") else {2}


def _below_800(limit_per_ul: float) -> list[tuple[tuple[int, ...], float]]:
    """Return the bands where a laboratory calls counts below 800 normal: two rules, two grades."""
    floors = {4: 0.0, 3: _GRADE_FLOORS_PER_UL[3], 2: _GRADE_FLOORS_PER_UL[2]}
    edges: list[tuple[tuple[int, ...], float]] = []
    for grade, low in floors.items():
        high = {4: floors[3], 3: floors[2], 2: _GRADE_FLOORS_PER_UL[1]}[grade]
        if limit_per_ul > low:
            edges.append(((grade,), low))
        if limit_per_ul < high:
            edges.append(((0, grade), max(low, limit_per_ul)))
    return [*edges, ((0,), _GRADE_FLOORS_PER_UL[1])]


def _lymphocyte_reasons(
    count_per_ul: float, band: CtcaeBand, limit_per_ul: float | None
) -> tuple[str, ...]:
    high = "" if band.high_per_ul is None else f" and below {band.high_per_ul:g}"
    reasons = [f"{count_per_ul:g}/uL is at or above {band.low_per_ul:g}{high}: {band.label}"]
    if limit_per_ul is None and band.possible == (0, 1):
        reasons.append("the laboratory's lower limit of normal is not known")
    elif limit_per_ul is None and band.possible == (0,):
        reasons.append("lower limit not known; the count is above every limit in use (assumed)")
    elif limit_per_ul is not None and band.possible in ((0,), (1,)):
        reasons.append(f"lower limit of normal {limit_per_ul:g}/uL")
    elif len(band.possible) > 1:
        reasons.append(
            f"not below the laboratory's lower limit {limit_per_ul:g}/uL, yet below the cut-point"
        )
    return tuple(reasons)


def _label(possible: tuple[int, ...]) -> str:
    return "grade " + " or ".join(str(grade) for grade in possible)


def _check_number(name: str, value: float, unit: str, *, above_zero: bool = False) -> None:
    if not math.isfinite(value) or value < 0 or (above_zero and value == 0):
        raise _problem(
            name, f"{value:g} {unit}", "a finite number " + ("> 0" if above_zero else ">= 0")
        )


def _problem(where: str, found: str, expected: str) -> ProtocolError:
    return ProtocolError(
        Problem("CTCAE", f"{where} is {found}", expected, "Correct the value or leave it unknown.")
    )
