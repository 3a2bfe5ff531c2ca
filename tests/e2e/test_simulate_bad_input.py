"""``abscope simulate``: cases and options that cannot be, each with one clear line and no file."""

from pathlib import Path
from typing import Any

import pytest

from abscope.case.writer import case_to_yaml
from ended import Call
from model_cases import phase, small_case

FEW = ("--draws", "2")


def written(folder: Path, name: str = "case.yaml", **more: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(case_to_yaml(small_case(**more)), encoding="utf-8")
    return path


def crowd(number: int) -> dict[str, Any]:
    return {"lesions": [{"id": "A", "site": "liver"},
                        {"id": "B", "site": "lung", "count": number - 1}]}  # fmt: skip


def test_fifty_lesions_and_three_hundred_fractions_are_simulated(
    inside: Call, tmp_path: Path
) -> None:
    course = phase(n_fractions_planned=150, dose_per_fraction_gy=0.4, fractionation="twice_daily")
    first = course[0]["phases"][0]
    course[0]["phases"] = [first, {**first, "id": "RT1b", "start": "2024-05-20"}]
    for more in (crowd(50), {"rt_courses": course}):
        found = inside("simulate", written(tmp_path, **more), *FEW, "--json").json
        assert found["failed_draws"] == 0
        assert found["lesions"][1]["members"][1] in (1, 49)
    assert len(found["fractions_d"]) == 300


def test_two_events_on_one_day_are_both_taken(inside: Call, tmp_path: Path) -> None:
    """A resection, an infusion and a fraction in one instant; twice daily fractions."""
    drugs = [{"id": "D1", "agents": [{"name": "pembrolizumab"}], "start": "day 0", "n_cycles": 3}]
    surgery = [{"id": "S1", "kind": "resection", "name": "lobe", "when": "day 0",
                "lesions": ["B"]}]  # fmt: skip
    path = written(tmp_path, systemic_therapy=drugs, procedures=surgery)
    found = inside("simulate", path, *FEW, "--json").json
    assert found["failed_draws"] == 0
    gone = next(x for x in found["lesions"] if x["lesion"] == "B")
    assert gone["visits"][0]["volume_ml"]["high"] < 1e-3


def test_drug_and_course_before_day_zero_are_taken_or_named(inside: Call, tmp_path: Path) -> None:
    drugs = [{"id": "D1", "agents": [{"name": "nivolumab"}], "start": "day -100", "n_cycles": 3}]
    path = written(tmp_path, systemic_therapy=drugs)
    done = inside("simulate", path, *FEW)
    assert done.status == 0
    assert "drugs given before the start act" in done.out
    early = phase()[0] | {"id": "RT0", "start": "2023-01-05"}
    early["phases"] = [{**early["phases"][0], "id": "RT0a", "start": "2023-01-05"}]
    path = written(tmp_path, rt_courses=[early, *phase()])
    done = inside("simulate", path, *FEW)
    assert done.status == 0
    assert "RT0 was given before day zero and is not simulated" in done.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (crowd(101), "101 lesions; expected at most 100"),
        ({"lesions": [], "imaging": [], "rt_courses": [], "day_zero": None}, "no lesions"),
    ],
)
def test_cases_that_cannot_be_simulated_end_with_one_line(
    inside: Call, tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    path = written(tmp_path, **more)
    table, folder = tmp_path / "draws.csv", tmp_path / "figures"
    done = inside("simulate", path, *FEW, "--parquet", table, "--figures", folder)
    assert done.status == 1
    assert done.out == ""
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not table.exists()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--draws", "0"), "draws: 0"),
        (("--draws", "-5"), "draws: -5"),
        (("--draws", "1000000"), "1 to 20000"),
        (("--seed", "-1"), "seed: -1"),
        (("--homing", "nose"), "lesion, organ, presence, bronchial"),
        (("--without", "nose"), "'nose' is no mechanism"),
        (("--drop", "nose"), "no course or therapy 'nose'"),
        (("--dose", "nowhere"), "nowhere"),
        (("--organs", "nowhere.csv"), "nowhere.csv"),
        (("--map", "nowhere.yaml"), "--dose DIR"),
    ],
)
def test_wrong_options_end_with_one_line_and_no_file(
    inside: Call, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    table = tmp_path / "draws.csv"
    given = FEW if "--draws" not in options else ()
    done = inside("simulate", written(tmp_path), *given, *options, "--parquet", table)
    assert done.status in (1, 2)
    assert done.out == ""
    assert words in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not table.exists()


def test_table_that_cannot_be_written_leaves_nothing_behind(inside: Call, tmp_path: Path) -> None:
    path = written(tmp_path)
    for target in (tmp_path / "missing" / "draws.parquet", tmp_path / "draws.xyz", tmp_path):
        figures = tmp_path / "figures"
        done = inside("simulate", path, *FEW, "--parquet", target, "--figures", figures)
        assert done.status in (1, 2), target
        assert str(target.name) in done.err
        assert len(done.err.strip().splitlines()) == 1
        assert not figures.exists(), target
    assert sorted(item.name for item in tmp_path.iterdir()) == ["case.yaml"]


def test_path_with_any_letters_works_and_a_folder_is_no_case(inside: Call, tmp_path: Path) -> None:
    path = written(tmp_path, "Фаля žluťoučký 病例/läsion ü.yaml")
    assert inside("simulate", path, *FEW).status == 0
    done = inside("simulate", path.parent, *FEW)
    assert done.status in (1, 2)
    assert done.out == ""
    assert len(done.err.strip().splitlines()) == 1
