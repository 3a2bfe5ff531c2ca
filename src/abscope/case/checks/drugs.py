"""Systemic therapy: cycles against dates, and drugs in a time said to be without them."""

import math
from collections.abc import Iterator

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import any_of, listed, text_of
from abscope.case.clock import Span
from abscope.case.therapy import NoTherapy, SystemicTherapy

__all__ = ["CHECKS"]

#: What a statement "no chemotherapy" rules out. Other treatment is not systemic therapy.
_RULED_OUT: dict[str, frozenset[str]] = {
    "chemotherapy": frozenset({"chemotherapy"}),
    "immunotherapy": frozenset({"immune_checkpoint_inhibitor", "cytokine", "cell_therapy"}),
    "endocrine": frozenset({"endocrine"}),
    "targeted": frozenset({"targeted"}),
    "other_treatment": frozenset(),
}


def _intervals_d(therapy: SystemicTherapy) -> tuple[float, ...]:
    facts = [therapy.interval_d, *(agent.interval_d for agent in therapy.agents)]
    return tuple(sorted({value for fact in facts if fact for value in fact.candidates}))


@check("cycles-calendar", "the cycles of a drug do not fit between its start and stop")
def _cycles_calendar(view: View) -> Iterator[Remark]:
    """Compare (cycles - 1) x interval with the time from start to stop, with one interval of slack.

    Far too long a time (twice the cycles and more) is found where no holiday is recorded.
    """
    for index, therapy in enumerate(view.case.systemic_therapy):
        start, stop = view.clock.fact(therapy.start), view.clock.fact(therapy.stop)
        cycles = therapy.n_cycles.candidates if therapy.n_cycles else ()
        intervals = _intervals_d(therapy)
        if not (start and stop and cycles and intervals and start.bounded and stop.bounded):
            continue
        least_d = (min(cycles) - 1) * intervals[0]
        most_d = max(cycles) * intervals[-1]
        longest_d, shortest_d = stop.high_d - start.low_d, stop.low_d - start.high_d
        numbers = f"{any_of(cycles)} cycles every {any_of(intervals)} days"
        if longest_d < 0:
            continue
        if least_d > longest_d + intervals[0]:
            what = (
                f"{numbers} take at least {least_d:.0f} days, but from {text_of(therapy.start)} to "
                f"{text_of(therapy.stop)} there are at most {longest_d:.0f}"
            )
        elif shortest_d > 2 * most_d and not therapy.holidays:
            what = (
                f"{numbers} take about {most_d:.0f} days, but from {text_of(therapy.start)} to "
                f"{text_of(therapy.stop)} there are at least {shortest_d:.0f}"
            )
        else:
            continue
        yield Remark(
            ("systemic_therapy", index, "n_cycles"),
            f"{therapy.id}: {what}",
            "cycles x interval that fit between start and stop",
            "Check the dates, the count (see n_cycles_scope) and the interval, or add a holiday.",
            ref=therapy.n_cycles.ref if therapy.n_cycles else None,
        )


@check("therapy-without-start", "systemic therapy without a start")
def _therapy_without_start(view: View) -> Iterator[Remark]:
    """Find drugs that cannot be placed before, during or after radiotherapy by their start."""
    for index, therapy in enumerate(view.case.systemic_therapy):
        if therapy.start is not None and therapy.start.candidates:
            continue
        if any(a.start is not None and a.start.candidates for a in therapy.agents):
            continue
        during = (
            f" (given during {listed(therapy.ongoing_during)})" if therapy.ongoing_during else ""
        )
        yield Remark(
            ("systemic_therapy", index),
            f"{therapy.id} ({listed(agent.name for agent in therapy.agents)}) has no start{during}",
            "a start, at least 'before RT1' or 'after RT1'",
            "A response cannot be told from the drug's without it: look it up or ask.",
        )


@check("untreated-yet-treated", "a drug is given in a time stated to be without it")
def _untreated_yet_treated(view: View) -> Iterator[Remark]:
    """Compare every statement of no therapy with the therapies whose time surely overlaps."""
    for number, none in enumerate(view.case.no_systemic_therapy):
        clash = [
            therapy
            for therapy in view.case.systemic_therapy
            if _ruled_out(none, therapy) and _overlaps(view, none, therapy)
        ]
        if clash:
            scope = "any systemic therapy" if none.scope == "any" else none.scope
            names = listed(f"{t.id} ({listed(a.name for a in t.agents)})" for t in clash)
            yield Remark(
                ("no_systemic_therapy", number),
                f"no {scope} is stated, but {names} {'falls' if len(clash) == 1 else 'fall'} in "
                "that time",
                "no therapy of this kind in the period",
                "Give the period its start and end, or correct the therapy.",
            )


def _ruled_out(none: NoTherapy, therapy: SystemicTherapy) -> bool:
    if none.scope == "any":
        return True
    classes = {kind for a in therapy.agents if a.drug_class for kind in a.drug_class.candidates}
    return bool(classes & _RULED_OUT[none.scope])


def _overlaps(view: View, none: NoTherapy, therapy: SystemicTherapy) -> bool:
    """Return whether the therapy surely was given within the stated period."""
    if none.start is None and none.end is None:
        return True
    far = Span(math.inf, math.inf)
    ever = Span(-math.inf, -math.inf)
    begin = view.clock.fact(none.start) if none.start else ever
    end = view.clock.fact(none.end) if none.end else far
    start = view.clock.fact(therapy.start)
    if begin is None or end is None or start is None:
        return False
    stop = view.clock.fact(therapy.stop) or start
    return start.high_d < end.low_d and stop.low_d > begin.high_d


CHECKS: tuple[Check, ...] = (_cycles_calendar, _therapy_without_start, _untreated_yet_treated)
