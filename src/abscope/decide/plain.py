"""Answers to what-ifs as plain values for JSON."""

import math
from typing import Any

from abscope.decide.answers import Answers, Draws
from abscope.decide.compare import Comparison, Row
from abscope.decide.differences import LEVEL, Difference, ShareDifference
from abscope.decide.optimize import Optimum
from abscope.decide.statement import kept, prior_words, sentence, verdict

__all__ = ["plain_answers", "plain_comparison", "plain_optimum"]


def plain_answers(found: Answers) -> dict[str, Any]:
    """Return answers as values that JSON can hold; None stands for what no draw has."""
    return {
        "model": "abscope-core",
        "homing": found.homing,
        "draws": found.draws.n,
        "seed": found.draws.seed,
        "fitted": found.draws.fitted,
        "draws_are": found.draws.words,
        "warnings": list(found.draws.warnings),
        "interval_frac": LEVEL,
        "scenarios": [
            {**plain_comparison(item), "how_much_is_prior": prior_words(item, found.draws)}
            for item in found.comparisons
        ],
        "left_out": [{"scenario": name, "reason": why} for name, why in found.refused],
    }


def plain_comparison(found: Comparison) -> dict[str, Any]:
    """Return one comparison as plain values."""
    end = found.whole.change[-1]
    return {
        "name": found.scenario.name,
        "changes": list(found.scenario.texts),
        "sentence": sentence(found),
        "verdict": None if end is None else verdict(end),
        "draws": found.draws,
        "failed_draws": found.failed,
        "visits": [{"label": label, "day_d": day} for label, day in found.visits_d],
        "given": [
            {"kind": one.kind, "name": one.name, "delivered_d": list(map(_number, one.delivered_d)),
             "scenario_d": list(map(_number, one.scenario_d))}
            for one in found.given
        ],
        "rows": [_row(row) for row in found.rows],
        "lowest_lymphocytes_per_ul": _difference(found.nadir),
        "lymphocyte_grades": [
            {"grade": item.label, "delivered_frac": _number(item.delivered_frac),
             "scenario_frac": _number(item.scenario_frac)}
            for item in found.grades
        ],
        "assumed": list(found.assumed),
        "never_seen": list(found.never_seen),
        "width_over_prior_frac": _number(found.width_over_prior_frac),
        "prior": None if found.prior is None else {
            "response": _share(found.prior.whole.response),
            "end": _difference(found.prior.whole.change[-1]),
        },
        "by_homing": {mode: _difference(item) for mode, item in found.by_homing.items()},
    }  # fmt: skip


def plain_optimum(found: Optimum, draws: Draws) -> dict[str, Any]:
    """Return what a search found as plain values."""
    goals, limits = found.question.goals, found.question.limits

    def goal_values(values: tuple[float, ...]) -> dict[str, float | None]:
        return {str(goal): _number(x) for goal, x in zip(goals, values, strict=True)}

    def limit_values(values: tuple[float, ...]) -> dict[str, float | None]:
        return {limit.text: _number(x) for limit, x in zip(limits, values, strict=True)}

    return {
        "model": "abscope-core",
        "goals": {str(goal): goal.words for goal in goals},
        "limits": [limit.text for limit in limits],
        "vary": [variable.text for variable in found.question.variables],
        "draws": found.draws,
        "search_draws": found.search_draws,
        "seed": draws.seed,
        "fitted": draws.fitted,
        "draws_are": draws.words,
        "warnings": list(draws.warnings),
        "evaluated": found.evaluated,
        "within_limits": found.kept,
        "cannot_be_given": found.refused,
        "cancelled": found.cancelled,
        "delivered": {
            "goals": goal_values(found.delivered),
            "limits": limit_values(found.delivered_limits),
        },
        "chosen": [
            {
                "point": {
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in item.point.items()
                },
                "why": item.why,
                "goals": goal_values(item.values),
                "limits": limit_values(item.limits),
                **plain_comparison(item.comparison),
            }
            for item in found.chosen
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "label": row.label,
        "change_frac": [_difference(item) for item in row.change],
        "response": _share(row.response),
        "control": _share(row.control),
        "same_or_better_frac": _number(row.same_or_better_frac),
        "kept": kept(row),
    }


def _difference(item: Difference | None) -> dict[str, Any] | None:
    if item is None:
        return None
    names = ("low", "median", "high")
    three = {
        key: {name: _number(value) for name, value in zip(names, getattr(item, key), strict=True)}
        for key in ("delivered", "scenario", "difference")
    }
    return {
        **three,
        "better_frac": _number(item.better_frac),
        "equal_frac": _number(item.equal_frac),
        "draws": item.draws,
    }


def _share(item: ShareDifference) -> dict[str, Any]:
    return {
        "delivered_frac": _number(item.delivered_frac),
        "scenario_frac": _number(item.scenario_frac),
        "difference_frac": _number(item.difference_frac),
        "gained_frac": _number(item.gained_frac),
        "lost_frac": _number(item.lost_frac),
        "kept_frac": _number(item.kept_frac),
        "error_frac": _number(item.error_frac),
        "draws": item.draws,
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
