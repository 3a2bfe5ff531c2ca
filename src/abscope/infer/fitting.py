"""The fit of a case from end to end: best point, chains, and draws of all quantities by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from abscope.case.record import Case
from abscope.infer.case_density import CaseDensity, density_of
from abscope.infer.case_model import FitOptions
from abscope.infer.fit import MapFit, map_fit
from abscope.infer.given import check_given
from abscope.infer.identifiability import Confounded, identifiability
from abscope.infer.posterior import Posterior
from abscope.infer.profile import Profile, check_profiled, profile_of
from abscope.infer.sampling import SamplerSettings, SamplingProgress, Start, sample

__all__ = ["Fit", "fit_case"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A fit of a case.

    ``best`` is the most probable point of what the data carry (directions and choices),
    ``posterior`` has the draws of every quantity that a reading depends on, ``coordinates`` the
    same draws along the directions and choices. ``confounded`` are pairs that the data at the best
    point tell as one, ``profiles`` those that were asked for.
    """

    density: CaseDensity
    best: MapFit
    coordinates: Posterior
    posterior: Posterior
    confounded: tuple[Confounded, ...]
    profiles: tuple[Profile, ...] = ()

    @property
    def why_not(self) -> tuple[str, ...]:
        """Return a sentence for each thing that speaks against the fit; none where it converged."""
        return (*self.best.why, *self.posterior.diagnosis.why)

    @property
    def converged(self) -> bool:
        """Return whether nothing speaks against the fit."""
        return not self.why_not


def fit_case(
    case: Case,
    *,
    options: FitOptions | None = None,
    settings: SamplerSettings | None = None,
    progress: Callable[[SamplingProgress], None] | None = None,
    resume: bytes | None = None,
    profiles: Sequence[str] = (),
) -> Fit:
    """Return the fit of a case; the same case, options and settings give the same draws.

    ``progress`` is told of every ten steps of the chains; ``resume`` is the state of chains that
    were cut off; ``profiles`` are quantities whose profile is wanted. Raises CaseError where there
    is nothing to simulate or to compare with, or no radiotherapy, ModelError or EngineError where
    no point can be simulated, UsageError where ``resume`` is of another fit or no reading depends
    on a quantity to profile.
    """
    settings = settings or SamplerSettings()
    density = density_of(case, options)
    check_given(case, density.model.scouts)
    check_profiled(density.whole, profiles)
    best = map_fit(density, seed=settings.seed, begin=list(density.starts))
    center, covariance = density.start_of(best.z)
    posterior = sample(
        density.whole,
        case_id=case.id,
        start=Start(center=center, covariance=covariance),
        settings=settings,
        progress=progress,
        resume=resume,
    )
    whole = density.whole
    _, _, rows = whole.with_curvature(center[None, :])
    return Fit(
        density=density,
        best=best,
        coordinates=density.coordinates_of(posterior),
        posterior=posterior,
        confounded=identifiability(rows[0], whole.latents).confounded,
        profiles=tuple(profile_of(whole, name, best=center) for name in profiles),
    )
