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
    first = [found["lesions"][0]["visits"][0] for found in (whole, dropped, off)]
    assert "ratio_frac" not in first[0]
    assert first[1]["ratio_frac"]["low"] >= 1.0  # M12 is larger in every draw without its dose
    assert first[1]["ratio_frac"]["median"] > 1.05
    assert first[2]["ratio_frac"]["high"] > 1.0
    assert first[0]["volume_ml"]["median"] < first[1]["volume_ml"]["median"]
    assert inside(*base).json == whole


def test_text_says_what_was_left_out_and_what_that_changes(inside: Call) -> None:
    base = ("simulate", "fong2025-melanoma", *FEW)
    done = inside(*base, "--drop", "RT2", "--without", "low-dose-stroma", "--without", "memory")
    assert "seed 1, without RT2, low-dose-stroma, memory" in done.out
    said = "Without RT2, low-dose-stroma, memory: the volume as a multiple of that with everything"
    assert said in done.out
    assert "as a multiple" not in inside(*base).out


NODULES = (["L01.1"], ["L01.2"])


def test_two_lung_nodules_have_their_shares_under_four_modes(inside: Call) -> None:
    """The lung lesions of the breast case, side by side in the text, and in the JSON object."""
    done = inside("simulate", "kim2021-breast", *FEW)
    head, row = (
        next(line for line in done.out.splitlines() if line.split()[:2] == [word, second])
        for word, second in (("lesion", "lesion"), ("L01", _share(done.out, "L01")))
    )
    assert head.split() == ["lesion", "lesion", "organ", "presence", "bronchial"]
    assert len(row.split()) == 5
    text = done.out.split("Share of the T cells")[1]
    nodules = [line.split() for line in text.splitlines() if line.split()[:1] in NODULES]
    assert [len(line) for line in nodules] == [5, 5]
    lesion = inside("simulate", "kim2021-breast", *FEW, "--json").json["lesions"][0]
    shares = lesion["share_frac"]
    assert lesion["lesion"] == "L01"
    assert shares["presence"] > shares["organ"] > shares["lesion"] > shares["bronchial"] > 0.0
    for member, row in zip(lesion["shares_of_members"], nodules, strict=False):
        assert [f"{share:.1%}" for share in member["share_frac"].values()] == row[1:]


def _share(text: str, lesion: str) -> str:
    """Return the first share of a lesion in the table of shares."""
    table = text.split("Share of the T cells")[1]
    line = next(line for line in table.splitlines() if line.split()[:1] == [lesion])
    return line.split()[1]


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


def test_published_models_take_the_case_and_say_what_they_drop(inside: Call) -> None:
    done = inside("simulate", "kim2021-breast", "--model", "jin2020", *FEW)
    assert done.status == 0
    for text in ("is a model of another group", "lesions: it has none", "week 2 (day"):
        assert text in done.out
    found = inside("simulate", "fong2025-melanoma", "--model", "kosinsky2018", *FEW, "--json").json
    assert found["model"] == "kosinsky2018"
    assert any("those of mice" in text for text in found["taken"])
    first = found["lesions"][0]["visits"][0]
    assert first["treated_ratio"]["low"] < 1.0
    bare = inside(
        "simulate", "fong2025-melanoma", "--model", "kosinsky2018", *FEW, "--json", "--drop", "RT2"
    ).json
    assert bare["dropped"] == ["RT2"]
    at_visit = [x["label"] for x in bare["visits"]].index("P6")
    assert bare["lesions"][0]["visits"][at_visit]["treated_ratio"]["median"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fong2025-melanoma", "--homing", "nose"), "lesion, organ, presence, bronchial"),
        (("fong2025-melanoma", "--draws", "0"), "draws: 0"),
        (("fong2025-melanoma", "--without", "nose"), "'nose' is no mechanism"),
        (("fong2025-melanoma", "--drop", "RT9"), "no course or therapy 'RT9'"),
        (("fong2025-melanoma", "--model", "kuznetsov1994"), "no place for the facts of a case"),
        (("fong2025-melanoma", "--model", "jin2020", "--homing", "organ"), "jin2020 has no use"),
        (("fong2025-melanoma", "--model", "jin2020", "--draws", "0"), "draws: 0"),
        (("fong2025-melanoma", "--model", "jin2020", "--drop", "RT9"), "no course or therapy"),
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
