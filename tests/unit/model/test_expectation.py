"""Bands of a case: they answer to the treatment, and all that is asked of them is there."""

import json
from dataclasses import replace

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.errors import UsageError
from abscope.model.expectation import (
    QUANTILES,
    Expectation,
    ExpectationOptions,
    band_of,
    expect_case,
    expectation_or_none,
)
from abscope.model.expectation_rows import draw_rows, plain_expectation, switches_without
from model_cases import small_case

FEW = ExpectationOptions(draws=24)


@pytest.fixture(scope="module")
def melanoma() -> Expectation:
    return expect_case(open_case("fong2025-melanoma").case, options=FEW)


def test_bands_are_in_order_and_begin_at_the_recorded_size(melanoma: Expectation) -> None:
    assert melanoma.failed == 0
    assert [visit.label for visit in melanoma.visits] == ["P6", "P7", "P8"]
    for lesion in melanoma.lesions:
        known = np.isfinite(lesion.volume_ml.median)
        assert known[-1]
        low, middle, high = (getattr(lesion.volume_ml, x)[known] for x in ("low", "median", "high"))
        assert (low <= middle).all()
        assert (middle <= high).all()
    nodule = melanoma.lesions[0]
    assert 2.0 < np.nanmax(nodule.volume_ml.median[:4]) < 6.0
    (first, *later) = nodule.recorded
    assert first.change_frac == pytest.approx(14 / 22 - 1)
    assert [one.change_frac for one in later] == [-1.0, -1.0]


def test_course_and_mechanism_make_a_difference(melanoma: Expectation) -> None:
    case = open_case("fong2025-melanoma").case
    without = expect_case(case, options=replace(FEW, without=("RT2",)))
    off = expect_case(case, options=replace(FEW, switches=switches_without(("low-dose-stroma",))))
    visit = melanoma.visits[0].place
    treated, left, plain = (
        found.lesions[0].volume_ml.median[visit] for found in (melanoma, without, off)
    )
    assert treated < 0.7 * left  # part of what is killed stays as scar
    assert plain != treated
    assert without.lesions[0].dose_gy == (0.0, 0.0, 0.0)


def test_a_band_is_that_of_numpy_where_some_draws_have_no_value() -> None:
    """Oracle: `numpy.nanquantile`, column by column."""
    draws = np.random.default_rng(4).normal(size=(23, 40))
    draws[np.random.default_rng(5).random(draws.shape) < 0.4] = np.nan
    draws[:, 3], draws[:, 7] = np.nan, 2.5
    draws[0, 11], draws[1:, 11] = 1.5, np.nan
    band = band_of(draws)
    rest = np.arange(40) != 3
    for mine, quantile in zip((band.low, band.median, band.high), QUANTILES, strict=True):
        assert np.isnan(mine[3])
        np.testing.assert_array_equal(mine[rest], np.nanquantile(draws[:, rest], quantile, axis=0))


def test_shares_add_up_in_every_mode_and_differ_between_them() -> None:
    found = expect_case(open_case("kim2021-breast").case, options=ExpectationOptions(draws=12))
    modes = ("lesion", "organ", "presence", "bronchial")
    for mode in modes:
        assert sum(x.share_frac[mode] for x in found.lesions) == pytest.approx(1.0, abs=1e-6)
    lung = found.lesions[0].share_frac
    members = found.lesions[0].shares_of_members
    assert [x.member for x in members[:2]] == ["L01.1", "L01.2"]
    for mode in modes:
        together = sum(x.share_frac[mode] * x.n_draws / 12 for x in members)
        assert together == pytest.approx(lung[mode])
    assert found.lesions[1].shares_of_members == ()
    assert lung["bronchial"] < lung["organ"]
    assert lung["lesion"] < lung["organ"] < lung["presence"]


def test_same_seed_gives_the_same_json(melanoma: Expectation) -> None:
    again = expect_case(open_case("fong2025-melanoma").case, options=FEW)
    first, second = plain_expectation(melanoma), plain_expectation(again)
    assert first == second
    assert json.loads(json.dumps(first, allow_nan=False)) == first
    rows = list(draw_rows(melanoma))
    assert {row["draw"] for row in rows} == set(range(1, 25))
    assert {row["lesion"] for row in rows} == {"M12", "M13"}
    assert all(row["volume_ml"] >= 0 for row in rows)


def test_a_course_that_is_not_simulated_is_told_with_the_lesions_it_irradiates() -> None:
    case = open_case("ishikawa2022-cup").case  # RT2 irradiates A5 and has no dose on record
    found = expect_case(case, options=ExpectationOptions(draws=4))
    told = {x["lesion"]: x["not_simulated"] for x in plain_expectation(found)["lesions"]}
    assert told == {name: ["RT2"] if name == "A5" else [] for name in told}
    without = expect_case(case, options=ExpectationOptions(draws=4, without=("RT1",)))
    assert without.lesions[0].dose_gy == (0.0, 0.0, 0.0)
    assert without.lesions[0].not_simulated == ("RT1",)


def test_case_without_later_scans_has_usual_days() -> None:
    found = expect_case(small_case(), options=ExpectationOptions(draws=2))
    assert [visit.label for visit in found.visits] == ["day 36", "day 96"]


def test_nothing_to_simulate_is_none() -> None:
    for name in ("lymphoma-isrt-pet", "chen2025-rcc"):
        assert expectation_or_none(open_case(name).case) is None


@pytest.mark.parametrize(
    ("option", "words"),
    [({"draws": 0}, "draws: 0"), ({"seed": -1}, "seed: -1"), ({"homing": "x"}, "homing: 'x'")],
)
def test_wrong_option_is_refused(option: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        expect_case(small_case(), options=ExpectationOptions(**option))


def test_unknown_mechanism_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="low-dose-stroma"):
        switches_without(("stroma-x",))
