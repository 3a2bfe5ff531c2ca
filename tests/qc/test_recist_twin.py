"""The product and its slow twin agree on random patients (rung: independent implementation).

3,000 patients by default; ``ABSCOPE_QC_PATIENTS=100000`` runs the full set (see README.md here).
"""

import os

from abscope.response.imrecist import assess_imrecist
from abscope.response.irecist import assess_irecist, irecist_outcome
from abscope.response.outcome import outcome
from abscope.response.recist import assess
from qc import slow_irecist, slow_recist
from qc.generate import patient, to_policy, to_record

PATIENTS = int(os.environ.get("ABSCOPE_QC_PATIENTS", "3000"))
FIRST_SEED = int(os.environ.get("ABSCOPE_QC_FIRST_SEED", "0"))


def recist_differences(seed):
    plain = patient(seed)
    record, policy = to_record(plain), to_policy(plain)
    reading, rows = assess(record, policy), slow_recist.recist(plain)
    ours = [
        (
            call.target_response, call.nontarget_response, bool(call.new_lesions), call.overall,
            call.pd_d, call.target.nadir_mm if call.target else 0,
            call.target.sum_mm if call.target and call.target.complete else None,
        )
        for call in reading.visits
    ]  # fmt: skip
    theirs = [
        (
            row["target"], row["nontarget"], row["new"], row["overall"], row["pd_day"],
            row["nadir"], row["sum"] if row["target"] else None,
        )
        for row in rows
    ]  # fmt: skip
    result = outcome(record, reading)
    kept = slow_recist.eligible(plain, rows)
    first = slow_recist.first_response(plain, kept)
    ours += [
        (result.best.response, result.best.day_d),
        (result.confirmed_best.response, result.confirmed_best.day_d),
        (result.pfs.event, result.pfs.end_d),
        result.dor.start_d if result.dor else None,
    ]
    theirs += [
        slow_recist.best(plain, kept, confirm=False),
        slow_recist.best(plain, kept, confirm=True),
        slow_recist.pfs(plain, kept),
        first,
    ]
    return ours, theirs


def irecist_differences(seed):
    plain = patient(seed)
    record, policy = to_record(plain), to_policy(plain)
    reading, rows = assess_irecist(record, policy), slow_irecist.irecist(plain)
    ours = [
        (call.overall, call.used, call.overall and set(call.categories), call.pd_d)
        for call in reading.visits
    ]
    theirs = [
        (row["overall"], row["used"], row["overall"] and row["groups"], row.get("pd_day"))
        for row in rows
    ]
    result = irecist_outcome(record, reading)
    ours += [
        (result.best.response, result.best.day_d),
        (result.confirmed_best.response, result.confirmed_best.day_d),
        (result.pfs.event, result.pfs.end_d),
        result.dor.start_d if result.dor else None,
    ]
    theirs += [
        slow_irecist.ibest(plain, rows, confirm=False),
        slow_irecist.ibest(plain, rows, confirm=True),
        slow_irecist.ipfs(plain, rows),
        slow_irecist.ifirst_response(plain, rows),
    ]
    return ours, theirs


def imrecist_differences(seed):
    plain = patient(seed)
    reading = assess_imrecist(to_record(plain), to_policy(plain))
    ours = [(call.overall, call.void) for call in reading.visits]
    theirs = [(row["overall"], row["void"]) for row in slow_recist.imrecist(plain)]
    return ours, theirs


def _agree(differences):
    assert PATIENTS > 0
    for seed in range(FIRST_SEED, FIRST_SEED + PATIENTS):
        ours, theirs = differences(seed)
        assert ours == theirs, f"seed {seed}"


def test_recist_agrees_with_the_slow_twin():
    _agree(recist_differences)


def test_irecist_agrees_with_the_slow_twin():
    _agree(irecist_differences)


def test_imrecist_agrees_with_the_slow_twin():
    _agree(imrecist_differences)


def test_random_patients_reach_every_rule():
    """Negative control: agreement on patients that never meet a rule would show nothing."""
    met = set()
    for seed in range(1500):
        plain = patient(seed)
        record, policy = to_record(plain), to_policy(plain)
        for call in (*assess(record, policy).visits, *assess_irecist(record, policy).visits):
            met |= {reason.code for reason in call.reasons}
    assert met >= {
        "C1-NE", "C1-PD", "C2", "C3", "C4", "C5", "C6", "C6-CARRY", "D-PD", "D-BACK",
        "D-LEFT", "D-CR", "D-STATED", "NEW", "NEW-STILL", "NEW-BACKDATED", "I-OPEN", "I-EARLY",
        "I-EARLY-ICPD", "I-T5", "I-NT", "I-NL", "I-NL5", "I-NL-MORE", "I-OTHER", "I-NE", "I-KEEP",
        "I-RESET-T", "I-RESET-NT", "I-RESET-NL", "I-RESET-ANY", "W-LATE", "W-NEW-GROWTH",
        "LOCAL_TX", "SPLIT", "MERGED", "DEFAULT5", "MARKERS_UNKNOWN", "MARKERS_RAISED",
    }  # fmt: skip


def test_a_wrong_limit_would_be_found(monkeypatch):
    """Negative control: 21 % instead of 20 % in the product is seen by the twin."""
    from abscope.response import target

    def stricter(sum_mm, *, nadir_mm):
        return sum_mm - nadir_mm >= 5 and 100 * (sum_mm - nadir_mm) >= 21 * nadir_mm

    monkeypatch.setattr(target, "is_growth", stricter)
    assert any(ours != theirs for ours, theirs in map(recist_differences, range(300)))
