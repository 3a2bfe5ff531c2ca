"""What the literature says: each number with unit, range and source."""

from abscope.catalog.entries import Parameter, load
from abscope.catalog.exposure import exposure_line
from abscope.catalog.radiobiology import alpha_beta

__all__ = ["Parameter", "alpha_beta", "exposure_line", "load"]
