"""What the time stepping of HEDOS does to the mean dose, and that ours has no step to do it."""

import numpy as np
import pytest

from abscope.blood.circulation import reference_network
from abscope.blood.engines.events import Particles, simulate
from abscope.blood.engines.mean import mean_gy
from abscope.blood.sojourn import Transit
from blood_cases import fraction
from qc.hedos_discrete import mean_gy as stepped_mean_gy

#: Mean blood dose of 2 Gy to the lung in 120 s (truth 0.21 Gy) in runs of HEDOS by step.
HEDOS_GY = {0.2: 0.21448, 0.1: 0.21203, 0.05: 0.21106, 0.0125: 0.21035}


@pytest.mark.parametrize("dt_s", sorted(HEDOS_GY, reverse=True))
def test_the_bias_of_hedos_is_reproduced(dt_s):
    found = stepped_mean_gy(reference_network("male"), "lung", 2.0, dt_s=dt_s, duration_s=120.0)

    assert found == pytest.approx(HEDOS_GY[dt_s], abs=4e-4)


def test_no_time_step_biases_our_particles():
    doses = simulate(
        fraction("male", "lung", 120), transit=Transit(), particles=Particles(1_000_000, seed=2)
    )
    error = doses.std() / np.sqrt(doses.size)

    assert mean_gy(fraction("male", "lung", 120)) == pytest.approx(0.21, abs=1e-12)
    assert doses.mean() == pytest.approx(0.21, abs=4 * error)
    # the negative control: the step of HEDOS's example would be seen
    assert abs(HEDOS_GY[0.05] - 0.21) > 4 * error
