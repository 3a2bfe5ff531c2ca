"""The nine definitions of an abscopal response in use, side by side, for one case.

| id | definition | used by |
|----|------------|---------|
| A1 | any one non-irradiated measurable lesion at least 30 % shorter | Golden 2015 |
| A2 | RECIST 1.1 on the non-irradiated lesions, best at any time | Theelen pooled, Chen, Formenti |
| A3 | the same at a fixed week (12 or 13) | PEMBRO-RT, Ho |
| A4 | response rate of non-irradiated lesions against the drug alone | McBride, CHEERS |
| A5 | share of the non-irradiated lesions with PR or CR | Menon, Patel |
| A6 | clinical benefit of the non-irradiated disease | Welsh |
| A7 | index lesion: trend before against after radiotherapy | Chandra 2015 |
| A8 | PR or SD, retrospective | Grimaldi 2014 |
| A9 | description in a case report | both founding cases |

``met`` is None where the record cannot answer, with the reason.
"""

from dataclasses import dataclass

from abscope.case.record import Case
from abscope.response.abscopal import AbscopalCall, Candidate
from abscope.response.outcome import Outcome
from abscope.response.recist import RecistReading

__all__ = ["Definition", "definitions"]

#: The fixed week of A3 with what a visit may lie off it, in days (PEMBRO-RT: 12 weeks).
_WEEK_12_D, _SLACK_D = 84.0, 14.0


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition applied to a case: met, not met, or not answerable, with the reason."""

    id: str
    text: str
    met: bool | None
    reason: str


def definitions(
    case: Case,
    call: AbscopalCall,
    *,
    reading: RecistReading | None,
    outcome: Outcome | None,
    reference_d: float | None,
) -> tuple[Definition, ...]:
    """Return the nine definitions applied to a case.

    ``reading`` and ``outcome`` are RECIST 1.1 on the lesions outside the fields, ``reference_d``
    the day its weeks count from; each None where it cannot be computed.
    """
    others = [c for c in call.candidates if c.exposure.intended == "not_target"]
    sized = [c for c in others if c.path.change_frac is not None]
    responded = [c for c in sized if c.path.response in ("CR", "PR")]
    best = outcome.best.response if outcome else None
    return (
        Definition(
            "A1", "any one non-irradiated lesion at least 30 % shorter",
            bool(responded) if sized else None, _names(responded, sized, "sizes before and after"),
        ),
        Definition(
            "A2", "RECIST 1.1 on the non-irradiated lesions, best at any time",
            None if best in (None, "NE", "MISSING", "NED") else best in ("CR", "PR"),
            f"best response {best}" if best else "no sum of non-irradiated lesions",
        ),
        _fixed_week(reading, reference_d),
        Definition(
            "A4", "response rate of non-irradiated lesions against the drug alone", None,
            "needs a randomized comparison; one patient cannot answer it",
        ),
        Definition(
            "A5", "share of non-irradiated lesions with PR or CR",
            bool(responded) if sized else None,
            f"{len(responded)} of {len(sized)} measured lesions" if sized else "no sizes",
        ),
        Definition(
            "A6", "clinical benefit (CR, PR or SD) of the non-irradiated disease",
            None if best in (None, "NE", "MISSING", "NED") else best in ("CR", "PR", "SD"),
            f"best response {best}" if best else "no sum of non-irradiated lesions",
        ),
        _trend(case, others),
        _pr_or_sd(others),
        _described(case, others),
    )  # fmt: skip


def _names(hit: list[Candidate], of: list[Candidate], needs: str) -> str:
    if not of:
        return f"no non-irradiated lesion with {needs}"
    told = [f"{c.lesion} {100 * (c.path.change_frac or 0.0):+.1f} %" for c in of[:6]]
    return ", ".join(told) + ("" if hit else ": none reached -30 %")


def _fixed_week(reading: RecistReading | None, reference_d: float | None) -> Definition:
    text = "RECIST 1.1 on the non-irradiated lesions at week 12"
    if reading is None or reference_d is None:
        return Definition("A3", text, None, "no sum of non-irradiated lesions, or times not known")
    visits = [v for v in reading.visits if abs(v.day_d - reference_d - _WEEK_12_D) <= _SLACK_D]
    if not visits:
        return Definition("A3", text, None, "no examination within 2 weeks of week 12")
    visit = min(visits, key=lambda v: abs(v.day_d - reference_d - _WEEK_12_D))
    met = None if visit.overall in ("NE", "NED") else visit.overall in ("CR", "PR")
    return Definition("A3", text, met, f"{visit.visit}: {visit.overall}")


def _trend(case: Case, others: list[Candidate]) -> Definition:
    text = "index lesion grew before radiotherapy and shrank after it"
    known: list[tuple[str, bool]] = []
    for candidate in others:
        lesion = case.lesions_by_id[candidate.lesion]
        trend = lesion.trend_before_rt.value if lesion.trend_before_rt else None
        sizes = [r.size_mm for r in candidate.path.before if r.size_mm]
        if trend is None and len(sizes) >= 2:
            trend = "growing" if sizes[-1] > sizes[-2] else "shrinking"
        if trend is not None and candidate.path.response != "NE":
            known.append((candidate.lesion, trend == "growing" and candidate.path.responded))
    if not known:
        return Definition("A7", text, None, "no lesion with a known trend before and after")
    hits = [name for name, hit in known if hit]
    return Definition("A7", text, bool(hits), ", ".join(hits) or "no lesion turned")


def _pr_or_sd(others: list[Candidate]) -> Definition:
    text = "PR or SD of non-irradiated lesions, judged afterwards"
    judged = [c for c in others if c.path.response != "NE"]
    if not judged:
        return Definition("A8", text, None, "no non-irradiated lesion was followed")
    kept = [c.lesion for c in judged if c.path.response != "PD"]
    return Definition("A8", text, bool(kept), ", ".join(kept) or "every one progressed")


def _described(case: Case, others: list[Candidate]) -> Definition:
    text = "described in the report as shrinking outside the field"
    claimed = [c for c in case.author_claims if c.abscopal == "claimed"]
    shrunk = [c.lesion for c in others if c.path.responded]
    if claimed:
        return Definition("A9", text, True, "claimed by the authors")
    if shrunk:
        return Definition("A9", text, True, f"described: {', '.join(shrunk)}")
    judged = any(c.path.response != "NE" for c in others)
    return Definition("A9", text, False if judged else None, "not described")
