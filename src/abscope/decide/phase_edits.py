"""Courses with another prescription, other targets or other days, as validated records.

A dose that the record has beside the prescription scales with it: of a boost and a lattice with
the dose per fraction, of a lesion with a dose on record with the total dose.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from abscope.blood.planned import PlannedDose
from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.decide.scenario import AddCourse, Prescription
from abscope.errors import Problem, UsageError

__all__ = ["PhaseEdit", "added_course", "day_text", "edited_course"]

#: Days between fractions -> what a record calls it; other whole days are daily with pauses.
_PATTERNS = {0.5: "twice_daily", 1.0: "daily", 2.0: "alternate_days", 3.5: "twice_weekly",
             7.0: "weekly"}  # fmt: skip
_DOSES = ("mean_dose_gy", "max_dose_gy", "d98_dose_gy", "d95_dose_gy", "d50_dose_gy", "d2_dose_gy")


@dataclass(slots=True)
class PhaseEdit:
    """What a scenario changes in one phase; None is what stays."""

    prescription: Prescription | None = None
    targets: tuple[str, ...] | None = None
    by_d: float = 0.0


def day_text(low_d: float, high_d: float) -> str:
    """Return two days from day zero as the text of a record.

    >>> day_text(4, 20.5)
    'day 4..day 20.5'
    """
    low, high = (f"day {day:.9f}".rstrip("0").rstrip(".") for day in (low_d, high_d))
    return low if low == high else f"{low}..{high}"


def added_course(
    name: str, change: AddCourse, *, lesions: tuple[str, ...], like: PlannedDose
) -> RTCourse:
    """Return a new course to lesions; it begins as the phase ``like`` where no day is said.

    Raises UsageError where the record refuses it.
    """
    dose = change.prescription
    low, high = like.start_d if dose.start_d is None else (dose.start_d, dose.start_d)
    phase = {"id": f"{name}a", "targets": list(lesions), **_fractions(dose)}
    phase["start"] = day_text(low, high)
    course: RTCourse = _validated(RTCourse, {"id": name, "phases": [phase]}, change.text)
    return course


def edited_course(
    course: RTCourse,
    edits: Mapping[str, PhaseEdit],
    *,
    planned: Mapping[str, PlannedDose],
    factors: dict[tuple[str, str], float],
    told: list[str],
) -> RTCourse:
    """Return a course with the changes of its phases; the course itself where none is of it.

    ``factors`` gets what multiplies the dose of a lesion that the record has in words only,
    ``told`` what is assumed. Raises UsageError where the record refuses a number.
    """
    mine = {phase.id: edits[phase.id] for phase in course.phases if phase.id in edits}
    if not mine:
        return course
    phases = tuple(
        _phase(phase, mine[phase.id], planned[phase.id], told) if phase.id in mine else phase
        for phase in course.phases
    )
    update: dict[str, Any] = {"phases": phases}
    if course.start is None and phases[0].id in mine:
        update["start"] = course.phases[0].start  # the event stays where it was
    if any(edit.targets is not None for edit in mine.values()):
        update["exposures"] = ()
        if course.exposures:
            told.append(
                f"{course.id}: what the record says of doses holds for the delivered targets only; "
                "priors stand in"
            )
    elif course.exposures and any(edit.prescription for edit in mine.values()):
        update["exposures"] = _exposures(course, mine, planned, factors, told)
    return course.model_copy(update=update)


def _phase(phase: RTPhase, edit: PhaseEdit, plan: PlannedDose, told: list[str]) -> RTPhase:
    plain = phase.to_plain()
    dose = edit.prescription
    if dose is not None:
        for name in ("n_fractions_delivered", "end", "pauses", "beam_on_time_min"):
            plain.pop(name, None)
        spacing = {} if dose.interval_d is not None else _spacing_of(phase, dose)
        plain.pop("fractionation", None)
        plain |= {**_fractions(dose), **spacing}
        _scale_parts(plain, phase, dose, plan, told)
        told += _said(phase, dose, plan)
    low, high = plan.start_d
    if dose is not None and dose.start_d is not None:
        low = high = dose.start_d
    plain["start"] = day_text(low + edit.by_d, high + edit.by_d)
    if edit.by_d:
        plain.pop("end", None)
    if edit.targets is not None:
        _retarget(plain, phase, edit.targets, told)
    found: RTPhase = _validated(RTPhase, plain, phase.id)
    return found


def _fractions(dose: Prescription) -> dict[str, Any]:
    out: dict[str, Any] = {
        "dose_per_fraction_gy": dose.dose_per_fraction_gy,
        "n_fractions_planned": dose.n_fractions,
        "total_dose_gy": {"value": dose.total_gy, "status": "derived"},
    }
    interval = dose.interval_d
    if interval is None:
        return out | ({"fractionation": "weekdays"} if dose.weekdays else {})
    if interval == 1.0 and dose.weekdays:
        return out | {"fractionation": "weekdays"}
    if interval in _PATTERNS:
        return out | {"fractionation": _PATTERNS[interval]}
    gaps = [
        {"after_fraction": k, "duration_d": interval - 1.0, "planned": True}
        for k in range(1, dose.n_fractions)
    ]
    return out | {"fractionation": "daily", "pauses": gaps}


def _spacing_of(phase: RTPhase, dose: Prescription) -> dict[str, Any]:
    """Return the spacing as delivered, for a prescription that does not say another."""
    if dose.weekdays:
        return {"fractionation": "weekdays"}
    kind = phase.fractionation
    if kind is None or not kind.known or kind.value in ("single", "other"):
        return {}
    return {"fractionation": kind.value}


def _said(phase: RTPhase, dose: Prescription, plan: PlannedDose) -> list[str]:
    out = []
    before = plan.prescribed_gy
    if before:
        factor = dose.dose_per_fraction_gy / before
        out.append(
            f"{phase.id}: doses of other lesions, blood and organs per fraction times "
            f"{factor:.3g}, as the dose per fraction"
        )
        if factor > 1.0:
            out.append(
                f"{phase.id}: a size counts scar, too, of which a higher dose per fraction leaves "
                "more: a larger size need not be more living tumor"
            )
    if dose.start_d is None:
        out.append(f"{phase.id} begins on the day that it was begun on")
    if dose.interval_d is None and dose.n_fractions > 1:
        pattern = "on weekdays" if plan.weekdays or dose.weekdays else "daily"
        spaced = pattern if plan.interval_d == 1.0 else f"every {plan.interval_d:g} d"
        out.append(f"{phase.id}: fractions {spaced}, as delivered or where that is not known")
    return out


def _scale_parts(
    plain: dict[str, Any], phase: RTPhase, dose: Prescription, plan: PlannedDose, told: list[str]
) -> None:
    """Scale boost and lattice with the prescription."""
    if not plan.prescribed_gy or (phase.boost is None and phase.lattice is None):
        return
    factor = dose.dose_per_fraction_gy / plan.prescribed_gy
    total = factor * dose.n_fractions / float(np.mean(plan.n_fractions))
    if phase.boost is not None:
        each = phase.boost.dose_per_fraction_gy
        boost = plain["boost"]
        if each is not None and each.value:
            boost["dose_per_fraction_gy"] = _times(boost["dose_per_fraction_gy"], factor)
        if "total_dose_gy" in boost:
            boost["total_dose_gy"] = _times(boost["total_dose_gy"], total)
        told.append(f"{phase.id}: the boost scales with the prescription (x{factor:.3g})")
    if phase.lattice is not None:
        for name in ("peak_dose_gy", "valley_dose_gy"):
            if name in plain["lattice"]:
                plain["lattice"][name] = _times(plain["lattice"][name], total)
        told.append(f"{phase.id}: peaks and valleys scale with the total dose (x{total:.3g})")


def _times(value: Any, factor: float) -> Any:
    """Return a plain quantity, a number or a mapping with versions, times a factor."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return round(value * factor, 9)
    if isinstance(value, dict):
        return {
            key: _times(item, factor) if key in ("value", "low", "high", "versions") else item
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_times(item, factor) for item in value]
    return value


def _retarget(
    plain: dict[str, Any], phase: RTPhase, lesions: tuple[str, ...], told: list[str]
) -> None:
    plain["targets"] = list(lesions)
    for name in ("targets_uncertain", "sites", "target_volume_ml"):
        plain.pop(name, None)
    if phase.boost is not None and not set(phase.boost.lesions) <= set(lesions):
        plain.pop("boost", None)
        told.append(f"{phase.id}: without the boost, whose lesions are no targets any more")


def _exposures(
    course: RTCourse,
    edits: Mapping[str, PhaseEdit],
    planned: Mapping[str, PlannedDose],
    factors: dict[tuple[str, str], float],
    told: list[str],
) -> tuple[Any, ...]:
    """Return the doses on record times the change of the total dose of the course."""
    known = [phase.id for phase in course.phases if phase.id in planned]
    totals = {name: _total_gy(planned[name]) for name in known}
    new = {
        name: edit.prescription.total_gy if (edit := edits.get(name)) and edit.prescription
        else totals[name]
        for name in known
    }  # fmt: skip
    whole = sum(new.values()) / sum(totals.values()) if sum(totals.values()) else 1.0
    rows: dict[tuple[str, str | None], int] = {}
    out = []
    for item in course.exposures:
        key = (item.lesion, item.region)
        place = rows[key] = rows.get(key, -1) + 1
        mine = [x for x in course.exposures if (x.lesion, x.region) == key and x.computed_class]
        by_plan = item.computed_class is not None and len(mine) == len(known)
        factor = new[known[place]] / totals[known[place]] if by_plan else whole
        doses = {name: value for name in _DOSES if (value := getattr(item, name)) is not None}
        scaled = {name: _scaled(value, factor, course.id) for name, value in doses.items()}
        out.append(item.model_copy(update=scaled) if scaled else item)
        if scaled:
            told.append(f"{item.lesion}: the dose on record from {course.id} times {factor:.3g}")
        elif item.stated_class and "low_dose" in item.stated_class.candidates:
            factors |= {(phase, item.lesion): whole for phase in known}
            told.append(f"{item.lesion}: low dose from {course.id} times {whole:.3g}")
    return tuple(out)


def _scaled(quantity: Any, factor: float, where: str) -> Any:
    return _validated(type(quantity), _times(quantity.model_dump(), factor), where)


def _total_gy(plan: PlannedDose) -> float:
    return (plan.prescribed_gy or 0.0) * float(np.mean(plan.n_fractions))


def _validated(kind: Any, plain: dict[str, Any], where: str) -> Any:
    """Return a record of plain values; raises UsageError with all that the record refuses."""
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        problems = []
        for detail in error.errors(include_url=False):
            said = detail.get("ctx") or {}
            path = ".".join(str(part) for part in detail["loc"])
            problems.append(
                Problem(
                    where,
                    str(said.get("what", detail["msg"])),
                    str(said.get("expected", "a value that the record allows")),
                    str(said.get("action", "Correct it.")),
                    path,
                )
            )
        raise UsageError(problems) from None
