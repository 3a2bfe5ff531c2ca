"""Where and in what chunks a batch runs changes nothing; what fails is named, the rest is kept."""

import numpy as np
import pytest

from abscope.engine.batch import Events
from abscope.engine.executors import (
    Cohort,
    Draws,
    Histogram,
    Moments,
    Processes,
    Rows,
    RunError,
    Serial,
    Together,
    run,
)
from abscope.engine.executors.parts import part_of, ready_part
from abscope.engine.executors.processes import packed
from abscope.engine.executors.reductions import Whole
from abscope.engine.executors.tasks import Order, Source, Task
from abscope.engine.simulation import Outcome, Settings, prepare, simulate
from abscope.errors import EngineError
from engine_cohorts import closed_cohort, cohort_with_a_fault, largest_lesion
from engine_systems import closed, closed_batch, ready

MEMBERS, SEED = 120, 3
COHORT = Cohort(draw="engine_cohorts:closed_cohort", members=MEMBERS, seed=SEED)


@pytest.fixture(scope="module")
def whole():
    """All members drawn and simulated at once, by nothing of the executors but the draws."""
    batch = closed_cohort(Draws(seed=SEED, first=0, last=MEMBERS))
    return simulate(ready("closed"), batch, Settings(keep_states=True))


@pytest.fixture(scope="module")
def pool(whole):
    with Processes(2, chunk=50) as workers:
        yield workers


def _same(found, expected):
    assert (found.outcome == expected.outcome).all()
    assert (found.steps == expected.steps).all()
    assert found.cause == expected.cause
    for kind in ("observables", "final", "states"):
        tables = getattr(found, kind)
        assert tables.keys() == getattr(expected, kind).keys()
        for name, table in tables.items():
            np.testing.assert_allclose(
                table, getattr(expected, kind)[name], rtol=1e-12, atol=1e-12, err_msg=name
            )
    np.testing.assert_array_equal(found.times, expected.times)


# ---- random numbers -------------------------------------------------------------------------


def test_a_member_draws_the_same_numbers_in_any_chunk():
    whole = Draws(seed=11, first=0, last=100)
    for size in ((), 3, (2, 2)):
        drawn = whole.normal(f"x{size}", size)
        for first, last in ((0, 1), (7, 8), (13, 60), (99, 100)):
            part = Draws(seed=11, first=first, last=last).normal(f"x{size}", size)
            np.testing.assert_array_equal(part, drawn[first:last])


def test_the_numbers_are_those_of_numpys_philox():
    """Independent implementation: place p of a stream is output p of NumPy's Philox 4x64-10."""
    import hashlib

    key = np.frombuffer(hashlib.sha256(b"5:growth").digest()[:16], "<u8")
    raw = np.random.Philox(key=key, counter=0).random_raw(300)[30:] // 2**12
    drawn = Draws(seed=5, first=10, last=100).uniform("growth", 3)
    np.testing.assert_array_equal(drawn.ravel(), (raw + 0.5) / 2**52)


def test_draws_have_their_distribution():
    """Means of 40,000: 5 standard errors, so a false alarm in 2 million; seeds differ."""
    draws = Draws(seed=1, first=0, last=20_000)
    u, z, k = draws.uniform("u", 2), draws.normal("z", 2), draws.integers("k", 2, 7)
    assert ((u > 0) & (u < 1)).all()
    assert abs(u.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 40_000)
    assert abs(z.mean()) < 5 / np.sqrt(40_000)
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / 40_000)
    assert set(k.tolist()) == {2, 3, 4, 5, 6}
    assert abs(np.corrcoef(u[:, 0], u[:, 1])[0, 1]) < 5 / np.sqrt(20_000)
    assert not np.array_equal(u, Draws(seed=2, first=0, last=20_000).uniform("u", 2))
    assert draws.index[-1] == 19_999


def test_a_name_is_drawn_once():
    draws = Draws(seed=1, first=0, last=3)
    draws.normal("growth")
    with pytest.raises(EngineError, match="draw 'growth': drawn twice"):
        draws.uniform("growth")


# ---- one result, whatever the executor ------------------------------------------------------


@pytest.mark.parametrize("chunk", [7, 64, 1000])
def test_a_cohort_does_not_depend_on_the_chunks(whole, chunk):
    settings = Settings(keep_states=True)
    _same(run(closed, COHORT, executor=Serial(chunk=chunk), settings=settings), whole)


def test_a_cohort_does_not_depend_on_processes(whole, pool):
    seen = []
    found = run(
        "engine_systems:closed", COHORT, executor=pool, settings=Settings(keep_states=True),
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    _same(found, whole)
    assert seen[-1] == (MEMBERS, MEMBERS)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len(seen) == 3


def test_a_batch_is_sorted_into_chunks_and_put_in_its_order_again(whole, pool):
    batch = closed_cohort(Draws(seed=SEED, first=0, last=MEMBERS))
    settings = Settings(keep_states=True)
    for executor in (Serial(chunk=17), pool):
        _same(run(closed, batch, executor=executor, settings=settings), whole)


def test_a_member_that_fails_keeps_its_number_and_cause():
    leak = np.where(np.arange(9) == 5, 2.0, 0.0)
    batch = closed_batch(members=9, parameters=closed_batch().parameters | {"leak": leak})
    found = run(ready("closed"), batch, executor=Serial(chunk=2))
    assert np.flatnonzero(found.outcome == Outcome.NEGATIVE).tolist() == [5]
    assert found.cause[5] == "tank"


def test_a_part_takes_only_what_its_members_need():
    doses = Events("bolus", times=[1.0, 2.0, 3.0], members=np.array([0, 2, 2]),
                   fields={"dose": [1.0, 5.0, 7.0]})  # fmt: skip
    cut = Events("cut", times=[4.0], fields={"left": [[0.5, 0.6, 0.7]]})
    batch = closed_batch(members=3, replicates=[3, 0, 2], events=(doses, cut))
    ready_batch = prepare(ready("closed"), batch, Settings())
    part = part_of(ready_batch, np.array([2]))
    assert part.most == 2
    assert part.stops.data[:-1].tolist() == [5.0, 7.0, 0.5, 0.6, 0.7]
    assert part.members.states.shape[1] == 9 + 2
    assert ready_part(part, closed()).arrays.members == 1


# ---- summaries ------------------------------------------------------------------------------


def test_summaries_made_in_the_workers_are_those_of_all_members(whole, pool):
    edges = np.linspace(0.0, 60.0, 241)
    reduce = Together(
        {"spread": Moments(), "bins": Histogram("x_seen", edges), "rows": Rows(largest_lesion)}
    )
    for executor in (pool, Serial(chunk=11)):
        found = run("engine_systems:closed", COHORT, executor=executor, reduce=reduce)
        assert found["outcomes"] == {outcome: MEMBERS * (outcome == 0) for outcome in Outcome}
        for name, spread in found["spread"].items():
            values = np.moveaxis(whole[name], 1, 0).reshape(9, -1)
            np.testing.assert_array_equal(spread.count, (~np.isnan(values)).sum(1))
            np.testing.assert_allclose(spread.mean, np.nanmean(values, axis=1), rtol=1e-12)
            np.testing.assert_allclose(
                spread.sd, np.nanstd(values, axis=1, ddof=1), rtol=1e-12, atol=1e-12
            )
            np.testing.assert_array_equal(spread.low, np.nanmin(values, axis=1))
            np.testing.assert_array_equal(spread.high, np.nanmax(values, axis=1))
        x = whole["x_seen"]
        expected = [np.histogram(x[:, k], edges)[0] for k in range(9)]
        np.testing.assert_array_equal(found["bins"].counts[:, 1:-1], expected)
        np.testing.assert_allclose(
            found["bins"].quantile(0.9)[1:], np.quantile(x, 0.9, axis=0)[1:], atol=0.4
        )
        np.testing.assert_array_equal(found["rows"]["largest"], largest_lesion(whole)["largest"])


def test_a_quantile_beyond_the_edges_is_unknown():
    found = run(closed, COHORT, executor="serial", reduce=Histogram("x_seen", [100.0, 101.0]))
    assert np.isnan(found.quantile(0.5)).all()
    assert found.counts[:, 0].tolist() == [MEMBERS] * 9


# ---- what goes wrong ------------------------------------------------------------------------


def _faulty(member, how):
    arguments = {"member": member, "how": how}
    return Cohort(draw=cohort_with_a_fault, members=MEMBERS, seed=SEED, arguments=arguments)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("raise", "RuntimeError: this draw is broken"),
        ("die", "its worker process died"),
        ("number", "batch of closed forms: parameters.k: -1 1/d in member 10"),
    ],
)
def test_a_chunk_that_fails_is_named_and_the_others_are_kept(whole, pool, how, said):
    with pytest.raises(RunError) as caught:
        run("engine_systems:closed", _faulty(50, how), executor=pool)
    assert caught.value.missing.tolist() == list(range(40, 80))
    [problem] = caught.value.problems
    assert problem.where.startswith("chunk 1 (members 40 to 79)")
    assert said in str(problem)
    kept = np.r_[0:40, 80:MEMBERS]
    np.testing.assert_allclose(caught.value.rest["x_seen"], whole["x_seen"][kept], rtol=1e-12)
    assert bool(caught.value.traces) == (how == "raise")


def test_where_every_chunk_fails_a_few_are_named():
    cohort = Cohort(draw="engine_cohorts:no_such", members=90, seed=1)
    with pytest.raises(RunError, match="85 more chunks of 90") as caught:
        run(closed, cohort, executor=Serial(chunk=1))
    assert caught.value.rest is None
    assert caught.value.missing.size == 90
    assert "install the module" in str(caught.value).lower()


def test_a_system_that_cannot_travel_is_refused_before_anything_starts():
    executor = Processes(2)
    with pytest.raises(EngineError, match=r"system: another process cannot have it") as caught:
        run(closed(), COHORT, executor=executor)
    assert "'module:function'" in str(caught.value)
    assert executor._pool is None


def test_a_function_of_an_interactive_session_is_refused(monkeypatch):
    import __main__

    def draw(draws):
        return closed_batch()

    draw.__module__, draw.__qualname__ = "__main__", "draw"
    monkeypatch.setattr(__main__, "draw", draw, raising=False)
    monkeypatch.delattr(__main__, "__file__", raising=False)
    with pytest.raises(EngineError, match="cohort: draw: it is defined in an interactive session"):
        run("engine_systems:closed", Cohort(draw=draw, members=5, seed=1), executor=Processes(1))


@pytest.mark.parametrize(
    ("system", "cohort", "executor", "said"),
    [
        (closed, COHORT, "threads", "'threads' is no executor; expected one of serial"),
        ("engine_systems", COHORT, "serial", "engine_systems"),
        ("engine_systems:nothing", COHORT, "serial", "has no attribute 'nothing'"),
        ("engine_cohorts:SEED_OF", COHORT, "serial", "has no attribute"),
        (ready, COHORT, "serial", "missing 1 required"),
    ],
)
def test_what_cannot_be_is_said_first(system, cohort, executor, said):
    with pytest.raises((EngineError, TypeError), match=said):
        run(system, cohort, executor=executor)


def test_ctrl_c_ends_the_workers():
    seen = []

    def interrupt(done, total):
        seen.append((done, list(executor._pool._processes.values())))
        raise KeyboardInterrupt

    executor = Processes(1, chunk=10)
    with pytest.raises(KeyboardInterrupt):
        run("engine_systems:closed", COHORT, executor=executor, progress=interrupt)
    [(done, workers)] = seen
    assert (done, len(workers)) == (10, 1)
    assert not any(worker.is_alive() for worker in workers)
    assert executor._pool is None


def test_chunks_are_made_as_they_are_needed():
    """No more than two chunks per worker are in memory, whatever the size of the cohort."""
    made, done, most = [], [], 0

    def tasks():
        for task in all_tasks:
            made.append(task.number)
            yield task

    order = Order(Source("no:where", "", "rodas4", 4), Settings(), Whole())
    all_tasks = [Task(k, np.arange(3), packed(order)) for k in range(12)]
    with Processes(1) as executor:
        for result in executor.results(tasks()):
            done.append(result.number)
            most = max(most, len(made) - len(done) + 1)
    assert sorted(done) == list(range(12))
    assert most == 2


@pytest.mark.parametrize(
    ("members", "workers", "size"), [(10, 8, 250), (8000, 4, 500), (8001, 4, 501), (10**6, 4, 2000)]
)
def test_chunks_are_neither_tiny_nor_huge(members, workers, size):
    assert Processes(workers).size(members) == size


def test_a_cohort_of_nobody_is_refused():
    with pytest.raises(EngineError, match="members: 0 members"):
        Cohort(draw=closed_cohort, members=0, seed=1)


def test_rows_and_names_are_checked():
    for reduce, said in (
        (Rows(lambda found: {"one": [1.0]}), "one: shape"),
        (Moments(("no",)), "no: is no observable"),
        (Histogram("x_seen", [1.0, 0.0]), "not ascending"),
    ):
        with pytest.raises(RunError, match=said):
            run(closed, COHORT, executor="serial", reduce=reduce)
