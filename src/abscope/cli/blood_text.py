"""The lines that ``abscope blood`` prints."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from abscope.cli.output import table

if TYPE_CHECKING:
    from abscope.blood.alc.prediction import CountPrediction, GradeChances
    from abscope.blood.course_dose import CourseDose
    from abscope.blood.forecast import Forecast

__all__ = ["blood_lines"]


def blood_lines(name: str, found: "Forecast") -> Iterator[str]:
    """Yield a forecast for people: doses, counts, grades, drivers, what cannot be told."""
    yield f"{name}: research use only"
    yield from (f"! {text}" for text in found.warnings)
    yield ""
    yield from _doses(found)
    yield ""
    yield from _counts(found)
    yield from _grades(found.grades, known=found.lower_limit_per_ul is not None)
    yield from _drivers(found)
    rules, edic = found.edic.rules, found.edic
    yield (
        f"EDIC {rules.edic_gy:.2f} Gy (lung {edic.lung_mean_gy:.1f}, heart {edic.heart_mean_gy:.1f}"
        f" Gy; integral dose {edic.integral_dose_gy_ml / 1000:.1f} Gy l"
        f"{', estimated' if edic.guess else ''}): breast rule predicts {rules.ratio_frac:.2f} of "
        "the count before"
    )
    yield ""
    yield "What the counts tell"
    yield from (f"  {text}" for text in found.identifiability.sentences)
    learned = [
        (x.name, f"{x.median:.3g}", f"{x.low:.3g} to {x.high:.3g} {x.unit}", f"{x.ratio_frac:.0%}")
        for x in found.identifiability.parameters
    ]
    names = ("parameter", "median", "95 % interval", "spread left")
    yield from (f"  {line}" for line in table(learned, head=names))
    sampler = found.posterior
    yield (
        f"  {len(sampler.coordinates)} draws, {sampler.n_steps} steps, effective "
        f"{sampler.effective_frac:.0%}, moves accepted {sampler.accepted_frac:.0%}"
    )
    yield from (f"- {text}" for text in found.notes)


def _doses(found: "Forecast") -> Iterator[str]:
    yield f"Dose of one fraction (Gy), reference {'woman' if found.sex == 'female' else 'man'}"
    rows = [
        (
            item.name,
            f"{item.n_fractions:g}",
            f"{item.blood_mean_gy:.3f}",
            f"{item.undosed_frac:.0%}",
            f"{item.weighted_mean_gy:.3f}",
            *(f"{item.pool_mean_gy[pool]:.2f}" for pool in ("spleen", "marrow")),
            f"{item.beam_on_time_s:g}" + ("" if item.beam_time_known else " (not known)"),
            item.tier,
        )
        for item in found.courses
    ]
    head = ("course", "fractions", "blood", "without", "lymphocytes", "spleen", "marrow",
            "beam s", "source")  # fmt: skip
    yield from (f"  {line}" for line in table(rows, head=head))
    yield ""
    yield "Cells in blood that survive one fraction; mixing inside organs is not known"
    chosen = any(kill.chosen_frac is not None for x in found.courses for kill in x.survival)
    curves = ["course", "survival curve", "mixed at once", "frozen streamlines"]
    if chosen:
        curves.append("as asked")
    lines = [_kill(item, index, chosen) for item in found.courses
             for index in range(len(item.survival))]  # fmt: skip
    yield from (f"  {line}" for line in table(lines, head=tuple(curves)))


def _kill(item: "CourseDose", index: int, chosen: bool) -> tuple[str, ...]:
    kill = item.survival[index]
    cells = [kill.mixed_frac, kill.frozen_frac, *([kill.chosen_frac] if chosen else [])]
    name = item.name if index == 0 else ""
    return (name, kill.name, *("not known" if x is None else f"{x:.3f}" for x in cells))


def _counts(found: "Forecast") -> Iterator[str]:
    before = " or ".join(f"{x:g}" for x in found.baseline_per_ul) or "not known"
    yield f"Lymphocytes per microliter, before radiotherapy: {before}"
    for prior, after in zip(found.prior_counts, found.posterior_counts, strict=True):
        seen = " or ".join(f"{x:g}" for x in after.count.values_per_ul)
        yield f"  {after.count.label}: {seen}, about day {after.time_d:.0f}"
        yield f"    before the counts: {_band(prior, ninety=True)}"
        yield f"    after them:        {_band(after, ninety=False)}"
    low, middle, high = found.lowest_per_ul
    yield (
        f"  lowest: {middle:.0f} (95 % {low:.0f} to {high:.0f}), median curve lowest on day "
        f"{found.lowest_day_d:.0f}"
    )


def _band(item: "CountPrediction", *, ninety: bool) -> str:
    low, high = item.low_95_per_ul, item.high_95_per_ul
    inside, level = item.in_95, "95"
    if ninety:
        low, high, inside, level = item.low_90_per_ul, item.high_90_per_ul, item.in_90, "90"
    where = "inside" if inside else "OUTSIDE"
    return f"{item.median_per_ul:.0f} ({level} % {low:.0f} to {high:.0f}); the count is {where}"


def _grades(grades: "tuple[GradeChances, ...]", *, known: bool) -> Iterator[str]:
    yield "Chance of each CTCAE v5 grade by day"
    if not known:
        yield "  the lower limit of normal is not known, so grades 0 and 1 cannot be told apart"
    rows = [
        (
            f"{item.time_d:.0f}",
            f"{item.no_or_first_frac:.0%}"
            if item.none_frac is None or item.first_frac is None
            else f"{item.none_frac:.0%} / {item.first_frac:.0%}",
            f"{item.second_frac:.0%}",
            f"{item.third_frac:.0%}",
            f"{item.fourth_frac:.0%}",
        )
        for item in grades
    ]
    head = ("day", "0 or 1" if not known else "0 / 1", "2", "3", "4")
    yield from (f"  {line}" for line in table(rows, head=head))


def _drivers(found: "Forecast") -> Iterator[str]:
    yield ""
    yield "What drives it"
    rows = [
        (
            item.organ,
            f"{item.mean_dose_gy:.1f}",
            f"{item.blood_share_frac:.0%}",
            f"{item.weighted_share_frac:.0%}",
            f"{item.left_out_frac:.0%}",
            "" if item.slope_per_gy is None else f"{item.slope_per_gy:+.1f}",
        )
        for item in found.shares[:8]
    ]
    head = ("organ", "Gy in all", "of blood dose", "of lymphocyte dose", "of the fall if left out",
            "cells/uL per Gy")  # fmt: skip
    yield from (f"  {line}" for line in table(rows, head=head))
    for fall in found.subsets:
        yield (
            f"  {fall.name}: falls to {fall.lowest_frac:.0%} of its count before (sources: "
            f"{fall.low_frac:.0%} to {fall.high_frac:.0%})"
        )
    for result in found.scenarios:
        low, middle, high = result.lowest_ratio_frac
        yield (
            f"  {result.name}: lowest {result.lowest_per_ul:.0f} (x {middle:.2f}, {low:.2f} to "
            f"{high:.2f}), 30 days after the end {result.later_per_ul:.0f} "
            f"(x {result.later_ratio_frac[1]:.2f})"
        )
