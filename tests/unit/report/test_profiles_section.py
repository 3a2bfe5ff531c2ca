"""Profiles of a fit in the report: panels, a table, and nothing where none was asked for."""

import re
from types import SimpleNamespace

import pytest

from abscope.report.profile_figure import interval_words, profile_figure
from abscope.report.sections.fit import fit_section, profiles_section

DEVIATES = [-3.0, -1.5, 0.0, 1.5, 3.0]


def profile(*, low=0.1, high=None, converged=True, meaning="growth rate of all lesions", **more):
    return {
        "name": "growth", "meaning": meaning, "unit": "1/d", "deviates": DEVIATES,
        "values": [0.01, 0.02, 0.04, 0.08, 0.16],
        "log_posterior": [-14.0, -9.5, -6.0, -7.1, None],
        "log_likelihood": [-9.5, -8.4, -6.0, -6.0, None],
        "without_prior": [-3.5, -2.4, 0.0, 0.0, None],
        "interval_95": [low, high], "converged": converged, **more,
    }  # fmt: skip


def fitted(**more):
    results = {
        "converged": True, "chains": 4, "draws": 250, "r_hat": 1.0, "ess_bulk": 500.0,
        "best": {"agreeing": 3, "starts": 12}, "coordinates": [], "quantities": [], **more,
    }  # fmt: skip
    return SimpleNamespace(results=results, expectation=SimpleNamespace(scope="Of the fit."))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.0129, None, "95 %: from 0.0129"),
        (None, -2.0, "95 %: to −2"),
        (0.1, 0.25, "95 %: 0.1 to 0.25"),
        (None, None, "95 %: no end; the data do not tell"),
    ],
)
def test_an_end_that_is_not_there_is_said(low, high, words):
    assert interval_words(profile(low=low, high=high)) == words


def test_a_panel_per_quantity_inside_its_drawing():
    found = [
        profile(),
        profile(meaning="a very long name of a quantity " * 5),
        profile(),
        profile(),
    ]
    figure = profile_figure(found)
    for scene, panels in ((figure.wide, 4), (figure.narrow, 4)):
        text = scene.svg("light")
        assert text.count(">−1.92</text>") == panels
        assert "nan" not in text
        for x, y in re.findall(r'<circle cx="([-\d.]+)" cy="([-\d.]+)"', text):
            assert 0.0 <= float(x) <= scene.width_px
            assert 0.0 <= float(y) <= scene.height_px
    assert figure.png()[:4] == b"\x89PNG"


def test_a_curve_is_cut_at_the_foot_and_ends_where_nothing_can_be_simulated():
    """Rung: geometry. The first value lies 16 below the best, a panel ends at 8."""
    steep = profile(log_posterior=[-22.0, -9.5, -6.0, -7.1, None])
    text = profile_figure([steep]).wide.svg("light")
    heights = [float(y) for y in re.findall(r' d="M[\d.]+,[\d.]+ L[\d.]+,([\d.]+)"', text)]
    starts = [float(y) for y in re.findall(r' d="M[\d.]+,([\d.]+) L', text)]
    assert len(heights) == 6, "three pieces for each curve: the last value has none"
    foot = 4.0 + 38.0 + 120.0
    assert max([*heights, *starts]) == pytest.approx(foot, abs=0.1)
    assert text.count("<circle") == 3 + 4


def test_a_search_that_did_not_rest_is_said_in_figure_and_table():
    found = profile(converged=False)
    assert "not at rest: a lower limit" in profile_figure([found]).wide.svg("light")
    section = profiles_section(fitted(profiles=[found]))
    (table,) = section.context["tables"]
    assert table.rows[0].cells == ("growth", "1/d", "95 %: from 0.1", "no")


def test_no_section_without_profiles():
    assert profiles_section(fitted()) is None
    assert profiles_section(fitted(profiles=[])) is None


def test_what_is_told_as_one_and_how_the_record_returns_stand_with_the_fit():
    pair = {"first": "growth", "second": "alpha", "cosine": 1.0, "correlation": -0.5}
    section = fit_section(
        fitted(
            confounded=[
                {**pair, "exactly": True, "says": "x"},
                {**pair, "cosine": -1.0, "exactly": True, "says": "x"},
                {**pair, "second": "alpha/beta", "cosine": 0.97, "exactly": False, "says": "x"},
            ],
            recorded_again_says=["2 of 2 recorded numbers lie inside the 90 % band"],
        )
    )
    notes = section.context["notes"]
    assert (
        "Recorded again over its draws: 2 of 2 recorded numbers lie inside the 90 % band." in notes
    )
    *_, table = section.context["tables"]
    names = ("growth rate of all lesions", "radiosensitivity alpha of all lesions")
    assert [(row.head, *row.cells) for row in table.rows] == [
        (*names, "product"), (*names, "ratio"),
    ]  # fmt: skip
    assert len(fit_section(fitted()).context["tables"]) == 2
