"""Whether dose and structures are in one frame of reference, or joined by a registration."""

from collections.abc import Mapping, Sequence

import numpy as np

from abscope.dose.dicom.link import structures_of
from abscope.dose.findings import DoseFinding
from abscope.dose.plans import Plan, Registration
from abscope.dose.structures import StructureSet
from abscope.dose.study import DoseObject
from abscope.dose.transforms import frame_to_frame

__all__ = ["assumed_registrations", "check_frame"]


def check_frame(
    dose: DoseObject,
    *,
    structures: StructureSet | None,
    structure_sets: Sequence[StructureSet],
    registrations: Sequence[Registration],
    about: str,
) -> tuple[DoseFinding, ...]:
    """Return the refusal where a dose cannot be placed over its structures, or a warning.

    ``structures`` is the set that the dose refers to. Without such a reference one of all sets has
    to be reachable.
    """
    if not structure_sets:
        return (
            DoseFinding(
                "no-structures", "warning", about, "there is no structure set", "an RTSTRUCT",
                "No region has a dose; export the structures.",
            ),
        )  # fmt: skip
    candidates = [structures] if structures else list(structure_sets)
    if not _reaches(dose, candidates, registrations):
        return (
            DoseFinding(
                "frame-of-reference", "refused", about,
                "its frame of reference is another than that of its structures, and no "
                "registration joins them",
                "one frame of reference, or a Spatial Registration",
                "Add the registration. Accepting takes both frames as the same.",
            ),
        )  # fmt: skip
    if structures is None:
        return (
            DoseFinding(
                "unlinked-dose", "warning", about,
                "no reference tells which structure set it belongs to",
                "a plan that names the structure set",
                "Structure sets of the same frame are used; export the plan.",
            ),
        )  # fmt: skip
    return ()


def assumed_registrations(
    doses: Sequence[DoseObject],
    *,
    plans: Sequence[Plan],
    structure_sets: Sequence[StructureSet],
    registrations: Sequence[Registration],
    stated: Mapping[str, str],
) -> tuple[Registration, ...]:
    """Return identities between frames that were accepted as the same; their UID is 'accepted'."""
    known, made = list(registrations), list[Registration]()
    for dose in doses:
        mine = structures_of(dose, plans=plans, structure_sets=structure_sets, stated=stated)
        targets = [mine] if mine else list(structure_sets)
        if targets and not _reaches(dose, targets, known):
            extra = Registration(dose.dose.frame_uid, targets[0].frame_uid, np.eye(4), "accepted")
            known.append(extra)
            made.append(extra)
    return tuple(made)


def _reaches(
    dose: DoseObject, sets: Sequence[StructureSet], registrations: Sequence[Registration]
) -> bool:
    frame = dose.dose.frame_uid
    return any(
        frame_to_frame(registrations, source_uid=frame, target_uid=item.frame_uid) is not None
        for item in sets
    )
