"""Populations of curves: closed forms, the core model, recovery of what made the data."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from abscope.errors import TableError
from abscope.infer.population import (
    Population,
    PopulationSettings,
    Series,
    fit_population,
    foretell,
)
from abscope.infer.size_curves import CURVES

SETTINGS = PopulationSettings(draws=1024, steps=6)


def known(curve: str, mean: list[float], sd: list[float], **changes) -> Population:
    return Population(
        CURVES[curve], np.array(mean), np.diag(np.square(sd)), replace(SETTINGS, **changes)
    )


def made(number: int, *, seed: int, growth: tuple[float, float], error: float) -> list[Series]:
    """Return series that grow exponentially, with rates of a normal distribution."""
    rng = np.random.default_rng(seed)
    days = np.arange(6) * 42.0
    rate = rng.normal(*growth, size=number)
    noise = error * rng.normal(size=(number, len(days)))
    return [Series(f"p{i}", days, 30 * np.exp(rate[i] * days + noise[i])) for i in range(number)]


def test_every_curve_begins_at_the_first_size_and_is_finite() -> None:
    days = np.array([0.0, 1.0, 100.0, 2000.0])
    for curve in CURVES.values():
        center, spread = np.array(curve.center), np.array(curve.spread)
        x = center + spread * np.random.default_rng(1).normal(size=(500, len(center)))
        found = curve.log_ratio(x, days)
        assert found.shape == (500, 4)
        assert np.isfinite(found).all(), curve.name
        assert found[:, 0] == pytest.approx(0.0, abs=1e-12)


def test_the_tumor_block_is_the_core_model_without_immunity() -> None:
    """Two lesions of the model, one that treatment kills and one that it does not, add up to it."""
    from abscope.engine.batch import Batch
    from abscope.engine.simulation import Settings, simulate
    from abscope.model.run import compiled_core
    from abscope.model.system import core_system
    from abscope.model.values import core_values

    growth, kill, clearance, resistant = 0.004, 0.03, 0.02, 0.3
    system, days = core_system("exponential"), np.linspace(0.0, 300.0, 7)
    catalog = core_values()
    shared = {
        q.name: catalog[q.name].value if q.name in catalog else 1.0 for q in system.body.parameters
    }
    shared |= {"debris_loss": clearance, "turnover": 0.0, "naive_pool": 0.0}
    assert system.replicate is not None
    own = {
        q.name: np.full((2, 1), catalog[q.name].value if q.name in catalog else 1.0)
        for q in system.replicate.parameters
    }
    # killed tumor is turnover that is not replaced: growth is net of it
    volumes = []
    for part, net, loss in ((1 - resistant, growth - kill, kill), (resistant, growth, 0.0)):
        own["growth"] = np.full((1, 1), net)
        batch = Batch(
            members=1,
            start=0.0,
            horizon=300.0,
            observe_at=days,
            replicates=1,
            parameters={**shared, "turnover": loss},
            own={name: column[:1] for name, column in own.items()},
            initial={state.name: 0.0 for state in system.body.states}
            | {"blood": 2000.0, "lymphoid": 1e5},
            replicate_initial={state.name: 0.0 for state in system.replicate.states}
            | {"viable": part, "stroma": 1.0},
        )
        found = simulate(compiled_core("exponential"), batch, Settings(rtol=1e-9))
        assert found.ok.all()
        volumes.append(found["volume_ml"][0, :, 0])
    x = np.array([[np.log(growth), np.log(kill), np.log(clearance), norm.ppf(resistant)]])
    expected = CURVES["tumor_block"].log_ratio(x, days)[0]
    assert np.log(sum(volumes)) / 3 == pytest.approx(expected, abs=1e-7)


def test_one_step_is_foretold_as_the_closed_form_says() -> None:
    """Constant curve, known noise: N(ln d, s^2 (first error) + w^2 dt + s^2 (its own error))."""
    s, w, dt = 0.1, 0.02, 49.0
    population = known("constant", [np.log(s), np.log(w), 0.0], [0, 0, 0], ending=False)
    found = foretell(population, [Series("a", np.zeros(1), np.full(1, 30.0))], then=[(dt, 33.0)])[0]
    sd = np.sqrt(2 * s**2 + w**2 * dt)
    assert found.median_mm == pytest.approx(30.0, rel=1e-6)
    assert found.high_mm == pytest.approx(30.0 * np.exp(1.6448536 * sd), rel=1e-6)
    assert found.log_score == pytest.approx(norm.logpdf(np.log(33 / 30), 0, sd), abs=1e-6)


def test_too_small_is_censored_and_never_a_size_of_zero() -> None:
    population = known("constant", [np.log(0.1), -20.0, 0.0], [0, 0, 0], ending=False)
    small = Series("a", np.zeros(1), np.full(1, 6.0))
    found = foretell(population, [small], then=[(30.0, 0.0)])[0]
    expected = norm.logcdf(np.log(5 / 6) / np.sqrt(0.02))
    assert found.log_score == pytest.approx(expected, abs=1e-6)
    after = Series("a", np.array([0.0, 30.0]), np.array([6.0, 0.0]))
    then = foretell(population, [after], then=[(60.0, 5.0)])[0]
    assert 3.5 < then.median_mm < 5.5, "too small pulls the size down, but not to nothing"


def test_what_made_the_data_comes_back() -> None:
    series = made(400, seed=2, growth=(0.002, 0.002), error=0.08)
    found = fit_population(CURVES["exponential"], series, settings=SETTINGS)
    rate, error = found.mean[0], np.exp(found.mean[1])
    assert rate == pytest.approx(0.002, abs=3e-4)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.002, rel=0.15)
    assert error == pytest.approx(0.08, rel=0.15)


def test_intervals_hold_what_they_say_and_the_true_curve_scores_best() -> None:
    """300 held-out sizes: 90 % intervals hold 84 to 96 % (false alarm below 0.1 %)."""
    series = made(600, seed=3, growth=(0.003, 0.002), error=0.08)
    learned, tested = series[:300], series[300:]
    score = {}
    for name in ("exponential", "constant"):
        population = fit_population(CURVES[name], learned, settings=SETTINGS)
        seen = [Series(one.id, one.days_d[:-1], one.diameter_mm[:-1]) for one in tested]
        then = [(one.days_d[-1], one.diameter_mm[-1]) for one in tested]
        found = foretell(population, seen, then=then, draws=2048)
        score[name] = np.mean([one.log_score for one in found])
        inside = np.mean(
            [a.low_mm <= b <= a.high_mm for a, (_, b) in zip(found, then, strict=True)]
        )
        if name == "exponential":
            assert 0.84 < inside < 0.96
    assert score["exponential"] > score["constant"] + 0.1


def test_bad_series_are_refused_in_one_line() -> None:
    with pytest.raises(TableError, match="days that do not rise"):
        Series("a", np.array([0.0, 0.0]), np.array([1.0, 2.0]))
    with pytest.raises(TableError, match="first size above 0"):
        Series("a", np.array([0.0, 1.0]), np.array([0.0, 2.0]))
    with pytest.raises(TableError, match="1 days, 2 sizes"):
        Series("a", np.array([0.0]), np.array([1.0, 2.0]))
    with pytest.raises(TableError, match="expected one or more"):
        fit_population(CURVES["constant"], [])
    one = Series("a", np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    with pytest.raises(TableError, match="day 1; expected after day 1"):
        foretell(known("constant", [-2, -5, 0], [1, 1, 1]), [one], then=[(1.0, 2.0)])
