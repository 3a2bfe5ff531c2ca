"""Inputs that are held: what is set when, for holds of single members and of all."""

import numpy as np
import pytest

from abscope.engine.batch import Holds
from abscope.engine.setup import arrays_of
from abscope.engine.stops import stops_of
from abscope.engine.tables import SET_SHARED
from engine_systems import closed_batch, ready


def _levels(batch, member):
    """Return the time and the value of each change of an input of one member."""
    arrays, *_ = arrays_of(ready("closed").system, batch)
    stops = stops_of(arrays)
    assert not arrays.problems
    rows = slice(stops.first[member], stops.first[member + 1])
    chosen = stops.kind[rows] == SET_SHARED
    return stops.time[rows][chosen].tolist(), stops.value[rows][chosen].tolist()


@pytest.mark.parametrize("members", [None, (0, 0, 0)])
def test_held_values_add_up_where_they_overlap_and_end_at_zero(members):
    table = Holds("infusion", starts=[1.0, 2.0, 5.0], ends=[3.0, 4.0, 5.0], values=[10.0, 5.0, 7.0],
                  members=members)  # fmt: skip
    times, values = _levels(closed_batch(holds=(table,)), 0)
    assert times == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert values == pytest.approx([10.0, 15.0, 5.0, 0.0, 0.0])
    assert values[-1] == 0.0


def test_each_member_has_its_own_holds():
    table = Holds("infusion", starts=[1.0, 2.0, 3.0], ends=[2.0, 4.0, 4.0], values=[0.1, 0.2, 0.3],
                  members=[2, 0, 2])  # fmt: skip
    batch = closed_batch(
        members=3, own={"g": [[0.2, 0.5, 1.0]] * 3}, holds=(table,),
        replicate_initial={"v": np.array([[1.0, 2.0, 0.1]] * 3)},
    )  # fmt: skip
    assert _levels(batch, 0) == ([2.0, 4.0], [0.2, 0.0])
    assert _levels(batch, 1) == ([], [])
    assert _levels(batch, 2) == ([1.0, 2.0, 3.0, 4.0], [0.1, 0.0, 0.3, 0.0])


def test_as_many_times_as_members_are_times_of_every_member():
    """Three times for three members were once taken for one time of each."""
    batch = closed_batch(
        members=3, own={"g": [[0.2, 0.5, 1.0]] * 3}, observe_at=[0.0, 1.0, 2.0],
        replicate_initial={"v": np.array([[1.0, 2.0, 0.1]] * 3)},
    )  # fmt: skip
    arrays, *_ = arrays_of(ready("closed").system, batch)
    np.testing.assert_array_equal(arrays.observe_at, [[0.0, 1.0, 2.0]] * 3)
