"""``abscope blood``: a case, a table, what-if, figures, and every wrong use."""

from pathlib import Path

import pytest

from ended import Call

TABLE = """organ,mean_gy,n_fractions,volume_ml
lung,10,5,3000
spleen,2,5,200
remainder,0.8,5,50000
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "organs.csv"
    path.write_text(TABLE)
    return path


def test_breast_case_says_all_that_the_issue_asks(inside: Call) -> None:
    done = inside("blood", "kim2021-breast")
    assert (done.status, done.err) == (0, "")
    for text in (
        "research use only", "Organ doses are a guess", "3300", "640", "1150", "EDIC",
        "cannot tell apart alpha", "frozen streamlines", "saturating", "spleen",
        "grades 0 and 1 cannot be told apart",
    ):  # fmt: skip
        assert text in done.out
    assert done.out.count("the count is inside") == 4


def test_json_has_bands_and_drivers(inside: Call) -> None:
    found = inside("blood", "kim2021-breast", "--json", "--draws", "600").json
    assert found["ok"] is True
    assert found["tier"] == "guess"
    assert [item["values_per_ul"] for item in found["counts"]] == [[640.0], [1150.0]]
    assert len(found["band"]["time_d"]) == len(found["band"]["count_per_ul"])
    assert found["identifiability"]


def test_what_if_options(inside: Call) -> None:
    done = inside("blood", "kim2021-breast", "--draws", "600", "--beam-time-s", "30",
                  "--fractions", "1", "--sites", "together", "--spare", "spleen=0.5",
                  "--spare", "nodes=0", "--subsets")  # fmt: skip
    assert done.status == 0
    for text in ("beam on for 30 s", "1 fraction at equal dose", "courses together",
                 "spleen x 0.5, nodes x 0", "CD8 T", "as treated"):  # fmt: skip
        assert text in done.out


def test_table_with_counts_and_figures(inside: Call, table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    arguments = ("blood", table, "--count", "-3=2000", "--count", "7=1100", "--draws", "600",
                 "--figures", folder)  # fmt: skip
    done = inside(*arguments)
    assert (done.status, done.err) == (0, "")
    assert sorted(path.suffix for path in folder.iterdir()) == [".png", ".png", ".svg", ".svg"]
    before = {path: path.read_bytes() for path in folder.iterdir()}
    again = inside(*arguments)
    assert again.status == 2
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert inside(*arguments, "--force").status == 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--draws", "10"), "500 to 50000"),
        (("--spare", "spleen"), "ORGAN=FACTOR"),
        (("--spare", "splen=0.5"), "splen"),
        (("--sites", "near"), "together or apart"),
        (("--sex", "any"), "female or male"),
        (("--beam-time-s", "0"), "1 to 7200"),
        (("--fractions", "0"), "1 to 60"),
        (("--count", "5=640"), "labs of the case"),
        (("--dose", "nowhere", "--organs", "x.csv"), "--dose and --organs"),
    ],
)
def test_wrong_use(inside: Call, options: tuple[str, ...], word: str) -> None:
    done = inside("blood", "kim2021-breast", *options)
    assert done.status == 2
    assert word in done.err


@pytest.mark.parametrize(
    ("row", "word"),
    [("lung,1000000,5,3000", "Gy"), ("lvng,1,5,3000", "lvng"), ("lung,-1,5,3000", "-1"),
     ("spleen,1,5,20", "spleen")],
)  # fmt: skip
def test_bad_tables(inside: Call, table: Path, row: str, word: str) -> None:
    table.write_text(TABLE + row + "\n")
    done = inside("blood", table)
    assert done.status in (1, 2)
    assert word in done.err


def test_a_case_without_a_dose_is_an_error(inside: Call) -> None:
    done = inside("blood", "chen2025-rcc")
    assert done.status == 1
    assert "no dose is on record" in done.err


def test_mixing_circulation_and_plateau_are_options_that_are_said(
    inside: Call, table: Path, tmp_path: Path
) -> None:
    edits = tmp_path / "own.toml"
    edits.write_text(
        'source = "assumed: kidneys of this patient"\n[compartment.kidneys]\nflow_percent = 12\n'
        "[compartment.muscle]\nflow_percent = 17\n"
        "[compartment.large_arteries.to]\nkidneys = 12\nmuscle = 17\n"
    )
    done = inside("blood", table, "--draws", "500", "--tau-mix-s", "inf", "--plateau-by-dose",
                  "--circulation", edits, "--cardiac-output-l-per-min", "8")  # fmt: skip
    assert (done.status, done.err) == (0, "")
    for text in ("after inf s", "lowers the plateau", "not that of the reference adult",
                 "mean doses of organs only", "integral dose 70.4 Gy l)"):  # fmt: skip
        assert text in done.out
    edits.write_text(
        'source = "assumed: too much flow"\n[compartment.kidneys]\nflow_percent = 30\n'
    )
    done = inside("blood", table, "--circulation", edits)
    assert done.status == 1
    assert "kidneys" in done.err


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--count", "-3=2100", "--count", "7=1.1"), "differ 1909 times"),
        (("--count", "-3=2.1", "--count", "7=1.1"), "are they in 10^9/L?"),
        (("--count", "7=1100", "--count", "7=900"), "two counts on day 7"),
        (("--count", "7=-5"), "0 or more"),
        (("--tau-mix-s", "-1"), "0 to inf"),
        (("--circulation", "none.toml"), "no such file"),
    ],
)
def test_bad_counts_and_options_of_a_table(
    inside: Call, table: Path, options: tuple[str, ...], word: str
) -> None:
    done = inside("blood", table, *options)
    assert done.status == 2
    assert word in done.err


def test_zero_beam_time_in_a_table(inside: Call, table: Path) -> None:
    rows = [line + ",0" for line in TABLE.splitlines()]
    table.write_text("\n".join([rows[0][:-2] + ",beam_on_time_s", *rows[1:]]) + "\n")
    done = inside("blood", table)
    assert done.status == 1
    assert done.err.count("beam_on_time_s is 0") == 3


def test_one_count_and_none_are_wider(inside: Call, table: Path) -> None:
    widths = []
    for counts in ((), ("--count", "7=1100"),
                   ("--count", "-3=2000", "--count", "7=1100", "--count", "60=1400")):  # fmt: skip
        found = inside("blood", table, "--draws", "1000", "--json", *counts).json
        low, _, high = found["lowest_per_ul"]
        widths.append(high / low)
    assert widths[0] > widths[1] > widths[2]
