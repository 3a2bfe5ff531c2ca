"""PERCIST 1.0 and variants: every step of the table, comparability, iPERCIST, bad input."""

import math
from dataclasses import replace

import pytest

from abscope.errors import ProtocolError
from abscope.response.ipercist import DatedCall, ipercist
from abscope.response.percist import percist
from abscope.response.pet import PetLesion, PetScan, comparability, measurable_from

#: A comparable scan; a lesion is measurable from 1.5 x 2.0 + 2 x 0.3 = 3.6.
FRAME = PetScan(
    lesions=(), liver_sul_mean=2.0, liver_sul_sd=0.3, blood_pool_sul_mean=1.5,
    blood_pool_sul_sd=0.2, liver_diseased=False, uptake_time_min=60.0, same_scanner=True,
)  # fmt: skip


def lesion(name, sul, organ="lung", **more):
    return PetLesion(name, organ, sul, **more)


def scan(*lesions, **more):
    return replace(FRAME, lesions=lesions, **more)


def call(before, after, **more):
    result = percist(scan(*before), follow_up=scan(*after), **more)
    return result.category


def one(before, after, **more):
    return call([lesion("A", before)], [lesion("A", after, **more)])


@pytest.mark.parametrize(
    ("before", "after", "category"),
    [
        (10.0, 7.0, "PMR"),
        (10.0, 7.01, "SMD"),
        (10.0, 13.0, "PMD"),
        (10.0, 12.99, "SMD"),
        (4.0, 2.8, "PMR"),
        (4.0, 5.2, "PMD"),
        (3.6, 3.6, "SMD"),
        (3.59, 1.0, "NE"),
    ],
)
def test_single_lesion_boundaries(before, after, category):
    assert one(before, after) == category


def test_small_uptake_needs_the_absolute_step():
    low = {"liver_sul_mean": 1.0, "liver_sul_sd": 0.1}
    result = percist(
        scan(lesion("A", 2.0), **low), follow_up=scan(lesion("A", 1.3), **low), variant="single"
    )
    assert result.category == "SMD"
    assert result.change_frac == pytest.approx(-0.35)
    assert result.numbers["difference_sul"] == pytest.approx(-0.7)


def test_the_hottest_lesion_may_be_another_one():
    before = [lesion("A", 10.0), lesion("B", 6.0)]
    after = [lesion("A", 3.0), lesion("B", 6.5)]
    result = percist(scan(*before), follow_up=scan(*after))
    assert (result.baseline_lesions, result.follow_up_lesions) == (("A",), ("B",))
    assert result.category == "PMR"
    assert result.change_frac == pytest.approx(-0.35)


def test_a_rise_elsewhere_takes_the_partial_response_away():
    before = [lesion("A", 10.0), lesion("B", 4.0)]
    result = percist(scan(*before), follow_up=scan(lesion("A", 5.0), lesion("B", 5.2)))
    assert result.category == "SMD"
    assert "B rose by 30.0%" in result.reasons[1]
    assert call(before, [lesion("A", 5.0), lesion("B", 5.1)]) == "PMR"


def test_complete_response_needs_every_lesion_below_liver_and_background():
    before = [lesion("A", 10.0), lesion("B", 5.0)]
    gone = lesion("A", 1.2, resolved=True)
    assert call(before, [gone, lesion("B", 1.9, resolved=True)]) == "CMR"
    assert call(before, [gone, lesion("B", None, resolved=True)]) == "CMR"
    assert call(before, [gone, lesion("B", 2.0, resolved=True)]) == "PMR"
    assert call(before, [gone, lesion("B", 1.9, resolved=False)]) == "PMR"
    assert call(before, [gone, lesion("B", 1.9)]) == "PMR"
    doubtful = lesion("C", 1.9, resolved=True, new=True)
    assert call(before, [gone, lesion("B", 1.9, resolved=True), doubtful]) == "SMD"


def test_new_lesions():
    before, after = [lesion("A", 10.0)], lesion("A", 5.0)
    clear = lesion("N", 4.0, new=True, unequivocal=True)
    doubtful = lesion("N", 4.0, new=True)
    assert call(before, [after, clear]) == "PMD"
    assert call(before, [after, doubtful]) == "SMD"
    apart = percist(scan(*before), follow_up=scan(after, clear, same_scanner=False))
    assert apart.category == "PMD"


def test_tlg_and_extent():
    before = scan(lesion("A", 10.0), tlg_ml=100.0)
    assert percist(before, follow_up=scan(lesion("A", 6.0), tlg_ml=175.0)).category == "PMD"
    assert percist(before, follow_up=scan(lesion("A", 6.0), tlg_ml=174.0)).category == "PMR"
    assert one(10.0, 6.0, extent_increased=True) == "PMD"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"liver_sul_mean": 2.31}, "liver SUL"),
        ({"uptake_time_min": 76.0}, "uptake times"),
        ({"same_scanner": False}, "another scanner"),
        ({"liver_sul_mean": None}, "not recorded"),
        ({"uptake_time_min": None}, "not recorded"),
        ({"same_scanner": None}, "not recorded"),
    ],
)
def test_scans_that_cannot_be_compared(change, word):
    result = percist(scan(lesion("A", 10.0)), follow_up=scan(lesion("A", 5.0), **change))
    assert result.category == "NE"
    assert word in result.reasons[0]


def test_limits_of_comparability_are_inclusive():
    edge = scan(lesion("A", 5.0), liver_sul_mean=2.3, uptake_time_min=75.0)
    assert comparability(FRAME, edge) == ((), ())
    low = replace(FRAME, liver_sul_mean=1.0)
    assert comparability(low, replace(low, liver_sul_mean=1.25))[0]  # 0.25, yet above 20 %


def test_unknown_comparability_can_be_flagged_but_a_difference_cannot():
    bare = {"uptake_time_min": None, "same_scanner": None}
    result = percist(
        scan(lesion("A", 10.0)), follow_up=scan(lesion("A", 5.0), **bare),
        unknown_comparability="flag",
    )  # fmt: skip
    assert result.category == "PMR"
    assert [r.split(":")[0] for r in result.reasons[1:]] == ["not checked", "not checked"]
    other = scan(lesion("A", 5.0), same_scanner=False)
    flagged = percist(scan(lesion("A", 10.0)), follow_up=other, unknown_comparability="flag")
    assert flagged.category == "NE"


def test_a_diseased_liver_is_replaced_by_the_blood_pool():
    sick = replace(FRAME, liver_diseased=True)
    assert measurable_from(sick) == pytest.approx(2.0 * 1.5 + 2 * 0.2)
    assert measurable_from(replace(FRAME, liver_diseased=None)) is None
    assert measurable_from(replace(sick, blood_pool_sul_sd=None)) is None
    moved = replace(sick, blood_pool_sul_mean=1.9)
    assert "blood pool" in comparability(sick, moved)[0][0]


def test_missing_measurements_are_not_evaluable():
    assert call([], [lesion("A", 5.0)]) == "NE"
    assert call([lesion("A", 10.0)], []) == "NE"
    assert call([lesion("A", 10.0)], [lesion("A", None)]) == "NE"
    many = percist(scan(lesion("A", 10.0)), follow_up=scan(lesion("A", 5.0), lesion("B", None)))
    assert many.category == "NE"
    assert "B" in many.reasons[0]


def test_sum_takes_five_lesions_two_per_organ():
    before = [lesion(f"L{i}", 10.0 - i) for i in range(4)]
    before += [lesion(f"M{i}", 6.0 - i, organ=f"organ{i}") for i in range(4)]
    after = [replace(x, sul_peak=x.sul_peak * 0.7) for x in before]
    result = percist(scan(*before), follow_up=scan(*after), variant="sum5")
    assert result.baseline_lesions == ("L0", "L1", "M0", "M1", "M2")
    assert result.numbers["baseline_sul"] == pytest.approx(10 + 9 + 6 + 5 + 4)
    assert result.category == "PMR"
    assert result.rule == "PERCIST5"


def test_imperc5_counts_new_lesions_only_through_the_sum():
    before = [lesion("A", 10.0), lesion("B", 8.0, organ="liver")]
    faint = lesion("N", 3.0, organ="bone", new=True, unequivocal=True)
    hot = lesion("N", 6.0, organ="bone", new=True, unequivocal=True)
    after = [lesion("A", 10.0), lesion("B", 8.0, organ="liver")]
    assert call(before, [*after, faint], variant="imPERCIST5") == "SMD"
    assert call(before, [*after, hot], variant="imPERCIST5") == "PMD"
    assert call(before, [*after, faint], variant="sum5") == "PMD"


def test_order_of_lesions_is_irrelevant():
    before = [lesion("A", 10.0), lesion("B", 6.0, organ="liver"), lesion("C", 6.0, organ="bone")]
    after = [lesion("A", 6.0), lesion("B", 6.5, organ="liver"), lesion("C", 2.0, organ="bone")]
    for variant in ("single", "sum5", "imPERCIST5"):
        forward = percist(scan(*before), follow_up=scan(*after), variant=variant)
        backward = percist(scan(*before[::-1]), follow_up=scan(*after[::-1]), variant=variant)
        assert forward == backward


CALLS = {
    "PMD": percist(scan(lesion("A", 10.0)), follow_up=scan(lesion("A", 14.0))),
    "PMR": percist(scan(lesion("A", 10.0)), follow_up=scan(lesion("A", 6.0))),
    "SMD": percist(scan(lesion("A", 10.0)), follow_up=scan(lesion("A", 10.0))),
    "NE": percist(scan(), follow_up=scan()),
}


@pytest.mark.parametrize(
    ("scans", "states"),
    [
        ([(60, "PMD"), (90, "PMD"), (120, "PMR")], ["UPMD", "CPMD"]),
        ([(60, "PMD"), (87, "PMD"), (88, "PMD")], ["UPMD", "UPMD", "CPMD"]),
        ([(60, "PMD"), (90, "PMR"), (150, "PMD"), (178, "PMD")], ["UPMD", "PMR", "UPMD", "CPMD"]),
        ([(60, "PMD"), (80, "SMD"), (95, "SMD")], ["UPMD", "UPMD", "SMD"]),
        ([(60, "PMD"), (90, "NE"), (120, "PMD")], ["UPMD", "NE", "CPMD"]),
        ([(60, "NE"), (90, "PMR")], ["NE", "PMR"]),
        ([], []),
    ],
)
def test_ipercist(scans, states):
    visits = ipercist([DatedCall(day, CALLS[name]) for day, name in scans])
    assert [v.category for v in visits] == states


def test_ipercist_dates_and_late_confirmation():
    visits = ipercist([DatedCall(60, CALLS["PMD"]), DatedCall(130, CALLS["PMD"])])
    assert [v.progression_d for v in visits] == [60, 60]
    assert "later than 8 weeks" in visits[1].reasons[-1]


def test_bad_input():
    with pytest.raises(ProtocolError, match="rising days"):
        ipercist([DatedCall(60, CALLS["PMD"]), DatedCall(60, CALLS["PMD"])])
    with pytest.raises(ProtocolError, match="listed twice"):
        call([lesion("A", 5.0), lesion("A", 6.0)], [])
    with pytest.raises(ProtocolError, match="sul_peak"):
        lesion("A", -1.0)
    with pytest.raises(ProtocolError) as caught:
        PetScan((), liver_sul_mean=math.nan, uptake_time_min=-5.0)
    assert len(caught.value.problems) == 2
