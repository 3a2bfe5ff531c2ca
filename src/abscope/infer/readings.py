"""What one examination says of one lesion, as a log likelihood of what the model computes.

Sizes are log-normal about the computed longest diameter of the largest member of a group, volumes
about the volume of all, with an error that belongs to the true size (`reader_scale`). "Gone" is an
upper limit, never a zero; "too small" is seen and below what is measured. A word is an interval of
the change of diameter with soft edges (catalog: response_words.toml), against the examination that
the record names, else against the start. Versions that conflict are mixed.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.catalog.reader import reader_limits
from abscope.catalog.response_words import response_word
from abscope.dose.geometry.grid import Floats
from abscope.infer.computed import Computed, Row
from abscope.infer.edges import (
    Likely,
    interval_sharpness,
    likely_interval,
    likely_value,
    mixed,
)
from abscope.infer.reader_scale import read_log_size, reader_scale, reading_sd_log

__all__ = [
    "ChangeReading", "CountReading", "GoneReading", "NumberReading", "Read", "Reading",
    "SizeReading", "Span", "SumReading",
]  # fmt: skip

_Z95 = 1.959963984540054
#: ln of the third power of the diameter (mm) of a sphere of 1 ml.
_SPHERE = math.log(6000.0 / math.pi)


@dataclass(frozen=True, slots=True)
class Span:
    """A value (low = high) or an interval of a number, as written; an open end is None."""

    low: float | None
    high: float | None

    @property
    def exact(self) -> bool:
        """Whether it is a single value."""
        return self.low is not None and self.low == self.high


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """How likely one number is, and the number with its slopes."""

    likely: Likely
    row: Row


class Reading(Protocol):
    """One fact of an examination."""

    @property
    def lesion(self) -> str:
        """Return the lesion of the record that it is of; empty where it is of all."""
        ...

    @property
    def says(self) -> str:
        """Return in a few words what was read."""
        ...

    def read(self, found: Computed, time: int, before: int | None) -> list[Read]:
        """Return how likely it is; ``before`` is the time that a change is against."""
        ...


def _mixture(row: Row, spans: tuple[Span, ...], *, volume: bool = False) -> Read:
    """Return how likely the versions of a diameter (mm) or ``volume`` (ml) are."""
    power = 3.0 if volume else 1.0
    scaled, slope = reader_scale((row.value + _SPHERE) / 3.0 if volume else row.value)
    parts = []
    for span in spans:
        if span.exact and span.low is not None:
            value, at = reader_scale(np.log(_size_mm(span.low, volume)))
            one = likely_value(scaled, value=float(value), sd_log=1.0).along(slope / power)
            # the density is that of the logarithm of what was written
            parts.append(replace(one, log_density=one.log_density + np.log(at / power)))
            continue
        low, high = (_edge(end, volume) for end in (span.low, span.high))
        parts.append(_within(scaled, slope, low, high, power))
    return Read(mixed(parts, [1.0 / len(parts)] * len(parts)), row)


def _within(
    scaled: Floats, slope: Floats, low_mm: float | None, high_mm: float | None, power: float = 1.0
) -> Likely:
    """Return how likely a reading between two diameters is, along the number that is computed."""
    ends = [x for x in (low_mm, high_mm) if x is not None]
    sharp = interval_sharpness(
        low=-math.inf if low_mm is None else power * math.log(low_mm),
        high=math.inf if high_mm is None else power * math.log(high_mm),
        sd_log=power * reading_sd_log(min(ends)),
    )
    low = -math.inf if low_mm is None else float(reader_scale(np.log(low_mm))[0])
    high = math.inf if high_mm is None else float(reader_scale(np.log(high_mm))[0])
    return likely_interval(scaled, low=low, high=high, sd_log=1.0).along(slope / power, sharp)


def _edge(number: float | None, volume: bool) -> float | None:
    return _size_mm(number, volume) if number else None


def _size_mm(number: float, volume: bool) -> float:
    """Return the diameter (mm) that a number stands for: itself, or that of a volume (ml)."""
    return float(np.cbrt(6000.0 * number / np.pi)) if volume else number


@dataclass(frozen=True, slots=True)
class SizeReading:
    """A diameter (mm) or volume (ml), or bounds of it; several spans are versions."""

    lesion: str
    quantity: Literal["longest", "short", "volume"]
    spans: tuple[Span, ...]
    says: str

    def read(self, found: Computed, time: int, before: int | None) -> list[Read]:
        """Return how likely the size is."""
        del before
        if self.quantity == "volume":
            return [_mixture(found.log_volume(self.lesion, time), self.spans, volume=True)]
        row = found.longest(self.lesion, time, short=self.quantity == "short")
        return [_mixture(row, self.spans)]

    def again(self, x: Floats, z: Floats) -> Floats:
        """Return what is read (mm or ml) where x is its logarithm, z a standard normal deviate."""
        if self.quantity == "volume":
            return np.exp(3.0 * read_log_size((x + _SPHERE) / 3.0, z) - _SPHERE)
        return np.exp(read_log_size(x, z))


@dataclass(frozen=True, slots=True)
class GoneReading:
    """Every member is too small to measure, or not seen at all; ``metabolic`` for PET.

    What is too small to measure is still seen: the largest member at least. ``overlooked`` is one
    that nobody asked for yet, which may have been there and missed.
    Under PET the viable tumor is what is not seen. ``metabolic`` None (two versions of the
    modality) says the less: the whole lesion is below the larger of the two limits.
    """

    lesion: str
    too_small: bool
    metabolic: bool | None
    says: str
    overlooked: bool = False

    def read(self, found: Computed, time: int, before: int | None) -> list[Read]:
        """Return how likely it is of each member."""
        del before
        rows = found.log_lengths(self.lesion, time, viable=self.metabolic is True)
        if self.too_small:
            most = reader_limits("smallest_measurable_mm").value
            largest = found.longest(self.lesion, time)
            below = [Read(_within(*reader_scale(row.value), None, most), row) for row in rows]
            return [*below, Read(_seen(largest), largest)]
        return [Read(self._unseen(row), row) for row in rows]

    def _unseen(self, row: Row) -> Likely:
        edge, seen = response_word("vanishing_edge").value, case_prior("size_vanished").value
        if self.overlooked or self.metabolic is not False:
            word = "overlooked_size" if self.overlooked else "metabolic_residue"
            residue = response_word(word)
            edge = math.log(residue.high / residue.low) / (2 * _Z95)
            seen = residue.value
        bent = row.slopes is not None
        high = math.log(seen)
        return likely_interval(row.value, low=-math.inf, high=high, sd_log=edge, bent=bent)


def _seen(row: Row) -> Likely:
    edge, size = response_word("vanishing_edge").value, case_prior("size_vanished").value
    low, bent = math.log(size), row.slopes is not None
    return likely_interval(row.value, low=low, high=math.inf, sd_log=edge, bent=bent)


@dataclass(frozen=True, slots=True)
class ChangeReading:
    """A word for the change of the diameter of the whole group; several words are versions.

    It is the change since ``before``, or ``to_start``, from then to the start.
    """

    lesion: str
    words: tuple[str, ...]
    says: str
    to_start: bool = False

    def read(self, found: Computed, time: int, before: int | None) -> list[Read]:
        """Return how likely the words are."""
        now, then = found.log_volume(self.lesion, time), found.log_volume(self.lesion, before)
        row = now.plus(then, -1.0).scaled(-1.0 / 3.0 if self.to_start else 1.0 / 3.0)
        return [Read(_of_words(row, self.words), row)]


def _of_words(row: Row, words: tuple[str, ...]) -> Likely:
    edge, bent, parts = response_word("word_edge").value, row.slopes is not None, []
    for word in words:
        entry = response_word(word)
        low = math.log1p(entry.low) if entry.low > -1.0 else -math.inf
        high = math.log1p(entry.high) if entry.high < 9.0 else math.inf
        parts.append(likely_interval(row.value, low=low, high=high, sd_log=edge, bent=bent))
    return mixed(parts, [1.0 / len(parts)] * len(parts))


@dataclass(frozen=True, slots=True)
class SumReading:
    """A response category of the whole patient: the change of the sum of the diameters."""

    lesions: tuple[str, ...]
    words: tuple[str, ...]
    says: str
    lesion: str = ""

    def read(self, found: Computed, time: int, before: int | None) -> list[Read]:
        """Return how likely the category is."""
        row = self._sum(found, time).plus(self._sum(found, before), -1.0)
        return [Read(_of_words(row, self.words), row)]

    def _sum(self, found: Computed, time: int | None) -> Row:
        rows = [found.longest(lesion, time) for lesion in self.lesions]
        sizes = np.exp(np.stack([row.value for row in rows]))
        total = np.maximum(sizes.sum(axis=0), 1e-3)
        slopes = None
        if rows[0].slopes is not None:
            parts = [s[:, None] * r.slopes for s, r in zip(sizes, rows, strict=True)
                     if r.slopes is not None]  # fmt: skip
            slopes = np.sum(parts, axis=0) / total[:, None]
        return Row(np.log(total), slopes)


@dataclass(frozen=True, slots=True)
class NumberReading:
    """How many nodules of a group are still seen: a sum of members that are seen or not."""

    lesion: str
    number: int
    says: str

    def read(self, found: Computed, time: int, before: int | None) -> list[Read]:
        """Return how likely it is that just so many are seen (Poisson-binomial)."""
        del before
        rows = found.log_lengths(self.lesion, time)
        seen = [_seen(row) for row in rows]
        chance = np.stack([np.exp(one.log_density) for one in seen], axis=1)
        number = min(self.number, len(rows))
        total = np.maximum(_poisson_binomial(chance, number), 1e-12)
        out = []
        for k, (row, one) in enumerate(zip(rows, seen, strict=True)):
            rest = np.delete(chance, k, axis=1)
            with_k, without = _poisson_binomial(rest, number - 1), _poisson_binomial(rest, number)
            slope = (with_k - without) * chance[:, k] * one.slope / total
            flat = np.zeros_like(slope)
            log_density = np.log(total) if k == 0 else flat
            likely = Likely(log_density, slope, np.minimum(slope**2, one.sharpness), one.sharpness)
            out.append(Read(likely, row))
        return out


def _poisson_binomial(chance: Floats, number: int) -> Floats:
    """Return the probability (n,) that just ``number`` of independent chances (n, m) come true."""
    if number < 0 or number > chance.shape[1]:
        return np.zeros(len(chance))
    found = np.zeros((len(chance), chance.shape[1] + 1))
    found[:, 0] = 1.0
    for k in range(chance.shape[1]):
        p = chance[:, k, None]
        found[:, 1:] = found[:, 1:] * (1.0 - p) + found[:, :-1] * p
        found[:, :1] *= 1.0 - p
    return np.asarray(found[:, number])


@dataclass(frozen=True, slots=True)
class CountReading:
    """A lymphocyte count (per uL) or drug level (mg/L) with its versions.

    ``target`` is empty for a count, else what the drug is against; a value up to ``least`` is only
    an upper limit.
    """

    values: tuple[float, ...]
    sd_log: float
    target: str
    least: float
    says: str
    lesion: str = ""

    def read(self, found: Computed, time: int, before: int | None) -> list[Read]:
        """Return how likely the number is."""
        del before
        row = found.log_level(self.target, time) if self.target else found.log_count(time)
        parts = [
            likely_value(row.value, value=math.log(value), sd_log=self.sd_log)
            if value > self.least
            else likely_interval(
                row.value, low=-math.inf, high=math.log(self.least), sd_log=self.sd_log
            )
            for value in self.values
        ]
        return [Read(mixed(parts, [1.0 / len(parts)] * len(parts)), row)]

    def again(self, x: Floats, z: Floats) -> Floats:
        """Return what is measured where x is its logarithm, z a standard normal deviate."""
        return np.asarray(np.exp(x + self.sd_log * z))
