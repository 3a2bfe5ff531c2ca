"""Oracle: how often public synthetic SDTM response data contradict themselves.

Source: pharmaverse/pharmaversesdtm (Apache-2.0), tables TU, TR and RS of oncology. The counts were
found by a separate script over the raw files (sums by reader and date, table C of RECIST 1.1 in
decimals) before this package read them. The data are synthetic: they test import and arithmetic.
"""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from abscope.io.sdtm import SdtmTables, read_sdtm
from abscope.response.agreement import reader_agreement
from abscope.response.consistency import Consistency, check_consistency

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "sdtm"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="../shared/data/sdtm is not beside this checkout"
)


@pytest.fixture(scope="module")
def full() -> SdtmTables:
    return read_sdtm(FOLDER / "*_onco.csv.gz")


@pytest.fixture(scope="module")
def report(full: SdtmTables) -> Consistency:
    return check_consistency(full.tumors, full.results, full.responses)


def test_every_row_is_taken(full: SdtmTables) -> None:
    assert [len(full.tumors), len(full.results), len(full.responses)] == [7734, 55995, 5808]
    assert full.repeats == ()
    assert full.readers == ("INVESTIGATOR", "RADIOLOGIST 1", "RADIOLOGIST 2")


def test_target_responses_that_contradict_their_sums(report: Consistency) -> None:
    found = report.of("target_response")
    assert (len(found), report.n_target_scored) == (168, 1896)
    assert {item.recomputed for item in found} == {"PD"}
    assert Counter(item.why for item in found) == {"zero_nadir": 36, "nadir_ignored": 132}
    assert Counter(item.submitted for item in found) == {"SD": 99, "PR": 69}
    first = found[0]
    assert (first.subject, first.reader, first.date) == (
        "01-701-1015",
        "INVESTIGATOR",
        "2014-06-18",
    )
    assert (first.baseline_mm, first.nadir_mm, first.sum_mm) == (73, 0, 55)


def test_visit_numbers_with_two_dates(report: Consistency) -> None:
    found = report.of("two_dates")
    assert [(item.subject, item.visit_number) for item in found] == [
        ("01-711-1143", Decimal("9.2"))
    ] * 3
    assert {item.submitted for item in found} == {"2013-06-22 and 2013-09-22"}
    assert len({item.reader for item in found}) == 3


def test_responses_that_are_no_category(report: Consistency) -> None:
    found = report.of("invalid_category")
    assert [item.submitted for item in found] == ["CHECK"] * 3
    assert report.n_not_scored == 3


def test_sums_equal_their_lesions_but_not_their_axes(report: Consistency) -> None:
    """Sums add up; 44 are given although a target was not assessed."""
    assert report.counts["sum"] == 0
    assert report.counts["incomplete_sum"] == 44
    assert report.counts["axis"] > 1000
    assert all("NOT DONE" not in item.text for item in report.of("axis"))


def test_the_small_set_agrees_in_every_evaluable_row() -> None:
    tables = read_sdtm(FOLDER / "*_onco_recist.csv")
    report = check_consistency(tables.tumors, tables.results, tables.responses)
    assert (report.n_overall_evaluable, report.n_overall_not_comparable) == (57, 9)
    assert report.of("overall_response") == ()
    assert [item.subject for item in report.of("after_cr")] == ["01-701-1133"]
    n_rows = sum(len(rows) for rows in (tables.tumors, tables.results, tables.responses))
    assert n_rows + len(tables.repeats) == 75 + 546 + 66


def test_a_folder_with_several_sets_asks_which() -> None:
    with pytest.raises(Exception, match="files could be TU") as caught:
        read_sdtm(FOLDER)
    assert type(caught.value).__name__ == "UsageError"


def test_agreement_of_readers(full: SdtmTables) -> None:
    found = reader_agreement(full.responses)
    assert [item.readers for item in found] == [
        ("RADIOLOGIST 1", "RADIOLOGIST 2"),
        ("RADIOLOGIST 1", "INVESTIGATOR"),
        ("RADIOLOGIST 2", "INVESTIGATOR"),
    ]
    for item in found:
        assert (item.n_visits, item.n_single) == (633, 0)
        assert sum(item.pairs.values()) == 633
        assert item.kappa is not None
        assert -1 <= item.kappa <= item.observed_frac <= 1
