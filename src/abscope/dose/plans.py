"""What was prescribed, planned and delivered, as the objects of a planning system state it."""

from dataclasses import dataclass

from abscope.dose.geometry.grid import Floats

__all__ = ["Beam", "FractionGroup", "Level", "Plan", "Registration", "TreatmentRecord"]


@dataclass(frozen=True, slots=True)
class Beam:
    """One treatment beam; ``meterset_mu`` is per fraction, None where it is not stated."""

    number: int
    meterset_mu: float | None
    dose_rate_mu_per_min: float | None
    radiation: str = ""


@dataclass(frozen=True, slots=True)
class FractionGroup:
    """Beams given together; ``n_fractions_planned`` is None where the plan does not state it."""

    number: int
    n_fractions_planned: int | None
    beams: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A dose that the plan prescribes to a target, all fractions together (Gy).

    ``roi_number`` is None where the plan ties it to a point or to nothing. Several levels in one
    plan are a simultaneous boost.
    """

    roi_number: int | None
    dose_gy: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One RTPLAN; ``day`` counts days from the first dated object of the same patient."""

    uid: str
    structure_set_uid: str | None
    groups: tuple[FractionGroup, ...]
    levels: tuple[Level, ...]
    beams: tuple[Beam, ...]
    approved: bool | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class TreatmentRecord:
    """One delivered session of a plan, from an RT treatment record or a table of fractions."""

    plan_uid: str
    fraction: int | None
    day: int | None
    beam: int | None = None
    meterset_mu: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """A rigid registration: ``to_target @ (x, y, z, 1)`` carries points (mm) of the source frame.

    DICOM stores the matrix from each registered frame into the frame of the registration object.
    """

    source_frame_uid: str
    target_frame_uid: str
    to_target: Floats
    uid: str = ""
