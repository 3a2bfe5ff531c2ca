"""A Dask cluster gives the numbers of this process; without the extra, one line says so."""

import sys

import numpy as np
import pytest

from abscope.engine.executors import Cohort, Dask, Moments, RunError, Serial, run
from abscope.engine.simulation import simulate
from abscope.errors import EngineError
from engine_cohorts import cohort_with_a_fault
from engine_systems import closed, closed_batch, ready

COHORT = Cohort(draw="engine_cohorts:closed_cohort", members=60, seed=3)
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def address():
    """A scheduler on the loopback with one worker process of two threads."""
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    simulate(ready("closed"), closed_batch())  # compiled once, here
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", silence_logs=50, scheduler_kwargs={"dashboard": False},
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def dask(address):
    executor = Dask(address, chunk=13)
    yield executor
    executor.close()


def test_a_cohort_on_dask_is_that_of_this_process(dask):
    expected = run(closed, COHORT, executor=Serial())
    found = run("engine_systems:closed", COHORT, executor=dask)
    assert (found.steps == expected.steps).all()
    for name in expected.observables:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-12)


def test_a_batch_of_rules_that_only_this_process_knows_travels_by_value(dask):
    batch = closed_batch()
    expected = simulate(ready("closed"), batch)
    reduced = run(closed(), batch, executor=dask, reduce=Moments(("x_seen",)))
    np.testing.assert_allclose(reduced["x_seen"].mean, expected["x_seen"][0], rtol=1e-12)


def test_a_chunk_that_fails_on_dask_is_named(dask):
    arguments = {"member": 30, "how": "raise"}
    cohort = Cohort(draw=cohort_with_a_fault, members=60, seed=3, arguments=arguments)
    with pytest.raises(RunError, match=r"chunk 2 \(members 24 to 35\): RuntimeError") as caught:
        run("engine_systems:closed", cohort, executor=dask)
    assert caught.value.rest["x_seen"].shape[0] == 48


def test_no_scheduler_is_said_in_one_line():
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    with pytest.raises(EngineError, match=r"no scheduler named.*Give Dask\('tcp://host:8786'\)"):
        run(closed, COHORT, executor="dask")


def test_the_missing_extra_is_said_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r"pip install 'abscope\[dask\]'") as caught:
        run(closed, COHORT, executor="dask")
    assert "\n" not in str(caught.value)
