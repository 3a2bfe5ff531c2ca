"""``abscope simulate``: lines, JSON, table, figures, and every wrong use."""

from pathlib import Path

import pytest

from ended import Call

FEW = ("--draws", "8")


def test_melanoma_case_says_what_it_expects_and_what_it_does_not_know(inside: Call) -> None:
    done = inside("simulate", "fong2025-melanoma", *FEW)
    assert (done.status, done.err) == (0, "")
    for text in (
        "research use only", "not calibrated", "M12 mesenteric nodule", "P6 (day 56)",
        "Lymphocytes per microliter", "by mode of homing", "bronchial",
        "Not known, and what stands in for it", "dose of pembrolizumab not on record",
    ):  # fmt: skip
        assert text in done.out


def test_json_differs_without_the_course_and_without_the_mechanism(inside: Call) -> None:
    base = ("simulate", "fong2025-melanoma", "--json", *FEW)
    whole = inside(*base).json
    dropped = inside(*base, "--drop", "RT2").json
    off = inside(*base, "--without", "low-dose-stroma").json
    assert whole["ok"]
    assert dropped["dropped"] == ["RT2"]
    assert off["without"] == ["low-dose-stroma"]
    last = [
        found["lesions"][0]["visits"][0]["volume_ml"]["median"] for found in (whole, dropped, off)
    ]
    assert last[0] < 0.5 * last[1]
    assert last[2] != last[0]
    assert inside(*base).json == whole


def test_table_and_figures_are_written_and_not_overwritten(inside: Call, tmp_path: Path) -> None:
    table, folder = tmp_path / "draws.parquet", tmp_path / "figures"
    call = ("simulate", "fong2025-melanoma", *FEW, "--parquet", table, "--figures", folder)
    assert inside(*call).status == 0
    import duckdb

    rows = duckdb.sql(f"select count(distinct draw) n from '{table}'").fetchall()
    assert rows == [(8,)]
    drawn = {path.name for path in folder.iterdir()}
    assert drawn == {
        "fong2025-melanoma-expectation.svg", "fong2025-melanoma-expectation.png",
    }  # fmt: skip
    again = inside(*call)
    assert again.status == 2
    assert "exists" in again.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fong2025-melanoma", "--homing", "nose"), "lesion, organ, presence, bronchial"),
        (("fong2025-melanoma", "--draws", "0"), "draws: 0"),
        (("fong2025-melanoma", "--without", "nose"), "'nose' is no mechanism"),
        (("fong2025-melanoma", "--drop", "RT9"), "no course or therapy 'RT9'"),
        (("fong2025-melanoma", "--model", "kosinsky2018"), "no place for the facts of a case"),
        (("fong2025-melanoma", "--model", "nose"), "is no model"),
        (("lymphoma-isrt-pet",), "series of patients"),
        (("no-such-case",), "no library case"),
    ],
)
def test_wrong_use_ends_with_one_clear_error(
    inside: Call, arguments: tuple[str, ...], words: str
) -> None:
    done = inside("simulate", *arguments)
    assert done.status in (1, 2)
    assert words in done.err
    assert done.out == ""
