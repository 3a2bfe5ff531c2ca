"""Whether chains of many walkers have converged, and the draws that stand for them.

The rule is that of `abscope.infer.diagnostics`: R-hat at most 1.01, 400 effective draws. A chain is
its walkers one after the other, so that effective sizes see how slowly each of them moves, and
halves of a chain are different walkers. R-hat has to hold as well with the points of a chain in the
order of their steps, whose halves are the earlier and the later steps. Of N points that are worth E
independent ones n are kept, evenly, which are worth at least

    1 / (1/n + 1/E - 1/N)
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.infer.chain_state import ChainState
from abscope.infer.diagnostics import MOST_R_HAT, diagnose, r_hat
from abscope.infer.posterior import Diagnosis, Latent

__all__ = ["can_be_told", "diagnosed", "evenly"]


class _Settings(Protocol):
    """What of the settings of a sampler matters here."""

    @property
    def chains(self) -> int:
        """Return how many chains there are."""
        ...

    @property
    def draws(self) -> int:
        """Return how many draws of a chain are kept."""
        ...

    @property
    def warming(self) -> int:
        """Return how many steps are left out."""
        ...


def diagnosed(state: ChainState, *, settings: _Settings, latents: Sequence[Latent]) -> Diagnosis:
    """Return how far the draws after the warm-up can be trusted."""
    z = state.z[settings.warming : state.done]
    tried = max(1, state.ensemble.tried)
    return diagnose(
        _by_walker(z, settings.chains),
        latents=latents,
        failed_frac=state.ensemble.failed / tried,
        again=_by_step(z, settings.chains),
        kept=settings.chains * settings.draws,
    )


def can_be_told(state: ChainState, *, settings: _Settings) -> bool:
    """Return whether R-hat holds by walkers and by steps, which `diagnosed` looks at as well.

    It ends at the first quantity for which it does not: a look that is in vain costs little.
    """
    z = state.z[settings.warming : state.done]
    orders = (_by_step(z, settings.chains), _by_walker(z, settings.chains))
    return all(r_hat(one[:, :, k]) <= MOST_R_HAT for one in orders for k in range(z.shape[2]))


def evenly(z: Floats, chains: int, draws: int) -> Floats:
    """Return draws (chains, draws, latents), evenly, of points (steps, walkers, latents)."""
    every = _by_walker(z, chains)
    chosen = np.linspace(0, every.shape[1] - 1, draws).round().astype(np.int64)
    return np.asarray(every[:, chosen])


def _by_walker(z: Floats, chains: int) -> Floats:
    steps, walkers, latents = z.shape
    each = walkers // chains
    grouped = z.reshape(steps, chains, each, latents)
    return np.asarray(grouped.transpose(1, 2, 0, 3).reshape(chains, each * steps, latents))


def _by_step(z: Floats, chains: int) -> Floats:
    steps, walkers, latents = z.shape
    each = walkers // chains
    grouped = z.reshape(steps, chains, each, latents)
    return np.asarray(grouped.transpose(1, 0, 2, 3).reshape(chains, each * steps, latents))
