"""Equilibria of Kuznetsov et al. 1994 with the constants of BIOMD0000000762 (own computation)."""

import numpy as np

from abscope.engine.batch import Batch
from abscope.engine.simulation import Settings, simulate
from engine_systems import ready

CONSTANTS = {
    "s": 1.3e4, "pp": 0.1245, "g": 2.019e7, "m": 3.422e-10, "d": 0.0412, "a": 0.18, "b": 2.0e-9,
    "n": 1.101e-7,
}  # fmt: skip


def test_start_decides_between_dormancy_and_escape():
    """Dormancy at T 8.186e6, E 1.608e6; escape at T 4.470e8, E 1.732e5; nothing grows from T = 0.

    No replicated block and no observable: the states at the end are what is compared.
    """
    batch = Batch(
        members=3,
        horizon=4000.0,
        observe_at=[],
        parameters=CONSTANTS,
        initial={"e": [3.2e5, 1.0e4, 3.155e5], "t": [5.0e6, 3.0e8, 0.0]},
    )
    found = simulate(ready("kuznetsov"), batch, Settings(rtol=1e-8))
    assert found.ok.all()
    np.testing.assert_allclose(found.final["t"], [8.186e6, 4.470e8, 0.0], rtol=1e-3)
    np.testing.assert_allclose(found.final["e"], [1.608e6, 1.732e5, 3.155e5], rtol=1e-3)
