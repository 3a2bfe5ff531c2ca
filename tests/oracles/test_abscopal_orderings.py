"""Published orderings that the core model has to show at the center of its prior.

One lesion of 30 mL is irradiated under pembrolizumab, two of 5 mL are not. What the model does not
show of these publications stands in docs/explanation/calibration.md.
"""

import numpy as np
import pytest

from abscope.model.batch import CoreOptions
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches
from core_patients import fractions, infusions, patient, uniform

DAYS = np.arange(0.0, 181.0, 10.0)
LESIONS = (("muscle", 30.0), ("lung", 5.0), ("liver", 5.0))
DRUG = infusions("pembrolizumab", list(np.arange(0.0, 170.0, 21.0)), 200.0)


def _plan(n, dose_gy, *, drug=DRUG, low=None, **cells_gy):
    doses = {"a": dose_gy} | ({"b": uniform(low)} if low else {})
    given = fractions([3.0 + k for k in range(n)], doses, **cells_gy)
    return patient(*LESIONS, fractions=given, infusions=drug)


def _run(*patients, **switches):
    options = CoreOptions(switches=Switches(**switches))
    found = simulate_patients(patients, observe_at_d=DAYS, options=options)
    assert found.ok.all()
    return found


def _outside(*patients, **switches):
    """Return the volume out of field (mL) at 180 days of each patient."""
    return _run(*patients, **switches)["volume_ml"][:, -1, 1:].sum(axis=1)


@pytest.fixture(scope="module")
def outside():
    return _outside(_plan(3, 8.0), _plan(5, 6.0), _plan(1, 20.0), _plan(1, 30.0), _plan(0, 8.0))


def test_repeated_fractions_beat_one_large_one(outside):
    """8 Gy x 3 and 6 Gy x 5 over 20 Gy x 1, in this order (Dewan 2009, Vanpouille-Box 2017)."""
    eight, six, twenty, thirty, none = outside
    assert eight < six < twenty < thirty < none


def test_the_fall_above_the_threshold_is_that_of_trex1(outside):
    """Without TREX1 20 Gy x 1 is as good as 8 Gy x 3 (Vanpouille-Box 2017: knock-down)."""
    eight, twenty, thirty = _outside(_plan(3, 8.0), _plan(1, 20.0), _plan(1, 30.0), trex1=False)
    assert twenty == pytest.approx(eight, rel=0.05)
    assert thirty == pytest.approx(twenty, rel=0.02)
    assert outside[2] > 1.5 * twenty


def test_without_innate_signal_nothing_shrinks_out_of_field():
    """Loss of interferon abolishes the abscopal response (Vanpouille-Box 2017)."""
    volume = _run(_plan(3, 8.0), innate_signal=False)["volume_ml"][0, :, 1:]
    assert (volume[1:] > volume[0]).all()
    assert _outside(_plan(3, 8.0), innate_signal=False)[0] > 3 * _outside(_plan(3, 8.0))[0]


def test_the_combination_beats_either_part():
    """Radiotherapy without a drug shrinks nothing out of field, nor does the drug alone."""
    both, drug, alone = _run(_plan(3, 8.0), _plan(0, 8.0), _plan(3, 8.0, drug=()))["volume_ml"]
    assert (both[-1, 1:] < 0.8 * both[0, 1:]).all()
    assert both[-1, 1:].sum() < 0.5 * min(drug[-1, 1:].sum(), alone[-1, 1:].sum())
    assert drug[-1, 1:].sum() > drug[0, 1:].sum()
    assert alone[-1, 1:].sum() > alone[0, 1:].sum()


def test_dose_to_lymphocytes_and_nodes_costs_response():
    """More dose to blood and lymphoid tissue, or to draining nodes, leaves more out of field.

    Fewer responses with a low count after radiotherapy (Chen 2020) and after three weeks of
    radiotherapy (Welsh 2020); that a spared node helps is the common finding in mice.
    """
    small, large = _plan(3, 8.0, lymphoid_gy=0.1), _plan(3, 8.0, blood_gy=0.5, lymphoid_gy=1.0)
    spared, hit = _plan(3, 8.0, nodes_gy=0.0), _plan(3, 8.0, nodes_gy=4.0)
    found = _outside(small, large, spared, hit)
    assert found[0] < found[1]
    assert found[2] < found[3]
    free = _outside(small, large, lymphocyte_depletion=False)
    assert free[0] == pytest.approx(free[1], rel=1e-6)
    assert free[0] < found[0]


def test_a_low_dose_makes_a_distant_lesion_respond_better():
    """4 x 1.5 Gy to a lesion beside 50 Gy in 4 to another (Menon 2019, Patel 2021).

    It is not its kill alone: without the effect on the stroma the lesion is left larger.
    """
    one = _plan(4, 12.5, low=1.5)
    on, off = _run(one)["volume_ml"][0, -1], _run(one, low_dose_stroma=False)["volume_ml"][0, -1]
    assert on[1] < 0.5 * on[2]
    assert on[1] < 0.8 * off[1]
