"""Published number: the rows of ctcae_cases.csv, CTCAE v5.0 with the counts of two cases."""

import csv
from pathlib import Path

import pytest

from abscope.response.ctcae import diarrhea_grade, lymphocyte_grade

TABLE = Path(__file__).parents[2].parent / "shared" / "data" / "response" / "ctcae_cases.csv"


@pytest.mark.skipif(not TABLE.exists(), reason=f"{TABLE} is absent")
def test_every_row():
    with TABLE.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 19
    for row in rows:
        value, expected = float(row["value"]), int(row["expected_grade"])
        if row["term"] == "diarrhoea":
            result = diarrhea_grade(
                value, hospitalized="hospitalised" in row["unit"], life_threatening=False
            )
        else:
            assert row["unit"] == "cells/mm3"
            result = lymphocyte_grade(value, lower_limit_per_ul=float(row["lln"]))
        assert result.grade == expected, row
