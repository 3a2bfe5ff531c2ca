"""Every wrong value is told once, at its line and column, in clinical words, all at once."""

import pytest

from abscope.case.reader import read_case_text
from abscope.errors import CaseError, Problem

HEAD = "schema: abscope-case/1\nid: demo\ntitle: Demo\ndefault_missing: not_reported\n"


def problems(body: str) -> tuple[Problem, ...]:
    with pytest.raises(CaseError) as caught:
        read_case_text(HEAD + body, name="f.yaml")
    return caught.value.problems


def only(body: str) -> str:
    found = problems(body)
    assert len(found) == 1, [str(problem) for problem in found]
    return str(found[0])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("lesions: [{id: L1, sit: lung}]",
         "f.yaml:5:20: lesions[0].sit: unknown key 'sit'; expected a known key. "
         "Did you mean 'site'?"),
        ("lesions: [{id: L1, site: node_axilary}]",
         "f.yaml:5:26: lesions[0].site: site 'node_axilary' is not in the vocabulary; expected "
         "one of the sites that 'abscope schema --sites' lists. "
         "Did you mean node_axillary, node_hilar, node_supraclavicular?"),
        ("lesions: [{site: lung}]",
         "f.yaml:5:11: lesions[0].id: 'id' is missing; expected a value, which every case file "
         "gives here. Add the line 'id: ...'."),
        ("lesions: [{id: L1, laterality: lef}]",
         "f.yaml:5:32: lesions[0].laterality: 'lef' is not known here; expected one of left, "
         "right, bilateral, midline. Did you mean 'left'?"),
        ("lesions: [{id: L1, count: three}]",
         "f.yaml:5:27: lesions[0].count: 'three' is not known here; expected a whole number or "
         "one of single, several, multiple, numerous. Choose one of them."),
        ("lesions: [{id: L1, count: {versions: [3, foo]}}]",
         "f.yaml:5:42: lesions[0].count.versions[1]: 'foo' is not known here; expected a whole "
         "number or one of single, several, multiple, numerous. Choose one of them."),
        ("lesions: [{id: L1, count: true}]",
         "f.yaml:5:27: lesions[0].count: true is not known here; expected a whole number or one "
         "of single, several, multiple, numerous. Choose one of them."),
        ("lesions: [{id: L1, site: {valu: lung}}]",
         "f.yaml:5:27: lesions[0].site.valu: unknown key 'valu'; expected a known key. "
         "Did you mean 'value'?"),
        ("lesions: [{id: L1, painful: 1}]",
         "f.yaml:5:29: lesions[0].painful: 1 is a whole number; expected true or false. "
         "Write true, false or not reported."),
        ("lesions: [{id: L1, name: 5}]",
         "f.yaml:5:26: lesions[0].name: 5 is a whole number; expected text. Put it in quotes."),
        ("lesions: [{id: 1st}]",
         "f.yaml:5:16: lesions[0].id: '1st' has another form; expected an identifier: letters, "
         "digits, _ and -, starting with a letter. Write for example L1."),
        ("lesions: {id: L1}",
         "f.yaml:5:10: lesions: a mapping of 1 stands here; expected a list. Write [a, b], or one "
         "entry per line after '- '; leave the key out for none."),
        ("lesions:",
         "f.yaml:5:9: lesions: nothing is written here; expected a list. Write [a, b], or one "
         "entry per line after '- '; leave the key out for none."),
        ("patient: {weight_kg: 70 stone}",
         "f.yaml:5:22: patient.weight_kg: unit 'stone' in '70 stone' is not known here; expected "
         "kg (or one of: kg, g, lb). Write the value in one of these units."),
        ("patient: {age_years: -3}",
         "f.yaml:5:22: patient.age_years: value is -3 years; expected 0 to 120 years. "
         "Check the value and its unit."),
        ("source: {doi: https://doi.org/10.1/x}",
         "f.yaml:5:15: source.doi: 'https://doi.org/10.1/x' has another form; expected a DOI "
         "that starts with '10.'. Remove 'https://doi.org/' or correct it."),
        ("source: {pmid: '12'}",
         "f.yaml:5:16: source.pmid: '12' is text; expected a whole number. "
         "Write the number without a unit, or not reported."),
        ("rt_courses: [{id: RT1, phases: []}]",
         "f.yaml:5:32: rt_courses[0].phases: list of 0 is too short; expected at least 1. "
         "Add what is missing."),
        ("day_zero: RT1.start",
         "f.yaml:5:11: day_zero: 'RT1.start' is not in this case; expected a date (YYYY-MM-DD) "
         "or an event of this case. Add it, or correct the name."),
        ("lesions: [{id: L1}, {id: L1}]",
         "f.yaml:5:26: lesions[1].id: identifier 'L1' is already used at lesions[0].id; expected "
         "each identifier once in a case. Rename one of them."),
        ("adverse_events: [{term: rash, grade: 6}]",
         "f.yaml:5:18: adverse_events[0]: CTCAE grade is [6]; expected 0 to 5. Correct the grade."),
        ("outcomes: [{kind: death, when: 2020-02-30}]",
         "f.yaml:5:32: outcomes[0].when: '2020-02-30' is no calendar date (day is out of range "
         "for month); expected YYYY-MM-DD. Correct it."),
    ],
)  # fmt: skip
def test_one_wrong_value_gives_one_clear_line(body: str, message: str) -> None:
    assert only(body) == message


@pytest.mark.parametrize(
    ("phase", "column", "message"),
    [
        ("dose_per_fraction_gy: 450", 64,
         "dose_per_fraction_gy: value is 450 Gy; expected 0 < value <= 40 Gy. "
         "Is the value in cGy?"),
        ("dose_per_fraction_gy: 0", 64,
         "dose_per_fraction_gy: value is 0 Gy; expected 0 < value <= 40 Gy. "
         "Check the value and its unit."),
        ("total_dose_gy: 2250", 57,
         "total_dose_gy: value is 2250 Gy; expected 0 to 200 Gy. Is the value in cGy?"),
        ("schedule: 5 x 450 Gy daily", 52,
         "schedule: a single dose is 450 Gy in '5 x 450 Gy daily'; "
         "expected 0 < dose <= 40 Gy. Is the value in cGy?"),
        ("schedule: 200 mg q21d", 52,
         "schedule: '200 mg q21d' is in mg; expected Gy. Correct the unit."),
        ("n_fractions_planned: 0", 63,
         "n_fractions_planned: value is 0; expected at least 1. Correct the value."),
        ("n_fractions_planned: 201", 63,
         "n_fractions_planned: value is 201; expected at most 200. Correct the value."),
        ("n_fractions_planned: 5.5", 63,
         "n_fractions_planned: 5.5 is a number; expected a whole number. "
         "Write the number without a unit, or not reported."),
        ("n_fractions_delivered: '5'", 65,
         "n_fractions_delivered: '5' is text; expected a whole number. "
         "Write the number without a unit, or not reported."),
        ("margin_mm: {low: 5, high: 3}", 53,
         "margin_mm: the interval runs from 5 down to 3; expected low <= high. "
         "Swap the two numbers."),
        ("margin_mm: {versions: [5, 4 parsec]}", 68,
         "margin_mm.versions[1]: unit 'parsec' in '4 parsec' is not known here; expected mm "
         "(or one of: mm, cm, m, um). Write the value in one of these units."),
    ],
)  # fmt: skip
def test_wrong_doses_are_questioned(phase: str, column: int, message: str) -> None:
    line = only(f"rt_courses: [{{id: RT1, phases: [{{id: P1, {phase}}}]}}]")
    assert line == f"f.yaml:5:{column}: rt_courses[0].phases[0].{message}"


@pytest.mark.parametrize(
    ("agent", "message"),
    [
        ("{name: pembrolizumab, regimen: 200 mg/kg}",
         "a single dose is 200 mg/kg in '200 mg/kg'; expected 0 < dose <= 60 mg/kg. "
         "Is it 200 mg?"),
        ("pembrolizumab 200 mg/kg",
         "a single dose is 200 mg/kg in 'pembrolizumab 200 mg/kg'; "
         "expected 0 < dose <= 60 mg/kg. Is it 200 mg?"),
        ("{name: pembrolizumab, dose_mg_per_kg: 200}",
         "value is 200 mg/kg; expected 0 < value <= 60 mg/kg. "
         "Is it 200 mg, a flat dose? Use dose_mg."),
        ("{name: x, regimen: 5 Gy}", "'5 Gy' is in Gy; expected mg, mg/kg or mg/m2. "
         "Correct the unit."),
        ("{regimen: [1]}", "regimen is list; expected one line of text. Write it as text."),
        ("{name: x, dose_mg: 100, regimen: 200 mg}",
         "dose_mg is given twice: as a field and in '200 mg'; expected each fact once. "
         "Remove the field or the regimen."),
    ],
)  # fmt: skip
def test_wrong_drug_doses_are_questioned(agent: str, message: str) -> None:
    assert only(f"systemic_therapy: [{{id: S1, agents: [{agent}]}}]").endswith(message)


@pytest.mark.parametrize(
    ("lab", "message"),
    [
        ("value: 0.64", "lymphocytes is 0.64 without a unit; expected a count with its unit. "
         "Write '0.64 /mm3' or '0.64 10^9/L'."),
        ("value: 1e3", "lymphocytes is 1000.0 without a unit; expected a count with its unit. "
         "Write '1000.0 /mm3' or '1000.0 10^9/L'."),
        ("value: 0.64 /mm3", "lymphocytes is 0.64 per microliter; expected 0, or 1 to 500000 per "
         "microliter. Is the unit 10^9/L?"),
        ("value: 640 10^9/L", "lymphocytes is 640000 per microliter; expected 0, or 1 to 500000 "
         "per microliter. Is the unit /mm3?"),
        ("value: 3, unit: furlong", "unit 'furlong' of lymphocytes is not known; expected one of "),
        ("value: 0.64 10^9/L, unit: /mm3", "lymphocytes is 0.64 10^9/L with unit '/mm3'; "
         "expected one unit. Remove one."),
    ],
)  # fmt: skip
def test_a_count_needs_the_right_unit(lab: str, message: str) -> None:
    assert message in only(f"labs: [{{test: lymphocytes, {lab}}}]")


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        "lesions:\n  - {id: L1, painfull: true, node: yes}\n"
        "outcomes:\n  - {kind: deth, when: before RT9, lesions: [L2]}\n"
    )
    assert [(problem.where, problem.path) for problem in found] == [
        ("f.yaml:6:14", "lesions[0].painfull"),
        ("f.yaml:6:36", "lesions[0].node"),
        ("f.yaml:8:12", "outcomes[0].kind"),
    ]


def test_references_are_judged_although_other_values_are_wrong() -> None:
    found = problems(
        "lesions: [{id: L1, painful: maybe}]\noutcomes: [{kind: death, when: before RT9}]\n"
    )
    assert [problem.path for problem in found] == ["lesions[0].painful", "outcomes[0].when"]


def test_a_valid_case_tells_the_place_of_every_path() -> None:
    text = HEAD + (
        "lesions:\n  - id: L1\n    site: lung\n"
        "rt_courses:\n  - id: RT1\n    phases:\n      - id: P1\n        schedule: 22.5 Gy in 5\n"
    )
    located = read_case_text(text, name="f.yaml")
    assert located.case.rt_courses[0].phases[0].total_dose_gy.value == 22.5
    assert located.place(("lesions", 0, "site", "value")) == "f.yaml:7:11"
    assert located.place(("lesions", 0, "laterality")) == "f.yaml:6:5"
    assert located.place(("rt_courses", 0, "phases", 0, "total_dose_gy")) == "f.yaml:12:19"
    assert located.place(("labs", 3)) == "f.yaml:1:1"
    assert located.place(()) == "f.yaml:1:1"


def test_shared_values_are_read_through_aliases() -> None:
    text = HEAD + "lesions:\n  - {id: L1, site: &where lung}\n  - {id: L2, site: *where}\n"
    case = read_case_text(text, name="f.yaml").case
    assert [lesion.site.value for lesion in case.lesions] == ["lung", "lung"]


def test_ten_thousand_lesions_are_read_and_their_errors_told() -> None:
    rows = "".join(f"  - {{id: L{i}, site: lung, count: 1}}\n" for i in range(10_000))
    case = read_case_text(f"{HEAD}lesions:\n{rows}", name="f.yaml").case
    assert len(case.lesions) == 10_000
    found = problems(f"lesions:\n{rows.replace('site: lung', 'site: lun')}")
    assert len(found) == 10_000
    assert found[-1].where == "f.yaml:10005:23"
