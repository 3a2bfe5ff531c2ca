"""``abscope whatif`` and ``abscope optimize``: answers with intervals, one line per error."""

import json

import pytest

from abscope.cli.app import run
from abscope.cli.whatif import joined_pairs

FONG = "fong2025-melanoma"
_FEW = ["--prior", "--draws", "8"]


def _json(capsys, *arguments):
    status = run([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_the_question_of_the_article_gets_a_probability_an_interval_and_its_prior_share(capsys):
    asked = ["whatif", FONG, "--set", "rt.RT2: 5 x 1 Gy", *_FEW]
    status, found = _json(capsys, *asked)
    assert (status, found["ok"], found["fitted"], found["draws"]) == (0, True, False, 8)
    (scenario,) = found["scenarios"]
    assert scenario["name"] == "rt.RT2: 5 x 1 Gy"
    whole = scenario["rows"][0]
    assert whole["name"] == "all lesions"
    assert 0.0 <= whole["same_or_better_frac"] <= 1.0
    end = whole["change_frac"][-1]["difference"]
    assert end["low"] <= end["median"] <= end["high"]
    assert "All of this is prior" in scenario["how_much_is_prior"]
    assert any("this patient got 2 Gy" in text for text in scenario["never_seen"])
    assert any("what the drugs did is overstated" in text for text in scenario["assumed"])
    assert run(asked) == 0
    out = capsys.readouterr().out
    assert "The draws are of the prior" in out
    assert "all lesions together respond in" in " ".join(out.split())


def test_more_dose_per_fraction_says_that_a_size_counts_scar(capsys):
    for scenario, told in (("rt.RT2: 5 x 1 Gy", False), ("rt.RT2: 3 x 8 Gy", True)):
        _, found = _json(capsys, "whatif", FONG, "--set", scenario, *_FEW)
        (one,) = found["scenarios"]
        assert any("a size counts scar" in text for text in one["assumed"]) is told


def test_the_standard_set_names_every_alternative_and_draws_them(capsys, tmp_path):
    status, found = _json(
        capsys, "whatif", FONG, "--standard", *_FEW, "--figures", str(tmp_path / "out")
    )
    assert status == 0
    names = [one["name"] for one in found["scenarios"]]
    for text in ("1 x 8 Gy", "3 x 8 Gy", "5 x 4.5 Gy", "5 x 6 Gy", "10 x 3 Gy", "1 x 20 Gy",
                 "no radiotherapy", "add 4 x 1 Gy to the others", "spleen dose x0.5"):  # fmt: skip
        assert text in names
    assert any(name.startswith("pembrolizumab") for name in names)
    svg = (tmp_path / "out" / f"{FONG}-what-if.svg").read_text(encoding="utf-8")
    assert "10 x 3 Gy" in svg
    assert (tmp_path / "out" / f"{FONG}-what-if.png").read_bytes()[:4] == b"\x89PNG"


def test_no_line_is_wider_than_a_terminal_and_every_part_of_a_table_names_its_rows(capsys):
    asked = ["whatif", FONG, "--standard", "--shift", "pembrolizumab", "-21d", *_FEW]
    assert run(joined_pairs(asked)) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    assert out.count("\n  10 x 3 Gy ") == 2
    for head in ("in words", "sum", "response", "outside", "smaller", "lymphocytes"):
        assert any(head in map(str.strip, line.split("  ")) for line in out.splitlines()), head


def test_shift_takes_a_name_and_a_distance():
    assert joined_pairs(["whatif", FONG, "--shift", "D5", "-21d", "--json"]) == [
        "whatif", FONG, "--shift", "D5 -21d", "--json",
    ]  # fmt: skip
    assert joined_pairs(["--shift", "D5 -21d", "--prior"]) == ["--shift", "D5 -21d", "--prior"]
    assert run(["whatif", FONG, "--shift", "pembrolizumab", "-21d", *_FEW]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "no change is asked for"),
        (["--set", "rt.RT2: 5 x -1 Gy"], "a dose of -1 Gy"),
        (["--set", "rt.RT9: 5 x 1 Gy"], "'RT9' is nothing in this case"),
        (["--shift", "D5", "soon"], "no distance in time"),
        (["--shift", "D5"], None),
        (["--drop", "RT2", "--set", "rt.RT2: 3 x 8 Gy"], "contradicts"),
        (["--set", "rt.RT2: 3 x 8 Gy", "--draws", "1"], "2 to 5000"),
    ],
)
def test_what_cannot_be_asked_is_one_clear_line(capsys, arguments, told):
    status = run(["whatif", FONG, "--prior", *arguments])
    error = capsys.readouterr().err
    assert status == 2
    assert len(error.strip().splitlines()) == 1
    assert told is None or told in error


def test_a_case_without_radiotherapy_has_no_what_if(capsys):
    from abscope.case.shelf import library_names, open_case
    from abscope.model.from_case import can_be_simulated

    bare = [name for name in library_names() if not can_be_simulated(open_case(name).case)]
    if not bare:
        pytest.skip("every case of the library can be simulated")
    assert run(["whatif", bare[0], "--prior", "--drop", "RT1"]) == 1
    assert "without radiotherapy" in capsys.readouterr().err


def test_a_search_gives_a_front_within_the_limits_and_the_same_for_the_same_seed(capsys):
    pytest.importorskip("optuna", reason="the extra abscope[optimize] is not installed")
    arguments = [
        "optimize", FONG, *_FEW, "--vary", "rt.RT2.dose: 1 to 8 Gy by 1",
        "--vary", "rt.RT2.fractions: 1 to 5", "--goal", "size", "--goal", "lymphocytes@0.1",
        "--limit", "total RT2 <= 20 Gy", "--evaluations", "24",
    ]  # fmt: skip
    status, found = _json(capsys, *arguments)
    assert status == 0
    assert found["chosen"]
    for one in found["chosen"]:
        assert one["limits"]["total RT2 <= 20 Gy"] <= 20.0
        assert one["sentence"].startswith(one["name"])
    size = [one["goals"]["size"] for one in found["chosen"]]
    counts = [one["goals"]["lymphocytes@0.1"] for one in found["chosen"]]
    best = size.index(min(size))
    assert counts[best] == min(counts)  # the best of one goal is the worst of the other
    _, again = _json(capsys, *arguments)
    assert again == found


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--vary", "rt.RT2.dose: 8 to 1 Gy"], "runs from 8 down to 1"),
        (["--vary", "rt.RT2.dose: 1 to 90 Gy"], "Narrow the range"),
        (["--vary", "RT7.dose: 1 to 9 Gy"], "'RT7' is nothing"),
        (["--vary", "rt.RT2.fractions: 1 to 5", "--goal", "cure"], "'cure' is no goal"),
        (["--vary", "rt.RT2.fractions: 1 to 5", "--limit", "total RT2 <= -4 Gy"], "bound of -4"),
        (["--vary", "rt.RT2.fractions: 1 to 5", "--limit", "total RT2 <= 4 Gy",
          "--limit", "total RT2 >= 9 Gy"], "excludes"),
        ([], "nothing to vary"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_one_clear_line(capsys, arguments, told):
    status = run(["optimize", FONG, "--prior", "--draws", "4", *arguments])
    error = capsys.readouterr().err
    assert status == 2
    assert told in error
    assert len(error.strip().splitlines()) == 1
