"""Best and confirmed best response from the responses of the visits.

The rules hold for RECIST 1.1 and, with other names, for iRECIST; a `Scale` holds the names. They
agree with the documented rules of the R package admiralonco 1.4 except where the policy says so.
Source: Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026, section 4.4 and table 3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from abscope.response.coding import Reason
from abscope.response.policy import Policy

__all__ = [
    "IRECIST",
    "RECIST",
    "BestCall",
    "Confirmation",
    "Scale",
    "TimePoint",
    "best_response",
    "confirmation",
    "cr_then_pr",
    "first_response",
    "progress_after_cr",
    "select",
    "span_d",
]


@dataclass(frozen=True, slots=True)
class Scale:
    """The names of one set of criteria; ``order`` runs from the best response to none at all."""

    cr: str
    pr: str
    sd: str
    non: str
    pd: str
    early_pd: str
    order: tuple[str, ...]


RECIST = Scale(
    "CR", "PR", "SD", "NON-CR/NON-PD", "PD", "PD",
    ("CR", "PR", "SD", "NON-CR/NON-PD", "NED", "PD", "NE", "ND", "MISSING"),
)  # fmt: skip
IRECIST = Scale(
    "iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "iCPD", "iUPD",
    ("iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "NED", "iCPD", "iUPD", "NE", "ND", "MISSING"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TimePoint:
    """The overall response of one visit; ``pd_d`` is the day of the images that show a PD."""

    visit: str
    day_d: float
    response: str
    pd_d: float | None = None

    @property
    def progression_d(self) -> float:
        """The day that counts as the date of progression."""
        return self.day_d if self.pd_d is None else self.pd_d


@dataclass(frozen=True, slots=True)
class BestCall:
    """A best response, the day of the visit that gives it, and why (None where no visit does)."""

    response: str
    day_d: float | None
    visit: str | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whether a response is confirmed, by which visit, and why not."""

    confirmed: bool
    by: TimePoint | None
    reason: Reason


def span_d(later_d: float, earlier_d: float) -> float:
    """Return the days between two days, free of the last bits of a binary float.

    >>> span_d(32.3, 4.3) >= 28
    True
    """
    return round(later_d - earlier_d, 9)


def select(
    points: Iterable[TimePoint], *, stop: Sequence[str], new_therapy_d: float | None
) -> tuple[tuple[TimePoint, ...], tuple[Reason, ...]]:
    """Return the visits that count for a best response, and why the others do not.

    Counted are visits before a new anticancer therapy, up to and including the first whose response
    is in ``stop``.
    """
    kept: list[TimePoint] = []
    left: list[Reason] = []
    for point in points:
        if kept and kept[-1].response in stop:
            left.append(Reason("AFTER_PD", f"after {kept[-1].response} at {kept[-1].visit}"))
        elif new_therapy_d is not None and point.day_d >= new_therapy_d:
            text = f"{point.visit} is on or after the new anticancer therapy"
            left.append(Reason("AFTER_NEW_THERAPY", text))
        else:
            kept.append(point)
    return tuple(kept), tuple(left)


def best_response(
    points: Sequence[TimePoint],
    *,
    reference_d: float,
    policy: Policy,
    confirm: bool,
    scale: Scale = RECIST,
) -> BestCall:
    """Return the best response over the selected visits; the earliest visit of the best counts.

    With ``confirm`` a CR or PR needs its confirmation; without it, it counts as SD where SD would
    count. SD before the minimum time counts as the policy says (NE or PD). No visit is MISSING.
    """
    found: list[tuple[str, TimePoint, Reason]] = []
    for index, point in enumerate(points):
        late = span_d(point.day_d, reference_d) >= policy.min_sd_d
        if point.response in (scale.cr, scale.pr):
            proof = confirmation(points, index, policy=policy, scale=scale)
            if proof.confirmed or not confirm:
                found.append((point.response, point, proof.reason))
            if confirm and not proof.confirmed:
                found.append((scale.sd if late else "NE", point, proof.reason))
        elif point.response in (scale.sd, scale.non) and not late:
            text = f"{point.response} on day {point.day_d:g}, before {policy.min_sd_d:g} d"
            value = scale.early_pd if policy.early_sd == "PD" else "NE"
            found.append((value, point, Reason("EARLY_SD", text)))
        else:
            reason = Reason("AS_READ", f"{point.response} at {point.visit}")
            found.append((point.response, point, reason))
    if not found:
        return BestCall("MISSING", None, None, (Reason("NO_VISIT", "no visit counts"),))
    response, point, reason = min(
        found, key=lambda item: (scale.order.index(item[0]), item[1].day_d)
    )
    return BestCall(response, point.day_d, point.visit, (reason,))


def confirmation(
    points: Sequence[TimePoint], index: int, *, policy: Policy, scale: Scale = RECIST
) -> Confirmation:
    """Return whether the CR or PR at ``index`` is confirmed.

    The window ends at the first later visit that is CR (for CR) or CR or PR (for PR) and at least
    the interval away. In it a CR allows only CR and NE, a PR only CR, PR, NE and (by policy) one
    SD, never a PR after a CR; both allow at most ``max_ne_between`` NE.
    """
    first = points[index]
    complete = first.response == scale.cr
    wanted = (scale.cr,) if complete else (scale.cr, scale.pr)
    end = next(
        (
            j
            for j in range(index + 1, len(points))
            if points[j].response in wanted
            and span_d(points[j].day_d, first.day_d) >= policy.confirmation_interval_d
        ),
        None,
    )
    if end is None:
        text = f"no {' or '.join(wanted)} at least {policy.confirmation_interval_d:g} d later"
        return Confirmation(False, None, Reason("UNCONFIRMED", f"{first.visit}: {text}"))
    window = [point.response for point in points[index + 1 : end + 1]]
    fault = _window_fault(window, complete=complete, policy=policy, scale=scale)
    if fault:
        return Confirmation(False, None, Reason("UNCONFIRMED", f"{first.visit}: {fault}"))
    by = points[end]
    text = f"{first.response} at {first.visit} confirmed by {by.response} at {by.visit}"
    return Confirmation(True, by, Reason("CONFIRMED", text))


def _window_fault(window: list[str], *, complete: bool, policy: Policy, scale: Scale) -> str:
    allowed = {scale.cr, "NE"} if complete else {scale.cr, scale.pr, scale.sd, "NE"}
    other = next((response for response in window if response not in allowed), None)
    if other is not None:
        return f"{other} lies before the confirmation"
    if window.count("NE") > policy.max_ne_between:
        return f"{window.count('NE')} NE lie before the confirmation"
    if window.count(scale.sd) > int(policy.accept_sd_between):
        return f"{scale.sd} lies before the confirmation"
    if not complete and scale.cr in window and scale.pr in window[window.index(scale.cr) :]:
        return f"{scale.pr} follows {scale.cr} before the confirmation"
    return ""


def first_response(
    points: Sequence[TimePoint], *, policy: Policy, confirm: bool, scale: Scale = RECIST
) -> TimePoint | None:
    """Return the first visit with a CR or PR (confirmed, if asked), None where there is none."""
    for index, point in enumerate(points):
        if point.response in (scale.cr, scale.pr) and (
            not confirm or confirmation(points, index, policy=policy, scale=scale).confirmed
        ):
            return point
    return None


def cr_then_pr(points: Sequence[TimePoint], *, scale: Scale = RECIST) -> tuple[TimePoint, ...]:
    """Return the visits to query: each CR with a later PR, and each PR with an earlier CR."""
    days_cr = [point.day_d for point in points if point.response == scale.cr]
    days_pr = [point.day_d for point in points if point.response == scale.pr]
    if not days_cr or not days_pr:
        return ()
    return tuple(
        point
        for point in points
        if (point.response == scale.cr and point.day_d < max(days_pr))
        or (point.response == scale.pr and point.day_d > min(days_cr))
    )


def progress_after_cr(
    points: Sequence[TimePoint], *, as_: Literal["PD", "as_observed"]
) -> tuple[TimePoint, ...]:
    """Return bare time points as ``Policy.cr_then_pr`` reads them.

    With ``PD`` a response other than CR after a CR is disease that is back. Only for time points
    whose lesions are not known; a reading from lesions applies the rule to the lesions.
    """
    if as_ == "as_observed":
        return tuple(points)
    out: list[TimePoint] = []
    complete = False
    for point in points:
        back = complete and point.response in ("PR", "SD", "NON-CR/NON-PD")
        out.append(TimePoint(point.visit, point.day_d, "PD", point.pd_d) if back else point)
        complete = complete or point.response == "CR"
    return tuple(out)
