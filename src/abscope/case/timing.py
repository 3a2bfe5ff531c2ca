"""When something happened: an exact date, a month, a year, or a time relative to another event.

One text form each, kept as written and read into a small expression:

=============================  ==================================================================
``2018-04-20``                 that day
``2018-04``, ``2018``          some day of that month, of that year
``2021-10..2021-11``           from the first day of the one to the last of the other
``day 14``, ``day -3``         days from the case's day zero
``3 months after RT1.end``     a distance from another event, rounded as written
``2-4 weeks before I1``        an interval of distances
``before RT1``, ``after S1``   one-sided
``during RT1``, ``at I1``      inside a course; on the same day
``about 2023-07``              the same, marked as approximate
=============================  ==================================================================
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from pydantic import ConfigDict, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic_core import CoreSchema

from abscope.case.facts import Record, complain
from abscope.case.units import UNITS

__all__ = ["Absolute", "Between", "Expression", "Offset", "Relative", "When", "read_when"]


@dataclass(frozen=True, slots=True)
class Absolute:
    """From the first to the last day that a calendar text can mean (both included)."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Offset:
    """Days from the case's day zero, as an interval."""

    low_d: float
    high_d: float


@dataclass(frozen=True, slots=True)
class Relative:
    """A distance in days from another event: ``before``, ``after``, ``during`` or ``at``.

    ``low_d`` and ``high_d`` are distances (never negative); None is an open end.
    """

    relation: Literal["before", "after", "during", "at"]
    event: str
    low_d: float = 0.0
    high_d: float | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """Some time from the first point to the second."""

    first: "Absolute | Offset | Relative"
    last: "Absolute | Offset | Relative"


Expression = Absolute | Offset | Relative | Between

_NUMBER = r"\d+(?:\.\d+)?"
_DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_DAY = re.compile(rf"^(?:day|d)\s*([+-]?{_NUMBER})$", re.IGNORECASE)
_REF = r"([A-Za-z_][\w.-]*)"
_DISTANCE = re.compile(
    rf"^({_NUMBER})(?:\s*(?:-|to|\.\.)\s*({_NUMBER}))?\s*([A-Za-z]+)\s+(after|before)\s+{_REF}$"
)
_BARE = re.compile(rf"^(before|after|during|at)\s+{_REF}$")
#: Longest text that is taken for a time, and the farthest it may lie away: a long life.
_LONGEST = 200
_FARTHEST_D = 100_000
_ABOUT = re.compile(r"^(?:about|circa|~)\s*", re.IGNORECASE)

#: Half of one unit as written: "3 months after" may be anything that rounds to 3 months.
_ROUNDING = {"week": 3.5, "month": 15.21875, "year": 182.625}


@lru_cache(maxsize=4096)
def read_when(text: str) -> Expression:
    """Return the expression of a time text. Raises PydanticCustomError where it has none."""
    if len(text) > _LONGEST:
        raise _refuse(f"{text[:60]}...")
    plain = _ABOUT.sub("", text.strip())
    if ".." in plain and not _DISTANCE.match(plain):
        first, _, last = plain.partition("..")
        return _between(_point(first.strip(), text), _point(last.strip(), text), text)
    return _point(plain, text)


def _between(first: Expression, last: Expression, text: str) -> Between:
    if isinstance(first, Between) or isinstance(last, Between):
        raise _refuse(text)
    if isinstance(first, Absolute) and isinstance(last, Absolute) and first.first > last.last:
        raise complain(f"'{text}' ends before it begins", "earlier..later", "Swap the two dates.")
    return Between(first, last)


def _point(plain: str, text: str) -> Absolute | Offset | Relative:
    if match := _DATE.match(plain):
        return _absolute(*match.groups(), text=text)
    if match := _DAY.match(plain):
        day = float(match.group(1))
        if abs(day) > _FARTHEST_D:
            raise complain(f"'{text}' is far away", f"at most {_FARTHEST_D} days", "Correct it.")
        return Offset(day, day)
    if match := _DISTANCE.match(plain):
        first, second, unit, relation, event = match.groups()
        return _relative(first, second, unit, relation, event, text=text)
    if match := _BARE.match(plain):
        relation, event = match.groups()
        high_d = 0.0 if relation == "at" else None
        return Relative(relation, event, 0.0, high_d)  # type: ignore[arg-type]
    raise _refuse(text)


def _absolute(year: str, month: str | None, day: str | None, *, text: str) -> Absolute:
    try:
        y, m = int(year), int(month or 1)
        if day is not None:
            exact = date(y, m, int(day))
            return Absolute(exact, exact)
        if month is not None:
            return Absolute(date(y, m, 1), date(y, m, calendar.monthrange(y, m)[1]))
        return Absolute(date(y, 1, 1), date(y, 12, 31))
    except ValueError as error:
        raise complain(
            f"'{text}' is no calendar date ({error})", "YYYY-MM-DD", "Correct it."
        ) from None


def _relative(
    first: str, second: str | None, unit: str, relation: str, event: str, *, text: str
) -> Relative:
    factor = UNITS["d"].get(unit.lower())
    if factor is None:
        raise complain(
            f"time unit '{unit}' in '{text}' is not known",
            "hours, days, weeks, months or years",
            "Write for example '3 months after RT1.end'.",
        )
    low, high = float(first), float(second or first)
    if low > high:
        raise complain(f"'{text}' counts down", "smaller-larger", "Swap the two numbers.")
    if high * factor > _FARTHEST_D:
        raise complain(f"'{text}' is far away", f"at most {_FARTHEST_D} days", "Correct it.")
    slack = 0.0
    if second is None:
        slack = next(
            (
                half
                for name, half in _ROUNDING.items()
                if unit.lower() in (name, name + "s", name[0])
            ),
            0.0,
        )
        slack = min(slack, low * factor)
    return Relative(relation, event, low * factor - slack, high * factor + slack)  # type: ignore[arg-type]


def _refuse(text: str) -> Exception:
    return complain(
        f"'{text}' is no time that can be read",
        "a date (2018-04-20, 2018-04, 2018), 'day 14', '3 months after RT1.end', "
        "'before RT1', 'during RT1', 'at I1' or 'first..last'",
        "Rewrite it in one of these forms, or say not reported.",
    )


class When(Record):
    """A time as written, checked to be readable; `expression` is what it means."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")

    text: str

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, data: Any) -> Any:
        if isinstance(data, date):
            data = data.isoformat()
        if isinstance(data, int) and not isinstance(data, bool):
            data = str(data)
        if isinstance(data, str):
            read_when(data)
            return {"text": data.strip()}
        if isinstance(data, dict) and set(data) == {"text"} and isinstance(data["text"], str):
            read_when(data["text"])
        elif not isinstance(data, When):
            raise _refuse(str(data))
        return data

    @model_serializer
    def _as_text(self) -> str:
        return self.text

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let an editor take a time for the text (or the bare year) it is written as."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema.clear()
        schema["anyOf"] = [
            {"type": "string", "minLength": 1},
            {"type": "integer", "minimum": 1000, "maximum": 9999},
        ]
        return schema

    def __str__(self) -> str:
        return self.text

    @property
    def expression(self) -> Expression:
        """The meaning of the text."""
        return read_when(self.text)

    @property
    def approximate(self) -> bool:
        """Whether the source says 'about'."""
        return bool(_ABOUT.match(self.text))

    @property
    def events(self) -> tuple[str, ...]:
        """The events this time refers to."""
        expression = self.expression
        points = (
            (expression.first, expression.last)
            if isinstance(expression, Between)
            else (expression,)
        )
        return tuple(point.event for point in points if isinstance(point, Relative))
