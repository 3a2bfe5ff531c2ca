"""Boosts that follow a course, pauses inside it, and how long it takes."""

from dataclasses import replace

from abscope.blood.guess import guessed_body
from abscope.blood.planned import PlannedDose
from abscope.case.radiotherapy import Boost, RTPhase

__all__ = ["following_boost", "length_d", "pauses_of"]


def length_d(item: PlannedDose) -> float:
    """Return about how many days a course takes, weekends and pauses included."""
    n = max(item.n_fractions)
    length = n * item.interval_d * (7.0 / 5.0 if item.weekdays and n > 5 else 1.0)
    return length + sum(max(days - item.interval_d, 0.0) for _, days in item.pauses_d)


def pauses_of(phase: RTPhase, notes: list[str]) -> tuple[tuple[int, float], ...]:
    """Return (fractions before it, days to the next fraction) of each pause of known length.

    Versions of a length count with their middle; one without a length is named in the notes.
    """
    out = []
    for pause in phase.pauses:
        lengths = pause.duration_d.candidates if pause.duration_d else ()
        if not lengths:
            notes.append(f"{phase.id}: a pause has no length on record and is left out")
            continue
        out.append((int(pause.after_fraction), (min(lengths) + max(lengths)) / 2.0))
    return tuple(out)


def following_boost(
    phase: RTPhase, item: PlannedDose, *, sites: tuple[tuple[str, int], ...], notes: list[str]
) -> PlannedDose | None:
    """Return the fractions of a boost to ``sites`` that follow those of a phase.

    None, with a note, for a boost within the same fractions (what it adds to a part of the target
    is small beside the guess) and for one whose dose or number of fractions is not on record.
    """
    boost = phase.boost
    if boost is None:
        return None
    if boost.kind is None or boost.kind.value != "sequential":
        what = "part of the same fractions; what it adds to a part of the target is not counted"
        notes.append(f"{phase.id}: the boost is {what}")
        return None
    each_gy, number = _doses(boost)
    if not each_gy or not number or not sites:
        what = "no dose, number of fractions or site on record and is not counted"
        notes.append(f"{phase.id}: the boost has {what}")
        return None
    notes.append(f"{phase.id}: the boost follows its last fraction, {number} x {each_gy:g} Gy")
    name = f"{phase.id} boost"
    body = guessed_body(
        name, sites=sites, dose_per_fraction_gy=each_gy, beam_on_time_s=item.body.beam_on_time_s
    )
    length = length_d(item)
    return replace(
        item, name=name, body=body, open_body=None, dose_factor_frac=(1.0,), n_fractions=(number,),
        start_d=(item.start_d[0] + length, item.start_d[1] + length), pauses_d=(), end_d=None,
        prescribed_gy=each_gy,
    )  # fmt: skip


def _doses(boost: Boost) -> tuple[float | None, int | None]:
    """Return dose per fraction (Gy) and number of fractions; one may follow from the total."""
    each = boost.dose_per_fraction_gy.value if boost.dose_per_fraction_gy else None
    total = boost.total_dose_gy.value if boost.total_dose_gy else None
    number = boost.n_fractions.value if boost.n_fractions else None
    if each is None and total and number:
        each = total / number
    if number is None and total and each:
        number = max(1, round(total / each))
    return each, None if number is None else int(number)
