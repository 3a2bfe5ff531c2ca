"""Which dose objects may be added: a plan's dose, or all of its beams, never both."""

from collections import defaultdict
from collections.abc import Sequence

from abscope.dose.dicom.link import plan_of
from abscope.dose.findings import DoseFinding
from abscope.dose.plans import Plan
from abscope.dose.study import DoseObject

__all__ = ["check_sum", "doses_of_plans"]


def doses_of_plans(
    doses: Sequence[DoseObject], *, plans: Sequence[Plan]
) -> tuple[tuple[tuple[DoseObject, ...], ...], tuple[DoseFinding, ...]]:
    """Return groups of doses, each of which adds up to the dose of one plan, with findings.

    A PLAN or MULTI_PLAN dose stands for its plan; its FRACTION (fraction group) and BEAM doses are
    left out with a note. Without one, fraction groups add up, then beams; missing groups or beams
    are a warning, because the sum is then lower than what was planned.
    """
    by_plan = defaultdict[str, list[DoseObject]](list)
    for dose in doses:
        by_plan[dose.plan_uid or dose.uid].append(dose)
    groups, found = [], []
    for place, parts in enumerate(by_plan.values(), start=1):
        about = f"plan {place}" if len(by_plan) > 1 else "the plan"
        chosen, faults = _chosen(parts, plan_of(parts[0], plans), about)
        groups += chosen
        found += faults
    return tuple(groups), tuple(found)


def check_sum(doses: Sequence[DoseObject], *, about: str) -> tuple[DoseFinding, ...]:
    """Return the refusal to add doses of which one is contained in another, else nothing."""
    wholes = {dose.plan_uid for dose in doses if dose.summation in ("PLAN", "MULTI_PLAN")}
    parts = [
        dose
        for dose in doses
        if dose.summation in ("FRACTION", "BEAM", "BRACHY") and dose.plan_uid in wholes
    ]
    grouped = {dose.plan_uid for dose in doses if dose.summation == "FRACTION"}
    parts += [dose for dose in doses if dose.summation == "BEAM" and dose.plan_uid in grouped]
    whole_again = [dose.plan_uid for dose in doses if dose.summation == "PLAN" and dose.plan_uid]
    twice = len(whole_again) - len(set(whole_again))
    if not parts and not twice:
        return ()
    what = "a dose would be added to a part of itself" if parts else "a plan would be added twice"
    return (
        DoseFinding(
            "summation", "refused", about, what, "the plan's dose alone, or all of its parts",
            "Leave the parts out.", firm=True,
        ),
    )  # fmt: skip


def _chosen(
    parts: Sequence[DoseObject], plan: Plan | None, about: str
) -> tuple[list[tuple[DoseObject, ...]], list[DoseFinding]]:
    wholes = [dose for dose in parts if dose.summation in ("PLAN", "MULTI_PLAN", "OTHER")]
    if wholes:
        left = len(parts) - len(wholes)
        if not left:
            return [(dose,) for dose in wholes], []
        note = DoseFinding(
            "summation", "note", about, f"its dose comes whole and in {left} parts", "one of them",
            "The whole is used.",
        )  # fmt: skip
        return [(dose,) for dose in wholes], [note]
    groups = [dose for dose in parts if dose.summation == "FRACTION"]
    used = groups or [dose for dose in parts if dose.summation in ("BEAM", "BRACHY")]
    found = _incomplete(used, plan, about, of_groups=bool(groups))
    return ([tuple(used)] if used else []), found


def _incomplete(
    used: Sequence[DoseObject], plan: Plan | None, about: str, *, of_groups: bool
) -> list[DoseFinding]:
    word = "fraction groups" if of_groups else "beams"
    if plan is None:
        what, have = f"{len(used)} doses of {word}", "no plan to tell whether these are all"
    else:
        if of_groups:
            wanted = {group.number for group in plan.groups}
            given = {dose.fraction_group for dose in used}
        else:
            wanted = {beam.number for beam in plan.beams}
            given = {beam for dose in used for beam in dose.beams}
        missing = sorted(wanted - given)
        if not missing:
            return []
        what = f"doses of {len(wanted) - len(missing)} of {len(wanted)} {word}"
        have = f"the dose of {word} {', '.join(map(str, missing[:8]))} is missing"
    return [
        DoseFinding(
            "partial-dose", "warning", about, f"there are {what}: {have}",
            "a PLAN dose, or every part of it",
            "The sum is lower than what was planned; export the PLAN dose.",
        )
    ]  # fmt: skip
