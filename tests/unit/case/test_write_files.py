"""Several files are written all or none, and nothing that is no plain file is replaced."""

import os
from pathlib import Path

import pytest

from abscope.case.files import write_files
from abscope.errors import UsageError


def names(folder: Path) -> set[str]:
    return {item.name for item in folder.iterdir()}


def test_texts_and_bytes_are_written_and_the_folder_is_made(tmp_path: Path) -> None:
    page, figure = tmp_path / "a.html", tmp_path / "figures" / "a.png"
    write_files({page: "Müller\n", figure: b"\x89PNG"}, force=False, folder=figure.parent)
    assert page.read_bytes() == "Müller\n".encode()
    assert figure.read_bytes() == b"\x89PNG"
    assert names(tmp_path) == {"a.html", "figures"}


def test_every_obstacle_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "old.html").write_text("kept")
    (tmp_path / "folder").mkdir()
    contents: dict[Path, str | bytes] = {
        tmp_path / "free.html": "x",
        tmp_path / "old.html": "y",
        tmp_path / "folder": "z",
        tmp_path / "no" / "such.html": "z",
    }
    with pytest.raises(UsageError) as caught:
        write_files(contents, force=False, folder=tmp_path / "figures")
    assert [problem.what for problem in caught.value.problems] == [
        "already exists",
        "is a directory",
        "its folder does not exist",
    ]
    assert names(tmp_path) == {"old.html", "folder"}
    assert (tmp_path / "old.html").read_text() == "kept"


def test_a_failing_write_leaves_no_file_and_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old.html"
    old.write_text("kept")
    synced = []

    def full(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"new\.png: cannot be written \(No space left on device"):
        write_files({old: "lost", tmp_path / "new.png": b"x"}, force=True)
    assert len(synced) == 2
    assert old.read_text() == "kept"
    assert names(tmp_path) == {"old.html"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_replaced_even_by_force(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="is a device or pipe"):
        write_files({pipe: "x"}, force=True)
    assert pipe.is_fifo()


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target.html", tmp_path / "link.html"
    target.write_text("old")
    link.symlink_to(target)
    write_files({link: "new"}, force=True)
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.parametrize("content", ["file", "missing"])
def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text("kept")
    folder = tmp_path / "file" if content == "file" else tmp_path / "no" / "such"
    with pytest.raises(UsageError):
        write_files({folder / "a.svg": "x"}, force=True, folder=folder)
    assert names(tmp_path) == {"file"}
    assert (tmp_path / "file").read_text() == "kept"
