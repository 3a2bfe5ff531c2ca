"""Everything the response room says about one case: per course, per lesion, per patient.

`assess_case` joins exposures, RECIST 1.1 (all disease, in field, outside the fields), the courses
on checkpoint inhibitors, lymphocytes, pain and the abscopal call with its grade, definitions and
confounders. It only joins; each rule lives in its own file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.catalog import DrugRate, expected_drug_rate
from abscope.errors import Problem, ProtocolError
from abscope.response.abscopal import AbscopalCall, abscopal_call
from abscope.response.contradictions import respond_in_versions
from abscope.response.definitions import Definition, definitions
from abscope.response.dose_lines import ExposureLines, lines_from_catalog
from abscope.response.exposure import LesionExposure, exposures
from abscope.response.frames import Frame, rt_frame
from abscope.response.grade import EvidenceGrade, grade
from abscope.response.immune import ImmuneCourse, immune_courses
from abscope.response.lymphocytes import LymphocyteReading, lymphocyte_readings
from abscope.response.metabolic import MetabolicVisit, metabolic_visits
from abscope.response.outcome import Outcome, outcome
from abscope.response.pain import PainCall
from abscope.response.pain_sites import pain_calls
from abscope.response.policy import Policy
from abscope.response.reader_error import TrueChange, p_true_change
from abscope.response.recist import RecistReading, assess
from abscope.response.records import PatientRecord, restrict
from abscope.response.sum_versions import VisitVersions, case_choices, reading_of_choices
from abscope.response.trajectory import Trajectory, readings

__all__ = ["CaseAssessment", "CourseAssessment", "LesionChange", "PartReading", "assess_case"]


@dataclass(frozen=True, slots=True)
class LesionChange:
    """One lesion after one course, with how likely the measured change is real.

    ``passes_pr`` is the probability that the true change at the reading that first shows a response
    (else at the smallest size) passes -30 %, ``passes_pd`` that the last size passes +20 % and 5 mm
    over the smallest, given the published reader error; None without sizes.
    """

    path: Trajectory
    in_field: bool
    passes_pr: TrueChange | None
    passes_pd: TrueChange | None


@dataclass(frozen=True, slots=True)
class PartReading:
    """RECIST 1.1 on all lesions or on a part of them; ``outcome`` is None where days are unknown.

    ``problems`` says why the criteria could not be applied. Where sizes have versions, ``versions``
    has the sums and responses of every visit in all of them, and the reading what holds in all.
    """

    part: str
    lesions: tuple[str, ...]
    reading: RecistReading | None
    outcome: Outcome | None
    problems: tuple[Problem, ...]
    versions: tuple[VisitVersions, ...] = ()


@dataclass(frozen=True, slots=True)
class CourseAssessment:
    """One radiotherapy course: its frame, three readings, and each lesion."""

    course: str
    baseline: str | None
    notes: tuple[str, ...]
    everything: PartReading
    in_field: PartReading
    out_of_field: PartReading
    lesions: tuple[LesionChange, ...]


@dataclass(frozen=True, slots=True)
class CaseAssessment:
    """All calls of a case with the policy and the options they were made by."""

    case_id: str
    policy: Policy
    lines: ExposureLines
    exposures: tuple[LesionExposure, ...]
    courses: tuple[CourseAssessment, ...]
    immune: tuple[ImmuneCourse, ...]
    metabolic: tuple[MetabolicVisit, ...]
    lymphocytes: tuple[LymphocyteReading, ...]
    pain: tuple[PainCall, ...]
    abscopal: AbscopalCall
    grade: EvidenceGrade
    definitions: tuple[Definition, ...]
    drug_rates: tuple[DrugRate, ...]


def assess_case(
    case: Case, *, policy: Policy | None = None, lines: ExposureLines | None = None
) -> CaseAssessment:
    """Return everything the response room says about a case."""
    rules, chosen, clock = policy or Policy(), lines or lines_from_catalog(), Clock(case)
    call = abscopal_call(case, lines=chosen)
    courses = _courses(case, clock, rules)
    immune = immune_courses(case, clock=clock, policy=rules)
    decisive = _course_of(call, courses)
    return CaseAssessment(
        case_id=case.id,
        policy=rules,
        lines=chosen,
        exposures=exposures(case, lines=chosen),
        courses=courses,
        immune=immune,
        metabolic=metabolic_visits(case, clock=clock),
        lymphocytes=lymphocyte_readings(case, clock),
        pain=pain_calls(case, clock=clock),
        abscopal=call,
        grade=grade(
            call,
            infield_progressed=_progressed(decisive.in_field if decisive else None),
            sum_responded=_responded(decisive.out_of_field if decisive else None),
            after_iupd=_after_iupd(call, immune),
        ),
        definitions=definitions(
            case,
            call,
            reading=decisive.out_of_field.reading if decisive else None,
            outcome=decisive.out_of_field.outcome if decisive else None,
            reference_d=_start_d(clock, decisive),
        ),
        drug_rates=_drug_rates(case, call),
    )


def _courses(case: Case, clock: Clock, policy: Policy) -> tuple[CourseAssessment, ...]:
    found = readings(case, clock=clock)
    roles = {scan.id: scan.role for scan in case.imaging}
    choices = case_choices(case)
    out = []
    for course in case.rt_courses:
        frame = rt_frame(case, course, clock=clock)
        chosen = [rt_frame(choice, course, clock=clock) for choice in choices]
        paths = [
            respond_in_versions(items, lesion=name, course=course, clock=clock, roles=roles)
            for name, items in found.items()
        ]
        out.append(
            CourseAssessment(
                course=course.id,
                baseline=frame.baseline,
                notes=chosen[0].notes if chosen else frame.notes,
                everything=_part("all", frame, chosen, policy),
                in_field=_part("in_field", frame, chosen, policy),
                out_of_field=_part("out_of_field", frame, chosen, policy),
                lesions=tuple(_change(path, frame.in_field) for path in paths if path.after),
            )
        )
    return tuple(out)


def _part(part: str, frame: Frame, chosen: Sequence[Frame], policy: Policy) -> PartReading:
    """Read a part of the lesions; ``chosen`` are the frames of the choices of sizes in versions."""
    plain = _read(part, frame, policy)
    found = [_read(part, one, policy) for one in chosen]
    readings = [one.reading for one in found if one.reading is not None]
    if len(readings) < len(found) or all(one == plain.reading for one in readings):
        return plain
    place, reading, versions = reading_of_choices(readings)
    record = _record(part, chosen[place])
    told = None if record is None or frame.ordered_only else outcome(record, reading)
    return PartReading(part, found[place].lesions, reading, told, (), versions)


def _kept(part: str, frame: Frame) -> frozenset[str]:
    """Return the lesions of a part: all, those that were treated, or those that surely were not."""
    record = frame.record
    known = frozenset(lesion.id for lesion in record.lesions) if record else frozenset()
    if part == "in_field":
        return known & frame.in_field
    new = {n.id for visit in record.visits for n in visit.new_lesions} if record else set()
    return known | new if part == "all" else (known | new) - frame.in_field - frame.possible


def _record(part: str, frame: Frame) -> PatientRecord | None:
    keep = _kept(part, frame)
    if frame.record is None or not keep or not frame.record.visits:
        return None
    return frame.record if part == "all" else restrict(frame.record, keep)


def _read(part: str, frame: Frame, policy: Policy) -> PartReading:
    names, record = tuple(sorted(_kept(part, frame))), _record(part, frame)
    if record is None:
        return PartReading(part, names, None, None, ())
    try:
        reading = assess(record, policy)
    except ProtocolError as error:
        return PartReading(part, names, None, None, error.problems)
    told = None if frame.ordered_only else outcome(record, reading)
    return PartReading(part, names, reading, told, ())


def _change(path: Trajectory, in_field: frozenset[str]) -> LesionChange:
    base = path.baseline.size_mm if path.baseline else None
    sizes = [r.size_mm for r in path.after if r.size_mm is not None]
    if not base or not sizes:
        return LesionChange(path, path.lesion in in_field, None, None)
    first = path.first.size_mm if path.first else None
    shown = min(sizes) if first is None else first
    return LesionChange(
        path,
        path.lesion in in_field,
        p_true_change(
            base, follow_up_mm=shown, threshold_frac=-0.30, n_lesions=1, readers="different"
        ),
        p_true_change(
            min([base, *sizes]) or base,
            follow_up_mm=sizes[-1],
            threshold_frac=0.20,
            n_lesions=1,
            readers="different",
            least_increase_mm=5.0,
        ),
    )


def _course_of(
    call: AbscopalCall, courses: tuple[CourseAssessment, ...]
) -> CourseAssessment | None:
    decisive = next((c for c in call.candidates if c.lesion == call.decisive), None)
    if decisive is None:
        return courses[-1] if courses else None
    return next((course for course in courses if course.course == decisive.course), None)


def _progressed(part: PartReading | None) -> bool | None:
    if part is None or part.reading is None:
        return None
    calls = [visit.overall for visit in part.reading.visits if visit.overall != "NE"]
    return "PD" in calls if calls else None


def _responded(part: PartReading | None) -> bool | None:
    if part is None or part.outcome is None:
        return None
    best = part.outcome.best.response
    return None if best in ("NE", "MISSING", "NED") else best in ("CR", "PR")


def _after_iupd(call: AbscopalCall, immune: tuple[ImmuneCourse, ...]) -> bool:
    """Whether an unconfirmed progression on a drug came before the response that decides."""
    decisive = next((c for c in call.candidates if c.lesion == call.decisive), None)
    first = decisive.path.first if decisive else None
    for line in immune:
        scans = [visit.scan for visit in line.visits]
        if line.confirmed is not True and first is not None and first.scan in scans:
            earlier = line.visits[: scans.index(first.scan)]
            if any(visit.call == "iUPD" for visit in earlier):
                return True
    return False


def _start_d(clock: Clock, course: CourseAssessment | None) -> float | None:
    span = clock.event(f"{course.course}.start") if course else None
    return span.middle_d if span else None


def _drug_rates(case: Case, call: AbscopalCall) -> tuple[DrugRate, ...]:
    """Published response rates of the concurrent drugs alone, in this tumor where there are any."""
    decisive = next((c for c in call.candidates if c.lesion == call.decisive), None)
    tumor = case.diagnosis.tumor_type.value if case.diagnosis.tumor_type else None
    found: dict[str, DrugRate] = {}
    for rival in decisive.rivals if decisive else ():
        if rival.code in ("concurrent-drug", "ongoing-drug") and tumor is not None:
            for rate in expected_drug_rate(tumor, agents=rival.drugs):
                found[f"{rate.trial} {rate.year} {rate.agents}"] = rate
    return tuple(found.values())
