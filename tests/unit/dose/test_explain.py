"""Why a lesion has its class, in lines."""

from dataclasses import replace

import numpy as np

from abscope.dose.courses import courses_of
from abscope.dose.dvh import DvhSettings
from abscope.dose.explain import explain, explain_all
from abscope.dose.exposure_table import TableOptions, exposure_table
from dose_objects import dose_of, plan_of, region, study_of


def rows():
    fall = dose_of(lambda x, y, z: np.where(x < 0, 30.0, 0.31))
    study = study_of((fall, plan_of("P", levels=[30.0])))
    return exposure_table(
        study,
        courses=courses_of(study),
        lesions={"L1": [region(center_mm=(25, 0, 0))], "L2": [region(center_mm=(900, 0, 0))]},
        alpha_beta_gy=3.0,
        options=TableOptions(dvh=DvhSettings(k=2, kz=1, method="linear")),
    )


def test_every_number_that_decides_is_shown():
    text = "\n".join(explain(rows()[0]))
    assert text.startswith("L1 in C1: out of field\n  because D2 0.31 Gy x 2.2 = 0.68 Gy < 1 Gy")
    for part in (
        "region: GTV (same name), 0.90 ml, 100.0% inside the dose grid",
        "course: 30 Gy in 5 (6 Gy each), 5 delivered; PLAN dose, physical dose",
        "mean 0.31 Gy, D98 0.31 Gy",
        "20 mm outside the 50 % isodose",
        "mind: planned used as delivered",
    ):
        assert part in text


def test_an_unknown_dose_is_called_so():
    text = "\n".join(explain_all(rows(), lesion="L2"))
    assert text.count("dose: unknown") == 2
    assert "L2 in all courses: unknown" in text
    assert "confirm its distance from the field" in text
    assert "L1" not in text


def test_bounds_and_depth_and_missing_parts():
    row = replace(
        rows()[0], d98_low_gy=1.0, d98_high_gy=2.5, field_edge_distance_mm=-4.2, roi_name="",
        prescribed_dose_gy=None, dose_per_fraction_gy=None, n_fractions_planned=None,
        n_fractions_delivered=None,
    )  # fmt: skip
    text = "\n".join(explain(row))
    assert "D98 between 1.00 and 2.50 Gy" in text
    assert "inside the 50 % isodose, at least 4 mm deep" in text
    assert "region: none" in text
    assert "prescription unknown, fractions unknown" in text
    both = "\n".join(explain(replace(row, field_edge_distance_mm=0.0)))
    assert "on both sides of the 50 % isodose" in both
