"""Property: whatever is wrong with a lesion table, each row is taken or reported, never lost."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.errors import TableError
from abscope.io.lesion_table import read_lesion_table

COLUMNS = ("subject", "visit", "date", "lesion", "role", "kind", "diameter_mm", "state", "reader")
VISITS = (("base", "2024-01-01"), ("w6", "2024-02-13"))
JUNK = st.sampled_from(["", "-3", "x", "2024-13-01", "PR", "3 cm", "P1", 'a"b', "a;b", "1e3"])

sizes = st.decimals(min_value=10, max_value=40, places=1).map(str)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Return sound rows of up to four subjects, some cells of which are replaced."""
    rows = [
        [f"p{subject}", visit, day, f"L{lesion}", "target", "soft_tissue", draw(sizes), "", "R1"]
        for subject in range(draw(st.integers(1, 4)))
        for visit, day in VISITS
        for lesion in range(draw(st.integers(1, 3)) if visit == "base" else 1)
    ]
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.integers(0, len(rows) - 1))
        rows[row][draw(st.integers(1, len(COLUMNS) - 1))] = draw(JUNK)
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@settings(max_examples=150, deadline=None, derandomize=True)
@given(rows=tables())
def test_rows_in_are_rows_taken_plus_rows_reported(folder: Path, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *rows])
    path = folder / "t.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    table = read_lesion_table(path, bad_rows="leave_out")
    assert table.n_rows == len(rows) == len(table.rows) + len(table.left_out)
    assert {row.row for row in table.rows}.isdisjoint(table.left_out)
    assert bool(table.problems) == bool(table.left_out)
    faulty = {row[0] for number, row in enumerate(rows, start=2) if number in table.left_out}
    assert faulty.isdisjoint(row.subject for row in table.rows)
    if table.problems:
        with pytest.raises(TableError) as caught:
            read_lesion_table(path)
        assert caught.value.problems == table.problems
    else:
        assert read_lesion_table(path).rows == table.rows
