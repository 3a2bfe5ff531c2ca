"""What is left of a chunk before it leaves its worker: sums, counts and rows instead of tables.

Parts are joined in the order of the chunks, so a result depends on the chunking by rounding only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from abscope.engine.executors.parts import joined
from abscope.engine.simulation import Outcome, Trajectories
from abscope.errors import EngineError, Problem

__all__ = [
    "Counts", "Histogram", "Moments", "Reduction", "Rows", "Spread", "Together", "Whole",
]  # fmt: skip

_Floats = NDArray[np.float64]
_Integers = NDArray[np.int64]


class Reduction(Protocol):
    """How trajectories become a summary: a part of each chunk, parts joined, the whole finished."""

    def of(self, found: Trajectories, members: _Integers) -> Any:
        """Return the part of a chunk; ``members`` are the numbers of its members."""

    def join(self, one: Any, other: Any) -> Any:
        """Return the part of both chunks."""

    def finish(self, part: Any) -> Any:
        """Return the summary."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Keeps the trajectories."""

    def of(self, found: Trajectories, members: _Integers) -> list[tuple[_Integers, Trajectories]]:
        """Return the trajectories of a chunk."""
        return [(members, found)]

    def join(self, one: list[Any], other: list[Any]) -> list[Any]:
        """Return both."""
        one.extend(other)
        return one

    def finish(self, part: list[tuple[_Integers, Trajectories]]) -> Trajectories:
        """Return the trajectories of all members in their order."""
        return joined(part)[1]


@dataclass(frozen=True, slots=True)
class Rows:
    """Keeps what a function returns: a mapping from names to arrays with a row per member.

    Exact quantiles come from these. Another process has to be able to import the function.
    """

    function: Callable[[Trajectories], Mapping[str, ArrayLike]]

    def of(self, found: Trajectories, members: _Integers) -> list[tuple[_Integers, dict[str, Any]]]:
        """Return the rows of a chunk; raises EngineError where there is not one per member."""
        rows = {name: np.asarray(values) for name, values in self.function(found).items()}
        for name, values in rows.items():
            if values.shape[:1] != members.shape:
                what, expected = f"shape {values.shape}", f"{members.size} rows"
                raise EngineError(Problem("reduce", what, expected, "One row per member.", name))
        return [(members, rows)]

    def join(self, one: list[Any], other: list[Any]) -> list[Any]:
        """Return both."""
        one.extend(other)
        return one

    def finish(self, part: list[tuple[_Integers, dict[str, Any]]]) -> dict[str, NDArray[Any]]:
        """Return the arrays of all members in their order."""
        order = np.argsort(np.concatenate([members for members, _ in part]))
        return {
            name: np.concatenate([rows[name] for _, rows in part])[order] for name in part[0][1]
        }


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Count, mean, standard deviation (n - 1), lowest and highest value at each time.

    NaN where nothing is counted; a deviation takes two values.
    """

    count: _Floats
    mean: _Floats
    sd: _Floats
    low: _Floats
    high: _Floats


@dataclass(frozen=True, slots=True)
class Moments:
    """Gives the Spread of observables (all where none is named) at the k-th time of each member.

    Replicates of all members are counted together. Joined by n d^2 (Chan et al. 1983,
    doi:10.1080/00031305.1983.10483115), which loses no digits to the size of the mean.
    """

    names: tuple[str, ...] = ()

    def of(self, found: Trajectories, members: _Integers) -> dict[str, tuple[_Floats, ...]]:  # noqa: ARG002
        """Return count, mean, squares, lowest and highest of a chunk."""
        names = self.names or tuple(found.observables)
        return {name: _moments(_flat(found, name)) for name in names}

    def join(self, one: Any, other: Any) -> Any:
        """Return the moments of both."""
        return {name: _both(*_widened(one[name], other[name])) for name in one}

    def finish(self, part: dict[str, tuple[_Floats, ...]]) -> dict[str, Spread]:
        """Return the spread of each observable."""
        summary = {}
        for name, (count, mean, squares, low, high) in part.items():
            some = np.where(count > 0, 1.0, np.nan)
            with np.errstate(invalid="ignore", divide="ignore"):
                sd = np.where(count > 1, np.sqrt(squares / (count - 1)), np.nan)
            summary[name] = Spread(count, mean * some, sd, low * some, high * some)
        return summary


def _flat(found: Trajectories, name: str) -> _Floats:
    """Return (values, times) of an observable; raises EngineError where it does not exist."""
    if name not in found.observables:
        known = ", ".join(found.observables)
        raise EngineError(Problem("reduce", "is no observable", known, "Rename it.", name))
    values = np.moveaxis(found.observables[name], 1, 0)
    return values.reshape(values.shape[0], -1).T


def _moments(values: _Floats) -> tuple[_Floats, ...]:
    there = ~np.isnan(values)
    count = there.sum(axis=0).astype(float)
    mean = np.where(there, values, 0.0).sum(axis=0) / np.maximum(count, 1.0)
    squares = (np.where(there, values - mean, 0.0) ** 2).sum(axis=0)
    low = np.where(there, values, np.inf).min(axis=0, initial=np.inf)
    high = np.where(there, values, -np.inf).max(axis=0, initial=-np.inf)
    return count, mean, squares, low, high


def _widened(one: tuple[_Floats, ...], other: tuple[_Floats, ...]) -> list[list[_Floats]]:
    """Return both with as many times, nothing counted where one has fewer."""
    times = max(one[0].size, other[0].size)
    nothing = (0.0, 0.0, 0.0, np.inf, -np.inf)
    return [
        [np.append(a, np.full(times - a.size, fill)) for a, fill in zip(part, nothing, strict=True)]
        for part in (one, other)
    ]


def _both(one: list[_Floats], other: list[_Floats]) -> tuple[_Floats, ...]:
    count, mean, squares, low, high = one
    count2, mean2, squares2, low2, high2 = other
    total = count + count2
    share = count2 / np.maximum(total, 1.0)
    apart = mean2 - mean
    return (
        total, mean + apart * share, squares + squares2 + apart**2 * count * share,
        np.minimum(low, low2), np.maximum(high, high2),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Values at each time by bin: below the first edge, between the edges, from the last on."""

    edges: _Floats
    counts: _Integers

    def quantile(self, share: float) -> _Floats:
        """Return the quantile at each time, linear within its bin; NaN outside the edges."""
        upto = np.cumsum(self.counts, axis=1, dtype=float)
        found = np.full(len(upto), np.nan)
        for time, row in enumerate(upto):
            wanted = share * row[-1]
            if row[-1] > 0 and row[0] <= wanted <= row[-2]:
                found[time] = np.interp(wanted, row[:-1], self.edges)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts an observable by bin at the k-th time of each member; replicates count together."""

    name: str
    edges: ArrayLike

    def of(self, found: Trajectories, members: _Integers) -> _Integers:  # noqa: ARG002
        """Return (times, bins + 2) counts of a chunk."""
        edges = np.asarray(self.edges, float)
        if edges.ndim != 1 or edges.size < 2 or not (np.diff(edges) > 0).all():
            what = f"shape {edges.shape}, or not ascending"
            raise EngineError(Problem("reduce", what, "ascending edges", "Sort them.", "edges"))
        values = _flat(found, self.name)
        bins = np.searchsorted(edges, values, side="right")
        there = ~np.isnan(values)
        times = values.shape[1]
        place = bins + (edges.size + 1) * np.arange(times)
        counted = np.bincount(place[there], minlength=(edges.size + 1) * times)
        return counted.reshape(times, -1).astype(np.int64)

    def join(self, one: _Integers, other: _Integers) -> _Integers:
        """Return the sum."""
        times = max(len(one), len(other))
        more = [np.pad(part, ((0, times - len(part)), (0, 0))) for part in (one, other)]
        return np.asarray(more[0] + more[1])

    def finish(self, part: _Integers) -> Counts:
        """Return the counts with their edges."""
        return Counts(np.asarray(self.edges, float), part)


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """Several reductions by name; ``outcomes`` counts how the members ended."""

    reductions: Mapping[str, Reduction]

    def of(self, found: Trajectories, members: _Integers) -> dict[str, Any]:
        """Return the parts of a chunk."""
        parts = {name: each.of(found, members) for name, each in self.reductions.items()}
        return {"outcomes": np.bincount(found.outcome, minlength=len(Outcome)), **parts}

    def join(self, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """Return each joined."""
        both = {n: each.join(one[n], other[n]) for n, each in self.reductions.items()}
        return {"outcomes": one["outcomes"] + other["outcomes"], **both}

    def finish(self, part: dict[str, Any]) -> dict[str, Any]:
        """Return each finished, and the number of members by outcome."""
        counted = {outcome: int(part["outcomes"][outcome]) for outcome in Outcome}
        return {
            "outcomes": counted,
            **{name: each.finish(part[name]) for name, each in self.reductions.items()},
        }
