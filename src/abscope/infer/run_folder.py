"""A run on disk: what went in, with which versions and seed, and what came out.

    RUN/run.json       command, options, seed, versions, hashes; written last when the run is over
    RUN/inputs/        copies of the files that went in
    RUN/results.json   the numbers
    RUN/...            draws, figures
    RUN/checkpoint     state of a run that is under way, gone when it is over

Files are written under a temporary name and renamed, and ``run.json`` says "complete" only after
everything else is there: a run that was cut off can be told, and goes on from its checkpoint.
"""

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from abscope.case.files import write_files
from abscope.errors import Problem, UsageError

__all__ = ["FORMAT", "RunFolder", "RunRecord", "begin_run", "open_run", "versions_now"]

FORMAT = "abscope-run/1"
_RECORD, _RESULTS, _CHECKPOINT, _INPUTS = "run.json", "results.json", "checkpoint", "inputs"
#: Packages whose version can change a number.
_PACKAGES = ("abscope", "numpy", "scipy", "numba")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What a run was asked for; ``options`` are plain values as the command line has them.

    ``inputs`` and ``outputs`` have the SHA-256 of the files of the folder by name.
    """

    command: str
    case_id: str
    options: Mapping[str, Any]
    seed: int
    versions: Mapping[str, str]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    status: Literal["started", "complete"] = "started"

    def asks_the_same(self, other: Self) -> bool:
        """Return whether two runs would give the same numbers."""
        blank: dict[str, Any] = {"status": "started", "outputs": {}}
        return replace(self, **blank) == replace(other, **blank)


def versions_now() -> dict[str, str]:
    """Return the versions of abscope, Python, the packages that compute, and of the catalog.

    That of the catalog is a hash of its values: draws are deviates from them and mean something
    else with others.
    """
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return {**found, "catalog": _catalog()}


@lru_cache(maxsize=1)
def _catalog() -> str:
    folder = files("abscope.catalog") / "data"
    found = sorted((one.name, one.read_bytes()) for one in folder.iterdir() if one.is_file())
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder with its record; ``new`` where it was made for this run."""

    path: Path
    record: RunRecord
    new: bool = False

    @property
    def complete(self) -> bool:
        """Return whether the run is over."""
        return self.record.status == "complete"

    @property
    def results(self) -> dict[str, Any]:
        """Return the numbers of a run that is over."""
        found = json.loads(self.read(_RESULTS))
        return dict(found)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file of the run.

        Raises UsageError where it is missing or is not what the run wrote.
        """
        place = self.path / name
        known = {**self.record.inputs, **self.record.outputs}
        data = _bytes(place)
        if name in known and _hash(data) != known[name]:
            what, expected = "changed after the run", f"SHA-256 {known[name][:16]}..."
            raise UsageError(Problem(str(place), what, expected, "Run the command again."))
        return data

    def checkpoint(self) -> bytes | None:
        """Return the state of a run that was cut off, None where it had none."""
        place = self.path / _CHECKPOINT
        return _bytes(place) if place.is_file() else None

    def save_checkpoint(self, state: bytes) -> None:
        """Keep the state of a run under way, in place of the last one."""
        write_files({self.path / _CHECKPOINT: state}, force=True)

    def abandon(self) -> None:
        """Take away a folder made for a run that came to nothing: not over, and no state to keep.

        What was there before stays, and so does a run that can go on.
        """
        begun, state = self.path / _RECORD, self.path / _CHECKPOINT
        if not self.new or not begun.is_file() or state.is_file():
            return
        if not open_run(self.path).complete:
            shutil.rmtree(self.path, ignore_errors=True)

    def finish(self, results: Mapping[str, Any], files: Mapping[str, str | bytes]) -> Self:
        """Write results and files (by name inside the folder), and mark the run as over.

        Raises UsageError where a file cannot be written; the run then stays unfinished.
        """
        contents: dict[str, str | bytes] = {_RESULTS: _json(results), **files}
        _make_for(self.path, contents)
        write_files({self.path / name: data for name, data in contents.items()}, force=True)
        outputs = {name: _hash(data) for name, data in contents.items()}
        record = replace(self.record, status="complete", outputs=outputs)
        _write_record(self.path, record)
        (self.path / _CHECKPOINT).unlink(missing_ok=True)
        return type(self)(self.path, record)


def begin_run(
    path: Path, record: RunRecord, inputs: Mapping[str, str | bytes], *, force: bool = False
) -> RunFolder:
    """Return a folder in which a run can begin, or go on where it was cut off.

    ``inputs`` are copied in; their hashes become those of the record. Raises UsageError where the
    folder holds another run (or one that is over) and ``force`` is false, or anything else.
    """
    hashes = {f"{_INPUTS}/{name}": _hash(data) for name, data in inputs.items()}
    options = json.loads(_json(record.options))  # as a folder has them: lists, no tuples
    record = replace(record, options=options, inputs=hashes, outputs={}, status="started")
    missing = not path.exists()
    if not missing and any(_entries(path)):
        found = open_run(path)
        if not found.complete and found.record.asks_the_same(record):
            _write_inputs(path, inputs)
            return found
        if not force:
            what = (
                f"holds {'a run' if found.complete else 'an unfinished run'} of "
                f"'abscope {found.record.command}' on {found.record.case_id}"
            )
            expected = "a new folder, or the same run cut off"
            raise UsageError(Problem(str(path), what, expected, "Use --force to replace it."))
        found.path.joinpath(_CHECKPOINT).unlink(missing_ok=True)
    try:
        _make(path)
        _write_record(path, record)
        _write_inputs(path, inputs)
    except BaseException:
        if missing:  # nothing of a run that could not begin stays behind
            shutil.rmtree(path, ignore_errors=True)
        raise
    return RunFolder(path, record, new=missing)


def open_run(path: Path) -> RunFolder:
    """Return the run of a folder; raises UsageError where it is none, or of another format."""
    place = path / _RECORD
    if not place.is_file():
        what = "is not the folder of a run" if path.is_dir() else "there is no such folder"
        what = "is a file" if path.is_file() else what
        expected = f"a folder with {_RECORD}, as --out writes it"
        raise UsageError(Problem(str(path), what, expected, "Check the name."))
    try:
        found = dict(json.loads(_bytes(place)))
        form = found.pop("format", None)
    except (ValueError, TypeError):
        what, expected = "is not JSON, or a part of it", "the record of a run"
        raise UsageError(Problem(str(place), what, expected, "Run the command again.")) from None
    if form != FORMAT:
        what, hint = f"format {form!r}", "Use the version that wrote it, or run it again."
        raise UsageError(Problem(str(place), what, FORMAT, hint))
    try:
        return RunFolder(path, _checked(RunRecord(**found)))
    except TypeError as error:
        what = f"fields that do not fit ({error})"
        expected = "the record of a run"
        raise UsageError(Problem(str(place), what, expected, "Run the command again.")) from None


def _checked(record: RunRecord) -> RunRecord:
    """Return a record as it was read; raises TypeError for values that no run writes."""
    words = {"command": record.command, "case_id": record.case_id, "status": record.status}
    wrong = [name for name, value in words.items() if not isinstance(value, str)]
    wrong += [] if type(record.seed) is int else ["seed"]
    tables = {"versions": record.versions, "inputs": record.inputs, "outputs": record.outputs}
    for name, table in tables.items():
        plain = isinstance(table, dict) and all(isinstance(x, str) for x in table.values())
        wrong += [] if plain else [name]
    options = record.options
    lists = ("arguments", "without")
    if not isinstance(options, dict) or any(
        not isinstance(options.get(name) or [], list) for name in lists
    ):
        wrong.append("options")
    if wrong:
        raise TypeError(f"values of {', '.join(wrong)}")
    return record


def _entries(path: Path) -> tuple[str, ...]:
    if not path.is_dir():
        raise UsageError(Problem(str(path), "is a file", "a folder", "Choose another name."))
    return tuple(os.listdir(path))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what, expected = f"cannot be made ({error.strerror})", "a folder that can be written"
        raise UsageError(Problem(str(folder), what, expected, "Choose another.")) from None


def _make_for(path: Path, names: Iterable[str]) -> None:
    """Make the folders that files of these names inside ``path`` lie in."""
    for folder in {Path(name).parent for name in names}:
        _make(path / folder)


def _write_inputs(path: Path, inputs: Mapping[str, str | bytes]) -> None:
    _make_for(path / _INPUTS, inputs)
    write_files({path / _INPUTS / name: data for name, data in inputs.items()}, force=True)


def _write_record(path: Path, record: RunRecord) -> None:
    write_files({path / _RECORD: _json({"format": FORMAT, **asdict(record)})}, force=True)


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def _hash(data: str | bytes) -> str:
    return hashlib.sha256(data.encode("utf-8") if isinstance(data, str) else data).hexdigest()


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise UsageError(Problem(str(place), what, "a file of the run", "Run it again.")) from None
