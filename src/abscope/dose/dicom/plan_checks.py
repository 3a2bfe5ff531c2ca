"""A dose against its plan: units, fractions, approval and dates."""

from collections.abc import Sequence

from abscope.dose.dicom.link import plan_of
from abscope.dose.findings import DoseFinding
from abscope.dose.plans import Plan
from abscope.dose.study import DoseObject

__all__ = ["check_level", "check_plan"]

_EXPECTED = (0.9, 1.6)
_BELIEVABLE = (0.5, 3.0)
_HIGHEST_PER_FRACTION_GY = 20.0
_WHOLE = ("PLAN", "MULTI_PLAN")


def check_level(dose: DoseObject, plan: Plan | None, *, about: str) -> tuple[DoseFinding, ...]:
    """Return what the highest dose says against the highest prescribed dose.

    The ratio is expected in 0.9-1.6 and believed in 0.5-3 (bounds of our own; a real breast boost
    has 14.70 / 14 = 1.05). A ratio near 100, 0.01 or one over the number of fractions names its
    likely cause. Only doses of whole plans are judged.
    """
    if dose.summation not in _WHOLE or plan is None:
        return ()
    levels = [level.dose_gy for level in plan.levels if level.dose_gy > 0]
    top = float(dose.dose.dose_gy.max())
    counts = [group.n_fractions_planned for group in plan.groups]
    fractions = sum(n for n in counts if n) if None not in counts else None
    per_fraction = top / fractions if fractions else 0.0
    if levels:
        ratio = top / max(levels)
        stated = f"the highest dose is {top:.4g} Gy, {ratio:.3g} times the {max(levels):g} Gy "
        stated += "prescribed"
        if not _BELIEVABLE[0] <= ratio <= _BELIEVABLE[1]:
            return (_refused(about, stated + _cause(ratio, fractions)),)
    if per_fraction > _HIGHEST_PER_FRACTION_GY:
        return (_refused(about, f"the highest dose is {per_fraction:.1f} Gy per fraction"),)
    if not levels:
        return (
            DoseFinding(
                "prescription", "warning", about, "the plan states no prescribed dose",
                "a target with its dose", "Units cannot be checked; state the dose in the case.",
            ),
        )  # fmt: skip
    if _EXPECTED[0] <= ratio <= _EXPECTED[1]:
        return ()
    return (
        DoseFinding(
            "dose-level", "warning", about, stated, f"{_EXPECTED[0]:g} to {_EXPECTED[1]:g} times",
            "Check the prescription and that the dose is the whole plan.",
        ),
    )  # fmt: skip


def _cause(ratio: float, fractions: int | None) -> str:
    if 50 <= ratio <= 200:
        return " (are the numbers cGy?)"
    if 0.005 <= ratio <= 0.02:
        return " (is the unit wrong, 1/100?)"
    if fractions and fractions > 1 and 0.8 <= ratio * fractions <= 1.7:
        return " (is it the dose of one fraction?)"
    return ""


def _refused(about: str, what: str) -> DoseFinding:
    return DoseFinding(
        "dose-level", "refused", about, what,
        f"{_BELIEVABLE[0]:g} to {_BELIEVABLE[1]:g} times the prescribed dose and at most "
        f"{_HIGHEST_PER_FRACTION_GY:g} Gy per fraction",
        "Check units, scaling and the number of fractions.",
    )  # fmt: skip


def check_plan(plan: Plan, *, doses: Sequence[DoseObject], about: str) -> tuple[DoseFinding, ...]:
    """Return warnings on approval and on a plan that is younger than its dose."""
    found = []
    if plan.approved is not True:
        stated = "not approved" if plan.approved is False else "of unknown approval"
        found.append(
            DoseFinding(
                "approval", "warning", about, f"the plan is {stated}", "ApprovalStatus APPROVED",
                "Make sure that this plan was the one treated.",
            )
        )  # fmt: skip
    days = [
        dose.day for dose in doses if plan_of(dose, (plan,)) is not None and dose.day is not None
    ]
    if plan.day is not None and days and plan.day > min(days):
        found.append(
            DoseFinding(
                "plan-date", "warning", about,
                f"the plan is {plan.day - min(days)} d younger than its dose",
                "a dose computed after its plan",
                "The plan may have been changed since; export the dose again.",
            )
        )  # fmt: skip
    return tuple(found)
