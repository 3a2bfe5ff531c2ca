"""Every time text means the days it should (counted on a calendar), whatever it is tied to."""

import math
from typing import Any

import pytest

from abscope.case.clock import Clock, Span
from abscope.case.record import Case
from abscope.case.timing import When, read_when


def case(**rooms: Any) -> Case:
    return Case.model_validate(
        {"id": "demo", "title": "Demo", "default_missing": "not_reported", **rooms}
    )


def course(start: Any, end: Any = None) -> dict[str, Any]:
    return {"id": "RT1", "start": start, "end": end, "phases": [{"id": "RT1a"}]}


CLOCK = Clock(case(rt_courses=[course("2021-03-05", "2021-03-11")]))


@pytest.mark.parametrize(
    ("text", "low_d", "high_d"),
    [
        ("2021-03-05", 0, 0),
        ("2021-03-04", -1, -1),
        ("2021-03", -4, 26),
        ("2021", -63, 301),
        ("2021-03..2021-04", -4, 56),
        ("day 14", 14, 14),
        ("day -3", -3, -3),
        ("day 3..day 9", 3, 9),
        ("at RT1.end", 6, 6),
        ("during RT1", 0, 6),
        ("before RT1", -math.inf, 0),
        ("after RT1", 6, math.inf),
        ("2 days after RT1", 8, 8),
        ("2-4 weeks after RT1.end", 20, 34),
        ("36 hours after RT1.start", 1.5, 1.5),
        # Three months as written are 2.5 to 3.5 months of 30.4375 days.
        ("3 months after RT1.end", 6 + 2.5 * 30.4375, 6 + 3.5 * 30.4375),
        ("1 week before RT1.start", -10.5, -3.5),
        ("about 2021-03-05", 0, 0),
    ],
)
def test_times_are_spans_of_days_from_day_zero(text: str, low_d: float, high_d: float) -> None:
    span = CLOCK.when(When.model_validate(text))
    assert span is not None
    assert (span.low_d, span.high_d) == pytest.approx((low_d, high_d))


def test_a_time_that_nothing_ties_to_day_zero_has_no_span() -> None:
    clock = Clock(case(imaging=[{"id": "I1"}], rt_courses=[course("not reported")]))
    assert clock.when(When.model_validate("2 weeks after I1")) is None
    assert clock.when(When.model_validate("2021-03-05")) is None
    assert clock.zero_label == "RT1.start (date not known)"


def test_a_course_named_as_day_zero_means_its_start() -> None:
    clock = Clock(case(rt_courses=[course("2021-03-05")], day_zero="RT1"))
    assert clock.zero_label == "RT1.start (2021-03-05)"


def test_events_that_wait_for_each_other_have_no_time() -> None:
    scans = [{"id": "I1", "when": "1 day after I2"}, {"id": "I2", "when": "1 day after I1"}]
    clock = Clock(case(imaging=scans, day_zero="2021-03-05"))
    assert clock.event("I1") is None
    assert clock.event("I2") is None


def test_a_chain_of_thousands_of_events_is_followed() -> None:
    scans: list[dict[str, Any]] = [{"id": "I0", "when": "day 0"}]
    scans += [{"id": f"I{i}", "when": f"1 day after I{i - 1}"} for i in range(1, 5000)]
    clock = Clock(case(imaging=scans, day_zero="2021-03-05"))
    assert clock.event("I4999") == Span(4999.0, 4999.0)


def test_days_outside_the_calendar_have_no_date() -> None:
    assert str(CLOCK.date_of(6.5)) == "2021-03-11"
    assert CLOCK.date_of(1e9) is None
    assert CLOCK.date_of(math.inf) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "'soon' is no time that can be read"),
        ("2020-13", "'2020-13' is no calendar date"),
        ("2020-02-30", "'2020-02-30' is no calendar date"),
        ("2 moons after RT1", "time unit 'moons' in '2 moons after RT1' is not known"),
        ("4-2 weeks after RT1", "'4-2 weeks after RT1' counts down"),
        ("2021..2020", "'2021..2020' ends before it begins"),
        ("day 999999", "'day 999999' is far away"),
        ("5000 years after RT1", "'5000 years after RT1' is far away"),
        ("x" * 500, "is no time that can be read"),
        ("", "'' is no time that can be read"),
    ],
)
def test_texts_without_a_time_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        read_when(text)
    assert message in str(caught.value)
