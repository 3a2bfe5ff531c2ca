"""A patient as the model takes one: lesions in organs, fractions with doses, infusions, surgery."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from abscope.dose.geometry.grid import Floats

__all__ = [
    "BinnedDose", "Fraction", "Infusion", "LesionStart", "Patient", "Resection", "Seeding",
    "Transfusion",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class BinnedDose:
    """The dose of one fraction in one lesion: ``volume_frac`` (n,) of it has ``dose_gy`` (n,)."""

    dose_gy: Floats
    volume_frac: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionStart:
    """A lesion at the start of the simulation.

    ``compartment`` is the organ of the circulation that it lies in (`abscope.catalog.circulation`),
    ``own`` what is known of this lesion's own parameters, by name.
    """

    id: str
    compartment: str
    volume_ml: float
    own: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fraction:
    """One fraction: the dose of each lesion by id, and the uniform doses of equal effect on cells.

    A lesion that is not named has no dose. ``blood_gy`` is for cells in the blood, ``lymphoid_gy``
    for those in lymphoid tissue, ``nodes_gy`` for the nodes in which T cells are primed.
    """

    day_d: float
    course: str
    lesions: Mapping[str, BinnedDose]
    blood_gy: float
    lymphoid_gy: float
    nodes_gy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Infusion:
    """One dose of an agent, given over ``duration_d``."""

    day_d: float
    agent: str
    amount_mg: float
    duration_d: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resection:
    """A lesion that is taken out."""

    day_d: float
    lesion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeding:
    """A lesion of volume 0 at the start that begins on a day, with a volume of viable tumor."""

    day_d: float
    lesion: str
    volume_ml: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfusion:
    """Lymphocytes that are given into the blood and stay: the patient's own, or of a match.

    ``tumor_specific_frac`` of them are effectors against the tumor. Red cells without leukocytes
    bring none, and what they dilute is balanced within a day: they are no event of the model. So
    are leukocytes of a stranger, which are cleared within days.
    """

    day_d: float
    lymphocytes_cells: float
    tumor_specific_frac: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patient:
    """One virtual or recorded patient; days count from the day zero of the case.

    ``parameters`` has values by name where they differ from the center of the prior. ``unknowns``
    says in sentences what the record did not tell and which prior stands in for it.
    """

    id: str
    sex: str | None
    weight_kg: float | None
    lesions: tuple[LesionStart, ...]
    fractions: tuple[Fraction, ...] = ()
    infusions: tuple[Infusion, ...] = ()
    resections: tuple[Resection, ...] = ()
    seedings: tuple[Seeding, ...] = ()
    transfusions: tuple[Transfusion, ...] = ()
    start_d: float
    horizon_d: float
    parameters: Mapping[str, float] = field(default_factory=dict)
    unknowns: tuple[str, ...] = ()
