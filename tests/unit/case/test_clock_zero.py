"""Day zero of an event that is known only by month or year."""

from abscope.case.clock import Clock
from abscope.case.record import Case


def _case(start: str) -> Case:
    return Case.model_validate(
        {
            "id": "a",
            "title": "a",
            "default_missing": "not_seen",
            "rt_courses": [{"id": "RT", "start": start, "phases": [{"id": "P"}]}],
            "imaging": [{"id": "S", "when": "2017-11"}],
        }
    )


def test_a_year_places_calendar_dates_and_keeps_its_width() -> None:
    clock = Clock(_case("2013"))
    start, scan = clock.event("RT.start"), clock.event("S")
    assert start is not None
    assert scan is not None
    assert (start.low_d, start.high_d) == (0.0, 364.0)
    assert scan.low_d - start.high_d > 3 * 365


def test_an_exact_day_zero_is_a_single_day() -> None:
    start = Clock(_case("2013-05-02")).event("RT.start")
    assert start is not None
    assert (start.low_d, start.high_d) == (0.0, 0.0)
