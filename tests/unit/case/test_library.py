"""The library of published cases loads, keeps its sources and survives a round trip."""

from functools import cache

import pytest

from abscope.case.clock import Clock
from abscope.case.record import Case
from abscope.case.references import walk
from abscope.case.shelf import library_names, open_case

DOIS = {
    "chen2025-rcc": "10.1002/cnr2.70229",
    "deng2024-melanoma": "10.3892/ol.2024.14731",
    "fong2025-melanoma": "10.3389/fonc.2025.1483117",
    "golden2013-nsclc": "10.1158/2326-6066.CIR-13-0115",
    "hori2020-rcc": "10.3892/etm.2020.8423",
    "ishikawa2022-cup": "10.1186/s13256-022-03321-x",
    "istanbul2017-nsclc": None,
    "katayama-nsclc": None,
    "kim2021-breast": "10.3857/roj.2020.00990",
    "kuroda2019-nsclc": "10.1186/s12885-019-5566-8",
    "lock2015-hcc": "10.7759/cureus.344",
    "lymphoma-isrt-pet": None,
    "merkel-neutron-b": None,
    "okuma2011-hcc": "10.1186/1752-1947-5-111",
}
FOUNDING = ("fong2025-melanoma", "kim2021-breast")


@cache
def case(name: str) -> Case:
    return open_case(name).case


def test_all_fourteen_cases_are_on_the_shelf():
    assert set(DOIS) <= set(library_names())
    assert len(DOIS) == 14


@pytest.mark.parametrize("name", sorted(DOIS))
def test_a_case_of_the_library_is_named_sourced_and_unchanged_by_a_round_trip(name):
    record = case(name)
    assert record.id == name
    assert record.source.doi == DOIS[name]
    assert record.source.doi or record.source.pmid or record.source.pmcid or record.source.citation
    assert record.source.seen
    assert record.default_missing == ("not_reported" if name in FOUNDING else "not_seen")
    assert Case.model_validate(record.to_plain()) == record


@pytest.mark.parametrize("name", sorted(DOIS))
def test_day_zero_is_tied_to_radiotherapy_and_every_course_has_a_target(name):
    record = case(name)
    clock = Clock(record)
    assert clock.event(f"{record.rt_courses[0].id}.start") is not None
    assert all(course.targets for course in record.rt_courses)


def test_identifiers_of_the_sources_without_a_doi():
    assert case("merkel-neutron-b").source.pmcid == "PMC6871593"
    assert case("lymphoma-isrt-pet").source.pmid == 32151671


@pytest.mark.parametrize("name", sorted(DOIS))
def test_what_was_only_remembered_never_stands_as_a_value(name):
    marked = [
        path for path, item in walk(case(name)) if isinstance(item, str) and "from memory" in item
    ]
    assert all(path[-1] == "note" for path in marked)
    assert (len(marked) == 2) == (name == "golden2013-nsclc")


@pytest.mark.parametrize("name", FOUNDING)
def test_facts_of_the_founding_cases_have_places_in_the_article(name):
    record = case(name)
    assert record.loc_note
    locs = [item for path, item in walk(record) if path and path[-1] == "loc" and item]
    assert len(locs) >= 100


def test_kim_keeps_every_version_of_the_doses_and_fractions():
    first, second = case("kim2021-breast").rt_courses[0].phases
    assert first.total_dose_gy.value == 22.5
    assert set(first.total_dose_gy.candidates) == {22.5, 25.0, 30.0}
    assert set(second.total_dose_gy.candidates) == {25.0, 30.0}
    assert second.boost.dose_per_fraction_gy.value == 6.0
    assert first.n_fractions_planned.value == 5
    assert first.n_fractions_delivered.value is None
    assert first.n_fractions_delivered.candidates == (4, 5)
    assert second.n_fractions_delivered is None


def test_kim_end_of_radiotherapy_is_an_inference_and_the_start_is_unknown():
    course = case("kim2021-breast").rt_courses[0]
    assert course.start.status == "not_reported"
    assert course.end.status == "inferred"
    assert course.end.note


def test_kim_chest_wall_mass_is_a_lesion_without_a_baseline_finding():
    record = case("kim2021-breast")
    before, after = record.imaging
    assert "L08" in record.lesions_by_id
    assert "L08" not in {finding.lesion for finding in before.findings}
    assert "L08" in {finding.lesion for finding in after.findings}


def test_kim_lymphocytes_are_counts_per_microliter_with_the_unit_marked():
    counts = case("kim2021-breast").labs
    assert [lab.value.value for lab in counts] == [3300.0, 640.0, 1150.0]
    assert [lab.unit_status for lab in counts] == ["stated", "implied", "implied"]


def test_fong_course_has_five_daily_fractions_between_a_friday_and_a_wednesday():
    course = case("fong2025-melanoma").rt_courses[1]
    assert (str(course.start.value), str(course.end.value)) == ("2023-07-21", "2023-07-26")
    (phase,) = course.phases
    assert phase.fractionation.value == "daily"
    assert phase.n_fractions_planned.value == 5
    assert phase.targets_uncertain == ("M13",)


def test_fong_keeps_both_modalities_and_both_starts_of_ipilimumab():
    record = case("fong2025-melanoma")
    scan = next(item for item in record.imaging if item.id == "P7")
    assert scan.modalities.candidates == (("CT",), ("PET/CT",))
    pair = next(item for item in record.systemic_therapy if item.id == "D2")
    assert [str(when) for when in pair.start.candidates] == ["2021-11", "2021-10"]


def test_fong_diarrhea_has_two_reporters():
    events = [e for e in case("fong2025-melanoma").adverse_events if e.term == "diarrhea"]
    assert [e.reporter for e in events] == ["clinician", "patient"]
    assert events[0].grade.value == 2
    assert events[1].grade is None


def test_members_of_the_series_have_their_own_courses():
    record = case("lymphoma-isrt-pet")
    assert record.kind == "series"
    totals = {
        member.id: [
            phase.total_dose_gy.value for course in member.rt_courses for phase in course.phases
        ]
        for member in record.members
    }
    assert totals == {
        "m1": [4.0], "m2": [4.0], "m3": [4.0], "m4": [4.0, 30.0], "m5": [4.0],
        "m6": [20.0, 30.0], "m7": [30.0],
    }  # fmt: skip


def test_no_drug_is_said_only_where_the_source_says_so():
    stated = {name for name in DOIS if case(name).no_systemic_therapy}
    silent = {
        name
        for name in DOIS
        if not case(name).no_systemic_therapy and not case(name).systemic_therapy
    }
    assert silent == {"istanbul2017-nsclc"}
    assert all(item.stated for name in stated for item in case(name).no_systemic_therapy)
