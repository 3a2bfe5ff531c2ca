"""Small cases for the way from case to model."""

from typing import Any

from abscope.case.record import Case


def small_case(**more: Any) -> Case:
    """A liver and a lung lesion with sizes, five fractions of 8 Gy to the liver from day zero."""
    record: dict[str, Any] = {
        "schema": "abscope-case/1",
        "id": "small",
        "title": "A small case",
        "default_missing": "not_reported",
        "day_zero": "RT1.start",
        "patient": {"sex": "male", "weight_kg": 80},
        "diagnosis": {"tumor_type": "melanoma"},
        "lesions": [{"id": "A", "site": "liver"}, {"id": "B", "site": "lung"}],
        "rt_courses": [
            {
                "id": "RT1",
                "start": "2024-01-05",
                "phases": [
                    {
                        "id": "RT1a",
                        "targets": ["A"],
                        "start": "2024-01-05",
                        "dose_per_fraction_gy": 8,
                        "n_fractions_planned": 5,
                        "fractionation": "weekdays",
                    }
                ],
            }
        ],
        "imaging": [
            {
                "id": "I0",
                "when": "day -7",
                "role": "baseline",
                "findings": [
                    {"lesion": "A", "size_mm": 40, "other_axis_mm": 30},
                    {"lesion": "B", "size_mm": 20},
                ],
            }
        ],
    }
    return Case.model_validate({**record, **more})


def phase(**more: Any) -> list[dict[str, Any]]:
    """The course of `small_case` with other entries in its phase; ``exposures`` of the course."""
    exposures = more.pop("exposures", [])
    course = small_case().rt_courses[0].to_plain()
    course["phases"][0] |= more
    course["exposures"] = exposures
    return [course]
