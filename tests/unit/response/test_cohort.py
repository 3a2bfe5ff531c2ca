"""The cohort path by hand: boundaries, every fault, counts, and refusals."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.errors import ProtocolError, UsageError
from abscope.response import cohort as cohort_module
from abscope.response.cohort import adjudicate_cohort
from abscope.response.cohort_calls import PFS_EVENTS
from abscope.response.cohort_chunk import FAULTS
from abscope.response.cohort_records import RESPONSE_CODES, RESPONSES, Cohort
from abscope.response.policy import Policy

NED, NON, NE, CR = (RESPONSE_CODES[name] for name in ("NED", "NON-CR/NON-PD", "NE", "CR"))
NAN = float("nan")


def one(sizes, *, days=None, node=None, nontarget=None, new=None, **more):
    """Return one patient: a list of sizes per visit (a number stands for a single lesion)."""
    rows = [row if isinstance(row, list) else [row] for row in sizes]
    days = [56.0 * v for v in range(len(rows))] if days is None else days
    return Cohort(
        diameters_mm=np.array([rows], float),
        is_node=np.array([node or [False] * len(rows[0])]),
        nontarget=np.array([nontarget or [NED] * len(rows)]),
        new_lesion=np.array([new or [False] * len(rows)]),
        days_d=np.array([days], float),
        **{"sizes_checked": True, **more},
    )


def stack(*cohorts):
    """Return several cohorts of the same visits and lesions as one."""
    names = ("diameters_mm", "is_node", "nontarget", "new_lesion", "days_d")
    joined = {name: np.concatenate([getattr(c, name) for c in cohorts]) for name in names}
    return Cohort(**joined, sizes_checked=True)


def overall(cohort, policy=None):
    return [RESPONSES[code] for code in adjudicate_cohort(cohort, policy).overall[0]]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([27.0, 32.4], ["PD"]),
        ([27.0, 32.399], ["SD"]),
        ([14.0, 9.8], ["PR"]),
        ([14.0, 9.801], ["SD"]),
        ([10.0, 3.2, 8.2], ["PR", "PD"]),
        ([10.0, 3.2, 8.199], ["PR", "SD"]),
        ([20.0, 0, 0, 0.1], ["CR", "CR", "PD"]),
        ([20.0, 10.0, NAN, 15.0], ["PR", "NE", "PD"]),
        ([[20.0, 10.0], [20.0, NAN], [26.0, NAN], [36.0, NAN]], ["NE", "NE", "PD"]),
        ([20.0, 20.0, 14.1, 14.0, 19.0], ["SD", "SD", "PR", "PD"]),
    ],
)
def test_boundaries_fall_as_in_decimals(sizes, expected):
    assert overall(one(sizes)) == expected


def test_node_below_10_mm_is_gone_with_its_size_in_the_sum():
    reading = adjudicate_cohort(one([[15.0, 20.0], [9.999, 0.0], [10.0, 0.0]], node=[True, False]))
    assert [RESPONSES[code] for code in reading.target[0]] == ["CR", "PD"]
    assert reading.sum_mm[0].tolist() == [9.999, 10.0]
    assert reading.nadir_mm[0].tolist() == [35.0, 9.999]
    assert overall(one([15.0, 9.9], node=[True]), Policy(cr_needs_zero_sum=True)) == ["PR"]


def test_nontarget_and_new_lesions_enter_the_overall_response():
    assert overall(one([20.0, 0.0], nontarget=[NON, NON])) == ["PR"]
    assert overall(one([20.0, 0.0], nontarget=[NON, NE])) == ["PR"]
    assert overall(one([20.0, 0.0], nontarget=[NON, CR])) == ["CR"]
    assert overall(one([NAN, NAN], nontarget=[NON, NON])) == ["NON-CR/NON-PD"]
    assert overall(one([20.0, 20.0, 20.0], new=[False, True, False])) == ["PD", "SD"]
    reading = adjudicate_cohort(one([NAN, NAN], nontarget=[NON, CR]))
    assert RESPONSES[reading.target[0, 0]] == "NED"
    assert np.isnan([reading.baseline_mm[0], reading.sum_mm[0, 0], reading.nadir_mm[0, 0]]).all()


def test_confirmed_response_with_its_days():
    cohort = one([30.0, 20.0, 20.0, 20.0, 40.0], days=[-7, 42, 69.9, 70, 120])
    reading = adjudicate_cohort(cohort)
    assert RESPONSES[reading.confirmed_best[0]] == "PR"
    assert reading.confirmed_best_d[0] == 42
    assert (reading.ttr_d[0], reading.first_pd_d[0], reading.dor_d[0]) == (42, 120, 78)
    assert (PFS_EVENTS[reading.pfs_event[0]], reading.pfs_d[0]) == ("progression", 120)


def test_unconfirmed_response_is_stable_disease():
    reading = adjudicate_cohort(one([30.0, 20.0, 40.0]))
    assert RESPONSES[reading.best[0]] == "PR"
    assert RESPONSES[reading.confirmed_best[0]] == "SD"
    assert np.isnan(reading.ttr_d[0])
    plain = adjudicate_cohort(one([30.0, 20.0, 40.0]), Policy(confirmation=False))
    assert plain.ttr_d[0] == 56


def test_visit_not_done_is_passed_over():
    cohort = one([30.0, NAN, 20.0], days=[0, NAN, 56])
    reading = adjudicate_cohort(cohort)
    assert [RESPONSES[code] for code in reading.overall[0]] == ["ND", "PR"]
    assert RESPONSES[reading.best[0]] == "PR"


def test_new_therapy_and_death_end_the_record():
    cohort = one([30.0, 30.0, 20.0], new_therapy_d=np.array([112.0]))
    assert RESPONSES[adjudicate_cohort(cohort).best[0]] == "SD"
    assert adjudicate_cohort(cohort).pfs_d[0] == 56
    dead = adjudicate_cohort(one([30.0, 30.0], death_d=np.array([90.0])))
    assert (PFS_EVENTS[dead.pfs_event[0]], dead.pfs_d[0]) == ("death", 90)
    gap = adjudicate_cohort(one([30.0, 30.0], death_d=np.array([90.0])), Policy(pfs_max_gap_d=30))
    assert (PFS_EVENTS[gap.pfs_event[0]], gap.pfs_d[0]) == ("censored", 56)


def test_pr_after_cr_is_marked_for_a_query():
    cohort = one([20.0, 0.0, 0.0], nontarget=[NON, CR, NON])
    reading = adjudicate_cohort(cohort)
    assert [RESPONSES[code] for code in reading.overall[0]] == ["CR", "PR"]
    assert reading.cr_then_pr[0]


@pytest.mark.parametrize(
    ("cohort", "fault"),
    [
        (one([20.0, -1.0]), "negative size"),
        (one([20.0, 600.1]), "size above 600 mm"),
        (one([20.0, float("inf")]), "size above 600 mm"),
        (one([20.0, 14.0004]), "size finer than 0.001 mm"),
        (one([20.0, 0.1 + 0.2]), "size finer than 0.001 mm"),
        (one([NAN, NAN]), "no target and no non-target disease at baseline"),
        (one([0.0, 0.0]), "target of 0 mm at baseline"),
        (one([[20.0, NAN], [20.0, 5.0]]), "size at a visit without a size at baseline"),
        (one([20.0, 0.0, 2.0], sizes_checked=False), "step between sizes near 10: "),
        (one([20.0, 20.0], days=[NAN, 56]), "no baseline day, or an infinite day"),
        (one([20.0, 20.0], days=[0, float("inf")]), "no baseline day, or an infinite day"),
        (one([20.0, 20.0, 20.0], days=[0, 56, 56]), "visits not in time order after baseline"),
        (one([20.0, NAN, 20.0], days=[5, NAN, 5]), "visits not in time order after baseline"),
        (one([20.0, 20.0], death_d=np.array([50.0])), "visit after death"),
        (one([20.0, 20.0], days=[0, NAN]), "findings at a visit that was not done"),
        (one([20.0, NAN], days=[0, NAN], new=[False, True]), "findings at a visit that was not"),
        (one([20.0, NAN], days=[0, NAN], nontarget=[NON, NON]), "findings at a visit that was"),
        (one([20.0, 20.0], nontarget=[NED, CR]), "non-target code that is none"),
        (one([20.0, 20.0], nontarget=[CR, CR]), "non-target code that is none"),
        (one([20.0, 20.0], nontarget=[NON, 1]), "non-target code that is none"),
        (one([20.0, 20.0], nontarget=[NON, -1]), "non-target code that is none"),
        (one([20.0, 20.0], new=[True, False]), "new lesion at baseline"),
    ],
)
def test_each_fault_is_reported_by_name_and_the_patient_is_kept(cohort, fault):
    reading = adjudicate_cohort(cohort)
    assert reading.patient.size == 0
    assert reading.reported.tolist() == [0]
    (name,) = reading.counts()["faults"]
    assert name.startswith(fault)
    (problem,) = reading.problems(source="c.npz")
    assert str(problem).startswith(f"c.npz: {name}: 1 of 1 patients (places 0)")


def test_every_fault_has_a_name_and_a_bit():
    assert len(set(FAULTS)) == len(FAULTS) <= 16


def test_patients_in_are_patients_judged_and_reported():
    bad = one([20.0, -1.0])
    both = one([-1.0, 700.0])
    good = one([20.0, 10.0])
    reading = adjudicate_cohort(stack(good, bad, good, both, good))
    assert reading.patient.tolist() == [0, 2, 4]
    assert reading.reported.tolist() == [1, 3]
    assert reading.n_patients == 5
    assert reading.overall.shape == (3, 1)
    counts = reading.counts()
    assert counts["patients"] == {"judged": 3, "reported": 2}
    assert counts["best"] == {"PR": 3}
    assert counts["faults"] == {"negative size": 2, "size above 600 mm": 1}


def test_finer_sizes_are_rounded_only_on_request():
    cohort = one([20.0, 13.99961])
    assert adjudicate_cohort(cohort).reported.size == 1
    reading = adjudicate_cohort(cohort, finer="round")
    assert (RESPONSES[reading.best[0]], reading.n_rounded) == ("PR", 1)
    assert reading.sum_mm[0, 0] == 14.0


def test_single_precision_sizes_are_said_to_be_too_fine():
    cohort = replace(one([20.0, 9.8]), diameters_mm=np.array([[[20.0], [9.8]]], np.float32))
    (problem,) = adjudicate_cohort(cohort).problems()
    assert "finer than 0.001 mm" in problem.what
    assert "64 bits" in problem.action


def test_chunks_and_threads_do_not_change_the_answer(monkeypatch):
    rng = np.random.default_rng(5)
    sizes = np.round(rng.uniform(5, 40, (700, 6, 2)), 1)
    sizes[7, 3, 0] = -2
    cohort = Cohort(
        diameters_mm=sizes,
        is_node=rng.random((700, 2)) < 0.3,
        nontarget=np.full((700, 6), NED),
        new_lesion=np.zeros((700, 6), bool),
        days_d=np.tile(np.arange(6) * 30.0, (700, 1)),
        sizes_checked=True,
    )
    whole = adjudicate_cohort(cohort, threads=1)
    monkeypatch.setattr(cohort_module, "_CHUNK", 64)
    parts = adjudicate_cohort(cohort, threads=3)
    assert len(whole.counts()["best"]) > 2
    for name in ("patient", "target", "overall", "sum_mm", "best", "pfs_d", "dor_d", "reported"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_results_are_read_only():
    reading = adjudicate_cohort(one([20.0, 10.0]))
    with pytest.raises(ValueError, match="read-only"):
        reading.best[0] = 0


def test_no_patient_and_no_visit_are_no_error():
    nobody = Cohort(
        diameters_mm=np.empty((0, 3, 2)), is_node=np.empty((0, 2), bool),
        nontarget=np.empty((0, 3), int), new_lesion=np.empty((0, 3), bool),
        days_d=np.empty((0, 3)),
    )  # fmt: skip
    assert adjudicate_cohort(nobody).n_patients == 0
    assert adjudicate_cohort(nobody).counts()["best"] == {}
    reading = adjudicate_cohort(one([20.0]))
    assert RESPONSES[reading.best[0]] == "MISSING"
    assert np.isnan(reading.best_d[0])
    assert (PFS_EVENTS[reading.pfs_event[0]], reading.pfs_d[0]) == ("censored", 0)


def test_wrong_shapes_and_types_are_refused_all_at_once():
    with pytest.raises(ProtocolError) as caught:
        Cohort(
            diameters_mm=np.ones((2, 3, 1)), is_node=np.zeros((2, 2), bool),
            nontarget=np.full((2, 3), 4.0), new_lesion=np.zeros((2, 3)), days_d=np.ones((3, 2)),
            death_d=np.ones(3),
        )  # fmt: skip
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {"is_node", "nontarget", "new_lesion", "days_d", "death_d"}
    with pytest.raises(ProtocolError, match=r"shape is \(2, 3\)"):
        replace(one([20.0, 20.0]), diameters_mm=np.ones((2, 3)))
    with pytest.raises(ProtocolError, match="codes from 0 to 300"):
        replace(one([20.0, 20.0]), nontarget=np.array([[0, 300]]))
    with pytest.raises(ProtocolError, match="days_d: is a masked array"):
        replace(one([20.0, 20.0]), days_d=np.ma.masked_invalid([[0.0, 56.0]]))
    with pytest.raises(ProtocolError, match="holds <U"):
        replace(one([20.0, 20.0]), days_d=np.array([["0", "56"]]))


def test_unsupported_switches_are_refused():
    with pytest.raises(ProtocolError, match="treated_target is 'NE'"):
        adjudicate_cohort(one([20.0, 20.0]), Policy(treated_target="NE"))
    with pytest.raises(UsageError, match="threads") as caught:
        adjudicate_cohort(one([20.0, 20.0]), threads=0, finer="guess")
    assert len(caught.value.problems) == 2
