"""The sampler against closed forms and against itself on counts that the model made up."""

import numpy as np
import pytest

from abscope.blood.alc.counts import Count
from abscope.blood.alc.identifiability import identifiability
from abscope.blood.alc.posterior import sample_posterior
from abscope.blood.alc.prediction import grade_chances
from abscope.blood.alc.prior import log_parameters
from abscope.blood.alc.schedule import schedule
from lymphocyte_cases import course, model_of


def test_normal_prior_with_a_normal_count_is_closed_form() -> None:
    """Closed form: z ~ N(0, 1), y = 3 seen with sd 0.5 gives N(2.4, 0.2) and its evidence."""
    rng = np.random.default_rng(3)
    start = rng.standard_normal((6000, 4))

    def likelihood(coordinates: np.ndarray) -> np.ndarray:
        return -0.5 * ((3.0 - coordinates[:, 0]) / 0.5) ** 2 - np.log(0.5 * np.sqrt(2 * np.pi))

    found = sample_posterior(likelihood, coordinates=start, rng=rng)
    assert found.coordinates[:, 0].mean() == pytest.approx(2.4, abs=0.03)
    assert found.coordinates[:, 0].std() == pytest.approx(np.sqrt(0.2), abs=0.02)
    assert found.coordinates[:, 1].std() == pytest.approx(1.0, abs=0.04)
    exact = -0.5 * 9 / 1.25 - 0.5 * np.log(2 * np.pi * 1.25)
    assert found.log_evidence == pytest.approx(exact, abs=0.15)
    assert found.trustworthy
    assert found.n_steps >= 2


def test_without_data_the_prior_comes_back_untouched() -> None:
    start = np.random.default_rng(1).standard_normal((500, 3))
    found = sample_posterior(
        lambda coordinates: np.zeros(len(coordinates)), coordinates=start,
        rng=np.random.default_rng(2),
    )  # fmt: skip
    assert np.array_equal(found.coordinates, start)
    assert (found.n_steps, found.effective_frac, found.log_evidence) == (0, 1.0, 0.0)


def _fit(counts: tuple[Count, ...], seed: int, n: int = 800):
    model = model_of(course(), counts=counts)
    rng = np.random.default_rng(seed)
    start = model.prior.sample(rng, n)
    found = sample_posterior(model.log_likelihood, coordinates=start, rng=rng)
    return model, start, found


def test_intervals_cover_what_made_the_counts() -> None:
    """Simulation: 40 patients from the prior, 90 % intervals of alpha x scale, plateau and rate.

    False alarm below 1e-4 per parameter for a correct sampler (binomial 40, 0.9: below 28).
    """
    rng = np.random.default_rng(11)
    days = (7.0, 14.0, 60.0)
    blank = tuple(Count(f"day {day:g}", (1000.0,), day, day) for day in days)
    truth_model = model_of(course(), counts=blank)
    covered = np.zeros(3)
    n_patients = 40
    for number in range(n_patients):
        truth = truth_model.prior.draws(truth_model.prior.sample(rng, 1))
        expected = truth_model.expected_per_ul(truth)[0]
        seen = expected * np.exp(truth.observation_sd_log[0] * rng.standard_normal(3))
        counts = tuple(
            Count(f"day {day:g}", (float(value),), day, day)
            for day, value in zip(days, seen, strict=True)
        )
        model, _, found = _fit(counts, seed=100 + number, n=300)
        after = log_parameters(model.prior.draws(found.coordinates))
        real = log_parameters(truth)
        for place, names in enumerate((("alpha", "dose scale"), ("plateau",), ("recovery rate",))):
            mine = sum(after[name] for name in names)
            low, high = np.quantile(mine, (0.05, 0.95))
            covered[place] += low <= sum(real[name][0] for name in names) <= high
    assert np.all(covered >= 28), covered
    assert covered.sum() < 3 * n_patients  # intervals are not boundless


def test_more_counts_narrow_and_conflicting_versions_widen() -> None:
    one = Count("a", (700.0,), 7.0, 7.0)
    two = Count("b", (1000.0,), 60.0, 60.0)
    loose = Count("a", (450.0, 1400.0), 7.0, 7.0)
    spread = []
    for counts in ((), (one,), (one, two), (loose,)):
        model, _, found = _fit(counts, seed=7, n=2000)
        draws = model.prior.draws(found.coordinates)
        spread.append(float(np.log(model.run(draws).at(np.array([7.0]))).std()))
    assert spread[0] > spread[1] > 0.9 * spread[2]
    assert spread[3] > 1.2 * spread[1]


def test_identifiability_names_what_is_confounded() -> None:
    counts = (Count("a", (700.0,), 7.0, 7.0), Count("b", (1000.0,), 60.0, 60.0))
    model, start, found = _fit(counts, seed=4, n=2000)
    told = identifiability(
        model.prior.draws(start), posterior=model.prior.draws(found.coordinates), n_counts=2
    )
    said = " ".join(told.sentences)
    assert "cannot tell apart alpha" in said
    assert "recovery" in said
    assert "only as their product" in said
    ratio = {item.name: item.ratio_frac for item in told.parameters}
    assert ratio["alpha x dose scale"] < ratio["dose scale"]
    none = identifiability(model.prior.draws(start), posterior=model.prior.draws(start), n_counts=0)
    assert "nothing is learned" in none.sentences[0]
    assert [item.ratio_frac for item in none.parameters] == pytest.approx([1.0] * 6)


def test_alpha_and_dose_scale_enter_as_their_product_only() -> None:
    """Property: doubling alpha and halving every dose factor changes no likelihood."""
    from dataclasses import replace

    counts = (Count("a", (700.0,), 7.0, 7.0),)
    model = model_of(course(), counts=counts)
    draws = model.prior.draws(model.prior.sample(np.random.default_rng(0), 50))
    other = replace(draws, alpha_per_gy=2 * draws.alpha_per_gy, factor_frac=draws.factor_frac / 2)
    assert model.expected_per_ul(other) == pytest.approx(model.expected_per_ul(draws), rel=1e-10)


def test_counts_during_a_course_lie_inside_it() -> None:
    count = Count("during", (700.0,), 0.0, 0.0, "RT1", "during")
    model = model_of(course(), counts=(count,))
    draws = model.prior.draws(model.prior.sample(np.random.default_rng(0), 200))
    days = model.count_days_d(draws, schedule(model.planned, draws))
    assert days.min() >= 0
    assert days.max() <= 4


def test_grades_with_and_without_the_limit_of_normal() -> None:
    counts = np.array([[1500.0], [900.0], [800.0], [600.0], [500.0], [300.0], [200.0], [100.0]])
    unknown = grade_chances(counts, time_d=np.array([3.0]), lower_limit_per_ul=None)[0]
    assert (unknown.none_frac, unknown.first_frac) == (None, None)
    shares = (
        unknown.no_or_first_frac, unknown.second_frac, unknown.third_frac, unknown.fourth_frac,
    )  # fmt: skip
    assert shares == (0.375, 0.25, 0.25, 0.125)
    known = grade_chances(counts, time_d=np.array([3.0]), lower_limit_per_ul=1000)[0]
    assert (known.none_frac, known.first_frac) == (0.125, 0.25)
