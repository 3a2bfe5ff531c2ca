"""An explanation as lines of text: one screen."""

import textwrap
from collections.abc import Iterator, Sequence

from abscope.infer.attribution import LesionDraws
from abscope.infer.explanation import Explanation
from abscope.infer.questions import answer_words
from abscope.report.explain_words import (
    CAUSE_WORDS,
    WORLD_WORDS,
    chance_words,
    family_rows,
    had_drugs,
    homing_words,
    point_words,
    rival_warning,
    score_words,
    share_words,
    source_words,
)

__all__ = ["explanation_lines"]

_WIDTH, _HEAD = 98, 26
_MOST_LESIONS, _MOST_MEASUREMENTS = 3, 2
#: Worlds that the screen shows; --json and the report have all.
_WORLDS = ("delivered", "no_radiotherapy", "no_dose_elsewhere", "no_drugs", "nothing")


def explanation_lines(found: Explanation) -> Iterator[str]:
    """Yield an explanation as lines of at most 100 columns, what speaks against it first."""
    told = list(source_words(found))
    against = [line for line in told if line.startswith("!")]
    rest = [line for line in told if line not in against]
    for line in (*against, "; ".join((f"{found.case_id}: research use only", *rest))):
        yield from textwrap.wrap(line, _WIDTH, subsequent_indent="  ")
    yield ""
    yield from _shares(found)
    yield from _responses(found)
    yield from _rivals(found)
    yield from _settling(found)
    yield ""
    yield "What can be concluded"
    shown = {item.lesion for item in _shown(found)}
    for text in found.conclusion.short(shown):
        yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")


def _shown(found: Explanation) -> list[LesionDraws]:
    """Return the lesions that have a column, the focus first."""
    items = sorted(found.attribution.lesions, key=lambda item: item.lesion != found.focus)
    return items[:_MOST_LESIONS]


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _shares(found: Explanation) -> Iterator[str]:
    visit, items = found.attribution.visits[found.visit], _shown(found)
    yield (
        f"Change until {visit.label} (day {visit.day_d:g}) and its parts, in % of the first "
        "diameter: median (90 % of draws)"
    )
    heads = (f"{item.lesion} {item.label}" for item in items)
    rows = [("", *(textwrap.shorten(head, _HEAD, placeholder=" ...") for head in heads))]
    rows.append(("in all", *(point_words(item.total(found.visit)) for item in items)))
    rows.append(("natural course", *(point_words(item.natural(found.visit)) for item in items)))
    shares = [item.shares(found.visit) for item in items]
    for cause, word in CAUSE_WORDS.items():
        if had_drugs(found) or cause != "drugs":
            rows.append((word, *(point_words(share[cause]) for share in shares)))
    over = (homing_words(found, item.lesion)[0] for item in items)
    rows.append(("elsewhere, modes of homing", *over))
    rows.append(("how much is prior", *(share_words(found, item.lesion) for item in items)))
    yield from _columns(rows)
    if found.families:
        yield "  volume with radiotherapy over that without, in models of others (most of mice)"
        yield from _columns(family_rows(found, [item.lesion for item in items]))


def _responses(found: Explanation) -> Iterator[str]:
    items = _shown(found)
    yield "Probability of a response (-30 %) by then (90 % by the number of draws)"
    rows = [
        (
            WORLD_WORDS[world],
            *(chance_words(item.responds(world, found.visit)) for item in items),
        )
        for world in _WORLDS
        if had_drugs(found) or world not in ("no_drugs", "nothing")
    ]
    over = (homing_words(found, item.lesion)[1] for item in items)
    rows.append(("without RT, modes of homing", *over))
    needed = (chance_words(item.needed(found.visit)) for item in items)
    rows.append(("radiotherapy was needed", *needed))
    yield from _columns(rows)
    more = len(found.attribution.lesions) - len(items)
    if more > 0:
        yield f"  {more} more lesions: --json"


def _rivals(found: Explanation) -> Iterator[str]:
    told = found.rivals.get(found.focus)
    if told is None:
        yield "Explanations: nothing was read afterwards that could be compared"
        return
    says = "; ".join(told.says)
    yield from textwrap.wrap(f"Explanations, by how well each foretells '{says}'", _WIDTH)
    near = [score for score in told.scores if not score.separated]
    yield from _columns([(score_words(score), score.text) for score in near])
    if far := [score for score in told.scores if score.separated]:
        worse = "; ".join(f"{score.text} ({score_words(score)})" for score in far)
        yield from textwrap.wrap(
            f"clearly worse: {worse}", _WIDTH, initial_indent="  ", subsequent_indent="    "
        )
    if warning := rival_warning(told):
        yield from textwrap.wrap(
            f"! {warning}", _WIDTH, initial_indent="  ", subsequent_indent="    "
        )


def _settling(found: Explanation) -> Iterator[str]:
    told = found.settling.get(found.focus, ())
    best = [one for one in told if not one.joint][:_MOST_MEASUREMENTS]
    what = answer_words(target=found.focus in found.targets)
    yield f"What would have settled {what} for {found.focus} (part of its variance, 90 %)"
    rows = [
        (f"{one.explained_frac:.0%} ({one.low_frac:.0%} to {one.high_frac:.0%})", one.text)
        for one in (*best, *(one for one in told if one.joint))
    ]
    yield from _columns(rows or [("nothing", "that was considered")])
