"""Metabolic progression that has to be confirmed under immunotherapy (iPERCIST).

A first PMD is unconfirmed (UPMD). It is confirmed (CPMD) when a scan at least 4 weeks later is PMD
again; CMR, PMR or SMD there takes it back. A scan earlier than 4 weeks changes nothing, one later
than 8 weeks confirms with a note. Every scan is compared with the baseline before treatment.

Source: Goldfarb 2019, Eur J Nucl Med Mol Imaging, read in reviews.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from abscope.errors import Problem, ProtocolError
from abscope.response.percist import PercistCall

__all__ = ["DatedCall", "ImmuneMetabolicCategory", "IpercistVisit", "ipercist"]

ImmuneMetabolicCategory = Literal["CMR", "PMR", "SMD", "UPMD", "CPMD", "NE"]

_EARLIEST, _LATEST = 28.0, 56.0


@dataclass(frozen=True, slots=True)
class DatedCall:
    """A PERCIST call against the baseline with its day."""

    day_d: float
    call: PercistCall


@dataclass(frozen=True, slots=True)
class IpercistVisit:
    """The state after one scan; ``progression_d`` is the day of the UPMD that stands, or None."""

    day_d: float
    category: ImmuneMetabolicCategory
    progression_d: float | None
    reasons: tuple[str, ...]
    rule: str = "iPERCIST"


def ipercist(scans: Sequence[DatedCall]) -> tuple[IpercistVisit, ...]:
    """Return the state after each scan, up to and including the confirmed progression.

    ``scans`` stand in time order. Scans after CPMD are not
    returned: the reading has ended. Raises ProtocolError where days do not rise.
    """
    days = [scan.day_d for scan in scans]
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise ProtocolError(
            Problem("iPERCIST", f"days are {days}", "rising days", "Sort the scans, once per day.")
        )
    out: list[IpercistVisit] = []
    pending: float | None = None
    for scan in scans:
        visit = _next(scan.day_d, scan.call, pending)
        out.append(visit)
        pending = visit.progression_d
        if visit.category == "CPMD":
            break
    return tuple(out)


def _next(day: float, call: PercistCall, pending: float | None) -> IpercistVisit:
    if pending is None:
        if call.category == "PMD":
            return IpercistVisit(day, "UPMD", day, (*call.reasons, "to be confirmed"))
        return IpercistVisit(day, call.category, None, call.reasons)
    wait = day - pending
    if call.category == "NE":
        return IpercistVisit(day, "NE", pending, (*call.reasons, "UPMD still open"))
    if wait < _EARLIEST:
        return IpercistVisit(
            day, "UPMD", pending, (f"{wait:g} days after the first PMD, too early to confirm",)
        )
    if call.category == "PMD":
        late = () if wait <= _LATEST else (f"confirmed after {wait:g} days, later than 8 weeks",)
        return IpercistVisit(day, "CPMD", pending, (*call.reasons, *late))
    return IpercistVisit(
        day, call.category, None, (*call.reasons, f"PMD of day {pending:g} not confirmed")
    )
