"""Symptom scores and adverse events: scale, baseline, analgesic, and who graded what."""

import re
from collections import defaultdict
from collections.abc import Iterator

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import View
from abscope.case.checks.wording import any_of, either, listed, text_of, versions_of
from abscope.case.observation import AdverseEvent, Symptom
from abscope.case.record import Statement

__all__ = ["CHECKS"]

_WORDS = {"mild": 1, "moderate": 2, "severe": 3, "life-threatening": 4, "fatal": 5}
_RANGE = re.compile(r"\b0\s*(?:-|–|to)\s*(\d+)\b")


def _scores(symptom: Symptom) -> tuple[float, ...]:
    return symptom.value.candidates if symptom.value else ()


def _limit(symptom: Symptom) -> float | None:
    """Return the top of the scale: the field, else the range in the name ('VAS 0-10')."""
    if symptom.scale_max is not None and symptom.scale_max.candidates:
        return max(symptom.scale_max.candidates)
    match = _RANGE.search(symptom.scale)
    return float(match.group(1)) if match else None


@check("symptom-above-scale", "a symptom score lies outside its scale")
def _symptom_above_scale(view: View) -> Iterator[Remark]:
    """Compare each score with the top of its scale and with zero."""
    for index, symptom in enumerate(view.case.symptoms):
        top = _limit(symptom)
        odd = [s for s in _scores(symptom) if s < 0 or (top is not None and s > top)]
        if odd:
            yield Remark(
                ("symptoms", index, "value"),
                f"{symptom.symptom} is {any_of(odd)} on {symptom.scale}",
                f"0 to {top:g}" if top is not None else "a score of 0 or more",
                "Correct the score or the scale.",
                symptom.lesions,
            )


@check("symptom-scale-unknown", "a symptom score without the top of its scale", severity="note")
def _symptom_scale_unknown(view: View) -> Iterator[Remark]:
    """Find scales whose top is neither given nor part of the name, each once."""
    told: set[str] = set()
    for index, symptom in enumerate(view.case.symptoms):
        if _scores(symptom) and _limit(symptom) is None and symptom.scale not in told:
            told.add(symptom.scale)
            yield Remark(
                ("symptoms", index, "scale"),
                f"the top of the scale '{symptom.scale}' is not known",
                "scale_max, or a scale such as 'NRS 0-10'",
                "Add scale_max; a change of 2 means little on 0-100.",
                symptom.lesions,
            )


@check("symptom-baseline", "the baseline of a symptom is given with different values")
def _symptom_baseline(view: View) -> Iterator[Remark]:
    """Collect every baseline score per symptom, scale and lesion, over records and versions."""
    scores: dict[tuple[str, str, str], list[tuple[int, float]]] = defaultdict(list)
    for index, symptom in enumerate(view.case.symptoms):
        if symptom.baseline:
            for place in symptom.lesions or ((symptom.where,) if symptom.where else ()):
                for score in _scores(symptom):
                    scores[symptom.symptom, symptom.scale, place].append((index, score))
    groups: dict[tuple[int, str], list[str]] = defaultdict(list)
    for (_, _, place), found in scores.items():
        if len({score for _, score in found}) > 1:
            groups[found[-1][0], any_of(score for _, score in found)].append(place)
    for (index, values), places in groups.items():
        symptom = view.case.symptoms[index]
        fact = symptom.value
        yield Remark(
            ("symptoms", index, "value"),
            f"{symptom.symptom} at {listed(map(view.name, places))} starts at {values} on "
            f"{symptom.scale}",
            "one baseline score per place",
            "Keep both; relief is computed from each.",
            tuple(p for p in places if p in view.case.lesions_by_id),
            versions_of(fact, "value") if fact else (),
            fact.ref if fact else None,
        )


@check("symptom-without-baseline", "a later symptom score has no baseline", severity="note")
def _symptom_without_baseline(view: View) -> Iterator[Remark]:
    """List lesions that have scores, none of them a baseline."""
    based = {
        (symptom.symptom, lesion)
        for symptom in view.case.symptoms
        if symptom.baseline
        for lesion in symptom.lesions
    }
    later: dict[tuple[str, str], int] = {}
    for index, symptom in enumerate(view.case.symptoms):
        for lesion in symptom.lesions if _scores(symptom) else ():
            if (symptom.symptom, lesion) not in based:
                later.setdefault((symptom.symptom, lesion), index)
    for (name, lesion), index in later.items():
        yield Remark(
            ("symptoms", index),
            f"{name} at {view.name(lesion)} has scores, but none is a baseline",
            "a score before radiotherapy with baseline: true",
            "Add it, or mark the first score; without it there is no response.",
            (lesion,),
        )


@check("analgesic-unknown", "pain scores without the analgesic dose", severity="note")
def _analgesic_unknown(view: View) -> Iterator[Remark]:
    """Report once that pain relief cannot be told from more analgesic."""
    pains = [
        (index, symptom)
        for index, symptom in enumerate(view.case.symptoms)
        if symptom.symptom == "pain" and _scores(symptom)
    ]
    open_ones = [i for i, s in pains if s.omed_mg is None or s.omed_mg.bounds is None]
    if len(pains) > 1 and open_ones:
        all_words = "none" if len(open_ones) == len(pains) else f"{len(open_ones)} without any"
        yield Remark(
            ("symptoms", open_ones[0]),
            f"{len(pains)} pain scores, {all_words} with the daily analgesic dose",
            "omed_mg (oral morphine equivalent per day) beside each pain score",
            "Pain response is on scores alone: less pain can be more analgesic.",
        )


def _grade(event: AdverseEvent) -> tuple[set[int], str]:
    """Return the grades of an event, from its number or the CTCAE word, and how it was said."""
    if event.grade is not None and event.grade.candidates:
        return set(event.grade.candidates), f"grade {either(event.grade.candidates)}"
    text = event.text or ""
    words = {word for word in _WORDS if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
    return {_WORDS[word] for word in words}, f"'{text}'" if text else "no grade"


@check("event-grades-differ", "reporters grade the same adverse event differently")
def _event_grades_differ(view: View) -> Iterator[Remark]:
    """Compare entries of one term; mild, moderate and severe are CTCAE grades 1, 2 and 3."""
    groups: dict[str, list[tuple[int, AdverseEvent]]] = defaultdict(list)
    for index, event in enumerate(view.case.adverse_events):
        groups[event.term.strip().casefold()].append((index, event))
    for items in groups.values():
        if len({event.reporter for _, event in items}) < 2:
            continue
        graded = [(index, event, *_grade(event)) for index, event in items]
        if len({frozenset(grades) for _, _, grades, _ in graded if grades}) < 2:
            continue
        first = next((event for _, event in items if event.grade), None)
        yield Remark(
            ("adverse_events", graded[-1][0]),
            f"{items[0][1].term}: "
            + ", ".join(f"{event.reporter} {how}" for _, event, _, how in graded),
            "one grade, or both reporters named beside their grades",
            "Keep both; they measure different things.",
            (),
            tuple(
                Statement(text=f"{event.reporter}: {how}", loc=event.loc)
                for _, event, _, how in graded
            ),
            first.grade.ref if first is not None and first.grade is not None else None,
        )


@check("event-without-grade", "adverse events without a grade", severity="note")
def _event_without_grade(view: View) -> Iterator[Remark]:
    """List the terms that nobody graded, by number or by word."""
    graded = {e.term.strip().casefold() for e in view.case.adverse_events if _grade(e)[0]}
    loose = [
        (index, event)
        for index, event in enumerate(view.case.adverse_events)
        if event.term.strip().casefold() not in graded
    ]
    if loose:
        yield Remark(
            ("adverse_events", loose[0][0]),
            f"no grade is known for {either(event.term for _, event in loose)} "
            f"({text_of(loose[0][1].when)})"
            if len(loose) == 1
            else f"no grade is known for {listed(event.term for _, event in loose)}",
            "a CTCAE grade for every adverse event",
            "Ask; without a grade it cannot be compared or counted.",
        )


CHECKS: tuple[Check, ...] = (
    _symptom_above_scale, _symptom_scale_unknown, _symptom_baseline, _symptom_without_baseline,
    _analgesic_unknown, _event_grades_differ, _event_without_grade,
)  # fmt: skip
