"""Target, non-target, new lesions and the trail of each visit."""

from datetime import date
from decimal import Decimal

import pytest

from abscope.errors import ProtocolError
from abscope.response.policy import Policy
from abscope.response.recist import assess
from abscope.response.records import Measurement, NewLesion, mm, restrict
from records_of import lesion, record, seen, sums, visit


def targets(patient, policy=None):
    return [call.target_response for call in assess(patient, policy).visits]


def overall(patient, policy=None):
    return [call.overall for call in assess(patient, policy).visits]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((27.0, 32.4), "PD"),
        ((27.0, 32.3), "SD"),
        ((14.0, 9.8), "PR"),
        ((14.0, 9.9), "SD"),
        ((25.0, 30.0), "PD"),
        ((20.0, 24.0), "SD"),
        ((24.9, 29.9), "PD"),
    ],
)
def test_limits_are_exact_in_decimals(sizes, expected):
    assert targets(sums(*sizes)) == [expected]


def test_growth_from_a_small_nadir_needs_5_mm():
    """3.2 -> 8.2 mm is PD, 8.1 mm is not; in binary floats 8.2 - 3.2 is below 5."""
    assert targets(sums(20, 3.2, 8.2)) == ["PR", "PD"]
    assert targets(sums(20, 3.2, 8.1)) == ["PR", "PR"]
    assert 8.2 - 3.2 < 5


def test_nadir_is_the_smallest_complete_sum_and_names_its_day():
    patient = record(
        [lesion("A", 50), lesion("B", 50)],
        [
            visit(42, seen("A", 40), seen("B", 40)),
            visit(84, seen("A", 10), seen("B", "not_imaged")),
            visit(126, seen("A", 40), seen("B", 46)),
        ],
    )
    calls = assess(patient).visits
    assert [c.target_response for c in calls] == ["SD", "NE", "SD"]
    assert (calls[2].target.nadir_mm, calls[2].target.nadir_d) == (80, 42)
    assert calls[1].target.rule == "C1-NE"
    assert ("NOT_IMAGED", "B") in {(r.code, r.lesion) for r in calls[1].reasons}


def test_a_lesion_that_is_not_mentioned_is_never_zero():
    patient = record([lesion("A", 50), lesion("B", 50)], [visit(42, seen("A", 10))])
    (call,) = assess(patient).visits
    assert call.overall == "NE"
    assert not call.target.complete
    assert "NOT_MENTIONED" in {r.code for r in call.reasons}


def test_node_without_short_axis_cannot_be_judged():
    patient = record([lesion("A", 20, node=True)], [visit(42, seen("A", 30))])
    (call,) = assess(patient).visits
    assert call.overall == "NE"
    assert "NO_SHORT_AXIS" in {r.code for r in call.reasons}


def test_complete_response_with_a_normal_node_keeps_its_sum():
    patient = record(
        [lesion("A", 20), lesion("N", 20, node=True)],
        [visit(42, seen("A", "absent"), seen("N", 9.9, node=True))],
    )
    (call,) = assess(patient).visits
    assert (call.overall, call.target.sum_mm) == ("CR", Decimal("9.9"))


def test_disease_after_a_complete_response_is_progression():
    patient = sums(20, 0, 3, 3)
    assert targets(patient) == ["CR", "PD", "PD"]
    assert targets(patient, Policy(cr_then_pr="as_observed")) == ["CR", "PR", "PR"]


def test_carried_forward_partial_response():
    """EORTC: 100, 70, 70, 80, 80 stays PR where the policy says so."""
    patient = sums(100, 70, 70, 80, 80)
    assert targets(patient) == ["PR", "PR", "SD", "SD"]
    assert targets(patient, Policy(pr_carry_forward=True)) == ["PR"] * 4


def test_local_treatment_gives_a_second_reading_without_the_lesion():
    patient = record(
        [lesion("A", 50), lesion("B", 50)],
        [visit(42, seen("A", 10, treated_locally=True), seen("B", 50))],
    )
    reading = assess(patient)
    assert reading.treated == ("A",)
    assert reading.visits[0].overall == "PR"
    assert reading.without_treated.visits[0].overall == "SD"
    assert reading.without_treated.visits[0].target.baseline_mm == 50
    strict = assess(patient, Policy(treated_target="NE"))
    assert strict.visits[0].overall == "NE"
    assert "LOCAL_TX" in {r.code for r in strict.visits[0].reasons}
    assert assess(sums(20, 20)).without_treated is None


def test_non_target_growth_and_its_way_back():
    def nontarget(*states):
        lesions = [lesion("A", 20), lesion("N", 12, role="non_target")]
        days = [visit(42 * (k + 1), seen("A", 20), s) for k, s in enumerate(states)]
        return [c.nontarget_response for c in assess(record(lesions, days)).visits]

    assert nontarget(
        seen("N", "present"),
        seen("N", "absent"),
        seen("N", "not_imaged"),
        Measurement(lesion="N", state="present", unequivocal_growth=True),
    ) == ["NON-CR/NON-PD", "CR", "NE", "PD"]


def test_markers_stand_against_a_complete_response():
    def call(normal):
        day = visit(42, seen("A", "absent"), markers_normal=normal)
        return assess(record([lesion("A", 20)], [day], markers_elevated=True)).visits[0]

    assert [call(x).overall for x in (True, False, None)] == ["CR", "PR", "PR"]
    assert "MARKERS_UNKNOWN" in {r.code for r in call(None).reasons}


def test_equivocal_lesion_dates_back_when_proven_and_never_counts_when_dismissed():
    def with_certainty(later):
        new = NewLesion(id="X", certainty="equivocal", day_d=40.0)
        then = NewLesion(id="X", certainty=later)
        days = [
            visit(42, seen("A", 20), new=[new]),
            visit(84, seen("A", 20), seen("X", 12), new=[then]),
        ]
        return assess(record([lesion("A", 20)], days)).visits

    first, second = with_certainty("unequivocal")
    assert (first.overall, first.pd_d, second.overall) == ("PD", 40.0, "PD")
    assert "NEW-BACKDATED" in {r.code for r in first.reasons}
    assert [c.overall for c in with_certainty("dismissed")] == ["SD", "SD"]
    assert [c.overall for c in with_certainty("equivocal")] == ["SD", "SD"]


def test_progression_carries_the_earliest_image_that_shows_it():
    day = visit(42, seen("A", 30, day_d=41.0), seen("N", 12, unequivocal_growth=True, day_d=39.0))
    patient = record([lesion("A", 20), lesion("N", 12, role="non_target")], [day])
    assert assess(patient).visits[0].pd_d == 39.0


def test_no_disease_and_stated_non_target_disease():
    assert overall(record([], [visit(42), visit(84, seen("X", 12), new=["X"])])) == ["NED", "PD"]
    days = [visit(42, stated_nontarget="NON-CR/NON-PD"), visit(84)]
    assert overall(record([], days)) == ["NON-CR/NON-PD", "NE"]


def test_a_node_around_10_mm_asks_for_judgement():
    days = [
        visit(42, seen("N", "9.0", node=True)),
        visit(84, seen("N", "11.0", node=True)),
    ]
    calls = assess(record([lesion("N", 20, node=True)], days)).visits
    assert [c.overall for c in calls] == ["CR", "PD"]
    assert "NODE_JUDGEMENT" in {r.code for r in calls[1].reasons}


def test_restricted_record_reads_a_part_of_the_disease():
    patient = record(
        [lesion("A", 50), lesion("B", 20)],
        [visit(42, seen("A", 10), seen("B", 30), stated_overall="PR")],
    )
    assert overall(patient) == ["PR"]
    assert overall(restrict(patient, {"A"})) == ["PR"]
    assert overall(restrict(patient, {"B"})) == ["PD"]


def test_sizes_and_dates():
    assert mm(32.4) == Decimal("32.4") == mm("32.4")
    assert mm(12) == 12
    for wrong in ("wide", float("nan"), True, float("inf")):
        with pytest.raises(ProtocolError, match="is no size in mm"):
            mm(wrong)
    patient = record([], [], day_zero=date(2020, 1, 1))
    assert patient.date_of(31.0) == date(2020, 2, 1)
    assert patient.date_of(None) is None


def test_the_policy_is_stored_as_it_was_read():
    reading = assess(sums(20, 20), Policy(min_sd_d=56))
    assert reading.policy.to_dict()["min_sd_d"] == 56
    assert reading.policy.to_dict()["irecist_growth_mm"] == "5"
