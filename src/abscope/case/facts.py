"""A clinical value together with how it is known.

A field that is ``None`` was never mentioned in the case file; ``Case.default_missing`` says how to
read that (the source does not report it, or the part of the source that was read does not). A
``Fact`` says more: who states it and where, that it was derived, or that the source gives several
versions that contradict each other, all of which are kept. Unknown is never zero and never "none".
"""

from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from abscope.case.units import parse_amount

__all__ = ["MISSING", "Fact", "Quantity", "Record", "Status", "Version", "complain", "quantity_in"]

T = TypeVar("T")

Status = Literal["stated", "derived", "inferred", "conflicting", "not_reported", "not_seen"]

#: The two ways of saying that a value is absent, as they may be written in a case file.
MISSING = {
    "not reported": "not_reported",
    "not_reported": "not_reported",
    "not seen": "not_seen",
    "not_seen": "not_seen",
}


def complain(what: str, expected: str, action: str) -> PydanticCustomError:
    """Return an error for a validator to raise; the reader turns it into a located Problem."""
    return PydanticCustomError(
        "abscope",
        "{what}; expected {expected}. {action}",
        {"what": what, "expected": expected, "action": action},
    )


class Record(BaseModel):
    """Base of all records: immutable, no unknown keys, valid from birth."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def to_plain(self) -> dict[str, Any]:
        """Return the record as plain mappings, lists and scalars, with nothing that is unsaid."""
        plain = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return dict(plain)


class Version(Record, Generic[T]):
    """One of several statements about the same fact, with its place in the source."""

    value: T | None = None
    loc: str | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_scalar(cls, data: Any) -> Any:
        return data if isinstance(data, (dict, Version)) else {"value": data}

    @model_serializer(mode="wrap")
    def _compact(self, handler: SerializerFunctionWrapHandler) -> Any:
        data = {key: item for key, item in handler(self).items() if item is not None}
        return data["value"] if set(data) == {"value"} else data


class Fact(Record, Generic[T]):
    """A value with its status, its versions where sources conflict, and its place in the source.

    ``value`` is None exactly when the status is not_reported or not_seen, or when versions
    conflict and the record does not prefer one. ``ref`` names an entry of an outside list of
    reported issues that this fact settles or shows.
    """

    value: T | None = None
    status: Status = "stated"
    versions: tuple[Version[T], ...] = ()
    loc: str | None = None
    note: str | None = None
    ref: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_scalar(cls, data: Any) -> Any:
        if isinstance(data, str) and data.strip().lower() in MISSING:
            return {"status": MISSING[data.strip().lower()]}
        if isinstance(data, (dict, Fact)):
            if isinstance(data, dict) and "versions" in data and "status" not in data:
                return {**data, "status": "conflicting"}
            return data
        return {"value": data}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        missing = self.status in ("not_reported", "not_seen")
        if missing and (self._has_value() or self.versions):
            raise complain(
                f"a value is given with status '{self.status}'",
                "no value, or another status",
                "Remove the value, or say 'stated', 'derived' or 'inferred'.",
            )
        if self.status == "conflicting" and len(self.versions) < 2:
            raise complain(
                f"status 'conflicting' with {len(self.versions)} version(s)",
                "two or more versions",
                "List every version with its place: versions: [{value: ..., loc: ...}, ...].",
            )
        if self.versions and self.status != "conflicting":
            raise complain(
                f"versions are given with status '{self.status}'",
                "status 'conflicting'",
                "Remove the versions or the status.",
            )
        if not missing and not self.versions and not self._has_value():
            raise complain(
                f"status '{self.status}' without a value",
                "a value, or 'not reported' / 'not seen'",
                "Give the value, or say that the source has none.",
            )
        return self

    def _has_value(self) -> bool:
        return self.value is not None

    @property
    def known(self) -> bool:
        """Whether a single value (or one preferred among conflicting versions) is available."""
        return self._has_value()

    @property
    def candidates(self) -> tuple[T, ...]:
        """Every value the source supports: all versions where they conflict, else the value."""
        if self.versions:
            return tuple(v.value for v in self.versions if v.value is not None)
        return () if self.value is None else (self.value,)

    @model_serializer(mode="wrap")
    def _compact(self, handler: SerializerFunctionWrapHandler) -> Any:
        data = {key: item for key, item in handler(self).items() if item not in (None, (), [])}
        if data.get("status", "stated") == "stated" and "versions" not in data:
            data.pop("status", None)
            if set(data) == {"value"}:
                return data["value"]
        if set(data) == {"status"}:
            return data["status"].replace("_", " ")
        if data.get("status") == "conflicting":
            del data["status"]
        return data

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let an editor accept the short form (the bare value) beside the long one."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        full = dict(schema)
        value = full.get("properties", {}).get("value", {})
        short = [form for form in value.get("anyOf", [value]) if form.get("type") != "null"]
        schema.clear()
        schema["anyOf"] = [*short, {"enum": sorted(MISSING)}, full]
        if "title" in full:
            schema["title"] = full["title"]
        return schema


class QuantityVersion(Version[float]):
    """One of several statements of a number, possibly as an interval."""

    low: float | None = None
    high: float | None = None


class Quantity(Fact[float]):
    """A number in the unit of its field's name, or the interval it is known to lie in.

    ``low`` and ``high`` bound the value where the source gives a range (``20-30 mm``, ``< 5 mm``);
    either may be None for an open end.
    """

    versions: tuple[QuantityVersion, ...] = ()
    low: float | None = None
    high: float | None = None

    def _has_value(self) -> bool:
        return self.value is not None or self.low is not None or self.high is not None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        items: list[Quantity | QuantityVersion] = [self, *self.versions]
        for item in items:
            if item.low is not None and item.high is not None and item.low > item.high:
                raise complain(
                    f"the interval runs from {item.low:g} down to {item.high:g}",
                    "low <= high",
                    "Swap the two numbers.",
                )
        return self

    @property
    def bounds(self) -> tuple[float | None, float | None] | None:
        """The interval that holds every version: (low, high), None for an open end.

        None when nothing is known.
        """
        spans = [_span(item) for item in (self.versions or (self,))]
        spans = [span for span in spans if span != (None, None)]
        if not spans:
            return None
        lows = [low for low, _ in spans]
        highs = [high for _, high in spans]
        low = None if None in lows else min(x for x in lows if x is not None)
        high = None if None in highs else max(x for x in highs if x is not None)
        return low, high


def _span(item: Quantity | QuantityVersion) -> tuple[float | None, float | None]:
    return (item.value, item.value) if item.value is not None else (item.low, item.high)


def _allowed(unit: str, low: float | None, high: float | None) -> str:
    """The plausible range in words; a tiny lower limit stands for 'more than zero'."""
    floor = "" if low is None else "0 < " if 0 < low < 1e-6 else f"{low:g} <= "
    ceiling = "" if high is None else f" <= {high:g}"
    return f"{floor}value{ceiling} {unit}"


def quantity_in(
    unit: str, *, low: float | None = None, high: float | None = None, hint: str = ""
) -> BeforeValidator:
    """Return a validator that reads numbers and unit strings into ``unit`` and checks the range.

    A bare number is taken to be in ``unit``; a string must name a unit that converts to it.
    ``low`` and ``high`` are the limits of what is plausible (both inclusive; a value equal to an
    exclusive zero is caught by a tiny low), ``hint`` the question to ask above the upper one.
    """

    def read(data: Any) -> Any:
        if data is None or isinstance(data, Quantity):
            return data
        if isinstance(data, str) and data.strip().lower() in MISSING:
            return data
        if not isinstance(data, dict):
            return _checked(parse_amount(data, unit))
        out = dict(data)
        if "versions" in out and isinstance(out["versions"], (list, tuple)):
            out["versions"] = tuple(
                v if isinstance(v, QuantityVersion) else _one(v) for v in out["versions"]
            )
        return _one(out)

    def _one(item: Any) -> Any:
        if not isinstance(item, dict):
            return _checked(parse_amount(item, unit))
        out = dict(item)
        for key in ("low", "high"):
            if out.get(key) is not None:
                out[key] = _checked(parse_amount(out[key], unit)).get("value", out[key])
        if out.get("value") is not None:
            out.pop("value")
            out = {**_checked(parse_amount(item["value"], unit)), **out}
        return out

    def _checked(amount: dict[str, float]) -> dict[str, float]:
        for number in amount.values():
            if (low is not None and number < low) or (high is not None and number > high):
                raise complain(
                    f"value is {number:g} {unit}",
                    _allowed(unit, low, high),
                    hint or "Check the value and its unit.",
                )
        return amount

    return BeforeValidator(read)
