"""What the whole case says beside one lesion: chance over several lesions, losses, blood, biology.

These confounders cannot be laid at one lesion. Each is computed from the record where it can be,
and named with its number; none lowers a call.
"""

from abscope.case.clock import Clock, Span
from abscope.case.record import Case
from abscope.catalog import background_rate, spontaneous_regression
from abscope.response.lymphocytes import lymphocyte_readings
from abscope.response.reader_error import p_true_change
from abscope.response.rivals import Rival
from abscope.response.trajectory import Trajectory

__all__ = ["context_caveats"]

#: Size ratio of a partial response (RECIST 1.1, Eisenhauer 2009, doi 10.1016/j.ejca.2008.10.026).
_PR_RATIO = 0.70
#: A change above this is no decrease; 0 itself is no threshold.
_UNCHANGED = 1e-9


def context_caveats(
    case: Case, *, paths: tuple[Trajectory, ...], start: Span | None, clock: Clock
) -> tuple[Rival, ...]:
    """Return the confounders of the case as a whole, for lesions outside the fields.

    ``paths`` are the trajectories of the lesions that no course surely meant to treat, ``start``
    the start of the course that is judged.
    """
    found = [
        _chance(paths),
        _losses(paths),
        _lymphopenia(case, start, clock),
        _spontaneous(case),
        _pseudoprogression(case, paths),
    ]
    return tuple(item for item in found if item is not None)


def _chance(paths: tuple[Trajectory, ...]) -> Rival | None:
    """How likely reader error alone shows -30 % in one of the measured lesions."""
    sizes = [
        path.baseline.size_mm
        for path in paths
        if path.change_frac is not None and path.baseline and path.baseline.size_mm
    ]
    if not sizes:
        return None
    missed = 1.0
    for size_mm in sizes:
        # With an error that is symmetric in the log ratio, an unchanged lesion is read as 30 %
        # smaller as often as one that is read so is in truth unchanged or larger.
        read = p_true_change(
            size_mm, follow_up_mm=_PR_RATIO * size_mm, threshold_frac=_UNCHANGED, n_lesions=1,
            readers="different",
        )  # fmt: skip
        missed *= 1 - read.probability_frac
    return Rival(
        "lesion-count",
        "caveat",
        f"{len(sizes)} measured lesions outside the fields: reader error alone shows -30 % in at "
        f"least one with probability {1 - missed:.3f}",
    )


def _losses(paths: tuple[Trajectory, ...]) -> Rival | None:
    lost = [path.lesion for path in paths if path.before and not path.after]
    if not lost:
        return None
    return Rival(
        "missing-lesions",
        "caveat",
        f"{', '.join(lost[:6])}{' ...' if len(lost) > 6 else ''}: seen before the course, not "
        "followed after it",
    )


def _lymphopenia(case: Case, start: Span | None, clock: Clock) -> Rival | None:
    counts = [
        (reading.lab.value.value, reading.grade)
        for reading in lymphocyte_readings(case, clock)
        if reading.lab.value is not None
        and reading.lab.value.value is not None
        and (reading.span is None or start is None or reading.span.high_d >= start.low_d)
        and not reading.baseline
    ]
    if not counts:
        return Rival(
            "lymphocytes-unknown", "caveat", "lymphocytes after radiotherapy are not known"
        )
    lowest, grade = min(counts, key=lambda item: item[0])
    low = background_rate("response_alc_below_median_after_rt")
    high = background_rate("response_alc_above_median_after_rt")
    told = f", CTCAE {grade.text}" if grade is not None else ""
    return Rival(
        "lymphopenia",
        "caveat",
        f"lowest lymphocyte count after radiotherapy {lowest:g} per uL{told}; in three trials "
        f"{low.value:.1%} below and {high.value:.1%} above the median responded out of field",
    )


def _spontaneous(case: Case) -> Rival | None:
    tumor = case.diagnosis.tumor_type.value if case.diagnosis.tumor_type else None
    known = spontaneous_regression(tumor) if tumor else None
    if known is None:
        return None
    told = f"in {known.value:.1%}" if known.unit == "frac" else f"{known.value:g} published cases"
    text = f"spontaneous regression is known in this tumor ({told})"
    return Rival("spontaneous-regression", "caveat", text)


def _pseudoprogression(case: Case, paths: tuple[Trajectory, ...]) -> Rival | None:
    grew = [
        path.lesion
        for path in paths
        if path.responded
        and path.first is not None
        and any(r.word in ("grown", "new") for r in path.after[: path.after.index(path.first)])
    ]
    if not grew or not case.systemic_therapy:
        return None
    rate = background_rate("pseudoprogression_melanoma")
    return Rival(
        "pseudoprogression",
        "caveat",
        f"{', '.join(grew)} grew before it shrank while drugs were given: pseudoprogression "
        f"({rate.value:.1%} of melanoma patients) is not excluded",
    )
