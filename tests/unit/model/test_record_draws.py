"""Versions and intervals of the record are used in the model, not held for unknown."""

import numpy as np
import pytest

from abscope.case.facts import Quantity
from abscope.model.case_parameters import drawn_weight_kg
from abscope.model.from_case import patients_of
from abscope.model.lesion_sizes import size_words
from abscope.model.prior_draws import PriorDraws
from abscope.model.record_draws import drawn_value, has_positive, has_value, versions_in_words
from model_cases import phase, small_case


def two(*versions: dict[str, float]) -> Quantity:
    return Quantity.model_validate({"versions": list(versions)})


def drawn(quantity: Quantity, *, zero: bool = False) -> np.ndarray:
    return drawn_value(quantity, "x", PriorDraws(4000, seed=1), zero=zero)


def test_versions_are_drawn_alike_and_intervals_within_their_bounds() -> None:
    both = drawn(two({"value": 22}, {"value": 25}))
    assert set(both) == {22.0, 25.0}
    assert np.mean(both == 22.0) == pytest.approx(0.5, abs=0.05)
    mixed = drawn(two({"value": 40}, {"low": 10, "high": 20}))
    inside = mixed[mixed != 40.0]
    assert len(inside) == pytest.approx(2000, abs=200)
    assert (inside.min(), inside.max()) == (pytest.approx(10, abs=0.1), pytest.approx(20, abs=0.1))
    assert set(drawn(Quantity(value=7.0))) == {7.0}


def test_zero_is_a_dose_but_no_size() -> None:
    none = Quantity(value=0.0)
    assert (has_value(none), has_positive(none)) == (True, False)
    assert set(drawn(none, zero=True)) == {0.0}
    with pytest.raises(ValueError, match="x: the record has no number"):
        drawn(none)
    small = Quantity(high=10.0)
    assert drawn(small).min() > 1.0
    assert drawn(small, zero=True).min() < 0.1
    assert drawn(Quantity(low=10.0)).max() < 20.0
    unknown = Quantity(status="not_reported")
    assert not has_value(None)
    assert not has_value(unknown)


def test_words_name_versions_that_differ() -> None:
    assert (
        versions_in_words(two({"value": 22}, {"low": 10, "high": 20}), "mm") == "22 or 10 to 20 mm"
    )
    assert versions_in_words(Quantity(value=22), "mm") == ""
    assert versions_in_words(None, "mm") == ""


def test_size_that_the_source_gives_twice_is_no_unknown_size() -> None:
    versions = {"versions": [{"value": 22}, {"value": 25}]}
    case = small_case(imaging=[_scan({"lesion": "A", "size_mm": versions})])
    patients = patients_of(case, draws=200, seed=1)
    said = next(x for x in patients[0].unknowns if x.startswith("A: volume"))
    assert "22 or 25 mm, each as likely" in said
    lesion = [next(x for x in one.lesions if x.id.startswith("A")) for one in patients]
    diameters = np.cbrt([6000 * x.volume_ml / np.pi for x in lesion])
    assert 10 < np.quantile(diameters, 0.02) < np.quantile(diameters, 0.98) < 32
    assert size_words(case.imaging[0].findings[0], several=False) in said


def test_weight_as_an_interval_is_known() -> None:
    case = small_case(patient={"weight_kg": {"low": 60, "high": 70}})
    weights, told = drawn_weight_kg(case, PriorDraws(100, seed=1))
    assert weights.min() >= 60
    assert weights.max() <= 70
    assert told == []


def test_drug_and_pause_follow_what_the_record_leaves_open() -> None:
    agent = {"name": "pembrolizumab", "dose_mg": {"versions": [{"value": 200}, {"value": 400}]},
             "interval_d": {"low": 21, "high": 42}, "n_cycles": 3}  # fmt: skip
    therapy = [{"id": "S1", "agents": [agent], "start": "day 0"}]
    course = phase(pauses=[{"after_fraction": 2, "duration_d": {"low": 7, "high": 9}}])
    case = small_case(systemic_therapy=therapy, rt_courses=course)
    patients = patients_of(case, draws=40, seed=1)
    assert {dose.amount_mg for one in patients for dose in one.infusions} == {200.0, 400.0}
    gaps = [one.infusions[1].day_d - one.infusions[0].day_d for one in patients]
    assert 21 <= min(gaps) < 26 < 37 < max(gaps) <= 42
    held = [one.fractions[2].day_d - one.fractions[1].day_d for one in patients]
    assert min(held) >= 8
    assert not any("not on record" in line and "pembrolizumab" in line
                   for line in patients[0].unknowns)  # fmt: skip


def _scan(finding: dict[str, object]) -> dict[str, object]:
    return {"id": "I0", "when": "day -5", "role": "baseline", "findings": [finding]}
