"""The section 'What the model expects' and its figure."""

import re

from abscope.case.checks import check_case
from abscope.case.shelf import open_case
from abscope.model.expectation import expectation_or_none
from abscope.report.build import build_report
from abscope.report.expectation_figure import expectation_figure, expectation_figures


def section(name: str) -> str:
    located = open_case(name)
    text = build_report(located, check_case(located.case))
    _, _, rest = text.partition('<section id="expectation"')
    return rest.partition("</section>")[0]


def test_breast_case_shows_bands_and_homing_in_four_modes() -> None:
    said = section("kim2021-breast")
    for words in (
        "What the model expects", "not calibrated", "Share of the homing T cells",
        "By perfusion of the lesion", "lung on bronchial arteries", "L01 bilateral lung",
    ):  # fmt: skip
        assert words in said
    assert said.count("<svg") == 2
    text = re.sub(r"<[^>]+>", " ", said)
    for name in ("L01 bilateral lung", r"L01\.1", r"L01\.2"):
        found = re.search(name + r"((?:\s+\d+\.\d%){4})", text)
        assert found is not None
        assert len(set(found.group(1).split())) > 2  # the modes do not agree
    assert re.search(r"L01\.5, in \d+ of 64 draws", text)


def test_case_without_a_usable_fraction_has_no_section() -> None:
    assert section("lymphoma-isrt-pet") == ""
    assert section("golden2013-nsclc") == ""


def test_figure_has_a_panel_per_lesion_and_what_was_measured() -> None:
    case = open_case("fong2025-melanoma").case
    found = expectation_or_none(case)
    assert found is not None
    figure = expectation_figure(case, found)
    for scene in (figure.wide, figure.narrow):
        drawing = scene.svg("light")
        assert "M12 mesenteric nodule" in drawing
        assert "P6, recorded: -36%" in drawing
        assert "nan" not in drawing.lower()
    assert expectation_figures(case, None) == {}
