"""Every command does what it says, as text and as JSON."""

import json
from pathlib import Path

import pytest

from abscope import RESEARCH_USE_ONLY, __version__
from abscope.case.anatomy import SITES
from abscope.case.reader import read_case
from abscope.case.schema import json_schema
from abscope.case.shelf import library_names, open_case
from ended import Call, Done

COMMANDS = ("cases", "show", "check", "new", "schema", "regimen", "report", "blood")


def test_the_library_is_not_empty() -> None:
    assert {"kim2021-breast", "fong2025-melanoma"} < set(library_names())
    assert len(library_names()) >= 14


def test_help_names_every_command(inside: Call) -> None:
    done = inside("--help")
    assert done.status == 0
    assert "Research use only" in done.out
    for command in COMMANDS:
        assert f"\n  {command} " in done.out
        assert inside(command, "-h").status == 0


def test_version(inside: Call) -> None:
    assert inside("--version") == Done(0, f"abscope {__version__}\n", "")
    assert inside("--version", "--json").json == {
        "ok": True, "status": 0, "errors": [], "version": __version__,
    }  # fmt: skip


def test_cases_lists_the_library(inside: Call) -> None:
    lines = inside("cases").out.splitlines()
    assert lines[0].split() == ["id", "tumor", "doi", "title"]
    assert [line.split()[0] for line in lines[1:]] == list(library_names())
    found = inside("cases", "--json").json
    assert found["ok"] is True
    rows = {row["id"]: row for row in found["cases"]}
    assert list(rows) == list(library_names())
    assert rows["fong2025-melanoma"]["doi"] == "10.3389/fonc.2025.1483117"
    assert rows["fong2025-melanoma"]["tumor"] == "melanoma"
    assert rows["istanbul2017-nsclc"]["doi"] is None


@pytest.mark.parametrize("name", library_names())
def test_show_prints_every_case(inside: Call, name: str) -> None:
    case = open_case(name).case
    done = inside("show", name)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"{name} ({case.kind})\n{case.title}\n")
    assert RESEARCH_USE_ONLY in done.out
    for part in (*case.lesions, *case.rt_courses, *case.imaging, *case.discrepancies):
        assert f"- {part.id}" in done.out


def test_show_prints_every_version_with_its_place(inside: Call) -> None:
    lines = inside("show", "kim2021-breast").out.splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip().startswith("total dose: confl"))
    assert [line.strip() for line in lines[first + 1 : first + 5]] == [
        "- 22.5 Gy [at 80-84; body text]",
        "- 22.5 Gy [at 235-236; figure caption]",
        "- 25 Gy [at publisher abstract; one of two totals in 5 fractions]",
        "- 30 Gy [at publisher abstract; one of two totals in 5 fractions]",
    ]
    assert any("lymphocytes" in line and "3300 per µL" in line for line in lines)


def test_show_says_what_is_not_reported_and_never_none(inside: Call) -> None:
    out = inside("show", "kim2021-breast").out
    assert "menopausal status: not reported" in out
    assert "None" not in out


def test_show_json_is_the_record(inside: Call) -> None:
    found = inside("show", "fong2025-melanoma", "--json").json
    assert found["case"] == open_case("fong2025-melanoma").case.to_plain()
    assert found["file"] == "fong2025-melanoma.yaml"


def entries(found: dict[str, object], code: str) -> list[dict[str, object]]:
    both = [*found["warnings"], *found["notes"]]  # type: ignore[misc]
    return [entry for entry in both if entry["code"] == code]


def test_check_finds_what_fong2025_contradicts(inside: Call) -> None:
    found = inside("check", "fong2025-melanoma", "--json").json
    assert (found["ok"], found["status"], found["errors"]) == (True, 0, [])
    (calendar,) = entries(found, "fractions-calendar")
    assert calendar["severity"] == "warning"
    assert calendar["path"] == "rt_courses[1].end"
    assert "Friday 2023-07-21" in str(calendar["what"])
    assert "four weekdays" in str(calendar["what"])
    scans = [e for e in entries(found, "conflicting-value") if "modalities" in str(e["path"])]
    assert [sorted(s["text"] for s in e["statements"]) for e in scans] == [["CT", "PET/CT"]]  # type: ignore[attr-defined]


def test_check_finds_what_kim2021_contradicts(inside: Call) -> None:
    """Doses 22.5, 25 and 30 Gy; four or five fractions; VAS 6 or 8; the mass no list names."""
    found = inside("check", "kim2021-breast", "--json").json
    assert found["status"] == 0
    versions = {
        str(entry["path"]): {statement["text"].split(" (")[0] for statement in entry["statements"]}  # type: ignore[attr-defined]
        for entry in entries(found, "conflicting-value")
    }
    phase = "rt_courses[0].phases[0]"
    assert versions[f"{phase}.total_dose_gy"] == {"22.5 Gy", "25 Gy", "30 Gy"}
    assert versions[f"{phase}.n_fractions_delivered"] == {"4", "5"}
    assert {"6", "8"} in versions.values()
    said = " ".join(
        f"{entry['what']} {entry['statements']}"
        for entry in (*found["warnings"], *found["notes"])
        if "L08" in entry["lesions"] or "chest wall" in entry["what"]
    )
    assert "absent from" in said or "not in the list" in said


def test_check_prints_one_line_per_finding_with_its_place(inside: Call) -> None:
    found = inside("check", "fong2025-melanoma", "--json").json
    lines = inside("check", "fong2025-melanoma").out.splitlines()
    every = [*found["warnings"], *found["notes"]]
    assert every
    for entry in every:
        start = f"{entry['where']}: {entry['severity']} [{entry['code']}]: "
        assert any(line.startswith(start) and entry["what"] in line for line in lines)
        name, line, column = entry["where"].rsplit(":", 2)
        assert name == "fong2025-melanoma.yaml"
        assert int(line) > 1
        assert int(column) >= 1
    counts = f"{len(found['warnings'])} warnings, {len(found['notes'])} notes"
    assert lines[-1] == f"fong2025-melanoma.yaml: no errors, {counts}"


def test_check_strict_ends_with_one_where_there_are_warnings(inside: Call) -> None:
    done = inside("check", "fong2025-melanoma", "--strict", "--json")
    assert done.status == done.json["status"] == 1
    assert done.json["ok"] is False
    assert "--strict" in done.json["error"]
    codes = {entry["code"] for entry in done.json["errors"]}
    assert "fractions-calendar" in codes
    assert inside("check", "fong2025-melanoma", "--strict").status == 1


def test_check_strict_accepts_a_case_without_warnings(inside: Call, tmp_path: Path) -> None:
    path = tmp_path / "quiet.yaml"
    path.write_text("schema: abscope-case/1\nid: quiet\ntitle: Q\ndefault_missing: not_reported\n")
    found = inside("check", path, "--strict", "--json").json
    assert (found["ok"], found["status"], found["warnings"]) == (True, 0, [])


def test_new_writes_a_valid_commented_case(inside: Call, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    done = inside("new", path)
    assert (done.status, done.err) == (0, "")
    assert f"{path}: written" in done.out
    assert path.read_text(encoding="utf-8").startswith("#")
    assert read_case(path).case.lesions
    assert inside("check", path).status == 0
    again = inside("new", path, "--force", "--json")
    assert again.json == {"ok": True, "status": 0, "errors": [], "file": str(path)}


def test_schema_prints_and_writes_the_same_schema(inside: Call, tmp_path: Path) -> None:
    printed = inside("schema")
    assert json.loads(printed.out) == json_schema()
    assert inside("schema", "--json").json["schema"] == json_schema()
    path = tmp_path / "case.schema.json"
    assert inside("schema", "-o", path).status == 0
    assert path.read_text() == printed.out


def test_schema_lists_the_sites(inside: Call) -> None:
    lines = inside("schema", "--sites").out.splitlines()
    assert lines[0].split() == ["name", "organ", "regions", "kind", "label"]
    assert [line.split()[0] for line in lines[1:]] == list(SITES)
    rows = {row["name"]: row for row in inside("schema", "--sites", "--json").json["sites"]}
    assert rows["node_axillary"] == {
        "name": "node_axillary", "label": "axillary node", "organ": "lymph node",
        "regions": ["thorax"], "kind": "node", "paired": True,
    }  # fmt: skip


def test_regimen_skips_the_weekend(inside: Call) -> None:
    """20 April 2018 was a Friday; issue 2 gives the five dates."""
    text = "5 x 4.5 Gy daily from 2018-04-20 skip weekends"
    found = inside("regimen", text, "--json").json
    assert [dose["date"] for dose in found["doses"]] == [
        f"2018-04-{day}" for day in (20, 23, 24, 25, 26)
    ]
    assert {(dose["amount"], dose["unit"]) for dose in found["doses"]} == {(4.5, "Gy")}
    assert [dose["number"] for dose in found["doses"]] == [1, 2, 3, 4, 5]
    assert found["totals"] == [{"label": "", "unit": "Gy", "n_doses": 5, "amount": 22.5}]
    lines = inside("regimen", text).out.splitlines()
    assert lines[1].split() == ["1", "2018-04-20", "Fri", "4.5", "Gy"]
    assert lines[2].split() == ["2", "2018-04-23", "Mon", "4.5", "Gy"]
    assert lines[-1] == "5 doses, 22.5 Gy in total"


def test_regimen_does_not_invent_a_number_of_doses(inside: Call) -> None:
    found = inside("regimen", "200 mg q21d", "--json").json
    assert found["totals"] == [{"label": "", "unit": "mg", "n_doses": None, "amount": None}]
    assert "does not say how many doses" in inside("regimen", "200 mg q21d").out


def test_regimen_keeps_agents_apart(inside: Call) -> None:
    text = "ipilimumab 80 mg q3w x 4 from d0 & pembrolizumab 200 mg q3w x 4 from d0"
    found = inside("regimen", text, "--json").json
    assert [(total["label"], total["amount"]) for total in found["totals"]] == [
        ("ipilimumab", 320.0),
        ("pembrolizumab", 800.0),
    ]
    assert [dose["day"] for dose in found["doses"]] == [0, 21, 42, 63] * 2


def test_report_writes_a_page_and_figures(inside: Call, tmp_path: Path) -> None:
    page, folder = tmp_path / "kim.html", tmp_path / "figures"
    found = inside("report", "kim2021-breast", "-o", page, "--figures", folder, "--json").json
    assert found["report"] == str(page)
    text = page.read_text(encoding="utf-8")
    assert "kim2021-breast" in text
    assert RESEARCH_USE_ONLY in text
    names = sorted(path.name for path in folder.iterdir())
    assert names == sorted(Path(name).name for name in found["figures"])
    assert {"kim2021-breast-timeline.svg", "kim2021-breast-timeline.png"} <= set(names)
    for path in folder.iterdir():
        start = path.read_bytes()[:8]
        assert start.startswith(b"<" if path.suffix == ".svg" else b"\x89PNG")


def test_report_takes_its_name_from_the_case(
    inside: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert inside("report", "fong2025-melanoma").out == "fong2025-melanoma.html: written\n"
    assert [path.name for path in tmp_path.iterdir()] == ["fong2025-melanoma.html"]
