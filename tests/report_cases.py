"""Small cases for the tests of the report, written as plain mappings."""

from typing import Any

import yaml

from abscope.case.reader import LocatedCase, read_case_text

BARE = {
    "schema": "abscope-case/1",
    "id": "bare",
    "title": "A case of which only the title is known",
    "default_missing": "not_seen",
}

#: Markup, quotes, a right-to-left word, an ideograph, an emoji and a combining accent.
HOSTILE = "<script>alert('x')</script> & \"q\" ' ü ß 肺 עברית 🫁 e\u0301 </title></svg>"


def located(plain: dict[str, Any]) -> LocatedCase:
    text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)
    return read_case_text(text, name="test.yaml")


def dated() -> dict[str, Any]:
    """A case with a calendar, every kind of time and every room of the record filled."""
    return {
        **BARE,
        "id": "dated",
        "title": "A dated case",
        "default_missing": "not_reported",
        "day_zero": "RT1.start",
        "patient": {"age_years": 81, "sex": "male"},
        "diagnosis": {"tumor": "lung cancer", "tumor_type": "nsclc", "date": "2020-01"},
        "lesions": [
            {"id": "L1", "site": "lung", "laterality": "left"},
            {"id": "L2", "site": "liver"},
        ],
        "rt_courses": [
            {
                "id": "RT1",
                "phases": [
                    {
                        "id": "A",
                        "targets": ["L1"],
                        "schedule": "5 x 4.5 Gy daily from 2018-04-20 skip weekends",
                        "n_fractions_delivered": {"versions": [4, 5]},
                    }
                ],
            }
        ],
        "systemic_therapy": [
            {"id": "D1", "agents": [{"name": "drug", "regimen": "200 mg q21d x 6"}],
             "start": "2018-05-01"}
        ],
        "procedures": [{"id": "S1", "kind": "biopsy", "name": "biopsy", "when": "2018-03"}],
        "imaging": [
            {"id": "I1", "when": "before RT1", "modalities": ["CT"],
             "findings": [{"lesion": "L2", "size_mm": "20-30 mm"}]},
            {"id": "I2", "when": "3 months after RT1.end", "modalities": ["CT"],
             "findings": [{"lesion": "L2", "change": "decreased"}]},
            {"id": "I3", "modalities": ["MRI"]},
        ],
        "labs": [
            {"test": "lymphocytes", "when": "before RT1", "value": "2000 /mm3",
             "lower_limit": "1000 /mm3"},
            {"test": "lymphocytes", "when": "2018-06-01", "value": "900 /mm3",
             "lower_limit": "1000 /mm3"},
            {"test": "LDH", "when": "2018-06-01", "value": "300 U/l"},
        ],
        "symptoms": [
            {"scale": "NRS", "scale_max": 10, "lesions": ["L1"], "when": "before RT1",
             "value": {"versions": [6, 8]}},
            {"scale": "NRS", "scale_max": 10, "lesions": ["L1"], "when": "after RT1", "value": 2},
        ],
        "adverse_events": [{"term": "rash", "grade": 2, "when": "2018-06"}],
        "outcomes": [{"kind": "death", "when": "2019-02", "cause": "disease"}],
        "discrepancies": [
            {"id": "d1", "topic": "dose", "kind": "contradiction",
             "statements": [{"text": "one"}, {"text": "two", "loc": "p. 2"}],
             "effect": "the effect", "handling": "the handling"}
        ],
    }  # fmt: skip
