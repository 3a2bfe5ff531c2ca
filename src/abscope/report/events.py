"""A case as tracks of marks on one time axis, in reading order; nothing is drawn here."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from abscope.case.clock import Clock, Span
from abscope.case.facts import Fact
from abscope.case.observation import Imaging, Lab, Symptom
from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.case.record import Case
from abscope.case.therapy import SystemicTherapy
from abscope.case.timing import When
from abscope.report.fractions import Cycle, cycles_of, fractions_of, phase_span
from abscope.report.palette import Role
from abscope.report.times import span_words
from abscope.report.words import MISSING_WORDS, amount, brief, join, plain, plural

__all__ = [
    "Lane",
    "Mark",
    "Track",
    "dose_words",
    "lymphocyte_labs",
    "lymphocyte_marks",
    "mark_path",
    "symptom_place",
    "tracks",
]

_Shape = Literal["scan", "status", "death", "procedure", "symptom", "value", "bar", "fractions"]

#: Most marks that one track draws; the rest is counted in words.
_MOST_MARKS = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that happened: short label, full text, when it began and, for bars, ended.

    ``time`` is the time as the record writes it. ``cycles`` are days of drug doses;
    ``count_per_ul`` is drawn as a height, where the track is a curve of counts. ``path`` leads to
    the record it was made from.
    """

    label: str
    detail: str
    time: str
    span: Span | None
    shape: _Shape
    until: Span | None = None
    role: Role = "ink"
    cycles: tuple[Cycle, ...] = ()
    count_per_ul: float | None = None
    timed: bool = True
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """Marks that share a row, with the row's name (empty where the track has one row)."""

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """One kind of event over time; ``omitted`` counts marks beyond what a figure can hold."""

    id: str
    title: str
    lanes: tuple[Lane, ...]
    omitted: int = 0

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All marks of the track."""
        return tuple(mark for lane in self.lanes for mark in lane.marks)


def mark_path(mark: Mark) -> str:
    """Return the path to the record of a mark as text: ``rt_courses.0.phases.1``."""
    return ".".join(str(part) for part in mark.path)


def tracks(case: Case, clock: Clock) -> tuple[Track, ...]:
    """Return the tracks of a case from imaging down to drugs; tracks without marks are left out."""
    rooms = [
        _track("imaging", "Imaging", [Lane("", tuple(_imaging(case, clock)))]),
        _track("status", "Status and outcome", [Lane("", tuple(_status(case, clock)))]),
        _track("procedures", "Surgery and procedures", [Lane("", tuple(_procedures(case, clock)))]),
        _track("symptoms", "Symptoms", [Lane("", tuple(_symptoms(case, clock)))]),
        _track("labs", "Lymphocytes per µL", [Lane("", tuple(lymphocyte_marks(case, clock)))]),
        _track("radiotherapy", "Radiotherapy", list(_radiotherapy(case, clock))),
        _track("drugs", "Drugs", list(_drugs(case, clock))),
    ]
    return tuple(track for track in rooms if track.marks or track.omitted)


def _track(name: str, title: str, lanes: list[Lane]) -> Track:
    kept, left, omitted = [], _MOST_MARKS, 0
    for lane in lanes:
        shown = lane.marks[:left]
        omitted += len(lane.marks) - len(shown)
        left -= len(shown)
        if shown:
            kept.append(Lane(lane.name, shown))
    return Track(name, title, tuple(kept), omitted)


def _mark(
    case: Case,
    clock: Clock,
    when: Fact[When] | None,
    *,
    words: list[str],
    shape: _Shape,
    path: tuple[str | int, ...],
) -> Mark:
    """Return a mark without an end; the first of the words is its label."""
    label, *texts = words
    span = clock.fact(when)
    time = brief(when) or MISSING_WORDS[case.default_missing]
    where = (
        [time, span_words(span, clock)] if when is not None and brief(when) else [f"time {time}"]
    )
    head = ", ".join(dict.fromkeys(where))
    detail = ": ".join(
        part for part in (f"{label} — {head}", "; ".join(filter(None, texts))) if part
    )
    return Mark(label, detail, time, span, shape, timed=bool(brief(when)), path=path)


def _imaging(case: Case, clock: Clock) -> Iterator[Mark]:
    for n, scan in enumerate(case.imaging):
        modalities = brief(scan.modalities, words=lambda names: " + ".join(map(plain, names)))
        label = f"{scan.id} {modalities.replace('_', ' ')}".strip()
        texts = [brief(scan.stated_response), scan.text or "", _finding_words(scan)]
        place = ("imaging", n)
        yield _mark(case, clock, scan.when, words=[label, *texts], shape="scan", path=place)


def _finding_words(scan: Imaging) -> str:
    words = []
    for finding in scan.findings[:12]:
        size = brief(finding.size_mm, "mm")
        change = brief(finding.change).replace("_", " ")
        found = join([part for part in (size, change, finding.state or "") if part])
        words.append(f"{finding.lesion} {found.replace('_', ' ')}".strip())
    rest = len(scan.findings) - len(words)
    return ", ".join(words) + (f" and {plural(rest, 'more finding')}" if rest > 0 else "")


def _status(case: Case, clock: Clock) -> Iterator[Mark]:
    for when, label in (
        (case.diagnosis.date, "diagnosis"),
        (case.diagnosis.metastatic_date, "metastases diagnosed"),
    ):
        if when is not None:
            known = ("diagnosis",)
            yield _mark(case, clock, when, words=[label], shape="status", path=known)
    for n, outcome in enumerate(case.outcomes):
        kind = outcome.kind.replace("_", " ")
        value = brief(outcome.value)
        label = kind if outcome.kind in ("death", "last_contact") or not value else value
        texts = [kind, value, brief(outcome.cause), outcome.note or ""]
        shape: _Shape = "death" if outcome.kind == "death" else "status"
        yield _mark(
            case, clock, outcome.when, words=[label, *texts], shape=shape, path=("outcomes", n)
        )


def _procedures(case: Case, clock: Clock) -> Iterator[Mark]:
    for n, item in enumerate(case.procedures):
        concerned = join([*item.lesions, *(f"{x} (unsure)" for x in item.lesions_uncertain)])
        texts = [item.kind, concerned, brief(item.pathology), brief(item.result), item.note or ""]
        yield _mark(
            case, clock, item.when, words=[item.name, *texts], shape="procedure",
            path=("procedures", n),
        )  # fmt: skip


def symptom_place(symptom: Symptom) -> str:
    """Return where a symptom was felt: the lesions, or the source's words."""
    return " ".join(symptom.lesions) or symptom.where or ""


def _symptoms(case: Case, clock: Clock) -> Iterator[Mark]:
    for n, item in enumerate(case.symptoms):
        value = brief(item.value) or brief(item.text)
        place = symptom_place(item)
        label = f"{item.symptom} {value}" + (f" ({place})" if place else "")
        texts = [item.scale, item.where or "", "new" if item.new else "", item.note or ""]
        found = ("symptoms", n)
        yield _mark(case, clock, item.when, words=[label, *texts], shape="symptom", path=found)
    for n, event in enumerate(case.adverse_events):
        grade = brief(event.grade)
        label = event.term + (f", grade {grade}" if grade else "")
        label += " (patient's words)" if event.reporter == "patient" else ""
        texts = ["adverse event", brief(event.attribution), event.text or "", event.note or ""]
        yield _mark(
            case, clock, event.when, words=[label, *texts], shape="symptom",
            path=("adverse_events", n),
        )  # fmt: skip


def lymphocyte_labs(case: Case) -> tuple[Lab, ...]:
    """Return the lymphocyte counts of a case."""
    return tuple(lab for lab in case.labs if lab.test == "lymphocytes")


def lymphocyte_marks(case: Case, clock: Clock) -> Iterator[Mark]:
    """Yield the lymphocyte counts as marks that hold the count per microliter."""
    for n, lab in enumerate(case.labs):
        if lab.test != "lymphocytes":
            continue
        bounds = lab.value.bounds if lab.value is not None else None
        known = [end for end in bounds or () if end is not None]
        unit = "" if lab.unit_status == "stated" else f"unit {lab.unit_status}"
        texts = ["lymphocytes per µL", unit, brief(lab.finding), lab.note or ""]
        value = amount(lab.value) if lab.value is not None and known else brief(lab.finding)
        mark = _mark(
            case, clock, lab.when, words=[value or "no value", *texts], shape="value",
            path=("labs", n),
        )  # fmt: skip
        yield replace(mark, role="lymphocytes", count_per_ul=known[0] if known else None)


def dose_words(phase: RTPhase) -> str:
    """Return the prescription of a phase in one line: ``5 × 4.5 Gy``, or what is known of it."""
    number, each = brief(phase.n_fractions_planned), brief(phase.dose_per_fraction_gy)
    total = brief(phase.total_dose_gy, "Gy")
    if number and each:
        return f"{number} × {each} Gy"
    if total and number:
        return f"{total} in {number}"
    return total or (f"{each} Gy per fraction" if each else "dose not known")


def _radiotherapy(case: Case, clock: Clock) -> Iterator[Lane]:
    for n, course in enumerate(case.rt_courses):
        for m, phase in enumerate(course.phases):
            names = [
                case.lesions_by_id[x].label if x in case.lesions_by_id else x
                for x in phase.targets[:6]
            ]
            unsure = f" (unsure: {', '.join(phase.targets_uncertain)})" * bool(
                phase.targets_uncertain
            )
            name = (
                f"{phase.id} {join(names)}" if names else f"{phase.id} {phase.name or ''}".strip()
            )
            mark = _phase_mark(case, clock, course, phase, unsure)
            yield Lane(name, (replace(mark, path=("rt_courses", n, "phases", m)),))


def _phase_mark(case: Case, clock: Clock, course: RTCourse, phase: RTPhase, unsure: str) -> Mark:
    start, end = phase_span(clock, course, phase)
    when = phase.start or (course.start if phase is course.phases[0] else None)
    found = fractions_of(clock, course, phase)
    texts = [
        brief(course.technique),
        f"targets {join(phase.targets)}{unsure}" if phase.targets or unsure else "",
        found.note,
        phase.note or "",
    ]
    mark = _mark(
        case, clock, when, words=[dose_words(phase), *texts], shape="fractions",
        path=("rt_courses",),
    )  # fmt: skip
    return replace(
        mark,
        span=start,
        until=end or found.end(start),
        role="in_field",
        timed=mark.timed or start is not None,
    )


def _drugs(case: Case, clock: Clock) -> Iterator[Lane]:
    rows: dict[str, list[Mark]] = {}
    for n, therapy in enumerate(case.systemic_therapy):
        for agent in therapy.agents:
            cycles = cycles_of(clock, therapy, agent)
            dose = next(
                (
                    text
                    for text in (
                        brief(agent.dose_mg, "mg"),
                        brief(agent.dose_mg_per_kg, "mg/kg"),
                        brief(agent.dose_mg_per_m2, "mg/m²"),
                    )
                    if text
                ),
                "",
            )
            every = brief(agent.interval_d or therapy.interval_d)
            number = brief(agent.n_cycles or therapy.n_cycles)
            label = " ".join(
                (
                    f"{therapy.id} {dose}".strip(),
                    f"q{every}d" * bool(every),
                    f"× {number}" * bool(number),
                )
            ).strip()
            mark = _therapy_mark(case, clock, therapy, label, cycles)
            rows.setdefault(agent.name, []).append(replace(mark, path=("systemic_therapy", n)))
    for name, marks in rows.items():
        yield Lane(name, tuple(marks))
    if nothing := tuple(_nothing(case, clock)):
        yield Lane("not given", nothing)
    if others := tuple(_medications(case, clock)):
        yield Lane("other medication", others)


def _therapy_mark(
    case: Case, clock: Clock, therapy: SystemicTherapy, label: str, cycles: tuple[Cycle, ...]
) -> Mark:
    texts = [
        brief(therapy.setting),
        f"stopped {brief(therapy.stop)}" if brief(therapy.stop) else "stop not known",
        brief(therapy.stop_reason_text) or brief(therapy.stop_reason),
        "cycle days derived from start and interval" if cycles else "cycle days not known",
    ]
    mark = _mark(
        case, clock, therapy.start, words=[label, *texts], shape="bar",
        path=("systemic_therapy",),
    )  # fmt: skip
    return replace(mark, until=clock.fact(therapy.stop), role="drug", cycles=cycles)


def _nothing(case: Case, clock: Clock) -> Iterator[Mark]:
    for n, item in enumerate(case.no_systemic_therapy):
        label = f"no {'systemic therapy' if item.scope == 'any' else item.scope.replace('_', ' ')}"
        mark = _mark(
            case, clock, item.start, words=[label, item.stated or ""], shape="bar",
            path=("no_systemic_therapy", n),
        )  # fmt: skip
        yield replace(mark, until=clock.fact(item.end), role="muted")


def _medications(case: Case, clock: Clock) -> Iterator[Mark]:
    for n, item in enumerate(case.medications):
        kind = brief(item.agent) or item.kind.replace("_", " ")
        given = item.given.value
        label = (
            kind
            if given
            else f"{kind}: {'not given' if given is False else 'given or not unknown'}"
        )
        mark = _mark(
            case, clock, item.start, words=[label, item.note or ""], shape="bar",
            path=("medications", n),
        )  # fmt: skip
        yield replace(mark, until=clock.fact(item.stop), role="drug" if given else "muted")
