"""The Shapley split: closed forms, and the rule of order written out a second time."""

from itertools import permutations

import numpy as np
import pytest

from abscope.errors import UsageError
from abscope.infer.shares import shapley_shares


def test_shares_are_the_mean_over_all_orders() -> None:
    rng = np.random.default_rng(4)
    outcome = rng.normal(size=(16, 5))
    orders = list(permutations(range(4)))
    slow = np.zeros((4, 5))
    for order in orders:
        acting = 0
        for cause in order:
            slow[cause] += (outcome[acting | 1 << cause] - outcome[acting]) / len(orders)
            acting |= 1 << cause
    assert shapley_shares(outcome) == pytest.approx(slow)
    assert slow.sum(axis=0) == pytest.approx(outcome[15] - outcome[0])


def test_cause_without_effect_gets_exactly_nothing() -> None:
    outcome = np.array([0.0, 0.0, -0.3, -0.3])
    assert shapley_shares(outcome).tolist() == [0.0, -0.3]


def test_combinations_must_be_complete() -> None:
    with pytest.raises(UsageError, match="3 combinations"):
        shapley_shares(np.zeros(3))
