"""The lines between no dose, low dose and in-field dose: options, from the catalog by default."""

import math
from dataclasses import dataclass, replace

from abscope.catalog.exposure import exposure_line
from abscope.errors import Problem, UsageError

__all__ = ["ExposureLines", "choose_lines", "lines_from_catalog"]


@dataclass(frozen=True, slots=True)
class ExposureLines:
    """The options of the classification, stored with every result.

    Below ``low_gy`` a lesion has no dose, above ``high_gy`` a bystander is an unplanned in-field
    lesion. ``scatter_frac`` bounds the share of the prescribed dose that a lesion outside the
    field can get, ``inflation`` multiplies a computed out-of-field dose, which planning systems
    underestimate.
    """

    low_gy: float
    high_gy: float
    scatter_frac: float
    inflation: float


def lines_from_catalog() -> ExposureLines:
    """Return the documented default options, each from its catalog entry."""
    return ExposureLines(
        low_gy=exposure_line("no_dose_below_gy").value,
        high_gy=exposure_line("low_dose_up_to_gy").value,
        scatter_frac=exposure_line("out_of_field_scatter_frac").value,
        inflation=exposure_line("out_of_field_inflation").value,
    )


def choose_lines(*, low_gy: float | None = None, high_gy: float | None = None) -> ExposureLines:
    """Return the default options with other dose lines where given.

    Raises UsageError unless 0 < low < high.
    """
    lines = lines_from_catalog()
    low, high = low_gy or lines.low_gy, high_gy or lines.high_gy
    if not 0 < low < high < math.inf or low_gy == 0 or high_gy == 0:
        raise UsageError(
            Problem(
                "--low-gy, --high-gy",
                f"the dose lines are {low_gy if low_gy is not None else low:g} and "
                f"{high_gy if high_gy is not None else high:g} Gy",
                "0 < low < high",
                "Correct them, or leave them out.",
            )
        )
    return replace(lines, low_gy=low, high_gy=high)
