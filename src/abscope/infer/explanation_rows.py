"""An explanation as plain values for JSON; what is not known is None."""

import math
from dataclasses import asdict, fields
from typing import Any

from abscope.infer.attribution import WORLDS, LesionDraws
from abscope.infer.explanation import Explanation
from abscope.infer.rivals import LesionRivals
from abscope.infer.settling import Measurement
from abscope.infer.spread import Chance, Spread
from abscope.infer.structures import Structure

__all__ = ["plain_explanation"]


def plain_explanation(found: Explanation) -> dict[str, Any]:
    """Return an explanation as values that JSON can hold; intervals are of 90 %."""
    base, options = found.attribution, found.options
    posterior = found.posterior
    switches = options.fit.switches
    return {
        "model": "abscope-core",
        "homing": options.fit.homing,
        "without": [x.name for x in fields(switches) if getattr(switches, x.name) is False],
        "source": "prior" if posterior is None else "posterior",
        "method": None if posterior is None else posterior.method,
        "diagnosis": None if posterior is None else _diagnosis(found),
        "draws": options.draws,
        "seed": options.seed,
        "failed_draws": base.failed,
        "not_simulated": list(found.not_given),
        "visits": [{"label": x.label, "day_d": x.day_d} for x in base.visits],
        "visit": base.visits[found.visit].label,
        "focus": found.focus,
        "lesions": [_lesion(found, item) for item in base.lesions],
        "structures": [_structure(one) for one in found.structures],
        "families": {
            name: {
                "dropped": list(one.dropped),
                "visits": [
                    {
                        "label": visit.label,
                        "day_d": visit.day_d,
                        "treated_ratio": {
                            lesion: [_number(x) for x in band.at(visit.place)]
                            for lesion, band in one.treated_ratio.items()
                        },
                    }
                    for visit in one.visits
                ],
            }
            for name, one in found.families.items()
        },
        "left_out": [
            {
                "kind": one.kind,
                "name": one.name,
                "lesions": {
                    item.lesion: {
                        "effect_frac": _spread(one.effect(item.lesion, found.visit)),
                        "responds": _chance(one.responds(item.lesion, found.visit)),
                    }
                    for item in base.lesions
                },
            }
            for one in found.left_out
        ],
        "call": {"strict": found.call.strict, "field_only": found.call.field_only,
                 "evidence": found.call.evidence},
        "verdicts": [
            {**asdict(one), "reasons": list(one.reasons), "text": one.text}
            for one in found.conclusion.verdicts
        ],
        "conclusion": found.conclusion.paragraph,
    }  # fmt: skip


def _diagnosis(found: Explanation) -> dict[str, Any] | None:
    if found.posterior is None:
        return None
    diagnosis = found.posterior.diagnosis
    plain = {name: _number(getattr(diagnosis, name)) for name in ("r_hat", "ess_bulk", "ess_tail")}
    return {**plain, "converged": diagnosis.converged, "why": list(diagnosis.why)}


def _lesion(found: Explanation, item: LesionDraws) -> dict[str, Any]:
    name = item.lesion
    told = found.rivals.get(name)
    return {
        "lesion": name,
        "label": item.label,
        "target": name in found.targets,
        "answer_frac": _spread(found.answers[name]),
        "width_over_prior": found.prior_widths[name],
        "visits": [
            {
                "label": visit.label,
                "day_d": visit.day_d,
                "change_frac": _spread(item.total(k)),
                "natural_frac": _spread(item.natural(k)),
                "shares_frac": {cause: _spread(x) for cause, x in item.shares(k).items()},
                "responds": {world: _chance(item.responds(world, k)) for world in WORLDS},
                "vanishes": {
                    world: _chance(item.responds(world, k, complete=True)) for world in WORLDS
                },
                "needed_radiotherapy": _chance(item.needed(k)),
            }
            for k, visit in enumerate(found.attribution.visits)
        ],
        "rivals": None if told is None else _rivals(told),
        "settling": [_measurement(one) for one in found.settling[name]],
    }


def _structure(one: Structure) -> dict[str, Any]:
    return {
        "name": one.name,
        "usable": one.usable,
        "pareto_k": None if one.weighted is None else _number(one.weighted.pareto_k),
        "effective_draws": None if one.weighted is None else _number(one.weighted.effective_draws),
        "lesions": {
            name: {
                "change_frac": _spread(one.total[name]),
                "natural_frac": _spread(one.natural[name]),
                "shares_frac": {cause: _spread(x) for cause, x in shares.items()},
                "responds_without_radiotherapy": _chance(one.anyway[name]),
            }
            for name, shares in one.shares.items()
        },
    }


def _rivals(told: LesionRivals) -> dict[str, Any]:
    return {
        "says": list(told.says),
        "draws": told.draws,
        "rough": told.rough,
        "separates": told.separates,
        "probability": None if told.foretold_frac is None else _number(told.foretold_frac),
        "scores": [
            {
                "world": score.world,
                "text": score.text,
                "log_evidence": _number(score.log_evidence),
                "behind_log10": _number(score.behind_log10),
                "error_log10": _number(score.error_log10),
                "effective_draws": _number(score.effective_draws),
                "separated": score.separated,
            }
            for score in told.scores
        ],
    }


def _measurement(one: Measurement) -> dict[str, Any]:
    return {**asdict(one), "width_left_frac": one.width_left_frac}


def _spread(spread: Spread | None) -> dict[str, float] | None:
    return None if spread is None else asdict(spread)


def _chance(chance: Chance | None) -> dict[str, float] | None:
    return None if chance is None else asdict(chance)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
