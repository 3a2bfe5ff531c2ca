"""Draws from the posterior of a density by chains that move together, and can be taken up again.

Every chain moves in turn by a leap (`abscope.infer.leaping`) and by slices along what the data
carry, across it, and both (`abscope.infer.elliptical`). All use one reference distribution, which
begins as the normal approximation of a fit and is learned anew from all chains during the warm-up,
then held. The random bits of a step belong to the seed, the chain and the step: draws change
neither with threads, nor with how many points are computed together, nor with an interruption.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.errors import EngineError, Problem, UsageError
from abscope.infer.chain_state import ChainState, resumed_state, state_bytes
from abscope.infer.density import Density
from abscope.infer.diagnostics import diagnose
from abscope.infer.elliptical import Part, slice_step
from abscope.infer.ensemble import Ensemble, Reference
from abscope.infer.leaping import leap_step
from abscope.infer.posterior import Posterior

__all__ = ["SamplerSettings", "SamplingProgress", "Start", "sample"]

_METHOD = "independent leaps and elliptical slices about a Student t reference"
#: Settings: the parts of the warm-up after which the reference is learned from the chains.
_LEARNED = (0.15, 0.3, 0.5, 0.75, 1.0)
#: Setting: a variance this far from 1 tells a direction that the data carry.
_TOLD = 0.05
#: What of the settings decides the draws.
_DECIDING = ("chains", "draws", "warmup", "seed", "others")
#: Setting: the moves in turn; each alone leaves the posterior as it is.
_CYCLE: tuple[Part | Literal["leap"], ...] = ("all", "leap", "across", "along")
#: Setting: tries to find a point that can be simulated, each nearer to the center.
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerSettings:
    """How many chains, their draws after ``warmup`` steps, and the seed.

    ``others`` are the points that a leap chooses among. ``batch`` is about how many points a slice
    computes together, ``save_every`` the number of steps between two checkpoints; neither changes a
    draw.
    """

    chains: int = 8
    draws: int = 250
    warmup: int = 100
    seed: int = 1
    others: int = 8
    batch: int = 32
    save_every: int = 25

    def __post_init__(self) -> None:
        least = {"chains": 2, "draws": 20, "warmup": 10, "seed": 0, "others": 1, "batch": 1,
                 "save_every": 1}  # fmt: skip
        problems = [
            Problem(name, f"{getattr(self, name)}", f"{low} or more", "Choose another number.")
            for name, low in least.items()
            if getattr(self, name) < low
        ]
        if problems:
            raise UsageError(problems)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Where chains begin: the normal approximation of a fit.

    ``center`` (latents,) and ``covariance`` (latents, latents) in standard normal deviates.
    """

    center: Floats = field(repr=False)
    covariance: Floats = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SamplingProgress:
    """What a caller is told after a step: ``done`` of ``total`` steps, ``tried`` points so far.

    ``save`` says that a checkpoint is due; `state` is what `sample` goes on from.
    """

    done: int
    total: int
    tried: int
    save: bool
    chains: ChainState = field(repr=False)

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
    state = (
        _begin(density, start, settings, mark)
        if resume is None
        else resumed_state(resume, mark=mark)
    )
    total = settings.warmup + settings.draws
    while state.done < total:
        _step(density, state, settings)
        if state.done in _learning_steps(settings.warmup):
            state.reference = _learned(state)
        if progress is not None:
            due = state.done % settings.save_every == 0
            progress(
                SamplingProgress(
                    done=state.done, total=total, tried=state.ensemble.tried, save=due, chains=state
                )
            )
    z = state.z[settings.warmup :].transpose(1, 0, 2).copy()
    failed_frac = state.ensemble.failed / max(1, state.ensemble.tried)
    return Posterior(
        case_id=case_id,
        latents=tuple(density.latents),
        z=z,
        log_density=state.log_density[settings.warmup :].T.copy(),
        seed=settings.seed,
        method=_METHOD,
        diagnosis=diagnose(z, latents=density.latents, failed_frac=failed_frac),
    )


def _step(density: Density, state: ChainState, settings: SamplerSettings) -> None:
    """Move all chains by the next move of the cycle, and keep their points."""
    step = state.done + 1
    generators = [_generator(settings.seed, chain, step) for chain in range(settings.chains)]
    move = _CYCLE[step % len(_CYCLE)]
    if move == "leap":
        leap_step(
            state.ensemble,
            log_likelihood=density.log_likelihood,
            reference=state.reference,
            generators=generators,
            others=settings.others,
        )
    else:
        slice_step(
            state.ensemble,
            log_likelihood=density.log_likelihood,
            reference=state.reference,
            generators=generators,
            batch=settings.batch,
            part=move,
        )
    state.z[state.done] = state.ensemble.z
    state.log_density[state.done] = state.ensemble.log_posterior()
    state.done += 1


def _generator(seed: int, chain: int, step: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=[seed, chain], counter=[0, 0, step, 0]))


def _learning_steps(warmup: int) -> list[int]:
    return [round(part * warmup) for part in _LEARNED]


def _learned(state: ChainState) -> Reference:
    """Return the reference by the later half of the steps so far.

    The covariance is drawn toward the one before, as if that were worth twice as many draws as
    there are directions; four draws of a chain count as one.
    """
    old = state.reference
    recent = old.along(state.z[state.done // 2 : state.done]).reshape(-1, len(old.center))
    worth, prior = len(recent) / 4.0, 2.0 * len(old.center)
    spread = np.atleast_2d(np.cov(recent.T))
    mixed = (worth * spread + prior * old.factor @ old.factor.T) / (worth + prior)
    factor = np.asarray(np.linalg.cholesky(mixed), float)
    return Reference(old.basis, recent.mean(axis=0), factor)


def _reference(start: Start) -> Reference:
    """Return the reference of a start: the directions along which it is not the prior."""
    covariance = np.asarray(start.covariance, float)
    if not np.isfinite(covariance).all() or np.linalg.eigvalsh(covariance).min() <= 0.0:
        what = "the covariance is not that of a distribution"
        raise UsageError(Problem("start", what, "positive definite", "Fit again."))
    variances, vectors = np.linalg.eigh(covariance)
    told = np.abs(variances - 1.0) > _TOLD
    told[np.argmax(np.abs(variances - 1.0))] = True
    basis = vectors[:, told].T.copy()
    factor = np.diag(np.sqrt(variances[told]))
    return Reference(basis, basis @ start.center, factor)


def _begin(density: Density, start: Start, settings: SamplerSettings, mark: str) -> ChainState:
    """Return chains at draws from the start, nearer to its center where those cannot be run."""
    reference = _reference(start)
    deviates = np.stack(
        [
            _generator(settings.seed, chain, 0).standard_normal(len(start.center))
            for chain in range(settings.chains)
        ]
    )
    spread, center = reference.spread(deviates, 1.0), np.asarray(start.center, float)
    z = reference.middle() + spread
    log_likelihood = density.log_likelihood(z)
    tried = len(z)
    for attempt in range(1, _TRIES + 1):
        bad = ~np.isfinite(log_likelihood)
        if not bad.any():
            break
        nearer = 0.0 if attempt == _TRIES else 0.7**attempt
        z[bad] = center + nearer * spread[bad]
        log_likelihood[bad] = density.log_likelihood(z[bad])
        tried += int(bad.sum())
    if not np.isfinite(log_likelihood).all():
        what = f"none of {tried} points near the best fit could be simulated"
        expected, hint = "a finite likelihood at the fit itself", "Fit again."
        raise EngineError(Problem("sampling", what, expected, hint))
    steps = settings.warmup + settings.draws
    return ChainState(
        mark=mark,
        ensemble=Ensemble(z, log_likelihood, tried=tried),
        reference=reference,
        z=np.full((steps, *z.shape), np.nan),
        log_density=np.full((steps, len(z)), np.nan),
    )


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
