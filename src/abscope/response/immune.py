"""iRECIST of a case on a checkpoint inhibitor: progression unconfirmed, confirmed, or undone.

A line is what was given without a gap of 90 days with drugs that the line already had. Within it
the first progression (new lesions, or RECIST PD against the last examination before the line)
opens iUPD. Where lesions of the baseline can still be followed, the state machine of
`abscope.response.irecist` reads on. Where none can (resected, never mentioned again), the
examination with iUPD becomes the reference for what follows, which the publication leaves open:
PR, CR and SD against it are iPR, iCR and iSD, and further growth confirms.
"""

from dataclasses import dataclass

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.case.therapy import Agent, SystemicTherapy
from abscope.response.checks import find_problems
from abscope.response.frames import DatedScans, Frame, build_frame, examinations
from abscope.response.irecist import assess_irecist
from abscope.response.policy import Policy
from abscope.response.recist import assess

__all__ = ["ImmuneCourse", "ImmuneVisit", "immune_courses", "is_checkpoint_inhibitor"]

_NAMES = frozenset(
    {
        "ipilimumab", "tremelimumab", "nivolumab", "pembrolizumab", "cemiplimab", "dostarlimab",
        "toripalimab", "tislelizumab", "sintilimab", "camrelizumab", "retifanlimab", "atezolizumab",
        "durvalumab", "avelumab", "relatlimab", "zimberelimab", "penpulimab", "sugemalimab",
    }
)  # fmt: skip
_GAP_D = 90.0


@dataclass(frozen=True, slots=True)
class ImmuneVisit:
    """The iRECIST call of one examination with its reason."""

    scan: str
    day_d: float | None
    call: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImmuneCourse:
    """The calls during one line of checkpoint inhibitors; ``flags`` name what weakens them."""

    therapies: tuple[str, ...]
    drugs: tuple[str, ...]
    visits: tuple[ImmuneVisit, ...]
    confirmed: bool | None
    flags: tuple[str, ...]


def is_checkpoint_inhibitor(agent: Agent) -> bool:
    """Return whether a drug is recorded as, or known to be, a checkpoint inhibitor."""
    if agent.drug_class is not None and agent.drug_class.candidates:
        return "immune_checkpoint_inhibitor" in agent.drug_class.candidates
    return agent.name.strip().lower() in _NAMES


def immune_courses(
    case: Case, *, clock: Clock, policy: Policy | None = None
) -> tuple[ImmuneCourse, ...]:
    """Return one course per line of checkpoint inhibitors in which a progression was seen."""
    rules = policy or Policy()
    scans = examinations(case, clock=clock)
    lines = _lines(case, clock)
    out: list[ImmuneCourse] = []
    for index, line in enumerate(lines):
        start = clock.event(f"{line[0].id}.start")
        if start is None:
            continue
        following = (
            clock.event(f"{lines[index + 1][0].id}.start") if index + 1 < len(lines) else None
        )
        end = following.low_d if following else float("inf")
        inside = tuple(s for s in scans if s[1] is not None and start.high_d < s[1] < end)
        before = tuple(s for s in scans if s[1] is not None and s[1] <= start.high_d)
        course = _read_line(case, line, (before, inside), clock=clock, policy=rules)
        if course is not None:
            out.append(course)
    return tuple(out)


def _lines(case: Case, clock: Clock) -> list[list[SystemicTherapy]]:
    inhibitors = [
        t for t in case.systemic_therapy if any(is_checkpoint_inhibitor(a) for a in t.agents)
    ]
    lines: list[list[SystemicTherapy]] = []
    for therapy in inhibitors:
        if lines and _continues(lines[-1], therapy, clock):
            lines[-1].append(therapy)
        else:
            lines.append([therapy])
    return lines


def _continues(line: list[SystemicTherapy], therapy: SystemicTherapy, clock: Clock) -> bool:
    had = {agent.name.lower() for item in line for agent in item.agents}
    if not {agent.name.lower() for agent in therapy.agents} <= had:
        return False
    stop, start = clock.event(f"{line[-1].id}.end"), clock.event(f"{therapy.id}.start")
    return stop is None or start is None or start.low_d - stop.high_d <= _GAP_D


def _read_line(
    case: Case,
    line: list[SystemicTherapy],
    scans: tuple[DatedScans, DatedScans],
    *,
    clock: Clock,
    policy: Policy,
) -> ImmuneCourse | None:
    before, inside = scans
    names = tuple(therapy.id for therapy in line)
    drugs = tuple(dict.fromkeys(a.name for t in line for a in t.agents))
    frame = (
        build_frame(case, line[0].id, scans=(*before[-1:], *inside), clock=clock)
        if before
        else None
    )
    if frame is not None and frame.record is not None and _followed(frame):
        if problems := find_problems(frame.record):
            return ImmuneCourse(names, drugs, (), None, tuple(str(p) for p in problems))
        reading = assess_irecist(frame.record, policy)
        calls = [
            ImmuneVisit(v.visit, v.day_d, v.overall, "; ".join(r.text for r in v.reasons))
            for v in reading.visits
            if v.overall is not None
        ]
        if not any(visit.call in ("iUPD", "iCPD") for visit in calls):
            return None
    else:
        calls = _restart(case, line[0].id, inside, clock=clock, policy=policy)
        if not calls:
            return None
    flags = _flags(case, calls, clock, policy)
    last = calls[-1].call
    confirmed = (
        True if any(v.call == "iCPD" for v in calls) else (False if last != "iUPD" else None)
    )
    return ImmuneCourse(names, drugs, tuple(calls), confirmed, flags)


def _followed(frame: Frame) -> bool:
    """Whether any lesion of the baseline is judged again without having been treated."""
    if frame.record is None:
        return False
    return any(
        m.state not in ("not_imaged", "not_evaluable") and not m.treated_locally
        for visit in frame.record.visits
        for m in visit.measurements
    )


def _restart(
    case: Case, name: str, inside: DatedScans, *, clock: Clock, policy: Policy
) -> list[ImmuneVisit]:
    index = next(
        (
            i
            for i, (scan, _) in enumerate(inside)
            if any(f.change is not None and "new" in f.change.candidates for f in scan.findings)
        ),
        None,
    )
    if index is None:
        return []
    scan, day = inside[index]
    new = [f.lesion for f in scan.findings if f.change is not None and "new" in f.change.candidates]
    calls = [ImmuneVisit(scan.id, day, "iUPD", f"new: {', '.join(new)}; unconfirmed")]
    frame = build_frame(case, name, scans=inside[index:], clock=clock)
    if frame.record is None or not frame.record.visits or find_problems(frame.record):
        return calls
    names = {"CR": "iCR", "PR": "iPR", "SD": "iSD", "NON-CR/NON-PD": "NON-iCR/NON-iUPD"}
    for visit in assess(frame.record, policy).visits:
        call = names.get(visit.overall, "NE")
        if visit.overall == "PD":
            waited = day is None or visit.day_d - day >= policy.irecist_min_d
            call = "iCPD" if waited else "iUPD"
        reason = f"{visit.overall} against {scan.id}"
        if visit.target is not None and visit.target.sum_mm is not None:
            reason += f": sum {visit.target.sum_mm} mm"
        calls.append(ImmuneVisit(visit.visit, visit.day_d, call, reason))
        if call == "iCPD":
            break
    return calls


def _flags(case: Case, calls: list[ImmuneVisit], clock: Clock, policy: Policy) -> tuple[str, ...]:
    opened = next((v for v in calls if v.call == "iUPD"), None)
    if opened is None or opened.day_d is None:
        return ()
    later = [v for v in calls if v.day_d is not None and v.day_d > opened.day_d]
    flags: list[str] = []
    following = later[0] if later else None
    confirm = [
        v
        for v in later
        if v.day_d is not None
        and policy.irecist_min_d <= v.day_d - opened.day_d <= policy.irecist_max_d
    ]
    if not any(v.call == "iCPD" for v in calls):
        flags.append(f"iUPD at {opened.scan} was never confirmed")
        if not confirm:
            flags.append("no scan 4 to 8 weeks after iUPD: pseudoprogression is not excluded")
    limit = following.day_d if following and following.day_d is not None else float("inf")
    opened_span = clock.event(opened.scan)
    for course in case.rt_courses:
        start = clock.event(f"{course.id}.start")
        first = opened_span.low_d if opened_span else opened.day_d
        if start is not None and first <= start.high_d and start.low_d < limit:
            flags.append(
                f"RT between: {course.id} to {', '.join(course.targets)} lies between iUPD and the "
                "next scan, so what follows is not the drug alone"
            )
    return tuple(flags)
