"""The commands assess and best on cases, tables and SDTM folders, right and wrong."""

from pathlib import Path

import pytest

from ended import Call

SDTM = Path(__file__).parents[3] / "shared" / "data" / "sdtm"
HEAD = "subject,visit,date,lesion,role,organ,kind,state,diameter_mm\n"
GROWN = (
    "p1,base,2020-01-01,T1,target,lung,soft_tissue,measured,27.0\n"
    "p1,v1,2020-03-01,T1,target,lung,soft_tissue,measured,32.4\n"
    "p2,base,2020-01-01,T1,target,liver,soft_tissue,measured,14.0\n"
    "p2,v1,2020-03-01,T1,target,liver,soft_tissue,measured,9.8\n"
)


def test_fong_from_the_command_line(inside: Call) -> None:
    done = inside("assess", "fong2025-melanoma", "--json")
    assert done.status == 0
    found = done.json
    course = next(item for item in found["courses"] if item["course"] == "RT2")
    visits = course["in_field"]["reading"]["visits"]
    assert [visit["overall"] for visit in visits] == ["PR", "CR", "CR"]
    line = next(item for item in found["immune"] if "D4" in item["therapies"])
    assert [visit["call"] for visit in line["visits"]] == ["iUPD", "iPR", "iCR", "iCR"]
    assert any("RT between" in flag for flag in line["flags"])
    assert found["grade"]["grade"] == "not_evaluable"
    assert found["abscopal"]["strict"] == "cannot_judge"


def test_kim_from_the_command_line(inside: Call) -> None:
    found = inside("assess", "kim2021-breast", "--json").json
    assert found["abscopal"]["strict"] == "possible_confounded"
    assert found["abscopal"]["field_only"] == "yes"
    pain = {item["site"]: item["possible"] for item in found["pain"]}
    assert (pain["L02"], pain["L04"]) == (["CR"], ["PR"])
    text = inside("assess", "kim2021-breast").out
    assert "Abscopal call: possible_confounded (strict), yes (field-only)" in text
    assert "Lymphocytes during RT1: 640 per uL, CTCAE v5 grade 2" in text


def test_a_case_writes_its_tables_once(inside: Call, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = inside("assess", "katayama-nsclc", "-o", out, "--json")
    assert done.status == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "abscopal.csv",
        "lesions.csv",
        "visits.csv",
    ]
    before = (out / "abscopal.csv").read_text(encoding="utf-8")
    assert "katayama-nsclc,yes,yes,D1" in before
    again = inside("assess", "kim2021-breast", "-o", out)
    assert again.status == 2
    assert "--force" in again.err
    assert (out / "abscopal.csv").read_text(encoding="utf-8") == before


def test_a_table_of_lesions_is_read_exactly_at_the_boundaries(inside: Call, tmp_path: Path) -> None:
    file = tmp_path / "lesions.csv"
    file.write_text(HEAD + GROWN, encoding="utf-8")
    found = inside("assess", file, "--json").json
    assert [item["best"]["response"] for item in found["subjects"]] == ["PD", "PR"]
    assert found["counts"] == {
        "rows_in": 4, "rows_used": 4, "rows_left_out": 0, "readings": 2,
    }  # fmt: skip
    immune = inside("assess", file, "--criteria", "irecist", "--json").json
    assert immune["subjects"][0]["visits"] == [{"visit": "v1", "overall": "iUPD"}]


def test_a_table_is_drawn_as_waterfall_and_swimmer(inside: Call, tmp_path: Path) -> None:
    file, folder = tmp_path / "lesions.csv", tmp_path / "figures"
    file.write_text(HEAD + GROWN, encoding="utf-8")
    done = inside("assess", file, "--figures", folder, "--json")
    assert done.status == 0
    assert [item["best_change_frac"] for item in done.json["subjects"]] == pytest.approx(
        [0.2, -0.3]
    )
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "cohort-swimmer.png",
        "cohort-swimmer.svg",
        "cohort-waterfall.png",
        "cohort-waterfall.svg",
    ]
    drawn = (folder / "cohort-waterfall.svg").read_text(encoding="utf-8")
    assert "p1" in drawn
    assert "p2" in drawn


def test_all_bad_rows_of_a_table_are_named_or_left_out(inside: Call, tmp_path: Path) -> None:
    file = tmp_path / "lesions.csv"
    bad = GROWN.replace("32.4", "-3").replace("9.8", "a lot")
    file.write_text(HEAD + bad, encoding="utf-8")
    done = inside("assess", file, "--json")
    assert (done.status, len(done.json["errors"])) == (1, 2)
    assert done.json["errors"][0]["where"] == f"{file}:3:diameter_mm"
    file.write_text(HEAD + GROWN.replace("32.4", "-3"), encoding="utf-8")
    kept = inside("assess", file, "--leave-out", "--json").json
    assert [item["subject"] for item in kept["subjects"]] == ["p2"]
    assert kept["counts"]["rows_left_out"] == 2
    assert kept["left_out"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to assess"),
        (("kim2021-breast", "--sdtm", "."), "both"),
        (("kim2021-breast", "--policy", "confirmation=maybe"), "true or false"),
        (("kim2021-breast", "--low-gy", "30"), "dose lines"),
        (("no-such.csv",), "no such file"),
        (("--sdtm", "nowhere"), "there is no such folder"),
    ],
)
def test_wrong_use_of_assess(inside: Call, arguments: tuple[str, ...], said: str) -> None:
    done = inside("assess", *arguments)
    assert done.status == 2
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_an_unknown_set_of_criteria_is_refused(inside: Call, tmp_path: Path) -> None:
    file = tmp_path / "lesions.csv"
    file.write_text(HEAD + GROWN, encoding="utf-8")
    done = inside("assess", file, "--criteria", "percist")
    assert (done.status, "one of recist, irecist, imrecist" in done.err) == (2, True)


@pytest.mark.skipif(not SDTM.is_dir(), reason="../shared/data/sdtm is not beside this checkout")
def test_sdtm_sets_of_one_folder_are_compared_each(inside: Call, tmp_path: Path) -> None:
    found = inside("assess", "--sdtm", SDTM, "-o", tmp_path / "out", "--json").json
    counts = {item["set"]: item["counts"] for item in found["sets"]}
    full = counts["sdtm_*_onco.csv.gz"]
    assert (full["target_response"], full["target_scored"], full["two_dates"]) == (168, 1896, 3)
    small = counts["sdtm_*_onco_recist.csv"]
    assert (small["overall_response"], small["overall_evaluable"]) == (0, 57)
    assert [Path(name).name for name in found["not_read"]] == ["sdtm_rs_onco_irecist.csv"]
    assert all(Path(name).is_file() for item in found["sets"] for name in item["written"])


def test_best_responses_of_adjudicated_time_points(inside: Call, tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text(
        "subject,date,response,reference\n"
        "a,2020-01-01,SD,2019-11-01\na,2020-02-01,PR,\na,2020-03-05,CR,\n"
        "b,2020-01-01,iUPD,2019-12-01\nb,2020-02-10,iCPD,\n",
        encoding="utf-8",
    )
    found = inside("best", file, "--json").json
    values = {(row["USUBJID"], row["PARAMCD"]): row["AVALC"] for row in found["endpoints"]}
    assert (values["a", "BOR"], values["a", "CBOR"], values["b", "IBOR"]) == ("CR", "PR", "iCPD")
    assert found["counts"] == {"rows_in": 5, "rows_counted": 5, "rows_excluded": 0}
    done = inside("best", file, "--option", "min_sd=1")
    assert (done.status, "Did you mean min_sd_d" in done.err) == (2, True)


def test_best_asks_for_the_reference_date_and_names_every_wrong_row(
    inside: Call, tmp_path: Path
) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("subject,date,response\na,2020-01-01,SD\nb,2020-01-01,PR\n", encoding="utf-8")
    done = inside("best", file, "--json")
    assert (done.status, len(done.json["errors"])) == (1, 2)
    assert "column 'reference'" in done.json["error"]
    file.write_text("subject,date,response\na,2020-01-01,iXX\n", encoding="utf-8")
    done = inside("best", file)
    assert (done.status, f"{file}:2:response" in done.err) == (1, True)
