"""Classes by dose: each line, each gap between the lines, and the words of the reasons."""

import pytest

from abscope.dose.exposure_class import (
    DoseNumbers,
    class_lines,
    class_of_dose,
    class_over_courses,
)
from abscope.errors import UsageError

LINES = class_lines()


def inside(mean_gy, d2_gy=None, *, d95_gy=None, d50_gy=None, rx_gy=30.0, **more):
    """A lesion inside the grid; doses that are not given are the mean."""
    d2_gy = mean_gy if d2_gy is None else d2_gy
    return DoseNumbers(
        in_grid_frac=1.0,
        d2_gy=d2_gy,
        mean_gy=mean_gy,
        d95_low_gy=mean_gy if d95_gy is None else d95_gy,
        d50_low_gy=mean_gy if d50_gy is None else d50_gy,
        d2_low_gy=d2_gy,
        mean_low_gy=mean_gy,
        prescribed_gy=rx_gy,
        **more,
    )


@pytest.mark.parametrize(
    ("numbers", "name", "words"),
    [
        (inside(28), "in_field", "D95 28.00 Gy >= 50% and D50 28.00 Gy >= 80% of the prescribed"),
        (inside(24, d95_gy=15), "in_field", "D95 15.00 Gy"),
        (inside(24, d95_gy=14.9), "partial", "but D95 14.90 Gy < 15.00 Gy"),
        (inside(23.9, d95_gy=15), "partial", "but D50 23.90 Gy < 24.00 Gy"),
        (inside(2, 15), "partial", "D2 15.00 Gy >= 50% of the prescribed 30.00 Gy"),
        (inside(2, 14.9), "low_dose", "mean of 2.00 Gy lies between 1 and 20 Gy"),
        (inside(1.0), "low_dose", "mean of 1.00 Gy"),
        (inside(25, rx_gy=60.0), "partial", "mean 25.00 Gy is above the low-dose line of 20 Gy"),
        (inside(0.31), "out_of_field", "D2 0.31 Gy x 2.2 = 0.68 Gy < 1 Gy and all of it lies ins"),
        (inside(0.3, 0.46), "unknown", "D2 0.46 Gy x 2.2 = 1.01 Gy is not below 1 Gy while"),
        (inside(5, rx_gy=None), "low_dose", "no prescription is known"),
        (inside(25, rx_gy=None), "partial", "no prescription is known"),
        (inside(0.2, rx_gy=None), "out_of_field", "0.44 Gy < 1 Gy"),
        (inside(0.2, complete=False), "unknown", "beams of the plan are missing"),
        (inside(3, complete=False), "low_dose", "mean of at least 3.00 Gy"),
        (inside(29, complete=False), "in_field", "lower bound"),
    ],
)
def test_classes_of_a_lesion_inside_the_grid(numbers, name, words):
    found, reasons = class_of_dose(numbers, lines=LINES)
    assert found == name
    assert words in " | ".join(reasons)


def cut(frac, d2_gy, *, low_gy=0.0, **more):
    return DoseNumbers(
        in_grid_frac=frac, d2_gy=d2_gy, mean_gy=d2_gy, mean_low_gy=low_gy, d2_low_gy=low_gy,
        prescribed_gy=30.0, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "name", "words"),
    [
        (cut(0.98, 0.1), "unknown", "98.0% of it lies inside the dose grid, less than 99%"),
        (cut(0.995, 0.1), "out_of_field", "it lies inside the grid"),
        (cut(0.0, None), "unknown", "confirm its distance from the field if it is more than 150"),
        (cut(0.0, None, confirmed_distance_mm=151.0), "out_of_field", "confirmed 151 mm"),
        (cut(0.0, None, confirmed_distance_mm=150.0), "unknown", "not more than 150 mm"),
        (cut(0.5, 0.2, confirmed_distance_mm=200.0), "out_of_field", "0.44 Gy < 1 Gy inside"),
        (cut(0.5, 0.9, confirmed_distance_mm=200.0), "unknown", "not below 1 Gy"),
        (cut(0.5, 4.0, low_gy=2.0), "low_dose", "mean of at least 2.00 Gy"),
        (cut(0.5, 18.0, low_gy=15.0), "partial", "the dose of the rest is unknown"),
    ],
)
def test_classes_of_a_lesion_that_the_grid_cuts(numbers, name, words):
    found, reasons = class_of_dose(numbers, lines=LINES)
    assert found == name
    assert words in " | ".join(reasons)


@pytest.mark.parametrize(
    ("classes", "mean_gy", "d2_gy", "name"),
    [
        (["out_of_field", "in_field"], 30.0, 31.0, "in_field"),
        (["partial", "unknown"], None, None, "partial"),
        (["low_dose", "unknown"], None, None, "low_dose"),
        (["low_dose", "low_dose"], 21.0, 22.0, "partial"),
        (["out_of_field", "unknown"], None, None, "unknown"),
        (["unknown", "unknown"], 1.1, 1.2, "low_dose"),
        (["out_of_field"], 0.2, 0.4, "out_of_field"),
        (["out_of_field", "out_of_field"], 0.2, 0.45, "out_of_field"),
        (["out_of_field", "out_of_field"], 0.3, 0.46, "unknown"),
        (["out_of_field", "out_of_field"], None, None, "out_of_field"),
        ([], None, None, "unknown"),
    ],
)
def test_the_class_over_courses(classes, mean_gy, d2_gy, name):
    named = {f"C{i}": found for i, found in enumerate(classes, start=1)}
    found, reasons = class_over_courses(named, lines=LINES, mean_gy=mean_gy, d2_gy=d2_gy)
    assert found == name
    assert reasons


def test_lines_come_from_the_catalog_and_can_be_chosen():
    assert (LINES.inflation, LINES.no_dose_below_gy, LINES.low_dose_up_to_gy) == (2.2, 1.0, 20.0)
    assert (LINES.in_field_d95_frac, LINES.in_field_d50_frac) == (0.5, 0.8)
    assert (LINES.far_distance_mm, LINES.in_grid_share_frac) == (150.0, 0.99)
    assert class_lines(inflation=1.0, far_distance_mm=None).inflation == 1.0
    found, _ = class_of_dose(inside(0.3, 0.46), lines=class_lines(inflation=1.0))
    assert found == "out_of_field"


@pytest.mark.parametrize(
    "chosen",
    [
        {"inflation": 0.9},
        {"no_dose_below_gy": 20.0},
        {"no_dose_below_gy": 0.0},
        {"in_grid_share_frac": 1.1},
        {"far_distance_mm": float("nan")},
        {"inflaton": 2.0},
    ],
)
def test_lines_that_make_no_sense_are_refused(chosen):
    with pytest.raises(UsageError):
        class_lines(**chosen)
