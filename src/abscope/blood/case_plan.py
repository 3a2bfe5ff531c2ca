"""What a case tells of its fractions: doses, numbers, days and sites, in every version."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from abscope.blood.case_breaks import following_boost, length_d, pauses_of
from abscope.blood.doses import BodyDose
from abscope.blood.guess import guessed_body
from abscope.blood.planned import PlannedDose
from abscope.case.clock import Clock, Span
from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.case.record import Case
from abscope.catalog.lymphocytes import lymphocyte_parameter

__all__ = ["CasePlan", "case_plan"]

#: days between fractions, and whether weekends are left out
_PATTERNS: dict[str, tuple[float, bool]] = {
    "single": (1.0, False), "daily": (1.0, False), "weekdays": (1.0, True),
    "alternate_days": (2.0, False), "twice_daily": (0.5, True), "twice_weekly": (3.5, False),
    "weekly": (7.0, False),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CasePlan:
    """The fractions of a case as far as they are known, and what the reader has to know of them.

    ``skipped`` names what could not be used, each with its reason: the loss is then understated.
    """

    planned: tuple[PlannedDose, ...]
    notes: tuple[str, ...]
    skipped: tuple[str, ...]


def case_plan(
    case: Case, clock: Clock, *, bodies: Mapping[str, tuple[BodyDose, int]] | None = None
) -> CasePlan:
    """Return the fractions of every phase of every course, with guessed body doses.

    ``bodies`` has doses that are known, each with its number of fractions, by phase or course:
    they take the place of the guess and need neither dose nor site on record. A dose under the
    name of a course of several phases is that of the whole course.

    Every version of a dose, a number of fractions or a time is kept and widens the prediction;
    targets that the source leaves open are in ``open_body``. A phase without any dose or site is
    skipped and named.
    """
    planned: list[PlannedDose] = []
    notes: list[str] = []
    skipped: list[str] = []
    given = bodies or {}
    for course in case.rt_courses:
        whole = course.id in given and len(course.phases) > 1
        for phase in course.phases[:1] if whole else course.phases:
            known = given.get(course.id) or given.get(phase.id)
            found = _phase(case, course, phase)
            if known is not None:
                item = _given(course, phase, known, found)
                if isinstance(found, str):
                    notes.append(f"{found}; the organ doses that are given count")
            elif isinstance(found, str):
                skipped.append(found)
                continue
            else:
                item = found[0]
                notes += found[1]
            if whole:
                notes.append(f"{course.id}: the organ doses are those of all its phases")
            previous = planned[-1] if planned else None
            planned.append(_placed(item, phase, course, (clock, previous), notes))
            if known is None and phase.boost is not None:
                sites = _sites(case, phase.boost.lesions) or _sites(case, phase.targets)
                boost = following_boost(phase, planned[-1], sites=sites, notes=notes)
                planned += [boost] if boost else []
    return CasePlan(tuple(planned), tuple(dict.fromkeys(notes)), tuple(skipped))


def _phase(case: Case, course: RTCourse, phase: RTPhase) -> tuple[PlannedDose, list[str]] | str:
    notes: list[str] = []
    numbers = _numbers(phase)
    doses = _doses(phase, numbers)
    label = f"{course.id}, phase {phase.id}" if len(course.phases) > 1 else course.id
    if not doses:
        return f"{label}: no dose is on record"
    if not numbers:
        schedule = lymphocyte_parameter("repeat_schedule")
        numbers = tuple(int(n) for n in (schedule.low, schedule.value, schedule.high))
        notes.append(f"{label}: number of fractions not on record, taken as 1, 5 or 10")
        if phase.dose_per_fraction_gy is None or not phase.dose_per_fraction_gy.candidates:
            doses = tuple(total / n for total in doses for n in numbers)
    sure = _sites(case, phase.targets) or tuple((site, 1) for site in phase.sites)
    loose = _sites(case, phase.targets_uncertain)
    if not sure and not loose:
        return f"{label}: no site of a target is on record"
    if not sure:
        sure, loose = loose, ()
        notes.append(f"{label}: only targets that the source leaves open; taken as treated")
    elif loose:
        notes.append(f"{label}: targets that the source leaves open are treated in half the draws")
    preferred = doses[0]
    if len(set(doses)) > 1:
        said = ", ".join(f"{x:g}" for x in dict.fromkeys(round(x, 3) for x in doses))
        notes.append(f"{label}: dose per fraction {said} Gy in versions of the source, all used")
    if len(set(numbers)) > 1:
        said = ", ".join(str(n) for n in sorted(set(numbers)))
        notes.append(f"{label}: {said} fractions in versions of the source, all used")
    volume = phase.target_volume_ml.value if phase.target_volume_ml else None
    minutes = phase.beam_on_time_min.value if phase.beam_on_time_min else None
    body = guessed_body(
        phase.id,
        sites=sure,
        dose_per_fraction_gy=preferred,
        target_volume_ml=volume,
        beam_on_time_s=minutes * 60.0 if minutes else None,
    )
    more = None
    if loose:
        more = guessed_body(phase.id, sites=(*sure, *loose), dose_per_fraction_gy=preferred,
                            beam_on_time_s=body.beam_on_time_s)  # fmt: skip
    item = PlannedDose(
        phase.id, body, more, dose_factor_frac=tuple(dose / preferred for dose in doses),
        n_fractions=numbers, course=course.id, prescribed_gy=preferred,
    )  # fmt: skip
    return item, notes


def _given(
    course: RTCourse,
    phase: RTPhase,
    known: tuple[BodyDose, int],
    guessed: tuple[PlannedDose, list[str]] | str,
) -> PlannedDose:
    """Return a phase with the doses that are known; of the guess only the prescription stays."""
    return PlannedDose(
        phase.id, known[0], n_fractions=(known[1],), course=course.id,
        prescribed_gy=None if isinstance(guessed, str) else guessed[0].prescribed_gy,
    )  # fmt: skip


def _numbers(phase: RTPhase) -> tuple[int, ...]:
    for fact in (phase.n_fractions_delivered, phase.n_fractions_planned):
        found = tuple(int(n) for n in fact.candidates if n > 0) if fact else ()
        if found:
            return found
    per, total = phase.dose_per_fraction_gy, phase.total_dose_gy
    if per and total and per.value and total.value:
        return (max(1, round(total.value / per.value)),)
    return ()


def _doses(phase: RTPhase, numbers: tuple[int, ...]) -> tuple[float, ...]:
    """Return the doses per fraction of all versions; totals where no number divides them."""
    per = phase.dose_per_fraction_gy
    stated = [x for x in (per.candidates if per else ()) if x > 0]
    if per and not stated and per.low and per.high:
        stated = [per.low, per.high]
    totals = [x for x in (phase.total_dose_gy.candidates if phase.total_dose_gy else ()) if x > 0]
    planned = phase.n_fractions_planned
    divide = planned.value if planned is not None and planned.value else None
    divide = divide or (max(numbers) if numbers else None)
    if divide is None:
        return tuple(stated or totals)
    return tuple(stated + [total / divide for total in totals if total / divide <= 40])


def _sites(case: Case, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    out: dict[str, int] = {}
    for name in names:
        lesion = case.lesions_by_id.get(name)
        if lesion is None:
            continue
        both = lesion.laterality is not None and lesion.laterality.value == "bilateral"
        for site in lesion.sites[:1]:
            sides = 2 if both and site.paired else 1
            out[site.name] = min(max(out.get(site.name, 0), sides), 2)
    return tuple(out.items())


def _placed(
    item: PlannedDose,
    phase: RTPhase,
    course: RTCourse,
    around: tuple[Clock, PlannedDose | None],
    notes: list[str],
) -> PlannedDose:
    """Return the fractions with the span of their first day; an open end gets a stated width."""
    clock, previous = around
    kind = phase.fractionation.value if phase.fractionation else None
    interval, weekdays = _PATTERNS.get(kind or "", (1.0, True))
    zero = clock.date_of(0.0)
    end = clock.fact(phase.end)
    if end is None and course.phases[-1].id == phase.id:
        end = clock.fact(course.end)
    item = replace(
        item,
        interval_d=interval,
        weekdays=weekdays,
        weekday=zero.weekday() if zero else None,
        pauses_d=pauses_of(phase, notes),
        end_d=(end.low_d, end.high_d) if end is not None and end.bounded else None,
    )
    span = clock.fact(phase.start)
    first = course.phases[0].id == phase.id
    if span is None and first:
        span = clock.event(f"{course.id}.start")
    width = lymphocyte_parameter("start_window").value
    if span is None and item.end_d is not None:
        length = length_d(item)
        span = Span(item.end_d[0] - 2.0 * length - 3.0, item.end_d[1])
        notes.append(f"{phase.id}: start not on record, reckoned back from its end")
    elif span is None:
        after = previous.start_d[1] + max(previous.n_fractions) if previous else 0.0
        known = clock.event(f"{course.id}.start")
        low = known.low_d if known is not None and known.bounded else after
        span = Span(low, low + width)
        notes.append(f"{phase.id}: start not on record, taken within {width:g} days of day {low:g}")
    elif not span.bounded:
        low = span.low_d if math.isfinite(span.low_d) else span.high_d - width
        high = span.high_d if math.isfinite(span.high_d) else low + width
        span = Span(low, high)
        notes.append(f"{phase.id}: start open at one end, taken as day {low:g} to {high:g}")
    elif not span.exact:
        notes.append(f"{phase.id}: starts between day {span.low_d:g} and {span.high_d:g}")
    return replace(item, start_d=(span.low_d, span.high_d))
