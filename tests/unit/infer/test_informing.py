"""What a fit says of lesions of which the record tells nothing, and where it refuses."""

from typing import Any

import pytest

from abscope.case.record import Case
from abscope.errors import CaseError
from abscope.infer.case_model import case_model
from abscope.infer.informing import lesions_without_words, sized_lesions, tells_of_a_lesion
from abscope.infer.visits import data_of_case
from explained_cases import followed

BOTH = ("A", "B")
COUNTS = [
    {"test": "lymphocytes", "when": "day -3", "value": "1800 /mm3"},
    {"test": "lymphocytes", "when": "day 30", "value": "900 /mm3"},
]


def told(case: Case) -> tuple[str, ...]:
    return lesions_without_words(case, data_of_case(case, lesions=BOTH), lesions=BOTH)


def scans(first: list[dict[str, Any]], later: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": "I0", "when": "day -7", "role": "baseline", "findings": first},
        {"id": "I1", "when": "day 90", "role": "follow_up", "findings": later},
    ]


def test_nothing_is_said_where_every_lesion_was_measured() -> None:
    assert told(followed()) == ()
    assert sized_lesions(followed()) == {"A", "B"}


def test_one_lesion_without_any_size_is_named() -> None:
    case = followed(
        imaging=scans([{"lesion": "A", "size_mm": 40}], [{"lesion": "A", "size_mm": 20}])
    )
    assert told(case) == (
        "B: no size and no word for a change on record; the fit learns nothing of it",
    )


def test_words_alone_and_a_start_alone_are_told_apart() -> None:
    later = [{"lesion": "B", "change": "decreased"}]
    first, second = told(followed(imaging=scans([{"lesion": "A", "size_mm": 40}], later)))
    assert first.startswith("A: not seen again after the start")
    assert second.startswith("B: no size on record, only words for a change")


@pytest.mark.parametrize("imaging", [[], scans([], [])])
def test_counts_alone_are_refused_in_one_line(imaging: list[dict[str, Any]]) -> None:
    case = followed(imaging=imaging, labs=COUNTS)
    assert not tells_of_a_lesion(case, data_of_case(case, lesions=BOTH), lesions=BOTH)
    with pytest.raises(CaseError, match="no lesion has a size") as error:
        case_model(case)
    (problem,) = error.value.problems
    assert (problem.where, problem.path) == ("small", "imaging")


def test_a_word_for_a_change_is_enough() -> None:
    later = [{"lesion": "B", "change": "markedly_decreased"}]
    assert case_model(followed(imaging=scans([], later))).data.lesions == ("B",)
