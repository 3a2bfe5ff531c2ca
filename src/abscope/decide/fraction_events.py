"""The fractions of phases as one table of events of the engine, for all draws at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Events
from abscope.model.case_courses import DrawnPhase
from abscope.model.case_lesions import DrawnLesion
from abscope.model.dose_bins import equal_parts_of_gy
from abscope.model.kill import BINS, DOSES

__all__ = ["Fractions", "PhaseTable", "Places", "fractions_of", "phase_table"]


@dataclass(frozen=True, eq=False)
class Places:
    """Where the lesions of a record stand in the rows of a batch.

    ``row_start`` (draws, lesions) is the place of the first member of each, ``n_members`` how many
    there are, ``most`` the number of places.
    """

    names: tuple[str, ...]
    row_start: NDArray[np.int64]
    n_members: NDArray[np.int64]
    most: int

    @classmethod
    def of(cls, lesions: Sequence[DrawnLesion]) -> "Places":
        """Return the places of drawn lesions, in the order of a patient made of them."""
        count = np.stack([item.n_members for item in lesions], axis=1)
        first = np.cumsum(count, axis=1) - count
        names = tuple(item.lesion.id for item in lesions)
        return cls(names, first, count, int(count.sum(axis=1).max()))

    @cached_property
    def masks(self) -> tuple[NDArray[np.bool_], ...]:
        """Return which places (draws, most) are of each lesion."""
        place = np.arange(self.most)[None, :, None] - self.row_start[:, None, :]
        mine = (place >= 0) & (place < self.n_members[:, None, :])
        return tuple(np.ascontiguousarray(mine[..., i]) for i in range(len(self.names)))

    @cached_property
    def members(self) -> tuple[tuple[int, int, NDArray[np.int64], NDArray[np.int64]], ...]:
        """Return lesion, number of the member, the draws that have it and its place in them."""
        out = []
        for i in range(len(self.names)):
            for j in range(int(self.n_members[:, i].max(initial=0))):
                draws = np.flatnonzero(self.n_members[:, i] > j)
                out.append((i, j, draws, self.row_start[draws, i] + j))
        return tuple(out)


@dataclass(frozen=True, slots=True, eq=False)
class Fractions:
    """Fractions of all draws: ``days_d`` (draws, fractions) with NaN, and their phase by column.

    ``dose_gy`` (phases, draws, bins, places) and ``cells_gy`` (phases, draws, 3: blood, lymphoid,
    nodes) are those of one fraction of each phase.
    """

    phases: tuple[str, ...]
    column: NDArray[np.int64]
    days_d: Floats
    dose_gy: Floats
    cells_gy: Floats

    @property
    def first_d(self) -> Floats:
        """Return the day of the first fraction of every draw, infinite where there is none."""
        return _extreme(self.days_d, np.fmin, np.inf)

    @property
    def last_d(self) -> Floats:
        """Return the day of the last fraction of every draw, minus infinity where there is none."""
        return _extreme(self.days_d, np.fmax, -np.inf)

    def first_of(self, phases: frozenset[str]) -> Floats:
        """Return the first day of any of some phases, infinite where there is none."""
        chosen = [k for k, place in enumerate(self.column) if self.phases[place] in phases]
        return _extreme(self.days_d[:, chosen], np.fmin, np.inf)

    def events(self, *, from_d: Floats) -> Events:
        """Return the fractions from a day on in every draw, as the engine takes them."""
        with np.errstate(invalid="ignore"):
            draw, column = np.nonzero(self.days_d >= from_d[:, None])
        _, draws, bins, most = self.dose_gy.shape
        cells, dose = self.cells_gy.reshape(-1, 3), self.dose_gy.reshape(-1, bins, most)
        fields = {name: cells[:, k] for k, name in enumerate(("blood", "lymphoid", "nodes"))}
        fields |= {field.name: dose[:, k] for k, field in enumerate(DOSES)}
        return Events(
            "fraction", times=self.days_d[draw, column], fields=fields, members=draw,
            places=self.column[column] * draws + draw,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class PhaseTable:
    """One phase as columns: ``days_d`` (draws, fractions) with NaN, doses of one fraction."""

    phase: str
    days_d: Floats
    dose_gy: Floats
    cells_gy: Floats


def phase_table(
    phase: DrawnPhase,
    *,
    places: Places,
    factor_frac: Mapping[tuple[str, str], float] | None = None,
) -> PhaseTable:
    """Return a phase as columns.

    ``factor_frac`` multiplies the dose of a lesion from a phase, by (phase, lesion).
    """
    alike = np.zeros((places.row_start.shape[0], places.most))
    parted = []
    for i, j, draws, at in places.members:
        factor = (factor_frac or {}).get((phase.phase, places.names[i]), 1.0)
        drawn = phase.lesions[i][j]
        if drawn.dose_gy.shape[1] == 1:
            alike[draws, at] = factor * drawn.dose_gy[draws, 0]
        else:
            parts_gy = equal_parts_of_gy(drawn.dose_gy[draws], drawn.volume_frac[draws])
            parted.append((draws, at, factor * parts_gy))
    dose = np.repeat(alike[:, None, :], BINS, axis=1)
    for draws, at, parts_gy in parted:
        dose[draws, :, at] = parts_gy
    cells = np.stack([phase.cells.blood_gy, phase.cells.lymphoid_gy, phase.cells.nodes_gy], axis=1)
    return PhaseTable(phase.phase, _padded(phase.days_d), dose, cells)


def fractions_of(tables: Sequence[PhaseTable], *, places: Places) -> Fractions:
    """Return the fractions of phases, in the order of their tables."""
    draws, most = places.row_start.shape[0], places.most
    columns = [np.full(table.days_d.shape[1], k) for k, table in enumerate(tables)]
    days = [np.full((draws, 0), np.nan), *(table.days_d for table in tables)]
    return Fractions(
        phases=tuple(table.phase for table in tables),
        column=np.concatenate([np.zeros(0, np.int64), *columns]).astype(np.int64),
        days_d=np.concatenate(days, axis=1),
        dose_gy=_stacked([table.dose_gy for table in tables], (draws, BINS, most)),
        cells_gy=_stacked([table.cells_gy for table in tables], (draws, 3)),
    )


def _stacked(blocks: Sequence[Floats], shape: tuple[int, ...]) -> Floats:
    return np.stack(blocks) if blocks else np.zeros((0, *shape))


def _padded(days_d: tuple[tuple[float, ...], ...]) -> Floats:
    most = max((len(row) for row in days_d), default=0)
    out = np.full((len(days_d), most), np.nan)
    for k, row in enumerate(days_d):
        out[k, : len(row)] = row
    return out


def _extreme(days_d: Floats, choose: np.ufunc, none: float) -> Floats:
    found = choose.reduce(days_d, axis=1, initial=np.nan)
    return np.asarray(np.where(np.isnan(found), none, found))
