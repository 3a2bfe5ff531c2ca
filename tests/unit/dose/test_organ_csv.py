"""Organ doses from CSV: what is read, what is refused, and the way there and back."""

import csv
import math

import numpy as np
import pytest

from abscope.dose.organ_csv import read_organ_table
from abscope.dose.organ_rows import (
    HISTOGRAM_COLUMNS,
    MEAN_COLUMNS,
    histogram_rows,
    mean_dose_per_fraction_gy,
    mean_rows,
    volume_shares_frac,
)
from abscope.dose.results import OrganDose
from abscope.errors import TableError, UsageError


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "organs.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def faults(path, **options):
    with pytest.raises(TableError) as caught:
        read_organ_table(path, **options)
    return [str(problem).replace(str(path), "organs.csv") for problem in caught.value.problems]


def test_means_of_a_course_become_doses_per_fraction(table):
    path = table("organ,mean_gy,n_fractions,beam_on_time_s\nLungs,5,5,90\nremainder,1.5,5,90\n")
    lung, rest = read_organ_table(path)
    assert (lung.organ, lung.n_fractions, lung.beam_on_time_s) == ("lung", 5, 90.0)
    assert lung.dose_per_fraction_gy.tolist() == [1.0]
    assert math.isnan(lung.volume_ml[0])
    assert math.isnan(lung.integral_dose_gy_ml)
    assert mean_dose_per_fraction_gy(rest) == 0.3
    assert volume_shares_frac(lung).tolist() == [1.0]


def test_doses_of_one_fraction_are_taken_as_they_are(table):
    path = table("organ;mean_per_fraction_gy\nheart;0,8\n")
    assert faults(path, n_fractions=3) == [
        "organs.csv:2: mean_per_fraction_gy: '0,8' is no number; expected a decimal number. "
        "Write 0.8."
    ]
    heart = read_organ_table(table("organ;mean_per_fraction_gy\nheart;0.8\n"), n_fractions=3)[0]
    assert (heart.dose_per_fraction_gy[0], heart.n_fractions) == (0.8, 3)


def test_histogram_rows_of_an_organ_come_together(table):
    path = table(
        "Organ,Dose Gy,Volume mL,N Fractions\nliver,10,100,5\nliver,0,300,5\nspleen,2.5,150,5\n"
    )
    liver, spleen = read_organ_table(path)
    assert liver.dose_per_fraction_gy.tolist() == [0.0, 2.0]
    assert liver.volume_ml.tolist() == [300.0, 100.0]
    assert liver.integral_dose_gy_ml == 1000.0
    assert mean_dose_per_fraction_gy(liver) == 0.5
    assert spleen.volume_ml.tolist() == [150.0]


def test_the_same_organ_in_two_courses(table):
    path = table("organ,mean_gy,n_fractions,course\nliver,1,5,spine\nliver,2,10,sternum\n")
    assert [(o.course, o.dose_per_fraction_gy[0]) for o in read_organ_table(path)] == [
        ("spine", 0.2), ("sternum", 0.2),
    ]  # fmt: skip


HEAD = "organ,mean_gy,n_fractions,beam_on_time_s,covered_frac,volume_ml\n"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("liver,-1,5,,,", "mean_gy", "negative"),
        ("liver,,5,,,", "mean_gy", "no dose"),
        ("liver,2250,5,,,", "mean_gy", "cGy"),
        ("liver,22500,5,,,", "mean_gy", "mGy"),
        ("liver,nan,5,,,", "mean_gy", "no number"),
        ("liver,1 Gy,5,,,", "mean_gy", "number alone"),
        ("liver,1e999,5,,,", "mean_gy", "1e999"),
        ("livr,1,5,,,", "organ", "Did you mean liver"),
        (",1,5,,,", "organ", "no organ"),
        ("zz9,1,5,,,", "organ", "abscope.catalog.organs"),
        ("liver,1,0,,,", "n_fractions", "1 to 100"),
        ("liver,1,2.5,,,", "n_fractions", "whole number"),
        ("liver,1,,,,", "n_fractions", "no number of fractions"),
        ("liver,1,5,0,,", "beam_on_time_s", "Leave the cell empty"),
        ("liver,1,5,120000,,", "beam_on_time_s", "14400"),
        ("liver,1,5,,98,", "covered_frac", "percent"),
        ("liver,1,5,,0,", "covered_frac", "above 0"),
        ("liver,1,5,,,0", "volume_ml", "above 0"),
    ],
)
def test_a_wrong_cell_is_told_with_its_row_and_column(table, row, column, words):
    (fault,) = faults(table(HEAD + "heart,1,5,,,\n" + row + "\n"))[:1]
    assert fault.startswith(f"organs.csv:3: {column}: ")
    assert words in fault


def test_all_wrong_rows_are_told_at_once(table):
    found = faults(table(HEAD + "livr,1,5,,,\nheart,-1,5,,,\nspleen,1,5,0,,\n"))
    assert [text.split(" ")[0] for text in found] == [
        "organs.csv:2:", "organs.csv:3:", "organs.csv:4:",
    ]  # fmt: skip


def test_left_and_right_are_not_two_doses_of_one_organ(table):
    (fault,) = faults(table("organ,mean_gy,n_fractions\nLung_L,1,5\nLung_R,2,5\n"))
    assert "organs.csv:3: organ: lung is there again (first in line 2)" in fault


def test_a_histogram_that_starts_again_is_a_duplicate(table):
    rows = "organ,dose_gy,volume_ml\nliver,1,5\nheart,1,5\nliver,2,5\n"
    assert "first in line 2" in faults(table(rows), n_fractions=1)[0]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("liver,1,5,90,,\nheart,1,10,90,,\n", "n_fractions is 10, but 5 in line 2"),
        ("liver,1,5,90,,\nheart,1,5,,,\n", "beam_on_time_s is empty, but 90 in line 2"),
    ],
)
def test_a_course_does_not_contradict_itself(table, rows, words):
    assert words in faults(table(HEAD + rows))[0]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("organ,mean_gy\n", "number of fractions is not told"),
        ("organ,mean_gy,dose_gy,n_fractions\n", "are both there"),
        ("organ,n_fractions\n", "no column of doses"),
        ("mean_gy,n_fractions\n", "no column organ"),
        ("organ,mean_gy,n_fractions,beam_on_tim_s\n", "Did you mean beam_on_time_s"),
        ("organ,organ,mean_gy,n_fractions\n", "twice"),
        ("organ,dose_gy,n_fractions\n", "no volume_ml"),
        ("organ,mean_gy,n_fractions\n", "no rows"),
        ("", "empty"),
        ("\n \n", "empty"),
        ('organ,mean_gy,n_fractions\n"liver,1,5\n', "quot"),
        ("organ,mean_gy,n_fractions\nliver,1\n", "2 cells"),
    ],
)
def test_a_table_that_is_none_is_refused(table, head, words):
    assert any(words in fault for fault in faults(table(head)))


def test_a_directory_and_a_missing_file(tmp_path):
    for path, words in ((tmp_path, "directory"), (tmp_path / "none.csv", "no such file")):
        with pytest.raises(UsageError, match=words):
            read_organ_table(path)


def test_text_that_is_not_utf8_is_refused_with_its_line(table):
    found = faults(table("organ,mean_gy,n_fractions,roi_name\nliver,1,5,Höhle\n", "latin-1"))
    assert found[0].startswith("organs.csv:2: ")


def test_names_in_any_script(table):
    path = table("\ufefforgan,mean_gy,n_fractions,roi_name,course\nliver,1,5,肝臓,Bauch Höhe 1\n")
    (liver,) = read_organ_table(path)
    assert (liver.roi_name, liver.course) == ("肝臓", "Bauch Höhe 1")
    (fault,) = faults(table("organ,mean_gy,n_fractions\nLebér,1,5\n"))
    assert "'Lebér' is no organ" in fault


def test_an_integral_dose_in_other_units_is_noticed(table):
    head = "organ,mean_gy,volume_ml,integral_dose_gy_ml,n_fractions\n"
    assert "in mm3" in faults(table(head + "liver,2,1500,3,5\n"))[0]
    assert read_organ_table(table(head + "liver,2,1500,3000,5\n"))[0].integral_dose_gy_ml == 3000.0


def test_ten_thousand_rows_and_as_many_faults(table):
    levels = "".join(f"liver,{i / 1000},0.15\n" for i in range(10_000))
    (liver,) = read_organ_table(table("organ,dose_gy,volume_ml\n" + levels), n_fractions=2)
    assert liver.dose_per_fraction_gy.shape == (10_000,)
    assert mean_dose_per_fraction_gy(liver) == pytest.approx(4.9995 / 2, rel=1e-12)
    bad = faults(table("organ,mean_gy\n" + "livr,1\n" * 10_000), n_fractions=2)
    assert len(bad) == 51
    assert "9,950 more" in bad[-1]


@pytest.mark.parametrize(
    ("columns", "rows"), [(MEAN_COLUMNS, mean_rows), (HISTOGRAM_COLUMNS, histogram_rows)]
)
def test_rows_read_back_to_the_same_organs(tmp_path, columns, rows):
    """Round trip: one organ with a histogram, one without a volume."""
    level, volume = np.array([0.0, 0.25, 2.0]), np.array([1000.0, 250.0, 3.5])
    whole = OrganDose(
        "liver", "Liver", "a", 5, 60.0, level, volume, 0.97, float(level @ volume) * 5
    )
    path = tmp_path / "t.csv"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows([whole]))
    (back,) = read_organ_table(path)
    assert back.integral_dose_gy_ml == pytest.approx(whole.integral_dose_gy_ml, rel=1e-12)
    assert mean_dose_per_fraction_gy(back) == pytest.approx(mean_dose_per_fraction_gy(whole))
    assert (back.organ, back.course, back.roi_name) == ("liver", "a", "Liver")
    assert (back.n_fractions, back.beam_on_time_s, back.covered_frac) == (5, 60.0, 0.97)
    if rows is histogram_rows:
        assert back.dose_per_fraction_gy.tolist() == level.tolist()
        assert back.volume_ml.tolist() == volume.tolist()


def test_a_mean_without_volume_goes_there_and_back(table):
    (organ,) = read_organ_table(table("organ,mean_gy\nbrain,2\n"), n_fractions=4)
    (row,) = mean_rows([organ])
    assert (row["mean_gy"], row["volume_ml"], row["integral_dose_gy_ml"]) == (2.0, None, None)
