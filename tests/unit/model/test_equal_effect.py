"""A histogram in few parts kills as the whole of it does."""

import numpy as np
import pytest

from abscope.model.equal_effect import Sensitivity, equal_effect_gy

DRAWS = 3


def cells() -> Sensitivity:
    own = {"alpha": np.array([0.05, 0.2, 0.6]), "alpha_beta": np.array([3.0, 10.0, 4.0])}
    return Sensitivity.of(own, {}, DRAWS)


def wide(dose_gy: np.ndarray) -> np.ndarray:
    return np.broadcast_to(dose_gy, (DRAWS, len(dose_gy)))


def test_parts_kill_as_the_histogram_does() -> None:
    """Closed form: mean over parts of S(d_k) is the volume mean of S over the levels."""
    rng = np.random.default_rng(3)
    dose, share = np.sort(rng.uniform(0.0, 9.0, 60)), rng.uniform(0.1, 1.0, 60)
    share /= share.sum()
    parts = equal_effect_gy(wide(dose), share_frac=share, cells=cells())
    whole = cells().survival_frac(wide(dose)) @ share
    assert cells().survival_frac(parts).mean(axis=1) == pytest.approx(whole, rel=1e-7)
    assert (np.diff(parts, axis=1) > 0.0).all()
    # more than the mean dose would leave alive: the dose of equal effect is below the mean
    assert (parts.mean(axis=1) < dose @ share).all()


def test_small_cold_spot_is_not_averaged_away() -> None:
    """One percent without dose keeps one percent alive, however hot the rest of its part is."""
    dose, share = np.array([0.0, 60.0]), np.array([0.01, 0.99])
    left = cells().survival_frac(equal_effect_gy(wide(dose), share_frac=share, cells=cells()))
    assert left.mean(axis=1)[1:] == pytest.approx(0.01, rel=1e-3)


def test_uniform_dose_stays_as_it_is() -> None:
    parts = equal_effect_gy(wide(np.array([4.5])), share_frac=np.ones(1), cells=cells())
    assert parts == pytest.approx(4.5, rel=1e-12)
