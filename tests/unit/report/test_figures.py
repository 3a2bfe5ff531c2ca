"""Figures: places on the axis, signs of doubt, both files, and the size of texts."""

import itertools
import struct
import xml.etree.ElementTree as ET

import pytest

from abscope.case.clock import Clock, Span
from abscope.case.shelf import library_names, open_case
from abscope.report.axis import TimeAxis
from abscope.report.figures import figures
from abscope.report.fractions import cycles_of, fractions_of
from abscope.report.glyphs import point_glyph
from abscope.report.lettering import shorten, text_width_px, wrap
from abscope.report.palette import DARK, LIGHT
from abscope.report.svg import Scene, label, rect
from report_cases import BARE, HOSTILE, dated, located


def luminance(color: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colors", [LIGHT, DARK])
@pytest.mark.parametrize("ground", ["ground", "panel", "band"])
def test_marks_and_text_reach_contrast_aa(colors: dict[str, str], ground: str) -> None:
    """Closed form: WCAG 2.2 contrast of at least 4.5:1 for every role that carries meaning."""
    for role in set(colors) - {"ground", "panel", "band", "rule"}:
        pair = sorted((luminance(colors[role]), luminance(colors[ground])))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (role, ground)


@pytest.mark.parametrize("name", library_names())
def test_every_library_case_draws_valid_svg(name: str) -> None:
    found = figures(open_case(name).case)
    assert "timeline" in found
    for drawn in found.values():
        for scene in (drawn.wide, drawn.narrow):
            for theme in ("page", "auto", "light", "dark"):
                root = ET.fromstring(scene.svg(theme))
                sizes = [float(t.get("font-size", "0")) for t in root.iter() if "text" in t.tag]
                assert min(sizes) >= 11


def test_hostile_text_stays_inside_valid_svg() -> None:
    plain = dated()
    plain["title"] = HOSTILE
    plain["procedures"][0]["name"] = HOSTILE
    root = ET.fromstring(figures(located(plain).case)["timeline"].svg())
    titles = [t.text or "" for t in root.iter() if t.tag.endswith("title")]
    assert any("肺" in title for title in titles)


def test_png_has_the_width_asked_for_and_repeats_exactly() -> None:
    drawn = figures(open_case("kim2021-breast").case)["timeline"]
    picture = drawn.png(800)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", picture[16:20])[0] == 800
    assert picture == drawn.png(800)


def test_text_in_a_png_comes_from_the_font_of_the_package() -> None:
    def scene(text: str) -> Scene:
        return Scene("t", 200, 40, "t", "d", (label((5, 25), text),))

    assert scene("abscope").png(200) != scene("").png(200)


def test_standalone_svg_has_colors_and_a_dark_style_but_the_page_form_has_neither() -> None:
    scene = Scene("s", 10, 10, "t", "d", (rect((0, 0, 5, 5), fill="in_field"),))
    assert LIGHT["in_field"] in scene.svg("light")
    assert DARK["in_field"] in scene.svg("dark")
    assert "prefers-color-scheme" in scene.svg("auto")
    assert "#" not in scene.svg("page")


def test_bare_case_draws_a_timeline_only() -> None:
    assert set(figures(located(BARE).case)) == {"timeline"}


def test_five_weekday_fractions_skip_the_weekend() -> None:
    """Published number (issue): 20, 23, 24, 25, 26 April 2018 are days 0, 3, 4, 5, 6."""
    case = located(dated()).case
    course = case.rt_courses[0]
    found = fractions_of(Clock(case), course, course.phases[0])
    assert [item.offset_d for item in found.items] == [0, 3, 4, 5, 6]
    assert [item.delivered for item in found.items] == [True, True, True, True, None]
    assert found.dated


def test_five_daily_fractions_do_not_fill_21_to_26_july() -> None:
    """The dates of the melanoma case contradict its schedule: no fraction gets a day."""
    case = open_case("fong2025-melanoma").case
    course = case.rt_courses[1]
    found = fractions_of(Clock(case), course, course.phases[0])
    assert len(found.items) == 5
    assert not found.dated
    assert "disagree" in found.note


def test_fractions_without_dates_are_never_dated() -> None:
    case = open_case("kim2021-breast").case
    course = case.rt_courses[0]
    for phase in course.phases:
        found = fractions_of(Clock(case), course, phase)
        assert len(found.items) == 5
        assert all(item.offset_d is None for item in found.items)


def test_cycles_follow_start_and_interval_and_are_marked_derived() -> None:
    case = located(dated()).case
    therapy = case.systemic_therapy[0]
    found = cycles_of(Clock(case), therapy, therapy.agents[0])
    assert [cycle.span.low_d for cycle in found] == [11 + 21 * n for n in range(6)]
    assert [cycle.derived for cycle in found] == [False, True, True, True, True, True]


def test_axis_is_linear_and_holds_what_lies_outside_at_its_edge() -> None:
    axis = TimeAxis(-10, 90, 100, 1100)
    assert axis.x_px(0) == 200
    assert axis.x_px(90) == 1100
    assert axis.x_px(1e9) == 1100
    assert axis.x_px(-1e9) == 100


@pytest.mark.parametrize("days", [5, 40, 200, 1300, 20_000])
def test_ticks_keep_their_distance_and_day_zero_is_named(days: float) -> None:
    axis = TimeAxis(-days / 2, days, 0, 900)
    ticks = axis.ticks(70)
    assert "day 0" in [tick.text for tick in ticks]
    places = [tick.x_px for tick in ticks]
    assert all(b - a >= 69 for a, b in itertools.pairwise(places))


def test_open_times_point_away_and_intervals_have_whiskers() -> None:
    axis = TimeAxis(-10, 90, 0, 1000)
    before = point_glyph("scan", Span(float("-inf"), 0), axis, 0, role="ink")
    after = point_glyph("scan", Span(0, float("inf")), axis, 0, role="ink")
    between = point_glyph("scan", Span(0, 30), axis, 0, role="ink")
    assert before.high_px <= 100 <= after.low_px
    assert between.low_px == 100
    assert between.high_px == 400
    assert len(point_glyph("scan", Span(5, 5), axis, 0, role="ink").elements) == 1


def test_text_is_shortened_and_wrapped_to_its_width() -> None:
    text = "a rather long name of a lesion " * 5
    assert text_width_px(shorten(text, 120, 12), 12) <= 120
    rows = wrap(text, 120, 12, lines=3)
    assert len(rows) == 3
    assert all(text_width_px(row, 12) <= 120 for row in rows)
    assert shorten("肺" * 50, 60, 12).endswith("…")
    assert shorten("short", 120, 12) == "short"
    assert wrap("", 120, 12) == []
