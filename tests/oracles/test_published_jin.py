"""Jin 2020 lymphocytes (rung: closed forms; published median alpha 0.40 /Gy recovered)."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy.optimize import least_squares

from abscope.engine.batch import Batch, Events
from abscope.engine.simulation import simulate
from abscope.model.published.jin import resting_shares
from published_runs import EXACT, compiled, numbers

POOLS = ("blood", "spleen", "nodes", "tissue", "marrow")


def counts(
    days: np.ndarray, doses: Mapping[str, float], at: tuple[float, ...], **changed: float
) -> np.ndarray:
    values = numbers("jin2020") | changed
    fields = {f"dose_{pool}": [doses.get(pool, 0.0)] * len(at) for pool in POOLS}
    batch = Batch(
        horizon=float(days.max()),
        observe_at=days,
        parameters=values,
        initial=resting_shares(values),
        events=(Events("fraction", times=list(at), fields=fields),),
    )
    found = simulate(compiled("jin2020"), batch, EXACT)
    assert found.ok.all(), found.failures()
    return found["count"][0]


def test_nothing_changes_at_rest() -> None:
    baseline = numbers("jin2020")["baseline"]
    found = counts(np.array([1.0, 50.0]), {}, ())
    assert found == pytest.approx([baseline, baseline], rel=1e-7)
    shares = resting_shares(numbers("jin2020"))
    assert sum(shares.values()) == pytest.approx(1.0, rel=1e-12)
    assert shares["blood"] == pytest.approx(0.05, abs=0.005)


def test_an_equal_dose_everywhere_kills_as_alpha_says_and_recovers_exponentially() -> None:
    dose, days = 2.0, np.array([0.5, 10.0, 80.0])
    values = numbers("jin2020")
    left = math.exp(-values["alpha"] * dose)
    found = counts(days, dict.fromkeys(POOLS, dose), (0.0,)) / values["baseline"]
    # the total makes up its deficit at the rate rho; blood lags by minutes, as cells enter there
    expected = 1.0 - (1.0 - left) * np.exp(-values["recovery"] * days)
    assert found == pytest.approx(expected, rel=0.01)


def test_a_dose_to_blood_alone_is_diluted_by_the_other_pools() -> None:
    shares = resting_shares(numbers("jin2020"))
    killed = 1.0 - math.exp(-numbers("jin2020")["alpha"] * 1.0)
    found = counts(np.array([3.0]), {"blood": 1.0}, (0.0,), recovery=0.0)[0]
    expected = 1.0 - shares["blood"] * killed
    assert found / numbers("jin2020")["baseline"] == pytest.approx(expected, rel=1e-5)


def test_alpha_and_recovery_are_recovered_from_weekly_counts() -> None:
    days = np.arange(0.0, 100.0, 7.0)
    at = tuple(float(day) for week in range(6) for day in range(7 * week + 1, 7 * week + 6))
    doses = {"blood": 0.05, "spleen": 0.02, "nodes": 0.08, "marrow": 0.05}
    truth = (0.40, 0.0186)
    seen = counts(days, doses, at, alpha=truth[0], recovery=truth[1])
    assert seen.min() < 0.7 * seen[0]

    def misfit(x: np.ndarray) -> np.ndarray:
        guess = np.exp(x)
        return np.log(counts(days, doses, at, alpha=guess[0], recovery=guess[1]) / seen)

    fit = np.exp(least_squares(misfit, np.log([0.2, 0.05])).x)
    assert fit == pytest.approx(truth, rel=1e-3)
