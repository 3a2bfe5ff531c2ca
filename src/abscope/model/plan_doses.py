"""The doses that a treatment plan tells, per fraction and phase of the case."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from abscope.dose.geometry.grid import Floats
from abscope.dose.results import OrganDose
from abscope.errors import Problem

__all__ = ["LesionHistogram", "PlanDoses"]


@dataclass(frozen=True, slots=True, eq=False)
class LesionHistogram:
    """The dose of one fraction in one region of a lesion, levels ascending.

    ``share_frac`` (levels,) of the volume inside the dose grid has ``dose_gy`` (levels,);
    ``in_grid_frac`` of the region is inside it.
    """

    region: str
    dose_gy: Floats
    share_frac: Floats
    in_grid_frac: float


@dataclass(frozen=True, slots=True, eq=False)
class PlanDoses:
    """Histograms of the regions of a lesion by (phase, lesion), organ doses, and remarks."""

    lesions: Mapping[tuple[str, str], tuple[LesionHistogram, ...]] = field(default_factory=dict)
    organs: tuple[OrganDose, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
