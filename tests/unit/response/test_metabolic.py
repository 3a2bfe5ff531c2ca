"""PERCIST of a case: what its PET examinations give, and why they may give nothing."""

from typing import Any

import pytest

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.case.shelf import open_case
from abscope.response.metabolic import metabolic_visits


def case(sul: float | None, **after: Any) -> Case:
    reference = {
        "modalities": ["PET/CT"],
        "liver_sul_mean": 1.5,
        "liver_sul_sd": 0.2,
        "liver_diseased": False,
        "uptake_time_min": 60,
        "same_scanner": True,
    }
    last = {"lesion": "L", **({} if sul is None else {"sul_peak": sul}), "text": "seen"}
    return Case.model_validate(
        {
            "id": "pet",
            "title": "pet",
            "default_missing": "not_seen",
            "day_zero": "2024-03-01",
            "lesions": [{"id": "L", "site": "lung"}, {"id": "B", "site": "brain"}],
            "rt_courses": [
                {"id": "RT", "start": "2024-03-01", "phases": [{"id": "P", "targets": ["B"]}]}
            ],
            "imaging": [
                {
                    "id": "S0",
                    "when": "2024-02-20",
                    **reference,
                    "findings": [{"lesion": "L", "sul_peak": 8.0}],
                },
                {"id": "S1", "when": "2024-05-20", **reference, **after, "findings": [last]},
            ],
        }
    )


@pytest.mark.parametrize(("sul", "category"), [(5.6, "PMR"), (5.7, "SMD"), (10.4, "PMD")])
def test_uptake_decides(sul: float, category: str) -> None:
    data = case(sul)
    (visit,) = metabolic_visits(data, clock=Clock(data))
    assert visit.call is not None
    assert visit.call.category == category


def test_scans_that_differ_are_not_compared() -> None:
    data = case(4.0, uptake_time_min=90)
    (visit,) = metabolic_visits(data, clock=Clock(data))
    assert visit.call is not None
    assert visit.call.category == "NE"


def test_without_uptake_nothing_is_computed() -> None:
    data = case(None)
    (visit,) = metabolic_visits(data, clock=Clock(data))
    assert visit.call is None
    fong = open_case("fong2025-melanoma").case
    visits = metabolic_visits(fong, clock=Clock(fong))
    assert visits
    assert all(visit.call is None and "not computable" in visit.reason for visit in visits)
