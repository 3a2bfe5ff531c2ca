"""What examinations before the start of a simulation say, and which of them can be compared.

For up to a year before the start the lesions grow in the simulation under the drugs that were given
by then; at the start their volumes become those on record. A lesion at an earlier time t is

    ln V(t) = ln V(start) + ln V_sim(t) - ln V_sim(start)

the recorded volume at the start, with the error of its reader, taken back by the growth that was
simulated in between. An earlier size, a lesion that was not seen yet ("new" at the next
examination, unless it was missed) and a word for the change up to the start are compared with that.
What the simulation does not hold (an earlier course, another drug, surgery, washed-out drugs) must
not lie in between.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from abscope.case.clock import Clock, Span
from abscope.case.observation import Finding, Imaging
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.infer.findings import change_of, metabolic, reading_of, size_of
from abscope.infer.readings import ChangeReading, GoneReading, Reading, SizeReading
from abscope.model.case_frame import CaseFrame
from abscope.model.values import AGENTS

__all__ = ["Earlier", "is_pathology"]

_ENDING = ("resection", "ablation")
_NEW = ("new",)


def is_pathology(scan: Imaging) -> bool:
    """Return whether an examination is that of a specimen."""
    return scan.modalities is not None and scan.modalities.candidates == (("pathology",),)


@dataclass(frozen=True, slots=True)
class Earlier:
    """The examinations of a record before the start of its ``frame``, of its ``lesions``."""

    case: Case
    clock: Clock
    frame: CaseFrame
    lesions: Collection[str]

    def readings(self, scan: Imaging) -> tuple[tuple[Reading, ...], str | None]:
        """Return what an earlier examination says, and in words why what it tells is not used."""
        said = tuple(self._said(scan))
        if not said:
            return (), None
        why = self._against(scan)
        if why is not None:
            return (), f"{scan.id} is before the start and not used: {why}"
        span = self.clock.fact(scan.when)
        kept = tuple(one for one in said if span and not self._treated(one.lesion, span))
        if len(kept) < len(said):
            names = dict.fromkeys(one.lesion for one in said if one not in kept)
            return kept, (
                f"{', '.join(names)} at {scan.id}, before the start: not used, treated by what is "
                "not simulated"
            )
        return kept, None

    def _said(self, scan: Imaging) -> Iterator[Reading]:
        start = self.frame.scan
        if start is None or not self._before(scan, start):
            return
        sized = {one.lesion for one in start.findings if size_of(one) is not None}
        own = {one.lesion: one for one in scan.findings}
        for finding in scan.findings:
            found = reading_of(finding, metabolic(scan)) if finding.lesion in self.lesions else None
            # without a size at the start the last one before stands for it, and says no more
            if isinstance(found, GoneReading) or (
                isinstance(found, SizeReading) and finding.lesion in sized
            ):
                yield found
        following = self._following(scan)
        for finding in following.findings if following else ():
            if finding.lesion in self.lesions and finding.lesion not in own and _is_new(finding):
                says = f"{finding.lesion} not seen yet (new at {following.id})"  # type: ignore[union-attr]
                yield GoneReading(finding.lesion, False, metabolic(scan), says, overlooked=True)
        for finding in start.findings:
            words = change_of(finding)
            against = finding.relative_to or (following is start and scan.id)
            told = finding.lesion in sized and size_of(own.get(finding.lesion)) is not None
            if words and finding.lesion in self.lesions and against == scan.id and not told:
                said = " or ".join(word.replace("_", " ") for word in words)
                says = f"{finding.lesion} {said} until {start.id}"
                yield ChangeReading(finding.lesion, words, says, to_start=True)

    def _before(self, scan: Imaging, other: Imaging) -> bool:
        """Return whether an examination comes before another in the record and in time."""
        every = list(self.case.imaging)
        span, later = self.clock.fact(scan.when), self.clock.fact(other.when)
        in_time = span is None or later is None or span.high_d <= later.high_d
        return every.index(scan) < every.index(other) and in_time

    def _following(self, scan: Imaging) -> Imaging | None:
        """Return the next examination, up to that of the start."""
        every = list(self.case.imaging)
        after = every[every.index(scan) + 1 :]
        return next((one for one in after if not is_pathology(one) and one.findings), None)

    def _against(self, scan: Imaging) -> str | None:
        """Return why nothing of an examination can be compared; None where it can."""
        span, start = self.clock.fact(scan.when), self.frame.start
        first = self.clock.fact(self.frame.scan.when) if self.frame.scan else None
        if span is None or not span.bounded or first is None or not first.bounded:
            return "its time or that of the first examination is not known"
        if first.high_d < start.low_d:
            return "the sizes at the start are older than the start"
        oldest = case_prior("washout").value
        if span.low_d < start.low_d - oldest:
            return f"it is more than {oldest:g} days earlier"
        for course in self.case.rt_courses:
            end = self.clock.event(f"{course.id}.end") or self.clock.event(f"{course.id}.start")
            if course not in self.frame.courses and (end is None or end.high_d > span.low_d):
                return f"{course.id} in between is not simulated"
        for therapy in self.case.systemic_therapy:
            for agent in therapy.agents:
                begin = self.clock.fact(agent.start or therapy.start)
                stop = self.clock.fact(therapy.stop)
                during = (begin is None or begin.low_d < start.high_d) and (
                    stop is None or stop.high_d > span.low_d
                )
                if during and (begin is None or agent.name.strip().lower() not in AGENTS):
                    return f"{agent.name} in between is not simulated"
        return None

    def _treated(self, lesion: str, span: Span) -> bool:
        """Return whether a lesion was cut, or irradiated by a course that is not simulated."""
        for course in self.case.rt_courses:
            aimed = lesion in (*course.targets, *course.targets_uncertain)
            if aimed and course not in self.frame.courses:
                return True
        for procedure in self.case.procedures:
            if procedure.kind not in _ENDING:
                continue
            of_it = lesion in (*procedure.lesions, *procedure.lesions_uncertain)
            when = self.clock.fact(procedure.when)
            if of_it and (when is None or span.low_d <= when.high_d):
                return True
        return False


def _is_new(finding: Finding) -> bool:
    return finding.change is not None and tuple(finding.change.candidates) == _NEW
