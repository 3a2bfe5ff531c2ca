"""What a stated response rests on: sizes, one modality before and after, a known slice."""

import re
from collections.abc import Iterator
from itertools import pairwise

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import Exam, View
from abscope.case.checks.wording import listed

__all__ = ["CHECKS"]

#: Changes of degree, which only a size can support; gone and new need none.
_OF_DEGREE = frozenset(
    {
        "markedly_decreased", "decreased", "slightly_decreased", "stable", "increased",
        "markedly_increased",
    }
)  # fmt: skip
_GRADED_RESPONSE = re.compile(r"\b(partial|stable|PR|SD|PMR|SMD|progressive)\b", re.IGNORECASE)
_SLICED = frozenset({"CT", "PET/CT", "MRI", "PET/MRI"})


@check("response-without-size", "a response is stated without any size")
def _response_without_size(view: View) -> Iterator[Remark]:
    """List, per examination, the lesions said to shrink, hold or grow without a diameter."""
    for exam in view.exams:
        if exam.specimen:
            continue
        unsized = tuple(
            finding.lesion
            for finding in exam.imaging.findings
            if finding.size_mm is None or finding.size_mm.bounds is None
            if finding.volume_ml is None
            and not finding.fragments_mm
            and finding.change is not None
            and _OF_DEGREE & set(finding.change.candidates)
        )
        if unsized:
            yield Remark(
                (*exam.path, "findings"),
                f"{exam.imaging.id}: {listed(map(view.name, unsized))} changed in words only, "
                "no size is given",
                "a diameter before and after",
                "RECIST is not evaluable there; ask for the measurements.",
                unsized,
            )
        elif _graded_without_size(exam):
            yield Remark(
                (*exam.path, "stated_response"),
                f"{exam.imaging.id}: the response is stated, but no lesion has a size",
                "diameters that support the stated response",
                "Keep it as the authors' word; ask for the measurements.",
                ref=exam.imaging.stated_response.ref if exam.imaging.stated_response else None,
            )


def _graded_without_size(exam: Exam) -> bool:
    stated = exam.imaging.stated_response
    if stated is None or not any(_GRADED_RESPONSE.search(text) for text in stated.candidates):
        return False
    return not any(
        (f.size_mm is not None and f.size_mm.bounds is not None) or f.fragments_mm
        for f in exam.imaging.findings
    )


@check("modality-changed", "sizes of a lesion are compared between different modalities")
def _modality_changed(view: View) -> Iterator[Remark]:
    """Find follow-ups that measure a lesion last measured by another kind of scan.

    PET/CT and CT count as different: the CT of a PET/CT is often made with thick slices and
    without contrast.
    """
    told: set[tuple[int, int]] = set()
    for sightings in view.sightings.values():
        sized = [
            s
            for s in sightings
            if s.sizes_mm and s.exam.modalities and not s.exam.specimen
        ]  # fmt: skip
        for before, now in pairwise(sized):
            pair = (before.exam.index, now.exam.index)
            if pair in told or before.exam.modalities & now.exam.modalities:
                continue
            told.add(pair)
            yield Remark(
                (*now.exam.path, "modalities"),
                f"{before.exam.imaging.id} is {listed(sorted(before.exam.modalities))}, "
                f"{now.exam.imaging.id} is {listed(sorted(now.exam.modalities))}; sizes at "
                f"{view.name(now.finding.lesion)} are compared across them",
                "the same modality before and after",
                "Allow for a difference of some millimeters, or use scans of one kind.",
                (now.finding.lesion,),
            )


@check("slice-unknown", "sizes without the slice thickness of their scan", severity="note")
def _slice_unknown(view: View) -> Iterator[Remark]:
    """List the sectional scans with sizes whose slice thickness is not known."""
    open_exams = [
        exam
        for exam in view.exams
        if (not exam.modalities or exam.modalities & _SLICED)
        and (exam.imaging.slice_mm is None or exam.imaging.slice_mm.bounds is None)
        and any(f.size_mm is not None and any(f.size_mm.candidates) for f in exam.imaging.findings)
    ]
    if open_exams:
        fact = open_exams[0].imaging.slice_mm
        names = listed(exam.imaging.id for exam in open_exams)
        yield Remark(
            open_exams[0].path,
            f"the slice thickness of {names} is not known, although sizes are given",
            "slice_mm for every scan with sizes",
            "With slices above 5 mm a lesion has to measure twice the slice (RECIST 1.1).",
            ref=fact.ref if fact else None,
        )


CHECKS: tuple[Check, ...] = (_response_without_size, _modality_changed, _slice_unknown)
