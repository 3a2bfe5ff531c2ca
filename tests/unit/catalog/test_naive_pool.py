"""Naive T cells by tumor type: known types, one spread, and used where a case is drawn."""

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.catalog.entries import load
from abscope.catalog.model_core import core_parameter, naive_pool
from abscope.model.from_case import patients_of


def test_types_are_those_of_a_diagnosis_and_spread_alike():
    table, other = load("naive_pool"), core_parameter("naive_pool")
    assert table
    assert set(table) <= set(load("alpha"))  # one per tumor type of a diagnosis
    for name, entry in table.items():
        factor = entry.value / other.value
        assert entry.low / other.low == pytest.approx(factor, rel=1e-6), name
        assert entry.high / other.high == pytest.approx(factor, rel=1e-6), name
        assert f"{factor:g} times other tumors" in entry.source, name


def test_other_types_have_that_of_the_model():
    assert naive_pool("sclc") == core_parameter("naive_pool")


def test_patients_of_a_case_are_drawn_by_its_type():
    middle = {
        name: np.median(
            [one.parameters["naive_pool"] for one in patients_of(case, draws=100, seed=2)]
        )
        for name, case in (
            (name, open_case(name).case) for name in ("kim2021-breast", "fong2025-melanoma")
        )
    }
    assert middle["fong2025-melanoma"] > 20.0 * middle["kim2021-breast"]
