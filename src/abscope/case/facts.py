"""A clinical value together with how it is known.

A field that is ``None`` was never mentioned in the case file; ``Case.default_missing`` says how to
read that (the source does not report it, or the part of the source that was read does not). A
``Fact`` says more: who states it and where, that it was derived, or that the source gives several
versions that contradict each other, all of which are kept. Unknown is never zero and never "none".
"""

from typing import Any, Generic, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

__all__ = [
    "MISSING", "Fact", "Quantity", "QuantityVersion", "Record", "Status", "Version", "complain",
]  # fmt: skip

T = TypeVar("T")

Status = Literal["stated", "derived", "inferred", "conflicting", "not_reported", "not_seen"]

#: The two ways of saying that a value is absent, as they may be written in a case file.
MISSING = {
    "not reported": "not_reported",
    "not_reported": "not_reported",
    "not seen": "not_seen",
    "not_seen": "not_seen",
}


def complain(
    what: str, expected: str, action: str, *, path: tuple[str | int, ...] = ()
) -> PydanticCustomError:
    """Return an error for a validator to raise; the reader turns it into a located Problem.

    ``path`` leads from the validated value to the part of it that is wrong.
    """
    return PydanticCustomError(
        "abscope",
        "{what}; expected {expected}. {action}",
        {"what": what, "expected": expected, "action": action, "path": path},
    )


class Record(BaseModel):
    """Base of all records: immutable, no unknown keys, valid from birth."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid", populate_by_name=True)

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

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let an editor accept the bare value beside the long form."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        full, short = cls._forms(dict(schema))
        schema.clear()
        schema["anyOf"] = [*short, full]
        return schema

    @classmethod
    def _forms(cls, full: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return full, _short_forms(full)


def _short_forms(full: dict[str, Any]) -> list[dict[str, Any]]:
    value = full.get("properties", {}).get("value", {})
    return [form for form in value.get("anyOf", [value]) if form.get("type") != "null"]


def _with_units(full: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Let every number of a quantity also be a text with a unit."""
    short = [{"type": "number"}, {"type": "string", "pattern": "[0-9]"}]
    number = {"anyOf": [*short, {"type": "null"}], "default": None}
    properties = dict(full["properties"])
    properties.update(dict.fromkeys(("value", "low", "high"), number))
    return {**full, "properties": properties}, short


def _reads_as_missing(data: Any) -> bool:
    return isinstance(data, str) and data.strip().lower() in MISSING


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
        if _reads_as_missing(data):
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
        data = {key: item for key, item in handler(self).items() if item is not None}
        if not data.get("versions"):
            data.pop("versions", None)
        if data.get("status", "stated") == "stated" and "versions" not in data:
            data.pop("status", None)
            if set(data) == {"value"} and not _reads_as_missing(data["value"]):
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
        """Let an editor accept the short forms (the bare value, not reported) beside the long."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        full, short = cls._forms(dict(schema))
        schema.clear()
        schema["anyOf"] = [*short, {"enum": sorted(MISSING)}, full]
        return schema

    @classmethod
    def _forms(cls, full: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return full, _short_forms(full)


class QuantityVersion(Version[float]):
    """One of several statements of a number, possibly as an interval."""

    low: float | None = None
    high: float | None = None

    @classmethod
    def _forms(cls, full: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return _with_units(full)


class Quantity(Fact[float]):
    """A number in the unit of its field's name, or the interval it is known to lie in.

    ``low`` and ``high`` bound the value where the source gives a range (``20-30 mm``, ``< 5 mm``);
    either may be None for an open end.
    """

    versions: tuple[QuantityVersion, ...] = ()
    low: float | None = None
    high: float | None = None

    @classmethod
    def _forms(cls, full: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        return _with_units(full)

    def _has_value(self) -> bool:
        return self.value is not None or self.low is not None or self.high is not None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        items: list[tuple[tuple[str | int, ...], Quantity | QuantityVersion]] = [((), self)]
        items += [(("versions", index), item) for index, item in enumerate(self.versions)]
        for path, item in items:
            low, high = item.low, item.high
            if low is not None and high is not None and low > high:
                raise complain(
                    f"the interval runs from {low:g} down to {high:g}",
                    "low <= high",
                    "Swap the two numbers.",
                    path=path,
                )
            if item.value is not None and not (
                (low is None or low <= item.value) and (high is None or item.value <= high)
            ):
                raise complain(
                    f"the value {item.value:g} lies outside its own interval",
                    "low <= value <= high",
                    "Correct one of the three numbers.",
                    path=path,
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
