"""Whether two results of the same run are the same, value by value."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Difference", "Differences", "differences"]

#: Setting: numbers that differ by less than this part of them are the same (other processors round
#: sums in another order; on one machine they are equal to the last bit).
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in the results with what was there before and what is now."""

    place: str
    kept: Any
    again: Any

    def __str__(self) -> str:
        """Return the place and both values on one line."""
        return f"{self.place}: {self.kept!r} before, {self.again!r} now"


@dataclass(frozen=True, slots=True)
class Differences:
    """How many values were compared, and those that differ."""

    compared: int
    rows: tuple[Difference, ...]

    def plain(self) -> list[dict[str, Any]]:
        """Return the rows as plain values."""
        return [asdict(row) for row in self.rows]


def differences(kept: Any, again: Any) -> Differences:
    """Return what differs between two results of plain values (as JSON holds them)."""
    counted = 0
    rows = []
    for place, one, other in _pairs(kept, again, "results"):
        counted += 1
        if not _same(one, other):
            rows.append(Difference(place, one, other))
    return Differences(counted, tuple(rows))


def _pairs(kept: Any, again: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(kept, dict) and isinstance(again, dict):
        for key in dict.fromkeys([*kept, *again]):
            yield from _pairs(kept.get(key, "absent"), again.get(key, "absent"), f"{place}.{key}")
    elif isinstance(kept, list) and isinstance(again, list) and len(kept) == len(again):
        for index, (one, other) in enumerate(zip(kept, again, strict=True)):
            yield from _pairs(one, other, f"{place}[{index}]")
    else:
        yield place, kept, again


def _same(kept: Any, again: Any) -> bool:
    numbers = (int, float)
    plain = isinstance(kept, numbers) and isinstance(again, numbers)
    if plain and not isinstance(kept, bool) and not isinstance(again, bool):
        return math.isclose(kept, again, rel_tol=_SAME, abs_tol=1e-12)
    return bool(kept == again)
