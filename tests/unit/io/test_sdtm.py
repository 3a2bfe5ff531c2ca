"""SDTM tables: the same rows from CSV, Dataset-JSON, NDJSON and XPT, and every fault named."""

import builtins
import gzip
import importlib.util
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from abscope.errors import TableError, UsageError
from abscope.io.dataset_json import (
    Dataset,
    DatasetColumn,
    read_dataset_json,
    write_dataset_json,
)
from abscope.io.sdtm import SdtmTables, read_sdtm
from sdtm_sample import COLUMNS, NUMBERS, rows, write_csv, xport

CREATED = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def as_dataset(domain: str) -> Dataset:
    names = COLUMNS[domain]
    columns = tuple(
        DatasetColumn(n, n.title(), "double" if n in NUMBERS else "string", f"IT.{domain}.{n}")
        for n in names
    )
    data = tuple(
        tuple((Decimal(r[n]) if r[n] else None) if n in NUMBERS else r[n] for n in names)
        for r in rows()[domain]
    )
    return Dataset(domain, f"{domain} label", columns, data)


def facts(tables: SdtmTables) -> list[tuple[Any, ...]]:
    """Return everything that the rows say, without their places."""
    listed = (*tables.tumors, *tables.results, *tables.responses)
    skipped = ("file", "row")
    return [
        tuple(getattr(row, name) for name in type(row).__dataclass_fields__ if name not in skipped)
        for row in listed
    ]


@pytest.fixture
def from_csv(tmp_path: Path) -> SdtmTables:
    folder = tmp_path / "csv"
    folder.mkdir()
    return read_sdtm(write_csv(folder, rows()))


def test_rows_say_what_the_files_say(from_csv: SdtmTables) -> None:
    assert from_csv.readers == ("INVESTIGATOR", "READER 1")
    assert [len(from_csv.tumors), len(from_csv.results), len(from_csv.responses)] == [4, 18, 4]
    first, missing = from_csv.results[0], from_csv.results[8]
    assert (first.size_mm, first.visit_number, first.row) == (Decimal("27.0"), Decimal(1), 2)
    assert (missing.size_mm, missing.not_done, missing.test) == (None, True, "LPERP")
    assert from_csv.results[3].date == "2024-02"


@pytest.mark.parametrize("ending", ["json", "ndjson", "json.gz"])
def test_dataset_json_gives_the_same_rows(
    tmp_path: Path, from_csv: SdtmTables, ending: str
) -> None:
    for domain in COLUMNS:
        path = tmp_path / f"{domain.lower()}.{ending.removesuffix('.gz')}"
        write_dataset_json(path, as_dataset(domain), force=False, created=CREATED)
        assert read_dataset_json(path) == as_dataset(domain)
        if ending.endswith("gz"):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    assert facts(read_sdtm(tmp_path)) == facts(from_csv)


def test_xport_gives_the_same_rows(tmp_path: Path, from_csv: SdtmTables) -> None:
    pytest.importorskip("pyreadstat", reason="needs the extra xpt")
    for domain, listed in rows().items():
        (tmp_path / f"{domain}.XPT").write_bytes(xport(domain, listed))
    assert facts(read_sdtm(tmp_path)) == facts(from_csv)


def without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **named: Any) -> Any:
        if name == missing:
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)


def test_xport_without_its_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for domain, listed in rows().items():
        (tmp_path / f"{domain}.xpt").write_bytes(xport(domain, listed))
    without(monkeypatch, "pyreadstat")
    with pytest.raises(UsageError, match=r"pip install 'abscope\[xpt\]'"):
        read_sdtm(tmp_path)


def test_a_damaged_xport_file_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path, rows())
    (tmp_path / "tu.csv").rename(tmp_path / "tu.xpt")
    with pytest.raises(TableError, match="does not start like a SAS transport file"):
        read_sdtm(tmp_path)
    if importlib.util.find_spec("pyreadstat"):
        (tmp_path / "tu.xpt").write_bytes(xport("TU", rows()["TU"])[:300])
        with pytest.raises(TableError, match="tu.xpt"):
            read_sdtm(tmp_path)


def test_files_are_found_by_name_or_by_domain(tmp_path: Path) -> None:
    write_csv(tmp_path, rows())
    (tmp_path / "tr.csv").rename(tmp_path / "results.csv")
    (tmp_path / "rs.csv").rename(tmp_path / "study_RS_final.csv")
    found = read_sdtm(tmp_path).files
    assert [Path(found[d]).name for d in COLUMNS] == ["tu.csv", "results.csv", "study_RS_final.csv"]


def test_several_files_of_a_domain_ask_for_a_pattern(tmp_path: Path) -> None:
    write_csv(tmp_path, rows())
    (tmp_path / "tu_old.csv").write_bytes((tmp_path / "tu.csv").read_bytes())
    with pytest.raises(UsageError, match="2 files could be TU: tu.csv, tu_old.csv"):
        read_sdtm(tmp_path)
    assert len(read_sdtm(tmp_path / "??.csv").tumors) == 4


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        read_sdtm(tmp_path / "none")
    write_csv(tmp_path, rows())
    (tmp_path / "rs.csv").unlink()
    assert read_sdtm(tmp_path).responses == ()
    (tmp_path / "tr.csv").unlink()
    with pytest.raises(UsageError, match="no file holds the domain TR"):
        read_sdtm(tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        read_sdtm(tmp_path / "tu.csv")


@pytest.mark.parametrize(
    ("domain", "index", "cells", "words"),
    [
        ("TR", 0, {"TRSTRESN": "-3"}, "tr.csv:2:TRSTRESN: '-3' is no size"),
        ("TR", 0, {"TRSTRESN": "x"}, "tr.csv:2:TRSTRESN: 'x' is no size"),
        ("TR", 0, {"TRSTRESN": "", "TRSTRESC": ""}, "tr.csv:2:TRORRES: '' is no size"),
        ("TR", 1, {"TRSTRESU": "inch"}, "tr.csv:3:TRSTRESU: the unit of a size is 'inch'"),
        ("TR", 1, {"TRDTC": "05/03/2024"}, "tr.csv:3:TRDTC: '05/03/2024' is no date"),
        ("TR", 1, {"VISITNUM": ""}, "tr.csv:3:VISITNUM: '' is no number"),
        ("TR", 1, {"TRLNKID": "T09"}, "tr.csv:3:TRLNKID: TU has no tumor 'T09'"),
        ("TR", 2, {"TRTESTCD": "LDIAM"}, "tr.csv:4: the row contradicts row 3"),
        ("TU", 0, {"USUBJID": ""}, "tu.csv:2:USUBJID: the cell is empty"),
        ("RS", 3, {"VISITNUM": "two"}, "rs.csv:5:VISITNUM: 'two' is no number"),
    ],
)
def test_each_bad_cell_is_named(
    tmp_path: Path, domain: str, index: int, cells: dict[str, str], words: str
) -> None:
    data = rows()
    data[domain][index] |= cells
    write_csv(tmp_path, data)
    with pytest.raises(TableError) as caught:
        read_sdtm(tmp_path)
    assert any(words in str(problem) for problem in caught.value.problems), caught.value


def test_cm_becomes_mm_and_repeats_are_listed(tmp_path: Path) -> None:
    data = rows()
    data["TR"][0] |= {"TRSTRESN": "2.7", "TRSTRESU": "cm"}
    data["TR"].insert(1, dict(data["TR"][0]))
    tables = read_sdtm(write_csv(tmp_path, data))
    assert tables.results[0].size_mm == 27
    assert len(tables.results) == 18
    assert "tr.csv:3: the row says the same as row 2" in str(tables.repeats[0])


def test_missing_variables_and_empty_tables(tmp_path: Path) -> None:
    write_csv(tmp_path, rows())
    (tmp_path / "tu.csv").write_text("USUBJID,TULNKID\nP-1,T01\n")
    (tmp_path / "rs.csv").write_text("USUBJID,RSTESTCD\n")
    with pytest.raises(TableError) as caught:
        read_sdtm(tmp_path)
    assert "the variable TUSTRESC or TUORRES is missing" in str(caught.value)


def broken(tmp_path: Path, change: Any) -> str:
    path = tmp_path / "tu.json"
    write_dataset_json(path, as_dataset("TU"), force=True, created=CREATED)
    whole = json.loads(path.read_text())
    change(whole)
    path.write_text(json.dumps(whole))
    with pytest.raises(TableError) as caught:
        read_dataset_json(path)
    return str(caught.value)


def test_dataset_json_that_breaks_the_schema(tmp_path: Path) -> None:
    assert "'records' is missing" in broken(tmp_path, lambda d: d.pop("records"))
    assert "'note' is not in the schema" in broken(tmp_path, lambda d: d.update(note=1))
    assert "the version is 1.0" in broken(tmp_path, lambda d: d.update(datasetJSONVersion="1.0"))
    assert "is no time" in broken(tmp_path, lambda d: d.update(datasetJSONCreationDateTime="x"))
    assert "records says 9" in broken(tmp_path, lambda d: d.update(records=9))
    assert "dataType is 'text'" in broken(
        tmp_path, lambda d: d["columns"][0].update(dataType="text")
    )
    assert "columns[1] has no text 'label'" in broken(
        tmp_path, lambda d: d["columns"][1].pop("label")
    )
    assert "row 1: 8 values" in broken(tmp_path, lambda d: d["rows"][0].pop())
    assert "row 2:USUBJID: 5 is no string" in broken(
        tmp_path, lambda d: d["rows"][1].__setitem__(2, 5)
    )


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a":1}\n[2', "nothing", '{"a": NaN}'])
def test_text_that_is_no_dataset(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(TableError, match="x.json"):
        read_dataset_json(tmp_path / "x.json")


def test_a_dataset_that_breaks_its_columns_is_not_written(tmp_path: Path) -> None:
    good = as_dataset("TU")
    bad = Dataset(good.name, good.label, good.columns, ((1,) * len(good.columns),))
    with pytest.raises(TableError, match="1 is no string"):
        write_dataset_json(tmp_path / "x.json", bad, force=False)
    assert list(tmp_path.iterdir()) == []
