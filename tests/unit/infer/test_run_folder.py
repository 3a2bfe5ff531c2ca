"""A run on disk: found again, resumed, and never half of one taken for a whole."""

import errno
import json
import os
from pathlib import Path

import pytest

from abscope.errors import UsageError
from abscope.infer.run_folder import RunRecord, begin_run, open_run, versions_now


def record(**changes) -> RunRecord:
    given = {
        "command": "fit", "case_id": "small", "options": {"draws": 100}, "seed": 1,
        "versions": {"abscope": "0.1"}, "inputs": {}, "outputs": {},
    }  # fmt: skip
    return RunRecord(**{**given, **changes})


def test_a_run_can_be_read_back(tmp_path: Path) -> None:
    begun = begin_run(tmp_path / "run", record(), {"case.yaml": "id: small\n"})
    assert not begun.complete
    begun.save_checkpoint(b"half way")
    assert open_run(tmp_path / "run").checkpoint() == b"half way"
    done = begun.finish({"growth": 0.01}, {"figures/fit.svg": "<svg/>"})
    found = open_run(tmp_path / "run")
    assert found.record == done.record
    assert found.complete
    assert found.results == {"growth": 0.01}
    assert found.read("inputs/case.yaml") == b"id: small\n"
    assert found.read("figures/fit.svg") == b"<svg/>"
    assert found.checkpoint() is None


def test_a_run_that_was_cut_off_goes_on_and_another_is_not_overwritten(tmp_path: Path) -> None:
    path, inputs = tmp_path / "run", {"case.yaml": "id: small\n"}
    begin_run(path, record(), inputs).save_checkpoint(b"state")
    assert begin_run(path, record(), inputs).checkpoint() == b"state"
    tuples = record(options={"draws": 100, "without": ()})
    begin_run(tmp_path / "other", tuples, inputs).save_checkpoint(b"state")
    assert begin_run(tmp_path / "other", tuples, inputs).checkpoint() == b"state"
    with pytest.raises(UsageError, match="unfinished run.*--force"):
        begin_run(path, record(seed=2), inputs)
    with pytest.raises(UsageError, match="unfinished run"):
        begin_run(path, record(), {"case.yaml": "id: other\n"})
    assert begin_run(path, record(seed=2), inputs, force=True).checkpoint() is None
    begin_run(path, record(seed=2), inputs).finish({}, {})
    with pytest.raises(UsageError, match="holds a run"):
        begin_run(path, record(seed=2), inputs)


def test_a_run_keeps_the_whole_fit_that_it_rests_on(tmp_path: Path) -> None:
    inputs = {"case.yaml": "id: small\n", "fit/run.json": "{}", "fit/inputs/case.yaml": "id: s\n"}
    begun = begin_run(tmp_path / "new" / "run", record(), inputs)
    assert begun.read("inputs/fit/inputs/case.yaml") == b"id: s\n"
    assert begin_run(tmp_path / "new" / "run", record(), inputs).record == begun.record


def test_a_run_that_cannot_begin_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("abscope.case.files.os.fsync", full)
        with pytest.raises(UsageError, match="No space left"):
            begin_run(tmp_path / "run", record(), {"case.yaml": "id: small\n"})
    assert not list(tmp_path.iterdir())


def test_what_is_no_run_or_was_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        open_run(tmp_path / "missing")
    with pytest.raises(UsageError, match="not the folder of a run"):
        open_run(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        begin_run(tmp_path / "file", record(), {})
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="not the folder of a run"):
        begin_run(tmp_path / "notes", record(), {}, force=True)
    done = begin_run(tmp_path / "run", record(), {"a": "1"}).finish({}, {"draws.nc": b"123"})
    (tmp_path / "run" / "draws.nc").write_bytes(b"12")
    with pytest.raises(UsageError, match="changed after the run"):
        done.read("draws.nc")
    place = tmp_path / "run" / "run.json"
    whole = place.read_text()
    place.write_text(whole[:40])
    with pytest.raises(UsageError, match="part of it"):
        open_run(tmp_path / "run")
    place.write_text(json.dumps({**json.loads(whole), "format": "abscope-run/9"}))
    with pytest.raises(UsageError, match="abscope-run/9.*expected abscope-run/1"):
        open_run(tmp_path / "run")


def test_versions_name_what_computes() -> None:
    assert {"abscope", "python", "numpy", "scipy", "numba", "catalog"} == set(versions_now())


def test_a_full_disk_leaves_the_run_unfinished_and_its_checkpoint_there(
    tmp_path: Path, monkeypatch
) -> None:
    begun = begin_run(tmp_path / "run", record(), {"case.yaml": "id: small\n"})
    begun.save_checkpoint(b"state")

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("abscope.case.files.os.fsync", full)
        with pytest.raises(UsageError, match="No space left"):
            begun.finish({"growth": 0.01}, {"draws.nc": b"123"})
    found = open_run(tmp_path / "run")
    assert not found.complete
    assert found.checkpoint() == b"state"
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        "checkpoint", "inputs", "run.json",
    ]  # fmt: skip
