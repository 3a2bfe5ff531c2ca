"""A crash, a hang or a hunger for memory is one rejected file; the next file is read."""

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from abscope.dose.dicom import Limits, parsing, read_study
from abscope.dose.dicom.instances import WIRE_TYPES, Instance
from abscope.dose.dicom.rejection import Rejected
from abscope.dose.dicom.sandbox import Sandbox
from abscope.dose.dicom.wire import pack, unpack
from abscope.dose.structures import Contour
from abscope.errors import DicomError, UsageError
from dicom_case import write_case

forks = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="planting a fault needs a forked process"
)
TRUE_PARSE = parsing.parse_file


def planted(monkeypatch, fault):
    def parse(path: Path, limits, **options):
        if path.name == "evil.dcm":
            fault()
        return TRUE_PARSE(path, limits, **options)

    monkeypatch.setattr(parsing, "parse_file", parse)


FAULTS = {
    "crash": (lambda: os.kill(os.getpid(), signal.SIGKILL), "its parser was lost"),
    "exit": (lambda: os._exit(0), "its parser was lost"),
    "hang": (lambda: time.sleep(60), "took longer than 1.5 s"),
    "hunger": (lambda: np.ones(1 << 28), "needs more than 256 MiB of memory"),
    "error": (lambda: [][1], "cannot be parsed (IndexError)"),
    "recursion": (lambda: TRUE_PARSE(None, None), "cannot be parsed (TypeError)"),
}


@forks
@pytest.mark.parametrize("name", FAULTS)
def test_one_bad_file_is_one_line(tmp_path, monkeypatch, name):
    fault, words = FAULTS[name]
    folder = write_case(tmp_path)
    (folder / "evil.dcm").write_bytes(b"evil")
    planted(monkeypatch, fault)
    limits = Limits(time_s=1.5 if name == "hang" else 30.0, memory_bytes=256 << 20)
    with pytest.raises(DicomError) as caught:
        read_study(folder, limits=limits)
    (problem,) = caught.value.problems
    assert words in problem.what
    assert "evil.dcm" in problem.where
    study = read_study(folder, limits=limits, accepted={"unreadable": "not of this patient"})
    assert len(study.doses) == len(study.plans) == len(study.structure_sets) == 1


@forks
def test_the_process_is_gone_afterwards(tmp_path, monkeypatch):
    write_case(tmp_path)
    planted(monkeypatch, lambda: os._exit(3))
    (tmp_path / "evil.dcm").write_bytes(b"evil")
    with Sandbox(Limits()) as sandbox:
        assert isinstance(sandbox.parse(tmp_path / "rtdose.dcm"), Instance)
        first = sandbox._process.pid
        assert isinstance(sandbox.parse(tmp_path / "evil.dcm"), Rejected)
        assert isinstance(sandbox.parse(tmp_path / "rtplan.dcm"), Instance)
        second = sandbox._process.pid
        assert first != second
    for pid in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_spawned_process_reads_the_same(tmp_path):
    """What other systems than Linux use."""
    write_case(tmp_path)
    for name in ("rtdose.dcm", "rtss.dcm", "rtplan.dcm"):
        found = []
        for method in ("fork", "spawn") if sys.platform.startswith("linux") else ("spawn",):
            with Sandbox(Limits(), salt=b"s", start_method=method) as sandbox:
                found.append(sandbox.parse(tmp_path / name))
        assert pack(found[0]) == pack(found[-1])
        assert isinstance(found[0], Instance)


def test_records_travel_whole():
    contour = Contour(np.arange(12.0).reshape(4, 3), "größer\\\n")
    back = unpack(pack(contour), WIRE_TYPES)
    assert isinstance(back, Contour)
    assert back.kind == contour.kind
    assert np.array_equal(back.points_mm, contour.points_mm)
    assert not back.points_mm.flags.writeable


@pytest.mark.parametrize(
    "message",
    [
        b"\x10\0\0\0\0\0\0\0" + b'{"c":"Path","f":[]}',
        b"\x40\0\0\0\0\0\0\0" + b'{"a":[0,"O",[1]]}'.ljust(64) + b"\0" * 16,
        b"\x40\0\0\0\0\0\0\0" + b'{"a":[0,"<f8",[9]]}'.ljust(64) + b"\0" * 16,
        b"\x40\0\0\0\0\0\0\0" + b'{"a":[0,"<f8",[-1]]}'.ljust(64) + b"\0" * 12,
    ],
)
def test_only_known_records_can_be_built(message):
    with pytest.raises((KeyError, ValueError)):
        unpack(message, WIRE_TYPES)


def test_what_has_no_plain_form_does_not_travel():
    with pytest.raises(TypeError, match="object does not travel"):
        pack(Contour(object(), ""))


def test_a_worker_that_may_not_start_a_process_is_told(tmp_path, monkeypatch):
    write_case(tmp_path)
    worker = SimpleNamespace(daemon=True)
    monkeypatch.setattr("multiprocessing.current_process", lambda: worker)
    with pytest.raises(UsageError, match="ProcessPoolExecutor"):
        read_study(tmp_path)
