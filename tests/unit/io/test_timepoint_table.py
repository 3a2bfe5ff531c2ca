"""The table of adjudicated time points."""

from datetime import date
from pathlib import Path

import pytest

from abscope.errors import TableError
from abscope.io.timepoint_table import read_timepoint_table

HEADER = "Subject,Date,Response,Reference"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(TableError) as caught:
        read_timepoint_table(path)
    return str(caught.value)


def test_rows_and_what_follows_from_them(tmp_path: Path) -> None:
    path = write(
        tmp_path, "p1,2024-02-01,pr,2024-01-01", "p1,2024-03-01,iUPD,", "p2,2024-01-05,NE,"
    )
    first, second, third = read_timepoint_table(path).rows
    assert (first.response, first.criteria, first.visit) == ("PR", "RECIST", "2024-02-01")
    assert (first.reference, first.date, first.row) == (date(2024, 1, 1), date(2024, 2, 1), 2)
    assert (second.response, second.criteria, second.reader) == ("iUPD", "iRECIST", "investigator")
    assert third.criteria == "RECIST"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("p1,2024-02-01,PRR,", "t.csv:2:response: 'PRR' is not a category"),
        ("p1,2024-02,PR,", "t.csv:2:date: '2024-02' is only a part of a date"),
        ("p1,2024-02-01,,", "t.csv:2:response: the cell is empty"),
        ("p1,2024-02-01", "t.csv:2: the row has 2 of 4 cells"),
    ],
)
def test_bad_cells(tmp_path: Path, row: str, words: str) -> None:
    assert words in refused(write(tmp_path, row))


def test_rows_that_contradict_each_other(tmp_path: Path) -> None:
    text = refused(
        write(
            tmp_path,
            "p1,2024-02-01,PR,2024-01-01",
            "P1,2024-03-01,PD,",
            "p1,2024-04-01,PD,2024-01-02",
        )
    )
    assert "t.csv:3:subject: 'P1' differs from 'p1' (row 2) only in case" in text
    assert "t.csv:4:reference: 2024-01-02, but row 2 of the same subject says 2024-01-01" in text
    header = "subject,date,response,criteria,death"
    text = refused(write(tmp_path, "p1,2024-02-01,PR,iRECIST,2024-01-01", header=header))
    assert "t.csv:2:response: 'PR' is no response of iRECIST" in text
    assert "t.csv:2:date: 2024-02-01 is after death (2024-01-01)" in text


def test_empty_and_incomplete_tables(tmp_path: Path) -> None:
    assert "a header but no rows" in refused(write(tmp_path))
    text = refused(write(tmp_path, "x", header="subject"))
    assert "t.csv:1:date: the column is missing" in text
    assert "t.csv:1:response: the column is missing" in text
