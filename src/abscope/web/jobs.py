"""Long work beside the requests: started once per key, with progress, and stopped when asked."""

import copy
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Literal

from abscope.errors import AbscopeError, Problem, UsageError

__all__ = ["Job", "Jobs", "Progress", "State", "StoppedError", "Work"]

State = Literal["waiting", "running", "done", "failed", "cancelled"]

_KEPT = 8
_AT_ONCE = 2


class StoppedError(Exception):
    """Somebody asked the work to stop."""


class Progress:
    """How the work says how far it is; it is told to stop when it does."""

    def __init__(self, job: "Job", span_frac: tuple[float, float] = (0.0, 1.0)) -> None:
        self._job = job
        self._low, self._high = span_frac

    def part(self, low_frac: float, high_frac: float) -> "Progress":
        """Return the progress of a part that runs from one share of the whole to another."""
        return Progress(self._job, (low_frac, high_frac))

    def __call__(self, done_frac: float, words: str) -> None:
        """Say the share that is done, 0 to 1, and what is going on; StoppedError where told so."""
        if self._job.stopping:
            raise StoppedError
        self._job.done_frac = self._low + min(max(done_frac, 0.0), 1.0) * (self._high - self._low)
        self._job.words = words


Work = Callable[[Progress], Any]


class Job:
    """One piece of long work and how far it is; ``result`` is there when it is ``done``."""

    def __init__(self, key: object, title: str) -> None:
        self.id = secrets.token_hex(8)
        self.key = key
        self.title = title
        self.state: State = "waiting"
        self.done_frac = 0.0
        self.words = "waiting"
        self.problems: tuple[Problem, ...] = ()
        self.result: Any = None
        self.ended = threading.Event()
        self._stop = threading.Event()

    @property
    def stopping(self) -> bool:
        """Whether somebody asked it to stop."""
        return self._stop.is_set()

    def now(self) -> "Job":
        """Return the job as it is at this moment: a page must not see it end while it is made."""
        state, seen = self.state, copy.copy(self)
        seen.state = state
        seen.result = self.result if state == "done" else None
        seen.problems = self.problems if state == "failed" else ()
        return seen

    def cancel(self) -> None:
        """Ask it to stop; what it has not finished is thrown away."""
        self._stop.set()
        if self.state in ("waiting", "running"):
            self.state, self.words = "cancelled", "stopped"
            self.ended.set()

    def run(self, work: Work) -> None:
        """Do the work; every outcome ends in a state."""
        try:
            if self.stopping:
                return
            self.state, self.words = "running", "started"
            self._end("done", "done", result=work(Progress(self)))
        except StoppedError:
            self.state = "cancelled"
        except AbscopeError as error:
            self._end("failed", "failed", problems=error.problems)
        except Exception as error:  # noqa: BLE001 - a thread's last door: the job says it
            what = f"this is a bug of abscope: {type(error).__name__}: {error}"
            problem = Problem(self.title, " ".join(what.split()), "no error", "Report it.")
            self._end("failed", "failed", problems=(problem,))
        finally:
            self.ended.set()

    def _end(
        self, state: State, words: str, *, result: Any = None, problems: tuple[Problem, ...] = ()
    ) -> None:
        if self.stopping:  # it was told to stop and did not look: the result is not wanted
            return
        self.result, self.problems = result, problems
        self.done_frac = 1.0 if state == "done" else self.done_frac
        self.state, self.words = state, words

    def to_dict(self) -> dict[str, Any]:
        """Return the job as the JSON output shows it, without its result."""
        words = "stopped" if self.state == "cancelled" else self.words
        return {
            "id": self.id, "title": self.title, "state": self.state, "done_frac": self.done_frac,
            "words": words, "problems": [problem.to_dict() for problem in self.problems],
        }  # fmt: skip


class Jobs:
    """The work that goes on or ended lately; the same key is worked on once."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._begun: set[Future[None]] = set()

    def find(self, key: object) -> Job | None:
        """Return the latest job with this key; None where there is none or it was stopped."""
        with self._lock:
            every = reversed(self._jobs.values())
            return next((job for job in every if job.key == key and job.state != "cancelled"), None)

    def start(self, key: object, title: str, work: Work) -> Job:
        """Return the job that does this work, begun now unless it is there already."""
        with self._lock:
            for job in self._jobs.values():
                if job.key == key and job.state in ("waiting", "running", "done"):
                    return job
            job = Job(key, title)
            self._jobs[job.id] = job
            ended = [one for one in self._jobs.values() if one.ended.is_set()]
            for one in ended[: max(len(self._jobs) - _KEPT, 0)]:
                del self._jobs[one.id]
        begun = self._pool.submit(job.run, work)
        self._begun.add(begun)
        begun.add_done_callback(self._begun.discard)
        return job

    def get(self, job_id: str) -> Job:
        """Return a job by its identifier; raise UsageError where there is none."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None:
            raise UsageError(
                Problem("job", "there is no such job", "one that was started", "Start it again.")
            )
        return job

    def close(self) -> None:
        """Ask everything to stop and take nothing new."""
        with self._lock:
            for job in self._jobs.values():
                job.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ended_within(self, patience_s: float) -> bool:
        """Wait so many seconds for work that was asked to stop; return whether all of it did.

        It looks only between its chunks, which may take a minute.
        """
        return not wait(list(self._begun), timeout=patience_s).not_done
