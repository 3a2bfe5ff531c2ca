"""The circulation of one patient: reference adult, own edits, blood volume from the body."""

from functools import cache
from pathlib import Path

from abscope.blood.network import Network, network_of
from abscope.case.files import read_text
from abscope.catalog.circulation import (
    Sex,
    blood_volume_coefficient,
    circulation,
    edited_circulation,
)
from abscope.errors import ModelError, Problem

__all__ = ["nadler_blood_volume_l", "network_for", "patient_network", "reference_network"]

_CM_PER_M = 100.0


def nadler_blood_volume_l(*, sex: Sex, height_cm: float, weight_kg: float) -> float:
    """Return the blood volume of an adult in liters.

    V = a h^3 + b w + c with the height h in m and the weight w in kg. Raises ModelError outside
    the range of adults. Source: Nadler, Hidalgo and Bloch, Surgery 1962;51:224.

    >>> round(nadler_blood_volume_l(sex="male", height_cm=176, weight_kg=73), 3)
    4.954
    """
    height_m = height_cm / _CM_PER_M
    limits = {
        "height": (height_m, "shortest_adult", "tallest_adult", "Is it in cm?"),
        "weight": (weight_kg, "lightest_adult", "heaviest_adult", "Is it in kg?"),
    }
    problems = []
    for what, (value, lowest, highest, action) in limits.items():
        low, high = blood_volume_coefficient(lowest), blood_volume_coefficient(highest)
        if not low.value <= value <= high.value:
            found = f"{what} is {value:g} {low.unit}"
            rule = f"{low.value:g} to {high.value:g} {low.unit}"
            problems.append(Problem("blood volume", found, rule, action))
    if problems:
        raise ModelError(problems)
    cubed, weight, constant = (
        blood_volume_coefficient(f"{sex}_{part}").value
        for part in ("height_cubed", "weight", "constant")
    )
    return cubed * height_m**3 + weight * weight_kg + constant


@cache
def reference_network(sex: Sex) -> Network:
    """Return the network of the ICRP-89 reference adult; ModelError for another word.

    >>> reference_network("male").blood_volume_l
    5.3
    """
    return network_of(circulation(sex))


def network_for(blood: Sex | Network) -> Network:
    """Return the network itself, or that of the reference adult of a sex."""
    return blood if isinstance(blood, Network) else reference_network(blood)


def patient_network(
    sex: Sex,
    *,
    blood_volume_l: float | None = None,
    cardiac_output_l_per_min: float | None = None,
    edits: str | Path | None = None,
) -> Network:
    """Return the network of a patient; None keeps what the reference adult has.

    ``edits`` is a TOML file with the entries that differ (`abscope.catalog.circulation`). Raises
    UsageError where there is no such file, ModelError for a circulation that does not balance.
    """
    base = circulation(sex)
    if edits is not None:
        base = edited_circulation(sex, edits=read_text(edits), where=str(edits))
    return network_of(
        base, blood_volume_l=blood_volume_l, cardiac_output_l_per_min=cardiac_output_l_per_min
    )
