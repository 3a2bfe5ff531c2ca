"""Texts that look as if they named the patient. The finding never repeats the text."""

import re
from collections.abc import Iterator

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import subject
from abscope.case.references import Path

__all__ = ["CHECKS"]

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "a record number (MRN, patient ID, hospital number)",
        re.compile(
            r"\b(?:MRN|SSN)[\s:#]*\d|\b(?:NHS\s*(?:no|number)|patient\s*(?:id|number|no\.?)|"
            r"(?:hospital|record|chart)\s*(?:number|no\.))\b\s*[:#]?\s*\w*\d",
            re.IGNORECASE,
        ),
    ),
    (
        "a date of birth",
        re.compile(r"\bDOB\b|\b(?:date of birth|birth\s?date|born (?:on|in))\b.{0,12}\d", re.I),
    ),
    (
        "a name",
        re.compile(
            r"\b(?:Mr|Mrs|Ms|Miss)\.?\s+[A-Z][a-z]+|\b(?:patient|pt\.?)(?:'s)?\s+name\b",
        ),
    ),
    ("an e-mail address", re.compile(r"\b[\w.+-]+@[\w-]+\.[A-Za-z]{2,}\b")),
    ("a number of 8 or more digits", re.compile(r"(?<![\w./])\d{8,}(?![\w-])")),
)

#: One word shorter than this holds none of the patterns.
_SHORTEST = 6

#: Fields that hold public identifiers or closed words, never text about the patient.
_PUBLIC = frozenset({"doi", "pmid", "pmcid", "url", "schema", "citation", "loc", "ref"})


@check("personal-data", "a text looks like a name, date of birth or identifier of the patient")
def _personal_data(view: View) -> Iterator[Remark]:
    """Search every text for simple patterns; public identifiers of the source are left out."""
    known: dict[str, str] = {}
    for path, text in view.texts:
        if text not in known:
            known[text] = _kind_of(text)
        if known[text] and not _is_public(path):
            yield Remark(
                path,
                f"{subject(view.case, path)}: the text looks as if it held {known[text]}",
                "no name, date of birth or identifier anywhere in a case",
                "Remove it before the file is shared; an age and relative times are enough.",
            )


def _kind_of(text: str) -> str:
    if len(text) < _SHORTEST and text.isalnum():
        return ""
    return next((kind for kind, pattern in _PATTERNS if pattern.search(text)), "")


def _is_public(path: Path) -> bool:
    return any(part in _PUBLIC for part in path)


CHECKS: tuple[Check, ...] = (_personal_data,)
