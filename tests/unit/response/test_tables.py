"""Flat rows to records, and results to rows of tables."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from abscope.errors import ProtocolError
from abscope.io.lesion_table import read_lesion_table
from abscope.io.timepoint_table import read_timepoint_table
from abscope.response.outcome import outcome
from abscope.response.recist import assess
from abscope.response.records import PatientRecord
from abscope.response.result_tables import (
    ADRS_COLUMNS,
    ADTR_COLUMNS,
    ADTTE_COLUMNS,
    adrs_rows,
    adtr_rows,
    adtte_rows,
)
from abscope.response.tables import assessments, dates_by_subject, patient_records
from abscope.response.timepoints import best_table

TABLE = """\
subject,reader,visit,date,lesion,role,site,kind,diameter_mm,short_axis_mm,fragments_mm,state,\
unequivocal,reference,death,markers_normal
p1,R1,base,2024-01-01,a,target,liver,,27,,,,,2024-01-03,,no
p1,R1,base,2024-01-01,n,target,node_axillary,,20,15,,,,,,
p1,R1,base,2024-01-01,b,non_target,rib,bone_blastic,,,,present,,,,
p1,R1,w6,2024-02-13,a,target,,,,,8+6,,,,,yes
p1,R1,w6,2024-02-13,n,target,,,14,9,,,,,,
p1,R1,w6,2024-02-13,b,non_target,,,,,,present,,,,
p1,R1,w12,2024-03-26,a,target,,,14,,,,,,,
p1,R1,w12,2024-03-26,n,target,,,14,9,,,,,,
p1,R1,w12,2024-03-26,b,non_target,,,,,,present,,,,
p1,R1,w12,2024-03-26,x,new,lung,,8,,,,yes,,,
p1,R2,base,2023-12-30,a,target,liver,,30,,,,,,2025-01-01,
p1,R2,w6,2024-02-13,a,target,,,,,,not_imaged,,,,
"""


@pytest.fixture
def records(tmp_path: Path) -> tuple[PatientRecord, ...]:
    (tmp_path / "t.csv").write_text(TABLE)
    return patient_records(read_lesion_table(tmp_path / "t.csv").rows)


def test_records_of_two_readers(records: tuple[PatientRecord, ...]) -> None:
    first, second = records
    assert (first.reader, second.reader) == ("R1", "R2")
    assert first.day_zero == second.day_zero == date(2023, 12, 30)
    assert (first.baseline_d, first.reference_d, first.death_d) == (2.0, 4.0, 368.0)
    assert (second.baseline_d, second.death_d) == (0.0, 368.0)
    assert first.markers_elevated
    assert first.visits[0].markers_normal
    assert [lesion.size_mm for lesion in first.targets] == [27, 15]
    assert first.visits[0].measurements[0].fragments_mm == (Decimal(8), Decimal(6))
    assert [new.id for new in first.visits[1].new_lesions] == ["x"]
    assert first.source.endswith("t.csv:2")


def test_tables_of_results(records: tuple[PatientRecord, ...]) -> None:
    record = records[0]
    reading = assess(record)
    found = outcome(record, reading)
    adrs, adtr, adtte = (
        adrs_rows(record, reading, found),
        adtr_rows(record, reading),
        adtte_rows(record, found),
    )
    for rows, columns in ((adrs, ADRS_COLUMNS), (adtr, ADTR_COLUMNS), (adtte, ADTTE_COLUMNS)):
        assert rows
        assert all(set(row) <= set(columns) for row in rows)
    assert [(r["AVISIT"], r["AVALC"]) for r in adrs if r["PARAMCD"] == "OVR"] == [
        ("w6", "PR"),
        ("w12", "PD"),
    ]
    best = {row["PARAMCD"]: row["AVALC"] for row in adrs if row["PARAMCD"] in ("BOR", "CBOR")}
    assert best == {"BOR": "PR", "CBOR": "PD"}
    assert [(row["AVAL"], row["ADY"], row["NADIR"]) for row in adtr[1:]] == [
        (23, 42, 42),
        (23, 84, 23),
    ]
    assert (adtr[0]["ADY"], adtr[0]["ABLFL"]) == (-2, True)
    assert adtr[1]["PCHG"] == Decimal("-45.2381")
    assert adtte[0]["AVAL"] == (date(2024, 3, 26) - date(2024, 1, 3)).days
    assert (adtte[0]["CNSR"], adtte[0]["ADT"]) == (0, date(2024, 3, 26))


def test_an_incomplete_sum_has_no_change(records: tuple[PatientRecord, ...]) -> None:
    rows = adtr_rows(records[1], assess(records[1]))
    assert rows[1]["COMPLFL"] is False
    assert "PCHG" not in rows[1]


def test_time_points_reach_the_best_response(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "subject,date,response,reference,new_therapy\n"
        "p1,2024-03-01,PR,2024-01-01,\np1,2024-04-15,PR,,\np1,2024-06-01,PD,,\n"
    )
    rows = read_timepoint_table(tmp_path / "t.csv").rows
    table = best_table(
        assessments(rows, criteria="RECIST", reader="investigator"),
        reference=dates_by_subject(rows, event="reference"),
    )
    assert table.value("p1", "CBOR").value == "PR"
    assert table.n_in == 3
    assert dates_by_subject(rows, event="new_therapy") == {}


def test_two_reference_dates_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "subject,date,response,reference\np1,2024-03-01,PR,2024-01-01\np2,2024-04-15,PR,2024-01-02\n"
    )
    first, second = read_timepoint_table(tmp_path / "t.csv").rows
    clash = [
        first,
        type(second)(**{n: getattr(second, n) for n in second.__slots__} | {"subject": "p1"}),
    ]
    with pytest.raises(ProtocolError, match="reference of p1 is 2024-01-02, before it was 2024"):
        dates_by_subject(clash, event="reference")
