"""Units as products of words: what the check of a declaration computes with.

Every word is a unit of its own (``mL`` and ``L`` are strangers), so a conversion is a parameter
with the unit ``mL/L`` and never a bare 1000. A number in front is part of the unit: ``1e6/mL``.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ONE", "Unit", "parse_unit"]

_NONE = Fraction(0)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|(?P<word>[^\W\d][\w%]*|%)"
    r"|(?P<power>\^|\*\*)|(?P<sign>[*/()·\-]))"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A factor and the powers of unit words, sorted by word: 1e6/mL is (1e6, ((mL, -1),))."""

    factor: float = 1.0
    powers: tuple[tuple[str, Fraction], ...] = ()

    def __mul__(self, other: "Unit") -> "Unit":
        """Return the unit of a product."""
        powers = dict(self.powers)
        for word, power in other.powers:
            powers[word] = powers.get(word, _NONE) + power
        return _unit(self.factor * other.factor, powers)

    def __truediv__(self, other: "Unit") -> "Unit":
        """Return the unit of a quotient."""
        powers = dict(self.powers)
        for word, power in other.powers:
            powers[word] = powers.get(word, _NONE) - power
        return _unit(self.factor / other.factor, powers)

    def __pow__(self, exponent: float) -> "Unit":
        """Return the unit of a power with a plain number as exponent."""
        power = Fraction(exponent).limit_denominator(10_000)
        factor = 1.0 if self.factor == 1.0 else self.factor ** float(exponent)
        return _unit(factor, {word: own * power for word, own in self.powers})

    def same(self, other: "Unit") -> bool:
        """Return whether two quantities in these units may be added."""
        close = abs(self.factor - other.factor) <= 1e-9 * max(abs(self.factor), abs(other.factor))
        return close and self.powers == other.powers

    def __str__(self) -> str:
        """Return the unit in one line, ``1`` where it has none."""
        number = [] if self.factor == 1.0 else [f"{self.factor:g}"]
        over = [_word(word, power) for word, power in self.powers if power > 0]
        under = [_word(word, -power) for word, power in self.powers if power < 0]
        return "/".join(["*".join(number + over) or "1", *under])


def _word(word: str, power: Fraction) -> str:
    return word if power == 1 else f"{word}^{power}"


def _unit(factor: float, powers: dict[str, Fraction]) -> Unit:
    return Unit(factor, tuple(sorted((word, p) for word, p in powers.items() if p != 0)))


ONE = Unit()


def parse_unit(text: str) -> Unit:
    """Return the unit that a text like ``1/d``, ``1e6/mL``, ``mg/(kg*d)`` or ``Gy^2`` names.

    An empty text and ``1`` are a plain number. Raises ValueError where the text cannot be read.
    """
    tokens: list[tuple[str, str]] = []
    place, text = 0, text.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"unit {text!r} cannot be read at {text[place:]!r}")
        kind = str(match.lastgroup)
        tokens.append((kind, match.group(kind)))
        place = match.end()
    if not tokens:
        return ONE
    unit, rest = _product(tokens)
    if rest:
        raise ValueError(f"unit {text!r} cannot be read at {rest[0][1]!r}")
    return unit


_Tokens = list[tuple[str, str]]


def _product(tokens: _Tokens) -> tuple[Unit, _Tokens]:
    unit, tokens = _factor(tokens)
    while tokens and tokens[0][1] != ")":
        divide = tokens[0][1] == "/"
        if tokens[0][1] in ("/", "*", "·"):
            tokens = tokens[1:]
        following, tokens = _factor(tokens)
        unit = unit / following if divide else unit * following
    return unit, tokens


def _factor(tokens: _Tokens) -> tuple[Unit, _Tokens]:
    if not tokens:
        raise ValueError("a unit ends where a word or a number was expected")
    (kind, text), rest = tokens[0], tokens[1:]
    if kind == "number":
        unit = Unit(float(text))
    elif kind == "word":
        unit = Unit(1.0, ((text, Fraction(1)),))
    elif text == "(":
        unit, rest = _product(rest)
        if not rest:
            raise ValueError("a bracket of a unit is not closed")
        rest = rest[1:]
    else:
        raise ValueError(f"a unit has {text!r} where a word or a number was expected")
    if rest and rest[0][0] == "power":
        sign, rest = (-1, rest[2:]) if rest[1:] and rest[1][1] == "-" else (1, rest[1:])
        if not rest or rest[0][0] != "number":
            raise ValueError("a power of a unit needs a number")
        unit, rest = unit ** (sign * float(rest[0][1])), rest[1:]
    return unit, rest
