"""Organ doses as rows of a table, and the numbers of an organ that need no volume."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.dose.results import OrganDose

__all__ = [
    "HISTOGRAM_COLUMNS",
    "MEAN_COLUMNS",
    "histogram_rows",
    "mean_dose_per_fraction_gy",
    "mean_rows",
    "volume_shares_frac",
]

_LAST = ("course", "n_fractions", "beam_on_time_s", "covered_frac", "sides", "roi_name")

#: Columns of a table of mean doses, as `abscope.dose.organ_csv.read_organ_table` reads them.
MEAN_COLUMNS = ("organ", "mean_gy", "volume_ml", "integral_dose_gy_ml", *_LAST)
#: Columns of a table of histograms.
HISTOGRAM_COLUMNS = ("organ", "dose_per_fraction_gy", "volume_ml", *_LAST)


def volume_shares_frac(organ: OrganDose) -> Floats:
    """Return the share of the known volume that has each dose level (n,); they add up to 1.

    A mean dose from a table without volumes is one level with the share 1. What lies outside the
    dose grid (1 - ``covered_frac``) has no dose and is in no share.
    """
    if organ.volume_ml.shape == (1,):
        return np.ones(1)
    shares: Floats = organ.volume_ml / organ.volume_ml.sum()
    return shares


def mean_dose_per_fraction_gy(organ: OrganDose) -> float:
    """Return the mean dose of one fraction (Gy) in the part of the organ inside the dose grid."""
    return float(volume_shares_frac(organ) @ organ.dose_per_fraction_gy)


def mean_rows(organs: Iterable[OrganDose]) -> list[Mapping[str, Any]]:
    """Return one row per organ and course with its mean dose over all fractions (Gy).

    Keys are `MEAN_COLUMNS`; None stands for what is not known.
    """
    return [
        {
            "organ": organ.organ,
            "mean_gy": mean_dose_per_fraction_gy(organ) * organ.n_fractions,
            "volume_ml": _known(float(organ.volume_ml.sum())),
            "integral_dose_gy_ml": _known(organ.integral_dose_gy_ml),
            **_tail(organ),
        }
        for organ in organs
    ]


def histogram_rows(organs: Iterable[OrganDose]) -> list[Mapping[str, Any]]:
    """Return one row per dose level of each organ; keys are `HISTOGRAM_COLUMNS`.

    An organ without volumes (a mean dose from a table) has none in its row either.
    """
    return [
        {
            "organ": organ.organ,
            "dose_per_fraction_gy": float(dose),
            "volume_ml": _known(float(volume)),
            **_tail(organ),
        }
        for organ in organs
        for dose, volume in zip(organ.dose_per_fraction_gy, organ.volume_ml, strict=True)
    ]


def _tail(organ: OrganDose) -> dict[str, Any]:
    return {
        "course": organ.course,
        "n_fractions": organ.n_fractions,
        "beam_on_time_s": organ.beam_on_time_s,
        "covered_frac": organ.covered_frac,
        "sides": organ.sides,
        "roi_name": organ.roi_name,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
