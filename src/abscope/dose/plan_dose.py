"""The one dose of a plan or of each of its fraction groups, chosen from what was exported.

DICOM's dose summation types: PLAN holds every beam and every fraction; FRACTION one fraction
*group*, all its fractions (not one fraction); BEAM one beam, all its fractions; MULTI_PLAN the sum
of several plans. A PLAN dose holds its own FRACTION and BEAM doses, so they are never added to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import DoseGrid, Grid
from abscope.dose.plans import FractionGroup, Plan
from abscope.dose.study import DoseObject
from abscope.errors import DicomError, Problem

__all__ = ["PlanDose", "plan_doses", "sum_of_doses"]

_WHOLE = ("PLAN", "BRACHY")
#: Two grids are the same within this distance.
_SAME_GRID_MM = 1e-3
#: A plan and the sum of its beams are the same within this share of the largest dose.
_BEAMS_FRAC = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class PlanDose:
    """The planned dose of one fraction group, all fractions; ``group`` None: fractions unknown.

    ``complete`` is False where beams of the plan are missing; ``several_plans`` says that the dose
    is a sum of plans with their own fractions each.
    """

    dose: DoseGrid
    group: FractionGroup | None
    complete: bool
    source: str
    day: int | None
    several_plans: bool = False
    findings: tuple[DoseFinding, ...] = ()


def plan_doses(
    doses: Sequence[DoseObject], *, plan: Plan | None, plans: Sequence[Plan]
) -> tuple[PlanDose, ...]:
    """Return the doses of one plan, or of everything without a plan where ``plan`` is None.

    Of a plan: its PLAN dose, else the FRACTION dose of each group, else the sum of its beams. A sum
    of several plans is used only where no plan has a dose of its own.
    """
    if plan is None:
        return _without_plan(doses, {item.uid for item in plans})
    mine = [item for item in doses if item.plan_uid == plan.uid and item.summation != "MULTI_PLAN"]
    whole = [item for item in mine if item.summation in _WHOLE]
    groups = plan.groups
    parts = [_of_group(mine, group, plan) for group in groups]
    if whole and (len(groups) <= 1 or not all(part and part.complete for part in parts)):
        return (_whole(whole, mine, plan),)
    found = tuple(
        replace(part, day=plan.day if plan.day is not None else part.day) for part in parts if part
    )
    if found or not mine:
        return found
    return _of_no_group(mine)


def sum_of_doses(objects: Sequence[DoseObject]) -> DoseGrid:
    """Return the sum of dose objects on one grid (Gy).

    Raises DicomError where a PLAN dose stands beside its own BEAM or FRACTION dose or beside a sum
    of plans, where a beam or group is there twice, or where the grids differ.
    """
    problems = [*_counted_twice(objects), *_grid_problems(objects)]
    if problems:
        raise DicomError(problems)
    total = sum(item.dose.dose_gy.astype(np.float64) for item in objects)
    first = objects[0].dose
    effective = any(item.dose.effective for item in objects)
    return replace(first, dose_gy=np.asarray(total), effective=effective)


def _counted_twice(objects: Sequence[DoseObject]) -> list[Problem]:
    out: list[Problem] = []
    for index, item in enumerate(objects):
        for other in objects[:index]:
            same = item.plan_uid == other.plan_uid and item.plan_uid is not None
            kinds = {item.summation, other.summation}
            several = "MULTI_PLAN" in kinds
            inside = same and kinds & set(_WHOLE) and kinds - {"OTHER"}
            twin = same and item.summation == other.summation == "BEAM"
            twin = twin and bool(set(item.beams) & set(other.beams))
            fraction = same and "FRACTION" in kinds
            fraction = fraction and item.fraction_group == other.fraction_group
            if several or inside or twin or fraction:
                what = f"a {other.summation} and a {item.summation} dose are to be added"
                out.append(
                    Problem(
                        f"dose {index + 1}", what, "each beam and each fraction counted once",
                        "Add either the PLAN dose or its parts.", "dose-counted-twice",
                    )
                )  # fmt: skip
    return out


def _grid_problems(objects: Sequence[DoseObject]) -> list[Problem]:
    if not objects:
        return [Problem("doses", "nothing to add", "at least one dose", "Name the doses.")]
    return [
        Problem(
            f"dose {place}", "its grid is not that of the first dose", "doses on one grid",
            "Export the PLAN dose instead of its parts.", "grids-differ",
        )
        for place, item in enumerate(objects[1:], start=2)
        if not _same_grid(objects[0].dose, item.dose)
    ]  # fmt: skip


def _same_grid(one: DoseGrid, other: DoseGrid) -> bool:
    a: Grid = one.grid
    b: Grid = other.grid
    return (
        a.shape == b.shape
        and one.frame_uid == other.frame_uid
        and np.allclose(a.affine, b.affine, rtol=0, atol=_SAME_GRID_MM)
        and np.allclose(a.offsets_mm, b.offsets_mm, rtol=0, atol=_SAME_GRID_MM)
    )


def _of_group(mine: list[DoseObject], group: FractionGroup, plan: Plan) -> PlanDose | None:
    fractions = [
        item
        for item in mine
        if item.summation == "FRACTION"
        and item.fraction_group
        in ((group.number, None) if len(plan.groups) == 1 else (group.number,))
    ]
    if fractions:
        found = _several(fractions, "FRACTION") if len(fractions) > 1 else ()
        first = fractions[0]
        return PlanDose(first.dose, group, True, "FRACTION dose", first.day, False, found)
    wanted = set(group.beams) or {beam.number for beam in plan.beams}
    beams = [item for item in mine if item.summation == "BEAM" and wanted & set(item.beams)]
    if not beams:
        return None
    missing = wanted - {number for item in beams for number in item.beams}
    findings = (_missing_beams(missing, wanted),) if missing else ()
    source = f"sum of {len(beams)} BEAM doses"
    return PlanDose(sum_of_doses(beams), group, not missing, source, beams[0].day, False, findings)


def _whole(whole: list[DoseObject], mine: list[DoseObject], plan: Plan) -> PlanDose:
    first = whole[0]
    findings: list[DoseFinding] = []
    if len(whole) > 1:
        findings += _several(whole, first.summation)
    if parts := [item.summation for item in mine if item.summation in ("BEAM", "FRACTION")]:
        findings.append(
            DoseFinding(
                "parts-not-added", "note", "",
                f"the {first.summation} dose is used, its {len(parts)} parts are not added to it",
                "each beam counted once", "Nothing to do.",
            )
        )  # fmt: skip
    findings += _beams_differ(first, mine, plan)
    group = plan.groups[0] if len(plan.groups) == 1 else None
    if len(plan.groups) > 1:
        findings.append(
            DoseFinding(
                "groups-in-one-dose", "warning", "",
                f"{len(plan.groups)} fraction groups lie in one {first.summation} dose",
                "a dose of each fraction group",
                "BED and EQD2 stay unknown; export the FRACTION doses.",
            )
        )  # fmt: skip
    day = plan.day if plan.day is not None else first.day
    return PlanDose(first.dose, group, True, f"{first.summation} dose", day, False, tuple(findings))


def _beams_differ(
    whole: DoseObject, mine: Sequence[DoseObject], plan: Plan
) -> tuple[DoseFinding, ...]:
    """Warn where the doses of all beams of a plan do not add up to the dose of the plan."""
    beams = [item for item in mine if item.summation == "BEAM"]
    numbers = [number for item in beams for number in item.beams]
    given = {beam.number for beam in plan.beams}
    comparable = bool(given) and set(numbers) == given and len(numbers) == len(given)
    if not comparable or not all(_same_grid(whole.dose, item.dose) for item in beams):
        return ()
    apart_gy = float(np.abs(sum_of_doses(beams).dose_gy - whole.dose.dose_gy).max())
    if apart_gy <= _BEAMS_FRAC * float(whole.dose.dose_gy.max()):
        return ()
    return (
        DoseFinding(
            "beams-differ", "warning", "",
            f"the {whole.summation} dose and the sum of its {len(beams)} BEAM doses are up to "
            f"{apart_gy:.3f} Gy apart", "agreement within 1 % of the largest dose",
            f"The {whole.summation} dose is used. Were all exported from one calculation?",
        ),
    )  # fmt: skip


def _without_plan(doses: Sequence[DoseObject], known: set[str]) -> tuple[PlanDose, ...]:
    loose = [item for item in doses if item.plan_uid not in known and item.summation != "OTHER"]
    whole = [item for item in loose if item.summation in _WHOLE]
    sums = [item for item in doses if item.summation == "MULTI_PLAN"]
    alone = not whole and not any(
        item.summation in ("PLAN", "BRACHY", "FRACTION", "BEAM") for item in doses
    )
    out = [PlanDose(x.dose, None, True, f"{x.summation} dose", x.day) for x in whole]
    if alone:
        out += [_sum_of_plans(item) for item in sums]
    with_whole = {item.plan_uid for item in whole if item.plan_uid is not None}
    rest = [
        item
        for item in loose
        if item.summation in ("BEAM", "FRACTION") and item.plan_uid not in with_whole
    ]
    for uid in dict.fromkeys(item.plan_uid for item in rest):
        out += _of_no_group([item for item in rest if item.plan_uid == uid])
    return tuple(out)


def _of_no_group(parts: list[DoseObject]) -> tuple[PlanDose, ...]:
    """The sum of parts of which no plan says whether they are all."""
    kind = "FRACTION" if any(item.summation == "FRACTION" for item in parts) else "BEAM"
    chosen = [item for item in parts if item.summation == kind]
    if not chosen:
        return ()
    finding = DoseFinding(
        "partial-dose", "warning", "",
        f"{len(chosen)} {kind} dose(s) without a plan that names all",
        "the PLAN dose, or the plan", "The dose is a lower bound; export the plan and its dose.",
    )  # fmt: skip
    source = f"sum of {len(chosen)} {kind} doses"
    total = sum_of_doses(chosen)
    return (PlanDose(total, None, False, source, chosen[0].day, False, (finding,)),)


def _sum_of_plans(item: DoseObject) -> PlanDose:
    finding = DoseFinding(
        "sum-of-plans", "warning", "", "the only dose is a sum of several plans",
        "a dose of each plan", "BED and EQD2 stay unknown; export the dose of each plan.",
    )  # fmt: skip
    return PlanDose(item.dose, None, True, "MULTI_PLAN dose", item.day, True, (finding,))


def _missing_beams(missing: set[int], wanted: set[int]) -> DoseFinding:
    numbers = ", ".join(map(str, sorted(missing)))
    return DoseFinding(
        "partial-dose", "warning", "",
        f"{len(missing)} of {len(wanted)} beams have no dose (beam {numbers})",
        "a BEAM dose of every beam, or the PLAN dose",
        "The dose is a lower bound; export the PLAN dose.",
    )  # fmt: skip


def _several(objects: Sequence[DoseObject], kind: str) -> tuple[DoseFinding, ...]:
    return (
        DoseFinding(
            "several-doses", "refused", "", f"{len(objects)} {kind} doses of one plan",
            "one", "Remove those that do not belong; if accepted, the first is used.",
        ),
    )  # fmt: skip
