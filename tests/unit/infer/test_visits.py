"""What of a record is compared with the model, and when it was seen."""

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.errors import CaseError
from abscope.infer.case_model import case_model
from abscope.infer.moments import Moment, days_of_nodes, days_of_patients, nodes_of
from abscope.infer.readings import ChangeReading, GoneReading, NumberReading, SizeReading
from abscope.infer.visits import data_of_case
from abscope.model.from_case import patients_of
from model_cases import small_case


def scans(*findings: dict, when: object = "day 90", **more: object) -> list[dict]:
    before = [scan.to_plain() for scan in small_case().imaging]
    after = {"id": "I1", "when": when, "role": "follow_up", "findings": list(findings), **more}
    return [*before, after]


def readings(*findings: dict, **more: object) -> list:
    case = small_case(imaging=scans(*findings, **more))
    data = data_of_case(case, lesions=("A", "B"))
    return [reading for visit in data.visits for reading in visit.readings]


def test_each_kind_of_finding_becomes_its_reading() -> None:
    found = readings(
        {"lesion": "A", "size_mm": 18}, {"lesion": "B", "change": "markedly_decreased"}
    )
    assert isinstance(found[0], SizeReading)
    assert found[0].spans[0].exact
    assert isinstance(found[1], ChangeReading)
    found = readings({"lesion": "A", "state": "absent"}, {"lesion": "B", "state": "too_small"})
    assert [type(x) for x in found] == [GoneReading, GoneReading]
    assert [x.too_small for x in found] == [False, True]
    (found,) = readings({"lesion": "A", "size_mm": {"low": 10, "high": 20}})
    assert (found.spans[0].low, found.spans[0].high) == (10.0, 20.0)
    (found,) = readings({"lesion": "A", "size_mm": {"versions": [10, 20]}})
    assert len(found.spans) == 2
    word, number = readings({"lesion": "A", "change": "decreased", "count": 2})
    assert isinstance(word, ChangeReading)
    assert isinstance(number, NumberReading)
    (found,) = readings({"lesion": "A", "stated_response": "partial response"})
    assert found.words == ("partial_response",)
    (found,) = readings(stated_response="stable disease")
    assert found.lesions == ("A", "B")


def test_an_absent_lesion_on_pet_is_one_without_uptake() -> None:
    for modality, expected in ((["PET/CT"], True), (["CT"], False)):
        (found,) = readings({"lesion": "A", "change": "gone"}, modalities=modality)
        assert found.metabolic is expected
    both = {"versions": [{"value": ["CT"]}, {"value": ["PET/CT"]}]}
    (found,) = readings({"lesion": "A", "change": "gone"}, modalities=both)
    assert found.metabolic is None


def test_what_cannot_be_used_is_named() -> None:
    case = small_case(imaging=scans({"lesion": "A", "state": "not_evaluable"}, when=None))
    data = data_of_case(case, lesions=("A", "B"))
    assert data.visits == ()
    assert data.notes == ("I1 has no place in time and is not used",)
    with pytest.raises(CaseError, match="nothing was measured after the start"):
        case_model(small_case())
    with pytest.raises(CaseError, match="I1 has no place in time"):
        case_model(case)


def test_an_uncertain_day_has_nodes_and_one_of_a_course_moves_with_its_fractions() -> None:
    assert len(nodes_of((Moment(5.0, 5.0),))) == 1
    nodes = nodes_of((Moment(0.0, 10.0), Moment(20.0, 60.0)))
    assert len(nodes) == 8
    assert sum(node.weight_frac for node in nodes) == pytest.approx(1.0)
    mean = sum(node.weight_frac * node.offset_d for node in nodes)
    assert mean == pytest.approx(0.5 * 5.0 + 0.5 * 40.0)
    case = open_case("kim2021-breast").case
    data = data_of_case(case, lesions=tuple(case.lesions_by_id))
    patients = patients_of(case, draws=5, seed=1)
    last = np.array([max(one.day_d for one in patient.fractions) for patient in patients])
    during, after = data.visits[1], data.visits[2]
    days = days_of_nodes(days_of_patients(patients), nodes_of(after.moments))
    assert ((days - last[:, None] > 15.0) & (days - last[:, None] < 46.0)).all()
    days = days_of_nodes(days_of_patients(patients), nodes_of(during.moments))
    assert ((days > -0.01) & (days <= last[:, None])).all()


def test_scans_before_the_start_are_used_or_told() -> None:
    case = open_case("fong2025-melanoma").case
    data = data_of_case(case, lesions=tuple(case.lesions_by_id))
    (early,) = [visit for visit in data.visits if visit.early]
    assert early.label == "P4"
    assert {"M12", "M13"} == {one.lesion for one in early.readings}
    assert "P1 is before the start and not used: it is more than 200 days earlier" in data.notes
