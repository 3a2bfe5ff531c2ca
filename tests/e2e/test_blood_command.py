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
        "cannot tell apart alpha", "grades 0 and 1 cannot be told apart", "spleen",
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
    for text in ("beam on for 30 s", "1 fractions at equal dose", "courses together",
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
