"""Folders and archives: what is followed, what is unpacked, what is turned away."""

import io
import os
import zipfile

import pytest

from abscope.dose.dicom import Limits, read_study
from abscope.errors import DicomError
from dicom_case import write_case


def archive(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for entry, content in entries:
            made.writestr(entry, content)
    return out.getvalue()


def linked(name):
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = 0o120777 << 16
    return entry


def refusal(source, **limits):
    with pytest.raises(DicomError) as caught:
        read_study(source, limits=Limits(**limits))
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../etc/evil.dcm", "leads out"),
        ("/etc/evil.dcm", "leads out"),
        ("a/../../evil.dcm", "leads out"),
        ("..\\..\\evil.dcm", "leads out"),
        ("C:\\evil.dcm", "leads out"),
        ("\\\\server\\share\\evil.dcm", "leads out"),
        (linked("evil.dcm"), "is a link"),
    ],
)
def test_entries_that_escape(tmp_path, name, words):
    folder = write_case(tmp_path / "case")
    fine = [(f"x/{path.name}", path.read_bytes()) for path in folder.iterdir()]
    assert read_study(archive(fine)).findings == ()
    message = refusal(archive([*fine, (name, b"/etc/passwd")]))
    assert words in message
    assert "entry 4" in message
    assert not (tmp_path / "evil.dcm").exists()


def test_all_bad_entries_are_told(tmp_path):
    message = refusal(archive([("../a", b""), ("ok", b""), ("/b", b"")]))
    assert len(message.splitlines()) == 2


def test_a_zip_bomb_is_not_unpacked():
    bomb = archive([("zeros", b"\0" * (70 << 20))])
    assert len(bomb) < 200_000
    assert "times its size" in refusal(bomb)
    assert "there is no dose" in refusal(bomb, ratio=2000)
    assert "unpacks to 73400320 bytes" in refusal(bomb, archive_bytes=10 << 20)


def test_an_archive_of_many_entries():
    many = archive([(f"{n}", b"") for n in range(101)])
    assert "has 101 entries, at most 100" in refusal(many, files=100)


def test_sizes_that_lie_are_counted_while_unpacking(tmp_path):
    """The directory says 1 byte; what comes out is checked against that, not trusted."""
    raw = bytearray(archive([("x", b"\0" * 100_000)]))
    place = raw.index(b"PK\x01\x02")
    raw[place + 24 : place + 28] = (1).to_bytes(4, "little")
    assert "the archive is damaged" in refusal(bytes(raw))


@pytest.mark.parametrize("cut", [30, 200, -10])
def test_a_cut_archive(tmp_path, cut):
    folder = write_case(tmp_path / "case")
    whole = archive([(path.name, path.read_bytes()) for path in sorted(folder.iterdir())])
    assert "the archive is damaged" in refusal(whole[:cut])


def test_an_encrypted_entry():
    raw = bytearray(archive([("x", b"abc")]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    assert "is encrypted" in refusal(bytes(raw))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 99])
def test_an_entry_packed_by_another_method(method):
    """Damaged LZMA raises an error of its own kind, so no unpacker but that of zlib is started."""
    raw = bytearray(archive([("x", b"abc")]))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        raw[raw.index(mark) + offset] = method
    assert f"packed by method {method}" in refusal(bytes(raw))


def test_an_empty_archive_and_an_empty_stream():
    assert "there is no file" in refusal(archive([]))
    assert "there is no dose" in refusal(b"")


def test_a_stream_without_end_is_stopped():
    class Endless:
        def read(self, size=-1):
            return b"\0" * size

    assert "gives more than 4194304 bytes" in refusal(Endless(), archive_bytes=4 << 20)


def test_links_are_not_followed(tmp_path):
    folder = write_case(tmp_path / "case")
    other = write_case(tmp_path / "other", dose={"uid": "secret", "patient": "secret"})
    (folder / "out").symlink_to(other)
    (folder / "out.dcm").symlink_to(other / "rtdose.dcm")
    (folder / "again.dcm").symlink_to("rtdose.dcm")
    (folder / "nowhere").symlink_to(tmp_path / "gone")
    (folder / "loop").symlink_to(folder)
    study = read_study(folder)
    assert len(study.doses) == 1
    (finding,) = study.findings
    assert (finding.code, finding.what) == ("link", "3 links that lead out of the folder")


def test_a_link_to_a_folder_can_be_named(tmp_path):
    folder = write_case(tmp_path / "case")
    (tmp_path / "here").symlink_to(folder)
    assert read_study(tmp_path / "here").findings == ()


def test_pipes_and_too_many_files(tmp_path):
    folder = write_case(tmp_path)
    os.mkfifo(folder / "pipe")
    assert read_study(folder).findings == ()
    assert "more than 2 files" in refusal(folder, files=2)
    assert "neither a file nor a folder" in refusal(folder / "pipe")


def test_an_unreadable_file_is_one_line(tmp_path):
    folder = write_case(tmp_path)
    (folder / "rtss.dcm").chmod(0)
    if os.access(folder / "rtss.dcm", os.R_OK):
        pytest.skip("this user may read everything")
    assert "rtss.dcm" in refusal(folder)
