"""Points that nothing beats, by the definition, on random points."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.decide.front import compromise, non_dominated, spread_out

_POINTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20
)


@settings(derandomize=True, max_examples=100)
@given(_POINTS)
def test_a_front_is_what_no_other_point_beats(points):
    losses = np.array(points, float)
    front = non_dominated(losses)
    assert front.any()
    kept = {tuple(row) for row in losses[front]}
    assert len(kept) == front.sum()  # of equal points one is kept
    for row in points:
        beaten = any(
            all(a <= b for a, b in zip(other, row, strict=True)) and other != row
            for other in points
        )
        assert (tuple(map(float, row)) in kept) == (not beaten)


def test_the_compromise_and_the_spread_do_not_depend_on_units():
    losses = np.array([[0.0, 9.0], [1.0, 5.0], [4.0, 1.0], [9.0, 0.0]])
    scaled = losses * [1000.0, 0.01] + 7.0
    assert compromise(losses) == compromise(scaled)
    assert spread_out(losses, most=3) == spread_out(scaled, most=3)
    assert spread_out(losses, most=2) == [0, 3]
    assert spread_out(np.zeros((3, 2)), most=3) == [0]
