"""The words of the glossary with their meanings; ``glossary.md`` is the page of the docs."""

import re
from functools import cache
from importlib.resources import files

__all__ = ["glossary"]

_ENTRY = re.compile(r"^(?P<term>\S[^\n]*)\n: (?P<words>[^\n]+(?:\n  [^\n]+)*)", re.MULTILINE)


@cache
def glossary() -> dict[str, str]:
    """Return every term with its meaning as plain text."""
    text = (files("abscope.web") / "glossary.md").read_text(encoding="utf-8")
    found = {}
    for entry in _ENTRY.finditer(text):
        words = re.sub(r"[`*]|\]\([^)]*\)|\[", "", " ".join(entry["words"].split()))
        for term in entry["term"].split(", "):
            found[term.strip("`")] = words
    return found
