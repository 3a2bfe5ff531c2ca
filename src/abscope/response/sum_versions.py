"""RECIST 1.1 where the source gives a size in versions or as an interval.

The criteria are applied once for every choice of the smallest or the largest of each such size, so
every sum is that of one choice. A visit whose overall response is the same in all of them has it,
told with the choice whose sums change least; where they differ the visit is NE, and its reason says
which responses are possible. Without a size of both ends (such as "> 60 mm") there is no choice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from abscope.case.facts import Quantity
from abscope.case.record import Case
from abscope.response.coding import Reason
from abscope.response.recist import RecistReading, VisitCall
from abscope.response.trajectory import is_specimen

__all__ = ["VisitVersions", "case_choices", "reading_of_choices"]

#: More sizes with versions than this are not tried in every combination (2^n).
_MOST_SIZES = 6


@dataclass(frozen=True, slots=True)
class VisitVersions:
    """One visit in every version: lowest and highest sums (mm), and the responses they give.

    ``sum_mm`` and ``baseline_mm`` are over the versions with a complete sum, None without one.
    """

    visit: str
    baseline_mm: tuple[Decimal, Decimal] | None
    sum_mm: tuple[Decimal, Decimal] | None
    overall: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return it in words."""
        said = " or ".join(self.overall)
        end = f"{said} with every size" if len(self.overall) == 1 else f"not certain, {said}"
        if self.sum_mm is None or self.baseline_mm is None:
            return f"no complete sum in any version; {end}"
        return f"sum {_span(self.sum_mm)} of {_span(self.baseline_mm)} mm in versions; {end}"


def case_choices(case: Case) -> tuple[Case, ...]:
    """Return the case with every choice of its sizes in versions, nothing where there is none."""
    places = [
        (scan, finding, ends)
        for scan, imaging in enumerate(case.imaging)
        if not is_specimen(imaging)
        for finding, found in enumerate(imaging.findings)
        if (ends := _ends(found.size_mm)) is not None
    ]
    if not 0 < len(places) <= _MOST_SIZES:
        return ()
    return tuple(
        _chosen(
            case,
            [(scan, finding, end) for (scan, finding, _), end in zip(places, one, strict=True)],
        )
        for one in product(*(ends for *_, ends in places))
    )


def _ends(size: Quantity | None) -> tuple[float, float] | None:
    if size is None or size.value is not None:
        return None
    low, high = size.bounds or (None, None)
    return None if low is None or high is None else (low, high)


def _chosen(case: Case, sizes: Iterable[tuple[int, int, float]]) -> Case:
    scans = list(case.imaging)
    for scan, finding, size_mm in sizes:
        found = list(scans[scan].findings)
        kept = found[finding].model_copy(update={"size_mm": Quantity(value=size_mm)})
        found[finding] = kept
        scans[scan] = scans[scan].model_copy(update={"findings": tuple(found)})
    return case.model_copy(update={"imaging": tuple(scans)})


def reading_of_choices(
    found: Sequence[RecistReading],
) -> tuple[int, RecistReading, tuple[VisitVersions, ...]]:
    """Return what holds in every reading, with the place of the one that it is told by.

    All readings are of the same visits.
    """
    place = min(range(len(found)), key=lambda k: _largest_change(found[k]))
    least = found[place]
    versions = tuple(_versions([one.visits[k] for one in found]) for k in range(len(least.visits)))
    seconds = [one.without_treated for one in found if one.without_treated is not None]
    reading = replace(
        least,
        visits=tuple(map(_settled, least.visits, versions)),
        without_treated=reading_of_choices(seconds)[1] if len(seconds) == len(found) else None,
    )
    return place, reading, versions


def _versions(calls: Sequence[VisitCall]) -> VisitVersions:
    whole = [call.target for call in calls if call.target is not None and call.target.complete]
    sums, bases = [x.sum_mm for x in whole], [x.baseline_mm for x in whole]
    return VisitVersions(
        calls[0].visit,
        (min(bases), max(bases)) if bases else None,
        (min(sums), max(sums)) if sums else None,
        tuple(sorted({call.overall for call in calls})),
    )


def _settled(call: VisitCall, versions: VisitVersions) -> VisitCall:
    reasons = (*call.reasons, Reason("VERSIONS", versions.text))
    if len(versions.overall) == 1:
        return replace(call, reasons=reasons)
    target = None if call.target is None else replace(call.target, response="NE")
    return replace(call, overall="NE", target=target, pd_d=None, reasons=reasons)


def _largest_change(reading: RecistReading) -> Decimal:
    changes = [
        abs(visit.target.sum_mm - visit.target.baseline_mm) / visit.target.baseline_mm
        for visit in reading.visits
        if visit.target is not None and visit.target.complete and visit.target.baseline_mm
    ]
    return max(changes, default=Decimal(0))


def _span(ends: tuple[Decimal, Decimal]) -> str:
    low, high = (f"{end.normalize():f}" for end in ends)
    return low if low == high else f"{low} to {high}"
