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
    ``in_grid_frac`` of the region, which has ``volume_ml``, is inside it.
    """

    region: str
    dose_gy: Floats
    share_frac: Floats
    in_grid_frac: float
    volume_ml: float


@dataclass(frozen=True, slots=True, eq=False)
class PlanDoses:
    """Histograms of the regions of a lesion by (phase, lesion), organ doses, and remarks.

    ``volumes_ml`` has the volumes of the regions that stand for a lesion.
    """

    lesions: Mapping[tuple[str, str], tuple[LesionHistogram, ...]] = field(default_factory=dict)
    volumes_ml: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    organs: tuple[OrganDose, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def phases(self) -> frozenset[str]:
        """Return the phases that the plan tells doses of lesions from."""
        return frozenset(phase for phase, _ in self.lesions)

    @property
    def words(self) -> str:
        """Return in words where the doses of lesions and organs come from."""
        names = ", ".join(dict.fromkeys(name for _, name in self.lesions))
        lesions = f"{names} from the plan, other lesions" if names else "lesions"
        rows = [row for row in self.organs if len(row.dose_per_fraction_gy) > 1]
        kind = "histograms of organs" if rows else "mean doses of organs"
        cells = f"from {kind}" if self.organs else "guessed from the sites of targets"
        return f"{lesions} as recorded or guessed; blood, nodes and lymphoid tissue {cells}"
