"""Studies made of closed-form doses, for tests of the dose room that need no DICOM file."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from abscope.dose.geometry.grid import DoseGrid, Floats, Grid
from abscope.dose.lesion_region import LesionRegion, sphere_roi
from abscope.dose.plans import Beam, FractionGroup, Level, Plan, Registration, TreatmentRecord
from abscope.dose.study import DoseObject, Study, Summation

__all__ = ["box", "dose_of", "plan_of", "region", "rigid", "study_of", "summation_of"]


def box(
    low_mm: Sequence[float] = (-40, -40, -40),
    high_mm: Sequence[float] = (40, 40, 40),
    *,
    step_mm: float = 2.5,
) -> Grid:
    """A grid whose voxel centers run from one corner to the other (x, y, z)."""
    low = np.asarray(low_mm, dtype=float)
    counts = np.floor((np.asarray(high_mm) - low) / step_mm + 1e-9).astype(int) + 1
    affine = np.diag([step_mm, step_mm, 1.0, 1.0])
    affine[:3, 3] = low
    return Grid(affine, np.arange(counts[2]) * step_mm, int(counts[1]), int(counts[0]))


def dose_of(
    function: Callable[[Floats, Floats, Floats], Floats],
    *,
    grid: Grid | None = None,
    frame: str = "F1",
    effective: bool = False,
) -> DoseGrid:
    """The dose ``function(x, y, z)`` (Gy, mm) on a grid."""
    chosen = grid or box()
    planes, rows, columns = chosen.shape
    k, j, i = np.meshgrid(np.arange(planes), np.arange(rows), np.arange(columns), indexing="ij")
    index = np.column_stack([i.ravel(), j.ravel(), chosen.offsets_mm[k.ravel()]])
    x, y, z = chosen.points_mm(index.astype(float)).T
    values = np.broadcast_to(np.asarray(function(x, y, z), dtype=float), x.shape)
    return DoseGrid(chosen, values.reshape(chosen.shape).copy(), frame, effective)


def plan_of(
    uid: str,
    *,
    n: int | None = 5,
    levels: Sequence[float] = (25.0,),
    beams: Sequence[int] = (1,),
    day: int | None = None,
) -> Plan:
    """A plan of one fraction group; its levels belong to no region."""
    return Plan(
        uid=uid,
        structure_set_uid=None,
        groups=(FractionGroup(1, n, tuple(beams)),),
        levels=tuple(Level(None, dose) for dose in levels),
        beams=tuple(Beam(number, None, None) for number in beams),
        day=day,
    )


def summation_of(
    dose: DoseGrid,
    plan: str | None,
    *,
    kind: Summation = "PLAN",
    beams: Sequence[int] = (),
    group: int | None = None,
) -> DoseObject:
    """A dose object of a plan."""
    uid = f"{plan}-{kind}-{group}-{'-'.join(map(str, beams))}"
    return DoseObject(uid, dose, kind, plan, group, tuple(beams), ())


def study_of(
    *pairs: tuple[DoseGrid, Plan],
    registrations: Sequence[Registration] = (),
    treatments: Sequence[TreatmentRecord] = (),
    doses: Sequence[DoseObject] = (),
) -> Study:
    """A study of PLAN doses with their plans, and of further dose objects."""
    whole = tuple(summation_of(dose, plan.uid) for dose, plan in pairs)
    return Study(
        source="made up",
        patient="hash",
        doses=(*whole, *doses),
        plans=tuple(plan for _, plan in pairs),
        structure_sets=(),
        images=(),
        registrations=tuple(registrations),
        treatments=tuple(treatments),
        findings=(),
    )


def region(
    name: str = "GTV",
    *,
    center_mm: Sequence[float] = (0, 0, 0),
    diameter_mm: float = 12,
    frame: str = "F1",
) -> LesionRegion:
    """A contoured sphere."""
    roi = sphere_roi(name, center_mm=center_mm, diameter_mm=diameter_mm)
    return LesionRegion(replace(roi, number=7), frame, "roi", structure_set_uid=f"S-{frame}")


def rigid(*, shift_mm: Sequence[float] = (0, 0, 0), about_z_deg: float = 0.0) -> Floats:
    """A rotation about z, then a shift, as a matrix (4, 4)."""
    angle = np.deg2rad(about_z_deg)
    out = np.eye(4)
    out[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    out[:3, 3] = shift_mm
    return out
