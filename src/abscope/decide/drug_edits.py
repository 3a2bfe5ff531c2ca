"""Drugs of a case moved in time or left out."""

import math

from abscope.case.clock import Clock
from abscope.case.facts import Fact
from abscope.case.record import Case
from abscope.case.therapy import Agent, SystemicTherapy
from abscope.case.timing import Relative, When
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.decide.names import Names
from abscope.decide.phase_edits import day_text
from abscope.decide.scenario import Drop, Shift
from abscope.errors import Problem, UsageError
from abscope.model.values import AGENTS

__all__ = ["drop_drug", "shift_drug"]


def drop_drug(case: Case, change: Drop, *, names: Names) -> Case:
    """Return the case without a therapy, or without a drug in every therapy."""
    therapies, agent = names.drug(change.target, where=change.text)
    kept = []
    for therapy in case.systemic_therapy:
        if therapy.id not in therapies:
            kept.append(therapy)
            continue
        left = tuple(x for x in therapy.agents if agent is not None and _name(x) != agent)
        if left:
            kept.append(therapy.model_copy(update={"agents": left}))
    return case.model_copy(update={"systemic_therapy": tuple(kept)})


def shift_drug(case: Case, change: Shift, *, clock: Clock, names: Names, told: list[str]) -> Case:
    """Return the case with the doses of a drug, or of all drugs of a therapy, some days later.

    A therapy that begins after another one moves with it. Raises UsageError where a start has no
    place in time that could be moved.
    """
    chosen, agent = names.drug(change.target, where=change.text)
    moved: dict[str, SystemicTherapy] = {}
    problems: list[Problem] = []
    for therapy in case.systemic_therapy:
        if therapy.id not in chosen:
            continue
        found = _moved(therapy, agent, change, clock=clock, earlier=set(moved))
        if isinstance(found, Problem):
            problems.append(found)
        else:
            moved[therapy.id] = found
    if problems and not moved:
        raise UsageError(problems)
    if problems:
        lost = ", ".join(problem.path for problem in problems)
        told.append(f"{lost} has no place in time and is not moved")
    who = agent or change.target
    way = "later" if change.by_d > 0 else "earlier"
    told.append(f"every dose of {who} {abs(change.by_d):g} d {way}, as many as given")
    therapies = tuple(moved.get(therapy.id, therapy) for therapy in case.systemic_therapy)
    return case.model_copy(update={"systemic_therapy": therapies})


def _moved(
    therapy: SystemicTherapy, agent: str | None, change: Shift, *, clock: Clock, earlier: set[str]
) -> SystemicTherapy | Problem:
    agents = []
    for item in therapy.agents:
        if agent is not None and _name(item) != agent:
            agents.append(item)
            continue
        fact = item.start or therapy.start
        if _follows(fact) in earlier:
            agents.append(item)
            continue
        text = None if _follows(fact) else _shifted(fact, clock, change.by_d)
        if text is None:
            after = _follows(fact)
            what = (
                f"{therapy.id} begins after {after}, which stays" if after
                else f"the start of {therapy.id} is not on record"
            )  # fmt: skip
            hint = f"Shift {after}." if after else "Shift another therapy."
            return Problem(change.text, what, "a start with a place in time", hint, therapy.id)
        agents.append(item.model_copy(update={"start": Fact[When].model_validate(text)}))
    update: dict[str, object] = {"agents": tuple(agents)}
    others = [x for x in therapy.agents if _name(x) in AGENTS and agent not in (None, _name(x))]
    stop = None if others else _shifted(therapy.stop, clock, change.by_d)
    if stop is not None:
        update["stop"] = Fact[When].model_validate(stop)
    return therapy.model_copy(update=update)


def _name(agent: Agent) -> str:
    return agent.name.strip().lower()


def _follows(fact: Fact[When] | None) -> str | None:
    """Return the therapy after which one begins, None where its start is told otherwise."""
    for when in fact.candidates if fact else ():
        time = when.expression
        if isinstance(time, Relative) and time.relation == "after" and time.high_d is None:
            return time.event.partition(".")[0]
    return None


def _shifted(fact: Fact[When] | None, clock: Clock, by_d: float) -> str | None:
    """Return a time that many days later as text; None where it has no place in time."""
    span, width = clock.fact(fact), lymphocyte_parameter("start_window").value
    if span is None:
        return None
    low = span.low_d if math.isfinite(span.low_d) else span.high_d - width
    high = span.high_d if math.isfinite(span.high_d) else low + width
    return day_text(low + by_d, high + by_d) if math.isfinite(low) else None
