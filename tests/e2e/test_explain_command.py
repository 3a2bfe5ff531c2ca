"""``abscope explain``: one screen, JSON, figures, a folder, and every wrong use."""

import json
from pathlib import Path

import pytest

from ended import Call

FEW = ("--prior", "--draws", "30")


def test_melanoma_case_is_told_on_one_screen_and_is_the_same_again(inside: Call) -> None:
    done = inside("explain", "fong2025-melanoma", *FEW)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("! Nothing was fitted: 30 draws of the prior")
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 45
    for text in (
        "Change until P7", "dose elsewhere", "without radiotherapy", "the drugs alone",
        "What would have settled", "cannot tell", "more than the data allow",
        "appear or grow under ipilimumab and pembrolizumab",
    ):  # fmt: skip
        assert text in " ".join(done.out.split())
    assert inside("explain", "fong2025-melanoma", *FEW).out == done.out


def test_one_lesion_is_explained_with_files_and_folder(inside: Call, tmp_path: Path) -> None:
    run, figures = tmp_path / "run", tmp_path / "figures"
    done = inside(
        "explain", "fong2025-melanoma", *FEW, "--lesion", "M12", "--figures", figures,
        "--out", run, "--json",
    )  # fmt: skip
    found = done.json
    assert found["ok"]
    assert [item["lesion"] for item in found["lesions"]] == ["M12"]
    assert found["source"] == "prior"
    assert found["lesions"][0]["target"] is True
    drawn = sorted(path.name for path in figures.iterdir())
    assert drawn == ["fong2025-melanoma-attribution.png", "fong2025-melanoma-attribution.svg"]
    kept = json.loads((run / "results.json").read_text(encoding="utf-8"))
    assert kept["conclusion"] == found["conclusion"]
    again = inside("explain", "fong2025-melanoma", *FEW, "--out", run)
    assert again.status == 2
    assert "--force" in again.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--prior", "--draws", "5"), "draws: 5"),
        (("--prior", "--seed", "-1"), "seed: -1"),
        (("--prior", "--lesion", "M99"), "there is no lesion 'M99'"),
        (("--prior", "--homing", "nowhere"), "nowhere"),
        (("--prior", "--run", "x"), "--prior"),
        (("--run", "no-such-folder"), "no-such-folder"),
    ],
)
def test_wrong_use_is_refused(inside: Call, arguments: tuple[str, ...], words: str) -> None:
    done = inside("explain", "fong2025-melanoma", *arguments)
    assert done.status in (1, 2)
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_course_without_a_dose_is_not_taken_for_no_effect(inside: Call) -> None:
    """What was given and cannot be simulated is unknown, not zero."""
    done = inside("explain", "deng2024-melanoma", *FEW)
    assert done.status == 1
    assert done.err.count("\n") == 1
    assert "without radiotherapy that can be simulated (RT1: no dose is on record" in done.err
    part = inside("explain", "ishikawa2022-cup", *FEW, "--lesion", "A1")
    assert part.status == 0
    assert "! RT2: no dose is on record: not simulated: what it did" in part.out


def test_case_without_lesions_to_simulate_is_refused(inside: Call) -> None:
    done = inside("explain", "lymphoma-isrt-pet", "--prior")
    assert done.status in (1, 2)
    assert done.err.startswith("error: ")
