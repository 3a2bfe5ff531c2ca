"""Long work: once per key, told to stop, and every outcome ends in a state."""

import threading

from abscope.errors import Problem, UsageError
from abscope.web.jobs import Job, Jobs, Progress


def test_the_same_key_is_worked_on_once() -> None:
    jobs, go, runs = Jobs(), threading.Event(), []

    def work(progress: Progress) -> int:
        runs.append(1)
        go.wait(5)
        progress(0.5, "half")
        return 7

    first = jobs.start("key", "title", work)
    assert jobs.start("key", "title", work) is first
    go.set()
    assert first.ended.wait(5)
    assert (first.state, first.result, first.done_frac, len(runs)) == ("done", 7, 1.0, 1)
    assert jobs.find("key") is first
    jobs.close()


def test_work_stops_where_it_says_how_far_it_is() -> None:
    jobs, started, go, after = Jobs(), threading.Event(), threading.Event(), []

    def work(progress: Progress) -> None:
        started.set()
        go.wait(5)
        progress(0.5, "half")
        after.append("went on")

    job = jobs.start("key", "title", work)
    started.wait(5)
    job.cancel()
    go.set()
    jobs.close()
    assert job.ended.wait(5)
    assert (job.state, job.result, after) == ("cancelled", None, [])
    assert jobs.find("key") is None


def test_a_result_that_is_not_wanted_is_thrown_away() -> None:
    jobs, started, go = Jobs(), threading.Event(), threading.Event()

    def work(_: Progress) -> int:
        started.set()
        go.wait(5)
        return 7

    job = jobs.start("key", "title", work)
    started.wait(5)
    job.cancel()
    again = jobs.start("key", "title", lambda _: 8)
    go.set()
    assert again.ended.wait(5)
    assert (job.state, job.result, again.result) == ("cancelled", None, 8)
    jobs.close()


def test_it_is_told_whether_work_that_was_stopped_has_ended() -> None:
    jobs, started, go = Jobs(), threading.Event(), threading.Event()

    def work(_: Progress) -> None:
        started.set()
        go.wait(5)

    jobs.start("key", "title", work)
    started.wait(5)
    jobs.close()
    assert not jobs.ended_within(0.0)
    go.set()
    assert jobs.ended_within(5.0)


def test_errors_and_bugs_end_a_job_with_their_problems() -> None:
    jobs = Jobs()

    def wrong(_: Progress) -> None:
        raise UsageError(Problem("here", "is wrong", "right", "Mend it."))

    def bug(_: Progress) -> None:
        raise ZeroDivisionError("x")

    found = [jobs.start(name, name, work) for name, work in (("a", wrong), ("b", bug))]
    for job in found:
        assert job.ended.wait(5)
        assert job.state == "failed"
    assert found[0].problems[0].what == "is wrong"
    assert "bug of abscope: ZeroDivisionError" in found[1].to_dict()["problems"][0]["what"]
    jobs.close()


def test_a_job_that_is_looked_at_does_not_end_under_the_page() -> None:
    """A page once read the result before the end and the state after it, and showed neither."""
    job = Job("key", "title")
    before = job.now()
    job.run(lambda progress: 7)
    assert (before.state, before.result) == ("waiting", None)
    after = job.now()
    assert (after.id, after.state, after.result, after.problems) == (job.id, "done", 7, ())
