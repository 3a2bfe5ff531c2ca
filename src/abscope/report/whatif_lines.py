"""Answers to what-ifs as lines of text: a scenario in full, the standard set as a table."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from abscope.decide.answers import Answers, Draws
from abscope.decide.compare import Comparison, Row
from abscope.decide.differences import Difference, ShareDifference
from abscope.decide.statement import kept, prior_words, sentence, signed, verdict

__all__ = ["answer_lines", "source_lines", "wrapped"]

_WIDTH, _NAME = 100, 26


def wrapped(texts: Iterable[str]) -> Iterator[str]:
    """Yield sentences as lines of at most 100 columns, what goes on indented."""
    for text in texts:
        yield from textwrap.wrap(text, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def source_lines(case_id: str, draws: Draws, *, model: str) -> Iterator[str]:
    """Yield what the draws are, in lines: what speaks against them comes first."""
    against = [f"! {text}" for text in draws.warnings]
    if not draws.fitted:
        against.append(
            "! The draws are of the prior: nothing was learned from the course of this patient."
        )
    yield from wrapped((*against, f"{case_id}: research use only; {model}, {draws.words}"))


def answer_lines(found: Answers, *, asked: bool) -> Iterator[str]:
    """Yield answers in lines; where one was ``asked`` for, the first is told in full."""
    model = f"abscope-core, homing by {found.homing}"
    yield from source_lines(found.case_id, found.draws, model=model)
    if asked:
        yield ""
        yield from _full(found.comparisons[0], found)
    if len(found.comparisons) > asked:
        yield ""
        yield from _overview(found)
    yield from wrapped(f"- left out: {name}: {why}" for name, why in found.refused)


def _full(item: Comparison, found: Answers) -> Iterator[str]:
    same = kept(item.whole)
    texts = [sentence(item), *([] if same is None else [same]), prior_words(item, found.draws)]
    if item.failed:
        texts.append(f"! {item.failed} of {item.draws} draws could not be finished, left out")
    if item.by_homing:
        said = [f"{mode} {_points(end)}" for mode, end in item.by_homing.items()]
        texts.append(f"By mode of homing, the difference at the end: {'; '.join(said)}.")
    yield from wrapped(texts)
    yield ""
    label, day = item.visits_d[-1]
    yield (
        f"Change until {label} (day {day:g}), in % of the first diameter: median (middle 90 % of "
        "the draws)"
    )
    head = ("", "delivered", "scenario", "difference", "smaller", "response", "control")
    yield from _table([_cells(row) for row in item.rows], head=head)
    nadir = item.nadir
    grades = [f"{x.label} {x.delivered_frac:.0%} -> {x.scenario_frac:.0%}" for x in item.grades]
    yield from (
        f"  {line}"
        for line in wrapped(
            (
                f"lowest lymphocytes per uL: {_counts(nadir.delivered)} as delivered, "
                f"{_counts(nadir.scenario)} with the scenario, "
                f"difference {_counts(nadir.difference, change=True)}",
                f"CTCAE lymphocytes: {', '.join(grades)}",
                "Smaller, response and control are shares of the draws.",
            )
        )
    )
    for title, lines in (("Assumed", item.assumed), ("Never seen", item.never_seen)):
        if lines:
            yield f"{title}:"
            yield from wrapped(f"- {line}" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    end = row.change[-1]
    name = textwrap.shorten(f"{row.name} {row.label}".strip(), _NAME, placeholder=" ...")
    shares = tuple(_share(x) for x in (row.response, row.control))
    if end is None:
        return (name, "-", "-", "-", "-", *shares)
    three = (_three(x) for x in (end.delivered, end.scenario, end.difference))
    return (name, *three, f"{end.better_frac:.0%}", *shares)


def _overview(found: Answers) -> Iterator[str]:
    label, day = found.comparisons[0].visits_d[-1]
    yield (
        f"Against the delivered treatment, at {label} (day {day:g}): sum of diameters in % of the "
        "start,"
    )
    yield "lymphocytes per uL; medians (middle 90 % of the draws); shares are of the draws"
    left = ("prior left",) if found.draws.fitted else ()
    head = ("scenario", "in words", "sum", "response", "outside", "smaller", "lymphocytes", *left)
    yield from _table([_summary(item, found.draws) for item in found.comparisons], head=head)
    if found.draws.fitted:
        yield from wrapped(
            ["  prior left: width of the interval of the sum over that of the prior alone"]
        )
    else:
        yield from wrapped([prior_words(found.comparisons[0], found.draws)])


def _summary(item: Comparison, draws: Draws) -> tuple[str, ...]:
    end, outside, width = item.whole.change[-1], item.outside, item.width_over_prior_frac
    left = ("-" if width is None else f"{width:.0%}",) if draws.fitted else ()
    return (
        item.scenario.name,
        "-" if end is None else verdict(end),
        "-" if end is None else _points(end),
        _share(item.whole.response),
        "-" if outside is None else _share(outside.response),
        "-" if end is None else f"{end.better_frac:.0%}",
        _counts(item.nadir.difference, change=True),
        *left,
    )


def _table(rows: Sequence[tuple[str, ...]], *, head: tuple[str, ...]) -> Iterator[str]:
    """Yield a table; columns that pass the width of a line follow below, with the first again."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for place, columns in enumerate(_blocks(widths)):
        if place:
            yield ""
        for row in (head, *rows):
            cells = (row[k].ljust(widths[k]) for k in columns)
            yield f"  {'  '.join(cells)}".rstrip()


def _blocks(widths: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield the columns of each part of a table, the first column in all of them."""
    block: tuple[int, ...] = (0,)
    for k in range(1, len(widths)):
        if len(block) > 1 and sum(2 + widths[j] for j in (*block, k)) > _WIDTH:
            yield block
            block = (0,)
        block = (*block, k)
    yield block


def _three(values: tuple[float, float, float]) -> str:
    low, median, high = (signed(100.0 * value) for value in values)
    return f"{median} ({low} to {high})"


def _points(item: Difference) -> str:
    return _three(item.difference)


def _share(item: ShareDifference) -> str:
    return f"{100 * item.delivered_frac:.0f} -> {item.scenario_frac:.0%}"


def _counts(values: tuple[float, float, float], *, change: bool = False) -> str:
    low, median, high = (signed(x) if change else f"{x:.0f}" for x in values)
    return f"{median} ({low} to {high})"
