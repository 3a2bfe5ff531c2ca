"""A patient with a clean distant response, for tests that change one fact at a time."""

from typing import Any

__all__ = ["examination", "patient"]


def patient() -> dict[str, Any]:
    """A brain metastasis irradiated, a lung lesion of 30 mm at 12 mm and still so later."""
    return {
        "id": "made-up",
        "title": "made up",
        "default_missing": "not_reported",
        "day_zero": "2024-03-01",
        "lesions": [
            {"id": "B", "site": "brain"},
            {"id": "L", "site": "lung", "trend_before_rt": "growing", "histology": "carcinoma"},
        ],
        "rt_courses": [
            {
                "id": "RT",
                "start": "2024-03-01",
                "end": "2024-03-05",
                "phases": [{"id": "P", "targets": ["B"], "schedule": "30 Gy in 5"}],
            }
        ],
        "no_systemic_therapy": [{"scope": "any", "stated": "none"}],
        "medications": [{"kind": "steroid", "given": False}],
        "imaging": [
            examination("S0", "2024-02-20", 20, 30),
            examination("S1", "2024-05-01", 12, 12),
            examination("S2", "2024-07-01", 10, 10),
        ],
    }


def examination(name: str, when: str, brain_mm: float, lung_mm: float) -> dict[str, Any]:
    findings = [{"lesion": "B", "size_mm": brain_mm}, {"lesion": "L", "size_mm": lung_mm}]
    return {"id": name, "when": when, "modalities": ["CT"], "findings": findings}
