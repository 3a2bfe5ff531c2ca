"""What a comparison says, in sentences: no number without its interval, and what is prior."""

from abscope.decide.answers import Draws
from abscope.decide.compare import Comparison, Row
from abscope.decide.differences import Difference, ShareDifference, share_error_frac

__all__ = ["kept", "percent", "prior_words", "sentence", "signed", "verdict"]

#: Shares of the draws that must agree before a direction is called one, or likely.
_SURE_FRAC, _LIKELY_FRAC, _MOST_FRAC = 0.95, 0.80, 0.50


def verdict(difference: Difference) -> str:
    """Return in a few words which treatment is better, by the share of the draws."""
    worse = 1.0 - difference.better_frac - difference.equal_frac
    if difference.equal_frac >= _LIKELY_FRAC:
        return "no difference"
    if difference.equal_frac >= _MOST_FRAC:
        return "no difference in most draws"
    for share, word in ((difference.better_frac, "better"), (worse, "worse")):
        if share >= _SURE_FRAC:
            return word
        if share >= _LIKELY_FRAC:
            return f"probably {word}"
    return "this case cannot tell"


def percent(value: float) -> str:
    """Return a signed change in percent; what rounds to zero has no sign.

    >>> percent(-0.004), percent(0.4)
    ('0%', '+40%')
    """
    return f"{value:+.0%}" if round(100 * value) else "0%"


def signed(value: float) -> str:
    """Return a signed whole number; what rounds to zero has no sign.

    >>> signed(-0.4), signed(12.6)
    ('0', '+13')
    """
    return f"{value:+.0f}" if round(value) else "0"


def sentence(found: Comparison) -> str:
    """Return one sentence about a scenario against what was delivered."""
    row, (visit, day) = found.whole, found.visits_d[-1]
    end, response = row.change[-1], row.response
    if end is None:  # a row without any draw is not made
        return f"{found.scenario.name}: no draw reaches {visit}."
    worse = max(0.0, 1.0 - end.better_frac - end.equal_frac)
    parts = [
        f"{found.scenario.name}: {verdict(end)}; the sum of diameters at {visit} (day {day:g}) "
        f"would be {_changed(end)} (90 % of the draws {percent(end.difference[0])} "
        f"to {percent(end.difference[2])}), smaller in {end.better_frac:.0%}, greater in "
        f"{worse:.0%} of {end.draws} draws",
        _responds("all lesions together", response),
    ]
    outside = found.outside
    if outside is not None:
        parts.append(_responds("those outside the fields", outside.response))
    low, middle, high = found.nadir.difference
    parts.append(
        f"the lowest lymphocyte count differs by {signed(middle)} per uL "
        f"({signed(low)} to {signed(high)})"
    )
    return "; ".join(parts) + "."


def kept(row: Row) -> str | None:
    """Return how often a scenario would have done the same where the delivered treatment worked."""
    share = row.response.kept_frac
    if share is None:
        return None
    return (
        f"Of the draws in which the delivered treatment makes {row.name} respond, {share:.0%} "
        f"respond to this one as well; the best response is the same or better in "
        f"{row.same_or_better_frac:.0%} of {row.response.draws} draws (error "
        f"{share_error_frac(row.same_or_better_frac, row.response.draws):.0%})."
    )


def prior_words(found: Comparison, draws: Draws) -> str:
    """Return how much of the answer is prior knowledge."""
    if not draws.fitted:
        return (
            "All of this is prior: it holds for a patient with this record before any scan or "
            "count after the start was read."
        )
    ratio = found.width_over_prior_frac
    if ratio is None or found.prior is None:
        return "How much of this is prior is not known."
    theirs = found.prior.whole.response
    return (
        f"The interval of the difference is {ratio:.0%} as wide as that of the prior"
        f"{'; the data of this patient taught next to nothing of it' if ratio > 0.9 else ''}. "
        f"The prior alone gives {theirs.scenario_frac:.0%} instead of {theirs.delivered_frac:.0%}."
    )


def _changed(end: Difference) -> str:
    middle = end.difference[1]
    if not round(100 * middle):
        return "the same to 1 % of the start"
    return f"{abs(middle):.0%} of the start {'greater' if middle > 0 else 'smaller'}"


def _responds(who: str, share: ShareDifference) -> str:
    return (
        f"{who} respond in {share.scenario_frac:.0%} instead of {share.delivered_frac:.0%} "
        f"({percent(share.difference_frac)}, error of {share.draws} draws {share.error_frac:.0%})"
    )
