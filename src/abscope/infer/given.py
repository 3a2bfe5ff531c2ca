"""What of the treatment on record the simulation gives or uses, and what it cannot.

A course without a dose or a site on record has no fraction in any draw. What it did is then not
zero but unknown, and nobody may read it off draws in which it was never given.
"""

from collections.abc import Sequence

from abscope.case.record import Case
from abscope.errors import CaseError, Problem
from abscope.infer.visits import data_of_case
from abscope.model.patient import Patient

__all__ = ["check_given", "grown_under", "not_given"]

_LEFT_OUT = ": not simulated"
_GREW = ("increased", "markedly_increased")


def not_given(patients: Sequence[Patient]) -> tuple[str, ...]:
    """Return a sentence for each part of radiotherapy that no draw has, with the reason."""
    told = patients[0].unknowns if patients else ()
    return tuple(text for text in told if text.endswith(_LEFT_OUT))


def grown_under(
    case: Case, patients: Sequence[Patient], lesion: str, *, fitted: bool = False
) -> str | None:
    """Return which drugs a lesion appeared or grew under before the start, in words, or None.

    None as well where draws are ``fitted`` and a reading before the start (`earlier`) holds this
    evidence against the drugs.
    """
    if fitted and _read_before(case, lesion):
        return None
    trend = case.lesions_by_id[lesion].trend_before_rt
    grew = trend is not None and bool({"growing", "new"} & set(trend.candidates))
    for scan in case.imaging:
        if scan.role == "follow_up":
            continue
        for one in scan.findings:
            if one.lesion == lesion:
                rose = one.change is not None and one.change.value in _GREW
                grew = grew or rose
    early = (x for one in patients for x in one.infusions if x.day_d < one.start_d)
    agents = tuple(dict.fromkeys(x.agent for x in early))
    if not grew or not agents:
        return None
    return (
        f"the record has it appear or grow under {' and '.join(agents)}, which no reading uses: "
        "what the drugs did is overstated"
    )


def _read_before(case: Case, lesion: str) -> bool:
    return any(visit.early for visit in data_of_case(case, lesions=(lesion,)).visits)


def check_given(case: Case, patients: Sequence[Patient]) -> None:
    """Raise CaseError where no draw has a fraction: nothing can be said of radiotherapy then."""
    if any(patient.fractions for patient in patients):
        return
    missing = [text.removesuffix(_LEFT_OUT) for text in not_given(patients)]
    why = f" ({'; '.join(missing)})" if missing else ""
    what = f"a case without radiotherapy that can be simulated{why}"
    expected = "a course with a dose and a site"
    hint = "Record them, or choose another case."
    raise CaseError(Problem(case.id, what, expected, hint, "rt_courses"))
