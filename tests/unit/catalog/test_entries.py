"""Every number of the catalog has unit, range and source; what has not does not load."""

from importlib.resources import files
from typing import get_args

import pytest

from abscope.case.record import Diagnosis
from abscope.catalog import alpha_beta, exposure_line, load
from abscope.catalog.entries import UNITS, parse, source_problem
from abscope.errors import ModelError

GOOD = {
    "value": "1.0", "low": "0.5", "high": "2.0", "unit": '"Gy"', "source": '"pmid:123"',
    "note": '"a number"',
}  # fmt: skip


def text(**changes):
    items = {**GOOD, **changes}
    return "[x]\n" + "\n".join(f"{key} = {item}" for key, item in items.items() if item)


def entry_files():
    folder = files("abscope.catalog") / "data"
    names = sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml"))
    texts = {name: (folder / f"{name}.toml").read_text() for name in names}
    # Lists of tables and the circulation have readers and tests of their own.
    return [
        name
        for name, content in texts.items()
        if "[[" not in content and "[compartment." not in content
    ]


def test_every_entry_of_every_file():
    names = entry_files()
    assert "alpha_beta" in names
    for name in names:
        for key, entry in load(name).items():
            assert entry.name == key
            assert entry.unit in UNITS
            assert entry.low <= entry.value <= entry.high, (name, key)
            assert source_problem(entry.source) is None
            assert entry.note


def test_entry_is_read():
    entry = parse(text(), where="t")["x"]
    assert (entry.value, entry.low, entry.high, entry.unit) == (1.0, 0.5, 2.0, "Gy")
    assert not entry.assumed


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"source": ""}, "no source"),
        ({"source": '"Smith 2019"'}, "Smith 2019"),
        ({"source": '"doi:banana"'}, "banana"),
        ({"source": '"assumed:"'}, "source is"),
        ({"source": '"pmid:1; Smith"'}, "source is"),
        ({"unit": '"cGy"'}, "cGy"),
        ({"unit": ""}, "unit"),
        ({"note": '" "'}, "no note"),
        ({"low": ""}, "None"),
        ({"value": "true"}, "three finite numbers"),
        ({"value": "nan"}, "three finite numbers"),
        ({"value": "3.0"}, "low <= value <= high"),
        ({"colour": "1"}, "colour"),
    ],
)
def test_broken_entry_does_not_load(changes, word):
    with pytest.raises(ModelError, match=word):
        parse(text(**changes), where="t")


def test_all_problems_at_once():
    with pytest.raises(ModelError) as caught:
        parse(text(source="", unit="") + "\n" + text(value="9").replace("[x]", "[y]"), where="t")
    assert [p.path for p in caught.value.problems] == ["x", "x", "y"]


@pytest.mark.parametrize("bad", ["", "[x", "x = 1"])
def test_text_that_is_no_catalog(bad):
    with pytest.raises(ModelError):
        parse(bad, where="t")


def test_unknown_file_names_the_near_one():
    with pytest.raises(ModelError, match="Did you mean alpha_beta"):
        load("alphabeta")


def tumor_types():
    annotation = Diagnosis.model_fields["tumor_type"].annotation
    fact = next(arg for arg in get_args(annotation) if arg is not type(None))
    value = next(a for a in get_args(fact.model_fields["value"].annotation) if get_args(a))
    return get_args(value)


def test_every_tumor_type_of_the_record_has_alpha_beta():
    names = tumor_types()
    assert len(names) >= 20
    for name in names:
        assert alpha_beta(name).unit == "Gy"
        assert alpha_beta(name).value > 0


def test_alpha_beta_of_normal_tissue_and_assumptions():
    assert alpha_beta("late_normal_tissue").value == 3.0
    assert alpha_beta("breast").value == 3.5
    assert not alpha_beta("breast").assumed
    assert alpha_beta("other").value == 10.0
    assert alpha_beta("other").assumed


def test_unknown_tumor_type():
    with pytest.raises(ModelError, match="Did you mean breast"):
        alpha_beta("brest")


def test_exposure_lines():
    assert exposure_line("no_dose_below_gy").value == 1.0
    assert exposure_line("low_dose_up_to_gy").value == 20.0
    assert exposure_line("out_of_field_inflation").value == pytest.approx(1 / (1 - 0.55), abs=0.05)


def test_a_file_is_read_again_from_the_folder_of_kernels(tmp_path, monkeypatch):
    """Nothing is written before a kernel is, and what was changed there is never used."""
    monkeypatch.setenv("ABSCOPE_CACHE", str(tmp_path))
    read = load.__wrapped__
    first = dict(read("alpha"))
    assert not list(tmp_path.iterdir())
    (tmp_path / "kernels").mkdir()
    assert dict(read("alpha")) == first
    (kept,) = (tmp_path / "kernels").iterdir()
    whole = kept.read_text(encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr("abscope.catalog.entries._tables", None)
        assert dict(read("alpha")) == first
    for left in (whole.replace('"value": 0.', '"value": 9.'), whole[:-9], "", "[1]", "\xff"):
        assert left != whole
        kept.write_text(left, encoding="latin-1")
        assert dict(read("alpha")) == first
        assert kept.read_text(encoding="utf-8") == whole
