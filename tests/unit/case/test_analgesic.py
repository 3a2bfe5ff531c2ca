import pytest
from pydantic import ValidationError

from abscope.case.observation import Symptom


def test_no_analgesic_at_all_is_zero_and_not_unknown():
    without = Symptom.model_validate({"scale": "NRS 0-10", "omed_mg": 0})
    unsaid = Symptom.model_validate({"scale": "NRS 0-10"})
    assert without.omed_mg is not None
    assert without.omed_mg.value == 0.0
    assert unsaid.omed_mg is None
    assert Symptom.model_validate(without.to_plain()) == without


def test_a_negative_analgesic_dose_is_refused():
    with pytest.raises(ValidationError, match="-1 mg"):
        Symptom.model_validate({"scale": "NRS 0-10", "omed_mg": -1})
