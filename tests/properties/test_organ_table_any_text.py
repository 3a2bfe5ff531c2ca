"""Any text as a table of organs is read or refused with its place, never anything else."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.dose.organ_csv import DOSE_COLUMNS, OTHER_COLUMNS, read_organ_table
from abscope.errors import TableError

CELLS = ["liver", "Lung_L", "remainder", "1", "0", "-1", "2.5", "1e5", "nan", "", " ", '"', "x,y",
         "Ω", "\u2028", "left", "1_0", "٣", "0x1", "inf", "1e-320", "98%"]  # fmt: skip
header = st.lists(st.sampled_from([*DOSE_COLUMNS, *OTHER_COLUMNS, "other"]), min_size=1, max_size=7)
rows = st.lists(st.lists(st.sampled_from(CELLS), min_size=1, max_size=7), max_size=6)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("any") / "t.csv"


def check(path, text):
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    organs, problems = (), ()
    try:
        organs = read_organ_table(path, n_fractions=5)
    except TableError as error:
        problems = error.problems
    assert all(problem.where.startswith(str(path)) for problem in problems)
    assert all(str(problem).isprintable() for problem in problems)
    assert bool(organs) != bool(problems)
    for organ in organs:
        assert (organ.dose_per_fraction_gy >= 0).all()
        assert organ.n_fractions >= 1
        assert 0 < organ.covered_frac <= 1
        assert organ.beam_on_time_s is None or organ.beam_on_time_s > 0
        assert math.isnan(organ.volume_ml.sum()) or organ.volume_ml.sum() > 0


@settings(derandomize=True, max_examples=150, deadline=None)
@given(header, rows, st.sampled_from([",", ";", "\t"]))
def test_rows_of_odd_cells(path, columns, lines, delimiter):
    text = "\n".join(delimiter.join(line) for line in [columns, *lines])
    check(path, text)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(rows)
def test_odd_cells_under_a_good_header(path, lines):
    body = "\n".join(",".join([*line, *[""] * 7][:4]) for line in lines)
    check(path, "organ,mean_gy,volume_ml,sides\n" + body)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_any_text(path, text):
    check(path, text)
