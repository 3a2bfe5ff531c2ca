from dataclasses import replace

import pytest

from abscope.errors import TableError
from abscope.io.petab import (
    PetabChange,
    PetabMeasurement,
    PetabObservable,
    PetabParameter,
    PetabProblem,
    petab_files,
)

PROBLEM = PetabProblem(
    id="case_a",
    model_id="decay",
    model="<sbml/>",
    observables=(
        PetabObservable("seen", "amount, mg", "x", 0.1),
        PetabObservable("unseen", "amount, mg", "y", 0.1),
    ),
    measurements=(PetabMeasurement("seen", 2.5, 1e-7),),
    changes=(PetabChange("x", "2*k"),),
    parameters=(PetabParameter("k", "loss", 0.1, 1.0, 0.3, "log-normal", "-1.2;0.5"),),
    remarks=("first\nline",),
)


def test_the_files_of_a_problem():
    files = petab_files(PROBLEM)
    assert files["model.xml"] == "<sbml/>"
    assert files["observables.tsv"].splitlines() == [
        "observableId\tobservableName\tobservableFormula\tnoiseFormula\tnoiseDistribution",
        "seen\tamount, mg\tx\t0.1\tlog-normal",
    ]
    assert files["measurements.tsv"].splitlines()[1] == "seen\tcourse\t2.5\t1e-07"
    assert files["conditions.tsv"].splitlines()[1] == "patient\tx\t2*k"
    assert files["experiments.tsv"].splitlines()[1] == "course\t0\tpatient"
    assert files["parameters.tsv"].splitlines()[1] == (
        "k\tloss\t0.1\t1.0\t0.3\ttrue\tlog-normal\t-1.2;0.5"
    )
    yaml = files["problem.yaml"].splitlines()
    assert yaml[:3] == ["# first line", "format_version: 2.0.0", "id: case_a"]
    assert "condition_files: [conditions.tsv]" in yaml


def test_without_changes_there_is_no_condition():
    files = petab_files(replace(PROBLEM, changes=()))
    assert "conditions.tsv" not in files
    assert "condition" not in files["problem.yaml"]
    assert files["experiments.tsv"].splitlines()[1] == "course\t0\t"


def test_every_fault_is_told():
    wrong = replace(
        PROBLEM,
        measurements=(PetabMeasurement("seen", 1.0, 0.0), PetabMeasurement("other", 1.0, 1.0)),
        parameters=(replace(PROBLEM.parameters[0], value=2.0),),
    )
    with pytest.raises(TableError) as raised:
        petab_files(wrong)
    text = str(raised.value)
    assert "measurement 0 of seen" in text
    assert "observable 'other' is not defined" in text
    assert "parameter k is 2; expected 0.1 to 1" in text


def test_nothing_measured_is_an_error():
    with pytest.raises(TableError, match="nothing is measured"):
        petab_files(replace(PROBLEM, measurements=()))
