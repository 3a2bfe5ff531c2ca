import json
from pathlib import Path

from ended import Call


def test_sbml_and_petab_are_written(inside, tmp_path):
    model, folder = tmp_path / "melanoma.xml", tmp_path / "petab"
    done = inside("export", "fong2025-melanoma", "--sbml", model, "--petab", folder)
    assert done.status == 0
    assert "time 0 of the model is day -375 of the case" in done.out
    assert sorted(path.name for path in folder.iterdir()) == [
        "conditions.tsv", "experiments.tsv", "measurements.tsv", "model.xml", "observables.tsv",
        "parameters.tsv", "problem.yaml",
    ]  # fmt: skip
    assert model.read_text() == (folder / "model.xml").read_text()
    again = inside("export", "fong2025-melanoma", "--sbml", model)
    assert again.status == 2
    assert "already exists" in again.err


def test_json_lists_what_is_not_known(inside, tmp_path):
    done = inside("export", "fong2025-melanoma", "--sbml", tmp_path / "m.xml", "--json")
    found = json.loads(done.out)
    assert found["lesions"] == ["M12", "M13"]
    assert found["time_zero_d"] == -375.0
    assert any("weight" in text for text in found["unknowns"])


def test_nothing_is_left_behind_where_petab_has_nothing_to_compare(inside, tmp_path):
    folder = tmp_path / "petab"
    done = inside("export", "golden2013-nsclc", "--petab", folder, "--sbml", tmp_path / "m.xml")
    assert done.status == 1
    assert "nothing can be compared with the model" in done.err
    assert list(tmp_path.iterdir()) == []


def test_wrong_use_is_told(inside, tmp_path):
    target = tmp_path / "m.xml"
    for arguments, text in (
        ((), "nothing to write"),
        (("--sbml", target, "--model", "kosinsky2018"), "has no place for the facts of a case"),
        (("--sbml", target, "--draw", "2"), "without a seed"),
        (("--sbml", target, "--homing", "magic"), "mode 'magic'"),
        (("--sbml", target, "--drop", "RT9"), "RT9"),
        (("--sbml", target, "--without", "gravity"), "gravity"),
    ):
        done = inside("export", "fong2025-melanoma", *arguments)
        assert done.status != 0
        assert text in done.err
        assert not target.exists()


def test_organ_doses_of_a_table_reach_the_model(inside: Call, tmp_path: Path) -> None:
    table = tmp_path / "organs.csv"
    table.write_text("course,organ,n_fractions,mean_gy\nRT2,spleen,5,8\n", encoding="utf-8")
    texts = []
    for name, more in (("guessed", ()), ("told", ("--organs", table))):
        target = tmp_path / f"{name}.xml"
        done = inside("export", "fong2025-melanoma", "--sbml", target, *more)
        assert done.status == 0, done.err
        texts.append(target.read_text(encoding="utf-8"))
    assert texts[0] != texts[1]
    wrong = inside("export", "fong2025-melanoma", "--sbml", tmp_path / "x.xml", "--map", table)
    assert wrong.status == 2
    assert "--dose DIR" in wrong.err
