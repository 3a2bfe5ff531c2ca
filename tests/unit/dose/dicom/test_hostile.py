"""Checks 28 to 31 of the science file: files made to hurt are turned away, small and quick.

Time is processor time of the parsing process, because a busy machine says nothing about a reader.
"""

import os
import subprocess
import sys
import textwrap
import zlib

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from abscope.dose.dicom import Limits, read_study
from abscope.errors import DicomError
from dicom_case import write_case
from dicom_phantom import DEFLATED, EXPLICIT, RLE, grid_of, roi_of, write_dose, write_registration

QUICK = Limits(time_s=30.0)


def rejected(folder, limits=QUICK):
    with pytest.raises(DicomError) as caught:
        read_study(folder, limits=limits)
    return [f"{problem.path}: {problem.what}" for problem in caught.value.problems]


def deflated_bomb(path, n_mib=1024):
    """Write a megabyte that unpacks to a gibibyte of zeros, the value of a private element."""
    raw = write_dose(path, np.ones((1, 2, 2)), grid_of((1, 2, 2)), syntax=DEFLATED).read_bytes()
    begin = 144 + int.from_bytes(raw[140:144], "little")
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = b"\x09\x00\x01\x10OB\x00\x00" + (n_mib << 20).to_bytes(4, "little")
    packed = engine.compress(head) + engine.flush(zlib.Z_FULL_FLUSH)
    # after a full flush the same zeros give the same bytes
    zeros = engine.compress(b"\0" * (1 << 20)) + engine.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(raw[:begin] + packed + zeros * n_mib + engine.flush())
    return path


MEASURED = """
import resource, sys
from pathlib import Path
from abscope.dose.dicom import Limits, read_study
from abscope.errors import DicomError
try:
    read_study(Path(sys.argv[1]), limits=Limits(time_s=30.0))
    print("read")
except DicomError as error:
    print(str(error).replace(chr(10), " | "))
own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
child = resource.getrusage(resource.RUSAGE_CHILDREN)
print(max(int(own.split()[1]), child.ru_maxrss), child.ru_utime + child.ru_stime)
"""


def measured(path):
    """Return what a fresh process said about a file, and its peak memory (GB); below 2 s.

    Its own peak is VmHWM: ru_maxrss would count the memory of the process that started it.
    """
    if not sys.platform.startswith("linux"):
        pytest.skip("peak memory is read from /proc")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURED), str(path)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    said, numbers = done.stdout.splitlines()
    peak, seconds = numbers.split()
    assert float(seconds) < 2.0
    return said, int(peak) * 1024 / 1e9


def test_a_deflated_bomb_is_stopped_while_it_unpacks(tmp_path):
    path = deflated_bomb(tmp_path / "bomb.dcm")
    assert 0.5e6 < path.stat().st_size < 2e6
    said, peak = measured(path)
    assert "unpacks to more than" in said
    assert peak < 0.7


def test_a_deflated_object_of_honest_size_is_read(tmp_path):
    write_case(tmp_path, dose={"syntax": DEFLATED})
    assert read_study(tmp_path, limits=QUICK).findings == ()


def test_a_cut_deflated_object_is_refused(tmp_path):
    path = write_case(tmp_path, dose={"syntax": DEFLATED}) / "rtdose.dcm"
    path.write_bytes(path.read_bytes()[:-50])
    assert rejected(tmp_path)[0] == "unreadable: the deflated data set is cut off"


def test_lying_dimensions_are_stopped_before_decoding(tmp_path):
    """65535 x 65535 values of 32 bits in a file of 1 kB would ask for 17 GB."""
    write_case(tmp_path, dose={"syntax": RLE, "Rows": 65535, "Columns": 65535, "NumberOfFrames": 1})
    said, peak = measured(tmp_path)
    assert "65535 x 65535 x 1 values of 32 bits are 17179344900 bytes" in said
    assert peak < 0.7


def test_terabytes_of_frames_are_stopped(tmp_path):
    write_case(tmp_path, dose={"Rows": 65535, "Columns": 65535, "NumberOfFrames": 1000})
    said, peak = measured(tmp_path)
    assert "are 17179344900000 bytes" in said
    assert peak < 0.7


def test_rle_that_cannot_fill_its_frames_is_stopped(tmp_path):
    write_case(tmp_path, dose={"syntax": RLE, "Rows": 15000, "Columns": 15000, "NumberOfFrames": 1})
    said, peak = measured(tmp_path)
    assert "of RLE cannot fill 1 frames of 15000 x 15000" in said
    assert peak < 0.7


def test_too_many_contour_points_are_refused(tmp_path):
    write_case(tmp_path, structures={"rois": [roi_of("many", [np.zeros((4001, 3))])]})
    expected = "unreadable: 4001 contour points in region 'many'"
    assert rejected(tmp_path, Limits(contour_points=4000)) == [expected]
    assert read_study(tmp_path, limits=Limits(contour_points=4001)).structure_sets


def test_five_million_points_are_refused_in_time(tmp_path):
    """The default limit, with 5.1 million points of the shortest numbers (31 MB)."""
    contour = Dataset()
    contour.ContourGeometricType = "CLOSED_PLANAR"
    contour.add_new(0x30060050, "UN", b"0\\" * (3 * 5_100_000 - 1) + b"0 ")
    drawn = Dataset()
    drawn.ReferencedROINumber = 1
    drawn.ContourSequence = Items([contour])
    write_case(tmp_path, structures={"ROIContourSequence": Items([drawn])})
    said, peak = measured(tmp_path)
    assert "5100000 contour points in region 'GTV'" in said
    assert peak < 0.7


@pytest.mark.parametrize("number", ["NaN", "inf", "1e999", "1e5", "-5000", "x", "1,5", "", "0x1F"])
def test_numbers_that_are_no_coordinates(tmp_path, number):
    folder = write_case(tmp_path, structures={"syntax": EXPLICIT})
    path = folder / "rtss.dcm"
    raw = path.read_bytes()
    place = raw.index(b"\x06\x30\x50\x00DS")
    length = int.from_bytes(raw[place + 6 : place + 8], "little")
    value = raw[place + 8 : place + 8 + length]
    first = value.split(b"\\")[0]
    changed = number.encode().ljust(len(first))
    path.write_bytes(raw.replace(value, changed + value[len(first) :], 1))
    (problem,) = rejected(folder)
    assert problem.startswith("unreadable: ")
    assert "contour" in problem


def test_nested_sequences_are_bounded(tmp_path):
    """Sequences of undefined length, one in the other; 16 levels are read, 3000 are not."""
    folder = write_case(tmp_path, plan={"syntax": EXPLICIT})
    path = folder / "rtplan.dcm"
    raw = path.read_bytes()
    opened = b"\x0a\x30\x40\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    before = raw.index(b"\x0a\x30\x70\x00SQ")
    for depth, fine in ((12, True), (40, False), (3000, False)):
        nested = opened * depth + closed * depth
        path.write_bytes(raw[:before] + nested + raw[before:])
        if fine:
            assert read_study(folder, limits=QUICK).findings == ()
        else:
            assert rejected(folder) == ["unreadable: sequences are nested too deep"]


def test_a_file_over_the_size_limit_is_not_opened(tmp_path):
    folder = write_case(tmp_path)
    with (folder / "huge.dcm").open("wb") as sparse:
        sparse.write(b"\0" * 128 + b"DICM")
        os.truncate(sparse.fileno(), (2 << 30) + 1)
    (problem,) = rejected(folder)
    assert "the file has 2147483649 bytes" in problem


def test_too_many_registered_frames(tmp_path):
    folder = write_case(tmp_path)
    write_registration(folder / "reg.dcm", np.eye(4), source_frame="a", target_frame="b")
    assert len(read_study(folder).registrations) == 1
    assert rejected(folder, Limits(registrations=1)) == ["unreadable: 2 registered frames"]


def test_a_deflated_dose_that_begins_with_zeros_is_no_bomb(tmp_path):
    """The ratio is that of the whole file: 7 here, though the first bytes unpack 15 times."""
    grid = grid_of((70, 64, 64))
    dose = np.zeros(grid.shape)
    dose[60:] = np.random.default_rng(1).integers(1, 2**31, (10, 64, 64))
    path = write_dose(tmp_path / "dose.dcm", dose, grid, syntax=DEFLATED, plan_uid=None)
    study = read_study(path, limits=Limits(ratio=10, ratio_floor_bytes=1 << 16))
    assert study.doses[0].dose.grid.shape == grid.shape
    assert "unpacks to more than" in rejected(path, Limits(ratio=5, ratio_floor_bytes=1 << 16))[0]
