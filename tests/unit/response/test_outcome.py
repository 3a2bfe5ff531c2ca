"""Best response, PFS, DOR, TTR, censoring; imRECIST."""

from abscope.response.best import TimePoint, best_response, confirmation, select, span_d
from abscope.response.imrecist import assess_imrecist, imrecist_outcome
from abscope.response.outcome import outcome
from abscope.response.policy import Policy
from abscope.response.recist import assess
from abscope.response.records import NewLesion
from records_of import lesion, record, seen, sums, visit


def points(*responses, first=60.0, step=30.0):
    return [TimePoint(f"v{k}", first + step * k, r) for k, r in enumerate(responses)]


def confirmed(*responses, policy=None, **days):
    return best_response(
        points(*responses, **days), reference_d=0, policy=policy or Policy(), confirm=True
    ).response


def result(patient, policy=None):
    return outcome(patient, assess(patient, policy))


def test_what_may_lie_between_a_response_and_its_confirmation():
    assert confirmed("PR", "NE", "PR", step=20) == "PR"
    assert confirmed("PR", "NE", "NE", "PR", step=10) == "SD"
    assert confirmed("PR", "SD", "PR", step=20) == "SD"
    assert confirmed("PR", "SD", "PR", step=20, policy=Policy(accept_sd_between=True)) == "PR"
    assert confirmed("PR", "CR", "PR", step=20) == "SD"
    assert confirmed("CR", "NE", "CR", step=20) == "CR"
    assert confirmed("CR", "PR", "CR", step=20) == "SD"
    assert confirmed("PR", "PR", step=27.9) == "SD"
    assert confirmed("PR", "PR", step=28) == "PR"


def test_why_a_response_is_not_confirmed():
    def why(*responses, **days):
        return confirmation(points(*responses, **days), 0, policy=Policy()).reason.text

    assert why("CR", "CR") == "CR at v0 confirmed by CR at v1"
    assert "no CR at least 28 d later" in why("CR", "PR")
    assert "2 NE lie before" in why("CR", "NE", "NE", "CR")
    assert "SD lies before" in why("PR", "SD", "PR")
    assert "PD lies before" in why("PR", "PD", "PR")
    assert "PR follows CR" in why("PR", "CR", "PR", step=20)


def test_early_stable_disease():
    assert confirmed("SD", first=41) == "NE"
    assert confirmed("SD", first=42) == "SD"
    assert confirmed("SD", first=41, policy=Policy(early_sd="PD")) == "PD"
    assert confirmed("SD", "PD", first=20, step=10) == "PD"
    assert confirmed("NON-CR/NON-PD", first=41) == "NE"
    assert confirmed() == "MISSING"


def test_visits_after_progression_and_new_therapy_do_not_count():
    kept, left = select(points("SD", "PD", "CR"), stop=("PD",), new_therapy_d=None)
    assert [p.response for p in kept] == ["SD", "PD"]
    assert [r.code for r in left] == ["AFTER_PD"]
    kept, left = select(points("SD", "PR"), stop=("PD",), new_therapy_d=90)
    assert [p.response for p in kept] == ["SD"]
    assert [r.code for r in left] == ["AFTER_NEW_THERAPY"]


def test_times_of_a_responder():
    found = result(sums(100, 60, 60, 80))
    assert (found.best.response, found.best.day_d) == ("PR", 42)
    assert (found.pfs.event, found.pfs.end_d, found.pfs.duration_d) == ("progression", 126, 126)
    assert (found.ttr_d, found.dor.duration_d) == (42, 84)


def test_an_unconfirmed_response_has_no_duration_unless_the_policy_says_so():
    patient = sums(100, 60, 80)
    assert result(patient).dor is None
    assert result(patient).confirmed_best.response == "SD"
    assert result(patient, Policy(confirmation=False)).dor.duration_d == 42


def test_censoring():
    found = result(sums(100, 90, 95)).pfs
    assert (found.event, found.end_d, found.reason.code) == ("censored", 84, "NO_EVENT")
    found = result(record([lesion("T", 20)], [])).pfs
    assert (found.end_d, found.duration_d) == (0, 0)
    days = [visit(42, seen("T", 20)), visit(84, seen("T", 30))]
    found = result(record([lesion("T", 20)], days, new_therapy_d=60)).pfs
    assert (found.event, found.end_d, found.reason.code) == ("censored", 42, "NEW_THERAPY")
    found = result(record([lesion("T", 20)], days[:1], death_d=200)).pfs
    assert (found.event, found.end_d) == ("death", 200)
    found = result(record([lesion("T", 20)], days[:1], death_d=200), Policy(pfs_max_gap_d=120)).pfs
    assert (found.event, found.end_d, found.reason.code) == ("censored", 42, "GAP")


def test_missed_visits_before_progression_are_said():
    gone = [visit(42 * k, seen("T", "not_imaged")) for k in (1, 2)]
    found = result(record([lesion("T", 20)], [*gone, visit(126, seen("T", 30))]))
    assert [s.code for s in found.signals] == ["MISSED_BEFORE_PD"]


def test_disease_after_a_complete_response_is_queried():
    found = result(sums(20, "absent", "absent", 4))
    assert (found.best.response, found.pfs.end_d) == ("CR", 126)
    assert [s.code for s in found.signals] == ["BACK_AFTER_CR"]


def test_days_are_compared_free_of_binary_dust():
    assert 32.3 - 4.3 < 28
    assert span_d(32.3, 4.3) == 28


def new(*sizes):
    visits = []
    for k, (target, found) in enumerate(sizes):
        fresh = [NewLesion(id="X", measured=True)] if k == 0 else []
        visits.append(visit(42 * (k + 1), seen("T", target), seen("X", found), new=fresh))
    return record([lesion("T", 100)], visits)


def test_imrecist_adds_new_lesions_to_the_total():
    reading = assess_imrecist(new((60, "5"), (55, "5"), (55, "18"), (55, "30")))
    assert [c.overall for c in reading.visits] == ["PR", "PR", "PD", "PD"]
    assert [c.total_mm for c in reading.visits] == [65, 60, 73, 85]
    found = imrecist_outcome(new((60, "5")), reading)
    assert (found.pfs.event, found.pfs.end_d) == ("progression", 126)


def test_imrecist_blocks_cr_by_what_is_left_and_voids_an_unconfirmed_pd():
    assert [c.overall for c in assess_imrecist(new(("absent", "5"))).visits] == ["PR"]
    assert [c.overall for c in assess_imrecist(new(("absent", "absent"))).visits] == ["CR"]
    patient = new((60, "5"), (90, "5"), (60, "5"))
    reading = assess_imrecist(patient)
    assert [(c.overall, c.void) for c in reading.visits] == [
        ("PR", False), ("PD", True), ("PR", False),
    ]  # fmt: skip
    found = imrecist_outcome(patient, reading)
    assert (found.best.response, found.pfs.event) == ("PR", "censored")
    assert [r.code for r in found.excluded] == ["VOID_PD"]
    assert [c.overall for c in assess(patient).visits] == ["PD", "PD", "PD"]
