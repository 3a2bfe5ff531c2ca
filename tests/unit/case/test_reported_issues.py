"""Every reported issue of the two founding cases is shown by its record, with both statements."""

import csv
from functools import cache
from pathlib import Path

import pytest

from abscope.case.record import Case, Discrepancy
from abscope.case.references import walk
from abscope.case.shelf import open_case

ISSUES = Path(__file__).parents[4] / "shared" / "cases" / "reported_issues.csv"
CASES = {"S1": "kim2021-breast", "S2": "fong2025-melanoma"}
REFS = [f"S1-{n:02d}" for n in range(1, 22)] + [f"S2-{n:02d}" for n in range(1, 28)]

#: Rows whose two statements are two values of one field, which therefore keeps both.
CONFLICTING = {
    "S1-01", "S1-02", "S1-04", "S1-11", "S1-13", "S2-01", "S2-02", "S2-05", "S2-07", "S2-12",
    "S2-14", "S2-25",
}  # fmt: skip


@cache
def case(name: str) -> Case:
    return open_case(name).case


def shown_by(ref: str) -> list[tuple[str, object]]:
    """Return the path and the record of every fact and discrepancy that names an issue."""
    record = case(CASES[ref[:2]])
    return [
        (".".join(map(str, path)), item)
        for path, item in walk(record)
        if getattr(item, "ref", None) == ref
    ]


def rows() -> dict[str, dict[str, str]]:
    if not ISSUES.is_file():
        return {}
    with ISSUES.open(encoding="utf-8", newline="") as stream:
        return {row["issue_id"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("ref", REFS)
def test_an_issue_is_shown_with_its_effect_and_handling(ref):
    found = [item for _, item in shown_by(ref) if isinstance(item, Discrepancy)]
    assert len(found) == 1, f"{ref}: {len(found)} discrepancies name it"
    (issue,) = found
    assert issue.effect
    assert issue.handling
    assert len(issue.statements) >= (1 if ref == "S2-26" else 2)


@pytest.mark.parametrize("ref", sorted(CONFLICTING))
def test_two_values_of_one_field_stand_as_versions(ref):
    facts = [item for path, item in shown_by(ref) if not isinstance(item, Discrepancy)]
    assert any(fact.status == "conflicting" and len(fact.versions) >= 2 for fact in facts)


def test_no_reference_of_the_records_is_invented():
    used = {
        item.ref
        for name in CASES.values()
        for _, item in walk(case(name))
        if getattr(item, "ref", None)
    }
    assert used == set(REFS)


@pytest.mark.skipif(not ISSUES.is_file(), reason="the list of reported issues is not at hand")
def test_the_list_of_reported_issues_is_the_one_checked_here():
    assert list(rows()) == REFS


@pytest.mark.skipif(not ISSUES.is_file(), reason="the list of reported issues is not at hand")
@pytest.mark.parametrize("ref", REFS)
def test_a_row_of_the_list_is_shown_at_both_its_places(ref, record_property):
    row = rows()[ref]
    found = shown_by(ref)
    record_property("shown_by", "; ".join(path for path, _ in found))
    assert row["case"].replace("_", "-") == CASES[ref[:2]]
    (issue,) = (item for _, item in found if isinstance(item, Discrepancy))
    locs = [statement.loc for statement in issue.statements]
    for place in (row["loc_a"], row["loc_b"]):
        assert place == "-" or place in locs, f"{ref}: no statement at {place}"
    expected = sum(row[key] not in ("", "-") for key in ("statement_a", "statement_b"))
    assert len(issue.statements) >= expected
