"""Virtual trials from the prior against published rates, small; and their readers.

`verification/anchors.py` is the same with 1000 patients per arm; its table, with what is not met,
is in docs/explanation/calibration.md.
"""

import numpy as np
import pytest

import trials
from abscope.catalog.proportion import wilson_interval
from abscope.model.observe import Observation, observed_case
from anchors import calibrated
from population import infused, population
from reading import recist, see


@pytest.fixture(scope="module")
def pembro_rt():
    return trials.nsclc(500)


@pytest.mark.parametrize(
    ("arm", "events", "n"), [("rt 12 weeks", 13, 36), ("drug 12 weeks", 7, 40)]
)
def test_pembro_rt_is_inside_its_intervals(pembro_rt, arm, events, n):
    """36 % of 36 and 18 % of 40 at 12 weeks (PEMBRO-RT, Theelen 2019, abstract).

    500 patients: standard error of 2 points, a fixed seed.
    """
    low, high = wilson_interval(events, n=n)
    seen, of = pembro_rt[arm]
    assert low < seen / of < high


def test_radiotherapy_alone_rarely_has_a_distant_response(pembro_rt):
    seen, of = pembro_rt["rt alone best"]
    assert of > 200
    assert seen / of < 0.1


def test_onset_is_two_to_four_months(pembro_rt):
    """Our target from published cases, whose median is 4 months (Hatten 2022, IQR 1 to 5)."""
    assert 61 <= pembro_rt["rt onset"] <= 122


def test_patients_do_not_depend_on_how_many_are_drawn():
    few, many = population(3, tumor="nsclc", seed=5), population(6, tumor="nsclc", seed=5)
    assert [one.parameters for one in few] == [one.parameters for one in many[:3]]
    assert [one.lesions for one in few] == [one.lesions for one in many[:3]]


def test_every_calibrated_value_says_to_what():
    assert {"naive_pool", "antigen_half", "pdl1_half", "scar_share", "turnover"} <= set(
        calibrated()
    )


def test_cohorts_are_read_as_single_patients_are():
    """Property: sizes of the arrays are those of the case that `observe` makes, without noise."""
    patients = [
        infused(one, "pembrolizumab", first_d=0.0, amount_mg=200.0)
        for one in population(12, tumor="nsclc", seed=2)
    ]
    days = [0.0, 84.0, 336.0]
    seen = see(patients, days, noise=False)
    states = set()
    for i, one in enumerate(patients):
        volumes = seen.true["volume_ml"][i, :, : len(one.lesions)]
        case = observed_case(one, days_d=days, volume_ml=volumes, options=Observation(noise=False))
        for visit, scan in enumerate(case.imaging):
            for k, found in enumerate(scan.findings):
                states.add(found.state)
                size = {"absent": 0.0, "too_small": 5.0}.get(found.state)
                if size is None:
                    size = found.size_mm.value
                assert seen.sizes_mm[i, visit, k] == size
    assert "measured" in states
    assert np.isnan(seen.sizes_mm).any()


def test_a_reading_says_which_patients_it_is_of():
    """Who has no target is left out, and those after keep their own place."""
    seen = see(population(4, tumor="nsclc", seed=2), [0.0, 84.0], noise=False)
    every = np.isfinite(seen.sizes_mm[:, 0])
    every[1] = False
    assert recist(seen, every).patient.tolist() == [0, 2, 3]
