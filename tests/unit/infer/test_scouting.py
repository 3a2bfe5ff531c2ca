"""Which quantities of a case are drawn at all."""

from types import SimpleNamespace

import numpy as np

from abscope.infer import scouting

_SMOOTH = np.array([True, True, True, False, True])


class _Count:
    """Two readings of five quantities; the second one matters only away from the middle."""

    def computed_along(self, z, directions):
        assert directions.tolist() == np.eye(5)[_SMOOTH].tolist()
        return z

    def information(self, z):
        away = np.abs(z[:, 0])
        sharp = np.zeros((len(z), 2, 4))
        sharp[:, 0, 0] = 2.0
        sharp[:, 0, 1] = 0.3 * away
        sharp[:, 1, 2] = 0.01 * away
        sharp[:, 1, 3] = 1e-4
        return SimpleNamespace(sharp=sharp)


def _relevant(*first_deviates):
    z = np.zeros((len(first_deviates), 5))
    z[:, 0] = first_deviates
    return scouting._relevant(_Count(), z, _SMOOTH).tolist()


def test_in_the_middle_what_any_reading_is_told_by_is_drawn():
    assert _relevant(0.0) == [0, 4]


def test_what_moves_a_reading_only_away_from_the_middle_is_drawn_as_well():
    assert _relevant(0.0, 1.0) == [0, 1, 4]


def test_what_moves_a_reading_by_next_to_nothing_is_left_out():
    assert 2 not in _relevant(0.0, 1.0, -2.0)
