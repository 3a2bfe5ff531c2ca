"""What the model computes of patients at the times of the data, with slopes along directions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.tangents import slope_of
from abscope.model.case_draws import CaseDraws
from abscope.model.case_lesions import grouped
from abscope.model.draws_batch import Slot
from abscope.model.patient import Patient

__all__ = ["Computed", "Members", "Row", "anchored", "members_of", "members_of_draws"]

#: A volume that is never below this (ml, 0.1 mm) has a logarithm.
_LEAST_ML = 1e-6
#: A volume that grew backward to less than this (ml) counts as this.
_NO_ML = 1e-15
#: Logarithm of the diameter (mm) of a member that a point does not have: as good as none.
_NONE = -20.0


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A number of every point (n,), with slopes (n, directions) or None."""

    value: Floats
    slopes: Floats | None

    def plus(self, other: "Row", factor: float = 1.0) -> "Row":
        """Return this number plus a factor times another."""
        slopes = None
        if self.slopes is not None and other.slopes is not None:
            slopes = self.slopes + factor * other.slopes
        return Row(self.value + factor * other.value, slopes)

    def scaled(self, factor: float, offset: float = 0.0) -> "Row":
        """Return this number times a factor plus an offset."""
        slopes = None if self.slopes is None else factor * self.slopes
        return Row(factor * self.value + offset, slopes)


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """Where the lesions that stand for one of the record are: places and who has them, (n, most).

    ``log_start_ml`` and ``log_axis`` (second axis over the longest) are (n, most), their slopes
    have the directions last.
    """

    places: NDArray[np.int64]
    there: NDArray[np.bool_]
    log_start_ml: Floats
    log_axis: Floats
    start_slopes: Floats | None = None
    axis_slopes: Floats | None = None

    def at_points(self, n: int) -> "Members":
        """Return those of the first n points of a stack of steps, with slopes along the steps."""
        return Members(
            self.places[:n], self.there[:n], self.log_start_ml[:n], self.log_axis[:n],
            slope_of(self.log_start_ml, n), slope_of(self.log_axis, n),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """Volumes (n, times, lesions) and counts (n, times) at the times of the data, and slopes.

    ``levels_mg_per_l`` has drug levels (n, times) by target. ``ok`` (n,) is false where a point
    could not be simulated.
    """

    ok: NDArray[np.bool_]
    members: Mapping[str, Members]
    volume_ml: Floats
    viable_ml: Floats
    alc_per_ul: Floats
    levels_mg_per_l: Mapping[str, Floats]
    slopes: Mapping[str, Floats] | None = None

    def log_count(self, time: int) -> Row:
        """Return the logarithm of the lymphocyte count (per uL)."""
        return self._log("alc_per_ul", self.alc_per_ul[:, time], (slice(None), time))

    def log_level(self, target: str, time: int) -> Row:
        """Return the logarithm of the level of the drug against a target (mg/L)."""
        values = self.levels_mg_per_l[target][:, time]
        return self._log(f"{target}_mg_per_l", values, (slice(None), time))

    def log_volume(self, lesion: str, time: int | None) -> Row:
        """Return the logarithm of the volume (ml) of all members at a time, None: the start."""
        values, slopes = self._volumes(lesion, time, viable=False)
        total = np.maximum(values.sum(axis=1), _LEAST_ML)
        if slopes is None:
            return Row(np.log(total), None)
        return Row(np.log(total), slopes.sum(axis=1) / total[:, None])

    def log_lengths(self, lesion: str, time: int | None, *, viable: bool = False) -> list[Row]:
        """Return the logarithm of the longest diameter (mm) of each member.

        d = (6 V / (pi r^2))^(1/3). A member that a point does not have is as good as none.
        """
        found = self.members[lesion]
        values, slopes = self._volumes(lesion, time, viable=viable)
        log_volume = np.log(np.maximum(values, _LEAST_ML))
        logs = (np.log(6000.0 / np.pi) + log_volume - 2.0 * found.log_axis) / 3.0
        logs = np.where(found.there, logs, _NONE)
        rows = []
        for k in range(logs.shape[1]):
            slope = None
            if slopes is not None and found.axis_slopes is not None:
                relative = slopes[:, k] / np.maximum(values[:, k], _LEAST_ML)[:, None]
                slope = (relative - 2.0 * found.axis_slopes[:, k]) / 3.0
                slope = np.where(found.there[:, k, None], slope, 0.0)
            rows.append(Row(logs[:, k], slope))
        return rows

    def longest(self, lesion: str, time: int | None, *, short: bool = False) -> Row:
        """Return the logarithm of the longest (or ``short``) diameter (mm) of the largest member.

        The short axis is r times the longest, as the two other axes are taken as equal.
        """
        found, rows = self.members[lesion], self.log_lengths(lesion, time)
        if short:
            rows = [self._short(row, found, k) for k, row in enumerate(rows)]
        values = np.stack([row.value for row in rows], axis=1)
        chosen = values.argmax(axis=1)
        pick = np.arange(len(values))
        if rows[0].slopes is None:
            return Row(values[pick, chosen], None)
        slopes = np.stack([row.slopes for row in rows if row.slopes is not None], axis=1)
        return Row(values[pick, chosen], slopes[pick, chosen])

    def _short(self, row: Row, found: Members, k: int) -> Row:
        slopes = None
        if row.slopes is not None and found.axis_slopes is not None:
            slopes = row.slopes + found.axis_slopes[:, k]
        return Row(row.value + found.log_axis[:, k], slopes)

    def _volumes(
        self, lesion: str, time: int | None, *, viable: bool
    ) -> tuple[Floats, Floats | None]:
        """Return the volumes of the members (n, most) and their slopes (n, most, directions)."""
        found = self.members[lesion]
        if time is None:
            values = np.where(found.there, np.exp(found.log_start_ml), 0.0)
            if found.start_slopes is None:
                return values, None
            return values, values[..., None] * found.start_slopes
        points = np.arange(len(found.places))[:, None]
        name = "viable_ml" if viable else "volume_ml"
        every = self.viable_ml if viable else self.volume_ml
        values = np.where(found.there, every[points, time, found.places], 0.0)
        if self.slopes is None:
            return values, None
        slopes = self.slopes[name][points, time, found.places]
        return values, np.where(found.there[..., None], slopes, 0.0)

    def _log(self, name: str, values: Floats, at: tuple[slice, int]) -> Row:
        values = np.maximum(values, _LEAST_ML)
        slopes = None if self.slopes is None else self.slopes[name][at] / values[:, None]
        return Row(np.log(values), slopes)


def anchored(found: Computed, early: Sequence[int]) -> Computed:
    """Return it with the volumes at the times ``early`` as they lead to those at the start.

    V(t) = V_sim(t) V(start) / V_sim(start); the last two times are the start before and after its
    volumes are set.
    """
    times = np.asarray(early, np.int64)
    before, after = found.volume_ml[:, -2, :], found.volume_ml[:, -1, :]
    before = np.maximum(before, _NO_ML)
    factor = (after / before)[:, None, :]
    slopes = dict(found.slopes) if found.slopes is not None else {}
    ends = slopes.get("volume_ml")
    out: dict[str, Floats] = {}
    for name, values in (("volume_ml", found.volume_ml), ("viable_ml", found.viable_ml)):
        out[name] = values.copy()
        out[name][:, times] = values[:, times] * factor
        if ends is None:
            continue
        grown = ends[:, -1] / np.maximum(after, _NO_ML)[..., None] - ends[:, -2] / before[..., None]
        known = slopes[name].copy()
        known[:, times] = known[:, times] * factor[..., None] + (
            out[name][:, times][..., None] * grown[:, None]
        )
        slopes[name] = known
    return replace(
        found, volume_ml=out["volume_ml"], viable_ml=out["viable_ml"], slopes=slopes or None
    )


def members_of(patients: Sequence[Patient], log_axis: Mapping[str, Floats]) -> dict[str, Members]:
    """Return where the lesions of every patient are, by lesion of the record.

    ``log_axis`` has the logarithm of the second axis over the longest by member, (patients,).
    """
    named = [tuple([lesion.id for lesion in patient.lesions]) for patient in patients]
    kinds = {names: dict(grouped(names)) for names in set(named)}
    groups = [kinds[names] for names in named]
    names = dict.fromkeys(name for group in groups for name in group)
    out = {}
    for name in names:
        most = max(len(group.get(name, ())) for group in groups)
        places = np.zeros((len(patients), most), np.int64)
        there = np.zeros((len(patients), most), bool)
        start = np.full((len(patients), most), np.log(_LEAST_ML))
        axis = np.zeros((len(patients), most))
        for b, (patient, group) in enumerate(zip(patients, groups, strict=True)):
            for k, place in enumerate(group.get(name, ())):
                places[b, k], there[b, k] = place, True
                start[b, k] = math.log(max(patient.lesions[place].volume_ml, _LEAST_ML))
                axis[b, k] = log_axis[f"{name}.{k + 1}"][b]
        out[name] = Members(places, there, start, axis)
    return out


def members_of_draws(
    draws: CaseDraws, slots: Sequence[Slot], log_axis: Mapping[str, Floats]
) -> dict[str, Members]:
    """Return the same of the draws of a case; ``slots`` are its members (`slots_of`)."""
    out, n = {}, draws.prior.n
    for lesion in draws.lesions:
        most = lesion.volume_ml.shape[1]
        places = np.zeros((n, most), np.int64)
        there = np.arange(most) < lesion.n_members[:, None]
        start = np.where(there, np.log(np.maximum(lesion.volume_ml, _LEAST_ML)), np.log(_LEAST_ML))
        axis = np.zeros((n, most))
        for slot in slots:
            if slot.lesion is lesion:
                places[slot.rows, slot.number] = slot.places
                axis[slot.rows, slot.number] = log_axis[slot.member][slot.rows]
        out[lesion.lesion.id] = Members(places, there, start, axis)
    return out
