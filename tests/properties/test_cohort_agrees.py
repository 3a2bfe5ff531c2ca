"""The cohort path and the record path give the same answers (rung: independent implementation).

2,000 random patients by default; ``ABSCOPE_COHORT_PATIENTS=100000`` runs the full set. Both paths
share neither code nor number types: whole micrometers here, decimals there.
"""

import os
from dataclasses import replace

import numpy as np
import pytest

from abscope.errors import ProtocolError
from abscope.response import cohort_calls
from abscope.response.cohort import adjudicate_cohort
from abscope.response.cohort_calls import PFS_EVENTS
from abscope.response.cohort_chunk import FAULTS
from abscope.response.cohort_records import RESPONSE_CODES, RESPONSES, Cohort
from abscope.response.outcome import outcome
from abscope.response.policy import Policy
from abscope.response.recist import assess
from abscope.response.records import LesionBaseline, Measurement, NewLesion, PatientRecord, Visit

PATIENTS = int(os.environ.get("ABSCOPE_COHORT_PATIENTS", "2000"))
SEED = int(os.environ.get("ABSCOPE_COHORT_SEED", "20261121"))
BLOCK = 400
NED = RESPONSE_CODES["NED"]
NONTARGET = np.array([RESPONSE_CODES[x] for x in ("CR", "NON-CR/NON-PD", "PD", "NE")], np.int8)

POLICIES = (
    Policy(),
    Policy(pr_carry_forward=True, early_sd="PD", max_ne_between=0, pfs_max_gap_d=70),
    Policy(cr_then_pr="as_observed", accept_sd_between=True, confirmation=False),
    Policy(partial_sum_pd=False, cr_needs_zero_sum=True, min_sd_d=56, confirmation_interval_d=14),
    Policy(cr_then_pr="as_observed", pr_carry_forward=True, max_ne_between=3),
)


#: What the record path refuses too; the other faults are those of arrays.
FAULTS_OF_BOTH = (
    "negative size", "target of 0 mm at baseline", "step between sizes near 10: cm and mm mixed?",
    "visits not in time order after baseline", "visit after death",
)  # fmt: skip


def boundary_sizes(rng, shape, baseline):
    """Sizes on and one step beside the limits of each lesion: -30 %, +20 %, 5 mm, 10 mm, 0."""
    factor = rng.choice([0.7, 0.84, 1.0, 1.2, 0.5, 1.05, 1.44], shape)
    near = baseline[:, None] * factor + rng.choice([-0.1, 0, 0, 0, 0.1, 5.0, -0.001], shape)
    fixed = rng.choice([0.0, 0.0, 4.0, 5.0, 9.9, 10.0, 9.999], shape)
    return np.round(np.where(rng.random(shape) < 0.6, np.abs(near), fixed), 3)


def draw(seed, patients, visits=7, lesions=3):
    """Return a random cohort: wild, shrinking (CR, then regrowth) and steady patients."""
    rng = np.random.default_rng(seed)
    baseline = rng.choice([10.0, 14.0, 15.0, 27.0, 3.2, 31.2, 12.345], (patients, lesions))
    baseline[rng.random((patients, lesions)) < 0.25] = np.nan
    baseline[rng.random(patients) < 0.1] = np.nan
    sizes = boundary_sizes(rng, (patients, visits - 1, lesions), baseline)
    style = rng.random(patients)[:, None, None]
    steady = np.round(baseline[:, None] * rng.choice([1.0, 1.0, 0.7, 0.8], sizes.shape), 3)
    sizes = np.where(style < 0.35, steady, sizes)
    shrunk = rng.choice([0.0, 0.0, 0.0, 0.0, 0.0, 9.9, 5.0], sizes.shape)
    sizes = np.where(style > 0.75, shrunk, sizes)
    sizes[rng.random(sizes.shape) < rng.choice([0, 0.02, 0.15], (patients, 1, 1))] = np.nan
    days = np.cumsum(rng.choice([14.0, 27.9, 28.0, 30.0, 42.0, 56.1], (patients, visits)), axis=1)
    days -= days[:, :1] + rng.choice([0.0, 7.0], (patients, 1))
    days[:, 1:][rng.random((patients, visits - 1)) < 0.08] = np.nan
    weights = rng.choice([0, 1], patients, p=[0.5, 0.5])[:, None]
    answered = rng.choice(NONTARGET, (patients, visits), p=[0.45, 0.35, 0.05, 0.15])
    nontarget = np.where(weights == 0, NED, answered).astype(np.int8)
    nontarget[:, 0] = np.where(weights[:, 0] == 0, NED, RESPONSE_CODES["NON-CR/NON-PD"])
    new = rng.random((patients, visits)) < 0.03
    new[:, 0] = False
    undone = np.isnan(days)
    full = np.concatenate([baseline[:, None], sizes], axis=1)
    full[np.broadcast_to(np.isnan(baseline)[:, None], full.shape) | undone[:, :, None]] = np.nan
    nontarget[undone & (nontarget != NED)] = RESPONSE_CODES["NE"]
    last = np.nanmax(days, axis=1)
    return Cohort(
        diameters_mm=full,
        is_node=rng.random((patients, lesions)) < 0.35,
        nontarget=nontarget,
        new_lesion=new & ~undone,
        days_d=days,
        new_therapy_d=np.where(rng.random(patients) < 0.2, np.round(last / 2), np.nan),
        death_d=np.where(rng.random(patients) < 0.3, last + 30, np.nan),
        sizes_checked=True,
    )


def days_or_none(values):
    return [None if np.isnan(value) else float(value) for value in values]


def to_record(cohort, place):
    """Return one patient of a cohort as the record path reads it."""
    node, sizes = cohort.is_node[place], cohort.diameters_mm[place]
    axis = ["short_axis_mm" if is_node else "diameter_mm" for is_node in node]
    targets = [k for k in range(sizes.shape[1]) if not np.isnan(sizes[0, k])]
    lesions = tuple(
        LesionBaseline(
            id=f"T{k}", role="target", kind="node" if node[k] else "soft_tissue",
            **{axis[k]: sizes[0, k]},
        )
        for k in targets
    )  # fmt: skip
    visits, seen_new = [], False
    days = days_or_none(cohort.days_d[place])
    for v, day in enumerate(days):
        if v == 0 or day is None:
            continue
        found = [
            Measurement(lesion=f"T{k}", state="not_evaluable")
            if np.isnan(sizes[v, k])
            else Measurement(lesion=f"T{k}", **{axis[k]: sizes[v, k]})
            for k in targets
        ]
        new = ()
        if cohort.new_lesion[place, v] and not seen_new:
            new, seen_new = (NewLesion(id="X"),), True
        elif seen_new:
            state = "present" if cohort.new_lesion[place, v] else "absent"
            found.append(Measurement(lesion="X", state=state))
        code = cohort.nontarget[place, v]
        visits.append(
            Visit(
                id=f"V{v}", day_d=day, measurements=tuple(found), new_lesions=new,
                stated_nontarget=None if code == NED else RESPONSES[code],
            )
        )  # fmt: skip
    therapy, death = cohort.new_therapy_d, cohort.death_d
    return PatientRecord(
        subject=str(place),
        lesions=lesions,
        visits=tuple(visits),
        baseline_d=days[0],
        new_therapy_d=None if therapy is None else days_or_none(therapy)[place],
        death_d=None if death is None else days_or_none(death)[place],
        sizes_checked=cohort.sizes_checked,
    )


def by_record(cohort, place, policy):
    """Return all answers of the record path for one patient."""
    record = to_record(cohort, place)
    reading = assess(record, policy)
    result = outcome(record, reading)
    calls = [
        (
            call.visit, call.target_response or "NED", call.overall,
            float(call.target.nadir_mm) if call.target else None,
            float(call.target.sum_mm) if call.target and call.target.complete else None,
        )
        for call in reading.visits
    ]  # fmt: skip
    pfs, dor = result.pfs, result.dor
    return (
        calls,
        (result.best.response, result.best.day_d),
        (result.confirmed_best.response, result.confirmed_best.day_d),
        (pfs.event, pfs.duration_d, pfs.end_d if pfs.event == "progression" else None),
        (result.ttr_d, dor.duration_d if dor else None),
        any(signal.code == "SIG-1" for signal in result.signals),
    )


def by_cohort(reading, row):
    """Return the same answers of the cohort path."""

    def known(value):
        return None if np.isnan(value) else float(value)

    calls = [
        (
            f"V{v + 1}", RESPONSES[reading.target[row, v]], RESPONSES[reading.overall[row, v]],
            known(reading.nadir_mm[row, v]), known(reading.sum_mm[row, v]),
        )
        for v in range(reading.overall.shape[1])
        if RESPONSES[reading.overall[row, v]] != "ND"
    ]  # fmt: skip
    event = PFS_EVENTS[reading.pfs_event[row]]
    progressed = known(reading.first_pd_d[row])
    return (
        calls,
        (RESPONSES[reading.best[row]], known(reading.best_d[row])),
        (RESPONSES[reading.confirmed_best[row]], known(reading.confirmed_best_d[row])),
        (event, float(reading.pfs_d[row]), progressed if event == "progression" else None),
        (known(reading.ttr_d[row]), known(reading.dor_d[row])),
        bool(reading.cr_then_pr[row]),
    )


def test_both_paths_give_the_same_answers():
    assert PATIENTS > 0
    judged = 0
    for block in range(-(-PATIENTS // BLOCK)):
        policy = POLICIES[block % len(POLICIES)]
        cohort = draw([SEED, block], min(BLOCK, PATIENTS - block * BLOCK))
        reading = adjudicate_cohort(cohort, policy, threads=1)
        assert reading.n_patients == cohort.shape[0]
        for row, place in enumerate(reading.patient):
            expected = by_record(cohort, place, policy)
            assert by_cohort(reading, row) == expected, f"block {block}, place {place}"
        judged += reading.patient.size
    assert judged > 0.9 * PATIENTS


def test_both_paths_refuse_the_same_patients():
    """Faults that both can have; sizes may step tenfold here and then are refused as well."""
    cohort = draw([SEED, 77], 300)
    rng = np.random.default_rng(SEED)
    sizes, days, death = cohort.diameters_mm.copy(), cohort.days_d.copy(), cohort.death_d.copy()
    for place in range(0, 300, 3):
        match rng.integers(4):
            case 0:
                sizes[place, rng.integers(1, 7), 0] *= -1
            case 1:
                sizes[place, 0] *= 0
            case 2:
                days[place, 3] = days[place, 2]
            case 3:
                death[place] = days[place, 4]
    broken = replace(
        cohort, diameters_mm=sizes, days_d=days, death_d=death, sizes_checked=False
    )  # fmt: skip
    reading = adjudicate_cohort(broken, threads=1)
    shared = sum(1 << FAULTS.index(name) for name in FAULTS_OF_BOTH)
    found = dict(zip(reading.reported.tolist(), (reading.faults & shared).tolist(), strict=True))
    refused = set()
    for place in range(300):
        try:
            assess(to_record(broken, place), Policy())
        except ProtocolError:
            refused.add(place)
    assert len(refused) > 60
    assert refused == {place for place, faults in found.items() if faults}
    for bit, name in enumerate(FAULTS):
        assert name not in FAULTS_OF_BOTH or (reading.faults >> bit & 1).any(), name


def test_random_cohorts_reach_every_call():
    """Negative control: agreement on patients that never meet a call would show nothing."""
    met, best, strict, events = set(), set(), set(), set()
    for block in range(len(POLICIES)):
        reading = adjudicate_cohort(draw([SEED, block], BLOCK), POLICIES[block], threads=1)
        met |= {
            (RESPONSES[t], RESPONSES[o])
            for t, o in zip(reading.target.flat, reading.overall.flat, strict=True)
        }
        best |= {RESPONSES[code] for code in reading.best}
        strict |= {RESPONSES[code] for code in reading.confirmed_best}
        events |= {PFS_EVENTS[code] for code in reading.pfs_event}
        assert reading.cr_then_pr.any()
    assert met >= {
        ("CR", "CR"), ("CR", "PR"), ("PR", "PR"), ("SD", "SD"), ("PD", "PD"), ("NE", "NE"),
        ("NE", "PD"), ("CR", "PD"), ("NED", "CR"), ("NED", "NON-CR/NON-PD"), ("NED", "NE"),
        ("NED", "PD"), ("ND", "ND"),
    }  # fmt: skip
    assert best >= {"CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"}
    assert strict >= {"CR", "PR", "SD", "NON-CR/NON-PD", "PD", "NE"}
    assert events == set(PFS_EVENTS)


@pytest.mark.parametrize(("limit", "value"), [("_GROWTH_UM", 5001), ("_NODE_NORMAL_UM", 10001)])
def test_a_wrong_limit_would_be_found(monkeypatch, limit, value):
    """Negative control: a limit one micrometer off gives other answers on the same patients."""
    right = adjudicate_cohort(draw([SEED, 0], BLOCK), threads=1)
    monkeypatch.setattr(cohort_calls, limit, value)
    wrong = adjudicate_cohort(draw([SEED, 0], BLOCK), threads=1)
    assert (right.target != wrong.target).any()
