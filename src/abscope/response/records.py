"""What the criteria read: lesions at baseline, visits with measurements, one patient.

These records know no file format and no simulator. A case, a flat table, SDTM and a simulated
cohort are all turned into them, so that one adjudicator judges all. Sizes are exact decimals in mm
(`mm`), because 27.0 -> 32.4 mm is progression and binary floats say that it is not. A record takes
what the source says; `abscope.response.checks` says whether the criteria can be applied to it.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal, get_args

from abscope.errors import Problem, ProtocolError

__all__ = [
    "STATES",
    "Kind",
    "LesionBaseline",
    "Measurement",
    "NewLesion",
    "PatientRecord",
    "Role",
    "State",
    "Visit",
    "mm",
    "restrict",
]

State = Literal[
    "measured", "present", "too_small", "absent", "split", "merged",
    "not_imaged", "not_evaluable", "resected",
]  # fmt: skip
STATES: tuple[str, ...] = get_args(State)

Role = Literal["target", "non_target", "none"]

Kind = Literal[
    "soft_tissue", "node", "bone_lytic", "bone_mixed", "bone_blastic", "skin",
    "simple_cyst", "cystic_metastasis", "effusion", "other",
]  # fmt: skip


def mm(value: Decimal | float | str) -> Decimal:
    """Return a size in mm as the decimal number that a person wrote.

    A float goes through its shortest decimal form, so 32.4 is exactly 32.4.

    Raises:
        ProtocolError: The value is not a finite number.

    >>> mm(27.0) * Decimal("1.2") == mm("32.4")
    True
    """
    if isinstance(value, bool):
        raise _no_number(value)
    text = value if isinstance(value, (str, Decimal, int)) else repr(float(value))
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _no_number(value) from None
    if not number.is_finite():
        raise _no_number(value)
    return number


def _no_number(value: object) -> ProtocolError:
    return ProtocolError(
        Problem(
            "size",
            f"{value!r} is no size in mm",
            "a finite number of millimeters",
            f"Give the size, or a state without one ({', '.join(STATES[1:])}).",
        )
    )


def _to_decimal(record: object, *names: str) -> None:
    for name in names:
        value = getattr(record, name)
        if value is not None:
            object.__setattr__(record, name, mm(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionBaseline:
    """One lesion at baseline.

    ``diameter_mm`` is the longest diameter, ``short_axis_mm`` the short axis of a node,
    ``soft_tissue_mm`` the longest diameter of the soft-tissue part of a bone lesion. ``organ`` is
    any name that is the same for the same organ; nodes are one organ whatever it says.
    ``previously_irradiated`` covers every earlier local treatment; None where it is not known.
    """

    id: str
    role: Role
    organ: str = ""
    kind: Kind = "soft_tissue"
    diameter_mm: Decimal | None = None
    short_axis_mm: Decimal | None = None
    soft_tissue_mm: Decimal | None = None
    slice_mm: Decimal | None = None
    method: Literal["CT", "MRI", "PET/CT", "chest_x_ray", "caliper", "other"] = "CT"
    previously_irradiated: bool | None = None
    progressed_since: bool | None = None

    def __post_init__(self) -> None:
        _to_decimal(self, "diameter_mm", "short_axis_mm", "soft_tissue_mm", "slice_mm")

    @property
    def is_node(self) -> bool:
        """Whether the short axis is the size that counts."""
        return self.kind == "node"

    @property
    def size_mm(self) -> Decimal | None:
        """The size that counts (mm): short axis of a node, soft-tissue part of bone where given."""
        if self.is_node:
            return self.short_axis_mm
        return self.diameter_mm if self.soft_tissue_mm is None else self.soft_tissue_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One lesion at one visit.

    ``state`` says how a size is to be read. ``unequivocal_growth`` is the reader's judgement that a
    non-target or new lesion without a size that counts has clearly progressed since baseline or its
    best state; ``increased`` that it is larger than at the visit before (iRECIST asks both).
    ``merged_with`` names the partner; the partner that carries the merged diameter has a size, the
    other has none. ``treated_locally`` stays true from the first visit after surgery, ablation or
    radiotherapy of this lesion. ``day_d`` is the day of its image where it differs from the visit.
    """

    lesion: str
    state: State = "measured"
    diameter_mm: Decimal | None = None
    short_axis_mm: Decimal | None = None
    fragments_mm: tuple[Decimal, ...] = ()
    merged_with: str | None = None
    slice_mm: Decimal | None = None
    unequivocal_growth: bool = False
    increased: bool = False
    treated_locally: bool = False
    day_d: float | None = None

    def __post_init__(self) -> None:
        _to_decimal(self, "diameter_mm", "short_axis_mm", "slice_mm")
        object.__setattr__(self, "fragments_mm", tuple(mm(size) for size in self.fragments_mm))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLesion:
    """A lesion that was not there at baseline, as one visit judges it.

    ``certainty`` of a later visit may settle an equivocal lesion: ``unequivocal`` dates the
    progression back to the first sight, ``dismissed`` drops it. ``measured`` makes it one of the
    new targets of iRECIST (at most 5, 2 per organ), whose sizes stand in ``Visit.measurements``.
    """

    id: str
    certainty: Literal["unequivocal", "equivocal", "dismissed"] = "unequivocal"
    measured: bool = False
    organ: str = ""
    kind: Kind = "soft_tissue"
    day_d: float | None = None

    @property
    def is_node(self) -> bool:
        """Whether the short axis is the size that counts."""
        return self.kind == "node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One follow-up assessment, ``day_d`` in days from the patient's day zero.

    ``stated_nontarget`` is the reader's category for all non-target disease, used where no
    non-target lesion is listed at this visit. ``stated_target`` and ``stated_overall`` are what the
    source says; they are compared, never used. ``markers_normal`` is None where not measured.
    """

    id: str
    day_d: float
    measurements: tuple[Measurement, ...] = ()
    new_lesions: tuple[NewLesion, ...] = ()
    for_symptoms: bool = False
    clinically_stable: bool | None = None
    markers_normal: bool | None = None
    stated_nontarget: Literal["CR", "NON-CR/NON-PD", "PD", "NE"] | None = None
    stated_target: str | None = None
    stated_overall: str | None = None
    _by_lesion: dict[str, Measurement] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first = {item.lesion: item for item in reversed(self.measurements)}
        object.__setattr__(self, "_by_lesion", first)

    def of(self, lesion: str) -> Measurement | None:
        """The measurement of one lesion, None where the visit does not mention it."""
        return self._by_lesion.get(lesion)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """One patient as one reader saw them.

    ``reference_d`` is where PFS and the minimum time of SD start (randomization or start of
    treatment), ``baseline_d`` the day of the baseline images; both in days from ``day_zero``,
    which only serves to print dates. None means not known; an unknown death is no survival.
    ``sizes_checked`` says that the sizes are known to be in mm (a program wrote them, or a person
    looked), so that a tenfold step is taken as it is.
    """

    subject: str
    lesions: tuple[LesionBaseline, ...]
    visits: tuple[Visit, ...]
    reference_d: float = 0.0
    baseline_d: float = 0.0
    markers_elevated: bool = False
    death_d: float | None = None
    new_therapy_d: float | None = None
    reader: str = "investigator"
    day_zero: date | None = None
    sizes_checked: bool = False
    source: str = ""

    @property
    def targets(self) -> tuple[LesionBaseline, ...]:
        """The target lesions in the order of the record."""
        return tuple(lesion for lesion in self.lesions if lesion.role == "target")

    @property
    def nontargets(self) -> tuple[LesionBaseline, ...]:
        """The non-target lesions in the order of the record."""
        return tuple(lesion for lesion in self.lesions if lesion.role == "non_target")

    def date_of(self, day_d: float | None) -> date | None:
        """The calendar date of a day, None where the day or the day zero is not known."""
        if day_d is None or self.day_zero is None:
            return None
        return self.day_zero + timedelta(days=int(day_d // 1))


def restrict(record: PatientRecord, keep: Collection[str]) -> PatientRecord:
    """Return the record with only the baseline and new lesions whose ids are in ``keep``.

    What the reader stated for all non-target disease or overall is dropped, since it does not hold
    for a part; so is a marker, which no part of the disease explains alone.
    """
    return replace(
        record,
        lesions=tuple(lesion for lesion in record.lesions if lesion.id in keep),
        visits=tuple(
            replace(
                visit,
                measurements=tuple(m for m in visit.measurements if m.lesion in keep),
                new_lesions=tuple(n for n in visit.new_lesions if n.id in keep),
                stated_nontarget=None,
                stated_target=None,
                stated_overall=None,
            )
            for visit in record.visits
        ),
        markers_elevated=False,
    )
