"""Which draws of the prior have lesions that grow untreated; nearly all of them do."""

from dataclasses import replace

import numpy as np

from abscope.case.shelf import open_case
from abscope.model.from_case import patients_of
from abscope.model.untreated import grows_untreated
from core_patients import patient, treated


def test_it_says_who_grows_whatever_the_treatment():
    one = patient(("lung", 5.0), ("liver", 2.0))
    held = replace(one, parameters={"growth": 0.0})
    assert grows_untreated([one, held]).tolist() == [True, False]
    assert grows_untreated([treated()]).tolist() == [True]


def test_few_draws_of_the_founding_cases_shrink_untreated():
    """Property of the prior, fixed seed: one lesion of up to 18 may shrink by some percent.

    Progression before treatment was documented; it was 9 % and 2.5 % with far larger falls.
    """
    for name in ("kim2021-breast", "fong2025-melanoma"):
        draws = patients_of(open_case(name).case, draws=200, seed=3)
        assert np.mean(~grows_untreated(draws)) < 0.05, name
