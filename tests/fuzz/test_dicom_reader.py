"""A short run of the fuzzer with every test run; the long one is ``dicom_reader.py --n 100000``."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="memory limits of the reader need Linux"
)


def harness():
    path = Path(__file__).with_name("dicom_reader.py")
    spec = importlib.util.spec_from_file_location("dicom_reader", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_damaged_files_give_a_study_or_one_line_each():
    """In a process of its own: what other tests held before must not count as its memory."""
    program = Path(__file__).with_name("dicom_reader.py")
    command = [sys.executable, str(program), "--n", "300", "--seed", "20261121"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes = ast.literal_eval(done.stdout.splitlines()[1])
    assert outcomes["peak_mb"] < 1000
    assert outcomes["read"] > 50, "some mutations do no harm"
    assert outcomes["left out"] > 30, "some files are turned away"
    assert outcomes["refused"] > 10, "some doses are refused"


def test_memory_of_the_process_that_started_it_does_not_count():
    """A child of a process that holds 300 MB reports less than that."""
    held = np.ones(300_000_000 // 8)
    code = "import dicom_reader; print(dicom_reader.peak_memory_kb())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parent,
    )  # fmt: skip
    assert int(done.stdout) < held.nbytes / 1024


def test_the_harness_sees_a_fault(monkeypatch):
    """Negative control: an exception of another kind, planted in the reader, is reported."""
    fuzz = harness()

    def broken(*arguments, **options):
        raise IndexError("planted")

    monkeypatch.setattr(fuzz, "study_of", broken)
    _, failures = fuzz.run(3, seed=1)
    assert len(failures) == 3
    assert "planted" in failures[0]
