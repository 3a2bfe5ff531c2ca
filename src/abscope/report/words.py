"""Records in words: values with how they are known, times as written and as calendar text."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from abscope.case.facts import Fact, Quantity, QuantityVersion, Version
from abscope.case.timing import When

__all__ = [
    "MISSING_WORDS", "MONTHS", "Said", "Statement", "amount", "brief", "day_month_year", "join",
    "moment", "plain", "plural", "said", "sentence",
]  # fmt: skip

#: How a field that the record does not mention, or calls missing, is put to a reader.
MISSING_WORDS = {
    "not_reported": "not reported",
    "not_seen": "not in the parts of the source that were read",
}
MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
#: Calendar texts of a record, which people read better with the month's name.
_CALENDAR = re.compile(r"(?<![\w-])(\d{4})-(\d{2})(?:-(\d{2}))?(?![\w-])")
#: A name of a closed list, written with underscores.
_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")
_STATUS_WORDS = {"stated": "", "conflicting": "conflicting"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One of several statements of a fact, with its place in the source."""

    text: str
    loc: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A value as text with how it is known; ``missing`` means that ``text`` says why it lacks."""

    text: str
    status: str = ""
    missing: bool = False
    versions: tuple[Statement, ...] = ()
    loc: str = ""
    note: str = ""

    @property
    def line(self) -> str:
        """The value on one line: every version where they conflict."""
        if self.versions:
            return " or ".join(dict.fromkeys(version.text for version in self.versions))
        return self.text


def plain(value: Any) -> str:
    """Return any value of a record as words: numbers short, underscores as spaces."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (tuple, list)):
        return ", ".join(plain(item) for item in value)
    if isinstance(value, When):
        return _time_words(value.text)
    text = str(value)
    return text.replace("_", " ") if _CODE.fullmatch(text) else text


def _time_words(text: str) -> str:
    words = text.replace("..", " to ").replace(".start", " start").replace(".end", " end")
    return _CALENDAR.sub(_calendar_words, words)


def _calendar_words(found: re.Match[str]) -> str:
    year, month, day = found.groups()
    name = MONTHS[int(month) - 1] if 1 <= int(month) <= 12 else month
    return f"{int(day)} {name} {year}" if day else f"{name} {year}"


def moment(fact: Fact[When] | None) -> str:
    """Return a time for the end of a sentence: ``on 21 Jul 2023``, ``in Apr 2018``, or as it is."""
    text = brief(fact)
    known = fact.candidates[0].text if fact is not None and fact.candidates else ""
    if text and re.fullmatch(r"\d{4}-\d{2}-\d{2}", known):
        return f"on {text}"
    return f"in {text}" if re.fullmatch(r"\d{4}(-\d{2})?", known) else text


def amount(value: Quantity | QuantityVersion, unit: str = "") -> str:
    """Return a number with its unit, or the interval it lies in."""
    tail = f" {unit}" if unit else ""
    if value.value is not None:
        return f"{value.value:.6g}{tail}"
    if value.low is not None and value.high is not None:
        return f"{value.low:.6g} to {value.high:.6g}{tail}"
    if value.high is not None:
        return f"up to {value.high:.6g}{tail}"
    return f"at least {value.low:.6g}{tail}" if value.low is not None else "no value"


def said(
    fact: Fact[Any] | None,
    *,
    missing: str,
    unit: str = "",
    words: Callable[[Any], str] = plain,
) -> Said:
    """Return a fact as text; ``missing`` names what an unmentioned field means in this record."""
    if fact is None:
        return Said(MISSING_WORDS[missing], missing=True)
    if fact.status in MISSING_WORDS:
        return Said(
            MISSING_WORDS[fact.status], missing=True, loc=fact.loc or "", note=fact.note or ""
        )
    versions = tuple(_statement(version, unit, words) for version in fact.versions)
    if isinstance(fact, Quantity):
        text = "" if not fact._has_value() else amount(fact, unit)
    else:
        text = "" if fact.value is None else words(fact.value) + (f" {unit}" if unit else "")
    return Said(
        text or " or ".join(dict.fromkeys(version.text for version in versions)),
        status=_STATUS_WORDS.get(fact.status, fact.status),
        versions=versions,
        loc=fact.loc or "",
        note=fact.note or "",
    )


def _statement(version: Version[Any], unit: str, words: Callable[[Any], str]) -> Statement:
    if isinstance(version, QuantityVersion):
        text = amount(version, unit)
    elif version.value is None:
        text = "no value"
    else:
        text = words(version.value) + (f" {unit}" if unit else "")
    return Statement(text, version.loc or "", version.note or "")


def brief(fact: Fact[Any] | None, unit: str = "", words: Callable[[Any], str] = plain) -> str:
    """Return a fact on one line without its provenance; empty where it is not known."""
    if fact is None or fact.status in MISSING_WORDS:
        return ""
    return said(fact, missing="not_reported", unit=unit, words=words).line


def join(parts: Iterable[str], *, last: str = "and") -> str:
    """Return words as a list in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    items = [part for part in parts if part]
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def plural(number: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 lesion``, ``2 lesions``."""
    return f"{number:,}".replace(",", " ") + f" {one if number == 1 else many or one + 's'}"


def sentence(parts: Sequence[str]) -> str:
    """Return the parts as one sentence: first letter large, a full stop at the end."""
    text = " ".join(" ".join(part for part in parts if part).split())
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")


def day_month_year(day: date) -> str:
    """Return a calendar date for people: ``21 Jul 2023``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
