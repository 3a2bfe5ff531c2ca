"""Laboratory values: unit, limit of normal, time and scale."""

from collections import defaultdict
from collections.abc import Iterator

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import any_of, listed, shown, text_of
from abscope.case.labs import TESTS
from abscope.case.observation import Lab

__all__ = ["CHECKS"]

#: Counts per microliter beyond which a unit is more likely wrong than the patient ill.
_PLAUSIBLE_PER_UL: dict[str, tuple[float, float]] = {
    "lymphocytes": (10.0, 100_000.0),
    "neutrophils": (10.0, 150_000.0),
    "leukocytes": (50.0, 500_000.0),
    "cd4": (1.0, 20_000.0),
    "cd8": (1.0, 20_000.0),
    "platelets": (1_000.0, 5_000_000.0),
}
#: CTCAE v5.0: below 800 per microliter the grade does not depend on the limit of normal.
_GRADE_2_PER_UL = 800.0
#: The unit 10^9/L is 1000 per microliter.
_THOUSANDFOLD = (500.0, 2000.0)


def _values(lab: Lab) -> tuple[float, ...]:
    return lab.value.candidates if lab.value else ()


def _label(lab: Lab) -> str:
    return f"{lab.id} ({lab.test})" if lab.id else lab.test


@check("lab-unit-unclear", "the source does not print a unit with a laboratory value")
def _lab_unit_unclear(view: View) -> Iterator[Remark]:
    """Find values whose unit is implied by another value (note) or unclear (warning)."""
    for index, lab in enumerate(view.case.labs):
        if not _values(lab):
            continue
        unclear = lab.unit_status == "unclear" or lab.unit is None
        if not unclear and lab.unit_status != "implied":
            continue
        how = "is unclear" if unclear else "is implied by another value, not printed"
        yield Remark(
            ("labs", index, "unit_status" if lab.unit_status != "stated" else "value"),
            f"{_label(lab)}, {text_of(lab.when)}: the unit of {any_of(_values(lab))} {how}",
            "a unit printed with every value",
            "Check it against the limits of normal, or ask.",
            severity="warning" if unclear else "note",
        )


@check("lymphocyte-limit", "lymphocytes without the laboratory's lower limit", severity="note")
def _lymphocyte_limit(view: View) -> Iterator[Remark]:
    """List lymphocyte counts whose CTCAE grade, 0 or 1, depends on a limit that is not given."""
    loose = [
        (index, lab)
        for index, lab in enumerate(view.case.labs)
        if lab.test == "lymphocytes"
        and (lab.lower_limit is None or not lab.lower_limit.candidates)
        and any(value >= _GRADE_2_PER_UL for value in _values(lab))
    ]
    if loose:
        values = any_of([v for _, lab in loose for v in _values(lab) if v >= _GRADE_2_PER_UL])
        yield Remark(
            ("labs", loose[0][0]),
            f"lymphocytes of {values} /mm3 come without the lower limit of normal",
            "lower_limit beside each count of 800 /mm3 or more",
            "The CTCAE grade is 0 or 1 by this limit; ask for it.",
        )


@check("lab-without-time", "a laboratory value has no time")
def _lab_without_time(view: View) -> Iterator[Remark]:
    """Find values that cannot be placed in time at all."""
    for index, lab in enumerate(view.case.labs):
        if _values(lab) and (lab.when is None or not lab.when.candidates):
            yield Remark(
                ("labs", index),
                f"{_label(lab)}: {any_of(_values(lab))} has no time",
                "a date, or a time relative to an event",
                "Add when, at least 'before RT1', 'during RT1' or 'after RT1'.",
            )


@check("lab-implausible", "a laboratory value lies beyond what a patient can have")
def _lab_implausible(view: View) -> Iterator[Remark]:
    """Compare counts with wide limits, and limits of normal with each other."""
    for index, lab in enumerate(view.case.labs):
        low, high = _PLAUSIBLE_PER_UL.get(lab.test, (0.0, float("inf")))
        odd = [v for v in _values(lab) if v < low or v > high]
        if odd and lab.test in TESTS:
            yield Remark(
                ("labs", index, "value"),
                f"{_label(lab)} is {any_of(odd)} per microliter",
                f"{low:g} to {high:g} per microliter",
                "Check the unit: 1 x 10^9/L is 1000 per microliter.",
            )
        lower = lab.lower_limit.candidates if lab.lower_limit else ()
        upper = lab.upper_limit.candidates if lab.upper_limit else ()
        if lower and upper and min(lower) >= max(upper):
            yield Remark(
                ("labs", index, "lower_limit"),
                f"{_label(lab)}: lower limit {any_of(lower)}, upper limit {any_of(upper)}",
                "lower limit of normal < upper limit",
                "Swap the two limits.",
            )


@check(
    "lab-scale", "two counts of one test differ about a thousandfold, or a test changes its unit"
)
def _lab_scale(view: View) -> Iterator[Remark]:
    """Compare each value with the one before of the same test in the file."""
    last: dict[str, tuple[int, Lab]] = {}
    for index, lab in enumerate(view.case.labs):
        if lab.value is None or lab.value.value is None:
            continue
        before = last.get(lab.test.casefold())
        last[lab.test.casefold()] = (index, lab)
        if before is None or before[1].value is None or before[1].value.value is None:
            continue
        earlier = before[1]
        a, b = before[1].value.value, lab.value.value
        if lab.unit != earlier.unit:
            yield Remark(
                ("labs", index, "unit"),
                f"{lab.test} is in {shown(lab.unit)}, before it was in {shown(earlier.unit)}",
                "one unit per test",
                "Convert the values to one unit.",
            )
        elif (
            lab.test in TESTS
            and min(a, b) > 0
            and _THOUSANDFOLD[0] <= max(a, b) / min(a, b) <= _THOUSANDFOLD[1]
        ):
            yield Remark(
                ("labs", index, "value"),
                f"{lab.test} goes from {a:g} to {b:g} {lab.unit or ''}".rstrip(),
                "values of one test on one scale",
                "Check the units: 10^9/L and per microliter differ 1000 times.",
            )


@check("lab-same-time", "one test has two different values on the same day")
def _lab_same_time(view: View) -> Iterator[Remark]:
    """Find values of one test on one exact day that differ."""
    groups: dict[tuple[str, float], list[tuple[int, Lab]]] = defaultdict(list)
    for index, lab in enumerate(view.case.labs):
        span = view.clock.fact(lab.when)
        if span is not None and span.exact and _values(lab):
            groups[lab.test.casefold(), span.low_d].append((index, lab))
    for items in groups.values():
        values = [value for _, lab in items for value in _values(lab)]
        if len(items) > 1 and len(set(values)) > 1:
            index, lab = items[-1]
            yield Remark(
                ("labs", index),
                f"{lab.test} on one day ({text_of(lab.when)}): {listed(f'{v:g}' for v in values)}",
                "one value per test and day",
                "Put values that contradict each other under versions of one entry, or give the "
                "time of day.",
            )


CHECKS: tuple[Check, ...] = (
    _lab_unit_unclear, _lymphocyte_limit, _lab_without_time, _lab_implausible, _lab_scale,
    _lab_same_time,
)  # fmt: skip
