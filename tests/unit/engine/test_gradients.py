"""Slopes against closed forms, against differences at a tight tolerance, and in least squares."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.engine.batch import Events
from abscope.engine.gradients import Measured, Tangents, gradients, residuals
from abscope.engine.simulation import Settings, simulate
from abscope.errors import EngineError
from engine_systems import CLOSED_PARAMETERS, CLOSED_START, closed_batch, ready

FINE = Settings(rtol=1e-10)
TIMES = np.arange(21.0)
EVENTS = (Events("bolus", times=[6.5], fields={"dose": [4.0]}),)


def test_slopes_of_closed_forms():
    found = gradients(
        ready("closed"), closed_batch(), ("k", "x", "k1", "g[1]", "v[1]", "cap"), FINE
    )
    decay = np.exp(-0.3 * TIMES)
    np.testing.assert_allclose(found["x_seen"][0, :, 0], -10.0 * TIMES * decay, atol=2e-8)
    np.testing.assert_allclose(found["x_seen"][0, :, 1], decay, atol=2e-9)
    np.testing.assert_allclose(
        found["first_seen"][0, :, 2], -7.0 * TIMES * np.exp(-1.2 * TIMES), atol=2e-8
    )
    assert np.all(found["v_seen"][0, :, [0, 2], 3:5] == 0.0)
    grown = (50.0 - 2.0) / 2.0 * np.exp(-0.5 * TIMES)
    slope = 50.0 / (1.0 + grown) ** 2 * grown
    np.testing.assert_allclose(found["v_seen"][0, :, 1, 3], slope * TIMES, atol=2e-6)
    np.testing.assert_allclose(found["v_seen"][0, 5:, 1, 4], (slope / 2 * 50 / 48)[5:], rtol=1e-6)
    values = simulate(ready("closed", lanes=1), closed_batch(), FINE)
    np.testing.assert_allclose(found.trajectories["v_seen"], values["v_seen"], rtol=1e-9)


@pytest.mark.parametrize("name", ["k12", "cap", "g", "v"])
def test_slopes_agree_with_differences(name):
    batch, compiled = closed_batch(events=EVENTS), ready("closed", lanes=1)
    found = gradients(compiled, batch, (name,), FINE)
    part, values = next(
        (part, dict(values))
        for part, values in (
            ("parameters", CLOSED_PARAMETERS), ("own", batch.own), ("initial", CLOSED_START),
            ("replicate_initial", batch.replicate_initial),
        )
        if name in values
    )  # fmt: skip
    ends = []
    for sign in (1.0, -1.0):
        changed = values | {name: np.asarray(values[name], float) + sign * 1e-4}
        ends.append(simulate(compiled, replace(batch, **{part: changed}), FINE))
    for observable in ("x_seen", "blood_seen", "area_seen", "v_seen"):
        difference = (ends[0][observable] - ends[1][observable]) / 2e-4
        scale = 1.0 + np.abs(difference).max()
        assert np.abs(found[observable][..., 0] - difference).max() < 5e-7 * scale


def test_more_directions_than_one_pass_holds():
    names = ["k", "k1", "k2", "k10", "k12", "k21", "cap", "leak", "x", "first", "second", "third",
             "blood", "tissue", "area", "tank", "g[0]", "g[1]", "v[2]"]  # fmt: skip
    batch = closed_batch(events=EVENTS)
    found = gradients(ready("closed"), batch, names)
    alone = gradients(ready("closed"), batch, ("v[2]",))
    assert found["v_seen"].shape == (1, 21, 3, 19)
    np.testing.assert_array_equal(found["v_seen"][..., 18], alone["v_seen"][..., 0])


def test_gauss_newton_finds_what_made_the_measurements():
    """Two parameters of two members from their exact values, by six Gauss-Newton steps."""

    def batch(k, g):
        return closed_batch(
            members=2, parameters=CLOSED_PARAMETERS | {"k": k}, own={"g": g},
            replicate_initial={"v": 1.0}, replicates=[1, 2],
        )  # fmt: skip

    truth = simulate(ready("closed"), batch(0.3, 0.2), FINE)
    member, time = np.repeat([0, 1], 3), np.tile([3, 9, 15], 2)
    measured = (
        Measured(name="x_seen", members=member, times=time, log=True, sd=0.1,
                 values=truth["x_seen"][member, time]),
        Measured(name="v_seen", members=member, times=time, replicates=member, sd=0.5,
                 values=truth["v_seen"][member, time, member]),
    )  # fmt: skip
    theta = np.array([0.2, 0.25])
    for _ in range(6):
        found = residuals(gradients(ready("closed"), batch(*theta), ("k", "g")), measured)
        theta = theta - np.linalg.lstsq(found.jacobian, found.values, rcond=None)[0]
    np.testing.assert_allclose(theta, [0.3, 0.2], rtol=1e-5)
    assert found.jacobian.shape == (12, 2)


def test_tangents_change_several_numbers_and_fields_of_events():
    """Each member its own slopes: rung property, against differences of whole batches."""
    rng = np.random.default_rng(7)

    def batch(step):
        moved = lambda base, slope: np.asarray(base) + step * slope  # noqa: E731
        return closed_batch(
            members=2, replicates=[3, 2],
            parameters=CLOSED_PARAMETERS | {"k": moved([0.3, 0.2], slopes["k"])},
            own={"g": moved(np.full((2, 3), 0.2), slopes["g"])},
            initial=CLOSED_START | {"x": moved([10.0, 8.0], slopes["x"])},
            replicate_initial={"v": moved(np.full((2, 3), 2.0), slopes["v"])},
            events=(
                Events("bolus", times=[6.5, 9.5, 3.5], members=np.array([0, 0, 1]),
                       fields={"dose": moved([4.0, 2.0, 1.0], slopes["dose"])}),
                Events("cut", times=[5.5, 4.5], members=np.array([0, 1]),
                       fields={"left": moved(np.full((2, 3), 0.5), slopes["left"])}),
            ),
        )  # fmt: skip

    slopes = {
        "k": rng.uniform(0.1, 1, 2), "x": rng.uniform(1, 2, 2), "g": rng.uniform(0.1, 1, (2, 3)),
        "v": rng.uniform(1, 2, (2, 3)), "dose": rng.uniform(1, 2, 3),
        "left": rng.uniform(0.1, 0.2, (2, 3)),
    }  # fmt: skip
    wide = {name: slope[..., None] * np.arange(18.0) for name, slope in slopes.items()}
    tangents = Tangents(
        directions=tuple(f"d{k}" for k in range(18)),
        parameters={"k": wide["k"]}, own={"g": wide["g"]}, initial={"x": wide["x"]},
        replicate_initial={"v": wide["v"]},
        events=({"dose": wide["dose"]}, {"left": wide["left"]}),
    )  # fmt: skip
    found = gradients(ready("closed"), batch(0.0), tangents, FINE)
    ends = [simulate(ready("closed", lanes=1), batch(step), FINE) for step in (1e-4, -1e-4)]
    for observable in ("x_seen", "v_seen", "burden_seen", "area_seen"):
        difference = (ends[0][observable] - ends[1][observable]) / 2e-4
        scale = 1.0 + np.nanmax(np.abs(difference))
        for k in (1, 17):
            error = np.nanmax(np.abs(found[observable][..., k] / k - difference))
            assert error < 5e-7 * scale
    assert np.isnan(found["v_seen"][1, :, 2]).all()


def test_tangents_that_do_not_fit_are_all_named():
    batch = closed_batch(events=EVENTS)
    wrong = Tangents(
        directions=("a", "b"), parameters={"nothing": [1.0, 0.0], "k": np.ones((3, 2))},
        own={"g": [np.nan, 1.0]}, events=({"depth": [1.0, 1.0]},),
    )  # fmt: skip
    with pytest.raises(EngineError) as caught:
        gradients(ready("closed"), batch, wrong)
    text = str(caught.value)
    for part in ("parameters.nothing", "parameters.k", "own.g", "bolus.depth"):
        assert part in text
    with pytest.raises(EngineError, match="tangents.events"):
        gradients(ready("closed"), batch, Tangents(directions=("a",), events=({}, {})))
