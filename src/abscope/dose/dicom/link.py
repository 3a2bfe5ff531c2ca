"""Which dose belongs to which plan, structures and frame: by references, never by file name."""

from collections.abc import Iterable, Mapping, Sequence

from abscope.dose.plans import Plan
from abscope.dose.structures import StructureSet
from abscope.dose.study import DoseObject

__all__ = ["plan_of", "structures_of"]


def plan_of(dose: DoseObject, plans: Iterable[Plan]) -> Plan | None:
    """Return the plan that a dose refers to; None where it is not there."""
    return next((plan for plan in plans if plan.uid == dose.plan_uid), None)


def structures_of(
    dose: DoseObject,
    *,
    plans: Iterable[Plan],
    structure_sets: Sequence[StructureSet],
    stated: Mapping[str, str],
) -> StructureSet | None:
    """Return the structure set of a dose: of its plan, else the one that the dose itself names.

    ``stated`` maps a dose's UID to the structure set its DVHs refer to. Where nothing is named and
    there is only one structure set, it is that one; otherwise None.
    """
    plan = plan_of(dose, plans)
    for uid in (plan.structure_set_uid if plan else None, stated.get(dose.uid)):
        for candidate in structure_sets:
            if uid and candidate.uid == uid:
                return candidate
    return structure_sets[0] if len(structure_sets) == 1 else None
