"""The best treatments within limits, over all draws: one goal, or a front of several.

A point of the variables is a scenario; its goals are an expectation or a quantile over draws, never
the value at one set of parameters. Every point is judged on the same draws. The search asks and
tells a sampler of Optuna (Akiba 2019, doi:10.1145/3292500.3330701): NSGA-II (Deb 2002,
doi:10.1109/4235.996017) for several goals, the tree-structured Parzen estimator for one. A limit
that is broken adds to every goal what no point within the limits can have. The search runs on few
draws; what it finds is judged again on all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from abscope.decide.compare import Comparison, compare_arms
from abscope.decide.front import compromise, layers, non_dominated, spread_out
from abscope.decide.goals import Goal, goal_value
from abscope.decide.limits import Limit, limit_value
from abscope.decide.scenario import Scenario
from abscope.decide.session import Arm, WhatIf
from abscope.decide.variables import Point, Variable, scenario_of
from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError

__all__ = ["Chosen", "Optimum", "Question", "SearchSettings", "optimize"]

#: More than any goal can lose: what a broken limit, or a scenario that cannot be, costs.
_BROKEN = 1e6
_BETWEEN = "between the others"
#: Points that are judged on all draws for each that is shown: on few draws many are alike.
_JUDGED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """How long is searched: ``evaluations`` of a point; ``shown`` are at most so many points."""

    evaluations: int = 240
    seed: int = 1
    shown: int = 8

    def __post_init__(self) -> None:
        problems = [
            Problem("optimize", f"{name} {getattr(self, name)}", expected, "Choose another.")
            for name, fine, expected in (
                ("evaluations", 8 <= self.evaluations <= 100_000, "8 to 100000"),
                ("seed", 0 <= self.seed < 2**32, "0 to 4294967295"),
                ("shown", 1 <= self.shown <= 100, "1 to 100"),
            )
            if not fine
        ]
        if problems:
            raise UsageError(problems)


@dataclass(frozen=True, slots=True)
class Question:
    """What is varied, what is wanted, and what must be kept."""

    variables: tuple[Variable, ...]
    goals: tuple[Goal, ...]
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """One point that no other beats, judged on all draws.

    ``values`` are those of the goals, ``limits`` of the limits, in order. ``why`` says in words
    what it is chosen for.
    """

    scenario: Scenario
    point: Point
    values: tuple[float, ...]
    limits: tuple[float, ...]
    comparison: Comparison
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """What a search found.

    ``chosen`` are the points of the front, those that are best in one goal and the compromise
    first. Empty where none keeps the limits. ``delivered`` has the goals and ``delivered_limits``
    the limits of the treatment as it was. ``refused`` counts points that cannot be given.
    """

    question: Question
    chosen: tuple[Chosen, ...]
    delivered: tuple[float, ...]
    delivered_limits: tuple[float, ...]
    evaluated: int
    kept: int
    refused: int
    draws: int
    search_draws: int
    cancelled: bool


@dataclass(slots=True)
class _Search:
    """The points that were judged, each once."""

    session: WhatIf
    question: Question
    seen: dict[tuple[Any, ...], tuple[Floats, float]] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    refused: int = 0

    def losses(self, point: Point) -> Floats:
        """Return the losses of a point, with what a broken limit adds."""
        key = tuple(point[variable.text] for variable in self.question.variables)
        if key not in self.seen:
            self.seen[key] = self._judged(point)
            self.points.append(point)
        found, excess = self.seen[key]
        return (
            found if excess <= 0.0 else np.full(len(self.question.goals), _BROKEN * (1.0 + excess))
        )

    def kept(self) -> list[tuple[Point, Floats]]:
        """Return the points within the limits with their losses."""
        return [
            (point, found)
            for point, (found, excess) in zip(self.points, self.seen.values(), strict=True)
            if excess <= 0.0
        ]

    def _judged(self, point: Point) -> tuple[Floats, float]:
        try:
            arm = _arm_of(self.session, self.question.variables, point)
        except UsageError:
            self.refused += 1
            return np.full(len(self.question.goals), np.nan), 10.0
        if arm is None:
            self.refused += 1
            return np.full(len(self.question.goals), np.nan), 10.0
        values = np.array([goal_value(goal, arm.outcome) for goal in self.question.goals])
        excess = sum(
            limit.excess_frac(limit_value(limit, arm, self.session))
            for limit in self.question.limits
        )
        if not np.isfinite(values).all():
            return values, 10.0
        return _losses(values, self.question.goals), excess


def _arm_of(session: WhatIf, variables: Sequence[Variable], point: Point) -> Arm | None:
    """Return the arm of a point, that of the delivered treatment where nothing is changed.

    None where it treats no lesion. Raises UsageError where the scenario cannot be.
    """
    if any(variable.lesions and not point[variable.text] for variable in variables):
        return None
    scenario = scenario_of(variables, point, planned=session.planned, names=session.names)
    return session.delivered if scenario is None else session.run(scenario)


def _check_room(session: WhatIf, question: Question) -> None:
    """Raise UsageError for a limit on a prescription that no point can keep.

    Doses and BED of courses grow with every number that is varied: the ends of the ranges tell.
    """
    problems = []
    ends = [_end_of(session, question.variables, place) for place in (0, -1)]
    fixed = (*session.names.lesions, *session.names.organs)
    for limit in question.limits:
        arm = ends[0] if limit.at_most else ends[1]
        if arm is None or limit.goal is not None or limit.of in fixed:
            continue
        value = limit_value(limit, arm, session)
        if limit.excess_frac(value) > 0.0:
            what = (
                f"the {'least' if limit.at_most else 'most'} that the ranges allow is {value:g} Gy"
            )
            hint = "Widen the limit or a range."
            problems.append(Problem(f'--limit "{limit.text}"', what, "bounds with room", hint))
    if problems:
        raise UsageError(problems)


def _end_of(session: WhatIf, variables: Sequence[Variable], place: int) -> Arm | None:
    """Return the arm with every number at one end of its range, None where it cannot be given."""
    point: Point = {x.text: x.lesions or x.values[place] for x in variables}
    try:
        return _arm_of(session, variables, point)
    except UsageError:
        return None


def _losses(values: Floats, goals: Sequence[Goal]) -> Floats:
    sign = np.array([-1.0 if goal.more_is_better else 1.0 for goal in goals])
    return np.asarray(sign * values)


def optimize(
    session: WhatIf,
    question: Question,
    *,
    settings: SearchSettings | None = None,
    search: WhatIf | None = None,
    progress: Callable[[int, int], bool] | None = None,
) -> Optimum:
    """Return the treatments that no other beats in all goals, within the limits.

    ``search`` is a session of the same case with fewer draws to search on. ``progress`` is told how
    many of how many points were judged and ends the search by returning False; the best so far is
    then returned. The same seed gives the same result. Raises UsageError where Optuna is missing or
    a goal has no draw.
    """
    settings = settings or SearchSettings()
    small = search or session
    goals, limits = question.goals, question.limits
    for goal in goals:
        if not np.isfinite(goal_value(goal, small.delivered.outcome)):
            what = f"goal '{goal}' has no draw in this case"
            expected = "a goal that the case has lesions for"
            raise UsageError(Problem("--goal", what, expected, "Choose another."))
    _check_room(small, question)
    found = _Search(small, question)
    cancelled = _searched(found, settings, progress)
    kept = found.kept()
    chosen: tuple[Chosen, ...] = ()
    if kept:
        losses = np.stack([loss for _, loss in kept])
        best = [kept[k][0] for k in layers(losses, most=_JUDGED * settings.shown)]
        chosen = _chosen(session, found, best, settings.shown)
    arm = session.delivered
    return Optimum(
        question=question,
        chosen=chosen,
        delivered=tuple(goal_value(goal, arm.outcome) for goal in goals),
        delivered_limits=tuple(limit_value(limit, arm, session) for limit in limits),
        evaluated=len(found.points),
        kept=len(kept),
        refused=found.refused,
        draws=session.draws,
        search_draws=small.draws,
        cancelled=cancelled,
    )


def _searched(
    found: _Search, settings: SearchSettings, progress: Callable[[int, int], bool] | None
) -> bool:
    """Judge points until there are enough; return whether the search was cancelled."""
    optuna = _optuna()
    several = len(found.question.goals) > 1
    population = max(8, min(40, settings.evaluations // 8))
    sampler = (
        optuna.samplers.NSGAIISampler(population_size=population, seed=settings.seed)
        if several
        else optuna.samplers.TPESampler(seed=settings.seed, n_startup_trials=population)
    )
    study = optuna.create_study(
        directions=["minimize"] * len(found.question.goals), sampler=sampler
    )
    for number in range(settings.evaluations):
        if progress is not None and not progress(number, settings.evaluations):
            return True
        trial = study.ask()
        losses = found.losses(_point(trial, found.question.variables))
        study.tell(trial, losses.tolist() if several else float(losses[0]))
    if progress is not None:
        progress(settings.evaluations, settings.evaluations)
    return False


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UsageError(
            Problem(
                "abscope optimize", "the package optuna is not installed",
                "the extra abscope[optimize]", "Run 'pip install \"abscope[optimize]\"'.",
            )
        ) from None  # fmt: skip
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _point(trial: Any, variables: Sequence[Variable]) -> Point:
    out: dict[str, float | tuple[str, ...]] = {}
    for variable in variables:
        if variable.lesions:
            out[variable.text] = tuple(
                name
                for name in variable.lesions
                if trial.suggest_categorical(f"{variable.text} {name}", [True, False])
            )
            continue
        values = variable.values
        out[variable.text] = values[trial.suggest_int(variable.text, 0, len(values) - 1)]
    return out


def _chosen(
    session: WhatIf, found: _Search, best: Sequence[Point], shown: int
) -> tuple[Chosen, ...]:
    """Judge the front on all draws, keep what is still within the limits and unbeaten."""
    rows = []
    for point in best:
        arm = _arm_of(session, found.question.variables, point)
        if arm is None or arm.scenario is None:
            continue
        values = np.array([goal_value(goal, arm.outcome) for goal in found.question.goals])
        held = tuple(limit_value(limit, arm, session) for limit in found.question.limits)
        if all(x.excess_frac(v) <= 0.0 for x, v in zip(found.question.limits, held, strict=True)):
            rows.append((point, arm, values, held))
    if not rows:
        return ()
    losses = np.stack([_losses(values, found.question.goals) for _, _, values, _ in rows])
    front = np.flatnonzero(non_dominated(losses))
    rows, losses = [rows[k] for k in front], losses[front]
    middle = compromise(losses)
    ahead = _ahead(session, found.question, losses)
    order = list(dict.fromkeys([middle, *spread_out(losses, most=shown)]))[:shown]
    out = []
    for k in order:
        point, arm, values, held = rows[k]
        why = _why(found.question.goals, losses, k, ahead)
        if k == middle and len(found.question.goals) > 1:
            why = ", ".join(x for x in (why, "nearest to the best of every goal") if x)
        scenario = arm.scenario
        if scenario is not None:
            comparison = compare_arms(session, arm)
            out.append(
                Chosen(scenario, point, tuple(values.tolist()), held, comparison, why or _BETWEEN)
            )
    return tuple(out)


def _ahead(session: WhatIf, question: Question, losses: Floats) -> list[bool]:
    """Return in which goals what was delivered, where it keeps the limits, beats every point."""
    arm = session.delivered
    for limit in question.limits:
        if limit.excess_frac(limit_value(limit, arm, session)) > 0.0:
            return [False] * len(question.goals)
    values = np.array([goal_value(goal, arm.outcome) for goal in question.goals])
    better = _losses(values, question.goals) < losses.min(axis=0)
    return [bool(one) for one in better]


def _why(goals: Sequence[Goal], losses: Floats, place: int, ahead: Sequence[bool]) -> str:
    words = [
        f"best {goal}{' but for what was delivered' if ahead[k] else ''}"
        for k, goal in enumerate(goals)
        if losses[place, k] <= losses[:, k].min()
    ]
    return " and ".join(words)
