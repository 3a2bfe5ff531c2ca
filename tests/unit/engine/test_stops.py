"""Inputs that are held: what is set when, for holds of single members and of all."""

import numpy as np
import pytest

from abscope.engine.batch import Events, Holds
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


def test_events_that_take_the_same_row_of_fields_are_as_with_rows_of_their_own():
    system = ready("closed").system
    kind = system.events[0]
    shapes = [(name.name, (3,)) for name in kind.fields]
    shapes += [(name.name, (3, 3)) for name in kind.replicate_fields]
    fields = {name: np.arange(np.prod(shape)).reshape(shape) for name, shape in shapes}
    own = {name: values[[2, 0, 2, 2]] for name, values in fields.items()}
    found = []
    for more in ({"fields": own}, {"fields": fields, "places": [2, 0, 2, 2]}):
        table = Events(kind.name, times=[1.0, 2.0, 3.0, 4.0], **more)
        arrays, *_ = arrays_of(system, closed_batch(events=(table,)))
        stops = stops_of(arrays)
        assert not arrays.problems
        size = len(kind.fields) + 3 * len(kind.replicate_fields)
        at = stops.ref[stops.kind == 0]
        found.append(stops.data[at[:, None] + np.arange(size)])
    np.testing.assert_array_equal(*found)


def test_a_row_of_fields_that_is_not_there_is_refused():
    system = ready("closed").system
    kind = system.events[0]
    fields = {name.name: [1.0] for name in (*kind.fields, *kind.replicate_fields)}
    for places in ([1], [-1], [0.5], [0, 0]):
        table = Events(kind.name, times=[1.0], fields=fields, places=places)
        arrays, *_ = arrays_of(system, closed_batch(events=(table,)))
        stops_of(arrays)
        assert any("places" in str(problem.path) for problem in arrays.problems)
