"""Two results are compared value by value, with the place of what differs."""

from abscope.infer.run_compare import differences

KEPT = {"a": 1.0, "b": [1, 2.5, None], "c": {"d": True, "e": "x"}}


def test_the_same_results_and_roundings_of_sums_are_the_same() -> None:
    again = {**KEPT, "a": 1.0 + 1e-12}
    found = differences(KEPT, again)
    assert found.compared == 6
    assert found.rows == ()


def test_every_difference_has_its_place() -> None:
    again = {"a": 1.001, "b": [1, 2.5], "c": {"d": 1, "e": "y", "f": 0}}
    rows = differences(KEPT, again).rows
    assert [row.place for row in rows] == ["results.a", "results.b", "results.c.e", "results.c.f"]
    assert str(rows[0]) == "results.a: 1.0 before, 1.001 now"


def test_true_is_not_the_number_two() -> None:
    assert differences({"x": True}, {"x": 2}).rows
    assert differences({"x": 0.0}, {"x": None}).rows
