"""Whether submitted responses follow from the sums and sizes that were submitted with them.

Each target response (TRGRESP) is recomputed from the submitted sums (SUMDIAM; the sizes of the
targets where there is no sum) by table C of RECIST 1.1, each overall response (OVRLRESP) from
targets, non-targets and new lesions. The criteria are read with ``cr_then_pr="as_observed"``: a
response after a complete one does follow from its sums, and is listed as a query of its own.

A visit is *scored* where its overall response, if submitted, is a category of RECIST 1.1 (a value
such as CHECK is none). A scored visit is *evaluable* for the overall response where the reader has
a target lesion at baseline: without one the response rests on the judgement of non-target disease,
which no size can contradict; these visits are counted as not comparable.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, get_args

from abscope.errors import Problem, ProtocolError
from abscope.response.coding import Contribution
from abscope.response.policy import Policy
from abscope.response.recist import Overall, RecistReading, VisitCall, assess
from abscope.response.submitted import (
    Reading,
    ResponseLike,
    ResultLike,
    SubmittedVisit,
    TumorLike,
    counted_mm,
    is_node,
    readings,
    submitted_records,
)
from abscope.response.target import TargetCall, TargetHistory, TargetResponse, call_target

__all__ = ["CATEGORIES", "Consistency", "Difference", "Kind", "check_consistency"]

Kind = Literal[
    "target_response", "overall_response", "after_cr", "two_dates", "invalid_category",
    "sum", "incomplete_sum", "axis", "unreadable",
]  # fmt: skip

#: The categories of RECIST 1.1 by test.
CATEGORIES: dict[str, tuple[str, ...]] = {
    "TRGRESP": get_args(TargetResponse),
    "NTRGRESP": ("CR", "NON-CR/NON-PD", "PD", "NE"),
    "OVRLRESP": get_args(Overall),
}
#: Sums that differ by less are the same number, written with fewer digits (mm).
_SAME_MM = Decimal("0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where a submission contradicts itself.

    ``why`` is a short reason that can be counted (``zero_nadir``, ``nadir_ignored``, ...), ``text``
    a sentence; sizes are None where they play no part. ``where`` is file and row.
    """

    kind: Kind
    subject: str
    reader: str
    visit: str
    visit_number: Decimal
    date: str
    baseline_mm: Decimal | None = None
    nadir_mm: Decimal | None = None
    sum_mm: Decimal | None = None
    submitted: str
    recomputed: str
    why: str
    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """All differences of a submission, and out of how many.

    ``n_target_scored`` target responses were compared with their sums, ``n_overall_evaluable``
    overall responses with the lesions; ``n_overall_not_comparable`` rest on non-target disease
    alone; a reading that breaks the rules of a record is ``unreadable``, and nothing of it is
    recomputed. ``n_not_scored`` overall responses are no category, so their visits are not scored.
    """

    differences: tuple[Difference, ...]
    n_readings: int
    n_target_scored: int
    n_overall_evaluable: int
    n_overall_not_comparable: int
    n_not_scored: int
    policy: Policy

    def of(self, kind: Kind) -> tuple[Difference, ...]:
        """Return the differences of one kind."""
        return tuple(found for found in self.differences if found.kind == kind)

    @property
    def counts(self) -> dict[str, int]:
        """How many differences there are of each kind, every kind listed."""
        counted = Counter(found.kind for found in self.differences)
        return {kind: counted[kind] for kind in get_args(Kind)}


@dataclass(slots=True)
class _Tally:
    target: int = 0
    overall: int = 0
    not_comparable: int = 0
    not_scored: int = 0


def check_consistency(
    tumors: Iterable[TumorLike],
    results: Iterable[ResultLike],
    responses: Iterable[ResponseLike],
    *,
    policy: Policy | None = None,
) -> Consistency:
    """Return every difference between submitted and recomputed values, by reading and visit.

    Responses of other criteria than RECIST 1.1 (iRECIST) are left alone.

    Raises:
        ProtocolError: A date, role or state without meaning; each with its file and row.
    """
    rules = policy or Policy(cr_then_pr="as_observed")
    listed = (list(tumors), list(results), [r for r in responses if "IRECIST" not in _upper(r)])
    found: list[Difference] = []
    tally = _Tally()
    read = readings(*listed)
    for reading, record in zip(read, submitted_records(*listed), strict=True):
        found += _two_dates(reading)
        for visit in reading.visits:
            found += _categories(reading, visit)
            found += _sums(reading, visit)
        try:
            calls = assess(record, rules)
        except ProtocolError as error:
            found += [_unreadable(reading, problem) for problem in error.problems]
            continue
        found += _targets(reading, calls, rules, tally)
        found += _overall(reading, calls, tally)
    return Consistency(
        differences=tuple(found),
        n_readings=len(read),
        n_target_scored=tally.target,
        n_overall_evaluable=tally.overall,
        n_overall_not_comparable=tally.not_comparable,
        n_not_scored=tally.not_scored,
        policy=rules,
    )


def _upper(row: ResponseLike) -> str:
    return row.criteria.upper()


def _difference(
    kind: Kind, reading: Reading, visit: SubmittedVisit, row: ResponseLike | ResultLike, **rest: Any
) -> Difference:
    return Difference(
        kind=kind,
        subject=reading.subject,
        reader=reading.reader,
        visit=visit.name,
        visit_number=visit.number,
        date=visit.date,
        where=f"{row.file}:{row.row}",
        **rest,
    )


def _unreadable(reading: Reading, problem: Problem) -> Difference:
    visit = reading.baseline
    row = (visit.results or visit.responses)[0]
    text = f"{problem.path}: {problem.what}; expected {problem.expected}"
    return _difference(
        "unreadable", reading, visit, row, submitted="", recomputed="", why="unreadable", text=text
    )


def _two_dates(reading: Reading) -> Iterator[Difference]:
    numbers = Counter(visit.number for visit in reading.visits)
    for number, count in numbers.items():
        if count > 1:
            same = [visit for visit in reading.visits if visit.number == number]
            dates = " and ".join(visit.date for visit in same)
            row = (same[1].results or same[1].responses)[0]
            yield _difference(
                "two_dates", reading, same[0], row, submitted=dates, recomputed="", why="two_dates",
                text=f"visit number {number} has {count} dates: {dates}",
            )  # fmt: skip


def _categories(reading: Reading, visit: SubmittedVisit) -> Iterator[Difference]:
    for row in visit.responses:
        valid = CATEGORIES.get(row.test)
        if valid and row.response not in valid:
            yield _difference(
                "invalid_category", reading, visit, row, submitted=row.response, recomputed="",
                why="invalid_category",
                text=f"{row.test} is '{row.response}', not one of {', '.join(valid)}",
            )  # fmt: skip


def _sums(reading: Reading, visit: SubmittedVisit) -> Iterator[Difference]:
    """Compare the submitted sum with its lesions, and their counted sizes with their axis."""
    row = next((row for row in visit.results if row.test == "SUMDIAM"), None)
    parts: list[Decimal] = []
    missing, swapped = [], []
    for tumor in reading.tumors_of("TARGET"):
        found = visit.of(tumor.lesion)
        node = is_node(tumor.location)
        size = counted_mm(found, node=node)
        if size is None:
            missing.append(tumor.lesion)
            continue
        parts.append(size)
        axis = found.get("LPERP" if node else "LDIAM")
        if "DIAMETER" in found and axis is not None and axis.size_mm not in (None, size):
            swapped.append(f"{tumor.lesion} counts {size} mm, its axis is {axis.size_mm} mm")
    if swapped:
        yield _difference(
            "axis", reading, visit, row or visit.results[0], sum_mm=row.size_mm if row else None,
            submitted="", recomputed="", why="axis",
            text="not the short axis of a node or the long one of another: " + "; ".join(swapped),
        )  # fmt: skip
    if row is None or row.size_mm is None:
        return
    total = sum(parts, Decimal(0))
    if missing:
        yield _difference(
            "incomplete_sum", reading, visit, row, sum_mm=row.size_mm, submitted=str(row.size_mm),
            recomputed="", why="target_missing",
            text=f"a sum is given although there is no size of {', '.join(missing)}",
        )  # fmt: skip
    elif abs(total - row.size_mm) >= _SAME_MM:
        yield _difference(
            "sum", reading, visit, row, sum_mm=row.size_mm, submitted=str(row.size_mm),
            recomputed=str(total), why="sum",
            text=f"the sum is {row.size_mm} mm, the targets add up to {total} mm",
        )  # fmt: skip


def _scored(visit: SubmittedVisit) -> bool:
    return all(
        row.response in CATEGORIES["OVRLRESP"] for row in visit.responses if row.test == "OVRLRESP"
    )


def _submitted(visit: SubmittedVisit, test: str) -> ResponseLike | None:
    return next((row for row in visit.responses if row.test == test), None)


def _targets(
    reading: Reading, calls: RecistReading, policy: Policy, tally: _Tally
) -> Iterator[Difference]:
    """Walk the sums in time order and compare each target response with table C."""
    history: TargetHistory | None = None
    start = reading.baseline.sum_mm
    if start is not None:
        history = TargetHistory(start, start, 0.0)
    for visit, call in zip(reading.visits[1:], calls.visits, strict=True):
        target = _by_sum(visit, call, history, policy) if history else call.target
        if target is None:
            continue
        if history:
            history = history.after(target, day_d=call.day_d)
        row = _submitted(visit, "TRGRESP")
        if row is None:
            continue
        tally.target += _scored(visit)
        if row.response != target.response and row.response in CATEGORIES["TRGRESP"]:
            yield _target_difference(reading, visit, row, target)


def _by_sum(
    visit: SubmittedVisit, call: VisitCall, history: TargetHistory, policy: Policy
) -> TargetCall | None:
    """Return the target response by the submitted sum alone; its lesions only settle CR."""
    size = visit.sum_mm
    if size is None:
        return None
    gone = call.target is not None and all(part.resolved for part in call.target.contributions)
    part = Contribution("SUMDIAM", size, resolved=size == 0 or gone)
    return call_target([part], history=history, policy=policy)


def _target_difference(
    reading: Reading, visit: SubmittedVisit, row: ResponseLike, target: TargetCall
) -> Difference:
    history = TargetHistory(target.baseline_mm, target.baseline_mm, 0.0)
    alone = call_target(target.contributions, history=history, policy=Policy())
    if target.nadir_mm == 0:
        why, reason = "zero_nadir", "the smallest sum before was 0 mm"
    elif alone.response == row.response:
        why, reason = "nadir_ignored", "it follows only if the baseline sum is taken as nadir"
    else:
        why, reason = "other", "it follows from neither nadir nor baseline"
    return _difference(
        "target_response", reading, visit, row, baseline_mm=target.baseline_mm,
        nadir_mm=target.nadir_mm, sum_mm=target.sum_mm, submitted=row.response,
        recomputed=target.response, why=why, text=f"{target.reasons[0].text}; {reason}",
    )  # fmt: skip


def _overall(reading: Reading, calls: RecistReading, tally: _Tally) -> Iterator[Difference]:
    cr_before = False
    for visit, call in zip(reading.visits[1:], calls.visits, strict=True):
        row = _submitted(visit, "OVRLRESP")
        if row is None:
            continue
        if not _scored(visit):
            tally.not_scored += 1
            continue
        if cr_before and row.response in ("PR", "SD", "NON-CR/NON-PD"):
            yield _difference(
                "after_cr", reading, visit, row, submitted=row.response, recomputed="PD",
                why="after_cr", text=f"{row.response} after CR; RECIST 1.1 reads disease as PD",
            )  # fmt: skip
        cr_before = cr_before or row.response == "CR"
        if call.target is None:
            tally.not_comparable += 1
            continue
        tally.overall += 1
        if row.response != call.overall:
            reasons = "; ".join(reason.text for reason in call.reasons)
            yield _difference(
                "overall_response", reading, visit, row, baseline_mm=call.target.baseline_mm,
                nadir_mm=call.target.nadir_mm, sum_mm=call.target.sum_mm, submitted=row.response,
                recomputed=call.overall, why=call.target.rule, text=reasons,
            )  # fmt: skip
