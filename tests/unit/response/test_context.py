"""Confounders of a case as a whole: each computed, each absent where it does not apply."""

import math
from statistics import NormalDist

import pytest

from abscope.case.record import Case
from abscope.case.shelf import open_case
from abscope.catalog import reader_limits
from abscope.response.abscopal import abscopal_call
from response_cases import patient


def caveats(data: dict[str, object]) -> str:
    return " | ".join(abscopal_call(Case.model_validate(data)).caveats)


def test_chance_over_lesions_is_that_of_the_reader_error() -> None:
    limits = reader_limits("single_change_between_readers")
    sd = (math.log1p(limits.high) - math.log1p(limits.low)) / (2 * NormalDist().inv_cdf(0.975))
    one = NormalDist().cdf(math.log(0.7) / sd)
    assert f"probability {one:.3f}" in caveats(patient())
    data = patient()
    data["lesions"].append({"id": "M", "site": "liver"})
    for scan, size in zip(data["imaging"], (40, 40, 40), strict=True):
        scan["findings"].append({"lesion": "M", "size_mm": size})
    assert f"probability {1 - (1 - one) ** 2:.3f}" in caveats(data)


def test_a_lesion_that_is_not_followed_is_named() -> None:
    assert "not followed after it" not in caveats(patient())
    data = patient()
    data["lesions"].append({"id": "M", "site": "liver"})
    data["imaging"][0]["findings"].append({"lesion": "M", "size_mm": 20})
    assert "M: seen before the course, not followed after it" in caveats(data)


def test_lymphocytes_after_radiotherapy() -> None:
    assert "lymphocytes after radiotherapy are not known" in caveats(patient())
    data = patient()
    data["labs"] = [
        {"test": "lymphocytes", "value": "1800 /mm3", "when": "2024-02-20"},
        {"test": "lymphocytes", "value": "450 /mm3", "when": "2024-03-20"},
    ]
    assert "lowest lymphocyte count after radiotherapy 450 per uL" in caveats(data)
    kim = abscopal_call(open_case("kim2021-breast").case)
    assert any("640 per uL" in text for text in kim.caveats)


@pytest.mark.parametrize(("tumor", "said"), [("rcc", True), ("prostate", False)])
def test_spontaneous_regression_of_the_tumor(tumor: str, said: bool) -> None:
    data = patient()
    data["diagnosis"] = {"tumor_type": tumor}
    assert ("spontaneous regression" in caveats(data)) is said
