"""Value of a measurement: closed forms for normal answers, and candidates of a case."""

import numpy as np
import pytest
from scipy.stats import norm

from abscope.infer.attribution import attribute
from abscope.infer.settling import SEEN_AFTER_D, explained_frac, settling
from abscope.model.prior_draws import PriorDraws
from explained_cases import followed

RNG = np.random.default_rng(11)


def test_explained_is_the_squared_correlation_of_normal_numbers() -> None:
    x = RNG.normal(size=4000)
    answer = 0.6 * x + 0.8 * RNG.normal(size=4000)
    middle, low, high = explained_frac(answer, x)
    assert middle == pytest.approx(0.36, abs=0.04)  # 2 standard errors of 4000 draws, and the edges
    assert low < middle < high


def test_what_has_nothing_to_do_with_it_explains_nothing() -> None:
    found = [explained_frac(RNG.normal(size=200), RNG.normal(size=200))[0] for _ in range(20)]
    assert np.mean(found) < 0.02
    assert max(found) < 0.1


def test_curved_answer_and_two_measurements_are_seen() -> None:
    x, y = RNG.normal(size=(2, 3000))
    assert explained_frac(x**2, x)[0] > 0.9
    assert explained_frac(x + y, x)[0] == pytest.approx(0.5, abs=0.06)
    assert explained_frac(x + y, np.column_stack([x, y]))[0] > 0.97


def test_far_draws_do_not_rule() -> None:
    x = norm.ppf((np.arange(400) + 0.5) / 400)
    answer = x.copy()
    answer[0] = 1e6
    assert explained_frac(answer, x)[0] > 0.9


def test_weights_choose_the_draws_that_count() -> None:
    x = RNG.normal(size=400)
    answer = np.where(np.arange(400) < 200, x, RNG.normal(size=400))
    assert explained_frac(answer, x, (np.arange(400) < 200).astype(float))[0] > 0.95


def test_nothing_that_varies_is_not_known() -> None:
    assert np.isnan(explained_frac(np.zeros(100), RNG.normal(size=100))[0])
    assert np.isnan(explained_frac(RNG.normal(size=100), np.ones(100))[0])
    assert np.isnan(explained_frac(RNG.normal(size=10), RNG.normal(size=10))[0])


def test_case_names_what_it_does_not_have_yet() -> None:
    case = followed()
    found = attribute(case, PriorDraws(60, seed=2), more_days_d=SEEN_AFTER_D)
    change = found.by_lesion["B"].change_frac[-1, :, 0]
    told = settling(case, found, lesion="B", answer_frac=change)
    texts = [one.text for one in told]
    assert told[-1].joint
    assert not any("before radiotherapy in mm" in text for text in texts)  # on record: 20 mm
    assert not any("at I1 in mm" in text for text in texts)
    assert "the dose of B from the plan" in texts
    assert "T cells in a biopsy of B 28 days after the first fraction" in texts
    assert [one.explained_frac for one in told[:-1]] == sorted(
        (one.explained_frac for one in told[:-1]), reverse=True
    )
    # a scan on day 60 says most of what the lesion does until day 90
    assert told[0].text == "a scan of B 60 days after the first fraction"
    assert told[0].explained_frac > 0.5
    assert told[0].width_left_frac == pytest.approx(np.sqrt(1 - told[0].explained_frac))
