"""The traffic between pools conserves cells and has the weights of the literature."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from abscope.blood.pools.traffic import NODE_REGIONS, POOLS, traffic
from abscope.catalog import lymphocyte_parameter


def test_weights_of_the_pools() -> None:
    """Published number: 30 min, 5 h and 12 h give .05, .24, .54, .13, .04 (blood.md 5.3)."""
    weight = dict(zip(POOLS, traffic().weight_frac, strict=True))
    nodes = sum(weight[f"nodes_{region}"] for region in NODE_REGIONS)
    tissue = weight["gut"] + weight["tissue"]
    found = (weight["blood"], weight["spleen"], nodes, tissue, weight["marrow"])
    assert found == pytest.approx((0.05, 0.24, 0.54, 0.13, 0.04), abs=0.005)
    assert sum(weight.values()) == pytest.approx(1, abs=1e-12)


def test_relaxation_rates() -> None:
    """Published range: 2 to 53 per day; one rate is 0, that of the resting state."""
    rates = np.sort(-np.linalg.eigvals(traffic().rate_per_d).real)
    assert abs(rates[0]) < 1e-10
    assert rates[1] == pytest.approx(2, abs=0.1)
    assert 50 < rates[-1] < 54


@settings(derandomize=True, max_examples=30, deadline=None)
@given(
    cells=arrays(float, len(POOLS), elements=st.floats(0, 1e12)),
    time_d=st.floats(0, 400),
)
def test_no_cell_is_made_or_lost(cells: np.ndarray, time_d: float) -> None:
    moved = traffic().step(time_d) @ cells
    assert moved.sum() == pytest.approx(cells.sum(), rel=1e-10)
    assert np.all(moved >= -1e-10 * max(cells.sum(), 1))


def test_rest_stays_at_rest_and_everything_comes_to_rest() -> None:
    move = traffic()
    assert move.step(3.7) @ move.weight_frac == pytest.approx(move.weight_frac, abs=1e-12)
    only_spleen = np.zeros(len(POOLS))
    only_spleen[1] = 1.0
    assert move.step(20.0) @ only_spleen == pytest.approx(move.weight_frac, abs=1e-9)
    assert move.step(0.5) @ move.step(0.25) == pytest.approx(move.step(0.75), abs=1e-12)


def test_shares_of_the_catalog_make_one() -> None:
    regions = [lymphocyte_parameter(f"node_share_{name}").value for name in NODE_REGIONS]
    assert sum(regions) == pytest.approx(1, abs=1e-12)
    routes = [
        lymphocyte_parameter(f"route_{n}").value for n in ("spleen", "nodes", "tissue", "marrow")
    ]
    assert sum(routes) == pytest.approx(1, abs=1e-12)
