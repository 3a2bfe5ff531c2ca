"""What one finding of an examination says of a lesion, as a reading."""

import re

from abscope.case.facts import Quantity
from abscope.case.observation import Finding, Imaging
from abscope.infer.readings import (
    ChangeReading,
    GoneReading,
    NumberReading,
    Reading,
    SizeReading,
    Span,
)

__all__ = ["categories_of", "change_of", "metabolic", "number_of", "reading_of", "size_of"]

_VANISHED = ("complete_response", "gone")
_WORDS = ("markedly_decreased", "decreased", "slightly_decreased", "stable", "increased",
          "markedly_increased")  # fmt: skip
_CATEGORIES = (
    (r"\bcomplete\b.*(response|remission)|\bCR\b|\bCMR\b", "complete_response"),
    (r"\bpartial\b.*(response|remission)|\bPR\b|\bPMR\b", "partial_response"),
    (r"\bstable\b|\bSD\b|\bSMD\b", "stable_disease"),
    (r"\bprogress|\bPD\b|\bPMD\b", "progressive_disease"),
)


def metabolic(scan: Imaging) -> bool | None:
    """Return whether what a scan does not see is uptake; None where versions differ."""
    versions = scan.modalities.candidates if scan.modalities is not None else ()
    found = {any(word.startswith("PET") for word in version) for version in versions}
    return found.pop() if len(found) == 1 else (None if found else False)


def reading_of(finding: Finding, metabolic: bool | None) -> Reading | None:
    """Return what a finding says of the size of a lesion, or of its change; None for nothing."""
    name, words = finding.lesion, tuple(finding.change.candidates) if finding.change else ()
    if finding.state in ("not_imaged", "not_evaluable", "merged"):
        return None
    size = size_of(finding)
    if size is not None:
        return size
    gone = finding.state == "absent" or (words and all(word in _VANISHED for word in words))
    if gone:
        says = f"{name} {words[0].replace('_', ' ') if words else 'absent'}"
        return GoneReading(name, False, metabolic, says)
    if finding.state == "too_small":
        return GoneReading(name, True, False, f"{name} too small to measure")
    changes = change_of(finding)
    if changes:
        said = " or ".join(word.replace("_", " ") for word in changes)
        return ChangeReading(name, changes, f"{name} {said}")
    if finding.stated_response is not None:
        categories = categories_of(tuple(finding.stated_response.candidates))
        if categories == ("complete_response",):
            return GoneReading(name, False, metabolic, f"{name} complete response")
        if categories:
            said = " or ".join(word.replace("_", " ") for word in categories)
            return ChangeReading(name, categories, f"{name} {said}")
    return number_of(finding)


def change_of(finding: Finding) -> tuple[str, ...]:
    """Return the words for a change of size in a finding; several are versions."""
    words = finding.change.candidates if finding.change else ()
    return tuple(word for word in words if word in _WORDS)


def size_of(finding: Finding | None) -> SizeReading | None:
    """Return the size in a finding, None where it has none."""
    if finding is None:
        return None
    name = finding.lesion
    if finding.fragments_mm and finding.state == "split":
        return None
    for quantity, key in ((finding.volume_ml, "volume"), (finding.size_mm, "size")):
        spans = _spans(quantity)
        if not spans:
            continue
        unit = "ml" if key == "volume" else "mm"
        said = " or ".join(_written(span) for span in spans)
        kind = "volume" if key == "volume" else "short" if finding.axis == "short" else "longest"
        return SizeReading(name, kind, spans, f"{name} {said} {unit}")  # type: ignore[arg-type]
    return None


def _spans(quantity: Quantity | None) -> tuple[Span, ...]:
    if quantity is None:
        return ()
    found = [
        Span(item.value, item.value) if item.value is not None else Span(item.low, item.high)
        for item in (quantity.versions or (quantity,))
    ]
    return tuple(
        dict.fromkeys(span for span in found if (span.low or 0.0) > 0.0 or (span.high or 0.0) > 0.0)
    )


def _written(span: Span) -> str:
    if span.exact:
        return f"{span.low:g}"
    return f"{span.low or 0:g} to {span.high:g}" if span.high else f"above {span.low:g}"


def number_of(finding: Finding) -> NumberReading | None:
    """Return how many nodules a finding counts, None where it does not say."""
    values = [x for x in (finding.count.candidates if finding.count else ()) if isinstance(x, int)]
    if len(values) != 1:
        return None
    return NumberReading(finding.lesion, values[0], f"{finding.lesion}: {values[0]} seen")


def categories_of(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the response categories that texts name."""
    found = [
        next((word for rule, word in _CATEGORIES if re.search(rule, text, re.IGNORECASE)), None)
        for text in texts
    ]
    return tuple(dict.fromkeys(word for word in found if word is not None))
