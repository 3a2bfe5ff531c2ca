"""Examinations before the start: what they tell of growth, and when they tell nothing."""

import numpy as np
import pytest

from abscope.engine.simulation import Settings
from abscope.infer.case_model import CaseModel, FitOptions, case_model
from abscope.infer.given import grown_under
from abscope.infer.latents import smooth_names
from abscope.infer.readings import ChangeReading, GoneReading, SizeReading
from abscope.infer.visits import data_of_case
from explained_cases import followed
from model_cases import small_case

BASELINE = small_case().imaging[0].to_plain()
EARLY = {"id": "E1", "when": "day -97", "modalities": ["CT"]}


def case(*findings: dict, baseline: list | None = None, after: bool = False, **more: object):
    start = {**BASELINE, "findings": baseline or BASELINE["findings"]}
    scans = [{**EARLY, "findings": list(findings)}, start]
    followed_up = [scan.to_plain() for scan in followed().imaging][1:]
    return followed(imaging=[*scans, *(followed_up if after else [])], **more)


def early(found) -> list:
    data = data_of_case(found, lesions=("A", "B"))
    return [one for visit in data.visits if visit.early for one in visit.readings]


def test_growth_that_only_earlier_sizes_tell_is_told() -> None:
    """Rung: statistical; a patient whose truth is known, from draws of the prior that are weighed.

    Volumes double in 30 days before the start, without any reading after it.
    """
    then = 2.0 ** (-90.0 / 30.0 / 3.0)
    found = case(
        {"lesion": "A", "size_mm": 40 * then, "other_axis_mm": 30 * then},
        {"lesion": "B", "size_mm": 20 * then},
    )
    model = case_model(found)
    z = np.random.default_rng(1).standard_normal((400, len(model.names)))
    log_l = model.log_likelihood(model.computed(z))
    weights = np.exp(log_l - log_l.max())
    weights /= weights.sum()
    growth = np.array(
        [
            np.mean([np.log(one.own["growth"]) for one in patient.lesions])
            for patient in model.patients(z)
        ]
    )
    mean = weights @ growth
    spread = np.sqrt(weights @ (growth - mean) ** 2)
    assert 1.0 / np.sum(weights**2) > 15.0
    assert spread < 0.5 * growth.std()
    net_per_d = np.log(2.0) / 30.0
    assert np.log(net_per_d) - 2.0 * spread < mean < np.log(net_per_d) + 4.0 * spread


def test_slopes_before_the_start_are_those_of_differences() -> None:
    """Rung: differences at rtol 1e-8, both readers' errors and drugs before the start included."""
    drug = {"id": "D0", "start": "day -80", "interval_d": 21, "n_cycles": 3,
            "agents": [{"name": "pembrolizumab", "dose_mg": 200}]}  # fmt: skip
    found = case({"lesion": "A", "size_mm": 30}, {"lesion": "B", "state": "absent"},
                 systemic_therapy=[drug])  # fmt: skip
    model = case_model(found, FitOptions(settings=Settings(rtol=1e-8)))
    z, h = 0.3 * np.random.default_rng(3).standard_normal((2, len(model.names))), 1e-3
    smooth = smooth_names(model, np.zeros(len(model.names)))
    direction = np.where(smooth, np.random.default_rng(4).standard_normal(z.shape[1]), 0.0)
    direction /= np.linalg.norm(direction)
    along = model.information(model.computed_along(z, direction[None, :]))
    ends = [model.log_likelihood(model.computed(z + s * h * direction)) for s in (1, -1)]
    expected = (ends[0] - ends[1]) / (2 * h)
    np.testing.assert_allclose(along.gradient[:, 0], expected, rtol=2e-4)


def test_an_earlier_size_is_that_at_the_start_less_its_growth() -> None:
    """Rung: identity; without growth in between the earlier size is that at the start."""
    model: CaseModel = case_model(case({"lesion": "B", "size_mm": 20}))
    z = np.zeros((2, len(model.names)))
    z[1, model.names.index("growth")] = -6.0  # as good as none
    (then,) = [
        number for visit, says, _, number in model.readings(model.computed(z)) if says[0] == "B"
    ]
    assert np.exp(then[0]) < 19.0
    assert np.exp(then[1]) == pytest.approx(20.0, rel=0.05)


def test_what_is_new_or_has_grown_at_the_start_is_told_of_the_time_before() -> None:
    new = [{"lesion": "A", "size_mm": 40}, {"lesion": "B", "size_mm": 20, "change": "new"}]
    (found,) = early(case({"lesion": "A", "change": "present"}, baseline=new))
    assert isinstance(found, GoneReading)
    assert found.lesion == "B"
    grown = [{"lesion": "A", "change": "increased"}, {"lesion": "B", "size_mm": 20}]
    (found,) = early(case({"lesion": "B", "change": "present"}, baseline=grown))
    assert isinstance(found, ChangeReading)
    assert found.to_start
    drug = {"id": "D0", "start": "day -80", "interval_d": 21,
            "agents": [{"name": "pembrolizumab", "dose_mg": 200}]}  # fmt: skip
    told = case(baseline=grown, systemic_therapy=[drug])
    patients = case_model(told).scouts
    assert grown_under(told, patients, "A", fitted=True) is None
    assert "no reading" in str(grown_under(told, patients, "A"))
    other = {"id": "D1", "start": "day -60", "agents": [{"name": "x"}]}
    unused = case(baseline=grown, systemic_therapy=[drug, other])
    assert "pembrolizumab" in str(grown_under(unused, patients, "A", fitted=True))


OTHER = {"id": "D0", "start": "day -60", "agents": [{"name": "x"}]}
CUT = {"id": "S1", "kind": "resection", "name": "cut", "when": "day -50", "lesions": ["A"]}


@pytest.mark.parametrize(
    ("more", "why"),
    [({"systemic_therapy": [OTHER]}, "x"), ({"procedures": [CUT]}, "treated")],
)
def test_what_the_simulation_does_not_hold_bars_what_lies_before(more: dict, why: str) -> None:
    found = case({"lesion": "A", "size_mm": 30}, after=True, **more)
    data = data_of_case(found, lesions=("A", "B"))
    assert not [visit for visit in data.visits if visit.early]
    assert any(why in note for note in data.notes)


def test_a_size_that_stands_for_the_start_is_not_read_again() -> None:
    unsized = [{"lesion": "A", "change": "present"}, {"lesion": "B", "size_mm": 20}]
    assert not early(case({"lesion": "A", "size_mm": 30}, baseline=unsized))
    (found,) = early(case({"lesion": "B", "size_mm": 15}, baseline=unsized))
    assert isinstance(found, SizeReading)


def test_without_a_run_in_nothing_is_read_before_the_start() -> None:
    found = case({"lesion": "A", "size_mm": 30}, after=True)
    model = case_model(found, FitOptions(run_in_d=0.0))
    assert not any(visit.early for visit in model.data.visits)
