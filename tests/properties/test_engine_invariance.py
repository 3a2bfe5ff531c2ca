"""What must not change a result: order, chunks, threads, lanes, padding, the place of day zero."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.engine.batch import Batch, Events
from abscope.engine.simulation import Settings, simulate
from engine_systems import closed_batch, colony_batch, ready


@pytest.fixture(scope="module")
def cohort():
    batch = colony_batch(48, seed=5, horizon=120.0)
    return batch, simulate(ready("colonies"), batch)


@pytest.mark.parametrize("settings", [
    Settings(chunk=5), Settings(chunk=7, n_threads=2), Settings(chunk=1000, n_threads=2),
])  # fmt: skip
def test_chunks_and_threads_change_nothing(cohort, settings):
    batch, expected = cohort
    found = simulate(ready("colonies"), batch, settings)
    for name in expected.observables:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14)


def test_plain_doubles_give_what_lanes_give(cohort):
    batch, expected = cohort
    found = simulate(ready("colonies", lanes=1), batch)
    for name in expected.observables:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-8, atol=1e-10)


def _taken(batch: Batch, order: np.ndarray) -> Batch:
    """Return the batch with its members in another order."""

    def rows(values):
        return {
            name: np.asarray(v)[order] if np.ndim(v) else v for name, v in values.items()
        }  # fmt: skip

    place = np.argsort(order)
    events = tuple(
        table if table.members is None else replace(table, members=place[table.members])
        for table in batch.events
    )
    return replace(
        batch, replicates=np.asarray(batch.replicates)[order], parameters=rows(batch.parameters),
        own=rows(batch.own), replicate_initial=rows(batch.replicate_initial), events=events,
    )  # fmt: skip


def test_order_of_members_changes_nothing(cohort):
    batch, expected = cohort
    order = np.random.default_rng(1).permutation(batch.members)
    found = simulate(ready("colonies"), _taken(batch, order))
    for name in expected.observables:
        np.testing.assert_allclose(found[name], expected[name][order], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("lanes", [4, 1])
def test_a_member_alone_gives_what_it_gives_among_larger_ones(lanes):
    """Padding: the member with one lesion beside one with five, and beside none."""
    growth = np.array([[0.2, 0.0, 0.0, 0.0, 0.0], [0.2, 0.3, 0.4, 0.5, 0.6]])
    both = closed_batch(members=2, replicates=[1, 5], own={"g": growth},
                        replicate_initial={"v": 1.0})  # fmt: skip
    alone = closed_batch(replicates=1, own={"g": 0.2}, replicate_initial={"v": 1.0})
    compiled = ready("closed", lanes=lanes)
    found, expected = simulate(compiled, both), simulate(compiled, alone)
    np.testing.assert_allclose(found["v_seen"][0, :, 0], expected["v_seen"][0, :, 0], rtol=1e-12)
    np.testing.assert_allclose(found["burden_seen"][0], expected["burden_seen"][0], rtol=1e-12)
    assert np.isnan(found["v_seen"][0, :, 1:]).all()
    assert np.isnan(found.final["v"][0, 1:]).all()


@pytest.mark.parametrize("lanes", [4, 1])
def test_order_of_replicates_changes_nothing(lanes):
    compiled = ready("closed", lanes=lanes)
    turned = closed_batch(own={"g": [[1.0, 0.5, 0.2]]}, replicate_initial={"v": [[0.1, 2.0, 1.0]]})
    found, expected = simulate(compiled, turned), simulate(compiled, closed_batch())
    np.testing.assert_allclose(found["v_seen"], expected["v_seen"][..., ::-1], rtol=1e-9)
    np.testing.assert_allclose(found["area_seen"], expected["area_seen"], rtol=1e-9)


def test_a_shift_of_day_zero_changes_nothing():
    times = np.linspace(0.0, 20.0, 21)
    dose = {"dose": [4.0]}
    here = closed_batch(events=(Events("bolus", times=[3.0], fields=dose),))
    there = closed_batch(
        start=-512.0, horizon=-492.0, observe_at=times - 512.0,
        events=(Events("bolus", times=[-509.0], fields=dose),),
    )  # fmt: skip
    found, expected = simulate(ready("closed"), there), simulate(ready("closed"), here)
    for name in expected.observables:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-12)


def test_going_on_from_the_end_gives_what_one_run_gives():
    compiled, fine = ready("closed"), Settings(rtol=1e-10)
    whole = simulate(compiled, closed_batch(), fine)
    half = simulate(compiled, closed_batch(horizon=8.0, observe_at=[8.0]), fine)
    names = [state.name for state in compiled.system.body.states]
    second = closed_batch(
        start=8.0, observe_at=np.arange(8.0, 21.0),
        initial={name: half.final[name] for name in names},
        replicate_initial={"v": half.final["v"]},
    )  # fmt: skip
    found = simulate(compiled, second, fine)
    np.testing.assert_allclose(found["v_seen"][0], whole["v_seen"][0, 8:], rtol=1e-8)
    np.testing.assert_allclose(found["blood_seen"][0], whole["blood_seen"][0, 8:], atol=1e-9)
