"""The page about the case file says what the records say."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_page_is_what_the_records_give() -> None:
    spec = importlib.util.spec_from_file_location("writer", DOCS / "case_file_reference.py")
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    written = (DOCS / "reference" / "case-file.md").read_text(encoding="utf-8")
    same = written == writer.page()
    assert same, "the records changed: run 'python docs/case_file_reference.py'"


def test_page_names_every_part_of_a_case() -> None:
    text = (DOCS / "reference" / "case-file.md").read_text(encoding="utf-8")
    sections = {line[4:] for line in text.splitlines() if line.startswith("### ")}
    assert {"Case", "Lesion", "RTCourse", "RTPhase", "Finding", "Lab", "Discrepancy"} <= sections
    assert "| `size_mm` | number in **mm**" in text
