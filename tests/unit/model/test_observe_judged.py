"""Simulated patients are judged like any patient: RECIST, PET and the abscopal call."""

from typing import Any

import numpy as np
import pytest

from abscope.case.reader import read_case_text
from abscope.case.record import Case
from abscope.case.writer import case_to_yaml
from abscope.errors import ModelError
from abscope.model.observe import AlsoSeen, Observation, observed_case
from abscope.model.patient import Patient
from abscope.model.run import simulate_patients
from abscope.response.assessment import assess_case
from core_patients import fractions, infusions, patient

PURE = Observation(noise=False, sites={"b": "brain"})
DAYS = [0.0, 60.0, 150.0]


def treated(**more: Any) -> Patient:
    """A liver lesion with 3 x 8 Gy and one in another body region without dose."""
    given = {"fractions": fractions([2.0, 4.0, 6.0], {"a": 8.0, "b": 0.0}), "horizon_d": 200.0}
    return patient(("liver", 60.0), ("brain", 10.0), **{**given, **more})


def seen(one: Patient) -> tuple[Any, Case]:
    found = simulate_patients([one], observe_at_d=DAYS)
    assert found.ok.all()
    also = AlsoSeen(
        viable_ml=found["viable_ml"][0],
        levels_mg_per_l={"pd1": found["pd1_mg_per_l"][0]},
    )
    case = observed_case(
        one, days_d=DAYS, volume_ml=found["volume_ml"][0], alc_per_ul=found["alc_per_ul"][0],
        also=also, options=PURE,
    )  # fmt: skip
    return found, case


def test_responder_and_non_responder_of_the_model_are_called_so() -> None:
    """Own numbers of T cells: many kill both lesions, none let the lesion outside grow."""
    strong = treated(parameters={"kill_max": 20.0, "naive_pool": 50.0})
    none = treated(parameters={"kill_max": 0.0})
    verdicts = {}
    for name, one in (("responder", strong), ("non-responder", none)):
        found, case = seen(one)
        change = found["volume_ml"][0, -1, 1] / found["volume_ml"][0, 0, 1]
        verdicts[name] = (sizes(case), assess_case(case).abscopal.strict, change)
    assert verdicts["responder"][2] < 0.3
    assert verdicts["non-responder"][2] > 1.3
    assert verdicts["responder"][1] == "yes"
    assert verdicts["non-responder"][1] == "no"
    assert verdicts["responder"][0][-1] in ("PR", "CR")
    assert verdicts["non-responder"][0][-1] not in ("PR", "CR")


def test_with_a_drug_the_same_response_has_a_rival() -> None:
    drug = infusions("pembrolizumab", [0.0, 21.0, 42.0], 200.0)
    _, case = seen(treated(parameters={"kill_max": 20.0, "naive_pool": 50.0}, infusions=drug))
    assert assess_case(case).abscopal.strict == "possible_confounded"
    labs = [lab for lab in case.labs if lab.test == "pembrolizumab"]
    assert [lab.unit for lab in labs] == ["mg/L"] * 2  # before the first dose there is none
    assert read_case_text(case_to_yaml(case), name="x.yaml").case == case


def test_pet_falls_with_viable_tumor_and_remission_is_complete_without_any() -> None:
    one = treated()
    volumes = np.array([[60.0, 10.0], [40.0, 10.0], [0.0, 0.0]])
    viable = np.array([[60.0, 10.0], [20.0, 2.0], [0.0, 0.0]])
    case = observed_case(
        one, days_d=DAYS, volume_ml=volumes, also=AlsoSeen(viable_ml=viable), options=PURE
    )
    calls = [visit.call for visit in assess_case(case).metabolic]
    assert [call.category for call in calls if call] == ["PMR", "CMR"]
    before, after, gone = (scan.findings[0].sul_peak.value for scan in case.imaging)
    assert after == pytest.approx(1.0 + (before - 1.0) * 0.5, abs=0.01)
    assert gone == 1.0
    plain = observed_case(one, days_d=DAYS, volume_ml=volumes, options=PURE)
    assert sizes(case) == sizes(plain) == ["SD", "CR"]  # uptake does not touch RECIST


def test_mass_without_viable_tumor_is_partial_remission_of_a_lesion_that_stands() -> None:
    volumes, viable = np.full((2, 2), 20.0), np.array([[20.0, 20.0], [0.0, 0.0]])
    case = observed_case(
        treated(), days_d=DAYS[:2], volume_ml=volumes, also=AlsoSeen(viable_ml=viable),
        options=PURE,
    )  # fmt: skip
    (call,) = (visit.call for visit in assess_case(case).metabolic)
    assert call is not None
    assert call.category == "PMR"
    assert sizes(case) == ["SD"]


def sizes(case: Case) -> list[str]:
    (course,) = assess_case(case).courses
    assert course.everything.reading is not None
    return [visit.overall for visit in course.everything.reading.visits]


def test_levels_and_viable_volumes_that_do_not_fit_are_refused() -> None:
    wrong = AlsoSeen(viable_ml=[[1.0]], levels_mg_per_l={"nose": [1.0], "pd1": [-1.0, 0.0, 0.0]})
    with pytest.raises(ModelError) as caught:
        observed_case(treated(), days_d=DAYS, volume_ml=np.ones((3, 2)), also=wrong)
    for words in ("viable volumes", "levels of 'nose'", "a level of pd1 below 0"):
        assert words in str(caught.value)
