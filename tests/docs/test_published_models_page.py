"""The page about published models says what their declarations say."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_page_is_what_the_declarations_give() -> None:
    spec = importlib.util.spec_from_file_location("writer", DOCS / "published_models_page.py")
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    written = (DOCS / "explanation" / "published-models.md").read_text(encoding="utf-8")
    same = written == writer.page()
    assert same, "a declaration changed: run 'python docs/published_models_page.py'"


def test_page_has_equations_and_departures_of_every_published_model() -> None:
    text = (DOCS / "explanation" / "published-models.md").read_text(encoding="utf-8")
    sections = {line[3:] for line in text.splitlines() if line.startswith("## ")}
    assert {"kosinsky2018", "kuznetsov1994", "walker2018", "friedrich2022", "serre2016"} <= sections
    assert r"\frac{2 \alpha b U^{2}}{\delta^{2} \tau}" in text
    assert "it is U / tau" in text
