import numpy as np

from abscope.case.shelf import open_case
from abscope.catalog.case_prior import case_prior
from abscope.model.from_case import patients_of
from abscope.model.prior_draws import PriorDraws


def test_without_a_seed_every_draw_is_the_middle():
    prior, entry = PriorDraws(3, seed=None), case_prior("size_unknown")
    assert (prior.log_normal("a", entry) == entry.value).all()
    assert (prior.spread("a", entry) == (entry.low + entry.high) / 2).all()
    np.testing.assert_allclose(prior.log_spread("a", entry), np.sqrt(entry.low * entry.high))
    assert (prior.choice("a", "xyz") == 1).all()


def test_a_case_without_a_seed_is_one_patient_whose_values_are_inside_the_draws():
    case = open_case("fong2025-melanoma").case
    middle, again = patients_of(case, draws=2, seed=None)
    assert middle.parameters == again.parameters
    drawn = patients_of(case, draws=60, seed=4)
    for name, value in middle.parameters.items():
        values = [patient.parameters[name] for patient in drawn]
        assert min(values) <= value <= max(values)
