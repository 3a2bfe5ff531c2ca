"""When something was measured, as days of a patient: one day, or nodes over the days it may be.

A time that the record gives as an interval is not known: a likelihood is averaged over it, by
Gauss-Legendre nodes. A time after the start or the end of a course is counted from the fractions
of the patient, since the days of a course may themselves be drawn.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from abscope.blood.alc.counts import Count
from abscope.case.clock import Clock, Span
from abscope.case.facts import Fact
from abscope.case.record import Case
from abscope.case.timing import Relative, When
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats
from abscope.model.case_draws import CaseDraws
from abscope.model.patient import Patient

__all__ = [
    "KnownDays", "Moment", "Node", "days_of_draws", "days_of_nodes", "days_of_patients",
    "moments_of_count", "moments_of_fact", "nodes_of",
]  # fmt: skip

#: Setting: an interval up to this many days has three nodes, a longer one five.
_SHORT_D = 14.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Days low..high from day zero, or from the 'start' or 'end' of an ``anchor`` course.

    With the part 'during' it is some time from the first to the last fraction of the course.
    """

    low_d: float
    high_d: float
    anchor: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One possible time: ``offset_d`` from the anchor, ``along_frac`` of a course that lasts."""

    moment: Moment
    offset_d: float
    along_frac: float
    weight_frac: float


def moments_of_fact(case: Case, clock: Clock, fact: Fact[When] | None) -> tuple[Moment, ...]:
    """Return a moment for each version of a time; none where it has no place."""
    found = [_moment(case, clock, when) for when in (fact.candidates if fact else ())]
    return tuple(one for one in found if one is not None)


def moments_of_count(case: Case, count: Count) -> tuple[Moment, ...]:
    """Return the moment of a lymphocyte count."""
    anchor = _course(case, count.anchor) if count.anchor else ""
    return (Moment(count.low_d, count.high_d, anchor, count.anchor_part if anchor else ""),)


def _course(case: Case, name: str) -> str:
    for course in case.rt_courses:
        if name in (course.id, *(phase.id for phase in course.phases)):
            return course.id
    return ""


def _moment(case: Case, clock: Clock, when: When) -> Moment | None:
    time = when.expression
    if isinstance(time, Relative):
        name, _, part = time.event.partition(".")
        anchor = _course(case, name)
        far = time.high_d if time.high_d is not None else time.low_d + _width_d()
        if anchor and time.relation == "during":
            return Moment(0.0, 0.0, anchor, "during")
        if anchor and time.relation == "after":
            return Moment(time.low_d, far, anchor, part or "end")
        if anchor and time.relation == "at":
            return Moment(0.0, 0.0, anchor, part or "start")
    span = _bounded(clock.when(when))
    return None if span is None else Moment(span.low_d, span.high_d)


def _width_d() -> float:
    return lymphocyte_parameter("start_window").value


def _bounded(span: Span | None) -> Span | None:
    if span is None or span.bounded:
        return span
    if math.isfinite(span.low_d):
        return Span(span.low_d, span.low_d + _width_d())
    return Span(span.high_d - _width_d(), span.high_d) if math.isfinite(span.high_d) else None


def nodes_of(moments: Sequence[Moment]) -> tuple[Node, ...]:
    """Return the nodes of all versions of a time; their weights add up to 1."""
    out = []
    for moment in moments:
        during = moment.part == "during"
        width = math.inf if during else moment.high_d - moment.low_d
        number = 1 if width == 0.0 else 3 if width <= _SHORT_D else 5
        places, weights = np.polynomial.legendre.leggauss(number)
        for place, weight in zip(0.5 + 0.5 * places, 0.5 * weights, strict=True):
            offset = 0.0 if during else moment.low_d + place * (moment.high_d - moment.low_d)
            along = float(place) if during else 0.0
            out.append(Node(moment, float(offset), along, float(weight) / len(moments)))
    return tuple(out)


@dataclass(frozen=True, slots=True, eq=False)
class KnownDays:
    """First and last day of points (n,), and of the fractions of each course, (n, 2) by name."""

    start_d: Floats
    horizon_d: Floats
    courses_d: Mapping[str, Floats]


def days_of_patients(patients: Sequence[Patient]) -> KnownDays:
    """Return the days of patients; a course that one does not have is on day 0."""
    names = dict.fromkeys(x.course for patient in patients for x in patient.fractions)
    courses = {name: np.zeros((len(patients), 2)) for name in names}
    for k, patient in enumerate(patients):
        for name, ends in _ends_d(patient).items():
            courses[name][k] = ends
    start = np.array([patient.start_d for patient in patients])
    return KnownDays(start, np.array([patient.horizon_d for patient in patients]), courses)


def days_of_draws(draws: CaseDraws, horizon_d: float) -> KnownDays:
    """Return the days of the draws of a case; a course that one does not have is on day 0."""
    found: dict[str, list[Floats]] = {}
    for phase in draws.courses.phases:
        ends = [(days[0], days[-1]) if days else (math.inf, -math.inf) for days in phase.days_d]
        found.setdefault(phase.course, []).append(np.array(ends))
    courses = {}
    for name, parts in found.items():
        first = np.min([ends[:, 0] for ends in parts], axis=0)
        last = np.max([ends[:, 1] for ends in parts], axis=0)
        both = np.stack([first, last], axis=1)
        courses[name] = np.where(np.isfinite(both), both, 0.0)
    return KnownDays(draws.start_d, np.full(draws.prior.n, horizon_d), courses)


def days_of_nodes(
    span: KnownDays, nodes: Sequence[Node], *, early_d: tuple[float, float] | None = None
) -> Floats:
    """Return the day of every node at every point, (points, nodes), inside its simulation.

    With ``early_d`` it lies between these days before the start: the most and the least.
    """
    out = np.empty((len(span.start_d), len(nodes)))
    none = np.zeros((len(out), 2))
    for k, node in enumerate(nodes):
        first, last = span.courses_d.get(node.moment.anchor, none).T
        begin = last if node.moment.part == "end" else first
        out[:, k] = begin + node.offset_d + node.along_frac * (last - first)
    low, high = span.start_d, span.horizon_d
    if early_d is not None:
        low, high = span.start_d - early_d[0], span.start_d - early_d[1]
    return np.asarray(np.clip(out, low[:, None], high[:, None]))


def _ends_d(patient: Patient) -> dict[str, tuple[float, float]]:
    """Return the days of the first and the last fraction of every course."""
    out: dict[str, tuple[float, float]] = {}
    for one in patient.fractions:
        first, last = out.get(one.course, (one.day_d, one.day_d))
        out[one.course] = (min(first, one.day_d), max(last, one.day_d))
    return out
