import copy
from collections.abc import Callable
from typing import Any

import pytest

from abscope.case.checks import CheckFinding, check_case
from abscope.case.record import Case

Plain = dict[str, Any]

CT = {"modalities": ["CT"], "slice_mm": 3}
LOOKED_AT = {"scale": "NRS 0-10", "lesions": ["T1"], "omed_mg": 10}


def finding(lesion: str, size_mm: float, change: str) -> Plain:
    return {"lesion": lesion, "size_mm": size_mm, "axis": "longest", "change": change}


CLEAN: Plain = {
    "schema": "abscope-case/1",
    "id": "clean",
    "title": "A case that nobody can find fault with",
    "default_missing": "not_reported",
    "day_zero": "RT1.start",
    "patient": {"age_years": 60, "age_at": "at diagnosis"},
    "diagnosis": {"tumor_type": "nsclc", "date": "2023-01-02", "metastatic_date": "2023-01-09"},
    "lesions": [
        {"id": "T1", "site": "brain", "count": 1, "first_seen": "2023-01-09"},
        {"id": "L1", "site": "lung", "laterality": "left", "count": 1},
        {"id": "L2", "site": "pelvic_bone", "laterality": "right"},
        {"id": "M1", "site": "liver"},
    ],
    "rt_courses": [
        {
            "id": "RT1",
            "phases": [
                {
                    "id": "RT1a",
                    "targets": ["T1"],
                    "start": "2023-07-17",
                    "end": "2023-07-21",
                    "fractionation": "daily",
                    "total_dose_gy": 20,
                    "dose_per_fraction_gy": 4,
                    "n_fractions_planned": 5,
                    "n_fractions_delivered": 5,
                }
            ],
            "exposures": [
                {"lesion": "T1", "stated_class": "in_field", "mean_dose_gy": 19.8},
                {"lesion": "L1", "stated_class": "out_of_field", "mean_dose_gy": 0.1},
                {"lesion": "L2", "stated_class": "out_of_field"},
            ],
        }
    ],
    "systemic_therapy": [
        {
            "id": "D1",
            "agents": [{"name": "cisplatin", "drug_class": "chemotherapy", "interval_d": 21}],
            "start": "2023-01-16",
            "stop": "2023-04-10",
            "n_cycles": 5,
        }
    ],
    "no_systemic_therapy": [{"scope": "any", "start": "2023-04-11", "end": "2023-12-31"}],
    "procedures": [
        {"id": "S1", "kind": "resection", "name": "liver", "when": "2023-02-01", "lesions": ["M1"]}
    ],
    "imaging": [
        {
            "id": "I0",
            "when": "2023-07-03",
            "role": "baseline",
            **CT,
            "findings": [
                finding("T1", 20, "present"),
                finding("L1", 30, "present"),
                finding("L2", 12, "present"),
            ],
        },
        {
            "id": "I1",
            "when": "2023-09-18",
            "role": "follow_up",
            **CT,
            "stated_response": "partial response",
            "findings": [finding("T1", 10, "decreased"), finding("L1", 20, "decreased")],
            "not_assessed": ["L2"],
        },
        {
            "id": "I2",
            "when": "2023-11-20",
            "role": "follow_up",
            **CT,
            "findings": [
                finding("T1", 0, "gone"),
                finding("L1", 16, "decreased"),
                finding("L2", 12, "stable"),
            ],
        },
    ],
    "labs": [
        {"test": "lymphocytes", "when": f"2023-{day}", "value": value, "lower_limit": "1000 /mm3"}
        for day, value in (("07-14", "1800 /mm3"), ("07-24", "0.9 10^9/L"))
    ],
    "symptoms": [
        {**LOOKED_AT, "when": "2023-07-14", "value": 8, "baseline": True},
        {**LOOKED_AT, "when": "2023-09-18", "value": 2},
    ],
    "adverse_events": [{"term": "nausea", "grade": 1, "when": "2023-07-18"}],
    "outcomes": [
        {"kind": "last_contact", "when": "2023-12-01"},
        {"kind": "death", "when": "2024-02-01", "cause": "disease"},
    ],
}

Findings = Callable[[Plain], tuple[CheckFinding, ...]]


@pytest.fixture
def plain() -> Plain:
    """A fresh copy of a case without any finding, to be spoiled."""
    return copy.deepcopy(CLEAN)


@pytest.fixture
def findings() -> Findings:
    def check(data: Plain) -> tuple[CheckFinding, ...]:
        return check_case(Case.model_validate(data))

    return check
