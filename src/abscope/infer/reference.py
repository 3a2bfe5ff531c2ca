"""The distribution about which walkers move, from a fit and then from the walkers themselves."""

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.errors import Problem, UsageError
from abscope.infer.ensemble import Reference

__all__ = ["hardly_told", "learned_reference", "reference_of", "widened"]

#: Setting: a variance this far from 1 tells a direction that the data carry.
_TOLD = 0.05
#: Setting: what the data take of the variance of a quantity that they hardly tell.
_HARDLY = 0.01
#: Settings: so many points of walkers count as one, and a shift of the mean below this is none.
_DEPENDENT, _SLIGHT = 5.0, 0.1
#: Setting: what data count in a learned reference. Walkers that have not come far yet would
#: otherwise hold back those after them: tails grow by it.
_DATA_FRAC = 0.5


def reference_of(center: Floats, covariance: Floats) -> Reference:
    """Return the reference of a normal approximation: directions along which it is not the prior.

    ``center`` (latents,), ``covariance`` (latents, latents); raises UsageError where it is none.
    """
    covariance = np.asarray(covariance, float)
    if not np.isfinite(covariance).all() or np.linalg.eigvalsh(covariance).min() <= 0.0:
        what = "the covariance is not that of a distribution"
        raise UsageError(Problem("start", what, "positive definite", "Fit again."))
    variances, vectors = np.linalg.eigh(covariance)
    told = np.abs(variances - 1.0) > _TOLD
    told[np.argmax(np.abs(variances - 1.0))] = True
    basis = vectors[:, told].T.copy()
    return Reference(basis, basis @ np.asarray(center, float), np.diag(np.sqrt(variances[told])))


def hardly_told(covariance: Floats) -> NDArray[np.bool_]:
    """Return which quantities have nearly their prior variance; none of those without a slope."""
    told = 1.0 - np.diag(covariance)
    return np.asarray((told > 0.0) & (told < _HARDLY))


def learned_reference(now: Reference, first: Reference, z: Floats) -> Reference:
    """Return the reference by points z (steps, walkers, latents).

    Its directions are those of the ``first`` one and the direction in which the mean of all other
    combinations has moved from that of the prior, where it has. The covariance is drawn toward the
    one before, as if that were worth twice as many draws as there are directions.
    """
    z = z.reshape(-1, z.shape[2])
    worth = len(z) / _DEPENDENT
    mean = z.mean(axis=0)
    off = mean - first.basis.T @ (first.basis @ mean)
    # each part is drawn toward 0 by what its error would make of none
    off = off * np.maximum(0.0, 1.0 - 2.0 / (worth * np.maximum(off**2, 1e-300)))
    off = off - first.basis.T @ (first.basis @ off)
    basis, length = first.basis, float(np.linalg.norm(off))
    if length > _SLIGHT:
        basis = np.concatenate([basis, off[None, :] / length])
    number = len(basis)
    before = np.eye(number)
    told = min(len(first.basis), len(now.center))
    before[:told, :told] = (now.factor @ now.factor.T)[:told, :told]
    along = z @ basis.T
    spread = np.atleast_2d(np.cov(along.T))
    prior = 2.0 * number
    mixed = (worth * spread + prior * before) / (worth + prior)
    learned = Reference(basis, along.mean(axis=0), np.asarray(np.linalg.cholesky(mixed), float))
    return widened(learned, data_frac=_DATA_FRAC)


def widened(reference: Reference, *, data_frac: float) -> Reference:
    """Return the reference if the data counted as a share w of themselves (``data_frac``, 0 to 1).

    By a normal prior N(0, I) and a normal likelihood C becomes

        C' = (w C^-1 + (1 - w) I)^-1

    so that what the data tell gets wider and what they do not stays.
    """
    precision = np.linalg.inv(reference.factor @ reference.factor.T)
    number = len(precision)
    wide = np.linalg.inv(data_frac * precision + (1.0 - data_frac) * np.eye(number))
    factor = np.linalg.cholesky(0.5 * (wide + wide.T))
    return Reference(reference.basis, reference.center, np.asarray(factor, float))
