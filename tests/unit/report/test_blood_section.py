"""The report shows the model's bands over the counts, and says what they rest on."""

import html
import re
import xml.etree.ElementTree as ET

import numpy as np

from abscope.blood.case_forecast import forecast_case
from abscope.blood.histogram import DoseHistogram
from abscope.case.shelf import open_case
from abscope.report.blood_curve import blood_curve
from abscope.report.blood_histogram import blood_histogram
from abscope.report.build import build_report


def section(name: str) -> str:
    text = build_report(open_case(name), ())
    _, _, rest = text.partition('<section id="blood"')
    body = rest.partition("</section>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_breast_case_shows_bands_counts_and_the_sentence() -> None:
    said = section("kim2021-breast")
    for text in (
        "640", "1150", "guess", "cannot tell apart alpha (radiosensitivity), dose scale",
        "grades 0 and 1 are one column", "EDIC", "Spread left of the prior's", "95 % of repeated",
    ):  # fmt: skip
        assert text in said


def test_case_without_a_count_has_no_section() -> None:
    assert section("fong2025-melanoma") == ""
    assert section("chen2025-rcc") == ""


def test_curve_draws_every_count_and_fraction() -> None:
    found = forecast_case(open_case("kim2021-breast").case).forecast
    for narrow in (False, True):
        root = ET.fromstring(blood_curve(found, narrow=narrow).svg("light"))
        texts = [item.text for item in root.iter() if item.tag.endswith("text")]
        assert {"3300", "640", "1150"} <= set(texts)
        titles = [item.text or "" for item in root.iter() if item.tag.endswith("title")]
        assert any("RT1a: 5 fractions" in text for text in titles)
        assert "50 % of the draws" in titles


def test_histogram_is_drawn_to_scale() -> None:
    flat = DoseHistogram(np.array([0.0, 1.0]), np.array([0.25, 0.75]))
    root = ET.fromstring(blood_histogram({"RT1": flat}).svg("light"))
    texts = [item.text or "" for item in root.iter() if item.tag.endswith("text")]
    assert any("mean 0.75 Gy" in text for text in texts)
    line = next(item for item in root.iter() if item.tag.endswith("path")).get("d", "")
    heights = {float(pair.split(",")[1]) for pair in line.lstrip("M").split(" L")[5:-5]}
    assert heights == {30.0 + 280.0 * 0.25}
