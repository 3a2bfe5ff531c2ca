"""Courses of a study: which dose is taken, how many fractions were delivered, what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.dose.courses import courses_of
from abscope.dose.delivery import read_fractions
from abscope.dose.plan_dose import sum_of_doses
from abscope.dose.plans import FractionGroup, Level, TreatmentRecord
from abscope.errors import DicomError, TableError, UsageError
from dose_objects import box, dose_of, plan_of, study_of, summation_of


def uniform(dose_gy, **keywords):
    return dose_of(lambda x, y, z: np.full_like(x, dose_gy), **keywords)


def record(fraction=None, *, day=None, beam=None, plan="P"):
    return TreatmentRecord(plan, fraction, day, beam)


def codes(course):
    return [finding.code for finding in course.findings]


def test_planned_is_used_as_delivered_with_a_warning():
    """W26."""
    (course,) = courses_of(study_of((uniform(25.0), plan_of("P"))))
    assert (course.name, course.n_fractions_planned, course.n_fractions_delivered) == ("C1", 5, 5)
    assert course.delivered_from == "planned"
    assert codes(course) == ["planned-as-delivered"]
    assert course.prescribed_dose_gy == 25.0
    assert str(course.findings[0]).startswith("C1: 5 fractions are planned, none recorded")


def test_delivered_fractions_scale_the_dose():
    study = study_of(
        (uniform(25.0), plan_of("P")), treatments=[record(1), record(2), record(2), record(3)]
    )
    (course,) = courses_of(study)
    assert (course.n_fractions_delivered, course.delivered_from) == (3, "records")
    assert course.dose.dose_gy.max() == pytest.approx(15.0)
    assert course.delivered_frac == 0.6
    assert codes(course) == []
    (stated,) = courses_of(study, stated={"C1": 4})
    assert (stated.n_fractions_delivered, stated.delivered_from) == (4, "stated")
    assert stated.dose.dose_gy.max() == pytest.approx(20.0)
    assert codes(stated) == ["fractions-disagree"]


def test_a_course_that_was_never_given_has_no_dose():
    (course,) = courses_of(study_of((uniform(25.0), plan_of("P"))), stated={"C1": 0})
    assert course.dose.dose_gy.max() == 0
    assert course.n_fractions == 0


def test_records_count_by_number_else_by_day_else_by_session():
    for records, count in (
        ([record(day=3), record(day=3), record(day=5)], 2),
        ([record(), record()], 2),
        ([record(plan="other")], 5),
    ):
        study = study_of((uniform(25.0), plan_of("P")), treatments=records)
        assert courses_of(study)[0].n_fractions_delivered == count


def test_a_fraction_without_one_of_its_beams_is_reported():
    plan = plan_of("P", beams=(1, 2))
    records = [record(1, beam=1), record(1, beam=2), record(2, beam=1), record(3, beam=9)]
    (course,) = courses_of(study_of((uniform(25.0), plan), treatments=records))
    assert course.n_fractions_delivered == 2
    assert codes(course) == ["beams-not-delivered"]
    assert "fraction 2 lacks beam 2" in course.findings[0].what


def test_more_than_planned_is_reported():
    study = study_of((uniform(25.0), plan_of("P")))
    assert "more-than-planned" in codes(courses_of(study, stated={"C1": 6})[0])


def test_without_a_plan_the_fractions_are_unknown_until_stated():
    dose = summation_of(uniform(25.0), None)
    (course,) = courses_of(study_of(doses=[dose]))
    assert (course.n_fractions, course.prescribed_dose_gy) == (None, None)
    assert course.delivered_from == "unknown"
    (course,) = courses_of(study_of(doses=[dose]), stated={"C1": 5})
    assert course.n_fractions == 5
    assert course.dose.dose_gy.max() == 25.0


def test_concurrent_plans_are_courses_with_their_own_fractions_by_day():
    later, earlier = plan_of("A", n=10, day=30), plan_of("B", n=5, day=2)
    found = courses_of(study_of((uniform(30.0), later), (uniform(20.0), earlier)))
    assert [(c.name, c.n_fractions_planned, c.day) for c in found] == [
        ("C1", 5, 2), ("C2", 10, 30),
    ]  # fmt: skip


def test_levels_of_a_boost_and_a_lattice_are_kept():
    (course,) = courses_of(study_of((uniform(60.0), plan_of("P", levels=[60.0, 50.0]))))
    assert [level.dose_gy for level in course.levels] == [60.0, 50.0]
    assert course.prescribed_dose_gy == 50.0


def test_beams_are_summed_where_all_are_there():
    """Check 18."""
    plan = plan_of("P", beams=(1, 2))
    beams = [summation_of(uniform(g), "P", kind="BEAM", beams=[b]) for b, g in ((1, 10), (2, 15))]
    study = replace(study_of(doses=beams), plans=(plan,))
    (course,) = courses_of(study)
    assert course.dose.dose_gy.max() == 25.0
    assert course.complete
    assert course.source == "sum of 2 BEAM doses"
    (course,) = courses_of(replace(study, doses=tuple(beams[:1])))
    assert not course.complete
    assert codes(course)[0] == "partial-dose"
    assert "beam 2" in course.findings[0].what


def test_a_plan_dose_is_never_added_to_its_beams():
    plan = plan_of("P", beams=(1,))
    beam = summation_of(uniform(25.0), "P", kind="BEAM", beams=[1])
    whole = summation_of(uniform(25.0), "P")
    (course,) = courses_of(replace(study_of(doses=[beam, whole]), plans=(plan,)))
    assert course.dose.dose_gy.max() == 25.0
    assert codes(course)[0] == "parts-not-added"
    for pair in ([whole, beam], [beam, whole], [beam, beam]):
        with pytest.raises(DicomError, match="counted once"):
            sum_of_doses(pair)
    sum_of_plans = summation_of(uniform(50.0), None, kind="MULTI_PLAN")
    with pytest.raises(DicomError, match="counted once"):
        sum_of_doses([whole, sum_of_plans])


def test_only_one_grid_can_be_added():
    one = summation_of(uniform(1.0), "A")
    other = summation_of(uniform(1.0, grid=box(step_mm=5)), "B")
    with pytest.raises(DicomError, match="grid is not that of the first"):
        sum_of_doses([one, other])
    with pytest.raises(DicomError, match="nothing to add"):
        sum_of_doses([])
    assert sum_of_doses([one, summation_of(uniform(2.0), "B")]).dose_gy.max() == 3.0


def groups_study(*doses):
    plan = replace(plan_of("P"), groups=(FractionGroup(1, 5, (1,)), FractionGroup(2, 10, (2,))))
    return replace(study_of(doses=doses), plans=(plan,))


def test_a_fraction_dose_is_a_fraction_group():
    """PS3.3 C.8.8.3: FRACTION is the dose of one fraction group, all its fractions."""
    parts = [summation_of(uniform(g), "P", kind="FRACTION", group=n) for n, g in ((1, 25), (2, 30))]
    found = courses_of(groups_study(*parts, summation_of(uniform(55.0), "P")))
    assert [(c.n_fractions_planned, c.dose.dose_gy.max()) for c in found] == [(5, 25.0), (10, 30.0)]
    assert all(c.prescribed_dose_gy is None for c in found)


def test_several_groups_in_one_dose_leave_the_fractions_open():
    (course,) = courses_of(groups_study(summation_of(uniform(55.0), "P")))
    assert course.n_fractions is None
    assert "groups-in-one-dose" in codes(course)


def test_a_sum_of_plans_is_used_only_where_nothing_else_is_there():
    total = summation_of(uniform(55.0), None, kind="MULTI_PLAN")
    (course,) = courses_of(study_of(doses=[total]))
    assert codes(course) == ["sum-of-plans"]
    (course,) = courses_of(study_of((uniform(25.0), plan_of("P")), doses=[total]))
    assert course.dose.dose_gy.max() == 25.0


def test_beams_of_an_unknown_plan_are_a_lower_bound():
    beams = [summation_of(uniform(10.0), "gone", kind="BEAM", beams=[n]) for n in (1, 2)]
    (course,) = courses_of(study_of(doses=beams))
    assert (course.complete, course.dose.dose_gy.max()) == (False, 20.0)
    assert codes(course) == ["partial-dose"]


def test_two_plan_doses_of_one_plan_are_refused_unless_accepted():
    twice = [summation_of(uniform(25.0), "P"), summation_of(uniform(26.0), "P")]
    study = replace(study_of(doses=twice), plans=(plan_of("P"),))
    with pytest.raises(DicomError, match="2 PLAN doses of one plan"):
        courses_of(study)
    (course,) = courses_of(study, accepted={"several-doses": "the second is a recalculation"})
    assert course.dose.dose_gy.max() == 25.0
    assert course.findings[0].accepted == "the second is a recalculation"


def test_a_stated_course_that_there_is_not_is_refused():
    study = study_of((uniform(25.0), plan_of("P")))
    with pytest.raises(UsageError) as caught:
        courses_of(study, stated={"C7": 5, "C1": -1})
    assert len(caught.value.problems) == 2
    assert "C7" in caught.value.problems[0].what


def test_levels_of_a_region_are_found_by_the_table():
    plan = replace(plan_of("P"), levels=(Level(7, 30.0), Level(8, 25.0)))
    (course,) = courses_of(study_of((uniform(30.0), plan)))
    assert course.prescribed_dose_gy == 25.0


def test_a_table_of_fractions_counts_them(tmp_path):
    path = tmp_path / "given.csv"
    path.write_text("course,fraction,date\nC1,1,x\nC1,2,x\nC2,1,x\n")
    assert read_fractions(path) == {"C1": 2, "C2": 1}


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("course,day\nC1,1\n", [":1"]),
        ("course,fraction\nC1,0\nC1,x\n,3\n", [":2", ":3", ":4"]),
        ("course,fraction\nC1,1\nC1,1\n", [":3"]),
        ("course,fraction\n", [""]),
    ],
)
def test_a_table_of_fractions_that_is_wrong_is_located(tmp_path, text, places):
    path = tmp_path / "given.csv"
    path.write_text(text)
    with pytest.raises(TableError) as caught:
        read_fractions(path)
    assert [p.where.removeprefix(str(path)) for p in caught.value.problems] == places
