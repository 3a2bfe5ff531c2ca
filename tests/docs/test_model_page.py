"""The page about the model and its picture say what the mechanisms say."""

import importlib.util
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("writer", DOCS / "model_page.py")
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    return writer


def test_page_and_picture_are_what_the_mechanisms_give() -> None:
    writer = _writer()
    for path, made in ((writer.PAGE, writer.page()), (writer.PICTURE, writer.diagram())):
        same = path.read_text(encoding="utf-8") == made
        assert same, f"a mechanism changed: run 'python docs/model_page.py' ({path.name})"


def test_picture_has_the_arrows_of_the_rules() -> None:
    writer = _writer()
    arrows = writer.edges()
    assert {("killing", "tumor"), ("circulating", "arrival"), ("pd1", "killing")} <= set(arrows)
    assert {("dying", "antigen"), ("lymphocytes", "priming"), ("ctla4", "priming")} <= set(arrows)
    assert ("stroma", "antigen") not in arrows
    assert {node for arrow in arrows for node in arrow} == set(writer.NODES)
    tree = ElementTree.fromstring(writer.PICTURE.read_text(encoding="utf-8"))
    drawn = [item for item in tree.iter() if item.get("class") == "way"]
    assert len(drawn) == len(arrows)


def test_page_prints_the_equations() -> None:
    text = (DOCS / "explanation" / "model.md").read_text(encoding="utf-8")
    assert r"\frac{\mathrm{d}" in text
    assert "## abscope-core" in text
