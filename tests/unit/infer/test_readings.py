"""What a finding says: censored is not zero, words are intervals, groups are their members."""

from itertools import product

import numpy as np
import pytest

from abscope.infer.computed import Computed, Members
from abscope.infer.reader_scale import read_log_size, reader_scale, reading_sd_log
from abscope.infer.readings import (
    ChangeReading,
    CountReading,
    GoneReading,
    NumberReading,
    SizeReading,
    Span,
    SumReading,
)
from abscope.model.lesion_sizes import diameter_mm, volume_ml


def computed(volumes, start=None, alc=1000.0) -> Computed:
    """Points of one lesion L with members in the last axis, spheres, one time."""
    volumes = np.asarray(volumes, float)
    n, most = volumes.shape
    start = np.full((n, most), 4.0) if start is None else np.asarray(start, float)
    places = np.tile(np.arange(most), (n, 1))
    members = Members(places, np.ones((n, most), bool), np.log(start), np.zeros((n, most)))
    return Computed(
        ok=np.ones(n, bool), members={"L": members}, volume_ml=volumes[:, None, :],
        viable_ml=volumes[:, None, :], alc_per_ul=np.full((n, 1), alc),
        levels_mg_per_l={"pd1": np.full((n, 1), 20.0)},
    )  # fmt: skip


def total(reading, found, before=None) -> np.ndarray:
    return np.sum([x.likely.log_density for x in reading.read(found, 0, before)], axis=0)


def test_a_size_is_log_normal_about_the_largest_member() -> None:
    sizes = np.array([20.0, 22.0, 24.0])
    big = volume_ml(sizes, other_mm=sizes)
    found = computed(np.stack([big, 0.1 * big], axis=1))
    logs = total(SizeReading("L", "longest", (Span(22.0, 22.0),), ""), found)
    sd = reading_sd_log(22.0)
    expected = -0.5 * (np.log(22.0 / sizes) / sd) ** 2
    np.testing.assert_allclose(logs - logs[1], expected, atol=1e-9)
    assert reading_sd_log(5.0) > reading_sd_log(20.0) == pytest.approx(0.086, abs=0.001)


def test_versions_and_bounds_of_a_size() -> None:
    sizes = np.array([10.0, 20.0, 30.0, 45.0])
    found = computed(volume_ml(sizes, other_mm=sizes)[:, None])
    versions = total(SizeReading("L", "longest", (Span(10.0, 10.0), Span(30.0, 30.0)), ""), found)
    assert versions[0] > versions[1] < versions[2]
    between = total(SizeReading("L", "longest", (Span(20.0, 40.0),), ""), found)
    assert between[2] == pytest.approx(0.0, abs=0.01)
    assert between[1] == pytest.approx(np.log(0.5), abs=0.02)
    above = total(SizeReading("L", "longest", (Span(40.0, None),), ""), found)
    assert above[3] > above[2] > above[0]


def test_the_error_is_that_of_the_true_size_and_what_is_read_has_a_density() -> None:
    """Rung: identity, the density of all that could be read is one; draws of it are those read."""
    log_size = np.linspace(np.log(0.01), np.log(200.0), 500)
    for size in (6.0, 12.0, 30.0):
        found = computed(volume_ml(np.array([size]), other_mm=np.array([size]))[:, None])
        logs = [
            total(SizeReading("L", "longest", (Span(float(d), float(d)),), ""), found)[0]
            for d in np.exp(log_size)
        ]
        assert np.trapezoid(np.exp(logs), log_size) == pytest.approx(1.0, abs=2e-3)
        noise = np.array([-1.5, 0.3, 2.0])
        again = read_log_size(np.full(3, np.log(size)), noise)
        np.testing.assert_allclose(
            reader_scale(again)[0] - reader_scale(np.log([size]))[0], noise, atol=1e-9
        )


@pytest.mark.parametrize("quantity", ["longest", "volume"])
def test_slopes_of_a_small_size_are_those_of_its_density(quantity) -> None:
    """Rung: finite differences."""
    sizes, h = np.array([4.0, 9.0, 18.0, 40.0]), 1e-5
    for span in (Span(10.0, 10.0), Span(5.0, 12.0), Span(None, 8.0)):
        reading = SizeReading("L", quantity, (span,), "")
        grown = [computed((np.pi / 6e3 * (sizes * f) ** 3)[:, None]) for f in (1.0, 1 + h, 1 - h)]
        reads = [reading.read(found, 0, None)[0] for found in grown]
        change = reads[1].likely.log_density - reads[2].likely.log_density
        slope = change / (reads[1].row.value - reads[2].row.value)
        np.testing.assert_allclose(reads[0].likely.slope, slope, rtol=1e-4, atol=1e-6)


def test_gone_is_censored_and_never_a_zero() -> None:
    sizes = np.array([0.1, 1.0, 3.0, 10.0, 30.0])
    found = computed(volume_ml(sizes, other_mm=sizes)[:, None])
    logs = total(GoneReading("L", False, False, ""), found)
    assert logs[0] == pytest.approx(0.0, abs=1e-3)  # smaller than seen says no more
    assert (np.diff(logs) < 0.0).all()
    assert np.isfinite(logs).all()


def test_too_small_is_seen_and_not_measured() -> None:
    sizes = np.array([0.3, 1.5, 3.5, 10.0, 30.0])
    found = computed(volume_ml(sizes, other_mm=sizes)[:, None])
    logs = total(GoneReading("L", True, False, ""), found)
    assert int(np.argmax(logs)) == 2
    assert np.isfinite(logs).all()
    # of a group only the largest has to be seen
    group = volume_ml(np.array([[0.3, 3.5]]), other_mm=np.array([[0.3, 3.5]]))
    assert total(GoneReading("L", True, False, ""), computed(group))[0] == pytest.approx(
        logs[2], abs=1e-3
    )


def test_uptake_is_gone_before_the_mass_is() -> None:
    size = volume_ml(np.array([5.0]), other_mm=np.array([5.0]))[:, None]
    ct, pet = (total(GoneReading("L", False, kind, ""), computed(size)) for kind in (False, True))
    assert pet[0] > ct[0] + 1.0


def test_words_cover_the_changes_that_they_mean() -> None:
    ratio = np.array([0.3, 0.55, 0.8, 1.0, 1.3, 2.0])
    found = computed((4.0 * ratio**3)[:, None])
    best = {
        word: ratio[int(np.argmax(total(ChangeReading("L", (word,), ""), found)))]
        for word in ("markedly_decreased", "decreased", "stable", "increased", "markedly_increased")
    }
    assert list(best.values()) == sorted(best.values())
    assert best["stable"] == 1.0
    either = total(ChangeReading("L", ("stable", "decreased"), ""), found)
    alone = [total(ChangeReading("L", (word,), ""), found) for word in ("stable", "decreased")]
    np.testing.assert_allclose(np.exp(either), np.mean(np.exp(alone), axis=0))
    same = total(SumReading(("L",), ("stable_disease",), ""), found)
    assert same[3] > same[0]


def test_number_of_nodules_that_are_seen() -> None:
    """Rung: closed form, the sum over all ways in which two of three are seen."""
    sizes = np.array([[1.5, 2.5, 8.0]])
    found = computed(volume_ml(sizes, other_mm=sizes))
    chance = [
        1.0 - np.exp(total(GoneReading("L", False, False, ""), computed(one.reshape(1, 1))))[0]
        for one in volume_ml(sizes, other_mm=sizes)[0]
    ]
    expected = sum(
        np.prod([p if seen else 1.0 - p for p, seen in zip(chance, way, strict=True)])
        for way in product((0, 1), repeat=3)
        if sum(way) == 2
    )
    assert np.exp(total(NumberReading("L", 2, ""), found))[0] == pytest.approx(expected, rel=1e-6)


def test_counts_and_levels_are_log_normal_and_low_ones_censored() -> None:
    found = computed([[1.0]], alc=900.0)
    near = total(CountReading((900.0,), 0.12, "", 10.0, ""), found)
    assert near[0] > total(CountReading((600.0,), 0.12, "", 10.0, ""), found)[0]
    none = total(CountReading((10.0,), 0.12, "", 10.0, ""), computed([[1.0]], alc=1.0))
    assert none[0] == pytest.approx(0.0)
    level = CountReading((20.0,), 0.27, "pd1", 0.0, "").read(found, 0, None)[0]
    assert level.likely.slope[0] == pytest.approx(0.0)


def test_a_diameter_and_its_volume_say_the_same() -> None:
    found = computed([[5.0]])
    row = found.longest("L", 0)
    assert np.exp(row.value[0]) == pytest.approx(float(diameter_mm(np.array(5.0))))
