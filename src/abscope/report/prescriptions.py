"""Every version of a prescription with its biologically effective doses."""

from dataclasses import dataclass

from abscope.case.radiotherapy import RTPhase
from abscope.case.regimen import Segment, parse_regimen, regimen_totals
from abscope.dose.fractionation import bed_gy, eqd2_gy
from abscope.report.words import Statement, brief, join, said

__all__ = ["Effect", "Prescription", "effects", "prescriptions"]

#: A sum of decimal fractions may miss the stated total by binary rounding.
_ROUNDING = 1e-6
_MOST_FRACTIONS = 10_000
#: A fraction above this is a misread record (see `abscope.case.amounts.FractionDoseGy`).
_HIGHEST_FRACTION_GY = 40.0


@dataclass(frozen=True, slots=True)
class Prescription:
    """One version: what it is, total dose, number of fractions, dose per fraction, each or None.

    ``derived`` names what was computed from the other two; ``places`` are where the source says it.
    """

    name: str
    total_gy: float | None
    n_fractions: int | None
    per_fraction_gy: float | None
    derived: str = ""
    places: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Effect:
    """BED and EQD2 in Gy at one alpha/beta."""

    alpha_beta_gy: float
    bed_gy: float
    eqd2_gy: float


def effects(item: Prescription, alpha_beta_gy: tuple[float, ...]) -> tuple[Effect, ...]:
    """Return BED and EQD2 at each alpha/beta; empty where the dose or its fractions are unknown."""
    total, each = item.total_gy, item.per_fraction_gy
    if total is None or each is None or not total or not each or each > total * (1 + _ROUNDING):
        return ()
    return tuple(
        Effect(
            ratio,
            bed_gy(total, dose_per_fraction_gy=each, alpha_beta_gy=ratio),
            eqd2_gy(total, dose_per_fraction_gy=each, alpha_beta_gy=ratio),
        )
        for ratio in alpha_beta_gy
    )


def prescriptions(phase: RTPhase) -> tuple[Prescription, ...]:
    """Return every version of the prescription of a phase, of its boost and of what was given."""
    planned = _counts(phase)
    totals = _places(phase.total_dose_gy)
    fractions = _places(phase.dose_per_fraction_gy)
    found = [
        _of_total(total, places, planned, tuple(fractions)) for total, places in totals.items()
    ]
    used = {item.per_fraction_gy for item in found}
    for each, places in fractions.items():
        if each not in used:
            found.append(_of_fraction("prescribed", each, places, planned))
    if boost := phase.boost:
        numbers = boost.n_fractions.candidates if boost.n_fractions else planned
        volume = f"boost{f' ({brief(boost.volume)})' if brief(boost.volume) else ''}"
        for each, places in _places(boost.dose_per_fraction_gy).items():
            found.append(_of_fraction(volume, each, places, tuple(numbers)))
        if boost.dose_per_fraction_gy is None:
            for total, places in _places(boost.total_dose_gy).items():
                found.append(_of_total(total, places, tuple(numbers), (), name=volume))
    return (*found, *_delivered(phase, planned, tuple(fractions)))


def _delivered(
    phase: RTPhase, planned: tuple[int, ...], fractions: tuple[float, ...]
) -> list[Prescription]:
    """Return what other numbers of fractions than planned would have delivered."""
    given = phase.n_fractions_delivered
    if given is None or not fractions:
        return []
    word = "if delivered" if len(given.candidates) > 1 else "delivered"
    return [
        _of_fraction(f"{word}: {count} fractions", fractions[0], (), (count,))
        for count in dict.fromkeys(given.candidates)
        if count not in planned and count > 0
    ]


def _counts(phase: RTPhase) -> tuple[int, ...]:
    counts = phase.n_fractions_planned.candidates if phase.n_fractions_planned else ()
    if not counts and phase.n_fractions_delivered:
        counts = phase.n_fractions_delivered.candidates
    return tuple(count for count in dict.fromkeys(counts) if 0 < count <= _MOST_FRACTIONS)


def _places(fact: object) -> dict[float, tuple[Statement, ...]]:
    """Return each value of a quantity with the statements that give it."""
    from abscope.case.facts import Quantity

    if not isinstance(fact, Quantity):
        return {}
    found: dict[float, list[Statement]] = {}
    for version in fact.versions:
        if version.value is not None:
            note = Statement("", version.loc or "", version.note or "")
            found.setdefault(version.value, []).append(note)
    if fact.value is not None and fact.value not in found:
        status = said(fact, missing="not_reported").status
        found[fact.value] = [Statement("", fact.loc or "", join([status, fact.note or ""]))]
    return {value: tuple(places) for value, places in found.items()}


def _of_total(
    total: float,
    places: tuple[Statement, ...],
    counts: tuple[int, ...],
    fractions: tuple[float, ...],
    *,
    name: str = "prescribed",
) -> Prescription:
    """Return a stated total with the dose per fraction that fits it, stated or derived."""
    for count in counts:
        for each in fractions:
            if abs(_total(count, each) - total) <= _ROUNDING * total:
                return Prescription(name, total, count, each, "", places)
    if not counts or total <= 0:
        known = fractions[0] if len(fractions) == 1 and not counts else None
        return Prescription(name, total, None, known, "", places)
    count = counts[0]
    if total > _HIGHEST_FRACTION_GY * count:
        return Prescription(name, total, count, None, "", places)
    derived = parse_regimen(f"{total:.10f} Gy in {count}")[0].amount
    return Prescription(name, total, count, derived, "dose per fraction", places)


def _of_fraction(
    name: str, each: float, places: tuple[Statement, ...], counts: tuple[int, ...]
) -> Prescription:
    if not counts:
        return Prescription(name, None, None, each, "", places)
    return Prescription(name, _total(counts[0], each), counts[0], each, "total", places)


def _total(count: int, each: float) -> float:
    return regimen_totals((Segment("", each, "Gy", n_doses=count),))[0].amount or 0.0
