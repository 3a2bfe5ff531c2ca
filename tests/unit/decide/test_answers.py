"""Answers: what is prior, what is said in words, and what a report shows of them."""

from functools import cache

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.decide.answers import Draws, ask, sessions_of
from abscope.decide.differences import Difference
from abscope.decide.plain import plain_answers
from abscope.decide.scenario_text import parse_scenario
from abscope.decide.seen import never_seen
from abscope.decide.standard import STANDARD_PRESCRIPTIONS, standard_scenarios
from abscope.decide.statement import kept, percent, prior_words, sentence, signed, verdict
from abscope.infer.posterior import Diagnosis, Latent, Posterior
from abscope.report.sections.whatif import whatif_section
from abscope.report.whatif_figure import whatif_figure

FONG = "fong2025-melanoma"


def _difference(better_frac, equal_frac):
    return Difference((0, 0, 0), (0, 0, 0), (-1, 0, 1), better_frac, equal_frac, 100)


@pytest.mark.parametrize(
    ("better", "equal", "words"),
    [
        (0.96, 0.0, "better"),
        (0.85, 0.0, "probably better"),
        (0.50, 0.0, "this case cannot tell"),
        (0.02, 0.0, "worse"),
        (0.15, 0.0, "probably worse"),
        (0.10, 0.85, "no difference"),
        (0.30, 0.60, "no difference in most draws"),
    ],
)
def test_a_verdict_needs_most_of_the_draws(better, equal, words):
    assert verdict(_difference(better, equal)) == words


def test_what_rounds_to_zero_has_no_sign():
    assert (percent(-0.004), percent(0.006), signed(-0.2), signed(3.4)) == ("0%", "+1%", "0", "+3")


def _posterior(sd):
    """Return a fit whose draws of one growth rate are narrower than the prior by a factor."""
    z = sd * np.random.default_rng(5).standard_normal((2, 8, 1))
    return Posterior(
        case_id=FONG, latents=(Latent(name="growth", meaning="growth"),), z=z,
        log_density=np.zeros((2, 8)), seed=1, method="test",
        diagnosis=Diagnosis(r_hat=1.0, ess_bulk=16.0, ess_tail=16.0),
    )  # fmt: skip


@cache
def fitted(sd):
    case = open_case(FONG).case
    draws = Draws.of_posterior(_posterior(sd), 8, warnings=("look out",))
    found = ask(case, [parse_scenario(sets=["rt.RT2: 3 x 8 Gy"])], draws=draws)
    return draws, found.comparisons[0]


def test_a_fit_that_says_nothing_new_is_as_wide_as_the_prior():
    """Draws of a fit that are those of the prior give the same answer, and a ratio of 1."""
    case = open_case(FONG).case
    draws = Draws.of_prior(8, seed=1)
    same = Draws(draws.make, 8, 1, True, "as the prior")
    (found,) = ask(case, [parse_scenario(sets=["rt.RT2: 3 x 8 Gy"])], draws=same).comparisons
    assert found.width_over_prior_frac == 1.0
    assert "taught next to nothing" in prior_words(found, same)
    assert "All of this is prior" in prior_words(found, draws)


def test_an_answer_of_a_fit_is_set_against_the_prior():
    draws, found = fitted(0.1)
    assert draws.fitted
    assert found.prior is not None
    assert found.prior.draws == found.draws == 8
    assert found.width_over_prior_frac is not None
    words = prior_words(found, draws)
    assert "as wide as that of the prior" in words
    assert "The prior alone gives" in words


def test_a_sentence_has_the_direction_its_interval_and_the_number_of_draws():
    _, found = fitted(0.1)
    text = sentence(found)
    end = found.whole.change[-1]
    assert text.startswith("rt.RT2: 3 x 8 Gy: ")
    assert f"{percent(end.difference[0])} to {percent(end.difference[2])}" in text
    assert "of 8 draws" in text
    told = kept(found.whole)
    assert told is None or "the same or better in" in told


def test_what_nobody_has_seen_is_said():
    case = open_case(FONG).case
    session = sessions_of(case, Draws.of_prior(2, seed=1)).main
    small = never_seen(parse_scenario(sets=["rt.RT2: 30 x 0.3 Gy"]), session.planned)
    assert any("0.3 Gy per fraction: outside the 0.5 to 20 Gy" in text for text in small)
    assert any("30 fractions: outside" in text for text in small)
    assert any("this patient got 2 Gy" in text for text in small)
    assert never_seen(parse_scenario(sets=["rt.RT2: 3 x 2 Gy"]), session.planned) == ()


def test_the_standard_set_is_shown_in_a_table_and_a_figure():
    case = open_case(FONG).case
    draws = Draws.of_prior(4, seed=1)
    sessions = sessions_of(case, draws)
    found = ask(
        case, standard_scenarios(sessions.main), draws=draws, sessions=sessions, standard=True
    )
    names = [item.scenario.name for item in found.comparisons]
    assert names[: len(STANDARD_PRESCRIPTIONS)] == list(STANDARD_PRESCRIPTIONS)
    section = whatif_section(found)
    assert section is not None
    (table,) = section.context["tables"]
    assert [row.head for row in table.rows] == names
    figure = whatif_figure(found)
    for scene in (figure.wide, figure.narrow):
        text = scene.svg("light")
        assert all(name in text for name in names[:6])
    assert plain_answers(found)["fitted"] is False
