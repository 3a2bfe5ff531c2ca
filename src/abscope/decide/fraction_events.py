"""The fractions of phases as one table of events of the engine, for all draws at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.engine.batch import Events
from abscope.model.case_courses import DrawnPhase
from abscope.model.case_lesions import DrawnLesion
from abscope.model.dose_bins import equal_parts_table_gy
from abscope.model.kill import BINS, DOSES
from abscope.model.lesion_doses import DrawnDose
from abscope.model.patient import BinnedDose

__all__ = ["Fractions", "Places", "fractions_of"]


@dataclass(frozen=True, slots=True, eq=False)
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

    def mask(self, lesion: int) -> NDArray[np.bool_]:
        """Return which places (draws, most) are of a lesion."""
        place = np.arange(self.most)[None, :] - self.row_start[:, lesion, None]
        return np.asarray((place >= 0) & (place < self.n_members[:, lesion, None]))


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


def fractions_of(
    phases: Sequence[DrawnPhase],
    *,
    places: Places,
    without: frozenset[str] = frozenset(),
    factor_frac: Mapping[tuple[str, str], float] | None = None,
) -> Fractions:
    """Return the fractions of the phases but those of ``without``.

    ``factor_frac`` multiplies the dose of a lesion from a phase, by (phase, lesion).
    """
    kept = [phase for phase in phases if phase.phase not in without]
    draws = places.row_start.shape[0]
    days = [_padded(phase.days_d) for phase in kept]
    columns = [np.full(block.shape[1], k) for k, block in enumerate(days)]
    dose = np.zeros((len(kept), draws, BINS, places.most))
    cells = np.zeros((len(kept), draws, 3))
    for k, phase in enumerate(kept):
        doses = phase.cells
        cells[k] = np.stack([doses.blood_gy, doses.lymphoid_gy, doses.nodes_gy], axis=1)
        for i, members in enumerate(phase.lesions):
            factor = (factor_frac or {}).get((phase.phase, places.names[i]), 1.0)
            for j, drawn in enumerate(members):
                there = np.flatnonzero(places.n_members[:, i] > j)
                dose[k, there, :, places.row_start[there, i] + j] = factor * _parts_gy(drawn, there)
    return Fractions(
        phases=tuple(phase.phase for phase in kept),
        column=np.concatenate([np.zeros(0, np.int64), *columns]).astype(np.int64),
        days_d=np.concatenate([np.full((draws, 0), np.nan), *days], axis=1),
        dose_gy=dose,
        cells_gy=cells,
    )


def _parts_gy(drawn: DrawnDose, draws: NDArray[np.int64]) -> Floats:
    """Return the dose of parts of equal volume (draws, bins)."""
    dose, share = drawn.dose_gy[draws], drawn.volume_frac[draws]
    if dose.shape[1] == 1:
        return np.broadcast_to(dose, (len(draws), BINS))
    return equal_parts_table_gy([BinnedDose(a, b) for a, b in zip(dose, share, strict=True)])


def _padded(days_d: tuple[tuple[float, ...], ...]) -> Floats:
    most = max((len(row) for row in days_d), default=0)
    out = np.full((len(days_d), most), np.nan)
    for k, row in enumerate(days_d):
        out[k, : len(row)] = row
    return out


def _extreme(days_d: Floats, choose: np.ufunc, none: float) -> Floats:
    found = choose.reduce(days_d, axis=1, initial=np.nan)
    return np.asarray(np.where(np.isnan(found), none, found))
