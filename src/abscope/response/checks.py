"""Whether the criteria can be applied to a record: every problem at once, each with its place."""

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

from abscope.errors import Problem, ProtocolError
from abscope.response.coding import code_lesion
from abscope.response.records import (
    STATES,
    Kind,
    LesionBaseline,
    Measurement,
    PatientRecord,
    Role,
    Visit,
)

__all__ = ["find_problems", "require_valid"]

#: A step between two sizes of a lesion by about this factor asks for the unit.
_UNIT_RATIO = (Decimal(9), Decimal(11))
_CERTAINTIES = ("unequivocal", "equivocal", "dismissed")
_NONTARGET = ("CR", "NON-CR/NON-PD", "PD", "NE")
_OVERALL = ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "NED")
_TARGET = ("CR", "PR", "SD", "PD", "NE")


def require_valid(record: PatientRecord) -> None:
    """Raise one ProtocolError with every problem of the record; return nothing where it is sound.

    Raises:
        ProtocolError: See `find_problems`.
    """
    problems = find_problems(record)
    if problems:
        raise ProtocolError(problems)


def find_problems(record: PatientRecord) -> tuple[Problem, ...]:
    """Return everything that keeps the criteria from being applied, in the order of the record."""
    found = [*_timing(record), *_baseline(record)]
    for index, visit in enumerate(record.visits):
        found += _visit(record, index, visit)
    if not record.sizes_checked:
        found += _units(record)
    return tuple(found)


def _problem(record: PatientRecord, path: str, what: str, expected: str, action: str) -> Problem:
    where = record.source or record.subject
    return Problem(where, what, expected, action, path)


def _names(values: tuple[str, ...]) -> str:
    return "one of " + ", ".join(values)


def _repeated(values: list[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _timing(record: PatientRecord) -> Iterator[Problem]:
    for visit_id in _repeated([visit.id for visit in record.visits]):
        yield _problem(
            record, "visits", f"visit '{visit_id}' occurs more than once", "one entry per visit",
            "Merge the entries, or keep the worst as an explicit choice.",
        )  # fmt: skip
    before = record.baseline_d
    name = "baseline"
    for visit in record.visits:
        path = f"visits.{visit.id}.day_d"
        if not math.isfinite(visit.day_d):
            yield _problem(record, path, f"day is {visit.day_d}", "a finite day", "Give the date.")
            continue
        if visit.day_d == before and name != "baseline":
            yield _problem(
                record, path, f"same date as visit '{name}' (day {before:g})",
                "one visit per date", "Merge the two, or correct a date.",
            )  # fmt: skip
        elif visit.day_d <= before:
            yield _problem(
                record, path, f"day {visit.day_d:g} is not after {name} (day {before:g})",
                "visits in time order after baseline", "Correct the dates or the order.",
            )  # fmt: skip
        if record.death_d is not None and visit.day_d > record.death_d:
            yield _problem(
                record, path, f"day {visit.day_d:g} is after death on day {record.death_d:g}",
                "no visit after death", "Correct one of the two dates.",
            )  # fmt: skip
        before, name = visit.day_d, visit.id


def _baseline(record: PatientRecord) -> Iterator[Problem]:
    for lesion_id in _repeated([lesion.id for lesion in record.lesions]):
        yield _problem(
            record, "lesions", f"lesion '{lesion_id}' occurs more than once",
            "one entry per lesion", "Rename or remove one.",
        )  # fmt: skip
    for lesion in record.lesions:
        path = f"lesions.{lesion.id}"
        for field, value, valid in (
            ("role", lesion.role, get_args(Role)),
            ("kind", lesion.kind, get_args(Kind)),
        ):
            if value not in valid:
                yield _problem(
                    record, f"{path}.{field}", f"{field} is '{value}'", _names(valid),
                    "Use one of these words.",
                )  # fmt: skip
        yield from _sizes(record, path, lesion)
        if lesion.role == "target" and not lesion.size_mm:
            axis = "short axis" if lesion.is_node else "longest diameter"
            yield _problem(
                record, path, f"target lesion has a {axis} of {lesion.size_mm} mm at baseline",
                f"a {axis} above 0 mm", "Give the size, or make it a non-target lesion.",
            )  # fmt: skip


def _sizes(
    record: PatientRecord, path: str, holder: LesionBaseline | Measurement
) -> Iterator[Problem]:
    fields = ("diameter_mm", "short_axis_mm", "soft_tissue_mm", "slice_mm", "fragments_mm")
    for field in fields:
        value = getattr(holder, field, None)
        sizes = value if isinstance(value, tuple) else (value,)
        for size in sizes:
            if size is not None and size < 0:
                yield _problem(
                    record, f"{path}.{field}", f"size is {size} mm", "0 mm or more",
                    "Correct the size; use a state for a lesion that was not measured.",
                )  # fmt: skip


def _visit(record: PatientRecord, index: int, visit: Visit) -> Iterator[Problem]:
    path = f"visits.{visit.id}"
    known = {lesion.id for lesion in record.lesions}
    for new in visit.new_lesions:
        if new.id in known:
            yield _problem(
                record, f"{path}.new_lesions", f"'{new.id}' is a lesion of the baseline",
                "a name that the baseline does not have",
                "Rename it, or record it as a measurement if it was there before.",
            )  # fmt: skip
        if new.certainty not in _CERTAINTIES:
            yield _problem(
                record, f"{path}.new_lesions.{new.id}.certainty",
                f"certainty is '{new.certainty}'", _names(_CERTAINTIES), "Use one of these words.",
            )  # fmt: skip
    known |= {new.id for earlier in record.visits[: index + 1] for new in earlier.new_lesions}
    for lesion_id in _repeated([m.lesion for m in visit.measurements]):
        yield _problem(
            record, path, f"lesion '{lesion_id}' is measured more than once at this visit",
            "one measurement per lesion and visit",
            "Keep one; fragments go into fragments_mm.",
        )  # fmt: skip
    for found in visit.measurements:
        if found.lesion not in known:
            yield _problem(
                record, f"{path}.{found.lesion}", f"lesion '{found.lesion}' has no baseline",
                "a lesion of the baseline, or one listed under new_lesions by this visit",
                "Add its baseline, or list it as a new lesion.",
            )  # fmt: skip
        yield from _measurement(record, visit, found)
    yield from _stated(record, visit)


def _measurement(record: PatientRecord, visit: Visit, found: Measurement) -> Iterator[Problem]:
    path = f"visits.{visit.id}.{found.lesion}"
    if found.state not in STATES:
        yield _problem(
            record, f"{path}.state", f"state is '{found.state}'", _names(STATES),
            "Use one of these words.",
        )  # fmt: skip
    yield from _sizes(record, path, found)
    if found.state == "absent" and (found.diameter_mm or found.short_axis_mm):
        size = found.diameter_mm or found.short_axis_mm
        yield _problem(
            record, path, f"lesion is absent but has a size of {size} mm", "no size, or 0",
            "Remove the size or change the state.",
        )  # fmt: skip
    if found.state == "split" and not found.fragments_mm:
        yield _problem(
            record, path, "lesion is split but has no fragments", "the sizes of its fragments",
            "Give fragments_mm.",
        )  # fmt: skip
    if found.state == "merged" and found.merged_with is None:
        yield _problem(
            record, path, "lesion is merged but names no partner", "the lesion it merged with",
            "Give merged_with.",
        )  # fmt: skip
    if found.state == "merged" and found.merged_with and found.lesion < found.merged_with:
        partner = visit.of(found.merged_with)
        if partner is not None and _has_size(found) and _has_size(partner):
            yield _problem(
                record, path, f"both '{found.lesion}' and '{partner.lesion}' carry a merged size",
                "the merged diameter on one of the two",
                "Remove the size of the partner, or the sum counts it twice.",
            )  # fmt: skip


def _has_size(found: Measurement) -> bool:
    return found.diameter_mm is not None or found.short_axis_mm is not None


def _stated(record: PatientRecord, visit: Visit) -> Iterator[Problem]:
    for field, valid in (
        ("stated_nontarget", _NONTARGET),
        ("stated_target", _TARGET),
        ("stated_overall", _OVERALL),
    ):
        value = getattr(visit, field)
        if value is not None and value not in valid:
            yield _problem(
                record, f"visits.{visit.id}.{field}", f"response is '{value}'", _names(valid),
                "Use one of these words.",
            )  # fmt: skip
    if "CR" not in (visit.stated_target, visit.stated_overall):
        return
    for lesion in record.targets:
        coded = code_lesion(lesion, visit=visit)
        if coded.value_mm is not None and not coded.resolved:
            yield _problem(
                record, f"visits.{visit.id}.{lesion.id}",
                f"complete response is stated with a target of {coded.value_mm} mm left",
                "every target absent, nodes below 10 mm",
                "Correct the size or the stated response.",
            )  # fmt: skip


def _units(record: PatientRecord) -> Iterator[Problem]:
    low, high = _UNIT_RATIO
    for lesion in record.lesions:
        before, where = lesion.size_mm, "baseline"
        for visit in record.visits:
            found = visit.of(lesion.id)
            if found is None or found.state != "measured":
                continue
            size = found.short_axis_mm if lesion.is_node else found.diameter_mm
            if size and before:
                ratio = max(size / before, before / size) if size > 0 and before > 0 else low - 1
                if low <= ratio <= high:
                    yield _problem(
                        record, f"visits.{visit.id}.{lesion.id}",
                        f"size is {size} mm after {before} mm at {where}, a ratio of {ratio:.1f}",
                        "a size in mm", "Is one of the two in cm? Set sizes_checked if both hold.",
                    )  # fmt: skip
            if size:
                before, where = size, visit.id
