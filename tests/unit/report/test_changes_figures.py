"""Spider and waterfall: what they show of a case, by number, and what they leave out in words."""

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from abscope.case.clock import Clock, Span
from abscope.case.shelf import open_case
from abscope.errors import UsageError
from abscope.report.build import build_report
from abscope.report.changes import CoursePanel, LesionLine, Step, WordsOnly, course_panels
from abscope.report.figures import figures
from abscope.report.percent import percent, percent_scale
from abscope.report.spider import spider_scene, step_time
from abscope.report.svg import Scene
from abscope.report.waterfall import (
    ChangeBar,
    WaterfallPanel,
    waterfall_scene,
    waterfall_table,
)
from abscope.response.assessment import assess_case
from abscope.response.exposure import ExposureName
from report_cases import BARE, HOSTILE, dated, located

SVG = "{http://www.w3.org/2000/svg}"


def panels(name: str) -> dict[str, CoursePanel]:
    case = open_case(name).case
    return {p.course: p for p in course_panels(case, assess_case(case), Clock(case))}


def titles(scene: Scene) -> list[str]:
    """What a pointer shows on each mark."""
    root = ET.fromstring(scene.svg("light"))
    return [g.findtext(f"{SVG}title") or "" for g in root.iter(f"{SVG}g")]


def texts(scene: Scene) -> list[str]:
    return [t.text or "" for t in ET.fromstring(scene.svg("light")).iter(f"{SVG}text")]


def outside(scene: Scene) -> list[str]:
    """Texts with a place of their own that leave the drawing; widths by the package's table."""
    from abscope.report.lettering import text_width_px

    found = []
    root = ET.fromstring(scene.svg("light"))
    turned = {t for g in root.iter(f"{SVG}g") if g.get("transform") for t in g.iter(f"{SVG}text")}
    for item in root.iter(f"{SVG}text"):
        if item in turned:
            continue
        size, x = float(item.get("font-size", "0")), float(item.get("x", "0"))
        wide = text_width_px(item.text or "", size, bold=item.get("font-weight") == "700")
        low = x - {"middle": wide / 2, "end": wide}.get(item.get("text-anchor", "start"), 0.0)
        if low < -0.5 or low + wide > scene.width_px + 0.5:
            found.append(item.text or "")
    return found


def line(
    name: str,
    changes: tuple[float, ...],
    exposure: ExposureName = "in_field",
    spans: tuple[Span | None, ...] | None = None,
) -> LesionLine:
    days = spans or tuple(Span(60.0 * n, 60.0 * n) for n in range(len(changes)))
    steps = tuple(
        Step(f"S{n}", n, days[n], 20 * (1 + change), change, f"{20 * (1 + change):g} mm")
        for n, change in enumerate(changes)
    )
    return LesionLine(name, name, exposure, steps, min(changes[1:]), "")


def panel(*lines: LesionLine, words: tuple[WordsOnly, ...] = ()) -> CoursePanel:
    return CoursePanel("RT1", Span(12, 12), lines, words)


def test_the_melanoma_case_shows_22_to_14_to_0_mm_in_field() -> None:
    """Published number (issue): 22 -> 14 mm is -36.4 %, later gone."""
    found = panels("fong2025-melanoma")
    assert set(found) == {"RT2"}
    (shown,) = found["RT2"].lines
    assert (shown.id, shown.exposure) == ("M12", "in_field")
    assert [step.size_mm for step in shown.steps] == [22, 14, 0, 0]
    assert [step.change_frac for step in shown.steps] == pytest.approx([0, -8 / 22, -1, -1])
    assert [(w.id, w.text) for w in found["RT2"].words] == [("M13", "new, then gone")]


def test_the_lung_case_keeps_a_size_whose_day_is_not_known() -> None:
    """Published number: 12 -> 0 -> 10 mm is -100 % and then -16.7 %."""
    (shown,) = panels("istanbul2017-nsclc")["RT1"].lines
    assert shown.exposure == "out_of_field"
    assert [step.change_frac for step in shown.steps] == pytest.approx([0, -1, -1 / 6])
    assert [step_time(step) for step in shown.steps] == [
        "day 0 or earlier", "day 0 or later", "day not known",
    ]  # fmt: skip
    assert shown.steps[2].span is None


@pytest.mark.parametrize("name", ["fong2025-melanoma", "istanbul2017-nsclc"])
def test_figures_hold_both_drawings_with_every_size_in_a_title(name: str) -> None:
    found = figures(open_case(name).case)
    assert {"spider", "waterfall"} <= set(found)
    (shown,) = next(iter(panels(name).values())).lines
    for scene in (found["spider"].wide, found["spider"].narrow):
        for step in shown.steps:
            assert any(step.detail in title and step.scan in title for title in titles(scene))
        assert not outside(scene)
    for scene in (found["waterfall"].wide, found["waterfall"].narrow):
        assert any("best change −100 %" in title for title in titles(scene))
        assert not outside(scene)


def test_the_probability_of_a_true_change_stands_with_the_bar() -> None:
    """Published reader error: 22 -> 14 mm passes -30 % with probability 0.72."""
    scene = figures(open_case("fong2025-melanoma").case)["waterfall"].wide
    assert any("probability 0.72" in title for title in titles(scene))


@pytest.mark.parametrize("name", ["kim2021-breast", "okuma2011-hcc"])
def test_cases_without_two_sizes_have_neither_figure(name: str) -> None:
    case = open_case(name)
    assert not {"spider", "waterfall"} & set(figures(case.case))
    assert 'id="spider-wide-title"' not in build_report(case, ())
    assert not {"spider", "waterfall"} & set(figures(located(BARE).case))


def test_the_report_shows_the_figures_and_the_sizes_in_words() -> None:
    page = build_report(open_case("fong2025-melanoma"), ())
    section = page[page.index('<section id="response"') :]
    section = section[: section.index("</section>")]
    for name in ("spider-wide", "spider-narrow", "waterfall-wide", "waterfall-narrow"):
        assert f'id="{name}-title"' in section
    seen = " ".join(re.sub(r"<[^>]+>", " ", section).split())
    assert "P6, day 42 to day 71: 14 mm (−36 %)" in seen
    assert "M13 another small peritoneal mass" in seen


def measured(before: list[Any], after: list[Any]) -> dict[str, Any]:
    """A case with one examination before and one after a course of 5 fractions."""
    plain = dated()
    names = [f"L{n + 1}" for n in range(len(before))]
    plain["lesions"] = [{"id": name, "site": "lung"} for name in names]
    plain["symptoms"] = []
    plain["imaging"] = [
        {"id": scan, "when": when, "modalities": ["CT"],
         "findings": [{"lesion": n, "size_mm": size} for n, size in zip(names, sizes, strict=True)]}
        for scan, when, sizes in (("I0", "2018-04-01", before), ("I1", "2018-07-20", after))
    ]  # fmt: skip
    return plain


def test_days_count_from_the_start_of_the_course() -> None:
    """Closed form: 1 April and 20 July 2018 are days -19 and 91 of a course from 20 April."""
    case = located(measured([20, 30], [10, 36])).case
    (found,) = course_panels(case, assess_case(case), Clock(case))
    assert [s.span for s in found.lines[0].steps] == [Span(-19, -19), Span(91, 91)]
    assert [item.best_frac for item in found.lines] == pytest.approx([-0.5, 0.2])


def test_a_lesion_without_a_size_before_counts_from_its_first_and_says_so() -> None:
    plain = measured([20], [10])
    plain["imaging"][0]["when"] = "2018-06-01"
    case = located(plain).case
    (found,) = course_panels(case, assess_case(case), Clock(case))
    assert "first size, taken after the course" in found.lines[0].note


def test_exposures_differ_in_color_sign_and_dash() -> None:
    scene = spider_scene(
        (
            panel(
                line("a", (0, -0.5), "in_field"),
                line("b", (0, -0.4), "low_dose"),
                line("c", (0, -0.3), "out_of_field"),
                line("d", (0, -0.2), "unknown"),
                line("e", (0, -0.1), "partial"),
            ),
        ),
        narrow=False,
    )
    root = ET.fromstring(scene.svg("light"))
    drawn = {
        (x.get("stroke"), x.get("stroke-dasharray"))
        for x in root.iter(f"{SVG}line")
        if x.get("stroke-width") == "1.8"
    }
    assert len(drawn) == 5
    assert len({dash for _, dash in drawn}) == 5
    assert len({color for color, _ in drawn}) == 4  # partly in field keeps the red of in field
    for words in ("in field", "low dose", "out of field", "dose not known", "partly in field"):
        assert words in texts(scene)


def test_intervals_are_whiskers_from_end_to_end() -> None:
    spans = (Span(0, 0), Span(100, 200))
    scene = spider_scene((panel(line("a", (0, -0.5), spans=spans)),), narrow=False)
    group = next(
        g for g in ET.fromstring(scene.svg("light")).iter(f"{SVG}g")
        if "day 100 to day 200" in (g.findtext(f"{SVG}title") or "") and g.find(f"{SVG}circle")
        is not None and len(g.findall(f"{SVG}line")) == 3
    )  # fmt: skip
    flat = next(x for x in group.iter(f"{SVG}line") if x.get("y1") == x.get("y2"))
    assert float(flat.get("x2", "0")) - float(flat.get("x1", "0")) > 100
    assert "some day in the interval" in texts(scene)


def test_thresholds_are_labelled_lines() -> None:
    scene = spider_scene((panel(line("a", (0, -0.5))),), narrow=False)
    assert {"−30 %", "+20 %", "−100 %"} <= set(texts(scene))
    assert any(title.startswith("−30 %: partial response") for title in titles(scene))


def test_growth_beyond_the_scale_is_held_there_and_keeps_its_number() -> None:
    scale = percent_scale([8.0], bottom_px=300, top_px=0)
    assert (scale.at_px(-1), scale.at_px(2), scale.at_px(8)) == (300, 0, 0)
    assert scale.beyond(8)
    scene = spider_scene((panel(line("a", (0, 8.0))),), narrow=True)
    assert "+800 %" in texts(scene)


def test_percent_rounds_and_keeps_the_sign() -> None:
    assert [percent(x) for x in (-8 / 22, 0.2, -1, 0.001, 11)] == [
        "−36 %", "+20 %", "−100 %", "0 %", "+1 100 %",
    ]  # fmt: skip


def test_a_panel_without_any_known_day_is_drawn_in_order() -> None:
    spans = (None, None, None)
    for narrow in (False, True):
        scene = spider_scene((panel(line("a", (0, -0.5, -1), spans=spans)),), narrow=narrow)
        assert "day not known" in texts(scene)
        assert not outside(scene)


@pytest.mark.parametrize("narrow", [False, True])
def test_ten_thousand_lesions_are_capped_with_a_summary(narrow: bool) -> None:
    """Closed form: 40 are drawn; of the other 9960, -90 % is best and -1 % worst."""
    many = [line(f"L{n}", (0.0, -0.5), "low_dose") for n in range(40)]
    rest = [line(f"M{n}", (0.0, -0.9 if n else -0.01), "unknown") for n in range(9960)]
    words = tuple(WordsOnly(f"W{n}", f"W{n}", "unknown", "stable") for n in range(500))
    scene = spider_scene((panel(*many, *rest, words=words),), narrow=narrow)
    said = " ".join(texts(scene))
    assert "The first 40 of 10 000 lesions with sizes are drawn" in said
    assert "9960 dose not known" in said
    assert "from −90 % to −1 %" in said
    assert "and 488 more (488 dose not known)" in said
    assert len(scene.svg("page")) < 400_000
    assert not outside(scene)


@pytest.mark.parametrize("narrow", [False, True])
def test_a_waterfall_of_ten_thousand_states_what_lies_between(narrow: bool) -> None:
    """Closed form: ranks 31 to 9970 of changes -0.9999, -0.9998 ... 0.0 lie between."""
    bars = tuple(ChangeBar(f"P{n}", -n / 10_000, "in_field") for n in range(10_000))
    scene = waterfall_scene((WaterfallPanel("Patients", bars, "patient"),), narrow=narrow)
    said = " ".join(texts(scene))
    assert "9 940 patients between them, from 0 % to −100 %" in said
    marks = [title for title in titles(scene) if "best change" in title]
    assert len(marks) == 60
    assert not outside(scene)


def test_bars_are_sorted_from_growth_to_regression() -> None:
    bars = tuple(ChangeBar(n, c) for n, c in (("a", -0.5), ("b", 0.4), ("c", -1.0), ("d", 0.0)))
    found = WaterfallPanel("Patients", bars, "patient")
    marks = [t[0] for t in titles(waterfall_scene((found,), narrow=False)) if "best change" in t]
    assert marks == ["b", "d", "a", "c"]
    table = waterfall_table(found)
    assert [row.cells[1] for row in table.rows] == ["+40 %", "0 %", "−50 %", "−100 %"]
    assert table.columns[0] == "Patient"


def test_no_bars_and_no_panels_still_draw() -> None:
    for narrow in (False, True):
        ET.fromstring(waterfall_scene((), narrow=narrow).svg("auto"))
        empty = waterfall_scene((WaterfallPanel("none", ()),), narrow=narrow)
        assert "0 bars" in empty.desc
    ET.fromstring(spider_scene((), narrow=True).svg("auto"))


@pytest.mark.parametrize("change", [-1.01, float("nan"), float("inf")])
def test_an_impossible_change_is_refused(change: float) -> None:
    with pytest.raises(UsageError, match="P7"):
        ChangeBar("P7", change)


@pytest.mark.parametrize("narrow", [False, True])
def test_hostile_names_stay_names(narrow: bool) -> None:
    lines = (line(HOSTILE, (0, -0.4)), line("肝" * 80, (0, 0.3), "out_of_field"))
    words = (WordsOnly("W", HOSTILE, "uncertain", HOSTILE),)
    spider = spider_scene((panel(*lines, words=words),), narrow=narrow)
    bars = tuple(ChangeBar(item.name, item.best_frac, item.exposure) for item in lines)
    fall = waterfall_scene((WaterfallPanel(HOSTILE, bars),), narrow=narrow)
    for scene in (spider, fall):
        for theme in ("page", "auto", "light", "dark"):
            root = ET.fromstring(scene.svg(theme))
            assert not list(root.iter(f"{SVG}script"))
        assert not outside(scene)
        assert any("肝肝肝" in title for title in titles(scene))


def test_more_than_six_courses_are_counted_not_drawn() -> None:
    """Closed form: eight courses leave two."""
    courses = tuple(CoursePanel(f"RT{n}", None, (line("a", (0, -0.5)),), ()) for n in range(1, 9))
    seen = texts(spider_scene(courses, narrow=True))
    assert "2 more courses in the table only" in seen
    assert sum(text.startswith("Change from baseline after RT") for text in seen) == 6


def test_uncertain_and_unknown_share_one_place_in_the_key_and_differ_in_titles() -> None:
    lines = (line("a", (0, -0.5), "uncertain"), line("b", (0, 0.1), "unknown"))
    scene = spider_scene((panel(*lines),), narrow=False)
    assert texts(scene).count("uncertain or not known") == 1
    assert any(title.startswith("a, uncertain:") for title in titles(scene))
    assert any(title.startswith("b, dose not known:") for title in titles(scene))


def test_values_in_a_crowd_never_cover_one_another() -> None:
    """Property: no two bold values of the plot overlap, however close the sizes lie."""
    lines = tuple(line(f"L{n}", (0, -0.3 - n / 300, -0.5 + n / 200)) for n in range(30))
    for narrow in (False, True):
        root = ET.fromstring(spider_scene((panel(*lines),), narrow=narrow).svg("light"))
        spots = sorted(
            (float(t.get("y", "0")), float(t.get("x", "0")))
            for t in root.iter(f"{SVG}text")
            if t.get("font-weight") == "700" and t.get("text-anchor") is None
        )
        assert len(spots) > 30
        for n, (y, x) in enumerate(spots):
            for other_y, other_x in spots[n + 1 :]:
                assert abs(y - other_y) >= 11 or abs(x - other_x) >= 20
