"""Patients simulated with ``abscope-core``."""

from collections.abc import Mapping, Sequence
from functools import cache

from numpy.typing import ArrayLike

from abscope.engine.compiling import Compiled, compile_system
from abscope.engine.cores import cores
from abscope.engine.simulation import Settings, Trajectories, simulate
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.patient import Patient
from abscope.model.switches import GrowthLaw
from abscope.model.system import core_system

__all__ = ["compiled_core", "simulate_patients"]


@cache
def compiled_core(law: GrowthLaw = "generalized") -> Compiled:
    """Return the model with a law of growth, ready to simulate; compiled on first use."""
    return compile_system(core_system(law))


def simulate_patients(
    patients: Sequence[Patient],
    *,
    observe_at_d: ArrayLike,
    options: CoreOptions | None = None,
    draws: Mapping[str, ArrayLike] | None = None,
    settings: Settings | None = None,
) -> Trajectories:
    """Return the trajectories of patients; member and lesion in the order given.

    The arguments are those of `batch.batch_of`; raises ModelError and EngineError as it does. Runs
    on all cores unless the settings say otherwise.
    """
    options = options or CoreOptions()
    batch = batch_of(patients, observe_at_d=observe_at_d, options=options, draws=draws)
    settings = settings or _over_cores(batch.members)
    return simulate(compiled_core(options.switches.growth), batch, settings)


def _over_cores(members: int) -> Settings:
    n = cores()
    return Settings(n_threads=n, chunk=max(16, min(256, -(-members // n))))
