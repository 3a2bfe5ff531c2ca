"""Metabolic response by PERCIST 1.0 and its five-lesion and immunotherapy variants.

Quantity: SULpeak, the mean of the hottest 1 cm3 sphere normalized to lean body mass, of the
hottest lesion at each scan, which may be another lesion (``single``), or the sum over up to five
hottest lesions, two per organ (``sum5``). Evaluated in this order:

| step | condition                                                                  | call |
|------|----------------------------------------------------------------------------|------|
| 1    | clear new avid lesion, not in imPERCIST5                                   | PMD  |
| 2    | baseline not measurable, scans not comparable, nothing measured            | NE   |
| 3    | no lesion above liver or background, no new lesion                         | CMR  |
| 4    | rise >= 30 % and >= 0.8, or TLG up >= 75 %, or clear increase in extent    | PMD  |
| 5    | fall >= 30 % and >= 0.8, no lesion up >= 30 % and 0.8, no new lesion       | PMR  |
| 6    | anything else                                                              | SMD  |

Measurable: SULpeak >= 1.5 liver mean + 2 SD, where the liver is diseased >= 2.0 blood pool mean + 2
SD. Comparable: reference region within 20 % and 0.3, uptake times within 15 min, same scanner and
reconstruction. Step 1 before step 2 is our reading: a clear new lesion needs no comparable uptake.
A rise of 0.8 in step 5 keeps noise at low uptake from taking a response away (ours too).

Source: Wahl 2009, J Nucl Med 50 (suppl 1):122S; iPERCIST and imPERCIST5: Goldfarb 2019, Ito 2019.
Tables were read in reviews; the threshold of measurability is from memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from abscope.errors import Problem, ProtocolError
from abscope.response.pet import PetLesion, PetScan, comparability, measurable_from

__all__ = ["MetabolicCategory", "PercistCall", "PercistVariant", "percist"]

MetabolicCategory = Literal["CMR", "PMR", "SMD", "PMD", "NE"]
PercistVariant = Literal["single", "sum5", "imPERCIST5"]

_SHARE, _STEP, _TLG_SHARE = 0.30, 0.8, 0.75
_TOLERANCE = 1e-9
_MOST, _MOST_PER_ORGAN = 5, 2


@dataclass(frozen=True, slots=True)
class PercistCall:
    """One metabolic response with its rule, numbers and reasons.

    ``numbers`` holds SULpeak (or the sums) before and after, their difference, and TLG in ml times
    SUL, None where not known. ``change_frac`` is None where there is nothing to divide.
    ``baseline_lesions`` and ``follow_up_lesions`` are the ones that were taken.
    """

    category: MetabolicCategory
    change_frac: float | None
    numbers: Mapping[str, float | None] = field(hash=False)
    baseline_lesions: tuple[str, ...]
    follow_up_lesions: tuple[str, ...]
    reasons: tuple[str, ...]
    variant: PercistVariant
    unknown_comparability: Literal["not_evaluable", "flag"]
    rule: str = "PERCIST 1.0"


def percist(
    baseline: PetScan,
    *,
    follow_up: PetScan,
    variant: PercistVariant = "single",
    unknown_comparability: Literal["not_evaluable", "flag"] = "not_evaluable",
) -> PercistCall:
    """Return the metabolic response at a scan against the baseline scan.

    ``unknown_comparability``: what to do where uptake time, scanner or reference region is not
    recorded: not evaluable (default), or go on and say so in the reasons. In ``imPERCIST5`` new
    lesions count only through the sum.

    Raises ProtocolError where a lesion is named twice in a scan.
    """
    _check(baseline, follow_up)
    differs, unknown = comparability(baseline, follow_up)
    before, after = _taken(baseline, variant), _taken(follow_up, variant)
    sums = {
        "baseline_sul": sum(x.sul_peak or 0.0 for x in before) if before else None,
        "follow_up_sul": sum(x.sul_peak or 0.0 for x in after) if after else None,
    }
    change, step = _change(sums["baseline_sul"], sums["follow_up_sul"])
    tlg = _change(baseline.tlg_ml, follow_up.tlg_ml)[0]
    category, reasons = _judge(
        _Facts(baseline, follow_up, variant, before, after, change, step, tlg),
        differs + (unknown if unknown_comparability == "not_evaluable" else ()),
    )
    if unknown_comparability == "flag" and category != "NE":
        reasons += tuple(f"not checked: {text}" for text in unknown)
    return PercistCall(
        category=category,
        change_frac=change,
        numbers={
            **sums, "difference_sul": step, "baseline_tlg_ml": baseline.tlg_ml,
            "follow_up_tlg_ml": follow_up.tlg_ml,
        },
        baseline_lesions=tuple(lesion.name for lesion in before),
        follow_up_lesions=tuple(lesion.name for lesion in after),
        reasons=reasons,
        variant=variant,
        unknown_comparability=unknown_comparability,
        rule={"imPERCIST5": "imPERCIST5", "sum5": "PERCIST5"}.get(variant, "PERCIST 1.0"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Facts:
    baseline: PetScan
    follow_up: PetScan
    variant: PercistVariant
    before: tuple[PetLesion, ...]
    after: tuple[PetLesion, ...]
    change: float | None
    step: float | None
    tlg_change: float | None


def _judge(
    facts: _Facts, incomparable: tuple[str, ...]
) -> tuple[MetabolicCategory, tuple[str, ...]]:
    new = [x.name for x in facts.follow_up.lesions if x.new and x.unequivocal]
    if new and facts.variant != "imPERCIST5":
        return "PMD", (f"new avid lesion: {', '.join(new)}",)
    if missing := _not_evaluable(facts) + incomparable:
        return "NE", missing
    if _all_resolved(facts):
        return "CMR", ("no lesion above liver or background, no new lesion",)
    told = "no change to compute"
    if facts.change is not None and facts.step is not None:
        told = f"SULpeak {facts.change:+.1%} ({facts.step:+.2f})"
    if progression := _progression(facts, told):
        return "PMD", progression
    if not _reaches(facts.change, facts.step, sign=-1):
        return "SMD", (f"{told}: neither a fall nor a rise of 30 % and 0.8",)
    obstacles = _risen(facts) + _suspicious(facts)
    if obstacles:
        return "SMD", (f"{told}, but no PMR:", *obstacles)
    return "PMR", (f"{told}: a fall of at least 30 % and 0.8",)


def _not_evaluable(facts: _Facts) -> tuple[str, ...]:
    out = []
    if not facts.before:
        out.append("no lesion measured at baseline")
    else:
        threshold = measurable_from(facts.baseline)
        hottest = facts.before[0]
        if threshold is None:
            out.append("reference region of the baseline not recorded: measurability unknown")
        elif (hottest.sul_peak or 0.0) < threshold - _TOLERANCE:
            out.append(
                f"hottest baseline lesion {hottest.name} has SULpeak {hottest.sul_peak:g}, "
                f"below {threshold:.2f}: not measurable"
            )
    open_ends = [x.name for x in facts.follow_up.lesions if x.sul_peak is None and not x.resolved]
    seen = {x.name for x in facts.follow_up.lesions}
    open_ends += [x.name for x in facts.before if x.name not in seen]
    if open_ends:
        out.append(f"not measured at follow-up: {', '.join(dict.fromkeys(open_ends))}")
    return tuple(out)


def _all_resolved(facts: _Facts) -> bool:
    liver = facts.follow_up.liver_sul_mean
    no_new = not any(x.new for x in facts.follow_up.lesions)
    return no_new and all(
        x.resolved is True and (x.sul_peak is None or (liver is not None and x.sul_peak < liver))
        for x in facts.follow_up.lesions
    )


def _progression(facts: _Facts, told: str) -> tuple[str, ...]:
    out = []
    if _reaches(facts.change, facts.step, sign=1):
        out.append(f"{told}: a rise of at least 30 % and 0.8")
    if facts.variant == "imPERCIST5":
        return tuple(out)
    if facts.tlg_change is not None and facts.tlg_change >= _TLG_SHARE - _TOLERANCE:
        out.append(f"TLG {facts.tlg_change:+.1%}: a rise of at least 75 %")
    larger = [x.name for x in facts.follow_up.lesions if x.extent_increased]
    if larger:
        out.append(f"clear increase in extent: {', '.join(larger)}")
    return tuple(out)


def _risen(facts: _Facts) -> tuple[str, ...]:
    if facts.variant == "imPERCIST5":
        return ()
    earlier = {x.name: x.sul_peak for x in facts.baseline.lesions}
    out = []
    for lesion in facts.follow_up.lesions:
        change, step = _change(earlier.get(lesion.name), lesion.sul_peak)
        if _reaches(change, step, sign=1):
            out.append(f"{lesion.name} rose by {change:.1%} ({step:+.2f})")
    return tuple(out)


def _suspicious(facts: _Facts) -> tuple[str, ...]:
    if facts.variant == "imPERCIST5":
        return ()
    return tuple(f"{x.name} may be new" for x in facts.follow_up.lesions if x.new)


def _taken(scan: PetScan, variant: PercistVariant) -> tuple[PetLesion, ...]:
    """Return the hottest lesion, or up to five with at most two per organ, hottest first."""
    measured = sorted(
        (x for x in scan.lesions if x.sul_peak is not None),
        key=lambda x: (-(x.sul_peak or 0.0), x.name),
    )
    if variant == "single":
        return tuple(measured[:1])
    out: list[PetLesion] = []
    for lesion in measured:
        if sum(x.organ == lesion.organ for x in out) < _MOST_PER_ORGAN and len(out) < _MOST:
            out.append(lesion)
    return tuple(out)


def _change(before: float | None, after: float | None) -> tuple[float | None, float | None]:
    if before is None or after is None:
        return None, None
    return (after / before - 1.0 if before > 0 else None), after - before


def _reaches(change: float | None, step: float | None, *, sign: int) -> bool:
    if change is None or step is None:
        return False
    return sign * change >= _SHARE - _TOLERANCE and sign * step >= _STEP - _TOLERANCE


def _check(*scans: PetScan) -> None:
    problems = [
        Problem("PERCIST", f"lesion '{name}' is listed twice", "each lesion once", "Merge them.")
        for scan in scans
        for name in sorted({x.name for x in scan.lesions})
        if sum(x.name == name for x in scan.lesions) > 1
    ]
    if problems:
        raise ProtocolError(problems)
