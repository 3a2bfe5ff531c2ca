"""Swimmer: lanes of a cohort, their signs and ends, and what is refused."""

import math
import xml.etree.ElementTree as ET

import pytest

from abscope.case.clock import Span
from abscope.errors import UsageError
from abscope.report.svg import Scene
from abscope.report.swimmer import LaneEvent, SwimmerLane, swimmer_scene, swimmer_table
from report_cases import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


def texts(scene: Scene) -> list[str]:
    return [t.text or "" for t in ET.fromstring(scene.svg("light")).iter(f"{SVG}text")]


def titles(scene: Scene) -> list[str]:
    root = ET.fromstring(scene.svg("light"))
    return [g.findtext(f"{SVG}title") or "" for g in root.iter(f"{SVG}g")]


def cohort() -> tuple[SwimmerLane, ...]:
    rt = LaneEvent("radiotherapy", Span(0, 0), 9)
    return (
        SwimmerLane("P1", 200, "death", (rt, LaneEvent("PD", Span(150, 150)))),
        SwimmerLane("P2", 400, "ongoing", (rt, LaneEvent("CR", Span(60, 60), 400))),
        SwimmerLane("P3", 300, "stopped", (rt, LaneEvent("PR", Span(80, 110), 250, "by words"))),
    )


@pytest.mark.parametrize("narrow", [False, True])
def test_every_event_and_end_is_drawn_with_its_day(narrow: bool) -> None:
    seen = titles(swimmer_scene(cohort(), narrow=narrow))
    for text in (
        "P1: died day 200.",
        "P2: followed on day 400.",
        "P3: last known day 300.",
        "progression, day 150.",
        "complete response, day 60, until day 400.",
        "partial response, some time from day 80 to day 110, until day 250: by words.",
    ):
        assert text in seen
    assert sum(text.startswith("radiotherapy, day 0") for text in seen) == 3


def test_lanes_stand_longest_first_and_the_table_says_the_same() -> None:
    names = [t for t in texts(swimmer_scene(cohort(), narrow=False)) if t.startswith("P")]
    assert names == ["P2", "P3", "P1"]
    table = swimmer_table(cohort())
    assert [row.head for row in table.rows] == ["P2", "P3", "P1"]
    assert [row.cells[1] for row in table.rows] == [
        "followed on day 400", "last known day 300", "died day 200",
    ]  # fmt: skip


def test_lengths_are_in_proportion_to_days() -> None:
    """Closed form: 400, 300 and 200 days are as 4 : 3 : 2."""
    root = ET.fromstring(swimmer_scene(cohort(), narrow=False).svg("light"))
    bars = [
        float(x.get("width", "0")) for x in root.iter(f"{SVG}rect") if x.get("fill") == "#f0f2f3"
    ]
    longest = max(bars)
    lanes = [b / longest for b in bars if b > 100]
    assert lanes == pytest.approx([1, 0.75, 0.5], abs=1e-3)


def test_the_key_names_only_what_is_drawn() -> None:
    lane = SwimmerLane("P1", 30, "ongoing", (LaneEvent("SD", Span(10, 10)),))
    seen = texts(swimmer_scene((lane,), narrow=True))
    assert "stable" in seen
    assert "followed on" in seen
    assert not {"death", "progression", "complete response", "no longer followed"} & set(seen)


def test_all_impossible_days_are_told_at_once() -> None:
    bad = (
        SwimmerLane("A", math.nan, "death"),
        SwimmerLane("B", 10, "death", (LaneEvent("PR", Span(5, 3)),)),
        SwimmerLane("C", 10, "ongoing", (LaneEvent("CR", Span(5, 5), 2),)),
        SwimmerLane("D", -1, "ongoing", (LaneEvent("PD", Span(0, math.inf)),)),
    )
    with pytest.raises(UsageError) as caught:
        swimmer_scene(bad, narrow=False)
    assert [p.where for p in caught.value.problems] == [
        "lane 'A'", "lane 'B'", "lane 'C'", "lane 'D'", "lane 'D'",
    ]  # fmt: skip


def test_an_empty_cohort_says_so() -> None:
    scene = swimmer_scene((), narrow=True)
    assert "No patient is on record." in texts(scene)
    assert swimmer_table(()).rows == ()


@pytest.mark.parametrize("narrow", [False, True])
def test_ten_thousand_lanes_are_capped_with_a_summary(narrow: bool) -> None:
    """Closed form: of lanes of 1 to 10 000 days the 60 longest leave 1 to 9940."""
    lanes = tuple(
        SwimmerLane(f"P{n}", n, "death" if n % 2 else "ongoing") for n in range(1, 10_001)
    )
    scene = swimmer_scene(lanes, narrow=narrow)
    said = " ".join(texts(scene))
    assert "The 60 longest of 10 000 patients are drawn" in said
    assert "9 940 patients, day 1 to day 9940, 4970 died" in said
    assert sum(title.startswith("P") for title in titles(scene)) == 60


def test_names_of_any_script_stay_inside() -> None:
    lane = SwimmerLane(HOSTILE, 30, "ongoing", note=HOSTILE)
    for narrow in (False, True):
        scene = swimmer_scene((lane,), narrow=narrow, title=HOSTILE)
        root = ET.fromstring(scene.svg("auto"))
        assert not list(root.iter(f"{SVG}script"))
        assert any("肺" in title for title in titles(scene))


def test_the_png_is_as_wide_as_asked() -> None:
    picture = swimmer_scene(cohort(), narrow=True).png(400)
    assert int.from_bytes(picture[16:20], "big") == 400
