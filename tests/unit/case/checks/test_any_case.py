"""Checks never raise, whatever is missing, and their work grows with the case, not its square."""

import copy
import random
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from abscope.case.checks import check_case
from abscope.case.record import Case
from abscope.case.shelf import library_names, open_case


def places(data: Any) -> list[tuple[Any, Any]]:
    """Return every mapping with a key, and every list with an index, of a plain record."""
    keys = list(data) if isinstance(data, dict) else range(len(data))
    own = [(data, key) for key in keys]
    return own + [
        place for key in keys if isinstance(data[key], (dict, list)) for place in places(data[key])
    ]


def with_hole(plain: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return a copy without one entry, or with one list turned around."""
    data = copy.deepcopy(plain)
    holder, key = chance.choice(places(data))
    if isinstance(holder, list) and chance.random() < 0.5:
        holder.reverse()
    else:
        del holder[key]
    return data


@pytest.mark.parametrize("name", library_names())
def test_a_case_with_holes_is_checked_without_error(name):
    chance, checked = random.Random(name), 0
    data = open_case(name).case.to_plain()
    for _ in range(40):
        holed = with_hole(data, chance)
        try:
            case = Case.model_validate(holed)
        except ValidationError:
            continue
        data, checked = holed, checked + 1
        for finding in check_case(case):
            assert finding.what
            assert "None" not in finding.what
    assert checked >= 10


def test_an_empty_case_has_nothing_to_find():
    case = Case.model_validate(
        {"schema": "abscope-case/1", "id": "x", "title": "x", "default_missing": "not_seen"}
    )
    assert check_case(case) == ()


def crowded(n: int) -> Case:
    names = [f"L{i}" for i in range(n)]
    sites = ("lung", "liver", "brain", "node_axillary", "rib")
    lesions = [
        {"id": x, "site": sites[i % 5], "count": "multiple", "first_seen": "2020-01-01",
         "links": [{"relation": "same_as", "lesion": names[(i + 1) % n]}]}
        for i, x in enumerate(names)
    ]  # fmt: skip
    course = {
        "id": "RT1",
        "start": "2020-02-03",
        "phases": [{"id": "P1", "targets": names[: n // 2], "schedule": "50 Gy in 25"}],
        "exposures": [{"lesion": x, "stated_class": "out_of_field"} for x in names],
    }
    scans = [
        {"id": "I0", "when": "2020-01-20", "not_assessed": names[n // 2 :],
         "findings": [{"lesion": x, "size_mm": 20} for x in names[: n // 2]]},
        {"id": "I1", "when": "2020-05-20",
         "findings": [{"lesion": x, "size_mm": 200, "change": "decreased"} for x in names]
         + [{"lesion": f"Z{x}"} for x in names]},
        {"id": "I2", "when": "2020-07-20",
         "findings": [{"lesion": x, "size_mm": 10, "change": "new"} for x in names[1:]]},
    ]  # fmt: skip
    surgery = {"id": "S1", "kind": "resection", "name": "x", "when": "2020-06-01",
               "lesions": names}  # fmt: skip
    return Case.model_validate(
        {"schema": "abscope-case/1", "id": "x", "title": "x", "default_missing": "not_seen",
         "lesions": lesions, "rt_courses": [course], "imaging": scans, "procedures": [surgery]}
    )  # fmt: skip


def work(case: Case) -> tuple[int, int]:
    """Return how many functions, in Python or in C, a check of the case calls, and its findings."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        found = check_case(case)
    finally:
        sys.setprofile(None)
    return calls, len(found)


def test_twice_the_lesions_are_twice_the_work():
    check_case(crowded(10))
    few, findings_few = work(crowded(150))
    many, findings_many = work(crowded(600))
    assert findings_many > 3 * findings_few > 1000
    assert many < 4.4 * few
