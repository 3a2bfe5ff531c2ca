"""The state of chains between two steps, as bytes and back, so that an interrupted run goes on."""

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError
from abscope.infer.ensemble import Ensemble, Reference

__all__ = ["ChainState", "resumed_state", "state_bytes"]


@dataclass(slots=True, eq=False)
class ChainState:
    """Chains after ``done`` steps; ``mark`` says of which run they are.

    ``z`` (steps, chains, latents) and ``log_density`` (steps, chains) are NaN beyond ``done``.
    """

    mark: str
    ensemble: Ensemble
    reference: Reference
    z: Floats
    log_density: Floats
    done: int = 0


def state_bytes(state: ChainState) -> bytes:
    """Return a state as the bytes of an ``npz`` file."""
    target = io.BytesIO()
    np.savez(
        target,
        mark=np.frombuffer(state.mark.encode("utf-8"), np.uint8),
        counts=np.array([state.done, state.ensemble.tried, state.ensemble.failed]),
        now=state.ensemble.z,
        log_likelihood=state.ensemble.log_likelihood,
        basis=state.reference.basis,
        center=state.reference.center,
        factor=state.reference.factor,
        z=state.z[: state.done],
        log_density=state.log_density[: state.done],
        steps=np.array(len(state.z)),
    )
    return target.getvalue()


def resumed_state(data: bytes, *, mark: str) -> ChainState:
    """Return the state of bytes.

    Raises UsageError where they are not a state, or one of a run with another ``mark``.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        found = held["mark"].tobytes().decode("utf-8")
        done, tried, failed = (int(number) for number in held["counts"])
        state = ChainState(
            mark=found,
            ensemble=Ensemble(held["now"], held["log_likelihood"], tried=tried, failed=failed),
            reference=Reference(held["basis"], held["center"], held["factor"]),
            z=_padded(held["z"], int(held["steps"])),
            log_density=_padded(held["log_density"], int(held["steps"])),
            done=done,
        )
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        what = f"not the state of a sampler, or a part of one ({type(error).__name__})"
        raise _refused(what, "the bytes of a checkpoint") from None
    if found != mark:
        raise _refused("the state of another run", "the same settings, start and quantities")
    return state


def _padded(values: Floats, steps: int) -> Floats:
    out = np.full((steps, *values.shape[1:]), np.nan)
    out[: len(values)] = values
    return out


def _refused(what: str, expected: str) -> UsageError:
    return UsageError(Problem("checkpoint", what, expected, "Start the fit anew."))
