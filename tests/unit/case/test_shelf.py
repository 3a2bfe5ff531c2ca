"""Cases are opened by name or file; the template and the room's door work; writing is readable."""

import subprocess
import sys
from pathlib import Path

import pytest

import abscope.case
from abscope.case.reader import read_case_text
from abscope.case.shelf import library_names, library_text, open_case
from abscope.case.template import template
from abscope.case.writer import case_to_yaml
from abscope.errors import UsageError


def test_the_library_has_both_founding_cases_in_order() -> None:
    names = library_names()
    assert {"kim2021-breast", "fong2025-melanoma"} <= set(names)
    assert list(names) == sorted(names)
    assert library_text("kim2021-breast").startswith(("#", "schema:"))


def test_a_name_opens_a_library_case_and_a_path_a_file(tmp_path: Path) -> None:
    located = open_case("kim2021-breast")
    assert located.name == "kim2021-breast.yaml"
    path = tmp_path / "mine.yaml"
    path.write_text(template("mine"), encoding="utf-8")
    assert open_case(path).case.id == "mine"
    assert open_case(path).name == str(path)


def test_the_library_comes_before_a_file_of_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kim2021-breast").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert open_case("kim2021-breast").case.id == "kim2021-breast"


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("kim2021-brest", "Did you mean kim2021-breast?"),
        ("kim", "Did you mean kim2021-breast?"),
        ("mie.yaml", "Did you mean mine.yaml?"),
        ("quite-another-thing", "Check the name."),
        ("", "Check the name."),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(
    name: str, action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text("x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        open_case(name)
    assert str(caught.value) == (
        f"{name or repr('')}: there is no library case and no file of this name; expected a name "
        f"that 'abscope cases' lists, or a YAML file. {action}"
    )


@pytest.mark.parametrize("name", ["no-such-folder/x.yaml", "a\0b"])
def test_impossible_paths_are_usage_errors(name: str) -> None:
    with pytest.raises(UsageError):
        open_case(name)


def test_an_unknown_library_text_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="Did you mean kim2021-breast"):
        library_text("kim2021")


@pytest.mark.parametrize("case_id", ["my-case", "2024", "1e5", "true", "no", "null", "a" * 60])
def test_the_template_is_a_valid_case_that_shows_every_kind_of_fact(case_id: str) -> None:
    case = read_case_text(template(case_id), name="new.yaml").case
    assert case.id == case_id
    text = str(case)
    for status in ("stated", "derived", "conflicting", "not_reported"):
        assert f"status='{status}'" in text
    assert case.rt_courses[0].phases[0].end is not None
    assert str(case.rt_courses[0].phases[0].end.value) == "2021-03-11"
    assert [item.value.value for item in case.labs if item.value] == [1150.0, 640.0, 310.0]


@pytest.mark.parametrize("case_id", ["", "My Case", "-x", "a" * 61, "x\n", "é"])
def test_a_template_needs_a_proper_identifier(case_id: str) -> None:
    with pytest.raises(UsageError, match="cannot be the identifier of a case"):
        template(case_id)


def test_a_case_is_written_in_the_order_of_the_schema_and_in_short_forms() -> None:
    head = "schema: abscope-case/1\nid: demo\ntitle: Kühn\ndefault_missing: not_reported\n"
    body = (
        "lesions:\n- id: L1\n  name: 'yes'\n  site: lung\n  count: not reported\n"
        "  first_seen: 2018-04-20\n  note: |-\n    two\n    lines\n"
        "outcomes:\n- kind: status\n  lesions: [L1]\n"
    )
    assert case_to_yaml(read_case_text(head + body, name="f.yaml").case) == head + body


def test_every_name_of_the_door_leads_somewhere() -> None:
    for name in abscope.case.__all__:
        assert getattr(abscope.case, name) is not None
    assert set(abscope.case.__all__) <= set(dir(abscope.case))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = abscope.case.nothing  # type: ignore[attr-defined]


def test_opening_the_door_and_writing_files_loads_no_records() -> None:
    code = (
        "import sys, abscope.case, abscope.case.files\n"
        "print(sorted(x for x in sys.modules if x in ('pydantic', 'yaml')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
