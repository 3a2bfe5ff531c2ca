"""A forecast as plain mappings for JSON."""

from typing import Any

from abscope.blood.alc.prediction import QUANTILES, Band, CountPrediction
from abscope.blood.forecast import Forecast

__all__ = ["plain_forecast"]


def plain_forecast(found: Forecast) -> dict[str, Any]:
    """Return a forecast as JSON can hold it; counts are per microliter, days from day zero."""
    return {
        "tier": found.tier,
        "sex_of_circulation": found.sex,
        "warnings": list(found.warnings),
        "notes": list(found.notes),
        "baseline_per_ul": list(found.baseline_per_ul),
        "courses": [
            _fields(item) | {"survival": [_fields(kill) for kill in item.survival]}
            for item in found.courses
        ],
        "fraction_days_d": {name: list(days) for name, days in found.fraction_days_d.items()},
        "counts": [
            {
                "label": after.count.label,
                "values_per_ul": list(after.count.values_per_ul),
                "time_d": after.time_d,
                "prior": _prediction(before),
                "posterior": _prediction(after),
            }
            for before, after in zip(found.prior_counts, found.posterior_counts, strict=True)
        ],
        "prior_band": _band(found.prior_band),
        "band": _band(found.band),
        "lowest_per_ul": list(found.lowest_per_ul),
        "lowest_day_d": found.lowest_day_d,
        "lower_limit_per_ul": found.lower_limit_per_ul,
        "grades": [_fields(item) for item in found.grades],
        "organs": [_fields(item) for item in found.shares],
        "gradient": {
            "time_d": found.gradient.time_d,
            "count_frac": found.gradient.count_frac,
            "per_gy": {
                name: float(slope)
                for name, slope in zip(found.gradient.organs, found.gradient.per_gy, strict=True)
            },
        },
        "parameters": [_fields(item) for item in found.identifiability.parameters],
        "identifiability": list(found.identifiability.sentences),
        "edic": {
            "edic_gy": found.edic.rules.edic_gy,
            "ratio_frac": found.edic.rules.ratio_frac,
            "worst_even_grade": found.edic.rules.worst_even_grade,
            "lung_mean_gy": found.edic.lung_mean_gy,
            "heart_mean_gy": found.edic.heart_mean_gy,
            "body_mean_gy": found.edic.body_mean_gy,
            "integral_dose_gy_ml": found.edic.integral_dose_gy_ml,
            "integral_dose_estimated": found.edic.guess,
        },
        "scenarios": [_fields(item) for item in found.scenarios],
        "subsets": [_fields(item) for item in found.subsets],
        "sampler": {
            "draws": len(found.posterior.coordinates),
            "steps": found.posterior.n_steps,
            "effective_frac": found.posterior.effective_frac,
            "accepted_frac": found.posterior.accepted_frac,
            "distinct_frac": found.posterior.distinct_frac,
            "log_evidence": found.posterior.log_evidence,
        },
    }


def _fields(item: Any) -> dict[str, Any]:
    out = {name: getattr(item, name) for name in item.__dataclass_fields__}
    return {name: list(x) if isinstance(x, tuple) else x for name, x in out.items()}


def _band(band: Band) -> dict[str, Any]:
    return {
        "quantiles": list(QUANTILES),
        "time_d": band.time_d.tolist(),
        "count_per_ul": band.count_per_ul.tolist(),
    }


def _prediction(item: CountPrediction) -> dict[str, Any]:
    return {
        "low_95_per_ul": item.low_95_per_ul,
        "low_90_per_ul": item.low_90_per_ul,
        "median_per_ul": item.median_per_ul,
        "high_90_per_ul": item.high_90_per_ul,
        "high_95_per_ul": item.high_95_per_ul,
        "place_frac": item.place_frac,
        "in_90": item.in_90,
        "in_95": item.in_95,
    }
