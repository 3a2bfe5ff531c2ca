"""What can be wrong with organ doses and beam times, before any of them is used."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from abscope.blood.doses import CompartmentDose
from abscope.blood.network import Network
from abscope.catalog.circulation import blood_dose_limit
from abscope.errors import ModelError, Problem

__all__ = ["dose_problems", "window_problems"]

_SHARE_TOLERANCE = 1e-6


def window_problems(windows_s: Sequence[tuple[float, float]]) -> list[Problem]:
    """Return what is wrong with the (start, duration) of the windows with the beam on."""
    problems = []
    longest = blood_dose_limit("longest_fraction").value
    if not windows_s:
        what, rule = "no beam", "at least one window with the beam on"
        return [Problem("beam times", what, rule, "State the beam-on time.")]
    for start, duration in windows_s:
        if not (math.isfinite(start) and math.isfinite(duration) and duration > 0):
            what = f"a beam from {start:g} s lasts {duration:g} s"
            action = "A dose needs time: state the beam-on time."
            problems.append(Problem("beam times", what, "a duration above 0 s", action))
    if problems:
        return problems
    ordered = sorted(windows_s)
    for (start, duration), (following, _) in pairwise(ordered):
        if start + duration > following * (1 + 1e-12):
            what = f"the beam from {start:g} s is on until {start + duration:g} s"
            rule = f"its end before the next starts at {following:g} s"
            problems.append(Problem("beam times", what, rule, "Correct the times."))
    span = ordered[-1][0] + ordered[-1][1] - ordered[0][0]
    if span > longest:
        what = f"the fraction takes {span:g} s"
        action = "Are the times in s? Fractions of different days are separate."
        problems.append(Problem("beam times", what, f"at most {longest:g} s", action))
    return problems


def dose_problems(
    network: Network, doses: Sequence[CompartmentDose], *, unlisted_gy: float | None
) -> list[Problem]:
    """Return what is wrong with the doses per fraction of compartments of a network."""
    problems: list[Problem] = []
    names = [dose.compartment for dose in doses]
    for name in sorted({name for name in names if names.count(name) > 1}):
        what = f"'{name}' has {names.count(name)} doses"
        problems.append(Problem("organ doses", what, "one dose per compartment", "Keep one."))
    for dose in doses:
        try:
            network.position(dose.compartment)
        except ModelError as error:
            problems += error.problems
        problems += _histogram_problems(dose)
    if unlisted_gy is None:
        missing = [
            name
            for name, host in zip(network.names, network.host, strict=True)
            if name not in names and host not in names
        ]
        if missing:
            action = "Add them, or say what unlisted compartments get (unlisted_gy)."
            what = f"no dose for {', '.join(missing)}"
            problems.append(Problem("organ doses", what, "a dose per compartment", action))
    elif not (math.isfinite(unlisted_gy) and unlisted_gy >= 0):
        what = f"unlisted compartments get {unlisted_gy:g} Gy"
        problems.append(Problem("organ doses", what, "0 Gy or more", "Correct it."))
    return problems


def _histogram_problems(dose: CompartmentDose) -> list[Problem]:
    where = f"organ doses: {dose.compartment}"
    values, shares = np.asarray(dose.dose_per_fraction_gy), np.asarray(dose.volume_frac)
    if values.ndim != 1 or values.shape != shares.shape or values.size == 0:
        what = f"{values.shape} doses for {shares.shape} volumes"
        return [Problem(where, what, "as many volumes as doses", "Correct the histogram.")]
    if not (np.all(np.isfinite(values)) and np.all(np.isfinite(shares))):
        return [Problem(where, "a dose or volume is not a number", "finite numbers", "Remove it.")]
    problems = []
    if values.min() < 0:
        what = f"dose per fraction is {values.min():g} Gy"
        problems.append(Problem(where, what, "0 Gy or more", "Correct the sign."))
    if shares.min() < 0 or abs(shares.sum() - 1) > _SHARE_TOLERANCE:
        what = f"volumes from {shares.min():g} add up to {shares.sum():g}"
        problems.append(Problem(where, what, "shares of 1 that add up to 1", "Normalize them."))
    largest, mean = values.max(), float(values @ shares)
    top, most = blood_dose_limit("largest_dose"), blood_dose_limit("largest_mean_dose")
    if largest > top.value or mean > most.value:
        what = f"dose per fraction is {mean:g} Gy in the mean and up to {largest:g} Gy"
        rule = f"at most {most.value:g} Gy in the mean of a compartment and {top.value:g} Gy in it"
        action = "Is it in cGy, or the dose of the whole course?"
        problems.append(Problem(where, what, rule, action))
    return problems
