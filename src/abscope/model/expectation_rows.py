"""What the model expects of a case, as plain values for JSON and as rows of a table."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from abscope.errors import Problem, UsageError
from abscope.model.expectation import Band, Expectation, LesionExpectation
from abscope.model.switches import Switches

__all__ = [
    "DRAW_COLUMNS", "draw_rows", "plain_band", "plain_expectation", "plain_three", "switched_off",
    "switches_without",
]  # fmt: skip

#: The columns of the table of draws.
DRAW_COLUMNS = ("draw", "lesion", "day_d", "volume_ml")


def switches_without(names: tuple[str, ...]) -> Switches:
    """Return the switches with the named mechanisms off.

    Raises UsageError with every name that is no mechanism.

    >>> switches_without(("low-dose-stroma",)).low_dose_stroma
    False
    """
    known = [field.name for field in fields(Switches) if field.name != "growth"]
    plain = [name.replace("-", "_") for name in names]
    shown = ", ".join(name.replace("_", "-") for name in known)
    problems = [
        Problem("--without", f"'{name}' is no mechanism", shown, "Choose one of them.")
        for name, key in zip(names, plain, strict=True)
        if key not in known
    ]
    if problems:
        raise UsageError(problems)
    off: Any = dict.fromkeys(plain, False)
    return replace(Switches(), **off)


def switched_off(switches: Switches) -> tuple[str, ...]:
    """Return the names of the mechanisms that are off, as a person writes them.

    >>> switched_off(Switches(low_dose_stroma=False))
    ('low-dose-stroma',)
    """
    names = [field.name for field in fields(switches)]
    return tuple(name.replace("_", "-") for name in names if getattr(switches, name) is False)


def plain_expectation(found: Expectation) -> dict[str, Any]:
    """Return an expectation as values that JSON can hold; None stands where no draw had begun."""
    options = found.options
    return {
        "model": "abscope-core",
        "homing": options.homing,
        "draws": options.draws,
        "seed": options.seed,
        "without": list(switched_off(options.switches)),
        "dropped": list(options.without),
        "failed_draws": found.failed,
        "scope": found.scope,
        "doses_from": found.doses_from,
        "days_d": found.days_d.tolist(),
        "fractions_d": list(found.fractions_d),
        "visits": [{"label": visit.label, "day_d": visit.day_d} for visit in found.visits],
        "lesions": [_lesion(found, lesion) for lesion in found.lesions],
        "alc_per_ul": plain_band(found.alc_per_ul),
        "pd1_occupancy_frac": plain_band(found.pd1_occupancy_frac),
        "unknowns": list(found.unknowns),
    }


def _lesion(found: Expectation, lesion: LesionExpectation) -> dict[str, Any]:
    return {
        "lesion": lesion.lesion,
        "label": lesion.label,
        "members": list(lesion.members),
        "compartments": list(lesion.compartments),
        "dose_gy": plain_three(lesion.dose_gy),
        "not_simulated": list(lesion.not_simulated),
        "share_frac": dict(lesion.share_frac),
        "shares_of_members": [
            {"member": x.member, "n_draws": x.n_draws, "share_frac": dict(x.share_frac)}
            for x in lesion.shares_of_members
        ],
        "visits": [
            {
                "label": visit.label,
                "day_d": visit.day_d,
                "volume_ml": plain_three(lesion.volume_ml.at(visit.place)),
                "change_frac": plain_three(lesion.change_frac.at(visit.place)),
                **(
                    {}
                    if lesion.ratio_frac is None
                    else {"ratio_frac": plain_three(lesion.ratio_frac.at(visit.place))}
                ),
            }
            for visit in found.visits
        ],
        "recorded": [
            {"scan": x.scan, "low_d": x.low_d, "high_d": x.high_d, "change_frac": x.change_frac}
            for x in lesion.recorded
        ],
        "volume_ml": plain_band(lesion.volume_ml),
    }


def plain_three(of_band: tuple[float, float, float]) -> dict[str, float | None]:
    """Return low, median and high of a band at one time; None for NaN."""
    names = ("low", "median", "high")
    return {name: _number(value) for name, value in zip(names, of_band, strict=True)}


def plain_band(band: Band) -> Mapping[str, list[float | None]]:
    """Return a band as lists; None for NaN."""
    return {
        name: [_number(float(value)) for value in getattr(band, name)]
        for name in ("low", "median", "high")
    }


def _number(value: float) -> float | None:
    """Return a number with the digits that a simulation at this accuracy has; None for NaN."""
    return float(f"{value:.7g}") if np.isfinite(value) else None


def draw_rows(found: Expectation) -> Iterator[dict[str, Any]]:
    """Return one row per draw, lesion and day on which the draw had begun."""
    for lesion in found.lesions:
        known = np.argwhere(np.isfinite(lesion.volume_draws_ml))
        for draw, place in known:
            yield {
                "draw": int(draw) + 1,
                "lesion": lesion.lesion,
                "day_d": float(found.days_d[place]),
                "volume_ml": float(lesion.volume_draws_ml[draw, place]),
            }
