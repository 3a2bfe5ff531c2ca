"""The circulation of the blood as data: volumes, flows and routes, balanced, with their source."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from abscope.catalog.circulation_edits import layered
from abscope.catalog.entries import Parameter, load, look_up, parse_entry, read_text, source_problem
from abscope.errors import ModelError, Problem

__all__ = [
    "Circulation",
    "CompartmentFlow",
    "Sex",
    "blood_dose_limit",
    "blood_volume_coefficient",
    "circulation",
    "edited_circulation",
    "parse_circulation",
]

Sex = Literal["male", "female"]

#: Flows are printed with two decimals of a percent; what is left over is rounding of a sum.
_BALANCE_PERCENT = 1e-6
#: The volumes of a printed table add up to 100 % but for their last digits.
_VOLUME_PERCENT = 0.1

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOP = ("name", "sex", "source", "blood_volume", "cardiac_output", "compartment")
_ROW = ("volume_percent", "flow_percent", "to")


@dataclass(frozen=True, slots=True)
class CompartmentFlow:
    """A compartment: its share of the blood volume, of the cardiac output, and what it drains to.

    ``to_frac`` has the flow to each compartment that follows, as a share of the cardiac output;
    the shares add up to ``flow_frac``.
    """

    name: str
    volume_frac: float
    flow_frac: float
    to_frac: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Circulation:
    """A closed, balanced circulation; volumes and flows are shares of the two totals."""

    name: str
    sex: Sex
    blood_volume_l: Parameter
    cardiac_output_l_per_min: Parameter
    compartments: tuple[CompartmentFlow, ...]
    source: str


def blood_volume_coefficient(name: str) -> Parameter:
    """Return one number of the blood volume formula, for example ``male_weight`` (l/kg).

    Raises ModelError for a name that is not in ``blood_volume.toml``.

    >>> blood_volume_coefficient("male_constant").value
    0.6041
    """
    return look_up(name, entries=load("blood_volume"), where="catalog/blood_volume.toml")


def blood_dose_limit(name: str) -> Parameter:
    """Return a dose (Gy) or time (s) per fraction above which an input is refused.

    ``largest_mean_dose``, ``largest_dose``, ``longest_fraction``; ModelError for other names.

    >>> blood_dose_limit("longest_fraction").unit
    's'
    """
    return look_up(name, entries=load("blood_dose_limits"), where="catalog/blood_dose_limits.toml")


@cache
def circulation(sex: Sex) -> Circulation:
    """Return the circulation of the reference adult (28 compartments, ICRP Publication 89).

    Raises ModelError for any other word than ``male`` and ``female``.

    >>> len(circulation("female").compartments)
    28
    """
    name = f"circulation_{sex}"
    return parse_circulation(read_text(name), where=f"catalog/{name}.toml")


def edited_circulation(sex: Sex, *, edits: str, where: str) -> Circulation:
    """Return the reference circulation with the changed entries of a TOML text laid over it.

    The text has ``source`` and, as in the catalog, ``[compartment.NAME]`` tables with the entries
    that differ; a ``to`` table changes only the flows it names, and 0 ends one. The result must
    balance. Raises ModelError with all problems.
    """
    return parse_circulation(
        read_text(f"circulation_{sex}"), where=where, edits=_tables(edits, where=where)
    )


def parse_circulation(
    text: str, *, where: str, edits: Mapping[str, Any] | None = None
) -> Circulation:
    """Return the circulation of a TOML text; ModelError lists everything that is wrong with it."""
    tables: Mapping[str, Any] = _tables(text, where=where)
    problems: list[Problem] = []
    if edits is not None:
        tables, problems = layered(tables, edits=edits, where=where)
    totals = {}
    for key in ("blood_volume", "cardiac_output"):
        totals[key], wrong = parse_entry(key, tables.get(key), where=where)
        problems += wrong
    problems += [Problem(where, *parts) for parts in _head_problems(tables)]
    rows, wrong = _rows(tables.get("compartment"), where=where)
    problems += wrong
    if not problems:
        problems = _balance_problems(rows, where=where)
    blood_volume, cardiac_output = totals["blood_volume"], totals["cardiac_output"]
    if problems or blood_volume is None or cardiac_output is None:
        raise ModelError(problems)
    return Circulation(
        name=tables["name"],
        sex=tables["sex"],
        blood_volume_l=blood_volume,
        cardiac_output_l_per_min=cardiac_output,
        compartments=rows,
        source=tables["source"],
    )


def _tables(text: str, *, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        action = "Correct the syntax; a compartment may be given only once."
        raise ModelError(Problem(where, f"not TOML: {error}", "a TOML file", action)) from error


def _head_problems(tables: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    out = []
    if extra := sorted(set(tables) - set(_TOP)):
        out.append((f"unknown key(s) {', '.join(extra)}", ", ".join(_TOP), "Remove them."))
    if wrong := source_problem(tables.get("source")):
        out.append(wrong)
    if tables.get("sex") not in ("male", "female"):
        out.append((f"sex is {tables.get('sex')!r}", "'male' or 'female'", "State it."))
    if not (isinstance(tables.get("name"), str) and tables["name"].strip()):
        out.append(("no name", "a few words that say whose circulation it is", "Add them."))
    for key, unit in (("blood_volume", "l"), ("cardiac_output", "l_per_min")):
        entry = tables.get(key)
        if isinstance(entry, dict) and entry.get("unit") != unit:
            out.append((f"{key} has unit {entry.get('unit')!r}", f"'{unit}'", "Convert it."))
        elif isinstance(entry, dict) and _number(entry.get("low")) and entry["low"] <= 0:
            out.append((f"{key} can be {entry['low']} {unit}", "a number above 0", "Correct it."))
    return out


def _rows(tables: Any, *, where: str) -> tuple[tuple[CompartmentFlow, ...], list[Problem]]:
    if not isinstance(tables, dict) or len(tables) < 2:
        what = "fewer than two compartments"
        action = "Give [compartment.NAME] tables."
        return (), [Problem(where, what, "a closed circulation", action)]
    rows, problems = [], []
    for name, table in tables.items():
        found = _row_problems(name, table, known=tuple(tables))
        problems += [Problem(where, *parts, path=f"compartment.{name}") for parts in found]
        if not found:
            to = table["to"]
            flows = {to: table["flow_percent"]} if isinstance(to, str) else to
            rows.append(
                CompartmentFlow(
                    name,
                    table["volume_percent"] / 100,
                    table["flow_percent"] / 100,
                    MappingProxyType({key: flow / 100 for key, flow in flows.items()}),
                )
            )
    return tuple(rows), problems


def _row_problems(name: str, table: Any, *, known: tuple[str, ...]) -> list[tuple[str, str, str]]:
    out = []
    if not _NAME.fullmatch(name):
        rule = "lower case letters, digits and _, no space before or after"
        out.append((f"name {name!r}", rule, "Rename the compartment."))
    if not isinstance(table, dict):
        return [*out, (f"is {table!r}", f"a table with {', '.join(_ROW)}", "Give all three.")]
    if extra := sorted(set(table) - set(_ROW)):
        out.append((f"unknown key(s) {', '.join(extra)}", ", ".join(_ROW), "Remove them."))
    out += [
        (f"{key} is {table.get(key)!r}", "0 < percent <= 100", "Correct it.")
        for key in _ROW[:2]
        if not (_number(table.get(key)) and 0 < table[key] <= 100)
    ]
    to = table.get("to")
    flows = {to: 1.0} if isinstance(to, str) else to
    if not isinstance(flows, dict) or not flows:
        return [*out, (f"to is {to!r}", "a compartment or a table of flows", "Say where it goes.")]
    for target, flow in flows.items():
        if target not in known or target == name:
            out.append((f"flows to {target!r}", "another compartment of the file", "Correct it."))
        if not (_number(flow) and flow > 0):
            out.append((f"flow to {target} is {flow!r}", "percent above 0", "Correct it."))
    return out


def _balance_problems(rows: tuple[CompartmentFlow, ...], *, where: str) -> list[Problem]:
    problems = []
    for row in rows:
        inflow = 100 * math.fsum(other.to_frac.get(row.name, 0.0) for other in rows)
        outflow = 100 * math.fsum(row.to_frac.values())
        stated = 100 * row.flow_frac
        if max(abs(inflow - stated), abs(outflow - stated)) > _BALANCE_PERCENT:
            what = (
                f"{inflow:g} % of the cardiac output flows in, {outflow:g} % flows out, "
                f"flow_percent is {stated:g} (imbalance {inflow - outflow:+g} %)"
            )
            action = "Correct the flow of this compartment or of its neighbors."
            path = f"compartment.{row.name}"
            problems.append(Problem(where, what, "three equal numbers", action, path=path))
    volume = 100 * math.fsum(row.volume_frac for row in rows)
    if abs(volume - 100) > _VOLUME_PERCENT:
        action = "Take from other compartments what you add to one."
        what = f"the blood volumes add up to {volume:g} %"
        problems.append(Problem(where, what, f"100 +- {_VOLUME_PERCENT:g} %", action))
    if not problems and (cut := _unreached(rows)):
        action = "Connect them to the rest."
        what = f"no blood gets from {rows[0].name} to {', '.join(cut)}"
        problems.append(Problem(where, what, "one circulation", action))
    return problems


def _unreached(rows: tuple[CompartmentFlow, ...]) -> list[str]:
    # flows balance, so a part that cannot be reached cannot reach the rest either
    to = {row.name: row.to_frac for row in rows}
    seen, left = {rows[0].name}, [rows[0].name]
    while left:
        new = [name for name in to[left.pop()] if name not in seen]
        seen.update(new)
        left += new
    return [row.name for row in rows if row.name not in seen]


def _number(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool) and math.isfinite(item)
