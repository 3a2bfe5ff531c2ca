"""Published arms and drug rates: intervals recomputed, sources present, the fitting rate found."""

import re

import pytest

from abscope.catalog import (
    background_rate,
    drug_rates,
    expected_drug_rate,
    load,
    onset_time,
    reader_limits,
    spontaneous_regression,
    trial_arms,
    wilson_interval,
)
from abscope.catalog import trials as module
from abscope.catalog.entries import source_problem
from abscope.errors import ModelError


def test_arms_have_sources_and_ordered_intervals():
    arms = trial_arms()
    assert len(arms) == 34
    for arm in arms:
        assert source_problem(arm.source) is None
        assert 0 <= arm.low_frac <= arm.response_frac <= arm.high_frac <= 1
        assert ("memory" in arm.provenance) <= ("assumed:" in arm.source), arm.trial
        assert arm.median_pfs_d is None or 30 < arm.median_pfs_d < 400


def test_months_become_days():
    arm = next(a for a in trial_arms() if a.trial == "PEMBRO-RT" and a.arm == "RT+drug")
    assert arm.median_pfs_d == pytest.approx(6.6 * 365.25 / 12)


def test_a_wrong_percentage_is_refused(monkeypatch):
    text = module.read_text("trial_arms").replace("percent = 26.8", "percent = 27.8", 1)
    monkeypatch.setattr(module, "read_text", lambda name: text)
    with pytest.raises(ModelError, match="Golden 2015"):
        trial_arms.__wrapped__()


def test_a_rate_without_source_is_refused(monkeypatch):
    text = module.read_text("drug_rates").replace('source = "pmid:32822275"', "", 1)
    monkeypatch.setattr(module, "read_text", lambda name: text)
    with pytest.raises(ModelError, match="no source"):
        drug_rates.__wrapped__()


def test_control_arms_agree_with_the_arms_table():
    arms = {(a.trial, a.arm): a for a in trial_arms()}
    shared = [r for r in drug_rates() if (r.trial, "drug") in arms]
    assert len(shared) == 6
    for rate in shared:
        arm = arms[rate.trial, "drug"]
        assert (rate.events, rate.n, rate.tumor_type) == (arm.events, arm.n, arm.tumor_type)


def test_printed_percentages_of_drug_rates():
    """Published number: each 'printed x %' in a note, to half a unit of its last digit."""
    checked = 0
    for rate in drug_rates():
        if match := re.search(r"printed ([\d.]+) %", rate.note):
            digits = len(match.group(1).partition(".")[2])
            assert 100 * rate.response_frac == pytest.approx(
                float(match.group(1)), abs=0.5 * 10**-digits + 1e-9
            )
            checked += 1
    assert checked >= 8


@pytest.mark.parametrize(
    ("tumor", "agents", "trials"),
    [
        ("nsclc", ["pembrolizumab"], ["Theelen pooled", "PEMBRO-RT", "MDACC NSCLC"]),
        ("melanoma", ["Nivolumab", "ipilimumab"], ["CheckMate 067"]),
        ("melanoma", ["atezolizumab"], ["CheckMate 067", "Nishino"]),
        ("nsclc", ["nivolumab", "ipilimumab"], ["Schoenfeld"]),
        ("merkel_cell", ["pembrolizumab"], ["JAVELIN Merkel 200"]),
        ("unknown_primary", ["nivolumab"], ["CHEERS"]),
        ("hcc", ["sorafenib"], []),
        ("nsclc", [], []),
        ("nsclc", ["pembrolizumab", "carboplatin"], []),
        ("prostate", ["ipilimumab"], []),
    ],
)
def test_the_rate_that_fits_best(tumor, agents, trials):
    assert [rate.trial for rate in expected_drug_rate(tumor, agents=agents)] == trials


@pytest.mark.parametrize(
    ("events", "n", "low", "high"), [(0, 8, 0.0, 0.324), (8, 8, 0.676, 1.0), (13, 36, 0.225, 0.524)]
)
def test_wilson(events, n, low, high):
    assert wilson_interval(events, n=n) == pytest.approx((low, high), abs=5e-4)


def test_wilson_inverts_the_score_test():
    """Closed form: at each limit the score statistic equals the normal quantile."""
    for limit in wilson_interval(11, n=41):
        z = (11 / 41 - limit) / (limit * (1 - limit) / 41) ** 0.5
        assert abs(z) == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize(("events", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_wilson_refuses_impossible_counts(events, n):
    with pytest.raises(ModelError):
        wilson_interval(events, n=n)


def test_counted_rates_carry_their_wilson_interval():
    checked = 0
    for entry in [*load("rates").values(), *load("spontaneous_regression").values()]:
        if entry.unit == "frac" and (match := re.match(r"(\d+) of (\d+) ", entry.note)):
            events, n = int(match.group(1)), int(match.group(2))
            assert entry.value == pytest.approx(events / n, abs=6e-4), entry.name
            assert wilson_interval(events, n=n) == pytest.approx((entry.low, entry.high), abs=6e-4)
            checked += 1
    assert checked >= 9


def test_accessors_and_unknown_names():
    assert onset_time("window_start").value == 14.0
    assert onset_time("window_start").assumed
    assert background_rate("pseudoprogression_melanoma").value == pytest.approx(4 / 107, abs=5e-4)
    assert reader_limits("sum_same_reader").high == 0.131
    assert spontaneous_regression("rcc").unit == "frac"
    assert spontaneous_regression("breast") is None
    for accessor in (onset_time, background_rate, reader_limits):
        with pytest.raises(ModelError):
            accessor("banana")
