"""The exposure class of a lesion from its computed dose, with the numbers as reasons.

With Rx the prescription as delivered, u the inflation of a computed out-of-field dose, and D_v the
least dose of the hottest v % of the lesion:

    in_field      D95 >= 0.5 Rx and D50 >= 0.8 Rx
    partial       not so, but D2 >= 0.5 Rx, or a mean above the low-dose line
    low_dose      none of these, and a mean from 1 to 20 Gy
    out_of_field  u D2 < 1 Gy and all of the lesion inside the dose grid, or what is inside so and a
                  person confirmed that the lesion lies farther than 150 mm from the field
    unknown       none of these: among them a lesion that is not inside the grid

Planning systems underestimate the dose outside a field: one by 40 % on average, 55 % at 11 cm,
hence u = 1 / (1 - 0.55) = 2.2 (Phys Med Biol 2010;55:6999). The lines of low dose are those of
Menon 2019 (doi 10.1186/s40425-019-0718-6). All are options, stored with every result.
"""

import math
from dataclasses import dataclass, fields, replace

from abscope.catalog.exposure import exposure_line
from abscope.dose.results import DoseClass
from abscope.errors import Problem, UsageError

__all__ = ["ClassLines", "DoseNumbers", "class_lines", "class_of_dose", "class_over_courses"]


@dataclass(frozen=True, slots=True)
class ClassLines:
    """The options of the classification; the defaults stand in ``catalog/exposure.toml``."""

    no_dose_below_gy: float
    low_dose_up_to_gy: float
    inflation: float
    in_field_d95_frac: float
    in_field_d50_frac: float
    partial_d2_frac: float
    far_distance_mm: float
    in_grid_share_frac: float


@dataclass(frozen=True, slots=True)
class DoseNumbers:
    """What the classification asks of a lesion in a course; None is unknown.

    Doses are those of the part inside the grid. ``d95_low_gy``, ``d50_low_gy``, ``d2_low_gy`` and
    ``mean_low_gy`` take the part outside as 0 Gy: they are lower bounds for the whole lesion.
    ``prescribed_gy`` is what was delivered of the prescription. ``complete`` is False where beams
    are missing. ``confirmed_distance_mm`` is a distance from the field that a person vouches for.
    """

    in_grid_frac: float
    d2_gy: float | None
    mean_gy: float | None
    d95_low_gy: float = 0.0
    d50_low_gy: float = 0.0
    d2_low_gy: float = 0.0
    mean_low_gy: float = 0.0
    prescribed_gy: float | None = None
    complete: bool = True
    confirmed_distance_mm: float | None = None


def class_lines(**chosen: float | None) -> ClassLines:
    """Return the default options, those named in ``chosen`` replaced.

    Raises UsageError for an unknown name, a number that is not finite and positive, a share above
    1, an inflation below 1, or a low-dose line not above the no-dose line.
    """
    names = [field.name for field in fields(ClassLines)]
    catalog = {"inflation": "out_of_field_inflation"}
    lines = ClassLines(**{name: exposure_line(catalog.get(name, name)).value for name in names})
    unknown = [name for name in chosen if name not in names]
    if unknown:
        what = f"there is no line {', '.join(unknown)}"
        raise UsageError(Problem("exposure lines", what, ", ".join(names), "Correct the name."))
    given = {name: number for name, number in chosen.items() if number is not None}
    lines = replace(lines, **given)
    problems = [
        Problem("exposure lines", f"{name} is {getattr(lines, name):g}", expected, "Correct it.")
        for name in names
        if (expected := _fault(name, getattr(lines, name)))
    ]
    if not problems and lines.no_dose_below_gy >= lines.low_dose_up_to_gy:
        what = f"the lines are {lines.no_dose_below_gy:g} and {lines.low_dose_up_to_gy:g} Gy"
        problems.append(Problem("exposure lines", what, "no dose < low dose", "Correct them."))
    if problems:
        raise UsageError(problems)
    return lines


def _fault(name: str, number: float) -> str:
    if not (math.isfinite(number) and number > 0):
        return "a finite number > 0"
    if name.endswith("_frac") and number > 1:
        return "a share up to 1"
    return "a factor of at least 1" if name == "inflation" and number < 1 else ""


def class_of_dose(numbers: DoseNumbers, *, lines: ClassLines) -> tuple[DoseClass, tuple[str, ...]]:
    """Return the class of a lesion in one course and the sentences that justify it."""
    inside = numbers.in_grid_frac >= lines.in_grid_share_frac
    notes = [] if inside else [_share(numbers, lines)]
    if not numbers.complete:
        notes.append("beams of the plan are missing, so every dose is a lower bound")
    field = _in_field(numbers, lines)
    if field is not None:
        return field[0], (field[1], *notes)
    if numbers.prescribed_gy is None:
        notes.append("no prescription is known, so the field itself cannot be compared")
    mean_gy, low_gy = numbers.mean_low_gy, lines.no_dose_below_gy
    if mean_gy > lines.low_dose_up_to_gy:
        line = f"above the low-dose line of {lines.low_dose_up_to_gy:g} Gy"
        return "partial", (f"mean {_gy(mean_gy)} is {line}", *notes)
    if mean_gy >= low_gy:
        least = "" if inside and numbers.complete else "at least "
        between = f"between {low_gy:g} and {lines.low_dose_up_to_gy:g} Gy"
        return "low_dose", (f"mean of {least}{_gy(mean_gy)} lies {between}", *notes)
    if not numbers.complete:
        return "unknown", tuple(notes)
    return _without_field(numbers, lines, inside, notes)


def _in_field(numbers: DoseNumbers, lines: ClassLines) -> tuple[DoseClass, str] | None:
    rx_gy = numbers.prescribed_gy
    if not rx_gy:
        return None
    d95_gy, d50_gy, d2_gy = numbers.d95_low_gy, numbers.d50_low_gy, numbers.d2_low_gy
    need95_gy, need50_gy = lines.in_field_d95_frac * rx_gy, lines.in_field_d50_frac * rx_gy
    if d95_gy >= need95_gy and d50_gy >= need50_gy:
        return "in_field", (
            f"D95 {_gy(d95_gy)} >= {lines.in_field_d95_frac:.0%} and D50 {_gy(d50_gy)} >= "
            f"{lines.in_field_d50_frac:.0%} of the prescribed {_gy(rx_gy)}"
        )
    if d2_gy < lines.partial_d2_frac * rx_gy:
        return None
    short = (
        f"D95 {_gy(d95_gy)} < {_gy(need95_gy)}"
        if d95_gy < need95_gy
        else f"D50 {_gy(d50_gy)} < {_gy(need50_gy)}"
    )
    return "partial", (
        f"D2 {_gy(d2_gy)} >= {lines.partial_d2_frac:.0%} of the prescribed {_gy(rx_gy)}, "
        f"but {short}"
    )


def _without_field(
    numbers: DoseNumbers, lines: ClassLines, inside: bool, notes: list[str]
) -> tuple[DoseClass, tuple[str, ...]]:
    low_gy, u = lines.no_dose_below_gy, lines.inflation
    apart_mm, d2_gy = numbers.confirmed_distance_mm, numbers.d2_gy
    product = "" if d2_gy is None else f"D2 {_gy(d2_gy)} x {u:g} = {_gy(u * d2_gy)}"
    below = d2_gy is not None and u * d2_gy < low_gy
    if below and inside:
        where = "all of it lies" if numbers.in_grid_frac == 1 else "it lies"
        return "out_of_field", (f"{product} < {low_gy:g} Gy and {where} inside the grid", *notes)
    if d2_gy is not None and not below:
        mean = "" if numbers.mean_gy is None else f" while the mean of {_gy(numbers.mean_gy)} is"
        reason = f"{product} is not below {low_gy:g} Gy{mean} below it"
        return "unknown", (reason if mean else product, *notes)
    if apart_mm is None:
        ask = f"confirm its distance from the field if it is more than {lines.far_distance_mm:g} mm"
        return "unknown", (*notes, ask)
    if apart_mm > lines.far_distance_mm:
        part = f"{product} < {low_gy:g} Gy inside the grid; " if product else ""
        far = f"confirmed {apart_mm:g} mm from the field, more than {lines.far_distance_mm:g} mm"
        return "out_of_field", (f"{part}{far}", *notes)
    near = f"confirmed {apart_mm:g} mm from the field, not more than {lines.far_distance_mm:g} mm"
    return "unknown", (near, *notes)


def class_over_courses(
    classes: dict[str, DoseClass],
    *,
    lines: ClassLines,
    mean_gy: float | None,
    d2_gy: float | None,
) -> tuple[DoseClass, tuple[str, ...]]:
    """Return the class over all courses: the most exposed one, raised by what they sum up to.

    ``mean_gy`` is the summed mean (a lower bound will do), ``d2_gy`` an upper bound of the summed
    D2; None is unknown. Out of field needs every course out of field and u D2 of the sum below the
    no-dose line.
    """
    for name in ("in_field", "partial"):
        hit = [course for course, found in classes.items() if found == name]
        if hit:
            return name, (f"{_words(name)} in {', '.join(hit)}",)
    low_gy = lines.no_dose_below_gy
    if mean_gy is not None and mean_gy > lines.low_dose_up_to_gy:
        line = f"above the low-dose line of {lines.low_dose_up_to_gy:g} Gy"
        return "partial", (f"the means sum to {_gy(mean_gy)}, {line}",)
    hit = [course for course, found in classes.items() if found == "low_dose"]
    if hit:
        return "low_dose", (f"low dose in {', '.join(hit)}",)
    if mean_gy is not None and mean_gy >= low_gy:
        return "low_dose", (f"the means sum to {_gy(mean_gy)}, not below {low_gy:g} Gy",)
    hit = [course for course, found in classes.items() if found == "unknown"]
    if hit or not classes:
        return "unknown", (f"unknown in {', '.join(hit)}" if hit else "there is no course",)
    if len(classes) > 1 and d2_gy is not None and lines.inflation * d2_gy >= low_gy:
        product = f"{_gy(d2_gy)} x {lines.inflation:g} = {_gy(lines.inflation * d2_gy)}"
        above = f"the D2 sum to {product}, not below {low_gy:g} Gy"
        return "unknown", (f"out of field in each course, but {above}",)
    return "out_of_field", ("out of field in every course",)


def _share(numbers: DoseNumbers, lines: ClassLines) -> str:
    return (
        f"{numbers.in_grid_frac:.1%} of it lies inside the dose grid, less than "
        f"{lines.in_grid_share_frac:.0%}; the dose of the rest is unknown"
    )


def _words(name: str) -> str:
    return {"in_field": "in field", "partial": "partly in the field"}[name]


def _gy(dose_gy: float) -> str:
    return f"{dose_gy:.2f} Gy" if dose_gy < 100 else f"{dose_gy:.0f} Gy"
