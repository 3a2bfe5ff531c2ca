"""Published orderings by fractionation, at the center of the prior of the core model.

One lesion of 30 mL is irradiated under pembrolizumab, two of 5 mL are not. Further orderings are in
`test_core_orderings`; what the model does not show is in docs/explanation/calibration.md.
"""

import numpy as np
import pytest

from abscope.model.batch import CoreOptions
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches
from core_patients import fractions, infusions, patient

LESIONS = (("muscle", 30.0), ("lung", 5.0), ("liver", 5.0))
DRUG = infusions("pembrolizumab", list(np.arange(0.0, 170.0, 21.0)), 200.0)
PLANS = ((3, 8.0), (5, 6.0), (1, 20.0), (1, 30.0), (0, 8.0))


def _outside(**switches):
    """Return the volume out of field (mL) at 180 days after each of the plans."""
    found = simulate_patients(
        [
            patient(
                *LESIONS,
                fractions=fractions([3.0 + k for k in range(n)], {"a": dose_gy}),
                infusions=DRUG,
            )
            for n, dose_gy in PLANS
        ],
        observe_at_d=[180.0],
        options=CoreOptions(switches=Switches(**switches)),
    )
    assert found.ok.all()
    return found["volume_ml"][:, -1, 1:].sum(axis=1)


def test_repeated_fractions_beat_one_large_one():
    """8 Gy x 3 and 6 Gy x 5 over 20 Gy x 1, in this order (Dewan 2009, Vanpouille-Box 2017)."""
    eight, six, twenty, thirty, none = _outside()
    assert eight < six < twenty < thirty
    assert six < 0.5 * none
    assert twenty > 0.9 * none  # Vanpouille-Box 2017: no abscopal effect above the threshold


def test_the_fall_above_the_threshold_is_that_of_trex1():
    """Without TREX1 20 Gy x 1 comes near 8 Gy x 3 (Vanpouille-Box 2017: knock-down).

    What is left between the two is antigen that the scar of a large dose walls off.
    """
    eight, _, twenty, thirty, _ = _outside(trex1=False, scar=False)
    whole = _outside(scar=False)
    assert 0.0 < twenty - eight < 0.1 * (whole[2] - whole[0])
    assert thirty == pytest.approx(twenty, rel=0.02)
    assert _outside()[2] > 1.5 * _outside(trex1=False)[2]
