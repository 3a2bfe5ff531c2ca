"""The lymphocyte model of one patient: from coordinates to counts, and how well they fit."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from abscope.blood.alc.counts import Count
from abscope.blood.alc.prior import Draws, Prior, PriorSettings
from abscope.blood.alc.schedule import Schedule, schedule
from abscope.blood.alc.simulate import Trajectory, simulate
from abscope.blood.doses import BodyDose
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.flowing import BloodSurvival
from abscope.blood.pools.kill import KillTable
from abscope.blood.pools.traffic import POOLS
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem

__all__ = ["LymphocyteModel", "course_losses"]
_Tables = tuple[KillTable, KillTable | None]


def course_losses(tables: Sequence[_Tables], draws: Draws) -> list[Floats]:
    """Return -ln S (n, pools) of one fraction of every course, open targets by draw."""
    losses = []
    for index, (sure, more) in enumerate(tables):
        sensitivity = draws.alpha_per_gy * draws.factor_frac[:, index]
        how = {"beam_on_time_s": draws.beam_on_time_s, "frozen_frac": draws.frozen_frac}
        loss = sure.loss(sensitivity, **how)
        if more is not None:
            wider = more.loss(sensitivity, **how)
            loss = np.where(draws.open_targets[:, index, None], wider, loss)
        losses.append(loss)
    return losses


class LymphocyteModel:
    """Courses, counts and prior of one patient.

    ``blood`` gives the survival in flowing blood; with ``frozen`` it is one limit and that the
    other, and every draw lies between them.
    """

    def __init__(
        self,
        settings: PriorSettings,
        *,
        counts: Sequence[Count],
        blood: BloodSurvival,
        frozen: BloodSurvival | None = None,
    ) -> None:
        if not settings.planned:
            raise ModelError(
                Problem("lymphocytes", "no fraction is known", "one course or more", "Add a dose.")
            )
        if settings.n_counts != len(counts):
            raise ModelError(
                Problem("lymphocytes", f"{settings.n_counts} counts announced, {len(counts)} given",
                        "the same number", "Correct the settings.")
            )  # fmt: skip
        self.prior = Prior(settings)
        self.planned: tuple[PlannedDose, ...] = settings.planned
        self.counts = tuple(counts)
        self.blood, self.frozen = blood, frozen

        def table(body: BodyDose) -> KillTable:
            return KillTable(body, blood=blood, frozen=frozen)

        self.tables: list[_Tables] = [
            (table(item.body), None if item.open_body is None else table(item.open_body))
            for item in self.planned
        ]

    def run(self, draws: Draws, *, tables: Sequence[_Tables] | None = None) -> Trajectory:
        """Return the trajectories of draws, with other kill tables where they are given."""
        days = schedule(self.planned, draws)
        tables = tables or self.tables
        losses = course_losses(tables, draws)
        if self.prior.settings.plateau_by_dose:
            draws = _with_lower_plateau(draws, days, losses, tables)
        return simulate(draws, days=days, losses=losses)

    def expected_per_ul(self, draws: Draws) -> Floats:
        """Return the count that each draw expects at each measured count (n, counts)."""
        days = schedule(self.planned, draws)
        return self.counts_per_ul(self.run(draws), self.count_days_d(draws, days))

    def counts_per_ul(self, course: Trajectory, time_d: Floats) -> Floats:
        """Return counts per microliter at days (k,) or (n, k), covariates included, as (n, k)."""
        draws = course.draws
        after = np.broadcast_to(time_d, (len(draws.alpha_per_gy), np.shape(time_d)[-1]))
        factor = (draws.steroid_frac * draws.chemotherapy_frac)[:, None]
        during = np.where(after >= course.first_d, factor, 1.0)
        return np.asarray(draws.baseline_per_ul[:, None] * course.at(time_d) * during)

    def count_days_d(self, draws: Draws, days: Schedule) -> Floats:
        """Return the day of each measured count in each draw (n, counts)."""
        out = np.empty((len(draws.alpha_per_gy), len(self.counts)))
        for index, count in enumerate(self.counts):
            low, high = self._span(count, days)
            out[:, index] = low + (high - low) * draws.count_place_frac[:, index]
        return out

    def _span(self, count: Count, days: Schedule) -> tuple[Floats | float, Floats | float]:
        if not count.anchor:
            return count.low_d, count.high_d
        which = [
            index
            for index, item in enumerate(self.planned)
            if count.anchor in (item.name, item.course)
        ]
        if not which:
            return count.low_d, count.high_d
        start, end = days.start_d[:, which].min(axis=1), days.end_d[:, which].max(axis=1)
        if count.anchor_part == "during":
            return start, end
        at = start if count.anchor_part == "start" else end
        return at + count.low_d, at + count.high_d

    def log_likelihood(self, coordinates: Floats) -> Floats:
        """Return ln p(counts | coordinates) (n,).

        Counts are log-normal about the expected one; versions that conflict are equally likely.
        """
        draws = self.prior.draws(coordinates)
        total = np.zeros(len(draws.alpha_per_gy))
        if not self.counts:
            return total
        expected = np.log(self.expected_per_ul(draws))
        sd = draws.observation_sd_log
        for index, count in enumerate(self.counts):
            seen = np.log(np.array(count.values_per_ul))
            z = (seen[None, :] - expected[:, index, None]) / sd[:, None]
            total += np.log(np.exp(-0.5 * z * z).mean(axis=1) + 1e-300) - np.log(sd)
        return total


def _with_lower_plateau(
    draws: Draws, days: Schedule, losses: list[Floats], tables: Sequence[_Tables]
) -> Draws:
    """Return the draws with a plateau that the dose of marrow and thymus lowers (an option).

    p (1 - e_m (1 - S_m)) (1 - e_t (1 - S_t)) with the shares S of the marrow and of the thymus
    that survive all fractions and the effects e of the catalog. Regrowth of both is neglected, and
    of the targets only the sure ones count for the thymus.
    """
    marrow = POOLS.index("marrow")
    number = days.fractions.sum(axis=2).astype(np.float64)
    lost = np.zeros((2, len(draws.alpha_per_gy)))
    for index, (loss, (sure, _)) in enumerate(zip(losses, tables, strict=True)):
        sensitivity = draws.alpha_per_gy * draws.factor_frac[:, index]
        lost += number[index] * np.stack([loss[:, marrow], sure.thymus_loss(sensitivity)])
    left = draws.plateau_frac
    for name, part in zip(("marrow", "thymus"), lost, strict=True):
        effect = lymphocyte_parameter(f"{name}_plateau_effect").value
        left = left * (1.0 + effect * np.expm1(-part))
    return replace(draws, plateau_frac=left)
