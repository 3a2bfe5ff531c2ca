"""The units of a system as unit definitions of SBML."""

import re
from fractions import Fraction
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from abscope.engine.units import ONE, Unit, parse_unit

__all__ = ["Units"]


class _Word(NamedTuple):
    """A unit word is (multiplier 10^scale kind)."""

    kind: str
    scale: int = 0
    multiplier: float = 1.0


_WORDS = {
    "s": _Word("second"),
    "min": _Word("second", multiplier=60.0),
    "h": _Word("second", multiplier=3600.0),
    "d": _Word("second", multiplier=86400.0),
    "L": _Word("litre"),
    "mL": _Word("litre", -3),
    "uL": _Word("litre", -6),
    "m": _Word("metre"),
    "cm": _Word("metre", -2),
    "mm": _Word("metre", -3),
    "um": _Word("metre", -6),
    "kg": _Word("kilogram"),
    "g": _Word("gram"),
    "mg": _Word("gram", -3),
    "ug": _Word("gram", -6),
    "ng": _Word("gram", -9),
    "pg": _Word("gram", -12),
    "mol": _Word("mole"),
    "umol": _Word("mole", -6),
    "nmol": _Word("mole", -9),
    "Gy": _Word("gray"),
    "cell": _Word("item"),
    "cells": _Word("item"),
    "kcell": _Word("item", 3),
    "Mcell": _Word("item", 6),
    "%": _Word("dimensionless", -2),
}


class Units:
    """Gives every unit an id and, at the end, the definitions of those that were asked for.

    A word that SBML has no unit for leaves the quantity without units, which SBML allows; such
    words are kept in ``unsaid``.
    """

    def __init__(self) -> None:
        self._ids: dict[Unit, str] = {ONE: "dimensionless"}
        self.unsaid: set[str] = set()

    def id(self, unit: Unit | str) -> str | None:
        """Return the id of a unit (``per_d``), None where a word of it is not known to SBML."""
        found = parse_unit(unit) if isinstance(unit, str) else unit
        if unknown := {word for word, _ in found.powers} - set(_WORDS):
            self.unsaid |= unknown
            return None
        if found not in self._ids:
            base = _id(found)
            taken, number = set(self._ids.values()), 1
            name = base
            while name in taken:
                number += 1
                name = f"{base}_{number}"
            self._ids[found] = name
        return self._ids[found]

    def definitions(self) -> Element | None:
        """Return ``listOfUnitDefinitions``, None where nothing but plain numbers was asked for."""
        whole = Element("listOfUnitDefinitions")
        for unit, name in self._ids.items():
            if unit == ONE:
                continue
            definition = SubElement(whole, "unitDefinition", id=name, name=str(unit))
            rows = SubElement(definition, "listOfUnits")
            if unit.factor != 1.0:
                _row(rows, _Word("dimensionless", multiplier=unit.factor), Fraction(1))
            for word, power in unit.powers:
                _row(rows, _WORDS[word], power)
        return whole if len(whole) else None


def _row(rows: Element, word: _Word, power: Fraction) -> None:
    SubElement(
        rows, "unit", kind=word.kind, exponent=f"{float(power):.17g}", scale=str(word.scale),
        multiplier=f"{word.multiplier:.17g}",
    )  # fmt: skip


def _id(unit: Unit) -> str:
    parts = [] if unit.factor == 1.0 else [f"times_{unit.factor:g}"]
    parts += [_power(word, power) for word, power in unit.powers if power > 0]
    parts += [f"per_{_power(word, -power)}" for word, power in unit.powers if power < 0]
    return re.sub(r"\W", "_", "_".join(parts).replace("%", "percent").replace("+", ""))


def _power(word: str, power: Fraction) -> str:
    return word if power == 1 else f"{word}{power}"
