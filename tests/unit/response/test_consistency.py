"""The consistency report on a small submission whose contradictions are planted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from abscope.errors import ProtocolError
from abscope.io.sdtm import read_sdtm
from abscope.response.consistency import Consistency, check_consistency
from abscope.response.result_tables import DIFFERENCE_COLUMNS, difference_rows
from abscope.response.submitted import earliest_day, is_node, readings, submitted_records
from sdtm_sample import rows, write_csv

Data = dict[str, list[dict[str, str]]]


def report(folder: Path, change: Callable[[Data], object] = lambda data: None) -> Consistency:
    data = rows()
    change(data)
    tables = read_sdtm(write_csv(folder, data))
    return check_consistency(tables.tumors, tables.results, tables.responses)


def add_sums(data: Data, *sums: str) -> None:
    for (number, name, day), size in zip(
        (("1", "BASE", "2024-01-01"), ("2", "WEEK 6", ""), ("3", "WEEK 12", "2024-03-26")),
        sums,
        strict=True,
    ):
        data["TR"].append(
            dict(data["TR"][0])
            | {"TRLNKID": "", "TRTESTCD": "SUMDIAM", "TRSTRESC": size, "TRSTRESN": size}
            | {"VISITNUM": number, "VISIT": name, "TRDTC": day}
        )


def test_lesions_settle_the_overall_response(tmp_path: Path) -> None:
    """43 -> 23.5 mm is PR; at week 12 the node is missing and 32.4 mm is 8.9 mm over the nadir."""
    found = report(tmp_path)
    assert (found.n_readings, found.n_overall_evaluable) == (2, 4)
    (item,) = found.of("overall_response")
    assert (item.reader, item.submitted, item.recomputed) == ("INVESTIGATOR", "NE", "PD")
    assert (item.baseline_mm, item.nadir_mm, item.why) == (43, pytest.approx(23.5), "C1-PD")
    assert item.where.endswith("rs.csv:3")


def test_sums_settle_the_target_response(tmp_path: Path) -> None:
    def change(data: Data) -> None:
        add_sums(data, "43", "23.5", "32.4")
        data["RS"].append(dict(data["RS"][1]) | {"RSTESTCD": "TRGRESP", "RSSTRESC": "PR"})

    found = report(tmp_path, change)
    (item,) = found.of("target_response")
    assert (item.submitted, item.recomputed, item.why) == ("PR", "PD", "other")
    assert found.n_target_scored == 1
    (incomplete,) = found.of("incomplete_sum")
    assert "no size of T02" in incomplete.text


def test_a_sum_that_does_not_add_up(tmp_path: Path) -> None:
    found = report(tmp_path, lambda data: add_sums(data, "44", "23.5", "32.4"))
    (item,) = found.of("sum")
    assert (item.submitted, item.recomputed, item.visit) == ("44", "43.0", "BASE")


def test_nadir_reasons(tmp_path: Path) -> None:
    """43, 20, 29: 9 mm and 45 % over the nadir, which PR ignores (29 is 67 % of 43)."""

    def change(data: Data) -> None:
        add_sums(data, "43", "20", "29")
        data["RS"].append(dict(data["RS"][1]) | {"RSTESTCD": "TRGRESP", "RSSTRESC": "PR"})

    (item,) = report(tmp_path, change).of("target_response")
    assert (item.why, item.nadir_mm, item.sum_mm) == ("nadir_ignored", 20, 29)

    def zero(data: Data) -> None:
        add_sums(data, "43", "0", "10")
        data["RS"].append(dict(data["RS"][1]) | {"RSTESTCD": "TRGRESP", "RSSTRESC": "PR"})

    (item,) = report(tmp_path, zero).of("target_response")
    assert item.why == "zero_nadir"


def test_categories_and_dates(tmp_path: Path) -> None:
    def change(data: Data) -> None:
        data["RS"][0]["RSSTRESC"] = "CHECK"
        data["TR"][8]["TRDTC"] = "2024-04-01"

    found = report(tmp_path, change)
    (invalid,) = found.of("invalid_category")
    assert (invalid.submitted, invalid.reader) == ("CHECK", "INVESTIGATOR")
    (twice,) = found.of("two_dates")
    assert twice.submitted == "2024-03-26 and 2024-04-01"
    assert found.n_not_scored == 1
    assert sum(found.counts.values()) == len(found.differences)
    listed = difference_rows(found)
    assert all(tuple(row) == DIFFERENCE_COLUMNS for row in listed)


def test_a_response_after_a_complete_one_is_a_query(tmp_path: Path) -> None:
    def change(data: Data) -> None:
        data["RS"][0]["RSSTRESC"] = "CR"
        data["RS"][1]["RSSTRESC"] = "SD"

    (item,) = report(tmp_path, change).of("after_cr")
    assert (item.submitted, item.recomputed) == ("SD", "PD")


def test_a_reading_that_breaks_the_rules_does_not_stop_the_report(tmp_path: Path) -> None:
    def change(data: Data) -> None:
        data["TR"][0] |= {"TRSTRESC": "0", "TRSTRESN": "0"}

    found = report(tmp_path, change)
    (item,) = found.of("unreadable")
    assert (item.reader, item.visit) == ("INVESTIGATOR", "BASE")
    assert "lesions.T01: target lesion has a longest diameter of 0 mm" in item.text
    assert (found.n_readings, found.n_overall_evaluable) == (2, 2)


def test_axes_that_do_not_count(tmp_path: Path) -> None:
    def change(data: Data) -> None:
        data["TR"].append(dict(data["TR"][1]) | {"TRTESTCD": "DIAMETER"})

    (item,) = report(tmp_path, change).of("axis")
    assert "T02 counts 20 mm, its axis is 16 mm" in item.text


def test_partial_dates_stay_between_their_neighbors(tmp_path: Path) -> None:
    tables = read_sdtm(write_csv(tmp_path, rows()))
    first = readings(tables.tumors, tables.results, tables.responses)[0]
    assert [visit.date for visit in first.visits] == ["2024-01-01", "2024-02", "2024-03-26"]
    assert [visit.day.isoformat() for visit in first.visits][1] == "2024-02-01"
    record = submitted_records(tables.tumors, tables.results)[0]
    assert [visit.day_d for visit in record.visits] == [31.0, 85.0]
    assert [lesion.size_mm for lesion in record.targets] == [27, 16]
    assert earliest_day("") is None
    assert str(earliest_day("2014")) == "2014-01-01"
    assert is_node("LYMPH NODE")
    assert not is_node("THYROID NODULE")


def test_words_without_meaning_are_refused(tmp_path: Path) -> None:
    def change(data: Data) -> None:
        data["TU"][0]["TUSTRESC"] = "TARGETT"
        data["TR"][0]["TRDTC"] = "2024-02-31"
        data["TR"][2] |= {"TRTESTCD": "TUMSTATE", "TRSTRESC": "SOMEWHERE", "TRSTRESN": ""}

    with pytest.raises(ProtocolError, match="'2024-02-31' is not in the calendar"):
        report(tmp_path, change)

    def words(data: Data) -> None:
        change(data)
        data["TR"][0]["TRDTC"] = "2024-01-01"
        data["TR"][1]["TRTESTCD"] = "OTHER"

    with pytest.raises(ProtocolError) as caught:
        report(tmp_path, words)
    assert "tu.csv:2: the role of a tumor is 'TARGETT'" in str(caught.value)
