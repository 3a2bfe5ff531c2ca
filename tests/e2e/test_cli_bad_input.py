"""Every bad input of issue 2 ends in one clear message each, and changes no file."""

import os
from pathlib import Path

import pytest

from ended import Call, Done

HEAD = "schema: abscope-case/1\nid: demo\ntitle: Demo\ndefault_missing: not_reported\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{above}'] * 10)}]\n"
    for above, name in zip("abcdefgh", "bcdefghi", strict=True)
)

#: name -> (bytes of the file, what the first message says, where it points)
BAD_FILES = {
    "empty": (b"", "the file is empty", ":1:1"),
    "only-comments": (b"# nothing\n\n", "the file is empty", ":1:1"),
    "tabs": (f"{HEAD}patient:\n\tsex: male\n".encode(), "a tab is used for layout", ":6:1"),
    "duplicate-keys": (f"{HEAD}title: Again\n".encode(), "key 'title' is given twice", ":5:1"),
    "yes-no": (
        f"{HEAD}lesions:\n  - {{id: L1, painful: yes}}\n".encode(),
        "'yes' can mean a word or a truth value",
        ":6:23",
    ),
    "not-utf-8": (HEAD.encode() + b"loc_note: M\xfcller\n", "is not UTF-8", ":5"),
    "utf-16": (HEAD.encode("utf-16"), "is not UTF-8", ":1"),
    "binary": (bytes(range(256)), "is not UTF-8", ":"),
    "alias-bomb": (BOMB.encode(), "more than 1000000 values", ":"),
    "endless-alias": (b"a: &a [*a]\n", "expands without end", ":1:8"),
    "truncated": (HEAD.encode() + b"lesions:\n  - {id: L1, site: lu", "this is no YAML", ":"),
    "list": (b"- a\n- b\n", "the file holds no mapping", ":1:1"),
    "deep": (b"[" * 10_000, "nested more than 50 deep", ":1:51"),
    "cgy": (
        f"{HEAD}rt_courses:\n  - id: RT1\n    phases:\n"
        "      - {id: RT1a, dose_per_fraction_gy: 450}\n".encode(),
        "value is 450 Gy",
        ":8:42",
    ),
}  # fmt: skip


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def refused(done: Done, status: int) -> list[str]:
    """Check the form of a refusal in text and return its lines."""
    assert done.status == status
    assert done.out == ""
    assert "Traceback" not in done.err
    lines = done.err.splitlines()
    assert lines
    for line in lines:
        assert line.startswith("error: ")
        assert "; expected " in line
    return lines


@pytest.mark.parametrize("command", ["show", "check", "report"])
@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_answered_with_place_and_reason(
    inside: Call, tmp_path: Path, name: str, command: str
) -> None:
    data, what, place = BAD_FILES[name]
    path = tmp_path / f"{name}.yaml"
    path.write_bytes(data)
    before = snapshot(tmp_path)
    more = ("-o", tmp_path / "page.html") if command == "report" else ()
    lines = refused(inside(command, path, *more), 1)
    assert lines[0].startswith(f"error: {path}{place}")
    assert what in lines[0]
    found = inside(command, path, *more, "--json")
    assert (found.status, found.err) == (1, "")
    assert (found.json["ok"], found.json["status"]) == (False, 1)
    assert what in found.json["error"]
    assert len(found.json["errors"]) == len(lines)
    for problem in found.json["errors"]:
        assert set(problem) == {"where", "path", "what", "expected", "action"}
    assert snapshot(tmp_path) == before


def test_all_problems_of_a_file_come_at_once(inside: Call, tmp_path: Path) -> None:
    path = tmp_path / "three.yaml"
    path.write_text(
        f"{HEAD}patient:\n  sexx: male\n  age_years: 37 kg\nlesions:\n  - {{id: L1, site: lnug}}\n"
    )
    lines = refused(inside("check", path), 1)
    assert [line.split(": ")[1].rsplit(":", 2)[1] for line in lines] == ["6", "7", "9"]
    assert "Did you mean 'sex'?" in lines[0]
    assert "Did you mean lung" in lines[2]


def test_a_file_of_fifty_megabytes_is_refused(inside: Call, tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    (line,) = refused(inside("check", path), 1)
    assert "the file is larger than 10 MB" in line


def test_ten_thousand_lesions_are_read_or_all_refused(inside: Call, tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"

    def write(site: str) -> None:
        rows = "".join(f"  - {{id: L{i}, site: {site}}}\n" for i in range(10_000))
        path.write_text(f"{HEAD}lesions:\n{rows}")

    write("lung")
    assert len(inside("show", path, "--json").json["case"]["lesions"]) == 10_000
    write("lnug")
    assert len(refused(inside("check", path), 1)) == 10_000


@pytest.mark.parametrize("command", ["show", "check", "report"])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        (".", "is a directory"),
        ("missing.yaml", "there is no library case and no file of this name"),
        ("no/such/folder/case.yaml", "there is no such file"),
        ("", "there is no library case and no file of this name"),
        ("kim2021", "there is no library case and no file of this name"),
        ("x" * 5000, "there is no library case and no file of this name"),
    ],
)
def test_a_case_that_is_not_there_is_wrong_use(
    inside: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    name: str,
    what: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (line,) = refused(inside(command, name), 2)
    assert what in line
    found = inside(command, name, "--json")
    assert (found.status, found.json["status"], found.err) == (2, 2, "")
    assert snapshot(tmp_path) == {}


def test_a_near_name_is_suggested(inside: Call) -> None:
    assert "Did you mean kim2021-breast?" in inside("show", "kim2021-brest").err


#: every command that writes, with the option or argument that names the file
WRITERS = {
    "new": ("new", "{}"),
    "schema": ("schema", "-o", "{}"),
    "report": ("report", "kim2021-breast", "-o", "{}"),
}


def writing(command: str, target: Path) -> list[str]:
    return [part.format(target) for part in WRITERS[command]]


@pytest.mark.parametrize("command", WRITERS)
def test_an_existing_file_is_kept_unless_forced(inside: Call, tmp_path: Path, command: str) -> None:
    target = tmp_path / "kept.txt"
    target.write_text("mine")
    (line,) = refused(inside(*writing(command, target)), 2)
    assert "already exists" in line
    assert "--force" in line
    assert snapshot(tmp_path) == {"kept.txt": b"mine"}
    assert inside(*writing(command, target), "--force").status == 0
    assert list(snapshot(tmp_path)) == ["kept.txt"]
    assert target.read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize("command", WRITERS)
@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("folder", "is a directory"),
        ("no/such/x.html", "its folder does not exist"),
        ("file/x.html", "its folder does not exist"),
        (f"{'x' * 300}.html", "cannot be written"),
    ],
)
def test_a_target_that_cannot_be_written_is_wrong_use(
    inside: Call, tmp_path: Path, command: str, force: tuple[str, ...], name: str, what: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    before = snapshot(tmp_path)
    (line,) = refused(inside(*writing(command, tmp_path / name), *force), 2)
    assert what in line
    assert snapshot(tmp_path) == before


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
@pytest.mark.parametrize("command", WRITERS)
def test_a_folder_that_takes_no_file_is_wrong_use(inside: Call, command: str) -> None:
    (line,) = refused(inside(*writing(command, Path("/proc/abscope.html"))), 2)
    assert "/proc/abscope.html" in line


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
@pytest.mark.parametrize("command", WRITERS)
def test_a_read_only_folder_is_wrong_use(inside: Call, tmp_path: Path, command: str) -> None:
    tmp_path.chmod(0o500)
    try:
        (line,) = refused(inside(*writing(command, tmp_path / "x.html")), 2)
    finally:
        tmp_path.chmod(0o700)
    assert "the folder may not be written to" in line
    assert snapshot(tmp_path) == {}


def test_a_report_with_one_kept_figure_writes_nothing(inside: Call, tmp_path: Path) -> None:
    figure = tmp_path / "kim2021-breast-timeline.svg"
    figure.write_text("mine")
    done = inside("report", "kim2021-breast", "-o", tmp_path / "k.html", "--figures", tmp_path)
    (line,) = refused(done, 2)
    assert str(figure) in line
    assert snapshot(tmp_path) == {figure.name: b"mine"}


def test_figures_need_a_folder_not_a_file(inside: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = inside(
        "report", "kim2021-breast", "-o", tmp_path / "k.html", "--figures", tmp_path / "file"
    )
    (line,) = refused(done, 2)
    assert "is a file" in line
    assert snapshot(tmp_path) == {"file": b"mine"}


def test_a_report_never_replaces_its_own_case(inside: Call, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert inside("new", path).status == 0
    before = snapshot(tmp_path)
    (line,) = refused(inside("report", path, "-o", path, "--force"), 2)
    assert "is the case file itself" in line
    assert snapshot(tmp_path) == before


def test_names_outside_ascii_work_everywhere(inside: Call, tmp_path: Path) -> None:
    folder = tmp_path / "Größe 肺"
    folder.mkdir()
    case, page = folder / "Fall Müller 🫁.yaml", folder / "Bericht é.html"
    assert inside("new", case).status == 0
    assert inside("check", case).status == 0
    done = inside("report", case, "-o", page)
    assert done.out == f"{page}: written\n"
    assert inside("report", case, "-o", page, "--force", "--json").json["report"] == str(page)
    case.write_text("title: é\nid: ü\n", encoding="utf-8")
    assert all(str(case) in line for line in refused(inside("check", case), 1))


def test_control_characters_of_a_case_do_not_reach_the_terminal(
    inside: Call, tmp_path: Path
) -> None:
    path = tmp_path / "escape.yaml"
    path.write_text(HEAD.replace("title: Demo", 'title: "A\\e[31mB\\u009b"'), encoding="utf-8")
    done = inside("show", path)
    assert done.status == 0
    assert "A\\x1b[31mB\\x9b" in done.out
    assert "\x1b" not in done.out


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["regimen", ""], "names no dose"),
        (["regimen", "5 x 450 Gy"], "a single dose is 450 Gy"),
        (["regimen", "pembrolizumab 200 mg/kg q21d"], "a single dose is 200 mg/kg"),
        (["regimen", "200 furlongs daily"], "cannot be read"),
        (["regimen", "99999999 x 1 Gy daily from 2018-04-20"], "99999999 doses"),
        (["regimen", "10000 x 1 Gy every 9999 weeks from 2018-04-20"], ""),
        (["regimen", "5 x 4 Gy daily from 2018-02-30"], "is no date"),
        (["regimen"], "missing argument 'TEXT'"),
        (["shwo", "kim2021-breast"], "no such command 'shwo'"),
        (["check", "kim2021-breast", "--strct"], "no such option: --strct"),
        (["check"], "missing argument 'CASE'"),
        (["check", "a", "b"], "got unexpected extra argument"),
        (["report", "kim2021-breast", "-o"], "option '-o' requires an argument"),
        (["schema", "--sites", "-o", "x.json"], "is given together with --sites"),
    ],
)  # fmt: skip
def test_wrong_use_ends_with_two(
    inside: Call,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    what: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (line,) = refused(inside(*arguments), 2)
    assert what in line
    found = inside(arguments[0], "--json", *arguments[1:])
    assert (found.status, found.err) == (2, "")
    assert found.json["ok"] is False
    assert found.json["status"] == 2
    assert what in found.json["error"]
    assert snapshot(tmp_path) == {}


def test_json_stands_after_the_command(inside: Call) -> None:
    found = inside("--json", "cases")
    assert found.status == 2
    assert "--json goes after the command" in found.json["error"]


def test_no_command_prints_the_help_and_ends_with_two(inside: Call) -> None:
    done = inside()
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: abscope ")
    assert "missing command" in inside("--json").json["error"]
