"""Sums of diameters where a size has versions: both ends are summed, agreement is a response."""

from decimal import Decimal
from typing import Any

import pytest

from abscope.case.record import Case
from abscope.case.shelf import open_case
from abscope.response.assessment import PartReading, assess_case
from abscope.response.sum_versions import case_choices


def melanoma(*m12: Any) -> Case:
    """Return the melanoma case with other sizes of M12 at the scans after P4 that have one."""
    case = open_case("fong2025-melanoma").case
    plain, left = case.to_plain(), list(m12)
    for scan in plain["imaging"]:
        for found in scan["findings"]:
            if found["lesion"] == "M12" and found.get("size_mm") is not None and left:
                found["size_mm"] = left.pop(0)
    return Case.model_validate(plain)


def part_of(case: Case) -> PartReading:
    return assess_case(case).courses[-1].everything


def two(*values: float) -> dict[str, Any]:
    return {"versions": [{"value": value} for value in values]}


def test_the_case_as_it_stands_has_no_choice() -> None:
    assert case_choices(open_case("fong2025-melanoma").case) == ()
    assert part_of(melanoma()).versions == ()


def test_versions_that_agree_give_their_response_and_both_sums() -> None:
    """22 to 14 mm is the record; with 21 or 25 mm before it is a PR all the same."""
    part = part_of(melanoma(two(25, 21)))
    assert part.reading is not None
    assert part.reading.visits[0].overall == part_of(melanoma()).reading.visits[0].overall  # type: ignore[union-attr]
    first = part.versions[0]
    assert first.baseline_mm == (Decimal(21), Decimal(25))
    assert first.sum_mm == (Decimal(14), Decimal(14))
    assert first.text == "sum 14 of 21 to 25 mm in versions; PR with every size"
    assert part.reading.visits[0].reasons[-1].text == first.text
    told = part.reading.visits[0].target
    assert told is not None
    assert told.baseline_mm == 21  # the smallest change is told


def test_versions_that_differ_are_not_certain() -> None:
    part = part_of(melanoma(two(22, 18)))
    assert part.reading is not None
    first = part.reading.visits[0]
    assert (first.overall, first.target_response) == ("NE", "NE")
    assert part.versions[0].overall == ("PR", "SD")
    assert part.versions[0].text == "sum 14 of 18 to 22 mm in versions; not certain, PR or SD"


def test_an_interval_at_a_follow_up_is_summed_at_both_ends() -> None:
    part = part_of(melanoma(22, {"low": 12, "high": 15}))
    assert part.versions[0].sum_mm == (Decimal(12), Decimal(15))
    assert part.versions[0].overall == ("PR",)
    assert part_of(melanoma(22, {"low": 12, "high": 16})).versions[0].overall == ("PR", "SD")


def test_parts_without_the_lesion_and_open_intervals_stay_as_they_are() -> None:
    found = assess_case(melanoma(two(25, 21))).courses[-1]
    assert found.out_of_field.versions == ()
    assert part_of(melanoma(22, {"low": 12})).versions == ()


@pytest.mark.parametrize("sizes", [(two(25, 21),), (two(22, 18), two(14, 16))])
def test_every_choice_is_a_case_with_plain_sizes(sizes: tuple[Any, ...]) -> None:
    choices = case_choices(melanoma(*sizes))
    assert len(choices) == 2 ** len(sizes)
    assert all(case_choices(choice) == () for choice in choices)
