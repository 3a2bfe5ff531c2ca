"""A small case that was followed, for the tests of explanations."""

from typing import Any

from abscope.case.record import Case
from model_cases import small_case

__all__ = ["followed"]


def followed(**more: Any) -> Case:
    """The small case on pembrolizumab, both lesions measured three months after the course."""
    scans = [scan.to_plain() for scan in small_case().imaging]
    scans.append(
        {
            "id": "I1",
            "when": "day 90",
            "role": "follow_up",
            "findings": [{"lesion": "A", "size_mm": 20}, {"lesion": "B", "size_mm": 15}],
        }
    )
    drugs = [
        {
            "id": "D1",
            "start": "day 0",
            "interval_d": 21,
            "n_cycles": 4,
            "agents": [{"name": "pembrolizumab", "dose_mg": 200}],
        }
    ]
    return small_case(**{"imaging": scans, "systemic_therapy": drugs, **more})
