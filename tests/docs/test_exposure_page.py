"""The page about the exposure table says what the program does."""

import re
from pathlib import Path

import pytest

from abscope.dose.exposure_class import class_lines
from abscope.dose.lesion_map import read_lesion_map_text

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "exposure-table.md"


def test_the_map_on_the_page_is_a_map():
    (block,) = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    found = read_lesion_map_text(block, name="map.yaml")
    assert found.lesions["L2"].center_mm == (12.0, -40.0, 310.0)
    assert found.lesions["L3"].field_distances == {"all": 400.0}
    assert found.lesions["L5"].rois == ("nodule 1", "nodule 2")
    assert found.courses == {"RT1": ("C1", "C2")}


def test_the_lines_on_the_page_are_those_of_the_catalog():
    text = PAGE.read_text(encoding="utf-8")
    lines = class_lines()
    for shown in (
        f"D95 >= {lines.in_field_d95_frac * 100:g} % Rx and D50 >= "
        f"{lines.in_field_d50_frac * 100:g} % Rx",
        f"D2 >= {lines.partial_d2_frac * 100:g} % Rx, or a mean above {lines.low_dose_up_to_gy:g}",
        f"a mean of {lines.no_dose_below_gy:g} to {lines.low_dose_up_to_gy:g} Gy",
        f"at least {lines.in_grid_share_frac * 100:g} % of the lesion",
        f"more than {lines.far_distance_mm:g} mm to the field",
        f"u = {lines.inflation:g}:",
    ):
        assert shown in text, shown
    assert lines.inflation == pytest.approx(1 / (1 - 0.55), abs=0.03)
