import csv
import subprocess
import sys

import numpy as np
import pytest
import sympy as sp

from abscope.case.shelf import open_case
from abscope.errors import CaseError, UsageError
from abscope.io.petab import petab_files
from abscope.model.export import ExportOptions, export_case, petab_of
from abscope.model.from_case import patients_of
from abscope.model.switches import Switches

MELANOMA = open_case("fong2025-melanoma").case
BREAST = open_case("kim2021-breast").case


@pytest.fixture(scope="module")
def melanoma():
    exported = export_case(MELANOMA)
    return exported, petab_of(exported)


@pytest.mark.parametrize("options", [ExportOptions(), ExportOptions(seed=5, draw=2)])
def test_petablint_finds_nothing(options, tmp_path):
    pytest.importorskip("libsbml", reason="the linter (test group) is absent")
    for name, text in petab_files(petab_of(export_case(MELANOMA, options=options))).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    lint = [sys.executable, "-m", "petab.petablint", "-v", tmp_path / "problem.yaml"]
    done = subprocess.run(lint, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "completed successfully" in done.stderr


@pytest.mark.parametrize("options", [ExportOptions(), ExportOptions(seed=5, draw=2)])
def test_the_nominal_values_are_the_exported_patient(options):
    """What the condition sets at the start equals what the model holds anyway."""
    exported = export_case(MELANOMA, options=options)
    problem = petab_of(exported)
    constants = {one.id: one.value for one in exported.sbml.constants}
    states = {name: float(np.ravel(value)[0]) for name, value in exported.batch.initial.items()}
    nominal = {row.id: row.value for row in problem.parameters}
    assert problem.changes
    for change in problem.changes:
        value = float(sp.sympify(change.value).subs(nominal))
        expected = constants.get(change.target, states.get(change.target))
        assert value == pytest.approx(expected, rel=1e-12), change.target
    for name, value in nominal.items():
        if name in constants:
            assert value == pytest.approx(constants[name], rel=1e-12)


def test_priors_are_those_that_patients_are_drawn_from(melanoma):
    """Quantiles of 600 drawn patients within four standard errors of the priors of PEtab."""
    rows = {row.id: row for row in melanoma[1].parameters}
    patients = patients_of(MELANOMA, draws=600, seed=2)
    columns = {
        name: [patient.parameters[name] for patient in patients]
        for name in patients[0].parameters
        if name in rows
    }
    first = [dict(patient.lesions[0].own) for patient in patients]
    columns["match_lesion_1"] = [own["match"] for own in first]
    columns["alpha_beta_of_patient"] = [own["alpha_beta"] for own in first]
    assert len(columns) > 50
    for name, values in columns.items():
        row = rows[name]
        a, b = map(float, row.prior_parameters.split(";"))
        for share, z in ((0.25, -0.6745), (0.5, 0.0), (0.75, 0.6745)):
            quantile = a + share * (b - a) if row.prior == "uniform" else np.exp(a + z * b)
            if not row.low < quantile < row.high:
                continue  # draws beyond a bound are moved to it
            below = np.mean(np.asarray(values) < quantile)
            assert abs(below - share) < 4.0 * np.sqrt(share * (1 - share) / 600), (name, share)


def test_products_of_patient_and_lesion_have_the_drawn_spread(melanoma):
    rows = {row.id: row for row in melanoma[1].parameters}
    own = [patient.lesions[0].own for patient in patients_of(MELANOMA, draws=600, seed=2)]
    for name in ("growth", "alpha"):
        parts = [rows[f"{name}_of_patient"], rows[f"{name}_lesion_1_factor"]]
        logs = [tuple(map(float, part.prior_parameters.split(";"))) for part in parts]
        values = np.log([one[name] for one in own])
        spread = np.hypot(logs[0][1], logs[1][1])
        assert np.median(values) == pytest.approx(logs[0][0] + logs[1][0], abs=0.15 * spread)
        assert np.std(values) == pytest.approx(spread, rel=0.12)


def test_sizes_after_the_start_are_compared_as_volumes(melanoma):
    """M12 of Fong 2025 has 22 mm before and 14 mm after the first course; M13 has no size."""
    exported, problem = melanoma
    (row,) = problem.measurements
    (observable,) = problem.observables
    assert observable.formula == "volume_ml_lesion_1"
    assert row.time_d + exported.sbml.start > exported.patient.start_d
    ratio = row.value / exported.patient.lesions[0].volume_ml
    assert ratio == pytest.approx((14.0 / 22.0) ** 3, rel=1e-6)
    assert any("M13" in remark and "no size" in remark for remark in problem.remarks)


def test_lymphocytes_are_compared_on_the_middle_of_their_days():
    exported = export_case(BREAST)
    problem = petab_of(exported)
    days = [row.time_d + exported.sbml.start for row in problem.measurements]
    assert [row.value for row in problem.measurements] == [640.0, 1150.0]
    last = max(one.day_d for one in exported.patient.fractions)
    assert days[0] == pytest.approx(last / 2.0)
    assert days[1] == pytest.approx(last + 30.4, abs=0.1)


def test_what_a_switch_has_set_is_not_estimated():
    off = ExportOptions(switches=Switches(immune_kill=False))
    names = {row.id for row in petab_of(export_case(MELANOMA, options=off)).parameters}
    assert "kill_max" not in names
    assert "kill_half" in names


def test_a_draw_is_the_drawn_patient():
    exported = export_case(MELANOMA, options=ExportOptions(seed=3, draw=2))
    drawn = patients_of(MELANOMA, draws=2, seed=3)[1]
    assert exported.patient.parameters == drawn.parameters
    values = {one.id: one.value for one in exported.sbml.constants}
    assert values["growth_lesion_2"] == drawn.lesions[1].own["growth"]


def test_a_case_without_measurements_is_refused_with_reasons():
    exported = export_case(open_case("golden2013-nsclc").case)
    with pytest.raises(CaseError, match="nothing can be compared with the model"):
        petab_of(exported)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (ExportOptions(draw=0, seed=1), "draw 0"),
        (ExportOptions(draw=2), "without a seed"),
        (ExportOptions(seed=-1), "seed -1"),
    ],
)
def test_a_draw_that_cannot_be_is_refused(options, text):
    with pytest.raises(UsageError, match=text):
        export_case(MELANOMA, options=options)


def test_tables_have_rows_of_one_length(melanoma):
    for name, text in petab_files(melanoma[1]).items():
        if name.endswith(".tsv"):
            rows = list(csv.reader(text.splitlines(), delimiter="\t"))
            assert len({len(row) for row in rows}) == 1
            assert len(rows) > 1
