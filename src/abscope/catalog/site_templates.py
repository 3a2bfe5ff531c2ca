"""What a field at a site does to organs when no plan is known: our own estimates."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from abscope.catalog.entries import read_text, source_problem
from abscope.errors import ModelError, Problem

__all__ = ["SiteTemplate", "parse_templates", "site_template", "site_templates"]

_KEYS = {"name", "sites", "target_volume_ml", "source", "note", "organ_frac"}


@dataclass(frozen=True, slots=True)
class SiteTemplate:
    """A field at one of ``sites`` around a target of ``target_volume_ml``.

    ``organ_frac`` gives per organ the share inside the field (which has the prescribed dose) and
    the dose of the rest as a share of the prescribed dose.
    """

    name: str
    sites: tuple[str, ...]
    target_volume_ml: float
    organ_frac: Mapping[str, tuple[float, float]]
    source: str
    note: str


@cache
def site_templates() -> tuple[SiteTemplate, ...]:
    """Return every template; ModelError with all that is wrong in the file."""
    return parse_templates(read_text("site_templates"))


def site_template(site: str) -> SiteTemplate:
    """Return the template of a site of `abscope.case.anatomy.SITES`; ModelError for no such site.

    >>> site_template("spine_thoracic").target_volume_ml
    250.0
    """
    found = _by_site().get(site)
    if found is None:
        raise ModelError(
            Problem(
                "catalog/site_templates.toml",
                f"site '{site}' has no template",
                f"one of {len(_by_site())} sites",
                "Use 'other', or give organ doses.",
            )
        )
    return found


@cache
def _by_site() -> Mapping[str, SiteTemplate]:
    return MappingProxyType({site: item for item in site_templates() for site in item.sites})


def parse_templates(text: str) -> tuple[SiteTemplate, ...]:
    """Return the templates of a TOML text; ModelError lists every problem."""
    rows = tomllib.loads(text).get("template", [])
    problems = [problem for row in rows for problem in _problems(row)]
    named = [site for row in rows for site in row.get("sites", ())]
    problems += [
        _problem("sites", f"site '{site}' is in two templates", "one", "Remove one.")
        for site in sorted({site for site in named if named.count(site) > 1})
    ]
    if problems or not rows:
        raise ModelError(problems or _problem("", "no templates", "one or more", "Add one."))
    return tuple(
        SiteTemplate(
            name=row["name"],
            sites=tuple(row["sites"]),
            target_volume_ml=float(row["target_volume_ml"]),
            organ_frac=MappingProxyType(
                {name: (float(a), float(b)) for name, (a, b) in row["organ_frac"].items()}
            ),
            source=row["source"],
            note=row["note"],
        )
        for row in rows
    )


def _problems(row: dict[str, Any]) -> list[Problem]:
    name = str(row.get("name"))
    if set(row) != _KEYS:
        return [_problem(name, f"keys are {sorted(row)}", ", ".join(sorted(_KEYS)), "Correct.")]
    out = []
    if wrong := source_problem(row["source"]):
        out.append(_problem(name, *wrong))
    if not row["target_volume_ml"] > 0:
        out.append(
            _problem(name, f"volume {row['target_volume_ml']} ml", "more than 0", "Correct.")
        )
    for organ, pair in row["organ_frac"].items():
        if len(pair) != 2 or not all(0 <= part <= 1 for part in pair):
            out.append(_problem(name, f"{organ} is {pair}", "two shares, 0 to 1", "Correct."))
    return out


def _problem(path: str, what: str, expected: str, action: str) -> Problem:
    return Problem("catalog/site_templates.toml", what, expected, action, path)
