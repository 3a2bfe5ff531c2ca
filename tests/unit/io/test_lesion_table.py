"""The flat lesion table: what it takes, and that every bad row is named with file:row:column."""

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from abscope.errors import TableError, UsageError
from abscope.io.faults import SHOWN
from abscope.io.lesion_table import LesionTable, read_lesion_table

HEADER = (
    "subject,visit,date,lesion,role,site,kind,diameter_mm,short_axis_mm,state,reader,unequivocal"
)
GOOD = (
    "p1,base,2024-01-01,a,target,liver,,27.0,,,R1,",
    "p1,base,2024-01-01,n,target,node_axillary,,20,15,,R1,",
    "p1,base,2024-01-01,b,non_target,rib,bone_blastic,,,present,R1,",
    "p1,w6,2024-02-13,a,target,,,32.4,,,R1,",
    "p1,w6,2024-02-13,n,target,,,14,9,,R1,",
    "p1,w6,2024-02-13,b,non_target,,,,,present,R1,",
    "p1,w6,2024-02-13,x,new,lung,,8,,,R1,yes",
)


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "t.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def refused(path: Path, **options: object) -> list[str]:
    with pytest.raises(TableError) as caught:
        read_lesion_table(path, **options)  # type: ignore[arg-type]
    return [str(problem) for problem in caught.value.problems]


def one(path: Path, *words: str, **options: object) -> str:
    """Return the only problem; it must hold every word."""
    problems = refused(path, **options)
    assert len(problems) == 1, problems
    for word in words:
        assert word in problems[0]
    return problems[0]


def swap(index: int, old: str, new: str) -> list[str]:
    rows = list(GOOD)
    assert old in rows[index]
    rows[index] = rows[index].replace(old, new, 1)
    return rows


def test_a_sound_table_is_taken_whole(tmp_path: Path) -> None:
    table = read_lesion_table(write(tmp_path, *GOOD))
    assert table.n_rows == len(GOOD) == len(table.rows)
    assert (table.left_out, table.problems, table.ignored_columns) == ((), (), ())
    first, node, bone = table.rows[:3]
    assert (first.row, first.subject, first.reader) == (2, "p1", "R1")
    assert (first.date, first.diameter_mm) == (date(2024, 1, 1), Decimal("27.0"))
    assert (first.kind, first.organ, first.state) == ("soft_tissue", "liver", "measured")
    assert (node.kind, node.organ, node.size_mm) == ("node", "lymph node", Decimal(15))
    assert (bone.kind, bone.state, bone.size_mm) == ("bone_blastic", "present", None)
    assert table.rows[6].certainty == "unequivocal"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_delimiter_and_byte_order_mark_are_told_by_the_file(
    tmp_path: Path, delimiter: str, start: str
) -> None:
    text = start + "\r\n".join([HEADER.upper(), *GOOD]).replace(",", delimiter) + "\r\n"
    (tmp_path / "t.csv").write_text(text, encoding="utf-8", newline="")
    assert len(read_lesion_table(tmp_path / "t.csv").rows) == len(GOOD)


def test_gzip_and_days_instead_of_dates(tmp_path: Path) -> None:
    text = "\n".join([HEADER.replace("date", "day"), *GOOD])
    text = text.replace("2024-01-01", "0").replace("2024-02-13", "43.5")
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    rows = read_lesion_table(path).rows
    assert [row.day_d for row in rows] == [0.0] * 3 + [43.5] * 4
    assert rows[0].date is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (swap(0, "target", "targett"), ("t.csv:2:role", "'targett'", "Did you mean target?")),
        (swap(3, "32.4", "-3"), ("t.csv:5:diameter_mm", "negative (-3 mm)")),
        (swap(3, "32.4", "big"), ("t.csv:5:diameter_mm", "'big' is no size")),
        (swap(3, "32.4", "3.2 cm"), ("t.csv:5:diameter_mm", "unit (cm)", "Multiply by 10")),
        (swap(3, "32.4", "nan"), ("t.csv:5:diameter_mm", "'nan' is no size")),
        (swap(3, "32.4", "99999"), ("t.csv:5:diameter_mm", "Is the value in mm?")),
        (swap(3, "32.4", "2.7"), ("t.csv:5:diameter_mm", "ratio of 10.0", "in cm?")),
        (swap(0, "2024-01-01", "01.01.2024"), ("t.csv:2:date", "'01.01.2024' is no date")),
        (swap(0, "2024-01-01", "2024-01"), ("t.csv:2:date", "only a part of a date")),
        (swap(0, "2024-01-01", "2024-02-30"), ("t.csv:2:date", "not in the calendar")),
        (swap(3, "R1", "R7"), ("t.csv:5:reader", "'R7'", "investigator, R1, R2")),
        (swap(0, "p1,", ","), ("t.csv:2:subject", "empty")),
        (swap(3, ",32.4", ""), ("t.csv:5", "11 of 12 cells", "cut off")),
        (swap(3, "32.4", ""), ("t.csv:5:state", "neither a size nor a state")),
        (swap(3, "32.4,,", "32.4,,absent"), ("t.csv:5:state", "absent but has a size of 32.4 mm")),
        (swap(4, "14,9,", "14,9,not_imaged"), ("t.csv:6:state", "not_imaged but has a size")),
        (swap(4, "14,9", "9,14"), ("t.csv:6:short_axis_mm", "exchanged?")),
        (swap(1, "20,15", "20,"), ("t.csv:3:short_axis_mm", "no size at the baseline")),
        (swap(2, "bone_blastic", ""), ("t.csv:4:kind", "bone is bone_lytic")),
        (swap(6, ",yes", ","), ("t.csv:8:unequivocal", "whether new lesion 'x' is certain")),
        (swap(6, "new", "target"), ("t.csv:8:lesion", "no row at the baseline visit 'base'")),
        (swap(4, "target,", "target,lung"), ("t.csv:6:organ", "lung, but row 3", "lymph node")),
    ],
)
def test_each_bad_row_is_named(tmp_path: Path, rows: list[str], words: tuple[str, ...]) -> None:
    problems = refused(write(tmp_path, *rows))
    assert any(all(word in problem for word in words) for problem in problems), problems


def test_duplicates_order_and_spelling(tmp_path: Path) -> None:
    one(write(tmp_path, *GOOD, GOOD[3]), "t.csv:9:lesion", "stands twice", "row 5")
    late = [row.replace("2024-02-13", "2023-12-31") for row in GOOD]
    one(write(tmp_path, *late), "t.csv:5:date", "is before 'base'", "row 2")
    same = [row.replace("2024-02-13", "2024-01-01") for row in GOOD]
    one(write(tmp_path, *same), "t.csv:5:date", "same date as 'base'")
    mixed = swap(3, "p1,", "P1,")
    words = "'P1' differs from 'p1' (row 2) only in case"
    assert any(words in problem for problem in refused(write(tmp_path, *mixed)))
    moved = swap(4, "2024-02-13", "2024-02-14")
    one(write(tmp_path, *moved), "t.csv:6:date", "2024-02-14, but row 5 of the same visit")


def test_a_tenfold_step_can_be_confirmed(tmp_path: Path) -> None:
    path = write(tmp_path, *swap(3, "32.4", "2.7"))
    one(path, "ratio of 10.0")
    assert len(read_lesion_table(path, sizes_checked=True).rows) == len(GOOD)


def test_partner_and_events(tmp_path: Path) -> None:
    header = HEADER + ",merged_with,death"
    rows = [row + ",," for row in GOOD]
    rows[3] = "p1,w6,2024-02-13,a,target,,,32.4,,merged,R1,,zz,2024-02-01"
    problems = refused(write(tmp_path, *rows, header=header))
    assert any("t.csv:5:merged_with: 'zz' has no row at visit 'w6'" in p for p in problems)
    assert any("t.csv:5:date" in p and "after death (2024-02-01)" in p for p in problems)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("subject", "patient"), ("t.csv:1:subject", "missing")),
        (HEADER.replace("role", "roles"), ("t.csv:1:role", "Is it 'roles'?")),
        (HEADER.replace("site", "Subject"), ("t.csv:1:Subject", "twice ('subject' and 'Subject')")),
        (HEADER.replace("diameter_mm", "diameter_cm"), ("t.csv:1:diameter_cm", "diameter_mm")),
        (HEADER.replace("site", "day"), ("t.csv:1:day", "both a date and a day")),
    ],
)
def test_bad_headers(tmp_path: Path, header: str, words: tuple[str, ...]) -> None:
    problems = refused(write(tmp_path, *GOOD, header=header))
    assert any(all(word in problem for word in words) for problem in problems), problems


def test_other_columns_are_named_not_read(tmp_path: Path) -> None:
    rows = [row + ",seen by phone" for row in GOOD]
    table = read_lesion_table(write(tmp_path, *rows, header=HEADER + ",Remark"))
    assert table.ignored_columns == ("Remark",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the table is empty"),
        (b"\n \n", "the table is empty"),
        (HEADER.encode() + b"\n", "a header but no rows"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x00\x01\x02\x03", "binary"),
        (HEADER.encode("utf-16"), "UTF-16"),
        (HEADER.encode() + b'\np1,"base', "cannot be split"),
        (HEADER.encode() + b"\np\xe41,base\n", "not UTF-8"),
        (gzip.compress(b"x" * 10000, mtime=0)[:20], "cut off or damaged"),
    ],
)
def test_files_that_are_no_table(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    one(path, "t.csv", words)


def test_no_file_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        read_lesion_table(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="is a directory"):
        read_lesion_table(tmp_path)


def test_too_many_rows_are_refused_by_one_line_that_names_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path, *GOOD)
    one(path, "more than 6 rows", "Split it by subject", max_rows=6)
    assert read_lesion_table(path, max_rows=7).n_rows == 7


def test_the_list_is_capped_and_the_count_exact(tmp_path: Path) -> None:
    rows = [f"p{n},base,2024-01-01,a,target,liver,,-1,,,R1," for n in range(200)]
    problems = refused(write(tmp_path, *rows))
    assert len(problems) == SHOWN + 1
    assert "t.csv:2:diameter_mm" in problems[0]
    assert "and 150 more problems: 200 in 200 of 200 rows" in problems[-1]


def counted(table: LesionTable) -> bool:
    return table.n_rows == len(table.rows) + len(table.left_out)


def test_left_out_rows_are_counted_and_take_their_patient_along(tmp_path: Path) -> None:
    other = [row.replace("p1", "p2") for row in swap(3, "32.4", "-3")]
    path = write(tmp_path, *GOOD, *other)
    table = read_lesion_table(path, bad_rows="leave_out")
    assert counted(table)
    assert {row.subject for row in table.rows} == {"p1"}
    assert table.left_out == tuple(range(9, 16))
    assert [str(p) for p in table.problems] == refused(path)


def test_a_row_without_its_subject_cannot_be_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, *GOOD, "p2,base")
    with pytest.raises(TableError, match="2 of 12 cells"):
        read_lesion_table(path, bad_rows="leave_out")
