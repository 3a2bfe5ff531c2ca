"""Kuznetsov 1994 alone and in coupled sites (rung: published numbers and closed forms).

Equilibria: computed from the constants of BIOMD0000000762 in models.md 1.1 (four digits; the
focus has eigenvalues -0.0055 +- 0.0634i per day). Two sites: models.md 1.2.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import brentq

from abscope.engine.batch import Batch, Events
from abscope.engine.simulation import simulate
from abscope.model.published.kuznetsov import kuznetsov_system
from published_runs import EXACT, compiled, numbers, sites

P = SimpleNamespace(**numbers("kuznetsov1994"))


def slope(effectors: float, tumor: float) -> np.ndarray:
    rates = kuznetsov_system().body.rates(
        SimpleNamespace(effectors=effectors, tumor=tumor), None, P
    )
    return np.array([rates["effectors"], rates["tumor"]])


def on_nullcline(tumor: float) -> float:
    return P.growth * (1.0 - P.crowding * tumor) / P.kill


def equilibria() -> list[float]:
    grid = np.geomspace(1e3, 0.999999 / P.crowding, 2000)
    found = [slope(on_nullcline(t), t)[0] for t in grid]
    return [
        float(brentq(lambda t: slope(on_nullcline(t), t)[0], low, high, rtol=1e-13))
        for low, high, a, b in zip(grid, grid[1:], found, found[1:], strict=False)
        if a * b < 0
    ]


def eigenvalues(effectors: float, tumor: float) -> np.ndarray:
    h = 1e-5
    columns = [
        (slope(effectors * (1 + h), tumor) - slope(effectors * (1 - h), tumor))
        / (2 * h * effectors),
        (slope(effectors, tumor * (1 + h)) - slope(effectors, tumor * (1 - h))) / (2 * h * tumor),
    ]
    return np.linalg.eigvals(np.array(columns).T)


def test_equilibria_are_dormancy_saddle_and_escape() -> None:
    found = equilibria()
    assert found == pytest.approx([8.186e6, 2.680e8, 4.470e8], rel=1.3e-4)
    assert [on_nullcline(found[0]), on_nullcline(found[2])] == pytest.approx(
        [1.608e6, 1.732e5], rel=4e-4
    )
    assert P.influx / P.death == pytest.approx(3.155e5, rel=2e-4)
    assert abs(slope(P.influx / P.death, 0.0)).max() < 1e-8


def test_their_kinds_are_focus_saddle_and_node() -> None:
    focus, saddle, node = (eigenvalues(on_nullcline(t), t) for t in equilibria())
    assert focus.real == pytest.approx([-0.0055, -0.0055], abs=5e-5)
    assert np.abs(focus.imag) == pytest.approx([0.0634, 0.0634], abs=5e-5)
    assert np.prod(saddle.real) < 0
    assert (node.real < 0).all()
    assert not np.concatenate([saddle.imag, node.imag]).any()
    assert eigenvalues(P.influx / P.death, 1e-3).real.max() > 0  # no tumor: unstable


def test_one_site_is_near_dormancy_at_800_days() -> None:
    start = {"effectors": 3.2e5, "tumor": 5e6}
    batch = Batch(horizon=800.0, observe_at=[800.0], parameters=vars(P), initial=start)
    found = simulate(compiled("kuznetsov1994"), batch, EXACT)
    assert found["tumor_seen"][0, 0] == pytest.approx(7.914e6, rel=7e-5)


def test_sites_that_keep_their_recruits_are_single_sites() -> None:
    found = sites([800.0], taken=[0.5, 0.5], kept=1.0)["tumor_seen"][0, 0]
    assert found == pytest.approx([7.914e6, 7.914e6], rel=7e-5)


def test_equal_shares_are_single_sites_but_for_the_way() -> None:
    found = sites([800.0], taken=[0.5, 0.5])["tumor_seen"][0, 0]
    alone = sites([800.0], taken=[0.5, 0.5], kept=1.0)["tumor_seen"][0, 0]
    assert found == pytest.approx(alone, rel=1e-4)  # recruits travel 40 s
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_the_site_that_gives_escapes_and_the_other_is_controlled() -> None:
    donor, recipient = sites([800.0], taken=[0.3, 0.7])["tumor_seen"][0, 0]
    assert donor == pytest.approx(4.41e8, rel=1.2e-3)
    assert recipient == pytest.approx(8.2e6, rel=7e-3)


def test_order_of_sites_does_not_matter() -> None:
    one = sites([400.0], taken=[0.2, 0.3, 0.5], kept=[0.1, 0.2, 0.3])["tumor_seen"][0, 0]
    other = sites([400.0], taken=[0.5, 0.2, 0.3], kept=[0.3, 0.1, 0.2])["tumor_seen"][0, 0]
    assert other == pytest.approx(one[[2, 0, 1]], rel=1e-6)


def test_resection_takes_effectors_too_and_radiation_only_tumor() -> None:
    left = {"left": [[0.25, 1.0]]}
    at = 10.0 + 1e-7
    whole = sites([10.0], taken=[0.5, 0.5])
    cut = sites([10.0, at], taken=[0.5, 0.5], events=(Events("resection", [10.0], left),))
    shot = sites([10.0, at], taken=[0.5, 0.5], events=(Events("radiation", [10.0], left),))
    for name, share in (("tumor_seen", 0.25), ("effectors_seen", 0.25)):
        assert cut[name][0, 1] == pytest.approx(whole[name][0, 0] * [share, 1.0], rel=1e-5)
    assert shot["tumor_seen"][0, 1] == pytest.approx(
        whole["tumor_seen"][0, 0] * [0.25, 1.0], rel=1e-5
    )
    assert shot["effectors_seen"][0, 1] == pytest.approx(whole["effectors_seen"][0, 0], rel=1e-5)
