"""Columns of draws are those that patients of the same draws would have, bit by bit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.case_draws import CaseDraws
from abscope.model.draws_batch import batch_of_draws
from abscope.model.prior_draws import PriorDraws
from abscope.model.switches import Switches

_AT_D = np.tile([35.0, 40.0], (12, 1))


def _same(one: Any, two: Any) -> None:
    one, two = np.asarray(one, float), np.asarray(two, float)
    assert np.array_equal(*np.broadcast_arrays(one, two), equal_nan=True)


def _same_tables(one: Mapping[str, Any], two: Mapping[str, Any]) -> None:
    assert one.keys() == two.keys()
    for name in one:
        _same(one[name], two[name])


@pytest.mark.parametrize("homing", ["lesion", "presence"])
@pytest.mark.parametrize(
    "name", ["kim2021-breast", "fong2025-melanoma", "kuroda2019-nsclc", "hori2020-rcc"]
)
def test_the_batch_of_draws_is_that_of_their_patients(name: str, homing: Any) -> None:
    options = CoreOptions(homing=homing, switches=Switches(anti_pd1=False))
    case = open_case(name).case
    patients = CaseDraws(case, PriorDraws(12, seed=3)).patients()
    by_patient = batch_of(patients, observe_at_d=_AT_D, options=options)
    draws = CaseDraws(case, PriorDraws(12, seed=3))
    found = batch_of_draws(draws, observe_at_d=_AT_D, options=options)
    for table in ("start", "horizon", "replicates"):
        _same(getattr(found, table), getattr(by_patient, table))
    for table in ("parameters", "own", "initial", "replicate_initial"):
        _same_tables(getattr(found, table), getattr(by_patient, table))
    assert [x.name for x in found.events] == [x.name for x in by_patient.events]
    for one, two in zip(found.events, by_patient.events, strict=True):
        _same(one.times, two.times)
        _same(one.members, two.members)
        _same_tables(one.fields, two.fields)
    assert [x.name for x in found.holds] == [x.name for x in by_patient.holds]
    for one, two in zip(found.holds, by_patient.holds, strict=True):
        for column in ("starts", "ends", "values", "members"):
            _same(getattr(one, column), getattr(two, column))
