"""The draws that a question is put to: of a fit that was kept, of one made now, or of the prior."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from abscope.cli.progress import told
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.infer.case_model import FitOptions
    from abscope.infer.fit_run import StoredFit
    from abscope.infer.posterior import Posterior

__all__ = ["Fitted", "fitted", "kept_fit"]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Draws of a fit, None where the prior was asked for, with the options it was made with.

    ``warnings`` is what has to be shown first; ``files`` are the draws of a fit that was made now,
    by name, for the folder of a run.
    """

    posterior: "Posterior | None"
    options: "FitOptions"
    warnings: tuple[str, ...] = ()
    files: "dict[str, bytes]" = field(default_factory=dict)


def kept_fit(located: "LocatedCase", *, run: Path | None, prior: bool) -> "StoredFit | None":
    """Return the fit in the folder ``run``, None where none is named.

    Raises UsageError for a run and the prior together, or a run that is not a fit of this case
    file.
    """
    if run is None:
        return None
    if prior:
        raise UsageError(
            Problem("--prior", "given with --run", "one of them", "Leave one of them out.")
        )
    from abscope.infer.fit_run import read_fit

    return read_fit(run, text=located.text)


def fitted(
    located: "LocatedCase",
    kept: "StoredFit | None",
    *,
    prior: bool,
    seed: int,
    homing: str = "lesion",
    without: tuple[str, ...] = (),
) -> Fitted:
    """Return the draws of the fit ``kept``, of the prior, or else of a fit that is made now.

    A kept fit brings its own homing and mechanisms. Raises as `fit_case` does.
    """
    from abscope.infer.fit_run import DRAWS, fit_options

    if kept is not None:
        return Fitted(kept.posterior, kept.options, _against(located, kept.posterior))
    options = fit_options(homing=homing, without=without)
    if prior:
        return Fitted(None, options)
    from abscope.infer.draws_file import posterior_bytes
    from abscope.infer.fitting import fit_case
    from abscope.infer.sampling import SamplerSettings

    with told("fit") as tell:
        found = fit_case(
            located.case, options=options, settings=SamplerSettings(seed=seed),
            progress=lambda step: tell(step.done, step.total),
        )  # fmt: skip
    files = {DRAWS: posterior_bytes(found.posterior)}
    return Fitted(found.posterior, options, _against(located, found.posterior), files)


def _against(located: "LocatedCase", posterior: "Posterior") -> tuple[str, ...]:
    """Return what speaks against draws, for the first lines of an answer."""
    if posterior.diagnosis.converged:
        return ()
    first = f"{located.case.id}: the fit did not converge; its numbers are not an answer"
    return (first, *posterior.diagnosis.why)
