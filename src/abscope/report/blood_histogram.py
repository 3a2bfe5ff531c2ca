"""How much of the blood got at least which dose, course by course."""

from collections.abc import Mapping

import numpy as np

from abscope.blood.histogram import DoseHistogram
from abscope.report.palette import Role
from abscope.report.svg import Element, Scene, label, line, path

__all__ = ["blood_histogram"]

_WIDTH_PX, _PLOT_PX, _LEFT_PX, _TOP_PX = 760.0, 280.0, 52.0, 30.0
_ROLES: tuple[Role, ...] = ("in_field", "out_of_field", "lymphocytes", "drug", "low_dose")
_DASHES = ("none", "7 3", "2 3", "10 3 2 3", "4 2")


def blood_histogram(histograms: Mapping[str, DoseHistogram]) -> Scene:
    """Return the cumulative histograms of the blood after all fractions of each course."""
    top = max((float(item.dose_at_volume_gy(0.001)) for item in histograms.values()), default=1.0)
    top = max(top, 0.1)
    right, bottom = _WIDTH_PX - 20, _TOP_PX + _PLOT_PX
    parts: list[Element] = [
        line((_LEFT_PX, bottom), (right, bottom), stroke="rule"),
        label((2, 14), "blood with at least this dose", size_px=11, fill="muted"),
        label((right, bottom + 34), "blood dose, Gy", size_px=11, fill="muted", anchor="end"),
    ]
    for share in (0, 25, 50, 75, 100):
        y = bottom - share / 100 * _PLOT_PX
        parts.append(line((_LEFT_PX, y), (right, y), stroke="rule", stroke_width=0.5))
        parts.append(label((_LEFT_PX - 6, y + 4), f"{share} %", size_px=11, anchor="end"))
    step = _step(top)
    for number in range(int(top / step) + 1):
        x = _LEFT_PX + number * step / top * (right - _LEFT_PX)
        parts.append(line((x, bottom), (x, bottom + 4), stroke="rule"))
        parts.append(label((x, bottom + 17), f"{number * step:g}", size_px=11, anchor="middle"))
    for index, (name, item) in enumerate(histograms.items()):
        doses = np.linspace(0.0, top, 160)
        above = item.volume_above_frac(doses - 1e-12)
        points = [
            f"{_LEFT_PX + d / top * (right - _LEFT_PX):.2f},{bottom - v * _PLOT_PX:.2f}"
            for d, v in zip(doses.tolist(), above.tolist(), strict=True)
        ]
        role, dash = _ROLES[index % len(_ROLES)], _DASHES[index % len(_DASHES)]
        parts.append(
            path("M" + " L".join(points), stroke=role, stroke_width=2, stroke_dasharray=dash)
        )
        y = _TOP_PX + 16 + 16 * index
        parts.append(line((right - 210, y - 4), (right - 184, y - 4), stroke=role, stroke_width=2,
                          stroke_dasharray=dash))  # fmt: skip
        parts.append(label((right - 178, y), f"{name}: mean {item.mean_gy:.2f} Gy", fill=role))
    told = "; ".join(f"{name}: mean {item.mean_gy:.2f} Gy" for name, item in histograms.items())
    return Scene(
        "blood-histogram", _WIDTH_PX, bottom + 44, "Blood dose after all fractions", told,
        tuple(parts),
    )  # fmt: skip


def _step(top_gy: float) -> float:
    return next((x for x in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if top_gy / x <= 8), 10.0)
