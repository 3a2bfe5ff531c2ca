"""The lesions of a record at the start of a simulation: which, where, how many, how large."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from abscope.case.clock import Clock
from abscope.case.lesion import Lesion
from abscope.case.observation import Finding
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.dose.geometry.grid import Floats
from abscope.model.case_frame import CaseFrame
from abscope.model.compartments import compartment
from abscope.model.lesion_sizes import drawn_volume_ml, has_size, region_volume_ml, size_words
from abscope.model.prior_draws import PriorDraws

__all__ = ["DrawnLesion", "LesionPlan", "grouped", "lesion_plan", "recorded_id"]

_GONE = ("absent",)
_VANISHED = ("complete_response", "gone")
_ENDING = ("resection", "ablation")


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLesion:
    """A lesion of the record, with every draw of what is not known of it.

    ``compartments`` (n,) is where it hangs in the circulation, ``n_members`` (n,) how many it
    stands for; ``volume_ml`` (n, most) is that of each, in the first places of a row.
    """

    lesion: Lesion
    site: str | None
    compartments: tuple[str, ...]
    n_members: NDArray[np.int64]
    volume_ml: Floats

    @property
    def every_member(self) -> tuple[str, ...]:
        """Return the identifiers of the lesions it can stand for: L01, or L01.1, L01.2 ..."""
        most = self.volume_ml.shape[1]
        if most == 1:
            return (self.lesion.id,)
        return tuple(f"{self.lesion.id}.{k + 1}" for k in range(most))

    def members(self, draw: int) -> tuple[str, ...]:
        """Return the identifiers of the lesions it stands for in a draw."""
        return self.every_member[: int(self.n_members[draw])]


@dataclass(frozen=True, slots=True, eq=False)
class LesionPlan:
    """The lesions that are simulated, and in words what was left out or had to be assumed."""

    drawn: tuple[DrawnLesion, ...]
    unknowns: tuple[str, ...]


def lesion_plan(
    case: Case,
    frame: CaseFrame,
    *,
    clock: Clock,
    prior: PriorDraws,
    planned_ml: Mapping[str, Sequence[float]] | None = None,
) -> LesionPlan:
    """Return the lesions that are there when the simulation begins.

    ``planned_ml`` has the volumes of the regions of a lesion in a treatment plan: they count where
    the record has no size.
    """
    told: list[str] = []
    drawn = []
    treated = {x for course in frame.courses for x in (*course.targets, *course.targets_uncertain)}
    for lesion in case.lesions:
        why = _missing(case, lesion, frame, clock, treated=treated)
        if why is not None:
            told.append(f"{lesion.id}: not simulated, {why}")
            continue
        found = _finding(case, lesion, frame, clock)
        if found is None:
            told.append(f"{lesion.id}: no finding before radiotherapy, taken as present")
        regions = tuple((planned_ml or {}).get(lesion.id, ()))
        drawn.append(_drawn(lesion, found, regions, prior, told))
    return LesionPlan(_members_for_groups(drawn, told), tuple(told))


def _members_for_groups(drawn: list[DrawnLesion], told: list[str]) -> tuple[DrawnLesion, ...]:
    """Return the lesions without the groups whose members are listed one by one."""
    members: dict[str, list[str]] = {}
    for one in drawn:
        for link in one.lesion.links:
            if link.relation == "part_of":
                members.setdefault(link.lesion, []).append(one.lesion.id)
    groups = {name: found for name, found in members.items() if name not in found}
    for name, found in groups.items():
        if any(one.lesion.id == name for one in drawn):
            told.append(f"{name}: not simulated as a group, its members are: {', '.join(found)}")
    return tuple(one for one in drawn if one.lesion.id not in groups)


def _drawn(
    lesion: Lesion,
    found: Finding | None,
    regions_ml: Sequence[float],
    prior: PriorDraws,
    told: list[str],
) -> DrawnLesion:
    sites = [site.name for site in lesion.sites]
    places = tuple(dict.fromkeys(compartment(site) for site in sites)) or ("other",)
    if not sites:
        told.append(f"{lesion.id}: site not known, perfused as the rest of the body")
    elif len(places) > 1:
        words = " or ".join(place.replace("_", " ") for place in places)
        told.append(f"{lesion.id}: in {words}, each in as many draws")
    picked = prior.choice(f"{lesion.id} site", places)
    count = _count(lesion, found, prior, told)
    names = [f"{lesion.id}.{k + 1}" for k in range(int(count.max()))]
    if regions_ml and not has_size(found):
        told.append(f"{lesion.id}: no size on record, taken as that of its region in the plan")
        share = 1.0 if len(regions_ml) > 1 else 1.0 / count
        sizes = [
            region_volume_ml(name, regions_ml[k % len(regions_ml)], prior) * share
            for k, name in enumerate(names)
        ]
    else:
        told.append(f"{lesion.id}: {size_words(found, several=len(names) > 1)}")
        sizes = [drawn_volume_ml(name, found, prior) for name in names]
    return DrawnLesion(
        lesion=lesion,
        site=sites[0] if sites else None,
        compartments=tuple(places[k] for k in picked),
        n_members=count,
        volume_ml=np.stack(sizes, axis=1),
    )


def _count(
    lesion: Lesion, found: Finding | None, prior: PriorDraws, told: list[str]
) -> NDArray[np.int64]:
    fact = found.count if found is not None and found.count is not None else lesion.count
    options = fact.candidates if fact is not None else ()
    numbers = [value for value in options if isinstance(value, int) and value > 0]
    if numbers:
        if len(set(numbers)) > 1:
            told.append(f"{lesion.id}: {' or '.join(map(str, numbers))} lesions, each as likely")
        return np.asarray(numbers, np.int64)[prior.choice(f"{lesion.id} count", numbers)]
    word = next((value for value in options if isinstance(value, str)), None)
    both = lesion.laterality is not None and lesion.laterality.value == "bilateral"
    if word in ("several", "multiple"):
        entry = case_prior("count_several")
    elif word == "numerous":
        entry = case_prior("count_numerous")
    elif word is None and both:
        told.append(f"{lesion.id}: on both sides, taken as two lesions")
        return np.full(prior.n, 2, np.int64)
    else:
        return np.ones(prior.n, np.int64)
    told.append(f"{lesion.id}: '{word}' without a number, taken as {entry.low:g} to {entry.high:g}")
    return prior.whole(f"{lesion.id} count", entry)


def _missing(
    case: Case, lesion: Lesion, frame: CaseFrame, clock: Clock, *, treated: set[str]
) -> str | None:
    """Return why a lesion is not there at the start, None where it is taken as present."""
    for link in lesion.links:
        if link.relation in ("same_as", "merged_into") and link.certainty == "certain":
            return f"it is the same as {link.lesion}"
    for procedure in case.procedures:
        span = clock.fact(procedure.when)
        ended = procedure.kind in _ENDING and lesion.id in procedure.lesions
        if ended and span is not None and span.high_d <= frame.start.high_d:
            return f"taken out before ({procedure.id})"
    here = frame.scan is not None and any(x.lesion == lesion.id for x in frame.scan.findings)
    earlier = _earlier(case, lesion, frame, clock)
    last = earlier[-1] if earlier else None
    if last is not None and _is_gone(last[1]):
        return f"gone at {last[0]}"
    if here or lesion.id in treated:
        return None
    first = clock.fact(lesion.first_seen)
    if first is not None and first.low_d > frame.start.high_d:
        return "first seen later"
    if last is not None and frame.scan is not None:
        return f"seen at {last[0]} and not named at {frame.scan.id}"
    later = [x for scan in case.imaging for x in scan.findings if x.lesion == lesion.id]
    if later and later[0].change is not None and later[0].change.value in ("new", "reappeared"):
        return "first seen later"
    return None


def _earlier(
    case: Case, lesion: Lesion, frame: CaseFrame, clock: Clock
) -> list[tuple[str, Finding]]:
    """Return the findings of a lesion up to the scan of the start, with their scans, in order."""
    out: list[tuple[str, Finding]] = []
    for scan in case.imaging:
        span = clock.fact(scan.when)
        early = span is not None and span.high_d <= frame.start.low_d
        if scan is frame.scan or (early and scan.role != "follow_up"):
            out += [(scan.id, found) for found in scan.findings if found.lesion == lesion.id]
    return out


def _finding(case: Case, lesion: Lesion, frame: CaseFrame, clock: Clock) -> Finding | None:
    """Return the last finding before radiotherapy, one with a size where there is any."""
    earlier = [found for _, found in _earlier(case, lesion, frame, clock)]
    sized = [found for found in earlier if found.size_mm or found.volume_ml]
    found = sized or earlier
    return found[-1] if found else None


def _is_gone(found: Finding) -> bool:
    return found.state in _GONE or (found.change is not None and found.change.value in _VANISHED)


def recorded_id(member: str) -> str:
    """Return the identifier of the record that a simulated lesion belongs to."""
    return member.partition(".")[0]


@lru_cache(256)
def grouped(members: tuple[str, ...]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return for each lesion of the record the places of the lesions that stand for it."""
    places: dict[str, list[int]] = {}
    for place, member in enumerate(members):
        places.setdefault(recorded_id(member), []).append(place)
    return tuple((name, tuple(mine)) for name, mine in places.items())
