"""The examples on the pages about radiobiology and organ doses do what they show."""

import contextlib
import io
import re
from pathlib import Path

from abscope.dose.organ_csv import read_organ_table
from abscope.dose.organ_map_file import read_mapping

DOCS = Path(__file__).resolve().parents[2] / "docs" / "explanation"


def blocks(page, language):
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_ramp_prints_what_its_comment_says():
    (code,) = blocks("radiobiology.md", "python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "radiobiology.md", "exec"), {})
    (comment,) = re.findall(r"print\(.*\)  # (.*)", code)
    assert printed.getvalue().strip() == comment == "15.833 Gy against 13.750 Gy"


def test_the_table_and_the_mapping_read(tmp_path):
    mapping, table = blocks("organ-doses.md", "text")
    (tmp_path / "m.yaml").write_text(mapping, encoding="utf-8")
    assert read_mapping(tmp_path / "m.yaml")["Nodes"] == "nodes_axilla"
    (tmp_path / "t.csv").write_text(table, encoding="utf-8")
    organs = read_organ_table(tmp_path / "t.csv")
    assert [organ.organ for organ in organs] == ["lung", "heart", "remainder"]
    assert organs[0].dose_per_fraction_gy.tolist() == [0.5]
