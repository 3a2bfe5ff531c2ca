"""A small synthetic case on disk: dose, structures and plan that belong together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from abscope.dose.geometry.grid import Grid
from dicom_phantom import circle, grid_of, roi_of, write_dose, write_plan, write_structures

SHAPE = (12, 14, 16)


def case_grid() -> Grid:
    return grid_of(SHAPE, spacing_mm=(3.0, 2.5, 2.0), origin_mm=(-15.0, -16.0, -18.0))


def case_dose_gy() -> np.ndarray:
    """Dose that differs along every axis, at most 21 Gy for the 20 Gy of the plan."""
    k, j, i = np.meshgrid(*(np.linspace(0, 1, n) for n in SHAPE), indexing="ij")
    return 21.0 * (0.5 * k + 0.3 * j + 0.2 * i)


def write_case(
    folder: Path,
    *,
    dose: Mapping[str, Any] | None = None,
    structures: Mapping[str, Any] | None = None,
    plan: Mapping[str, Any] | None = None,
) -> Path:
    """Write a case without faults, with the changes given to each of its three objects."""
    for_dose = {"dose_gy": case_dose_gy(), "grid": case_grid(), **(dose or {})}
    write_dose(folder / "rtdose.dcm", for_dose.pop("dose_gy"), for_dose.pop("grid"), **for_dose)
    rings = [circle((0, 0), 8.0, z_mm, n=24) for z_mm in (-6.0, -3.0, 0.0, 3.0, 6.0)]
    for_structures = {"rois": [roi_of("GTV", rings, role="GTV")], **(structures or {})}
    write_structures(folder / "rtss.dcm", for_structures.pop("rois"), **for_structures)
    write_plan(folder / "rtplan.dcm", **(plan or {}))
    return folder
