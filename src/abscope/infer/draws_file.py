"""A posterior as a NetCDF file (classic format) and back: dimensions chain, draw and latent."""

import io
import json
from dataclasses import asdict

import numpy as np

from abscope.errors import Problem, UsageError
from abscope.infer.posterior import Diagnosis, Latent, Posterior

__all__ = ["posterior_bytes", "read_posterior"]

_TITLE = "abscope posterior: standard normal deviates behind the quantities of a case"


def posterior_bytes(posterior: Posterior) -> bytes:
    """Return a posterior as the bytes of a NetCDF file.

    ``z`` (chain, draw, latent) and ``log_density`` (chain, draw) are float64; the text attributes
    ``latents`` and ``diagnosis`` are JSON.
    """
    from scipy.io import netcdf_file

    target = io.BytesIO()
    file = netcdf_file(target, "w")
    for name, size in zip(("chain", "draw", "latent"), posterior.z.shape, strict=True):
        file.createDimension(name, size)
    texts = {
        "title": _TITLE,
        "case": posterior.case_id,
        "method": posterior.method,
        "latents": json.dumps([asdict(latent) for latent in posterior.latents]),
        "diagnosis": json.dumps(asdict(posterior.diagnosis)),
        "seed": str(posterior.seed),
    }
    for name, text in texts.items():
        setattr(file, name, text.encode("utf-8"))
    file.createVariable("z", "f8", ("chain", "draw", "latent"))[:] = posterior.z
    file.createVariable("log_density", "f8", ("chain", "draw"))[:] = posterior.log_density
    file.flush()
    return target.getvalue()


def read_posterior(data: bytes, *, name: str) -> Posterior:
    """Return the posterior of a NetCDF file; ``name`` is what an error calls it.

    Raises UsageError where the bytes are not such a file, or not the whole of it.
    """
    from scipy.io import netcdf_file

    try:
        file = netcdf_file(io.BytesIO(data), "r", mmap=False)
        texts = {
            key: getattr(file, key).decode("utf-8")
            for key in ("case", "method", "latents", "diagnosis", "seed")
        }
        diagnosis = json.loads(texts["diagnosis"])
        z, log_density = (
            np.array(file.variables[key][:], dtype=float) for key in ("z", "log_density")
        )
        return Posterior(
            case_id=texts["case"],
            latents=tuple(Latent(**latent) for latent in json.loads(texts["latents"])),
            z=z,
            log_density=log_density,
            seed=int(texts["seed"]),
            method=texts["method"],
            diagnosis=Diagnosis(**{**diagnosis, "why": tuple(diagnosis["why"])}),
        )
    except (KeyError, AttributeError, TypeError, ValueError, IndexError, OverflowError) as error:
        what = f"not a file of draws, or a part of one ({type(error).__name__})"
        expected = "the NetCDF file that a fit wrote"
        raise UsageError(Problem(name, what, expected, "Run the fit again.")) from None
