"""Pain responses of a case: one per lesion and scored site, baseline against the last score."""

from abscope.case.clock import Clock
from abscope.case.facts import Quantity
from abscope.case.observation import Symptom
from abscope.case.record import Case
from abscope.response.pain import PainCall, PainReading, pain_response

__all__ = ["pain_calls"]


def pain_calls(case: Case, *, clock: Clock) -> tuple[PainCall, ...]:
    """Return the pain response of every lesion or site with a baseline score.

    Baseline is the first score marked so, else the first; the follow-up is the last score, in time
    order where all times are known. A score of a group holds for each of its lesions. Scales that
    do not run to 10 are rescaled by their stated maximum; a scale without a maximum is left out.
    """
    scores: dict[str, list[Symptom]] = {}
    for symptom in case.symptoms:
        if symptom.symptom == "pain":
            for site in symptom.lesions or (symptom.where or "site not stated",):
                scores.setdefault(site, []).append(symptom)
    calls = []
    for site, entries in scores.items():
        ordered = _in_order(entries, clock)
        baseline = next((entry for entry in ordered if entry.baseline), ordered[0])
        later = [entry for entry in ordered[ordered.index(baseline) + 1 :] if entry.value]
        calls.append(
            pain_response(
                _reading(baseline),
                follow_up=_reading(later[-1]) if later else PainReading((), ()),
                site=site,
            )
        )
    return tuple(calls)


def _in_order(entries: list[Symptom], clock: Clock) -> list[Symptom]:
    spans = [clock.fact(entry.when) for entry in entries]
    days = [span.middle_d if span else None for span in spans]
    if any(day is None for day in days):
        return entries
    pairs = sorted(zip(days, range(len(entries)), strict=True), key=lambda p: (p[0] or 0.0, p[1]))
    return [entries[index] for _, index in pairs]


def _reading(entry: Symptom) -> PainReading:
    maximum = entry.scale_max.value if entry.scale_max else None
    if maximum is None and not entry.scale.strip().endswith("10"):
        return PainReading((), ())
    factor = 1.0 if maximum is None else 10.0 / maximum
    return PainReading(
        tuple(score * factor for score in _values(entry.value)), _values(entry.omed_mg)
    )


def _values(quantity: Quantity | None) -> tuple[float, ...]:
    return () if quantity is None else tuple(dict.fromkeys(quantity.candidates))
