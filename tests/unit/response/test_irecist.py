"""iRECIST: what opens, keeps, confirms and undoes a block, and the dates that follow."""

import pytest

from abscope.response.irecist import assess_irecist, irecist_outcome
from abscope.response.policy import Policy
from abscope.response.records import Measurement, NewLesion
from records_of import lesion, record, seen, sums, visit


def calls(patient, policy=None):
    return [call.overall for call in assess_irecist(patient, policy).visits]


def outcome(patient, policy=None):
    return irecist_outcome(patient, assess_irecist(patient, policy))


def codes(call):
    return {reason.code for reason in call.reasons}


def with_new(*days, size=20):
    """A stable target and a new lesion X whose findings are given per visit."""
    visits = []
    for k, found in enumerate(days):
        new = [NewLesion(id="X", measured=True)] if k == 0 else []
        visits.append(visit(42 * (k + 1), seen("T", size), seen("X", found), new=new))
    return record([lesion("T", 20)], visits)


def test_growth_adds_up_from_the_first_iupd():
    """100 -> 120 iUPD, 123, 126: neither step is 5 mm, both together are."""
    assert calls(sums(100, 120, 123, 126)) == ["iUPD", "iUPD", "iCPD"]
    assert calls(sums(100, 120, "124.9")) == ["iUPD", "iUPD"]
    assert calls(sums(100, 120, 125)) == ["iUPD", "iCPD"]


def test_nothing_is_read_after_icpd():
    reading = assess_irecist(sums(100, 120, 125, 40))
    assert [c.overall for c in reading.visits] == ["iUPD", "iCPD", None]
    assert codes(reading.visits[2]) == {"AFTER_ICPD"}


def test_pseudoprogression_is_undone_and_a_new_block_needs_its_own_confirmation():
    patient = sums(100, 120, 100, 60, 80, 84, 86)
    assert calls(patient) == ["iUPD", "iSD", "iPR", "iUPD", "iUPD", "iCPD"]
    result = outcome(patient)
    assert (result.best.response, result.pfs.event, result.pfs.end_d) == ("iPR", "progression", 168)
    assert result.pfs.reason.text.startswith("iUPD at d168")


def test_a_scan_within_4_weeks_is_not_used():
    def after(gap, size, policy=None):
        days = [visit(42, seen("T", 120)), visit(42 + gap, seen("T", size))]
        return assess_irecist(record([lesion("T", 100)], days), policy).visits[1]

    assert (after(27, 130).overall, after(27, 130).used) == ("iUPD", False)
    assert (after(27, 60).overall, after(28, 60).overall) == ("iUPD", "iPR")
    assert after(28, 130).overall == "iCPD"
    assert after(26, 130, Policy(irecist_variance_d=2)).overall == "iCPD"
    assert after(25, 130, Policy(irecist_variance_d=2)).overall == "iUPD"
    assert "W-LATE" in codes(after(57, 130))
    assert "W-LATE" not in codes(after(56, 130))


def test_an_early_scan_is_not_used_for_the_nadir():
    days = [visit(42, seen("T", 120)), visit(60, seen("T", 20)), visit(84, seen("T", 90))]
    reading = assess_irecist(record([lesion("T", 100)], days))
    assert [c.overall for c in reading.visits] == ["iUPD", "iUPD", "iSD"]
    assert reading.visits[2].target.nadir_mm == 100


@pytest.mark.parametrize(("symptoms", "more", "expected"), [
    (True, True, "iCPD"), (True, False, "iUPD"), (False, True, "iUPD"),
])  # fmt: skip
def test_an_early_scan_for_symptoms_with_one_more_lesion_confirms(symptoms, more, expected):
    days = [
        visit(42, seen("T", 20), seen("X", 12), new=["X"]),
        visit(56, seen("T", 20), seen("X", 12), new=["Y"] if more else [], for_symptoms=symptoms),
        visit(84, seen("T", 20), seen("X", 12)),
    ]
    found = calls(record([lesion("T", 20)], days))
    assert found[1] == expected
    if more and not symptoms:
        assert found[2] == "iCPD", "the lesion is additional at the next visit that counts"


def test_new_lesions_confirm_by_5_mm_or_by_one_more():
    assert calls(with_new("12", "16.9")) == ["iUPD", "iUPD"]
    assert calls(with_new("12", "17.0")) == ["iUPD", "iCPD"]
    more = [
        visit(42, seen("T", 20), seen("X", 12), new=["X"]),
        visit(84, seen("T", 20), seen("X", 12), new=["Y"]),
    ]
    assert calls(record([lesion("T", 20)], more)) == ["iUPD", "iCPD"]


def test_a_new_lesion_without_size_confirms_by_any_growth():
    def then(increased):
        days = [
            visit(42, seen("T", 20), seen("X", "present"), new=["X"]),
            visit(84, seen("T", 20), seen("X", "present", increased=increased)),
        ]
        return calls(record([lesion("T", 20)], days))

    assert then(True) == ["iUPD", "iCPD"]
    assert then(False) == ["iUPD", "iUPD"]


def test_another_category_confirms():
    days = [visit(42, seen("T", 30)), visit(84, seen("T", 30), seen("X", 12), new=["X"])]
    reading = assess_irecist(record([lesion("T", 20)], days))
    assert [c.overall for c in reading.visits] == ["iUPD", "iCPD"]
    assert "I-OTHER" in codes(reading.visits[1])


def test_non_target_growth_confirms_and_its_return_undoes():
    def then(**found):
        lesions = [lesion("T", 20), lesion("N", 12, role="non_target")]
        first = Measurement(lesion="N", state="present", unequivocal_growth=True, increased=True)
        second = Measurement(lesion="N", state="present", **found)
        days = [visit(42, seen("T", 20), first), visit(84, seen("T", 20), second)]
        return calls(record(lesions, days))[1]

    assert then(unequivocal_growth=True, increased=True) == "iCPD"
    assert then(unequivocal_growth=True) == "iUPD"
    assert then() == "iSD"


def test_stable_new_lesions_block_icr_only():
    def better(size, found):
        days = [
            visit(42, seen("T", 20), seen("X", 12), new=["X"]),
            visit(84, seen("T", size), seen("X", found)),
        ]
        return calls(record([lesion("T", 20)], days))[1]

    assert better("10", "12") == "iPR"
    assert better("absent", "12") == "iPR"
    assert better("absent", "absent") == "iCR"
    assert better("20", "absent") == "iSD"
    assert better("20", "12") == "iUPD", "unchanged since iUPD"


def test_the_policy_can_undo_a_block_without_improvement():
    assert calls(with_new("12", "12"), Policy(irecist_reset="any_non_pd")) == ["iUPD", "iSD"]


def test_not_evaluable_keeps_the_block():
    days = [
        visit(42, seen("T", 30)),
        visit(84, seen("T", "not_imaged")),
        visit(126, seen("T", 35)),
    ]
    assert calls(record([lesion("T", 20)], days)) == ["iUPD", "NE", "iCPD"]


def test_growth_of_new_lesions_after_the_block_was_undone_is_said():
    days = [
        visit(42, seen("T", 20), seen("X", 12), new=[NewLesion(id="X", measured=True)]),
        visit(84, seen("T", 10), seen("X", 12)),
        visit(126, seen("T", 10), seen("X", 20)),
    ]
    reading = assess_irecist(record([lesion("T", 20)], days))
    assert [c.overall for c in reading.visits] == ["iUPD", "iPR", "iPR"]
    assert "W-NEW-GROWTH" in codes(reading.visits[2])
    assert reading.visits[2].new_sum_mm == 20


def test_an_open_block_dates_progression_and_death_comes_after():
    result = outcome(sums(100, 90, 120))
    assert (result.pfs.event, result.pfs.end_d) == ("progression", 84)
    days = [visit(42, seen("T", 120)), visit(84, seen("T", 120))]
    result = outcome(record([lesion("T", 100)], days, death_d=100))
    assert (result.pfs.event, result.pfs.end_d) == ("progression", 42)
    undone = [visit(42, seen("T", 120)), visit(84, seen("T", 90))]
    result = outcome(record([lesion("T", 100)], undone, death_d=100))
    assert (result.pfs.event, result.pfs.end_d) == ("death", 100)


def test_best_response_may_come_after_an_iupd_and_its_duration_ends_with_the_block():
    result = outcome(sums(100, 120, 60, 55, 80, 85))
    assert (result.best.response, result.best.day_d) == ("iPR", 84)
    assert result.confirmed_best.response == "iPR"
    assert (result.dor.start_d, result.dor.end_d, result.dor.duration_d) == (84, 168, 84)
    assert result.ttr_d == 84
    assert outcome(sums(100, 120, 125)).best.response == "iCPD"
    assert outcome(sums(100, 120)).best.response == "iUPD"


def test_after_a_complete_response_the_return_is_an_iupd():
    assert calls(sums(20, "absent", 4, 9)) == ["iCR", "iUPD", "iCPD"]


def test_a_melanoma_with_a_single_target():
    """22 -> 14 mm, one visit of progression, then response: iUPD is not confirmed."""
    patient = sums(22, 14, 20, 12, "absent")
    assert calls(patient) == ["iPR", "iUPD", "iPR", "iCR"]
    assert outcome(patient).best.response == "iCR"
