"""Best responses from time points that were adjudicated already, as in tables for statistics.

A pure table to table function: (subject, date, response) -> one row per subject and endpoint. The
names and the default rules are those documented by the R package admiralonco 1.4, so that both can
be compared; where its result surprises, an option gives the other reading and a warning is kept.

RECIST 1.1: PD, RSP, CRSP, CB, CCB, BOR, CBOR, BCP, CBCP. iRECIST: ICPD, IUPD, IRSP, ICRSP, ICB,
ICCB, IBOR, ICBOR, IBCP, ICBCP.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from abscope.errors import Problem, ProtocolError
from abscope.response.best import (
    IRECIST,
    RECIST,
    Scale,
    TimePoint,
    best_response,
    cr_then_pr,
    first_response,
    progress_after_cr,
    select,
    span_d,
)
from abscope.response.policy import Policy
from abscope.response.timepoint_rows import Assessment, read_rows

__all__ = [
    "Endpoint",
    "EndpointTable",
    "TableOptions",
    "best_table",
    "numeric_code",
]

#: Order of the numeric codes, best first; iRECIST has its own (the anchor uses that of RECIST for
#: ICBOR, which leaves every one without a code: its quirk Q7).
_CODES = {
    "RECIST": ("CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE", "MISSING"),
    "iRECIST": ("iCR", "iPR", "iSD", "NON-iCR/NON-iUPD", "iUPD", "iCPD", "NE", "MISSING"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """The options of the table, stored with it; defaults are those of the anchor's documentation.

    min_sd_d, confirmation_interval_d, max_ne_between, accept_sd_between: as in `Policy`.
    stop_at_pd: visits after the first PD (iCPD) do not count.
    missing_as_ne: a subject without a visit is NE instead of MISSING.
    cr_then_pr: ``as_observed`` keeps what follows a CR and warns (Q1, Q2); ``PD`` reads it as PD.
    iupd_date: IUPD carries the date of the ``last`` iUPD (Q5) or the ``first`` of its block.
    icpd_without_iupd: ``drop`` it and warn (Q6), or ``keep`` it as iCPD on its own date.
    same_day: several responses on one date are an ``error``, or the ``worst`` is taken.
    """

    criteria: Literal["RECIST", "iRECIST"] = "RECIST"
    min_sd_d: float = 42.0
    confirmation_interval_d: float = 28.0
    max_ne_between: int = 1
    accept_sd_between: bool = False
    stop_at_pd: bool = True
    missing_as_ne: bool = False
    cr_then_pr: Literal["as_observed", "PD"] = "as_observed"
    early_sd: Literal["NE", "PD"] = "NE"
    iupd_date: Literal["last", "first"] = "last"
    icpd_without_iupd: Literal["drop", "keep"] = "drop"
    same_day: Literal["error", "worst"] = "error"

    def policy(self) -> Policy:
        """Return the switches that the rules for best responses read."""
        return Policy(
            cr_then_pr=self.cr_then_pr,
            early_sd=self.early_sd,
            min_sd_d=self.min_sd_d,
            confirmation_interval_d=self.confirmation_interval_d,
            max_ne_between=self.max_ne_between,
            accept_sd_between=self.accept_sd_between,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the options by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One value: subject, parameter, value (Y, N or a response) and its date where it has one."""

    subject: str
    parameter: str
    value: str
    date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTable:
    """All endpoints, what to query (one line each), and the options they were derived by.

    ``n_in`` rows came in, ``n_counted`` of them count; ``excluded`` says why the others do not.
    """

    endpoints: tuple[Endpoint, ...]
    warnings: tuple[str, ...]
    excluded: tuple[str, ...]
    n_in: int
    n_counted: int
    options: TableOptions

    def value(self, subject: str, parameter: str) -> Endpoint:
        """Return one endpoint; KeyError where there is none."""
        for endpoint in self.endpoints:
            if (endpoint.subject, endpoint.parameter) == (subject, parameter):
                return endpoint
        raise KeyError((subject, parameter))


def numeric_code(response: str, *, criteria: Literal["RECIST", "iRECIST"]) -> int | None:
    """Return the rank of a response (1 is best), None for one that has no rank (ND, NED)."""
    order = _CODES[criteria]
    return order.index(response) + 1 if response in order else None


def best_table(
    rows: Iterable[Assessment],
    *,
    reference: Mapping[str, date],
    subjects: Sequence[str] | None = None,
    new_therapy: Mapping[str, date] | None = None,
    options: TableOptions | None = None,
) -> EndpointTable:
    """Return every endpoint of every subject.

    ``reference`` is the day from which SD counts (randomization or start of treatment), per
    subject; ``subjects`` adds those without any visit. ``new_therapy`` cuts the visits on and after
    it. Rows need not be sorted.

    Raises:
        ProtocolError: No rows, a response that the criteria do not have, a date twice, a subject
            without a reference date; all of them at once.
    """
    choice = options or TableOptions()
    read = read_rows(rows, criteria=choice.criteria, same_day=choice.same_day)
    names = tuple(dict.fromkeys([*(subjects or ()), *read.points]))
    lacking = [name for name in names if read.points.get(name) and name not in reference]
    if lacking:
        raise ProtocolError(
            Problem(
                name, "no reference date", "the date of randomization or start of treatment",
                "Add the subject to the reference dates.",
            )
            for name in lacking
        )  # fmt: skip
    endpoints: list[Endpoint] = []
    warnings, excluded, counted = list(read.warnings), list(read.excluded), 0
    for name in names:
        cut = (new_therapy or {}).get(name)
        stop = (_scale(choice).pd,) if choice.stop_at_pd else ()
        points = tuple(read.points.get(name, ()))
        if choice.criteria == "RECIST":
            warnings += _query(name, points)
            points = progress_after_cr(points, as_=choice.cr_then_pr)
        kept, left = select(
            points, stop=stop, new_therapy_d=None if cut is None else float(cut.toordinal())
        )
        counted += len(kept)
        excluded += [f"{name}: {reason.text}" for reason in left]
        start = float(reference[name].toordinal()) if kept else 0.0
        one = _Subject(name, kept, start, choice)
        endpoints += one.recist() if choice.criteria == "RECIST" else one.irecist(warnings)
    return EndpointTable(
        endpoints=tuple(endpoints),
        warnings=tuple(warnings),
        excluded=tuple(excluded),
        n_in=read.n_in,
        n_counted=counted,
        options=choice,
    )


def _scale(options: TableOptions) -> Scale:
    return RECIST if options.criteria == "RECIST" else IRECIST


def _query(name: str, points: Sequence[TimePoint]) -> list[str]:
    flagged = [f"{p.response} on {p.visit}" for p in cr_then_pr(points)]
    return [f"{name}: CR followed by PR, please query: {', '.join(flagged)}"] if flagged else []


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    points: tuple[TimePoint, ...]
    start_d: float
    options: TableOptions

    def recist(self) -> list[Endpoint]:
        progression = next((p for p in self.points if p.response == "PD"), None)
        return [self._flag("PD", progression), *self._responses("")]

    def irecist(self, warnings: list[str]) -> list[Endpoint]:
        responses = [p.response for p in self.points]
        if "iCPD" in responses and self._block() is None:
            done = "dropped" if self.options.icpd_without_iupd == "drop" else "kept"
            warnings.append(f"{self.name}: iCPD without an iUPD before it, {done}")
        return [
            self._flag("ICPD", self._confirmed_progression()),
            self._flag("IUPD", self._open_progression()),
            *self._responses("I"),
        ]

    def _responses(self, prefix: str) -> list[Endpoint]:
        scale, policy = _scale(self.options), self.options.policy()
        first = first_response(self.points, policy=policy, confirm=False, scale=scale)
        sure = first_response(self.points, policy=policy, confirm=True, scale=scale)
        stable = next((p for p in self.points if self._controlled(p)), None)
        best, confirmed = self._best(confirm=False), self._best(confirm=True)
        return [
            self._flag(f"{prefix}RSP", first),
            self._flag(f"{prefix}CRSP", sure),
            self._flag(f"{prefix}CB", _earlier(first, stable)),
            self._flag(f"{prefix}CCB", _earlier(sure, stable)),
            Endpoint(self.name, f"{prefix}BOR", *best),
            Endpoint(self.name, f"{prefix}CBOR", *confirmed),
            self._responder(f"{prefix}BCP", best),
            self._responder(f"{prefix}CBCP", confirmed),
        ]

    def _best(self, *, confirm: bool) -> tuple[str, date | None]:
        best = best_response(
            self._dated_progression(),
            reference_d=self.start_d,
            policy=self.options.policy(),
            confirm=confirm,
            scale=_scale(self.options),
        )
        if best.response == "MISSING" and self.options.missing_as_ne:
            return "NE", None
        return best.response, _date(best.day_d)

    def _dated_progression(self) -> tuple[TimePoint, ...]:
        """Return the visits with iCPD on the date of its first iUPD, or dropped without one."""
        opened = self._block()
        keep = self.options.icpd_without_iupd == "keep"
        out = []
        for point in self.points:
            if point.response == "iCPD" and opened is not None:
                out.append(TimePoint(point.visit, opened.day_d, point.response))
            elif point.response != "iCPD" or keep:
                out.append(point)
        return tuple(out)

    def _controlled(self, point: TimePoint) -> bool:
        scale = _scale(self.options)
        control = point.response in (scale.cr, scale.pr, scale.sd, scale.non)
        return control and span_d(point.day_d, self.start_d) >= self.options.min_sd_d

    def _block(self) -> TimePoint | None:
        """Return the first iUPD of the block that ends in iCPD (only iUPD and NE between)."""
        opened = None
        for point in self.points:
            if point.response == "iCPD":
                return opened
            if point.response == "iUPD":
                opened = opened or point
            elif point.response != "NE":
                opened = None
        return None

    def _confirmed_progression(self) -> TimePoint | None:
        opened = self._block()
        if opened is None and self.options.icpd_without_iupd == "keep":
            return next((p for p in self.points if p.response == "iCPD"), None)
        return opened

    def _open_progression(self) -> TimePoint | None:
        """Return the iUPD after which only iUPD and NE were seen, None where more was."""
        opened: list[TimePoint] = []
        for point in self.points:
            if point.response == "iUPD":
                opened.append(point)
            elif point.response != "NE":
                opened = []
        if not opened:
            return None
        return opened[-1] if self.options.iupd_date == "last" else opened[0]

    def _flag(self, parameter: str, point: TimePoint | None) -> Endpoint:
        day = None if point is None else _date(point.day_d)
        return Endpoint(self.name, parameter, "N" if point is None else "Y", day)

    def _responder(self, parameter: str, best: tuple[str, date | None]) -> Endpoint:
        scale = _scale(self.options)
        hit = best[0] in (scale.cr, scale.pr)
        return Endpoint(self.name, parameter, "Y" if hit else "N", best[1] if hit else None)


def _earlier(*points: TimePoint | None) -> TimePoint | None:
    return min((p for p in points if p is not None), key=lambda p: p.day_d, default=None)


def _date(day_d: float | None) -> date | None:
    return None if day_d is None else date.fromordinal(int(day_d))
