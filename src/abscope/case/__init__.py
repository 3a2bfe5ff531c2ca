"""What happened: immutable, validated records of a case, read from and written to YAML.

The names are loaded when they are first used, so that importing the room costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abscope.case.clock import Clock, Span
    from abscope.case.facts import Fact, Quantity
    from abscope.case.files import read_text, write_text
    from abscope.case.reader import LocatedCase, read_case, read_case_text
    from abscope.case.record import Case
    from abscope.case.regimen import expand_regimen, parse_regimen, regimen_totals
    from abscope.case.schema import json_schema
    from abscope.case.shelf import library_names, library_text, open_case
    from abscope.case.timing import When
    from abscope.case.writer import case_to_yaml

__all__ = [
    "Case", "Clock", "Fact", "LocatedCase", "Quantity", "Span", "When", "case_to_yaml",
    "expand_regimen", "json_schema", "library_names", "library_text", "open_case",
    "parse_regimen", "read_case", "read_case_text", "read_text", "regimen_totals", "write_text",
]  # fmt: skip

_HOMES = {
    "Case": "record",
    "Clock": "clock",
    "Fact": "facts",
    "LocatedCase": "reader",
    "Quantity": "facts",
    "Span": "clock",
    "When": "timing",
    "case_to_yaml": "writer",
    "expand_regimen": "regimen",
    "json_schema": "schema",
    "library_names": "shelf",
    "library_text": "shelf",
    "open_case": "shelf",
    "parse_regimen": "regimen",
    "read_case": "reader",
    "read_case_text": "reader",
    "read_text": "files",
    "regimen_totals": "regimen",
    "write_text": "files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
