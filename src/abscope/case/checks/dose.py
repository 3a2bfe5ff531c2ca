"""Whether the doses of a phase agree with each other: total, per fraction, fractions, boost."""

from collections.abc import Iterator

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import any_of, listed, versions_of
from abscope.case.facts import Fact, Quantity
from abscope.case.radiotherapy import RTPhase
from abscope.case.references import Path

__all__ = ["CHECKS"]

#: Less than this is rounding of a printed total.
_ROUNDING_GY = 0.05


def _numbers(fact: Fact[float] | Fact[int] | None) -> tuple[float, ...]:
    return tuple(dict.fromkeys(float(x) for x in fact.candidates)) if fact else ()


def _fractions(phase: RTPhase) -> tuple[float, ...]:
    return _numbers(phase.n_fractions_planned) or _numbers(phase.n_fractions_delivered)


def _slack_gy(dose_gy: float, n: float) -> float:
    """Return how far n x d may lie from the total by rounding of a printed dose per fraction.

    A dose with decimals may be off by half a unit of its last digit in every fraction, but never
    by so much that a missing fraction would go unseen (a quarter of one is allowed).
    """
    decimals = len(f"{dose_gy:.6f}".rstrip("0").partition(".")[2])
    half_unit = 0.5 * 10.0**-decimals if decimals else 0.0
    return max(_ROUNDING_GY, min(n * half_unit, 0.25 * dose_gy))


def _unexplained(
    totals_gy: tuple[float, ...], doses_gy: tuple[float, ...], n_fractions: tuple[float, ...]
) -> list[float]:
    """Return the totals that no product n x d of the versions comes near."""
    return [
        total
        for total in totals_gy
        if not any(
            abs(n * dose - total) <= _slack_gy(dose, n) for n in n_fractions for dose in doses_gy
        )
    ]


def _products(doses_gy: tuple[float, ...], n_fractions: tuple[float, ...]) -> str:
    return listed(
        [f"{n:g} x {dose:g} Gy = {n * dose:g} Gy" for n in n_fractions for dose in doses_gy],
        joint="or",
    )


@check("dose-sum", "fractions times dose per fraction does not give the total dose")
def _dose_sum(view: View) -> Iterator[Remark]:
    """Compare every stated total of a phase with every product of its versions."""
    for path, _, phase in view.phases():
        totals, doses = _numbers(phase.total_dose_gy), _numbers(phase.dose_per_fraction_gy)
        n_fractions = _fractions(phase)
        if not doses or not n_fractions or phase.total_dose_gy is None:
            continue
        odd = _unexplained(totals, doses, n_fractions)
        if not odd:
            continue
        others = [total for total in totals if total not in odd]
        agrees = f"; {any_of(others)} Gy agrees" if others else ""
        yield Remark(
            (*path, "total_dose_gy"),
            f"{phase.id}: a total of {any_of(odd)} Gy is stated, but "
            f"{_products(doses, n_fractions)}{agrees}",
            "total dose = number of fractions x dose per fraction",
            "Ask which of the three numbers is wrong, or whether another plan is meant.",
            phase.targets,
            versions_of(phase.total_dose_gy, "total_dose_gy"),
            phase.total_dose_gy.ref,
        )


@check("boost-sum", "fractions times dose per fraction of a boost does not give its total")
def _boost_sum(view: View) -> Iterator[Remark]:
    """Compare the total of a boost with its fractions; an integrated boost has those of the phase.

    An integrated boost below the dose of its phase is no boost.
    """
    for path, _, phase in view.phases():
        boost = phase.boost
        if boost is None:
            continue
        integrated = boost.kind is not None and boost.kind.value == "simultaneous_integrated"
        doses, totals = _numbers(boost.dose_per_fraction_gy), _numbers(boost.total_dose_gy)
        n_fractions = _numbers(boost.n_fractions) or (_fractions(phase) if integrated else ())
        odd = _unexplained(totals, doses, n_fractions) if doses and n_fractions else []
        if odd:
            yield Remark(
                (*path, "boost", "total_dose_gy"),
                f"the boost of {phase.id} has a total of {any_of(odd)} Gy, but "
                f"{_products(doses, n_fractions)}",
                "total dose = number of fractions x dose per fraction",
                "Correct the boost's dose, or give its own n_fractions.",
                boost.lesions,
            )
        below = _numbers(phase.dose_per_fraction_gy)
        if integrated and doses and below and max(doses) < min(below):
            yield Remark(
                (*path, "boost", "dose_per_fraction_gy"),
                f"the boost of {phase.id} has {any_of(doses)} Gy per fraction, less than the "
                f"{any_of(below)} Gy of the phase around it",
                "a boost above the dose of its phase",
                "Check which volume got which dose.",
                boost.lesions,
            )


def _lacks(fact: Quantity | Fact[int] | None) -> bool:
    return fact is None or (not fact.candidates and getattr(fact, "bounds", None) is None)


@check("dose-unknown", "a phase has no total dose that is stated or can be computed")
def _dose_unknown(view: View) -> Iterator[Remark]:
    """Find phases without a total and without the product that would give it."""
    for path, _, phase in view.phases():
        if not _lacks(phase.total_dose_gy):
            continue
        missing = [
            name
            for name, fact in (
                ("dose per fraction", phase.dose_per_fraction_gy),
                ("number of fractions", phase.n_fractions_planned or phase.n_fractions_delivered),
            )
            if _lacks(fact)
        ]
        if missing:
            yield Remark(
                path,
                f"{phase.id}: {listed(['total dose', *missing])} are not known",
                "total dose, dose per fraction and number of fractions",
                "BED and every dose-response statement stay open; look in the full text or ask.",
                phase.targets,
            )


@check("fractionation-unknown", "a total dose without fractions: BED and EQD2 cannot be computed")
def _fractionation_unknown(view: View) -> Iterator[Remark]:
    """Find totals that come with neither fractions nor dose per fraction."""
    for path, _, phase in view.phases():
        if (
            not _lacks(phase.total_dose_gy)
            and _lacks(phase.dose_per_fraction_gy)
            and _lacks(phase.n_fractions_planned or phase.n_fractions_delivered)
        ):
            yield Remark(
                (*path, "total_dose_gy"),
                f"{phase.id}: a total dose is known, but neither fractions nor dose per fraction",
                "number of fractions or dose per fraction",
                "BED and EQD2 stay open; look in the full text or ask.",
                phase.targets,
            )


@check("delivered-fractions", "planned and delivered fractions differ, or delivered is open")
def _delivered_fractions(view: View) -> Iterator[Remark]:
    """Say which dose was delivered under each number of fractions that the source supports."""
    for path, course, phase in view.phases():
        planned = _numbers(phase.n_fractions_planned)
        delivered = _numbers(phase.n_fractions_delivered)
        stopped = course.stopped_early is not None and True in course.stopped_early.candidates
        if stopped and not delivered and len(course.phases) == 1:
            yield _delivered(
                path, phase, f"{phase.id}: the course stopped early, but the fractions given are"
                " not recorded",
            )  # fmt: skip
        if not planned or not delivered or set(delivered) == set(planned):
            continue
        doses = _numbers(phase.dose_per_fraction_gy)
        what = f"{phase.id}: {any_of(delivered)} of {any_of(planned)} fractions were delivered"
        if doses:
            what += f", so {any_of([n * dose for n in delivered for dose in doses])} Gy"
            what += f" of {any_of([n * dose for n in planned for dose in doses])} Gy"
        yield _delivered(path, phase, what)


def _delivered(path: Path, phase: RTPhase, what: str) -> Remark:
    fact = phase.n_fractions_delivered
    return Remark(
        (*path, "n_fractions_delivered"),
        what,
        "as many fractions delivered as planned, or one number that is sure",
        "Use the delivered dose where it is known; ask for the treatment record.",
        phase.targets,
        versions_of(fact, "n_fractions_delivered") if fact else (),
        fact.ref if fact else None,
    )


@check("dose-order", "doses that cannot hold together: mean above maximum, valley above peak")
def _dose_order(view: View) -> Iterator[Remark]:
    """Compare doses that have an order by their definition."""
    for path, course in view.courses:
        for index, exposure in enumerate(course.exposures):
            highest = _numbers(exposure.max_dose_gy)
            for field in ("mean_dose_gy", "d95_dose_gy"):
                lower = _numbers(getattr(exposure, field))
                if highest and lower and min(lower) > max(highest):
                    yield Remark(
                        (*path, "exposures", index, field),
                        f"{course.id}, {exposure.lesion}: {field.split('_')[0]} dose is "
                        f"{any_of(lower)} Gy, above the maximum of {any_of(highest)} Gy",
                        "no dose of a lesion above its maximum",
                        "Check whether the two numbers were swapped.",
                        (exposure.lesion,),
                    )
    for path, _, phase in view.phases():
        peak = _numbers(phase.lattice.peak_dose_gy) if phase.lattice else ()
        valley = _numbers(phase.lattice.valley_dose_gy) if phase.lattice else ()
        if peak and valley and min(valley) >= max(peak):
            yield Remark(
                (*path, "lattice"),
                f"{phase.id}: the valley dose of {any_of(valley)} Gy is not below the peak dose "
                f"of {any_of(peak)} Gy",
                "peak dose above valley dose",
                "Check whether the two numbers were swapped.",
                phase.targets,
            )


CHECKS: tuple[Check, ...] = (
    _dose_sum, _boost_sum, _dose_unknown, _fractionation_unknown, _delivered_fractions, _dose_order,
)  # fmt: skip
