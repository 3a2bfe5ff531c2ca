"""The page on tables names every column, category and kind of difference that the code has."""

import re
from pathlib import Path
from typing import get_args

from abscope.io.delimited import MAX_LINES
from abscope.io.lesion_rows import KINDS, ROLES, STATES
from abscope.io.lesion_table import READERS, lesion_columns, read_lesion_table
from abscope.io.timepoint_table import RESPONSES, timepoint_columns
from abscope.response.consistency import Kind
from abscope.response.result_tables import ADRS_COLUMNS, ADTR_COLUMNS, ADTTE_COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "tables.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text from a heading to the next one of its level."""
    _, _, rest = PAGE.partition(f"\n## {title}\n")
    assert rest, title
    return rest.partition("\n## ")[0]


def first_cells(text: str) -> set[str]:
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_columns_of_the_lesion_table() -> None:
    names = {c.name for by_date in (True, False) for c in lesion_columns(by_date=by_date)}
    assert first_cells(section("The lesion table")) == names


def test_columns_of_the_time_points() -> None:
    names = {column.name for column in timepoint_columns()}
    assert first_cells(section("The table of time points")) == names


def test_words_and_limits() -> None:
    lesions, points = section("The lesion table"), section("The table of time points")
    for word in (*KINDS, *ROLES, *STATES, *READERS):
        assert f"`{word}`" in lesions
    for words in RESPONSES.values():
        assert all(f"`{word}`" in points for word in words)
    assert f"{MAX_LINES:,}" in PAGE
    assert all(f"| `{kind}` |" in section("SDTM: TU, TR, RS") for kind in get_args(Kind))
    for columns in (ADRS_COLUMNS, ADTR_COLUMNS, ADTTE_COLUMNS):
        assert ", ".join(f"`{column}`" for column in columns) in section("Tables out")


def test_the_example_is_a_sound_table(tmp_path: Path) -> None:
    (example,) = re.findall(r"```\n(subject,.*?)```", PAGE, re.DOTALL)
    (tmp_path / "lesions.csv").write_text(example)
    assert read_lesion_table(tmp_path / "lesions.csv").n_rows == 4
