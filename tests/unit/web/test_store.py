"""Nothing that was saved is lost: versions, conflicts, drafts, hard stops, zips."""

import io
import json
import threading
import zipfile
from pathlib import Path

import pytest

from abscope.case.template import template
from abscope.errors import TableError, UsageError
from abscope.web.store.archive import export_project, import_project
from abscope.web.store.atomic import digest
from abscope.web.store.conflict import ConflictError
from abscope.web.store.project import Project
from abscope.web.store.recovery import recover

TEXT = template("one")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.create("one", TEXT, who="Ada", note="first")
    return made


def test_a_save_keeps_every_version_with_who_and_when(project: Project) -> None:
    project.save("one", TEXT + "# a\n", revision=digest(TEXT), who="Bo", note="a line")
    versions = project.history.versions("one")
    assert [(v.number, v.who, v.note, v.state) for v in versions] == [
        (1, "Ada", "first", "saved"),
        (2, "Bo", "a line", "saved"),
    ]
    assert project.history.text("one", 1) == TEXT
    assert project.show("cases", "one").text == TEXT + "# a\n"


def test_two_editors_get_a_conflict_and_both_texts_stay(project: Project) -> None:
    project.save("one", TEXT + "# a\n", revision=digest(TEXT), who="Ada")
    with pytest.raises(ConflictError) as caught:
        project.save("one", TEXT + "# b\n", revision=digest(TEXT), who="Bo")
    assert caught.value.theirs == TEXT + "# a\n"
    assert "by Ada" in str(caught.value)
    assert project.show("cases", "one").text == TEXT + "# a\n"


def test_many_editors_at_once_leave_one_winner(project: Project) -> None:
    done: list[str] = []

    def edit(n: int) -> None:
        try:
            project.save("one", TEXT + f"# {n}\n", revision=digest(TEXT), who=str(n))
            done.append("saved")
        except ConflictError:
            done.append("conflict")

    threads = [threading.Thread(target=edit, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["conflict"] * 7 + ["saved"]
    assert len(project.history.versions("one")) == 2


def test_a_change_by_another_program_is_kept_as_a_version(project: Project) -> None:
    path = project.layout.case("one")
    path.write_text(TEXT + "# outside\n", encoding="utf-8")
    project.save("one", TEXT, revision=digest(TEXT + "# outside\n"), who="Ada")
    states = [version.state for version in project.history.versions("one")]
    assert states == ["saved", "outside", "saved"]


def test_a_stop_between_version_and_file_is_found(project: Project, tmp_path: Path) -> None:
    project.history.add("one", TEXT + "# new\n", who="Ada", note="", state="writing")
    (tmp_path / ".one.yaml.abcd1234").write_text("half", encoding="utf-8")
    project.drafts.keep("0" * 16, name="one", text="typed", revision=digest(TEXT), who="Bo")
    found = recover(Project(tmp_path))
    assert len(found) == 3
    assert "interrupted" in found[0]
    assert project.show("cases", "one").text == TEXT
    assert project.history.text("one", 2) == TEXT + "# new\n"
    assert (tmp_path / ".abscope/recovered/one.yaml.abcd1234").read_text() == "half"
    again = recover(Project(tmp_path))
    assert len(again) == 1, "only the draft is still open"


def test_a_stop_after_the_file_counts_as_saved(project: Project, tmp_path: Path) -> None:
    new = TEXT + "# new\n"
    project.history.add("one", new, who="Ada", note="", state="writing")
    project.layout.case("one").write_text(new, encoding="utf-8")
    assert "was saved" in recover(Project(tmp_path))[0]
    assert project.history.versions("one")[-1].state == "saved"


def test_a_removed_case_can_be_restored(project: Project) -> None:
    project.remove("one", revision=digest(TEXT), who="Ada")
    assert project.entries() == ()
    last = project.history.versions("one")[-1]
    assert (last.state, project.history.text("one", last.number)) == ("removed", TEXT)
    project.save("one", TEXT, revision="", who="Ada")
    assert [entry.name for entry in project.entries()] == ["one"]


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "a" * 81, "x\0y", "-a", " a"])
def test_names_cannot_leave_the_folder(project: Project, name: str) -> None:
    with pytest.raises(UsageError):
        project.create(name, TEXT, who="Eve", note="")


def test_the_index_follows_the_files_and_is_made_anew(project: Project, tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text("schema: wrong", encoding="utf-8")
    entries = {entry.name: entry for entry in project.entries()}
    assert entries["one"].lesions == 3
    assert entries["two"].problems > 0
    (tmp_path / ".abscope/index.sqlite").write_bytes(b"no database" * 200)
    for ending in ("-wal", "-shm"):
        (tmp_path / f".abscope/index.sqlite{ending}").unlink(missing_ok=True)
    assert {entry.name for entry in Project(tmp_path).entries()} == {"one", "two"}
    assert (tmp_path / ".abscope/index.sqlite.damaged").exists()


def test_the_audit_log_shows_where_it_was_changed(project: Project, tmp_path: Path) -> None:
    for n in range(3):
        project.audit.add(who="Ada", what="look", of=str(n))
    assert project.audit.broken_at() is None
    path = tmp_path / ".abscope/audit.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
    assert project.audit.broken_at() == 2


def test_a_zip_carries_cases_with_their_versions(project: Project, tmp_path: Path) -> None:
    project.save("one", TEXT + "# a\n", revision=digest(TEXT), who="Ada")
    pack = tmp_path / "out.zip"
    sums = export_project(project, pack)
    assert sums["one.yaml"] == digest(TEXT + "# a\n")
    other = Project(tmp_path / "other")
    taken = import_project(other, io.BytesIO(pack.read_bytes()), who="Bo")
    assert taken.cases == {"one": "one"}
    assert other.show("cases", "one").text == TEXT + "# a\n"
    assert [v.note for v in other.history.versions("one")][:2] == ["first", ""]
    assert import_project(other, io.BytesIO(pack.read_bytes()), who="Bo").same == ("one",)
    other.save("one", TEXT, revision=digest(TEXT + "# a\n"), who="Bo")
    again = import_project(other, io.BytesIO(pack.read_bytes()), who="Bo")
    assert again.cases == {"one": "one-2"}


def _zip(**files: str) -> io.BytesIO:
    pack = io.BytesIO()
    sums = {name: digest(text) for name, text in files.items()}
    with zipfile.ZipFile(pack, "w") as made:
        for name, text in files.items():
            made.writestr(name, text)
        made.writestr("abscope-project.json", json.dumps({"format": 1, "files": sums}))
    return pack


@pytest.mark.parametrize(
    "name",
    ["../evil.yaml", "/etc/x.yaml", "a\\b.yaml", ".hidden.yaml", "x.py", ".abscope/index.sqlite",
     ".abscope/history/../../x", "C:x.yaml", "bad name!.yaml"],
)  # fmt: skip
def test_a_zip_cannot_write_where_it_likes(project: Project, tmp_path: Path, name: str) -> None:
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    with pytest.raises(TableError):
        import_project(project, _zip(**{"fine.yaml": TEXT, name: "x"}), who="Eve")
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def _listing(pack: zipfile.ZipFile, **files: str) -> None:
    sums = {name: digest(text) for name, text in files.items()}
    pack.writestr("abscope-project.json", json.dumps({"format": 1, "files": sums}))


def _link(pack: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("runs/link")
    info.external_attr = 0o120777 << 16
    pack.writestr(info, "/etc")
    _listing(pack, **{"runs/link": "/etc"})


def _bomb(pack: zipfile.ZipFile) -> None:
    pack.writestr("runs/zeros", bytes(100 << 20), zipfile.ZIP_DEFLATED)
    _listing(pack, **{"runs/zeros": "never read"})


def _twice(pack: zipfile.ZipFile) -> None:
    for text in ("a", TEXT):
        pack.writestr("one.yaml", text)
    _listing(pack, **{"one.yaml": TEXT})


def _file_and_folder(pack: zipfile.ZipFile) -> None:
    files = {"runs/a": "x", "runs/a/b": "y", "runs/a.c": "z"}
    for name, text in files.items():
        pack.writestr(name, text)
    _listing(pack, **files)


def _latin(pack: zipfile.ZipFile) -> None:
    raw = b"title: \xe9"
    pack.writestr("two.yaml", raw)
    sums = {"two.yaml": digest(raw)}
    pack.writestr("abscope-project.json", json.dumps({"format": 1, "files": sums}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_link, "is a link"),
        (_bomb, "unpacks to 100 MB"),
        (_twice, "more than once"),
        (_file_and_folder, "a file and a folder"),
        (_latin, "is not UTF-8"),
    ],
)
def test_a_zip_that_is_listed_well_and_holds_ill_is_refused(project, tmp_path, make, words) -> None:
    """The manifest and every checksum are right; one line says what is wrong."""
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as pack:
        make(pack)
    with pytest.raises(TableError, match=words) as caught:
        import_project(project, raw, who="Eve")
    assert len(caught.value.problems) == 1
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def test_a_zip_with_a_wrong_checksum_is_refused(project: Project) -> None:
    pack = io.BytesIO()
    with zipfile.ZipFile(pack, "w") as made:
        made.writestr("two.yaml", TEXT)
        sums = {"two.yaml": digest("other"), "three.yaml": digest("")}
        made.writestr("abscope-project.json", json.dumps({"format": 1, "files": sums}))
    with pytest.raises(TableError) as caught:
        import_project(project, pack, who="Eve")
    assert len(caught.value.problems) == 2
    with pytest.raises(TableError):
        import_project(project, io.BytesIO(b"no zip"), who="Eve")
