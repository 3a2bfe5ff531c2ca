"""Result tables as CSV and Parquet."""

import builtins
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from abscope.errors import UsageError
from abscope.io.table_files import write_table

COLUMNS = ("name", "size", "flag", "day", "count", "mixed")
ROWS: list[dict[str, Any]] = [
    {"name": 'a, "b"', "size": Decimal("32.4"), "flag": True, "day": date(2024, 1, 2), "count": 1},
    {"name": None, "size": None, "flag": False, "day": None, "count": 2, "mixed": "x"},
    {"name": "ä", "size": 0.5, "mixed": 7},
]


def test_csv_text(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", COLUMNS, ROWS, force=False)
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == (
        'name,size,flag,day,count,mixed\n"a, ""b""",32.4,Y,2024-01-02,1,\n,,N,,2,x\nä,0.5,,,,7\n'
    )


def test_parquet_holds_types_and_unknown_values(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="needs the extra parquet")
    path = tmp_path / "t.parquet"
    write_table(path, COLUMNS, ROWS, force=False)
    with duckdb.connect() as database:
        read = database.execute(f"SELECT * FROM '{path}'").fetchall()
        kinds = [row[1] for row in database.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
    assert kinds == ["VARCHAR", "DOUBLE", "BOOLEAN", "DATE", "BIGINT", "VARCHAR"]
    assert read == [
        ('a, "b"', 32.4, True, date(2024, 1, 2), 1, None),
        (None, None, False, None, 2, "x"),
        ("ä", 0.5, None, None, None, "7"),
    ]
    write_table(path, COLUMNS, [], force=True)
    with duckdb.connect() as database:
        assert database.execute(f"SELECT count(*) FROM '{path}'").fetchall() == [(0,)]
    assert [item.name for item in tmp_path.iterdir()] == ["t.parquet"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_existing_table_stays(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("duckdb", reason="needs the extra parquet")
    path = tmp_path / f"t.{ending}"
    path.write_text("old")
    with pytest.raises(UsageError, match="already exists"):
        write_table(path, COLUMNS, ROWS, force=False)
    with pytest.raises(ValueError, match="no columns: size"):
        write_table(path, ("name",), [{"size": 1}], force=True)
    assert path.read_text() == "old"
    with pytest.raises(UsageError, match="folder does not exist"):
        write_table(tmp_path / "none" / f"t.{ending}", COLUMNS, ROWS, force=False)
    (tmp_path / f"d.{ending}").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        write_table(tmp_path / f"d.{ending}", COLUMNS, ROWS, force=True)


def test_other_endings_and_a_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"\.csv or \.parquet"):
        write_table(tmp_path / "t.xlsx", COLUMNS, ROWS, force=False)
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name == "duckdb":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=r"pip install 'abscope\[parquet\]'"):
        write_table(tmp_path / "t.parquet", COLUMNS, ROWS, force=False)
    assert list(tmp_path.iterdir()) == []
