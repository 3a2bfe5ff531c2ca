"""The integrators against closed forms, on vectors and on plain doubles, with every method."""

import numpy as np
import pytest

from abscope.engine.batch import Events, Holds
from abscope.engine.simulation import Settings, simulate
from engine_systems import CLOSED_PARAMETERS, closed_batch, ready

TIMES = np.linspace(0.0, 20.0, 21)
P = CLOSED_PARAMETERS
FINE = Settings(rtol=1e-9)
RUNS = [("rodas4", 4), ("rodas4", 1), ("rodas3", 4), ("tsit5", 4)]


@pytest.mark.parametrize(("method", "lanes"), RUNS)
def test_decay_chain_and_growth_follow_their_closed_forms(method, lanes):
    settings = Settings(rtol=1e-7 if method == "rodas3" else 1e-9)
    found = simulate(ready("closed", lanes=lanes, method=method), closed_batch(), settings)
    tolerance = 3e-6 if method == "rodas3" else 3e-8
    k1, k2 = P["k1"], P["k2"]
    first = 7.0 * np.exp(-k1 * TIMES)
    second = 7.0 * k1 / (k2 - k1) * (np.exp(-k1 * TIMES) - np.exp(-k2 * TIMES))
    np.testing.assert_allclose(found["x_seen"][0], 10 * np.exp(-P["k"] * TIMES), rtol=tolerance)
    np.testing.assert_allclose(found["first_seen"][0], first, rtol=tolerance, atol=1e-9)
    np.testing.assert_allclose(found["second_seen"][0], second, atol=10 * tolerance)
    start, growth = np.array([1.0, 2.0, 0.1]), np.array([0.2, 0.5, 1.0])
    ratio = (P["cap"] - start) / start * np.exp(-growth * TIMES[:, None])
    np.testing.assert_allclose(found["v_seen"][0], P["cap"] / (1.0 + ratio), rtol=tolerance)
    area = P["cap"] / growth * np.log((1.0 + 1.0 / ratio) / (1.0 + start / (P["cap"] - start)))
    np.testing.assert_allclose(found["area_seen"][0], area.sum(axis=1), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("lanes", [4, 1])
def test_mass_of_the_chain_is_kept(lanes):
    found = simulate(ready("closed", lanes=lanes), closed_batch())
    total = sum(found[f"{name}_seen"] for name in ("first", "second", "third"))
    np.testing.assert_allclose(total, 7.0, rtol=1e-12)


@pytest.mark.parametrize("lanes", [4, 1])
def test_infusions_into_two_compartments_follow_the_biexponential(lanes):
    holds = Holds("infusion", starts=[2.0, 2.5, 9.0], ends=[3.0, 3.5, 9.1], values=[5.0, 4.0, 80.0])
    found = simulate(ready("closed", lanes=lanes), closed_batch(holds=(holds,)), FINE)
    k10, k12, k21 = P["k10"], P["k12"], P["k21"]
    matrix = np.array([[-(k10 + k12), k21], [k12, -k21]])
    rates, modes = np.linalg.eig(matrix)
    weights = modes[0] * np.linalg.inv(modes)[:, 0]

    def answer(since):
        late = np.maximum(since, 0.0)[:, None]
        return ((np.exp(rates * late) - 1.0) / rates * weights).sum(axis=1) * (since > 0)

    expected = sum(
        rate * (answer(TIMES - start) - answer(TIMES - end))
        for start, end, rate in ((2.0, 3.0, 5.0), (2.5, 3.5, 4.0), (9.0, 9.1, 80.0))
    )
    np.testing.assert_allclose(found["blood_seen"][0], expected, atol=2e-8)


@pytest.mark.parametrize("lanes", [4, 1])
def test_own_inputs_feed_their_replicate_only(lanes):
    holds = Holds("feed", starts=[1.0], ends=[3.0], values=[2.0], replicates=[1])
    batch = closed_batch(own={"g": 0.0}, holds=(holds,))
    found = simulate(ready("closed", lanes=lanes), batch, FINE)
    np.testing.assert_allclose(found["v_seen"][0, -1], [1.0, 6.0, 0.1], rtol=1e-12)


@pytest.mark.parametrize("lanes", [4, 1])
def test_jumps_happen_at_their_instant_and_in_their_order(lanes):
    events = (
        Events("bolus", times=[5.0, 5.0], fields={"dose": [4.0, 2.0]}),
        Events("halving", times=[5.0]),
        Events("cut", times=[5.0], fields={"left": [[0.5, 1.0, 0.0]]}),
    )
    batch = closed_batch(events=events, observe_at=[5.0, 5.0 + 1e-9], own={"g": 0.0})
    found = simulate(ready("closed", lanes=lanes), batch, FINE)
    before = 10.0 * np.exp(-P["k"] * 5.0)
    np.testing.assert_allclose(found["x_seen"][0], [before, (before + 6.0) / 2.0], rtol=1e-8)
    np.testing.assert_allclose(found["v_seen"][0], [[1.0, 2.0, 0.1], [0.5, 2.0, 0.0]], rtol=1e-9)
    turned = simulate(ready("closed", lanes=lanes), closed_batch(
        events=(events[1], events[0]), observe_at=[5.0 + 1e-9]), FINE)  # fmt: skip
    np.testing.assert_allclose(turned["x_seen"][0, 0], before / 2.0 + 6.0, rtol=1e-8)


@pytest.mark.parametrize(("method", "order"), [("rodas4", 4), ("rodas3", 3), ("tsit5", 5)])
def test_error_falls_with_the_order_of_the_method(method, order):
    """Steps fixed by observations: the error per halving falls by 2^order."""
    errors = []
    for count in (41, 81):
        times = np.linspace(0.0, 20.0, count)
        loose = Settings(rtol=1e6, atol=1e6, first_step=1e6, negative=1e6)
        found = simulate(
            ready("closed", method=method), closed_batch(observe_at=times), loose
        )  # fmt: skip
        assert found.steps[0] == count - 1
        ratio = np.array([49.0, 24.0]) * np.exp(-np.array([0.2, 0.5]) * times[:, None])
        errors.append(np.abs(found["v_seen"][0, :, :2] - 50.0 / (1.0 + ratio)).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.5)
