"""A fit on disk: the numbers of its results, its files, and the way back to its draws."""

import hashlib
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from abscope.case.record import Case
from abscope.errors import Problem, UsageError
from abscope.infer.case_model import FitOptions
from abscope.infer.draws_file import posterior_bytes, read_posterior
from abscope.infer.estimates import QUANTILES, estimates, values_at
from abscope.infer.fitting import Fit
from abscope.infer.informing import lesions_without_words
from abscope.infer.latents import latent_of
from abscope.infer.posterior import Posterior
from abscope.infer.predictive import predictive_checks, predictive_words
from abscope.infer.profile import Profile
from abscope.infer.run_folder import RunFolder, open_run, versions_now
from abscope.model.case_lesions import recorded_id
from abscope.model.expectation_rows import switches_without

__all__ = ["DRAWS", "StoredFit", "fit_files", "fit_options", "fit_results", "read_fit"]

#: Files of the folder: all quantities by name, and the coordinates that the chains moved in.
DRAWS = "draws.nc"
_COORDINATES = "directions.nc"
#: Versions that say what the draws mean; others move numbers by rounding only.
_MEANING = ("abscope", "catalog")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredFit:
    """The draws of a fit with the options it was made with."""

    posterior: Posterior
    options: FitOptions
    folder: RunFolder


def fit_options(*, homing: str, without: tuple[str, ...]) -> FitOptions:
    """Return the options of a fit by the words of the command line; raises UsageError."""
    return FitOptions(homing=homing, switches=switches_without(without))  # type: ignore[arg-type]


def fit_results(case: Case, fit: Fit) -> dict[str, Any]:
    """Return what a fit found as plain numbers: nothing here is a mean without an interval."""
    diagnosis, model = fit.posterior.diagnosis, fit.density.model
    lesions = tuple(dict.fromkeys(recorded_id(x.id) for x in model.scouts[0].lesions))
    checks = predictive_checks(model, fit.posterior, seed=fit.posterior.seed)
    return {
        "case": case.id,
        "converged": fit.converged,
        "why_not": list(fit.why_not),
        "not_informed": list(lesions_without_words(case, model.data, lesions=lesions)),
        "not_used": list(model.data.notes),
        "method": fit.posterior.method,
        "chains": fit.posterior.z.shape[0],
        "draws": fit.posterior.z.shape[1],
        "r_hat": _number(diagnosis.r_hat),
        "ess_bulk": _number(diagnosis.ess_bulk),
        "ess_tail": _number(diagnosis.ess_tail),
        "best": {
            "log_posterior": fit.best.log_posterior,
            "log_likelihood": fit.best.log_likelihood,
            "starts": len(fit.best.ends),
            "agreeing": fit.best.agreeing,
        },
        "interval": {"kind": "equal tails", "quantiles": list(QUANTILES)},
        "coordinates": [
            {
                "name": latent.name,
                "meaning": latent.meaning,
                "posterior_over_prior_sd": float(fit.coordinates.z[..., k].std()),
            }
            for k, latent in enumerate(fit.coordinates.latents)
        ],
        "quantities": [
            {**asdict(one), "before": list(one.before), "after": list(one.after)}
            for one in estimates(case, fit.posterior, organs=model.options.organs)
        ],
        "confounded": [
            {**asdict(one), "exactly": one.exactly, "says": one.words} for one in fit.confounded
        ],
        "profiles": [_profile(case, fit, one) for one in fit.profiles],
        "recorded_again": [{**asdict(one), "agrees": one.agrees} for one in checks],
        "recorded_again_says": list(predictive_words(checks)),
    }


def _profile(case: Case, fit: Fit, found: Profile) -> dict[str, Any]:
    """Return a profile as plain numbers; an end of its interval is None where the values end."""
    organs = fit.density.model.options.organs
    values, unit = values_at(case, found.name, found.z, organs=organs)
    ends = [
        float(values_at(case, found.name, np.array([end]), organs=organs)[0][0])
        if math.isfinite(end)
        else None
        for end in found.interval()
    ]
    return {
        "name": found.name,
        "meaning": latent_of(found.name).meaning,
        "unit": unit,
        "values": values.tolist(),
        "deviates": found.z.tolist(),
        "log_posterior": [_number(float(x)) for x in found.log_posterior],
        "log_likelihood": [_number(float(x)) for x in found.log_likelihood],
        "without_prior": [_number(float(x)) for x in found.without_prior],
        "interval_95": ends,
        "converged": found.converged,
    }


def fit_files(fit: Fit) -> dict[str, bytes]:
    """Return the files of draws of a fit by name."""
    return {
        DRAWS: posterior_bytes(fit.posterior),
        _COORDINATES: posterior_bytes(fit.coordinates),
    }


def read_fit(path: Path, *, text: str) -> StoredFit:
    """Return the draws of the fit in a folder; ``text`` is the case file they are wanted for.

    Raises UsageError where the folder is no finished fit, or one of another case file, of another
    version of abscope, or of other values of the catalog, with which draws mean something else.
    """
    folder = open_run(path)
    record = folder.record
    hint = f"Make one with 'abscope fit {record.case_id} --out DIR'."
    if record.command != "fit":
        what = f"holds a run of 'abscope {record.command}'"
        raise UsageError(Problem(str(path), what, "a run of 'abscope fit'", hint))
    if not folder.complete:
        what, again = "the fit was cut off", "Run the same 'abscope fit' again: it goes on."
        raise UsageError(Problem(str(path), what, "a fit that is over", again))
    now = versions_now()
    other = [name for name in _MEANING if record.versions.get(name) != now[name]]
    if other:
        made = ", ".join(f"{name} {record.versions.get(name, 'unknown')}" for name in other)
        here = ", ".join(f"{name} {now[name]}" for name in other)
        again = f"Fit again with 'abscope fit {record.case_id} --out DIR', or use that version."
        raise UsageError(Problem(str(path), f"was made with {made}", f"{here}, as here", again))
    if hashlib.sha256(text.encode("utf-8")).hexdigest() not in record.inputs.values():
        what = f"is the fit of another version of '{record.case_id}', or of another case"
        raise UsageError(Problem(str(path), what, "a fit of the same case file", hint))
    options = fit_options(
        homing=record.options.get("homing", "lesion"),
        without=tuple(record.options.get("without") or ()),
    )
    posterior = read_posterior(folder.read(DRAWS), name=str(path / DRAWS))
    return StoredFit(posterior=posterior, options=options, folder=folder)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
