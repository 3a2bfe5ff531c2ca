"""Where a batch runs: here, over the cores, on a cluster, on a GPU; one door, ``run``."""

from abscope.engine.executors.dask import Dask
from abscope.engine.executors.draws import Cohort, Draws
from abscope.engine.executors.gpu import Gpu
from abscope.engine.executors.processes import Processes
from abscope.engine.executors.reductions import Histogram, Moments, Rows, Together
from abscope.engine.executors.running import RunError, run
from abscope.engine.executors.serial import Serial

__all__ = [
    "Cohort", "Dask", "Draws", "Gpu", "Histogram", "Moments", "Processes", "Rows", "RunError",
    "Serial", "Together", "run",
]  # fmt: skip
