"""PERCIST 1.0 of a case: each PET after a course against the last PET before it."""

from dataclasses import dataclass

from abscope.case.clock import Clock
from abscope.case.facts import Quantity
from abscope.case.observation import Finding, Imaging
from abscope.case.record import Case
from abscope.errors import ProtocolError
from abscope.response.frames import examinations, is_baseline
from abscope.response.percist import PercistCall, percist
from abscope.response.pet import PetLesion, PetScan

__all__ = ["MetabolicVisit", "metabolic_visits"]

_PET = frozenset({"PET", "PET/CT", "PET/MRI"})


@dataclass(frozen=True, slots=True)
class MetabolicVisit:
    """The metabolic response at one PET; ``call`` is None where none can be computed, with why."""

    course: str
    baseline: str
    scan: str
    call: PercistCall | None
    reason: str


def metabolic_visits(case: Case, *, clock: Clock) -> tuple[MetabolicVisit, ...]:
    """Return the metabolic response at every PET after a course that had a PET before it."""
    scans = [scan for scan, _ in examinations(case, clock=clock) if _is_pet(scan)]
    out: list[MetabolicVisit] = []
    for course in case.rt_courses:
        start = clock.event(f"{course.id}.start")
        before = [s for s in scans if is_baseline(s, clock.fact(s.when), start)]
        if not before:
            continue
        later = scans[scans.index(before[-1]) + 1 :]
        out += [_visit(case, course.id, before[-1], scan) for scan in later]
    return tuple(out)


def _is_pet(scan: Imaging) -> bool:
    methods = scan.modalities.candidates if scan.modalities else ()
    return any(_PET & set(names) for names in methods)


def _visit(case: Case, course: str, baseline: Imaging, scan: Imaging) -> MetabolicVisit:
    if not (_has_sul(baseline) and _has_sul(scan)):
        why = "not computable: no SULpeak before and after"
        return MetabolicVisit(course, baseline.id, scan.id, None, why)
    seen = {finding.lesion for finding in baseline.findings}
    try:
        call = percist(_pet(case, baseline, seen), follow_up=_pet(case, scan, seen))
    except ProtocolError as error:
        return MetabolicVisit(course, baseline.id, scan.id, None, str(error))
    return MetabolicVisit(course, baseline.id, scan.id, call, "; ".join(call.reasons))


def _has_sul(scan: Imaging) -> bool:
    return any(f.sul_peak is not None and f.sul_peak.known for f in scan.findings)


def _pet(case: Case, scan: Imaging, seen: set[str]) -> PetScan:
    tlg = [_value(finding.tlg_ml) for finding in scan.findings]
    known = [value for value in tlg if value is not None]
    return PetScan(
        lesions=tuple(_lesion(case, finding, seen) for finding in scan.findings),
        liver_sul_mean=_value(scan.liver_sul_mean),
        liver_sul_sd=_value(scan.liver_sul_sd),
        blood_pool_sul_mean=_value(scan.blood_pool_sul_mean),
        blood_pool_sul_sd=_value(scan.blood_pool_sul_sd),
        liver_diseased=scan.liver_diseased.value if scan.liver_diseased else None,
        uptake_time_min=_value(scan.uptake_time_min),
        same_scanner=scan.same_scanner.value if scan.same_scanner else None,
        tlg_ml=sum(known) if tlg and len(known) == len(tlg) else None,
    )


def _lesion(case: Case, finding: Finding, seen: set[str]) -> PetLesion:
    lesion = case.lesions_by_id.get(finding.lesion)
    word = finding.change.value if finding.change else None
    gone = word in ("gone", "complete_response") or finding.state == "absent"
    return PetLesion(
        name=finding.lesion,
        organ=lesion.sites[0].organ if lesion and lesion.sites else finding.lesion,
        sul_peak=_value(finding.sul_peak),
        resolved=True if gone else None,
        new=word == "new" and finding.lesion not in seen,
        unequivocal=not (finding.unequivocal and finding.unequivocal.value is False),
        extent_increased=True if word in ("increased", "markedly_increased") else None,
    )


def _value(quantity: Quantity | None) -> float | None:
    return quantity.value if quantity is not None else None
