"""Files are read within bounds and written whole or not at all."""

import os
from pathlib import Path

import pytest

from abscope.case.files import MAX_BYTES, read_text, write_text
from abscope.case.reader import read_case
from abscope.errors import AbscopeError, CaseError, UsageError

root_only = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read and write everything"
)


def message(error: pytest.ExceptionInfo[AbscopeError]) -> str:
    return str(error.value)


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_case(tmp_path / "no.yaml")
    assert message(caught) == (
        f"{tmp_path / 'no.yaml'}: there is no such file; expected a file. Check the name."
    )


def test_a_directory_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is a directory; expected a file\. Name a file in it\."):
        read_case(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "/dev/null/x"])
def test_impossible_names_are_usage_errors(name: str) -> None:
    with pytest.raises(UsageError):
        read_text(name)


@root_only
def test_an_unreadable_file_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("id: x")
    path.chmod(0)
    with pytest.raises(UsageError, match=r"may not be read; expected a readable file\."):
        read_text(path)


def test_a_file_that_may_not_be_read_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(UsageError, match=r"may not be read; expected a readable file\."):
        read_text(tmp_path / "case.yaml")


def test_bytes_that_are_no_utf_8_are_named_by_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(b"id: demo\ntitle: K\xfchn\n")
    with pytest.raises(CaseError) as caught:
        read_case(path)
    assert message(caught) == (
        f"{path}:2: byte 17 (0xfc) is not UTF-8; expected text in UTF-8. Save the file as UTF-8."
    )


def test_a_huge_file_is_refused_without_reading_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000_000)  # sparse: no disk is used, and reading it would take long
    with pytest.raises(CaseError) as caught:
        read_case(path)
    assert message(caught) == (
        f"{path}: the file is larger than 10 MB; expected at most {MAX_BYTES} bytes. "
        "Is it a case file? Split a series into one file per patient."
    )


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(b"\xef\xbb\xbfid: x\n")
    assert read_text(path) == "id: x\n"


def test_text_is_written_as_utf_8(tmp_path: Path) -> None:
    write_text(tmp_path / "out.txt", "Kühn\n", force=False)
    assert (tmp_path / "out.txt").read_bytes() == "Kühn\n".encode()
    assert [item.name for item in tmp_path.iterdir()] == ["out.txt"]


def test_an_existing_file_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")
    path.chmod(0o640)
    with pytest.raises(UsageError) as caught:
        write_text(path, "new", force=False)
    assert message(caught) == (
        f"{path}: already exists; expected a new name. Use --force to replace it."
    )
    assert path.read_text() == "old"
    write_text(path, "new", force=True)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_directory_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is a directory; expected a file name\."):
        write_text(tmp_path, "x", force=True)
    with pytest.raises(UsageError, match=r"its folder does not exist; expected a folder\."):
        write_text(tmp_path / "no" / "out.txt", "x", force=False)


@root_only
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="the folder may not be written to"):
        write_text(tmp_path / "out.txt", "x", force=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_refuses_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(UsageError) as caught:
        write_text(tmp_path / "out.txt", "x", force=False)
    assert message(caught) == (
        f"{tmp_path / 'out.txt'}: the folder may not be written to; expected a writable folder. "
        "Choose another folder."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["os.replace", "os.fsync", "os.chmod", "tempfile.mkstemp"])
def test_whatever_fails_the_old_file_stays_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old")

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(UsageError, match=r"cannot be written .*No space left on device"):
        write_text(path, "new", force=True)
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["out.txt"]


def test_a_link_is_kept_and_its_file_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_text(tmp_path / "link.txt", "new", force=True)
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_text_that_is_no_utf_8_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_text(tmp_path / "out.txt", "\ud800", force=False)
    assert list(tmp_path.iterdir()) == []
