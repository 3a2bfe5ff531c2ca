"""What other treatments would have done: the table of the standard set with its intervals."""

from abscope.decide.answers import Answers
from abscope.decide.compare import Comparison
from abscope.decide.differences import Difference, ShareDifference
from abscope.decide.statement import percent, prior_words, signed, verdict
from abscope.report.material import Row, Section, Table

__all__ = ["whatif_section"]


def whatif_section(found: Answers) -> Section | None:
    """Return the section of answers; None where no scenario could be asked.

    It needs the drawing `abscope.report.whatif_figure` under the name ``what-if``.
    """
    if not found.comparisons:
        return None
    first = found.comparisons[0]
    alerts = [f"{text[0].upper()}{text[1:]}." for text in found.draws.warnings]
    notes = [f"{found.draws.words[0].upper()}{found.draws.words[1:]}."]
    notes.append(prior_words(first, found.draws))
    unseen: dict[str, list[str]] = {}
    for item in found.comparisons:
        for text in item.never_seen:
            what, _, why = text.partition(": ")
            unseen.setdefault(why, []).append(what)
    notes += [f"{', '.join(dict.fromkeys(told))}: {why}." for why, told in unseen.items()]
    notes += [f"Left out, {name}: {why}." for name, why in found.refused]
    notes.append(
        "Where a prescription changes, the doses of other lesions, blood and organs change with "
        "the dose per fraction, and a course begins on the day that it was begun on."
    )
    return Section(
        "what-if",
        "What another treatment would have done",
        "tables.html",
        {"alerts": alerts, "figure": "what-if", "tables": [_table(found)], "notes": notes},
    )


def _table(found: Answers) -> Table:
    label, day = found.comparisons[0].visits_d[-1]
    columns = (
        "Instead", "Sum of diameters, difference", "Smaller in", "Response of all",
        "Response outside", "Control of all", "Lowest lymphocytes, per µL", "Sizes, in words",
    )  # fmt: skip
    note = (
        f"Against the delivered treatment at {label}, day {day:g}, on the same "
        f"{found.draws.n} draws: medians of the differences with the middle 90 % of the "
        "draws, of the sum of diameters as a share of the start. Shares: as delivered, then with "
        "the change."
    )
    return Table(
        "What another treatment would have done",
        columns,
        tuple(_row(item) for item in found.comparisons),
        note,
    )


def _row(item: Comparison) -> Row:
    end, outside = item.whole.change[-1], item.outside
    low, middle, high = item.nadir.difference
    return Row(
        item.scenario.name,
        (
            "" if end is None else _percents(end),
            "" if end is None else f"{end.better_frac:.0%}",
            _share(item.whole.response),
            "" if outside is None else _share(outside.response),
            _share(item.whole.control),
            f"{signed(middle)} ({signed(low)} to {signed(high)})",
            "" if end is None else verdict(end),
        ),
    )


def _percents(item: Difference) -> str:
    low, middle, high = (percent(value) for value in item.difference)
    return f"{middle} ({low} to {high})"


def _share(item: ShareDifference) -> str:
    return f"{item.delivered_frac:.0%} → {item.scenario_frac:.0%}"
