"""The likelihood of a case: its slopes, and what it must not depend on."""

import numpy as np
import pytest

from abscope.engine.simulation import Settings
from abscope.infer.case_model import CaseModel, FitOptions, case_model
from abscope.infer.latents import choice_names, latent_of, smooth_names
from abscope.infer.reader_scale import reader_scale
from explained_cases import followed
from model_cases import small_case

FINE = FitOptions(settings=Settings(rtol=1e-8))
COUNTS = [
    {"test": "lymphocytes", "when": "day -3", "value": "1800 /mm3"},
    {"test": "lymphocytes", "when": "day 30", "value": "900 /mm3"},
]


@pytest.fixture(scope="module")
def model() -> CaseModel:
    return case_model(followed(labs=COUNTS), FINE)


def points(model: CaseModel, number: int) -> np.ndarray:
    return 0.5 * np.random.default_rng(3).standard_normal((number, len(model.names)))


def test_slopes_are_those_of_differences_of_whole_simulations(model: CaseModel) -> None:
    """Rung: differences at rtol 1e-8; directions mix parameters, starts, doses and errors."""
    middle = np.zeros(len(model.names))
    smooth = smooth_names(model, middle)
    assert smooth.sum() > 50
    rng = np.random.default_rng(5)
    directions = np.where(smooth, rng.standard_normal((3, len(middle))), 0.0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    z, h = points(model, 2), 1e-3
    found = model.information(model.computed_along(z, directions))
    np.testing.assert_allclose(
        found.log_likelihood, model.log_likelihood(model.computed(z)), rtol=1e-5
    )
    for k, direction in enumerate(directions):
        ends = [model.log_likelihood(model.computed(z + s * h * direction)) for s in (1, -1)]
        difference = (ends[0] - ends[1]) / (2 * h)
        scale = np.abs(found.gradient).max()
        np.testing.assert_allclose(found.gradient[:, k], difference, atol=2e-4 * scale)


def test_times_and_choices_have_no_slope(model: CaseModel) -> None:
    middle = np.zeros(len(model.names))
    smooth = smooth_names(model, middle)
    names = {name for name, yes in zip(model.names, smooth, strict=True) if yes}
    assert {"growth", "alpha", "A.1 reader", "A.1 growth", "parameter kill_max"} <= names
    assert not names & {"start", "RT1a number", "weekday of day zero", "A site"}
    others = {model.names[k] for k in choice_names(model, middle, smooth)}
    assert not others & names


def test_order_of_lesions_and_of_points_changes_nothing(model: CaseModel) -> None:
    z = points(model, 3)
    plain = model.log_likelihood(model.computed(z))
    np.testing.assert_allclose(
        model.log_likelihood(model.computed(z[::-1]))[::-1], plain, rtol=1e-9
    )
    turned = case_model(
        followed(labs=COUNTS, lesions=[{"id": "B", "site": "lung"}, {"id": "A", "site": "liver"}]),
        FINE,
    )
    column = [turned.names.index(name) for name in model.names]
    moved = np.zeros_like(z)
    moved[:, column] = z
    np.testing.assert_allclose(turned.log_likelihood(turned.computed(moved)), plain, rtol=1e-4)


def test_calendar_of_a_case_changes_nothing(model: CaseModel) -> None:
    """The same course five weeks later: the same weekdays, the same days from its start."""
    record = followed(labs=COUNTS).to_plain()
    course = record["rt_courses"][0]
    course["start"] = course["phases"][0]["start"] = "2024-02-09"
    later = case_model(small_case(**{k: v for k, v in record.items() if k != "schema"}), FINE)
    assert later.names == model.names
    z = points(model, 3)
    expected = model.log_likelihood(model.computed(z))
    np.testing.assert_allclose(later.log_likelihood(later.computed(z)), expected, rtol=1e-9)


def test_a_better_match_is_more_likely(model: CaseModel) -> None:
    found = model.computed(points(model, 8))
    by_visit = model.readings(found)
    assert {visit.label for visit, *_ in by_visit} == {"I1", "lymphocytes day 30"}
    for _, says, likely, number in by_visit:
        target = {"A": np.log(20.0), "B": np.log(15.0)}.get(says[0], np.log(900.0))
        # the error of a small lesion is in mm, that of a large one in its logarithm
        of_size = says[0] in "AB"
        off = np.abs(
            reader_scale(number)[0] - reader_scale(target)[0] if of_size else number - target
        )
        assert (np.diff(likely.log_density[np.argsort(off)]) <= 1e-12).all()


def test_quantities_have_words() -> None:
    assert latent_of("growth").lesion is None
    found = latent_of("L01.2 growth")
    assert (found.lesion, found.meaning) == ("L01", "growth rate of L01.2")
    assert latent_of("L01 count").meaning == "number of lesions of L01"
    assert latent_of("L01.2 RT1a bath").meaning == "dose from RT1a, outside its target of L01.2"
    assert "kill" in latent_of("parameter kill_max").meaning.lower()
