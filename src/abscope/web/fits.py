"""Fits that are asked for in a page: kept as runs of the project, and gone on with when cut off."""

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from abscope.errors import AbscopeError
from abscope.web.jobs import Progress, StoppedError
from abscope.web.subject import Subject

if TYPE_CHECKING:
    from abscope.infer.fit_run import StoredFit
    from abscope.infer.run_folder import RunFolder
    from abscope.infer.sampling import SamplerSettings, SamplingProgress

__all__ = ["Source", "against", "fit_place", "kept_fit", "run_fit"]

#: What draws come from: the prior alone, or a fit to the scans and counts of the case.
Source = Literal["prior", "fit"]

_HOMING = "lesion"
_WAIT_S = 0.5
_guard = threading.Lock()
_busy: dict[Path, threading.Lock] = {}


def fit_place(subject: Subject) -> Path:
    """Return the folder of the fit of a case at this revision, with these dose data."""
    shown = subject.opened.shown
    parts = (shown.name, shown.revision[:10], subject.variant[:10])
    return subject.layout.runs / "-".join(part for part in parts if part)


def kept_fit(subject: Subject) -> "StoredFit | None":
    """Return the fit of a case that the project holds; None where it has none that is over.

    One made with other versions of the software or of the catalog does not count.
    """
    place = fit_place(subject)
    record = place / "run.json"
    if not record.is_file():
        return None
    from abscope.infer.fit_run import read_fit
    from abscope.infer.run_folder import open_run, versions_now

    run = open_run(place)
    if not run.complete or dict(run.record.versions) != versions_now():
        return None
    key = ("fit", str(place), record.stat().st_mtime_ns)
    return subject.opened.keep(key, lambda: read_fit(place, text=subject.opened.shown.text))


def against(fit: "StoredFit") -> tuple[str, ...]:
    """Return what speaks against a fit, to be shown first; empty where it converged."""
    diagnosis = fit.posterior.diagnosis
    if diagnosis.converged:
        return ()
    return ("the fit did not converge: what follows is not an answer", *diagnosis.why)


def run_fit(subject: Subject, progress: Progress) -> "StoredFit":
    """Return the fit of a case: the one that is kept, else one made now, from its last checkpoint.

    It is kept as `abscope fit --out` keeps it. Where it is stopped, what it has is kept, too.
    """
    place = fit_place(subject)
    with _guard:
        lock = _busy.setdefault(place, threading.Lock())
    while not lock.acquire(timeout=_WAIT_S):
        progress(0.0, "waiting for the fit that was stopped to let go")
    try:
        return kept_fit(subject) or _fit(place, subject, progress)
    finally:
        lock.release()


def _fit(place: Path, subject: Subject, progress: Progress) -> "StoredFit":
    from abscope.infer.fit_run import fit_files, fit_options, fit_results, read_fit
    from abscope.infer.fitting import fit_case
    from abscope.infer.sampling import SamplerSettings

    settings = SamplerSettings()
    run = _begun(place, subject, settings)
    state = run.checkpoint()
    begun = "going on from the last checkpoint" if state else "looking for the best fit"
    try:
        progress(0.0, begun)
        fit = fit_case(
            subject.case,
            options=fit_options(homing=_HOMING, without=()),
            settings=settings,
            progress=lambda step: _after(step, run, progress),
            resume=state,
        )
    except (AbscopeError, StoppedError):
        if run.checkpoint() is None:  # nothing was computed that could be gone on with
            shutil.rmtree(place, ignore_errors=True)
        raise
    run.finish(fit_results(subject.case, fit), fit_files(fit))
    return read_fit(place, text=subject.opened.shown.text)


def _after(step: "SamplingProgress", run: "RunFolder", progress: Progress) -> None:
    if step.save:
        run.save_checkpoint(step.state())
    progress(step.done / max(step.total, 1), f"fitting: step {step.done} of {step.total}")


def _begun(place: Path, subject: Subject, settings: "SamplerSettings") -> "RunFolder":
    """Return the folder of the run, begun now or gone on with, as the command line has it."""
    from abscope.infer.run_folder import RunRecord, begin_run, open_run, versions_now

    names = ("chains", "draws", "warmup", "seed")
    arguments = [word for name in names for word in (f"--{name}", str(getattr(settings, name)))]
    record = RunRecord(
        command="fit",
        case_id=subject.case.id,
        options={
            "homing": _HOMING,
            "without": None,
            "arguments": ["--homing", _HOMING, *arguments],
        },
        seed=settings.seed,
        versions=versions_now(),
        inputs={},
        outputs={},
    )
    inputs: dict[str, str | bytes] = {"case.yaml": subject.opened.shown.text}
    other = (place / "run.json").is_file() and open_run(place).record.versions != record.versions
    return begin_run(place, record, inputs, force=other)
