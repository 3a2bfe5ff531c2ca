"""Where the draws of an explanation come from: a fit made now, or the folder of one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from abscope.case.record import Case
from abscope.errors import Problem, UsageError
from abscope.infer.case_model import FitOptions
from abscope.infer.draws_file import read_posterior
from abscope.infer.fitting import fit_case
from abscope.infer.posterior import Posterior
from abscope.infer.run_folder import open_run
from abscope.infer.sampling import SamplerSettings, SamplingProgress

__all__ = ["posterior_for", "posterior_of_run"]

_DRAWS = ".nc"


def posterior_for(
    case: Case,
    *,
    options: FitOptions,
    seed: int,
    progress: Callable[[SamplingProgress], None] | None = None,
) -> Posterior:
    """Return the posterior of a fit made now; its diagnosis says what speaks against any of it."""
    fit = fit_case(case, options=options, settings=SamplerSettings(seed=seed), progress=progress)
    diagnosis = replace(fit.posterior.diagnosis, why=fit.why_not)
    return replace(fit.posterior, diagnosis=diagnosis)


def posterior_of_run(path: Path, *, case_id: str, homing: str) -> Posterior:
    """Return the posterior that the run of a folder has.

    Raises UsageError where the folder has no finished fit of this case with this mode of homing.
    """
    folder = open_run(path)
    found = folder.record
    problems = []
    if found.case_id != case_id:
        problems.append(
            Problem(str(path), f"a run on {found.case_id}", f"one on {case_id}", "Name another.")
        )
    if not folder.complete:
        problems.append(
            Problem(str(path), "an unfinished run", "one that is over", "Let it go on first.")
        )
    fitted = str(found.options.get("homing", "lesion"))
    if fitted != homing:
        hint = f"Say --homing {fitted}."
        problems.append(Problem(str(path), f"a fit with homing by {fitted}", homing, hint))
    names = sorted(name for name in found.outputs if name.endswith(_DRAWS))
    if not names:
        what = f"a run of 'abscope {found.command}' without draws"
        problems.append(Problem(str(path), what, "the run of a fit", "Name another."))
    if problems:
        raise UsageError(problems)
    name = next((x for x in names if "posterior" in x), names[0])
    return read_posterior(folder.read(name), name=str(path / name))
