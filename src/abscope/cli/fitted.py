"""The draws that a question is put to: of a fit that was kept, of one made now, or of the prior."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from abscope.cli.progress import told
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.infer.case_model import FitOptions
    from abscope.infer.posterior import Posterior
    from abscope.infer.run_folder import RunFolder

__all__ = ["Fitted", "fitted"]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Draws of a fit, None where the prior was asked for, with the options it was made with.

    ``folder`` is the fit that was kept; ``warnings`` is what has to be shown first.
    """

    posterior: "Posterior | None"
    options: "FitOptions"
    folder: "RunFolder | None" = None
    warnings: tuple[str, ...] = ()


def fitted(
    located: "LocatedCase",
    *,
    run: Path | None,
    prior: bool,
    seed: int,
    homing: str = "lesion",
    without: tuple[str, ...] = (),
) -> Fitted:
    """Return the draws of the fit in ``run``, of the prior, or else of a fit that is made now.

    A kept fit brings its own homing and mechanisms. Raises UsageError for a run and the prior
    together, or a run that is not a fit of this case file, and as `fit_case` does.
    """
    from abscope.infer.fit_run import fit_options, read_fit

    if run is not None and prior:
        raise UsageError(
            Problem("--prior", "given with --run", "one of them", "Leave one of them out.")
        )
    if prior:
        return Fitted(None, fit_options(homing=homing, without=without))
    if run is not None:
        kept = read_fit(run, text=located.text)
        return Fitted(kept.posterior, kept.options, kept.folder, _against(kept.posterior))
    from abscope.infer.fitting import fit_case
    from abscope.infer.sampling import SamplerSettings

    options = fit_options(homing=homing, without=without)
    with told("fit") as tell:
        found = fit_case(
            located.case, options=options, settings=SamplerSettings(seed=seed),
            progress=lambda step: tell(step.done, step.total),
        )  # fmt: skip
    return Fitted(found.posterior, options, None, _against(found.posterior))


def _against(posterior: "Posterior") -> tuple[str, ...]:
    """Return what speaks against draws, for the first lines of an answer."""
    if posterior.diagnosis.converged:
        return ()
    return ("the fit did not converge: what follows is not an answer", *posterior.diagnosis.why)
