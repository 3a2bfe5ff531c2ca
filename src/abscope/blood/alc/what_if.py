"""What another delivery of the same treatment would do to the count, with the same draws."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from abscope.blood.alc.bodies import organ_groups, spared_plan
from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.prior import Draws
from abscope.blood.alc.schedule import schedule
from abscope.blood.planned import PlannedDose
from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError

__all__ = ["Scenario", "ScenarioResult", "check_scenarios", "compare"]

#: Days after the last fraction at which the later count is compared.
_LATER_D = 30.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One change of the treatment; what is None or empty stays as it is.

    ``n_fractions`` gives every course that number at equal total dose. ``sites`` treats all
    courses from the same day on ('together') or each after the last one's end ('apart').
    ``spare_frac`` has organ groups with a factor on their dose.
    """

    name: str
    beam_on_time_s: float | None = None
    n_fractions: int | None = None
    sites: Literal["together", "apart"] | None = None
    spare_frac: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The lowest count and the count 30 days after the end, medians per microliter.

    ``lowest_ratio`` and ``later_ratio`` are low, median and high (95 %) of the counts over those
    of the treatment as it was, draw by draw.
    """

    name: str
    lowest_per_ul: float
    later_per_ul: float
    lowest_ratio_frac: tuple[float, float, float]
    later_ratio_frac: tuple[float, float, float]


def compare(
    model: LymphocyteModel, draws: Draws, *, scenarios: tuple[Scenario, ...]
) -> tuple[ScenarioResult, ...]:
    """Return the treatment as it was and every scenario, for the same patient and parameters.

    Raises UsageError where a scenario names an organ that is not there or a number that cannot be.
    """
    check_scenarios(scenarios, planned=model.planned)
    base = _counts(model, draws)
    out = [_result("as treated", base, base)]
    for item in scenarios:
        changed, other = _changed(model, draws, item)
        out.append(_result(item.name, _counts(changed, other), base))
    return tuple(out)


def check_scenarios(scenarios: tuple[Scenario, ...], *, planned: tuple[PlannedDose, ...]) -> None:
    """Raise UsageError with everything in the scenarios that cannot be."""
    problems = [problem for item in scenarios for problem in _problems(item, planned)]
    if problems:
        raise UsageError(problems)


def _result(
    name: str, counts: tuple[Floats, Floats], base: tuple[Floats, Floats]
) -> ScenarioResult:
    ratios = []
    for mine, theirs in zip(counts, base, strict=True):
        low, middle, high = np.quantile(mine / theirs, (0.025, 0.5, 0.975)).tolist()
        ratios.append((low, middle, high))
    return ScenarioResult(
        name, float(np.median(counts[0])), float(np.median(counts[1])), ratios[0], ratios[1]
    )


def _counts(model: LymphocyteModel, draws: Draws) -> tuple[Floats, Floats]:
    days = schedule(model.planned, draws)
    course = model.run(draws)
    later = days.end_d.max(axis=1)[:, None] + _LATER_D
    per_ul = draws.baseline_per_ul
    return course.count_frac.min(axis=1) * per_ul, model.counts_per_ul(course, later)[:, 0]


def _changed(model: LymphocyteModel, draws: Draws, item: Scenario) -> tuple[LymphocyteModel, Draws]:
    planned, new = model.planned, draws
    if item.spare_frac:
        planned = spared_plan(planned, factors_frac=dict(item.spare_frac))
    if item.beam_on_time_s is not None:
        planned = tuple(_timed(plan, item.beam_on_time_s) for plan in planned)
    if item.n_fractions is not None:
        planned = tuple(replace(plan, exact=False, start_d=_span(plan)) for plan in planned)
        factor = draws.factor_frac * draws.n_fractions / item.n_fractions
        number = np.full_like(draws.n_fractions, item.n_fractions)
        start = np.where(_exact(model.planned), _starts(planned), draws.start_d)
        new = replace(new, factor_frac=factor, n_fractions=number, start_d=start)
    if item.sites is not None:
        planned = tuple(replace(plan, exact=False) for plan in planned)
        new = replace(new, start_d=_moved(model, new, item.sites))
    settings = replace(model.prior.settings, planned=planned, n_counts=0)
    return LymphocyteModel(settings, counts=(), blood=model.blood, frozen=model.frozen), new


def _timed(plan: PlannedDose, seconds: float) -> PlannedDose:
    body = replace(plan.body, beam_on_time_s=seconds)
    more = None if plan.open_body is None else replace(plan.open_body, beam_on_time_s=seconds)
    return replace(plan, body=body, open_body=more)


def _span(plan: PlannedDose) -> tuple[float, float]:
    return (plan.body.days_d[0],) * 2 if plan.exact else plan.start_d


def _exact(planned: tuple[PlannedDose, ...]) -> NDArray[np.bool_]:
    return np.array([plan.exact for plan in planned])[None, :]


def _starts(planned: tuple[PlannedDose, ...]) -> Floats:
    return np.array([plan.start_d[0] for plan in planned])[None, :]


def _moved(model: LymphocyteModel, draws: Draws, sites: str) -> Floats:
    days = schedule(model.planned, draws)
    start = days.start_d.copy()
    if sites == "together":
        return np.repeat(start.min(axis=1)[:, None], start.shape[1], axis=1)
    length = days.end_d - days.start_d
    order = np.argsort(start.mean(axis=0))
    for before, after in pairwise(order):
        start[:, after] = np.maximum(start[:, after], start[:, before] + length[:, before] + 1.0)
    return start


def _problems(item: Scenario, planned: tuple[PlannedDose, ...]) -> list[Problem]:
    out = []
    if item.beam_on_time_s is not None and not 1.0 <= item.beam_on_time_s <= 7200.0:
        what = f"beam-on time {item.beam_on_time_s:g} s"
        out.append(Problem("--beam-time-s", what, "1 to 7200 s", "Give the time in seconds."))
    if item.n_fractions is not None and not 1 <= item.n_fractions <= 60:
        what = f"{item.n_fractions} fractions"
        out.append(Problem("--fractions", what, "1 to 60", "Correct it."))
    known = {"nodes"} | {name for plan in planned for name in organ_groups(plan.body)}
    for organ, factor in item.spare_frac:
        if organ not in known:
            what, rule = f"organ '{organ}' is not known", "an organ with a dose"
            out.append(Problem("--spare", what, rule, f"One of {', '.join(sorted(known))}."))
        if not 0.0 <= factor <= 2.0:
            what = f"{organ} is multiplied by {factor:g}"
            out.append(Problem("--spare", what, "0 to 2", "0.5 halves the dose."))
    if item.sites is not None and len(planned) < 2:
        out.append(Problem("--sites", "there is one course only", "two or more", "Leave it out."))
    return out
