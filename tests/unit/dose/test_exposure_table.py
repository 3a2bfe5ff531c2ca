"""The exposure table: columns, sums over courses, registrations, bounds, classes."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.dose.courses import courses_of
from abscope.dose.dvh import DvhSettings, dose_at_volume, dvh
from abscope.dose.exposure_class import class_lines
from abscope.dose.exposure_table import TableOptions, exposure_table
from abscope.dose.plans import Level, Registration
from abscope.errors import UsageError
from dose_objects import box, dose_of, plan_of, region, rigid, study_of

FULL = TableOptions(dvh=DvhSettings(cap="full", k=5, kz=1))


def uniform(dose_gy, **keywords):
    return dose_of(lambda x, y, z: np.full_like(x, dose_gy), **keywords)


def table(study, lesions, *, options=FULL, alpha_beta_gy=3.0, **keywords):
    rows = exposure_table(
        study,
        courses=courses_of(study, **keywords),
        lesions=lesions,
        alpha_beta_gy=alpha_beta_gy,
        options=options,
    )
    return {(row.lesion, row.course): row for row in rows}


def test_columns_of_a_uniform_dose():
    """Check 1: 22.5 Gy in 5 is BED10 32.625, EQD2_10 27.1875, EQD2_3 33.75 Gy."""
    row = table(study_of((uniform(22.5), plan_of("P", levels=[22.5]))), {"L1": [region()]})[
        "L1", "C1"
    ]
    assert (row.n_fractions_planned, row.n_fractions_delivered) == (5, 5)
    assert (row.prescribed_dose_gy, row.dose_per_fraction_gy) == (22.5, 4.5)
    assert row.volume_ml == pytest.approx(np.pi * 12**3 / 6 / 1000, rel=1e-3)
    assert row.in_grid_frac == 1
    for dose_gy in (row.mean_dose_gy, row.d98_dose_gy, row.d2_dose_gy, row.max_dose_gy):
        assert dose_gy == pytest.approx(22.5, abs=1e-9)
    assert row.bed10_gy == pytest.approx(32.625)
    assert row.eqd2_10_gy == pytest.approx(27.1875)
    assert row.eqd2_lesion_gy == pytest.approx(33.75)
    assert row.exposure == "in_field"
    assert row.above_half_prescribed_frac == 1
    assert "planned used as delivered" in row.flags
    assert (row.match, row.roi_name, row.dose_type) == ("roi", "GTV", "physical")


def test_fewer_delivered_fractions_scale_the_dose_and_what_it_is_compared_with():
    study = study_of((uniform(25.0), plan_of("P")))
    row = table(study, {"L1": [region()]}, stated={"C1": 2})["L1", "C1"]
    assert row.mean_dose_gy == pytest.approx(10.0)
    assert row.bed10_gy == pytest.approx(10.0 * 1.5)
    assert row.prescribed_dose_gy == 25.0
    assert row.exposure == "in_field"
    assert "planned used as delivered" not in row.flags


def test_two_courses_add_with_their_own_fractions():
    study = study_of(
        (uniform(22.5), plan_of("A", levels=[22.5])), (uniform(30.0), plan_of("B", levels=[30.0]))
    )
    rows = table(study, {"L1": [region()]})
    every = rows["L1", "all"]
    assert every.mean_dose_gy == pytest.approx(52.5)
    assert every.d98_dose_gy == pytest.approx(52.5)
    assert every.bed10_gy == pytest.approx(32.625 + 48)
    assert every.eqd2_10_gy == pytest.approx(27.1875 + 40)
    assert every.eqd2_lesion_gy == pytest.approx(33.75 + 54)
    assert every.exposure == "in_field"
    assert every.n_fractions_planned is None


def test_opposite_ramps_sum_to_a_uniform_dose():
    """D98 of the sum is not the sum of the D98."""
    up = dose_of(lambda x, y, z: 10 + 0.2 * x)
    down = dose_of(lambda x, y, z: 10 - 0.2 * x)
    rows = table(study_of((up, plan_of("A")), (down, plan_of("B"))), {"L1": [region()]})
    assert rows["L1", "C1"].d98_dose_gy == pytest.approx(9.0, abs=0.05)
    assert rows["L1", "all"].d98_dose_gy == pytest.approx(20.0, abs=1e-6)
    assert rows["L1", "all"].d2_dose_gy == pytest.approx(20.0, abs=1e-6)


def test_frames_joined_by_a_registration():
    """Check 8: the same in two frames; without the way, or with its inverse, the numbers differ."""
    way = rigid(shift_mm=(15, -5, 8), about_z_deg=30)
    back = np.linalg.inv(way)

    def in_second(x, y, z):
        xx, yy, _, _ = back @ np.stack([x, y, z, np.ones_like(x)])
        return 12 + 0.3 * xx - 0.1 * yy

    first = dose_of(lambda x, y, z: 10 + 0.2 * x)
    second = dose_of(in_second, grid=box((-60, -60, -60), (70, 60, 60)), frame="F2")
    pairs = (first, plan_of("A", day=0)), (second, plan_of("B", day=30))
    lesion = {"L1": [region(center_mm=(10, 4, 2))]}
    # DICOM: the matrix carries the registered frame (F2) into the frame of the object (F1).
    right = table(
        study_of(*pairs, registrations=[Registration("F2", "F1", np.linalg.inv(way))]), lesion
    )["L1", "all"]
    other = table(study_of(*pairs, registrations=[Registration("F1", "F2", way)]), lesion)
    wrong = table(study_of(*pairs, registrations=[Registration("F2", "F1", way)]), lesion)
    ignored = table(study_of(*pairs, registrations=[Registration("F2", "F1", np.eye(4))]), lesion)
    expected = 22 + 0.5 * 10 - 0.1 * 4
    assert right.mean_dose_gy == pytest.approx(expected, abs=0.02)
    assert other["L1", "all"].mean_dose_gy == pytest.approx(expected, abs=0.02)
    assert abs(wrong["L1", "all"].mean_dose_gy - expected) > 2
    assert abs(ignored["L1", "all"].mean_dose_gy - expected) > 2
    half_gy = 6 * np.hypot(0.5, 0.1)
    share = 0.834  # of the radius: t^2 (3 - t) / 4 = 0.02 at t = 1 - 0.834
    assert right.d98_dose_gy == pytest.approx(expected - share * half_gy, abs=0.05)
    assert right.d2_dose_gy == pytest.approx(expected + share * half_gy, abs=0.05)


def test_frames_that_nothing_joins_leave_bounds():
    first = dose_of(lambda x, y, z: 10 + 0.2 * x)
    second = dose_of(lambda x, y, z: 8 - 0.2 * x, frame="F2")
    pairs = (first, plan_of("A")), (second, plan_of("B"))
    regions = [region(), region(frame="F2")]
    rows = table(study_of(*pairs), {"L1": regions})
    every = rows["L1", "all"]
    parts = rows["L1", "C1"], rows["L1", "C2"]
    assert every.mean_dose_gy == pytest.approx(18.0, abs=1e-3)
    assert every.d98_dose_gy is None
    lowest = sum(part.mean_dose_gy - 1.2 for part in parts)
    assert lowest - 0.01 <= every.d98_low_gy <= every.d98_high_gy <= 18.0 + 2.4
    joined = table(
        study_of(*pairs, registrations=[Registration("F2", "F1", np.eye(4))]), {"L1": regions}
    )["L1", "all"]
    assert every.d98_low_gy <= joined.d98_dose_gy <= every.d98_high_gy
    assert any("no registration" in flag for flag in every.flags)
    alone = table(study_of(*pairs), {"L1": regions[:1]})
    assert alone["L1", "C2"].exposure == "unknown"
    assert alone["L1", "C2"].mean_dose_gy is None
    assert alone["L1", "all"].mean_dose_gy is None


def test_out_of_field_needs_the_whole_lesion_inside_the_grid():
    steep = dose_of(lambda x, y, z: np.where(x < 0, 30.0, 0.3), grid=box((-40, -40, -40)))
    study = study_of((steep, plan_of("P", levels=[30.0])))
    lesions = {
        "in": [region(center_mm=(-20, 0, 0))],
        "far": [region(center_mm=(25, 0, 0))],
        "edge": [region(center_mm=(38, 0, 0))],
        "away": [region(center_mm=(300, 0, 0))],
    }
    rows = table(study, lesions)
    classes = {name: rows[name, "C1"].exposure for name in lesions}
    assert classes == {
        "in": "in_field", "far": "out_of_field", "edge": "unknown", "away": "unknown",
    }  # fmt: skip
    far = rows["far", "C1"]
    assert "x 2.2 = 0.66 Gy < 1 Gy and all of it lies inside the grid" in far.reasons[0]
    assert far.field_edge_distance_mm == pytest.approx(25 - 6 + 1.25, abs=0.1)
    assert rows["in", "C1"].field_edge_distance_mm == pytest.approx(-(20 - 6 - 1.25), abs=0.2)
    assert rows["away", "C1"].mean_dose_gy is None
    assert 0.5 < rows["edge", "C1"].in_grid_frac < 0.9
    sure = replace(FULL, confirmed_distances={("away", "all"): 300.0, ("edge", "C1"): 100.0})
    rows = table(study, lesions, options=sure)
    assert rows["away", "C1"].exposure == rows["away", "all"].exposure == "out_of_field"
    assert rows["edge", "C1"].exposure == "unknown"
    assert "not more than 150 mm" in rows["edge", "C1"].reasons[0]


def test_what_one_course_does_not_cover_is_not_summed():
    narrow = dose_of(lambda x, y, z: 20 + 0 * x, grid=box((-40, -40, -40), (2.5, 40, 40)))
    study = study_of((uniform(20.0), plan_of("A", day=0)), (narrow, plan_of("B", day=1)))
    rows = table(study, {"L1": [region()]})
    assert rows["L1", "C1"].in_grid_frac == 1
    assert 0.5 < rows["L1", "C2"].in_grid_frac < 0.95
    every = rows["L1", "all"]
    assert every.mean_dose_gy is every.d2_dose_gy is every.bed10_gy is None
    assert every.in_grid_frac == rows["L1", "C2"].in_grid_frac
    assert every.flags[0] == "not inside the grid of every course: no sum over courses"
    assert every.exposure == "in_field"


def test_two_small_doses_that_reach_the_line_together():
    pairs = [(uniform(0.3), plan_of(name, levels=[30.0])) for name in "AB"]
    rows = table(study_of(*pairs), {"L1": [region()]})
    assert rows["L1", "C1"].exposure == rows["L1", "C2"].exposure == "out_of_field"
    assert rows["L1", "all"].exposure == "unknown"
    lines = replace(FULL, lines=class_lines(inflation=1.0))
    assert table(study_of(*pairs), {"L1": [region()]}, options=lines)["L1", "all"].exposure == (
        "out_of_field"
    )


def test_each_member_of_a_group_has_its_own_rows():
    fall = dose_of(lambda x, y, z: np.where(x < 0, 30.0, 0.3))
    study = study_of((fall, plan_of("P", levels=[30.0])))
    members = [region("left", center_mm=(-20, 0, 0)), region("right", center_mm=(25, 0, 0))]
    rows = exposure_table(
        study, courses=courses_of(study), lesions={"L1": members}, alpha_beta_gy=3.0, options=FULL
    )
    assert [(row.roi_name, row.course, row.exposure) for row in rows] == [
        ("left", "C1", "in_field"), ("left", "all", "in_field"),
        ("right", "C1", "out_of_field"), ("right", "all", "out_of_field"),
    ]  # fmt: skip


def test_the_sampling_of_a_sum_is_chosen_by_size():
    """By default the sum at common points agrees with the dose-volume table of the summed grid."""
    up = dose_of(lambda x, y, z: 10 + 0.2 * x)
    side = dose_of(lambda x, y, z: 5 + 0.1 * z)
    study = study_of((up, plan_of("A", day=0)), (side, plan_of("B", day=1)))
    every = table(study, {"L1": [region()]}, options=None)["L1", "all"]
    total = dvh(region().roi, dose=dose_of(lambda x, y, z: 15 + 0.2 * x + 0.1 * z))
    assert every.mean_dose_gy == pytest.approx(15.0, abs=1e-3)
    for name, share in (("d98_dose_gy", 0.98), ("d50_dose_gy", 0.5), ("d2_dose_gy", 0.02)):
        expected = dose_at_volume(total, volume_frac=share)
        assert getattr(every, name) == pytest.approx(expected, abs=0.01)


def test_the_level_of_the_region_itself_is_its_prescription():
    plan = replace(plan_of("P"), structure_set_uid="S-F1", levels=(Level(7, 30.0), Level(8, 25.0)))
    study = study_of((uniform(26.0), plan))
    own = table(study, {"L1": [region()]})["L1", "C1"]
    assert (own.prescribed_dose_gy, own.dose_per_fraction_gy) == (30.0, 6.0)
    assert "several prescribed levels: 25, 30 Gy" in own.flags
    elsewhere = replace(region(), structure_set_uid="other")
    assert table(study, {"L1": [elsewhere]})["L1", "C1"].prescribed_dose_gy == 25.0


def test_fractions_unknown_leave_bed_open():
    plan = plan_of("P", n=None)
    study = study_of((uniform(25.0), plan))
    row = table(study, {"L1": [region()]})["L1", "C1"]
    assert (row.mean_dose_gy, row.bed10_gy, row.eqd2_10_gy) == (pytest.approx(25.0), None, None)
    assert any("fractions unknown" in flag for flag in row.flags)
    row = table(study, {"L1": [region()]}, stated={"C1": 5})["L1", "C1"]
    assert row.mean_dose_gy == pytest.approx(25.0)
    assert row.bed10_gy == pytest.approx(37.5)


def test_an_effective_dose_is_named():
    study = study_of((uniform(25.0, effective=True), plan_of("P")))
    row = table(study, {"L1": [region()]})["L1", "C1"]
    assert row.dose_type == "effective"
    assert any("biological effectiveness" in flag for flag in row.flags)


def test_the_mean_of_voxels_not_the_value_of_the_mean():
    """Check 2: a ramp from 0 to 25 Gy in 5: mean EQD2_3 of the voxels 15.833, of the mean 13.750.

    A sphere weighs the middle of the ramp more; its mean of D^2 is 12.5^2 + (12.5/18)^2 * 18^2 / 5.
    """
    ramp = dose_of(lambda x, y, z: 12.5 + x * 12.5 / 18, grid=box(step_mm=1.0))
    row = table(study_of((ramp, plan_of("P"))), {"L1": [region(diameter_mm=36)]})["L1", "C1"]
    mean_square = 12.5**2 * (1 + 1 / 5)
    assert row.eqd2_lesion_gy == pytest.approx((12.5 * 3 + mean_square / 5) / 5, rel=2e-3)
    assert row.eqd2_lesion_gy > 13.75 + 1


def test_bad_options_are_refused_together():
    study = study_of((uniform(25.0), plan_of("P")))
    bad = TableOptions(confirmed_distances={("L9", "C1"): 200.0, ("L1", "C1"): -1.0})
    with pytest.raises(UsageError) as caught:
        table(study, {"L1": [region()]}, options=bad, alpha_beta_gy=0.0)
    assert len(caught.value.problems) == 3
    with pytest.raises(UsageError, match="no course"):
        exposure_table(study, courses=(), lesions={}, alpha_beta_gy=None)
