"""Pages and API without a browser: one error shape, forms, files in and out, the same words."""

import io
import zipfile
from pathlib import Path

import pytest

from abscope.case.template import template
from abscope.web.glossary import glossary
from abscope.web.new_case import TUMOR_TYPES, case_text, compact
from abscope.web.views import STEPS, command, python
from web_server import HERE, client_of

REPO = Path(__file__).parents[3]
ORIGIN = {"origin": HERE}


def test_the_glossary_is_the_page_of_the_docs() -> None:
    copy = REPO / "src/abscope/web/glossary.md"
    assert copy.read_text("utf-8") == (REPO / "docs/glossary.md").read_text("utf-8")
    assert "course" in glossary()
    assert "[" not in "".join(glossary().values())


def test_errors_have_one_shape_as_json_and_as_a_page(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    for path, status in (
        ("/api/v1/cases/none", 404),
        ("/api/v1/nowhere", 404),
        ("/api/v1/shelf/none", 404),
        ("/api/v1/library/kim2021-breast/facts/imaging.99", 404),
        ("/api/v1/jobs/0123456789abcdef", 404),
        ("/api/v1/cases/none/drafts/xyz", 405),
        ("/api/v1/audit?count=0", 422),
    ):
        answer = client.get(path)
        body = answer.json()
        assert (answer.status_code, body["status"], body["ok"]) == (status, status, False), path
        assert set(body["errors"][0]) == {"where", "path", "what", "expected", "action"}
        assert body["error"].startswith(body["errors"][0]["where"])
    page = client.get("/cases/none/timeline")
    assert page.status_code == 404
    assert "there is no case of this name" in page.text


def test_a_case_is_made_saved_and_conflicts_over_the_api(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    text = template("one")
    assert client.post("/api/v1/cases", json={"name": "one", "text": text}).status_code == 201
    assert client.post("/api/v1/cases", json={"name": "one", "text": text}).status_code == 400
    held = client.get("/api/v1/cases/one").json()
    assert (held["text"], held["case"]["id"]) == (text, "one")
    save = {"text": text + "# a\n", "revision": held["revision"]}
    saved = client.put("/api/v1/cases/one", json=save).json()
    assert saved["ok"]
    lost = client.put("/api/v1/cases/one", json={"text": "x", "revision": held["revision"]})
    assert lost.status_code == 409
    assert (lost.json()["theirs"], lost.json()["revision"]) == (text + "# a\n", saved["revision"])
    versions = client.get("/api/v1/cases/one/history").json()["versions"]
    assert [version["number"] for version in versions] == [1, 2]
    assert client.get("/api/v1/audit").json()["broken_at"] is None


def test_a_check_names_lines_and_names_of_patients(tmp_path: Path) -> None:
    client = client_of(tmp_path)
    text = template("one")
    wrong = client.post("/api/v1/check", json={"text": text.replace("site: lung", "site: lun")})
    lines = [problem["line"] for problem in wrong.json()["problems"]]
    assert lines == [text[: text.index("site: lung")].count("\n") + 1]
    named = text.replace("title: Melanoma", "title: Mrs. Smith, melanoma")
    found = client.post("/api/v1/check", json={"text": named}).json()["findings"]
    assert any("a name" in one["what"] for one in found)


def test_the_form_leaves_out_what_was_left_empty() -> None:
    values = {
        "id": "one", "title": "t", "default_missing": "not_reported", "patient.age_years": "",
        "lesions[2].id": "L1", "lesions[2].site": "lung", "lesions[0].id": "",
        "rt_courses[0].id": "RT1", "rt_courses[0].phases[0].id": "RT1a",
        "rt_courses[0].phases[0].targets": "L1", "not a field!": "x",
    }  # fmt: skip
    rows = compact(values)
    assert "lesions[0].id" in rows
    assert not any("not a field" in name for name in rows)
    text = case_text(rows)
    assert "age_years" not in text
    assert "targets: [L1]" in text
    assert "breast" in TUMOR_TYPES


def test_every_step_has_a_command_and_python_that_compiles() -> None:
    for step in STEPS:
        if step.id in ("what-if", "optimize"):  # their commands are made of what is asked
            continue
        assert command(step.id, "a b.yaml", name="x").startswith("abscope ")
        assert "'a b.yaml'" in command(step.id, "a b.yaml", name="x")
        compile(python(step.id, "a b.yaml"), step.id, "exec")


@pytest.mark.parametrize("step", ["timeline", "response", "blood", "expectation", "report", "edit"])
def test_the_python_of_a_page_runs(tmp_path, capsys, step: str) -> None:
    """That of Blood once named a field that is not there, which compiling cannot see."""
    case = tmp_path / "a b.yaml"
    case.write_text(template("one"), encoding="utf-8")
    exec(python(step, str(case)), {})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("name", ["fong2025-melanoma"])
def test_results_figures_and_tables_are_given(tmp_path: Path, name: str) -> None:
    client = client_of(tmp_path)
    root = f"/api/v1/library/{name}"
    marks = [
        mark for track in client.get(f"{root}/timeline").json()["tracks"] for mark in track["marks"]
    ]
    assert len(marks) > 10
    for mark in marks:
        fact = client.get(f"{root}/facts/{mark['path']}").json()
        assert fact["ok"], mark["path"]
        assert fact["place"].startswith(f"{name}.yaml:")
        assert fact["fields"]
    assert client.get(f"{root}/response").json()["abscopal"]["strict"]
    svg = client.get(f"{root}/figures/timeline/timeline.svg")
    assert (svg.headers["content-type"], svg.text[:4]) == ("image/svg+xml", "<svg")
    rows = client.get(f"{root}/tables/visits.csv").text.splitlines()
    assert rows[0].startswith("case,course")
    assert client.get(f"{root}/tables/exposure.csv").status_code == 404
    assert client.get(f"{root}/dose").json()["dose"] is None


def test_the_project_goes_out_and_comes_in(tmp_path: Path) -> None:
    client = client_of(tmp_path / "a")
    client.post("/api/v1/cases", json={"name": "one", "text": template("one")})
    pack = client.get("/api/v1/project.zip").content
    assert "one.yaml" in zipfile.ZipFile(io.BytesIO(pack)).namelist()
    other = client_of(tmp_path / "b")
    taken = other.post("/api/v1/project", files={"file": ("p.zip", pack)}, headers=ORIGIN)
    assert taken.json()["cases"] == {"one": "one"}
    wrong = other.post("/api/v1/project", files={"file": ("p.zip", b"no")}, headers=ORIGIN)
    assert (wrong.status_code, wrong.json()["ok"]) == (422, False)


def test_starting_the_program_does_not_load_the_server() -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom abscope.cli.app import run\nrun(['--help'])\n"
        "print([m for m in ('fastapi', 'uvicorn', 'starlette') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
