"""Every code that the DICOM reader can give stands on its page, and no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READER = ROOT / "src" / "abscope" / "dose" / "dicom"
SLUG = re.compile(r"[a-z]+(-[a-z]+)*")


def codes_of_the_reader() -> set[str]:
    found = set()
    for path in READER.glob("*.py"):
        if path.stem.startswith("write") or path.stem in ("pacs", "dicomweb", "dimse"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            first = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in ("DoseFinding", "_firm") and node.args:
                    first = node.args[0]
            elif isinstance(node, ast.Tuple) and len(node.elts) >= 4:
                inside = [e for e in node.elts[1:] if isinstance(e, ast.Name)]
                first = node.elts[0] if inside else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def test_the_page_lists_every_code():
    text = (ROOT / "docs" / "explanation" / "dicom.md").read_text(encoding="utf-8")
    checks = text.split("## The checks")[1].split("## Hostile")[0]
    listed = {code for code in re.findall(r"`([^`]+)`", checks) if SLUG.fullmatch(code)}
    codes = codes_of_the_reader()
    assert len(codes) > 30
    assert listed == codes
