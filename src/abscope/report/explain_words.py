"""The words in which an explanation is told, the same on the screen and on the page."""

import math
from collections.abc import Iterator, Sequence

from abscope.infer.concluding import points, signed
from abscope.infer.explanation import Explanation
from abscope.infer.rivals import LesionRivals, Score
from abscope.infer.spread import Chance, Spread
from abscope.infer.structures import anyway_range, elsewhere_range
from abscope.infer.worlds import Cause

__all__ = [
    "CAUSE_WORDS", "MECHANISM_WORDS", "WORLD_WORDS", "chance_words", "family_rows", "had_drugs",
    "homing_words", "point_words", "ratio_words", "rival_warning", "score_words", "share_words",
    "source_words",
]  # fmt: skip

CAUSE_WORDS: dict[Cause, str] = {
    "own_dose": "dose in the lesion",
    "dose_elsewhere": "dose elsewhere",
    "drugs": "drugs",
    "lymphocyte_dose": "loss of lymphocytes",
}
WORLD_WORDS: dict[str, str] = {
    "delivered": "with all that was given",
    "no_radiotherapy": "without radiotherapy",
    "no_dose_elsewhere": "without dose elsewhere",
    "no_own_dose": "without dose in the lesion",
    "no_drugs": "without the drugs",
    "nothing": "without any treatment",
}
#: Mechanisms whose name does not say it.
MECHANISM_WORDS = {
    "immune_kill": "killing by T cells",
    "innate_signal": "innate signal of irradiated tumor",
    "trex1": "TREX1 at high doses",
    "traffic": "traffic of T cells",
    "inflamed_vessels": "inflamed vessels",
    "stroma": "suppressive stroma",
    "low_dose_stroma": "low dose against stroma",
    "high_dose_stroma": "high dose for stroma",
    "lymphocyte_depletion": "loss of lymphocytes",
    "lymphocyte_supply": "supply of lymphocytes",
    "node_irradiation": "dose of nodes",
    "tissue_t_cell_kill": "dose of T cells in lesions",
    "anti_pd1": "blocking of PD-1",
    "anti_ctla4": "blocking of CTLA-4",
}
#: More often than this is said as "more than".
_MOST_LOG10 = 3.0


def source_words(found: Explanation) -> Iterator[str]:
    """Yield what the draws are of; what speaks against them comes first, marked by ``!``."""
    number, mode = found.options.draws, found.options.fit.homing
    posterior = found.posterior
    if posterior is None:
        yield (
            f"! Nothing was fitted: {number} draws of the prior, which know nothing of the "
            f"outcome; homing by {mode}"
        )
    else:
        diagnosis = posterior.diagnosis
        if not diagnosis.converged:
            yield (
                f"! {found.case_id}: the fit did not converge; its numbers are not an answer: "
                f"{diagnosis.why[0]}"
            )
    if found.attribution.failed:
        yield f"! {found.attribution.failed} draws could not be simulated and are left out"
    yield from (f"! {text}: what it did is in no part below" for text in found.not_given)
    if posterior is not None:
        told = posterior.diagnosis
        yield (
            f"{number} of {posterior.size} draws of the fit (R-hat {told.r_hat:.2f}, "
            f"{told.ess_bulk:.0f} effective), homing by {mode}"
        )


def point_words(spread: Spread | None) -> str:
    """Return a change in points of the first diameter: median (low to high)."""
    return points(spread)


def chance_words(chance: Chance | None) -> str:
    """Return a probability with the interval that the number of draws leaves."""
    if chance is None:
        return "no draw"
    low, high = (f"{100 * x:.0f}" for x in (chance.low_frac, chance.high_frac))
    return f"{100 * chance.probability_frac:.0f} % ({low} to {high})"


def had_drugs(found: Explanation) -> bool:
    """Return whether any drug of the model was given."""
    return any(patient.infusions for patient in found.attribution.patients)


def share_words(found: Explanation, lesion: str) -> str:
    """Return how much of the answer is prior."""
    ratio = found.prior_widths[lesion]
    if found.posterior is None:
        return "all of it"
    return "not known" if ratio is None else f"{100 * ratio:.0f} % of its width"


def homing_words(found: Explanation, lesion: str) -> tuple[str, str]:
    """Return dose elsewhere (points) and response without radiotherapy over the usable modes."""
    share, chance = (
        elsewhere_range(found.structures, lesion),
        anyway_range(found.structures, lesion),
    )
    return (
        f"{signed(share.low_frac)} to {signed(share.high_frac)}" if share else "not known",
        f"{100 * chance.low_frac:.0f} to {100 * chance.high_frac:.0f} %" if chance else "not known",
    )


def score_words(score: Score) -> str:
    """Return how far an explanation is behind the best, as a factor."""
    if score.behind_log10 <= 0.0:
        return "best"
    if score.behind_log10 > _MOST_LOG10:
        return ">1000 x worse"
    return f"{10.0**score.behind_log10:.1f} x worse"


def family_rows(found: Explanation, lesions: Sequence[str]) -> list[tuple[str, ...]]:
    """Return per published model that was asked the volume with over that without radiotherapy.

    On the last day within four weeks that it has: later the animals that most are of are dead.
    """
    rows = []
    for name, one in found.families.items():
        early = [visit for visit in one.visits if visit.label.startswith("week")]
        if not early or not one.treated_ratio:
            continue
        cells = (
            ratio_words(one.treated_ratio[lesion].at(early[-1].place))
            if lesion in one.treated_ratio
            else "no place for it"
            for lesion in lesions
        )
        rows.append((f"{name}, {early[-1].label}", *cells))
    return rows


def ratio_words(values: tuple[float, float, float]) -> str:
    """Return a ratio: median (low to high)."""
    low, median, high = values
    return f"{median:.2f} ({low:.2f} to {high:.2f})" if math.isfinite(median) else "not finished"


def rival_warning(told: LesionRivals) -> str:
    """Return what the comparison can and cannot tell; empty where it tells all apart."""
    low = told.foretold_frac is not None and told.foretold_frac < 0.01
    parts = []
    if low:
        parts.append(f"none of them expects it (best: {told.foretold_frac:.2g})")
    if len(told.open) > 1:
        parts.append(f"{len(told.open)} of {len(told.scores)} cannot be told apart by these data")
    if told.rough:
        parts.append("too few draws come near the record: a rough guess")
    return "; ".join(parts)
