"""Draws from the posterior of a density by chains of many walkers, which can be taken up again.

Each chain is a group of walkers that begins by itself; all walkers of all chains are computed
together, so that every core has work. They move by slices about a reference distribution
(`abscope.infer.elliptical`), and every ten steps by a leap to points far away
(`abscope.infer.leaping`), and members of one group swap their quantities
(`abscope.infer.swapping`). The reference begins as the normal approximation of a fit, is learned
anew from all walkers during the warm-up, then held. Walkers go on until the rule of convergence is
met (`abscope.infer.converging`), or for as many steps as they have. The random bits of a step
belong to the seed, the walker and the step: draws change neither with threads, nor with how many
points are computed together, nor with an interruption.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.errors import EngineError, Problem, UsageError
from abscope.infer.chain_state import ChainState, resumed_state, state_bytes
from abscope.infer.converging import can_be_told, diagnosed, evenly
from abscope.infer.density import Density
from abscope.infer.elliptical import SliceSteps, slice_steps
from abscope.infer.ensemble import Ensemble, Reference
from abscope.infer.leaping import leap_step
from abscope.infer.posterior import Posterior
from abscope.infer.reference import hardly_told, learned_reference, reference_of, widened
from abscope.infer.swapping import alike_members, swap_step

__all__ = ["SamplerSettings", "SamplingProgress", "Start", "sample"]

_METHOD = "elliptical slices and leaps of many walkers about a learned reference"
#: Setting: steps from one leap to the next; a checkpoint and the rule of convergence come between.
_LEG = 10
#: Settings: steps of a walker after the warm-up at least, and between two looks at the rule.
_LEAST_STEPS, _LOOK = 100, 20
#: What of the settings decides the draws.
_DECIDING = ("chains", "draws", "warmup", "seed", "walkers", "steps_per_draw", "others")
#: Settings: points that are tried for each walker to begin at, the share of the prior in them, and
#: what data count for the others. Walkers that begin too near the best point take more than a
#: hundred steps to fill the tails (docs/explanation/sampling.md).
_FIRST_POINTS, _PRIOR_FRAC, _FIRST_DATA_FRAC = 8, 0.5, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerSettings:
    """How many chains, the draws of each after ``warmup`` steps, and the seed.

    A chain has ``walkers``; for each of its draws they make up to ``steps_per_draw`` steps. A leap
    chooses among ``others``. ``batch`` is how many points are computed together; it changes no
    draw.
    """

    chains: int = 4
    draws: int = 250
    warmup: int = 40
    seed: int = 1
    walkers: int = 32
    steps_per_draw: int = 60
    others: int = 4
    batch: int = 128

    def __post_init__(self) -> None:
        least = {"chains": 2, "draws": 20, "warmup": 10, "seed": 0, "walkers": 1,
                 "steps_per_draw": 1, "others": 1, "batch": 1}  # fmt: skip
        problems = [
            Problem(name, f"{getattr(self, name)}", f"{low} or more", "Choose another number.")
            for name, low in least.items()
            if getattr(self, name) < low
        ]
        if problems:
            raise UsageError(problems)

    @property
    def warming(self) -> int:
        """Return the steps of the warm-up: whole legs."""
        return _LEG * -(-self.warmup // _LEG)

    @property
    def most_steps(self) -> int:
        """Return the steps of a walker after the warm-up at most: whole legs."""
        least = -(-self.draws * self.steps_per_draw // self.walkers)
        return _LEG * max(2, -(-least // _LEG))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Where chains begin: the normal approximation of a fit.

    ``center`` (latents,) and ``covariance`` (latents, latents) in standard normal deviates.
    """

    center: Floats = field(repr=False)
    covariance: Floats = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamplingProgress:
    """What a caller is told after ten steps: ``done`` of ``total`` at most, ``tried`` points.

    `state` is what `sample` goes on from: a checkpoint.
    """

    done: int
    total: int
    tried: int
    chains: ChainState = field(repr=False)

    @property
    def save(self) -> bool:
        """Return whether a checkpoint is due: ten steps are worth one."""
        return True

    def state(self) -> bytes:
        """Return the state of all chains as bytes."""
        return state_bytes(self.chains)


def sample(
    density: Density,
    *,
    case_id: str,
    start: Start,
    settings: SamplerSettings | None = None,
    progress: Callable[[SamplingProgress], None] | None = None,
    resume: bytes | None = None,
) -> Posterior:
    """Return draws from the posterior of a density, with their diagnosis.

    ``resume`` is the state of an interrupted run of the same density, start and settings; the draws
    are those of an uninterrupted one. Raises UsageError where the state is of another run or the
    start does not fit the density, EngineError where no point near the start can be simulated.
    """
    settings = settings or SamplerSettings()
    mark = _mark(density, start, settings)
    first = reference_of(start.center, start.covariance)
    state = (
        _begin(density, widened(first, data_frac=_FIRST_DATA_FRAC), settings, mark)
        if resume is None
        else resumed_state(resume, mark=mark)
    )
    warming, total = settings.warming, settings.warming + settings.most_steps
    diagnosis = None
    moves = _Moves(density, settings, hardly_told(np.asarray(start.covariance, float)))
    while state.done < total and not (diagnosis and diagnosis.converged):
        moves.leg(state)
        if state.done <= warming:
            recent = state.z[state.done // 2 : state.done]
            state.reference = learned_reference(state.reference, first, recent)
        diagnosis = None
        if progress is not None:
            tried = state.ensemble.tried
            progress(SamplingProgress(done=state.done, total=total, tried=tried, chains=state))
        if _to_look(state.done - warming, settings) and can_be_told(state, settings=settings):
            diagnosis = diagnosed(state, settings=settings, latents=density.latents)
    return Posterior(
        case_id=case_id,
        latents=tuple(density.latents),
        z=evenly(state.z[warming : state.done], settings.chains, settings.draws),
        log_density=evenly(
            state.log_density[warming : state.done, :, None], settings.chains, settings.draws
        )[..., 0],
        seed=settings.seed,
        method=_METHOD,
        diagnosis=diagnosis or diagnosed(state, settings=settings, latents=density.latents),
    )


def _to_look(steps: int, settings: SamplerSettings) -> bool:
    """Return whether the rule of convergence is applied after so many steps."""
    enough = steps >= _LEAST_STEPS and steps * settings.walkers >= settings.draws
    return enough and steps % _LOOK == 0


class _Moves:
    """The moves of a leg: a leap and a swap, then slices."""

    def __init__(
        self, density: Density, settings: SamplerSettings, untold: NDArray[np.bool_]
    ) -> None:
        self.log_likelihood, self.settings, self.untold = density.log_likelihood, settings, untold
        self.groups = alike_members(density.latents)

    def leg(self, state: ChainState) -> None:
        """Move all walkers by the steps of a leg, and keep their points."""
        first, walkers, settings = state.done + 1, state.ensemble, self.settings
        everyone = np.arange(len(walkers.z))
        batched = _by_batches(self.log_likelihood, settings.batch)
        generators = [self._generator(k, first) for k in range(len(everyone))]
        leap_step(
            walkers, log_likelihood=batched, reference=state.reference, generators=generators,
            others=settings.others,
        )  # fmt: skip
        if self.groups:
            swap_step(walkers, log_likelihood=batched, groups=self.groups, generators=generators)

        def keep(who: NDArray[np.int64], step: NDArray[np.int64]) -> None:
            state.z[step - 1, who] = walkers.z[who]
            height = walkers.log_likelihood[who] - 0.5 * np.square(walkers.z[who]).sum(axis=1)
            state.log_density[step - 1, who] = height

        keep(everyone, np.full(len(everyone), first))
        slices = SliceSteps(
            first=first + 1, last=state.done + _LEG, generator=self._generator, keep=keep,
            batch=settings.batch, untold=self.untold,
        )  # fmt: skip
        slice_steps(
            walkers, log_likelihood=self.log_likelihood, reference=state.reference, steps=slices
        )
        state.done += _LEG

    def _generator(self, walker: int, step: int) -> np.random.Generator:
        return _generator(self.settings.seed, walker, step)


def _by_batches(
    log_likelihood: Callable[[Floats], Floats], batch: int
) -> Callable[[Floats], Floats]:
    def found(z: Floats) -> Floats:
        parts = np.array_split(z, max(1, -(-len(z) // batch)))
        return np.concatenate([log_likelihood(part) for part in parts])

    return found


def _generator(seed: int, walker: int, step: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, walker], counter=[0, 0, step, 0]))


def _begin(
    density: Density, reference: Reference, settings: SamplerSettings, mark: str
) -> ChainState:
    """Return walkers at points that each chain has chosen among draws of its own.

    They are draws of the (wide) reference and of the prior, chosen by a power of their weights that
    leaves a tenth of them effective.
    """
    number = settings.walkers
    chosen, found = [], []
    tried = failed = 0
    for chain in range(settings.chains):
        one = _generator(settings.seed, chain, 0)
        total = _FIRST_POINTS * number
        z = reference.draws(total, one)
        prior = one.random(total) < _PRIOR_FRAC
        z[prior] = one.standard_normal((int(prior.sum()), z.shape[1]))
        log_l = _by_batches(density.log_likelihood, settings.batch)(z)
        log_l = np.where(np.isnan(log_l), -np.inf, log_l)
        tried, failed = tried + total, failed + int(np.isneginf(log_l).sum())
        if not np.isfinite(log_l).any():
            what = f"none of {tried} points near the best fit and of the prior could be simulated"
            expected, hint = "a finite likelihood at the fit itself", "Fit again."
            raise EngineError(Problem("sampling", what, expected, hint))
        weights = _flattened(reference.log_weight(z, log_l, _PRIOR_FRAC))
        ends = np.cumsum(weights)
        places = np.searchsorted(ends, (np.arange(number) + one.random()) / number * ends[-1])
        places = np.minimum(places, total - 1)
        chosen.append(z[places])
        found.append(log_l[places])
    walkers = Ensemble(np.concatenate(chosen), np.concatenate(found), tried=tried, failed=failed)
    steps = settings.warming + settings.most_steps
    return ChainState(
        mark=mark,
        ensemble=walkers,
        reference=reference,
        z=np.full((steps, *walkers.z.shape), np.nan),
        log_density=np.full((steps, len(walkers.z)), np.nan),
    )


def _flattened(log_weights: Floats) -> Floats:
    """Return weights to a power of 1, 1/2, 1/4 .. so that a tenth of the draws is effective."""
    power = 1.0
    top = log_weights - log_weights.max()
    with np.errstate(invalid="ignore"):
        weights = np.exp(top)
        while weights.sum() ** 2 < 0.1 * len(top) * np.square(weights).sum() and power > 1e-3:
            power *= 0.5
            weights = np.exp(power * top)
    return np.asarray(weights / weights.sum())


def _mark(density: Density, start: Start, settings: SamplerSettings) -> str:
    """Return what a run has to agree in to go on, and check that start and density fit."""
    names = [latent.name for latent in density.latents]
    shapes = (np.shape(start.center), np.shape(start.covariance))
    expected = ((len(names),), (len(names), len(names)))
    if shapes != expected or not names:
        raise UsageError(Problem("start", f"shapes {shapes}", f"{expected}", "Fit again."))
    numbers = tuple(getattr(settings, name) for name in _DECIDING)
    center = np.round(start.center, 6).tolist()
    return repr((numbers, names, center))
