"""The section and the figure of an explanation, and its lines: one screen."""

import json

import numpy as np
import pytest

from abscope.case.checks import check_case
from abscope.case.clock import Clock
from abscope.case.shelf import open_case
from abscope.errors import UsageError
from abscope.infer.explanation import ExplainOptions, Explanation, explain_case
from abscope.infer.explanation_rows import plain_explanation
from abscope.infer.posterior import Diagnosis, Latent, Posterior
from abscope.report.explain_figure import explain_figure, explain_figures
from abscope.report.explain_lines import explanation_lines
from abscope.report.material import Material
from abscope.report.sections.explain import explain_section


def near_the_prior(case_id: str, *why: str) -> Posterior:
    """A posterior of one quantity, a little narrower than its prior."""
    z = 0.5 * np.random.default_rng(2).normal(size=(2, 20, 1))
    diagnosis = Diagnosis(r_hat=1.02, ess_bulk=35.0, ess_tail=30.0, why=why)
    return Posterior(
        case_id=case_id, latents=(Latent(name="growth", meaning="growth"),), z=z,
        log_density=np.zeros((2, 20)), seed=3, method="a test", diagnosis=diagnosis,
    )  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Explanation:
    case = open_case("fong2025-melanoma").case
    steps: list[str] = []
    options = ExplainOptions(draws=30)
    got = explain_case(
        case, near_the_prior(case.id, "R-hat 1.02"), options=options, progress=steps.append
    )
    assert len(steps) == len(set(steps)) == 5
    return got


def test_screen_has_its_size_and_says_first_that_the_fit_failed(found: Explanation) -> None:
    lines = list(explanation_lines(found))
    assert lines[0].startswith("! fong2025-melanoma: the fit did not converge; its numbers are")
    assert any(line.startswith("fong2025-melanoma: research use only") for line in lines)
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 45
    text = "\n".join(lines)
    for words in (
        "M13 another small", "M12 mesenteric nodule", "natural course", "dose elsewhere",
        "without radiotherapy", "modes of homing", "the drugs alone", "What would have settled",
        "cannot tell whether an abscopal effect was the cause", "more than the data allow",
    ):  # fmt: skip
        assert words in text


def test_parts_and_prior_are_in_the_json(found: Explanation) -> None:
    plain = plain_explanation(found)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["source"] == "posterior"
    assert plain["diagnosis"]["converged"] is False
    assert plain["focus"] == "M13"
    for lesion in plain["lesions"]:
        assert lesion["width_over_prior"] > 0.0
        for visit in lesion["visits"]:
            parts = [visit["natural_frac"], *visit["shares_frac"].values()]
            total = sum(part["mean_frac"] for part in parts)
            assert total == pytest.approx(visit["change_frac"]["mean_frac"], abs=1e-9)
    kinds = {one["kind"] for one in plain["left_out"]}
    assert kinds == {"course", "agent", "mechanism"}
    assert {one["name"] for one in plain["structures"]} == {
        "lesion", "organ", "presence", "bronchial",
    }  # fmt: skip


def test_section_has_a_table_for_each_question(found: Explanation) -> None:
    located = open_case("fong2025-melanoma")
    material = Material(located, check_case(located.case), Clock(located.case))
    section = explain_section(material, found)
    captions = [table.caption for table in section.context["tables"]]
    assert captions[0].startswith("Parts of the change until")
    assert any("modes of homing" in caption for caption in captions)
    assert any(caption.startswith("Explanations of M13") for caption in captions)
    assert any(caption.startswith("What would have settled") for caption in captions)
    assert section.context["alerts"][0].startswith("The fit did not converge")
    assert " ".join(section.context["lead"]) == found.conclusion.paragraph
    assert len(section.context["lead"]) > len(found.conclusion.verdicts)
    idle = next(x for x in section.context["tables"] if x.caption.startswith("What each course"))
    assert any(row.head == "course RT2" for row in idle.rows)


def test_figure_has_a_panel_per_lesion(found: Explanation) -> None:
    figure = explain_figure(found)
    for scene in (figure.wide, figure.narrow):
        drawing = scene.svg("light")
        assert "M12 mesenteric nodule" in drawing
        assert "dose elsewhere" in drawing
        assert "nan" not in drawing.lower()
    assert explain_figures(None) == {}
    assert list(explain_figures(found)) == ["attribution"]


def test_options_outside_their_range_and_another_case_are_refused() -> None:
    case = open_case("fong2025-melanoma").case
    with pytest.raises(UsageError, match="draws: 3"):
        explain_case(case, None, options=ExplainOptions(draws=3))
    with pytest.raises(UsageError, match="posterior of another"):
        explain_case(case, near_the_prior("another"))
