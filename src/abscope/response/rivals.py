"""Other explanations of a distant response: each found in the record, or named as not excluded.

A *rival* is established by the record and takes the certainty away: a drug given, a lesion already
shrinking, a response that came back. A *caveat* is a gap: the record does not exclude it. Only a
rival lowers a call; both are shown.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

from abscope.case.clock import Clock, Span
from abscope.case.facts import Fact
from abscope.case.lesion import Lesion
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case
from abscope.case.therapy import NoTherapy, SystemicTherapy
from abscope.catalog import onset_time, reader_limits
from abscope.response.trajectory import Trajectory

__all__ = [
    "Rival", "drug_rivals", "drug_window_d", "endocrine_rival", "lesion_rivals", "onset_window_d",
]  # fmt: skip


def drug_window_d() -> float:
    """Return how long before radiotherapy a drug can start and still explain a response (d)."""
    return onset_time("drug_window").value


def onset_window_d() -> tuple[float, float, float]:
    """Return earliest and latest usual onset and the longest published one, after a course (d)."""
    names = ("window_start", "window_end", "longest_published")
    earliest, latest, longest = (onset_time(name).value for name in names)
    return earliest, latest, longest


@dataclass(frozen=True, slots=True)
class Rival:
    """One competing explanation: a code, whether it is established, and the facts in words."""

    code: str
    kind: Literal["rival", "caveat"]
    text: str
    drugs: tuple[str, ...] = ()


def drug_rivals(
    case: Case, *, course: RTCourse, clock: Clock, until: Span | None
) -> tuple[Rival, ...]:
    """Return drugs that can explain a response seen at ``until`` (None: its time is not known).

    A therapy counts when it can have been given between 90 days before the course and the
    response; one that went on unchanged through all of it is told apart (``ongoing-drug``),
    because the evidence grade asks for a start or a change. Without any therapy and without a
    statement that none was given, the drugs are unknown, which is a rival that the record cannot
    exclude.
    """
    start = clock.event(f"{course.id}.start")
    out: list[Rival] = []
    for therapy in case.systemic_therapy:
        verdict = _overlap(therapy, course, clock, start, until)
        if verdict is None:
            continue
        names = tuple(agent.name for agent in therapy.agents)
        out.append(
            Rival(
                verdict[0],
                "caveat" if verdict[0] == "earlier-drug" else "rival",
                f"{therapy.id} {' + '.join(names)}: {verdict[1]}",
                names,
            )
        )
    stated = [n for n in case.no_systemic_therapy if _covers(n, clock, start, until)]
    if not case.systemic_therapy and not stated:
        out.append(
            Rival(
                "drugs-unknown",
                "rival",
                "whether any systemic therapy was given is not known",
            )
        )
    if stated and all(n.scope != "any" for n in stated):
        scopes = ", ".join(sorted({n.scope for n in stated}))
        out.append(
            Rival(
                "drugs-partly-excluded", "caveat", f"only {scopes} is stated not to have been given"
            )
        )
    return tuple(out)


def _last_cycle_d(therapy: SystemicTherapy, first: Span | None) -> float:
    """The latest day on which the last cycle can have ended, by number and interval of cycles.

    Infinite where the number, the interval or the start is not known, or the therapy went on.
    """
    counts = [n for fact in (therapy.n_cycles, *(a.n_cycles for a in therapy.agents)) if fact
              for n in fact.candidates]  # fmt: skip
    facts = (therapy.interval_d, *(agent.interval_d for agent in therapy.agents))
    spans = [fact.bounds[1] for fact in facts if fact is not None and fact.bounds is not None]
    if first is None or not counts or not spans or None in spans or therapy.ongoing_during:
        return math.inf
    return first.high_d + max(counts) * max(high for high in spans if high is not None)


def _covers(item: NoTherapy, clock: Clock, start: Span | None, until: Span | None) -> bool:
    """Whether a statement of no therapy can hold for the course; an open period always can."""
    first, last = clock.fact(item.start), clock.fact(item.end)
    ended_before = last is not None and start is not None and last.high_d < start.low_d
    begins_after = first is not None and until is not None and first.low_d > until.high_d
    return not (ended_before or begins_after)


_DrugCode = Literal["concurrent-drug", "ongoing-drug", "earlier-drug"]


def _overlap(
    therapy: SystemicTherapy,
    course: RTCourse,
    clock: Clock,
    start: Span | None,
    until: Span | None,
) -> tuple[_DrugCode, str] | None:
    """How a therapy lies to a course and the response; None where it came after both."""
    window_d = drug_window_d()
    first = clock.event(f"{therapy.id}.start")
    last = clock.event(f"{therapy.id}.end")
    if start is None or (first is None and last is None):
        if course.id in therapy.ongoing_during:
            return "concurrent-drug", "given during the course"
        return "concurrent-drug", "how it lies in time to the course is not known"
    given_from = first.low_d if first else -math.inf
    given_to = last.high_d if last else _last_cycle_d(therapy, first)
    seen = until.high_d if until else math.inf
    if given_from > seen:
        return None
    if given_to < start.low_d - window_d and course.id not in therapy.ongoing_during:
        return "earlier-drug", f"ended more than {window_d:g} days before the course"
    if first is not None and first.high_d < start.low_d - window_d and given_to >= seen:
        return (
            "ongoing-drug",
            f"started more than {window_d:g} days before the course and went on unchanged",
        )
    if first is not None and first.low_d > start.high_d:
        return "concurrent-drug", "started after the course and before the response"
    return (
        "concurrent-drug",
        f"started, changed or stopped between {window_d:g} days before the course and the response",
    )


def lesion_rivals(
    case: Case, lesion: Lesion, *, path: Trajectory, clock: Clock
) -> tuple[Rival, ...]:
    """Return what speaks in the lesion's own course against an effect of the radiotherapy."""
    out: list[Rival] = []
    trend = lesion.trend_before_rt
    if trend is not None and "shrinking" in trend.candidates:
        out.append(
            Rival("shrinking-before", "rival", f"{lesion.id} was shrinking before the course")
        )
    elif _shrank_before(path):
        out.append(
            Rival(
                "shrinking-before",
                "rival",
                f"{lesion.id} measured smaller before the course already",
            )
        )
    elif trend is None and len(path.before) < 2:
        out.append(
            Rival(
                "trend-unknown", "caveat", f"how {lesion.id} moved before the course is not known"
            )
        )
    if path.lapsed is not None:
        out.append(
            Rival(
                "transient",
                "rival",
                f"{lesion.id} grew again at {path.lapsed.scan}: the response was transient",
            )
        )
    out += _timing(lesion, path)
    out += _other_treatment(case, lesion, path, clock)
    if lesion.histology is None or not lesion.histology.candidates:
        out.append(Rival("no-histology", "caveat", f"{lesion.id} has no histology in the record"))
    return tuple(out)


def _shrank_before(path: Trajectory) -> bool:
    sizes = [r.size_mm for r in path.before if r.size_mm]
    limit_frac = reader_limits("single_same_reader").low
    return len(sizes) >= 2 and sizes[-1] / sizes[-2] - 1 <= limit_frac


def _timing(lesion: Lesion, path: Trajectory) -> list[Rival]:
    onset = path.onset_d
    earliest_d, latest_d, _ = onset_window_d()
    if path.first is None:
        return []
    if onset is None:
        return [Rival("onset-unknown", "caveat", f"when {lesion.id} responded is not known")]
    if onset.low_d > latest_d:
        months = onset.low_d / 30.4375
        return [
            Rival(
                "late",
                "rival",
                f"{lesion.id} responded {months:.0f} months or more after the course",
            )
        ]
    if onset.high_d < earliest_d:
        return [Rival("early", "rival", f"{lesion.id} responded within two weeks of the course")]
    return []


def _other_treatment(case: Case, lesion: Lesion, path: Trajectory, clock: Clock) -> list[Rival]:
    """Surgery, ablation or embolization of the responding lesion itself, before its response.

    A lesion that was seen again after its response was not removed before it.
    """
    out: list[Rival] = []
    seen = path.first.span if path.first else None
    for procedure in case.procedures:
        if procedure.kind in ("biopsy", "transfusion") or lesion.id not in procedure.lesions:
            continue
        when = clock.event(procedure.id)
        if seen is not None and when is not None and when.low_d > seen.high_d:
            continue
        if when is None and path.lapsed is not None:
            continue
        out.append(
            Rival("locally-treated", "rival", f"{lesion.id} was itself treated: {procedure.name}")
        )
    return out


def endocrine_rival(case: Case, *, course: RTCourse) -> Rival | None:
    """Return the endocrine effect of pelvic radiotherapy in hormone-receptor-positive disease.

    Ovarian dose stops estrogen before menopause, which can shrink breast cancer anywhere. It is a
    rival where premenopausal status is recorded, a caveat where nothing excludes it.
    """
    diagnosis, patient = case.diagnosis, case.patient
    if not _is(diagnosis.tumor_type, "breast") or _is(patient.sex, "male"):
        return None
    receptors = [
        marker
        for marker in diagnosis.markers
        if marker.name.upper() in ("ER", "PR", "PGR", "ESR1") and _positive(marker.result)
    ]
    names = (*course.targets, *course.targets_uncertain)
    pelvic = [name for name in names if "pelvis" in case.lesions_by_id[name].body_regions]
    if not receptors or not pelvic or _is(patient.menopausal_status, "postmenopausal"):
        return None
    text = f"pelvic field ({', '.join(pelvic)}) in hormone-receptor-positive disease"
    if _is(patient.menopausal_status, "premenopausal"):
        return Rival("ovarian-dose", "rival", f"{text} before menopause: ovarian dose not reported")
    return Rival(
        "ovarian-dose", "caveat", f"{text}; menopausal status and ovarian dose not reported"
    )


def _is(fact: Fact[Any] | None, value: str) -> bool:
    return fact is not None and fact.value == value


def _positive(result: Fact[str] | None) -> bool:
    text = (result.value or "").lower() if result else ""
    return "pos" in text or text.strip().startswith("+")
