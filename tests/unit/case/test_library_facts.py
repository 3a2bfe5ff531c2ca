"""Nothing of the transcribed facts is lost: numbers, dates, lesions, agents and places."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from abscope.case.record import Case
from abscope.case.references import walk
from abscope.case.shelf import open_case

FOLDER = Path(__file__).parents[4] / "shared" / "cases"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the transcribed facts are not at hand")

#: identifier of the facts -> name in the library, where they differ
NAMES = {
    "chen2025_rcc_delayed": "chen2025-rcc",
    "deng2024_melanoma_low_dose": "deng2024-melanoma",
    "ishikawa2022_cup_differential": "ishikawa2022-cup",
    "istanbul2017_nsclc_transient": "istanbul2017-nsclc",
    "lymphoma_isrt_pet_7": "lymphoma-isrt-pet",
    "mcc_neutron_B": "merkel-neutron-b",
}
CASE_IDS = (
    "kim2021_breast", "fong2025_melanoma", "golden2013_nsclc", "okuma2011_hcc", "lock2015_hcc",
    "chen2025_rcc_delayed", "kuroda2019_nsclc", "katayama_nsclc", "istanbul2017_nsclc_transient",
    "mcc_neutron_B", "lymphoma_isrt_pet_7", "hori2020_rcc", "deng2024_melanoma_low_dose",
    "ishikawa2022_cup_differential",
)  # fmt: skip

#: Parts that are judgment, computed by rule here, or names inside the transcription itself.
SKIPPED = {"expected", "expected_adjudication", "schema", "case_id", "uncertain_statements"}

#: number -> why the record does not hold it as written
EXEMPT = {
    "kim2021_breast": {
        "0.194": "fraction of baseline, computed from the counts",
        "0.348": "fraction of baseline, computed from the counts",
    },
    "fong2025_melanoma": {
        "2023": "year of the calendar note; every date of the record carries it",
        "26": "day of the calendar note; the record has it inside 2023-07-26",
        "170": "a place inside a text; the record has it as loc",
    },
}
LESIONS = {
    ("deng2024_melanoma_low_dose", "obs 1,2,3,5"): ("obs1", "obs2", "obs3", "obs5"),
}

#: Keys whose numbers are places and names, not facts.
PLACES = {"loc", "id", "ref", "doi", "lesion", "targets"}

DATE = re.compile(r"(?<![0-9-])(?:19|20)\d\d-\d\d(?:-\d\d)?(?![\w-])")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]*\d)")


@cache
def case_of(case_id: str) -> Case:
    return open_case(NAMES.get(case_id, case_id.replace("_", "-"))).case


@cache
def facts() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.facts.yaml")):
        for entry in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader):
            if entry:
                found[entry["case_id"]] = entry
    return found


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of the facts with the key it stands under."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in SKIPPED:
                yield from leaves(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, key)
    elif value:
        yield key, str(value)


def record_texts(case_id: str) -> str:
    parts = [str(x) for _, x in walk(case_of(case_id)) if isinstance(x, str | int | float)]
    return "\n".join(parts)


def kept_numbers(case_id: str) -> set[float]:
    """Return the numbers of the record, without those of places, references and identifiers."""
    record = case_of(case_id)
    return {
        found
        for path, item in walk(record)
        if isinstance(item, str | int | float) and not PLACES & set(path[-1:])
        for found in numbers(str(item))
    }


def numbers(text: str) -> set[float]:
    return {float(found) for found in NUMBER.findall(DATE.sub(" ", text))}


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_every_number_of_the_facts_is_in_the_record(case_id):
    kept = kept_numbers(case_id)
    wanted = {
        found: text
        for key, text in leaves(facts()[case_id])
        if key not in PLACES
        for found in numbers(text)
    }
    assert wanted
    exempt = {float(number) for number in EXEMPT.get(case_id, {})}
    lost = {number: text for number, text in wanted.items() if number not in kept | exempt}
    assert not lost
    assert exempt <= set(wanted)
    assert not exempt & kept


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_every_date_of_the_facts_is_in_the_record(case_id):
    kept = record_texts(case_id)
    lost = {
        found
        for _, text in leaves(facts()[case_id])
        for found in DATE.findall(text)
        if found not in kept
    }
    assert not lost


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_every_lesion_of_the_facts_is_in_the_record(case_id):
    entry = facts()[case_id]
    record = case_of(case_id)
    wanted = [
        name
        for lesion in entry.get("lesions", [])
        for name in LESIONS.get((case_id, lesion["id"]), (lesion["id"],))
    ]
    assert wanted or case_id == "lymphoma_isrt_pet_7"
    assert set(wanted) <= set(record.lesions_by_id)
    members = {member.id for member in record.members}
    assert {patient["id"] for patient in entry.get("patients", [])} == members


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_every_identifier_of_the_source_is_in_the_record(case_id):
    kept = record_texts(case_id)
    source = facts()[case_id]["source"]
    assert all(
        source[key] in kept for key in ("doi", "pmid", "pmcid") if source.get(key, "null") != "null"
    )


@pytest.mark.parametrize("case_id", CASE_IDS)
def test_every_agent_of_the_facts_is_in_the_record(case_id):
    record = case_of(case_id)
    given = {agent.name for therapy in record.systemic_therapy for agent in therapy.agents}
    wanted = {text for key, text in leaves(facts()[case_id]) if key in ("agent", "agents")} - {
        "none",
        "none_stated",
    }
    assert wanted <= given


@pytest.mark.parametrize("case_id", CASE_IDS[:2])
def test_every_place_of_the_facts_is_in_the_record(case_id):
    record = case_of(case_id)
    places = re.compile(r"\d+(?:-\d+)?")
    kept = {
        place
        for path, item in walk(record)
        if path and path[-1] == "loc" and item
        for place in places.findall(item)
    }
    wanted = {
        place
        for key, text in leaves(facts()[case_id])
        if key == "loc"
        for place in places.findall(text)
    }
    assert wanted
    assert not wanted - kept
