"""Published arms with distant responses after radiotherapy, and drugs alone as their controls."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from abscope.catalog.entries import read_text, source_problem
from abscope.catalog.proportion import wilson_interval
from abscope.errors import ModelError, Problem

__all__ = ["DrugRate", "TrialArm", "drug_rates", "expected_drug_rate", "trial_arms"]

_DAYS_PER_MONTH = 30.4375

#: The tables print one decimal of a percentage.
_PRINTED_PERCENT = 0.05 + 1e-9


@dataclass(frozen=True, slots=True)
class TrialArm:
    """One published arm: who, which radiotherapy and drug, how many responded.

    ``low_frac`` and ``high_frac`` are the Wilson 95 % interval of events / n. ``tumor_type`` is
    ``other`` for several types. The medians are None where not printed or not reached.
    """

    trial: str
    year: int
    tumor_type: str
    population: str
    rt: str
    drug: str
    arm: str
    events: int
    n: int
    response_frac: float
    low_frac: float
    high_frac: float
    endpoint: str
    median_pfs_d: float | None
    median_os_d: float | None
    source: str
    provenance: str
    note: str


@dataclass(frozen=True, slots=True)
class DrugRate:
    """Objective response to a drug without radiotherapy, with its Wilson 95 % interval."""

    trial: str
    year: int
    tumor_type: str
    agents: tuple[str, ...]
    setting: str
    events: int
    n: int
    response_frac: float
    low_frac: float
    high_frac: float
    source: str
    note: str


@cache
def trial_arms() -> tuple[TrialArm, ...]:
    """Return every published arm; ModelError where a tabulated percentage is not events / n."""
    rows = tomllib.loads(read_text("trial_arms"))["arm"]
    problems = [p for row in rows for p in _row_problems(row, "trial_arms") + _printed(row)]
    if problems:
        raise ModelError(problems)
    return tuple(_arm(row) for row in rows)


@cache
def drug_rates() -> tuple[DrugRate, ...]:
    """Return every response rate of a drug alone."""
    rows = tomllib.loads(read_text("drug_rates"))["rate"]
    problems = [p for row in rows for p in _row_problems(row, "drug_rates")]
    if problems:
        raise ModelError(problems)
    return tuple(
        DrugRate(
            **{**row, "agents": tuple(sorted(row["agents"]))},
            response_frac=row["events"] / row["n"],
            low_frac=wilson_interval(row["events"], n=row["n"])[0],
            high_frac=wilson_interval(row["events"], n=row["n"])[1],
        )
        for row in rows
    )


def expected_drug_rate(tumor_type: str, *, agents: Iterable[str]) -> tuple[DrugRate, ...]:
    """Return the rates of the drugs alone that fit best, the largest group first.

    The first of these that has any: the same drugs in this tumor; drugs of the same classes in
    this tumor; the same classes in a mixed group (``tumor_type`` ``other``). Empty when none fits,
    which means that no rate is at hand, not that the drugs do nothing. Rates of one trial may be
    contained in another's, so they must not be added.

    >>> [rate.trial for rate in expected_drug_rate("hnscc", agents=["Nivolumab"])]
    ['McBride']
    """
    wanted = tuple(sorted({agent.strip().lower() for agent in agents}))
    classes = _classes(wanted)
    here = [rate for rate in drug_rates() if rate.tumor_type == tumor_type]
    mixed = [rate for rate in drug_rates() if rate.tumor_type == "other"]
    found = [rate for rate in here if rate.agents == wanted]
    if wanted and None not in classes:
        found = (
            found
            or [rate for rate in here if _classes(rate.agents) == classes]
            or [rate for rate in mixed if _classes(rate.agents) == classes]
        )
    return tuple(sorted(found, key=lambda rate: -rate.n))


def _classes(agents: tuple[str, ...]) -> frozenset[str | None]:
    class_of = _class_of()
    return frozenset(class_of.get(agent) for agent in agents)


@cache
def _class_of() -> dict[str, str]:
    return dict(tomllib.loads(read_text("drug_rates"))["class_of"])


def _arm(row: dict[str, Any]) -> TrialArm:
    low, high = wilson_interval(row["events"], n=row["n"])
    months = {key: row.get(f"median_{key}_months") for key in ("pfs", "os")}
    days = {key: None if m is None else m * _DAYS_PER_MONTH for key, m in months.items()}
    kept = {
        key: item
        for key, item in row.items()
        if key not in ("percent", "wilson_percent") and not key.endswith("_months")
    }
    return TrialArm(
        **kept,
        response_frac=row["events"] / row["n"],
        low_frac=low,
        high_frac=high,
        median_pfs_d=days["pfs"],
        median_os_d=days["os"],
    )


def _row_problems(row: dict[str, Any], name: str) -> list[Problem]:
    where, path = f"catalog/{name}.toml", f"{row.get('trial')} {row.get('year')}"
    out = []
    if wrong := source_problem(row.get("source")):
        out.append(Problem(where, *wrong, path=path))
    events, n = row.get("events"), row.get("n")
    if not (isinstance(events, int) and isinstance(n, int) and 0 <= events <= n and n > 0):
        out.append(
            Problem(where, f"events {events} of n {n}", "0 <= events <= n", "Correct.", path)
        )
    return out


def _printed(row: dict[str, Any]) -> list[Problem]:
    low, high = wilson_interval(row["events"], n=row["n"])
    ours = (100 * row["events"] / row["n"], 100 * low, 100 * high)
    printed = (row["percent"], *row["wilson_percent"])
    if all(abs(a - b) <= _PRINTED_PERCENT for a, b in zip(ours, printed, strict=True)):
        return []
    return [
        Problem(
            "catalog/trial_arms.toml",
            f"tabulated {printed} %",
            f"{', '.join(f'{x:.1f}' for x in ours)} % from the counts",
            "Correct the counts or the percentages.",
            f"{row['trial']} {row['year']} {row['arm']}",
        )
    ]
