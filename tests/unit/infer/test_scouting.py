"""Which quantities of a case are drawn at all."""

from types import SimpleNamespace

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.infer import scouting
from abscope.infer.case_model import case_model

_SMOOTH = np.array([True, True, True, False, True])


class _Count:
    """Two readings of five quantities; the second one matters only away from the middle."""

    def computed_along(self, z, directions):
        return z, directions

    def information(self, found):
        z, directions = found
        away = np.abs(z[:, 0])
        sharp = np.zeros((len(z), 2, 5))
        sharp[:, 0, 0] = 2.0
        sharp[:, 0, 1] = 0.3 * away
        sharp[:, 1, 2] = 0.01 * away
        sharp[:, :, 3] = np.nan  # it has no slope, and nobody may ask for one
        sharp[:, 1, 4] = 1e-4
        asked = directions.argmax(axis=1)
        assert directions.tolist() == np.eye(5)[asked].tolist()
        assert _SMOOTH[asked].all()
        return SimpleNamespace(sharp=sharp[:, :, asked])


def _relevant(*first_deviates, strongest=()):
    def points(deviates):
        z = np.zeros((len(deviates), 5))
        z[:, 0] = deviates
        return z

    found = scouting._relevant(_Count(), points(first_deviates), points(strongest), _SMOOTH)
    return found.tolist()


def test_in_the_middle_what_any_reading_is_told_by_is_drawn():
    assert _relevant(0.0) == [0, 4]


def test_what_moves_a_reading_only_away_from_the_middle_is_drawn_as_well():
    assert _relevant(0.0, 1.0) == [0, 1, 4]


def test_what_moves_a_reading_by_next_to_nothing_is_left_out():
    assert 2 not in _relevant(0.0, 1.0, -2.0)


def test_where_the_response_is_strong_a_slight_move_is_enough():
    assert _relevant(0.0, 1.0, strongest=[1.0]) == [0, 1, 2, 4]


def test_response_is_how_far_all_readings_lie_below_their_medians():
    numbers = [np.array([0.0, 0.0, 1.0, -3.0, -9.0]), np.array([5.0, 5.0, 5.0, 5.0, 5.0])]
    readings = [(None, "", None, number) for number in numbers]
    model = SimpleNamespace(readings=lambda _: readings)
    found = SimpleNamespace(ok=np.array([True, True, True, True, False]))
    response = scouting._response(model, found)
    expected = [0.0, 0.0, 0.0, 9.0 / np.var([0.0, 0.0, 1.0, -3.0]), -1.0]
    assert response.tolist() == pytest.approx(expected)
    found.ok[:] = False
    assert scouting._response(model, found).tolist() == [-1.0] * 5


def test_what_tires_t_cells_is_drawn_where_they_do_nothing_in_the_middle():
    """The tumors of this record grow on in the middle of the prior and in its best draws."""
    model = case_model(open_case("hori2020-rcc").case)
    names = {model.names[k] for k in scouting.scouted(model, seed=1).smooth}
    assert {"parameter pdl1_protection", "parameter spread_stopped"} <= names
