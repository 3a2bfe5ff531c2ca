"""Whether times can be true together: ends after starts, nothing after death, nothing untied."""

from collections.abc import Iterator
from typing import Any

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import any_of, listed, text_of
from abscope.case.clock import Span
from abscope.case.facts import Fact
from abscope.case.references import Path
from abscope.case.timing import Absolute, When

__all__ = ["CHECKS"]

_YEARS_THAT_MATTER = 2

_TimeFact = Fact[When] | None


def _periods(view: View) -> Iterator[tuple[Path, str, str, _TimeFact, _TimeFact]]:
    """Yield path and name, field of the end, start and end of everything that has both."""
    case = view.case
    for path, course in view.courses:
        yield path, course.id, "end", course.start, course.end
    for path, _, phase in view.phases():
        yield path, phase.id, "end", phase.start, phase.end
    for i, therapy in enumerate(case.systemic_therapy):
        yield ("systemic_therapy", i), therapy.id, "stop", therapy.start, therapy.stop
        for j, pause in enumerate(therapy.holidays):
            path = ("systemic_therapy", i, "holidays", j)
            yield path, f"holiday of {therapy.id}", "end", pause.start, pause.end
    for i, none in enumerate(case.no_systemic_therapy):
        yield ("no_systemic_therapy", i), "period without therapy", "end", none.start, none.end
    for i, drug in enumerate(case.medications):
        yield ("medications", i), drug.kind.replace("_", " "), "stop", drug.start, drug.stop


@check("end-before-start", "something ends before it begins")
def _end_before_start(view: View) -> Iterator[Remark]:
    """Compare the ends of courses, phases, therapies, pauses and medications with their starts."""
    for path, name, field, start, end in _periods(view):
        first, last = view.clock.fact(start), view.clock.fact(end)
        if first is not None and last is not None and last.high_d < first.low_d:
            yield Remark(
                (*path, field),
                f"{name}: the {field} ({text_of(end)}) is before the start ({text_of(start)})",
                f"start <= {field}",
                "Correct one of the two.",
                ref=end.ref if end else None,
            )


def _placed(view: View) -> Iterator[tuple[Path, str, Span]]:
    """Yield path, name and span of everything that happened to a living patient."""
    case = view.case
    rooms: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("procedures", case.procedures),
        ("imaging", case.imaging),
        ("labs", case.labs),
        ("symptoms", case.symptoms),
    )
    for room, items in rooms:
        for index, item in enumerate(items):
            span = view.clock.fact(item.when)
            if span is not None:
                name = getattr(item, "id", None) or getattr(item, "test", None) or item.symptom
                yield (room, index, "when"), name, span
    for index, course in enumerate(case.rt_courses):
        span = view.start_of(course)
        if span is not None:
            yield ("rt_courses", index, "start"), course.id, span
    for index, therapy in enumerate(case.systemic_therapy):
        span = view.clock.fact(therapy.start)
        if span is not None:
            yield ("systemic_therapy", index, "start"), therapy.id, span
    for index, outcome in enumerate(case.outcomes):
        span = view.clock.fact(outcome.when) if outcome.kind == "last_contact" else None
        if span is not None:
            yield ("outcomes", index, "when"), "the last contact", span


@check("after-death", "an event lies after the death of the patient")
def _after_death(view: View) -> Iterator[Remark]:
    """Compare everything that needs a living patient, last contact included, with the death."""
    death = view.clock.event("death")
    if death is None:
        return
    for path, name, span in _placed(view):
        if span.low_d > death.high_d:
            yield Remark(
                path,
                f"{name} lies at least {span.low_d - death.high_d:.0f} days after the death",
                "every event before the death",
                "Correct one of the two dates.",
            )


@check("event-twice", "death or last contact is recorded more than once")
def _event_twice(view: View) -> Iterator[Remark]:
    """Find a second death or last contact, which would overwrite the first on the time axis."""
    seen: set[str] = set()
    for index, outcome in enumerate(view.case.outcomes):
        if outcome.kind not in ("death", "last_contact"):
            continue
        if outcome.kind in seen:
            yield Remark(
                ("outcomes", index),
                f"{outcome.kind.replace('_', ' ')} is recorded twice",
                "one record, with versions where sources differ",
                "Join the records.",
            )
        seen.add(outcome.kind)


@check("metastases-before-diagnosis", "metastases are dated before the diagnosis")
def _metastases_before_diagnosis(view: View) -> Iterator[Remark]:
    """Compare the two dates of the diagnosis."""
    first = view.clock.fact(view.case.diagnosis.date)
    later = view.clock.fact(view.case.diagnosis.metastatic_date)
    if first is not None and later is not None and later.high_d < first.low_d:
        yield Remark(
            ("diagnosis", "metastatic_date"),
            f"metastases ({text_of(view.case.diagnosis.metastatic_date)}) are dated before the "
            f"diagnosis ({text_of(view.case.diagnosis.date)})",
            "diagnosis <= metastatic diagnosis",
            "Correct one of the two.",
        )


@check("seen-before-first-seen", "a finding is older than the stated first sight of its lesion")
def _seen_before_first_seen(view: View) -> Iterator[Remark]:
    """Compare first_seen of each lesion with its earliest finding that shows it."""
    for number, lesion in enumerate(view.case.lesions):
        first = view.clock.fact(lesion.first_seen)
        if first is None:
            continue
        for sighting in view.sightings.get(lesion.id, ()):
            span = sighting.exam.span
            if span is None or sighting.gone or sighting.unseen or span.high_d >= first.low_d:
                continue
            yield Remark(
                ("lesions", number, "first_seen"),
                f"{view.name(lesion.id)} is first seen {text_of(lesion.first_seen)}, but "
                f"{sighting.exam.imaging.id} ({text_of(sighting.exam.imaging.when)}) has a finding",
                "first_seen at or before the first finding",
                "Correct first_seen, or the lesion of the finding.",
                (lesion.id,),
            )
            break


@check("time-missing", "examinations or operations without any time")
def _time_missing(view: View) -> Iterator[Remark]:
    """List examinations (warning) and procedures on lesions (note) that have no time."""
    scans = [i for i, e in enumerate(view.case.imaging) if e.when is None or not e.when.candidates]
    if scans:
        yield Remark(
            ("imaging", scans[0]),
            f"{listed(view.case.imaging[i].id for i in scans)} "
            f"{'has' if len(scans) == 1 else 'have'} no time",
            "a date, or a time relative to an event",
            "Add when, at least 'before RT1' or 'after RT1'.",
        )
    others = [
        i
        for i, p in enumerate(view.case.procedures)
        if (p.when is None or not p.when.candidates) and p.kind not in ("biopsy", "other")
    ]
    if others:
        done = [view.case.procedures[i] for i in others]
        yield Remark(
            ("procedures", others[0]),
            f"{listed(f'{item.id} ({item.name})' for item in done)}"
            f" {'has' if len(others) == 1 else 'have'} no time",
            "a date, or a time relative to an event",
            "Add when; before or after radiotherapy decides what it can explain.",
            tuple(dict.fromkeys(lesion for item in done for lesion in item.lesions)),
            severity="note",
        )


@check("time-untied", "a time cannot be placed on the axis of the case", severity="note")
def _time_untied(view: View) -> Iterator[Remark]:
    """List times that refer to an event without a date, or dates where day zero has none."""
    rooms: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("procedures", view.case.procedures),
        ("imaging", view.case.imaging),
        ("labs", view.case.labs),
        ("symptoms", view.case.symptoms),
        ("outcomes", view.case.outcomes),
    )
    own = {item.id for _, items in rooms for item in items if getattr(item, "id", None)}
    for room, items in rooms:
        loose = [
            index
            for index, item in enumerate(items)
            if item.when is not None and item.when.candidates
            and view.clock.fact(item.when) is None and not _hangs_on_another(item.when, own)
        ]  # fmt: skip
        if loose:
            said = listed(f"{_name(items[i])} ({text_of(items[i].when)})" for i in loose)
            yield Remark(
                (room, loose[0], "when"),
                f"{said}: nothing ties {'this time' if len(loose) == 1 else 'these times'} to day "
                f"zero, {view.clock.zero_label}",
                "a time that leads to day zero",
                "Give the date of the event it refers to, or of day zero.",
            )


def _hangs_on_another(fact: Fact[When], own: set[str]) -> bool:
    """Whether a time only refers to another examination or procedure, which is told itself."""
    return all(when.events and own.issuperset(when.events) for when in fact.candidates)


def _name(item: Any) -> str:
    names = (getattr(item, key, None) for key in ("id", "test", "symptom", "kind"))
    return str(next(name for name in names if name))


@check("age-without-date", "an age without its date in a long case", severity="note")
def _age_without_date(view: View) -> Iterator[Remark]:
    """Report an age that may belong to any of several years."""
    patient = view.case.patient
    if patient.age_years is None or not patient.age_years.candidates or patient.age_at is not None:
        return
    years: set[int] = set()
    rooms = (view.case.imaging, view.case.procedures, view.case.outcomes)
    facts: list[_TimeFact] = [item.when for room in rooms for item in room]
    for fact in facts:
        for when in fact.candidates if fact else ():
            if isinstance(when.expression, Absolute):
                years |= {when.expression.first.year, when.expression.last.year}
    if years and max(years) - min(years) > _YEARS_THAT_MATTER:
        yield Remark(
            ("patient", "age_years"),
            f"the age of {any_of(patient.age_years.candidates)} years has no date, and the case "
            f"runs from {min(years)} to {max(years)}",
            "age_at: the event or date of the age",
            "Add age_at, for example 'at diagnosis'.",
        )


CHECKS: tuple[Check, ...] = (
    _end_before_start, _after_death, _event_twice, _metastases_before_diagnosis,
    _seen_before_first_seen, _time_missing, _time_untied, _age_without_date,
)  # fmt: skip
