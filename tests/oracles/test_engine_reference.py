"""The compiled kernels against the rules run as they stand by SciPy (independent integrators)."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.engine.reference import reference
from abscope.engine.simulation import Settings, simulate
from engine_systems import colonies, colony_batch, ready


def _errors(found, exact):
    parts = [
        (np.abs(found[name] - exact[name]) / (1e-3 + np.abs(exact[name]))).reshape(
            len(found.outcome), -1
        )
        for name in exact
    ]
    return np.nanmax(np.concatenate(parts, axis=1), axis=1)


@pytest.fixture(scope="module")
def exact():
    batch = colony_batch(6, seed=3, most=4, horizon=40.0, courses=1)
    return batch, reference(colonies(), batch)


@pytest.mark.parametrize("lanes", [4, 1])
def test_members_agree_with_lsoda_to_their_tolerance(exact, lanes):
    batch, expected = exact
    compiled = ready("colonies", lanes=lanes)
    for rtol, allowed in ((1e-3, 2e-2), (1e-5, 3e-4), (1e-8, 1e-6)):
        found = simulate(compiled, batch, Settings(rtol=rtol))
        assert found.ok.all()
        assert _errors(found, expected).max() < allowed


def test_two_independent_references_agree(exact):
    batch, expected = exact
    other = reference(colonies(), batch, method="DOP853", rtol=1e-9, atol=1e-11)
    for name in expected:
        np.testing.assert_allclose(other[name], expected[name], rtol=1e-6, atol=1e-7)


def test_compiled_rates_may_stand_in_for_the_rules(exact):
    batch, expected = exact
    found = reference(colonies(), batch, compiled=ready("colonies", lanes=1))
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-7, atol=1e-9)


def test_rates_of_another_system_are_refused(exact):
    batch, _ = exact
    model = colonies()
    faster = replace(model, body=replace(model.body, rates=lambda *given: {
        name: 2.0 * rate for name, rate in model.body.rates(*given).items()
    }))  # fmt: skip
    with pytest.raises(RuntimeError, match="differ from the rules"):
        reference(faster, batch, compiled=ready("colonies", lanes=1))


def test_default_tolerance_holds_over_many_members():
    """300 random members over three years: 99th percentile below 2e-4, none above 1e-3.

    The expected values come from the same kernel at 1e-9, which the test above holds against LSODA.
    """
    batch, compiled = colony_batch(300, seed=11), ready("colonies")
    found = simulate(compiled, batch)
    fine = simulate(compiled, batch, Settings(rtol=1e-9))
    assert found.ok.all()
    errors = _errors(found, fine.observables)
    assert np.percentile(errors, 99) < 2e-4
    assert errors.max() < 1e-3
