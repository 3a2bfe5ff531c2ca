"""Of which lesions the record tells a fit nothing, or no size, in words for its first lines."""

from abscope.case.record import Case
from abscope.infer.readings import SumReading
from abscope.infer.visits import CaseData
from abscope.model.lesion_sizes import has_size

__all__ = ["lesions_without_words", "sized_lesions", "tells_of_a_lesion"]


def sized_lesions(case: Case) -> frozenset[str]:
    """Return the lesions of which any examination tells a size, or that it is too small."""
    return frozenset(
        found.lesion for scan in case.imaging for found in scan.findings if has_size(found)
    )


def tells_of_a_lesion(case: Case, data: CaseData, *, lesions: tuple[str, ...]) -> bool:
    """Return whether a size is on record of any of the lesions, or what became of one in words."""
    read = any(isinstance(one, SumReading) for visit in data.visits for one in visit.readings)
    return read or bool(data.lesions) or bool(sized_lesions(case) & set(lesions))


def lesions_without_words(
    case: Case, data: CaseData, *, lesions: tuple[str, ...]
) -> tuple[str, ...]:
    """Return a line for the lesions that a fit learns nothing of, and one for those without size.

    A lesion that no reading is of keeps what was known of it before; one that was read in words
    alone has a change, and a length in mm that is an assumption.
    """
    sized, read = sized_lesions(case), set(data.lesions)
    whole = any(isinstance(one, SumReading) for visit in data.visits for one in visit.readings)
    kinds = {
        "no size and no word for a change on record; the fit learns nothing of {it}": [
            x for x in lesions if x not in read and x not in sized and not whole
        ],
        "not seen again after the start; of {it} the fit knows the size at the start alone": [
            x for x in lesions if x not in read and x in sized and not whole
        ],
        "no size on record, only words for a change; every length in mm of {it} is an assumption": [
            x for x in lesions if x not in sized and (x in read or whole)
        ],
    }
    return tuple(
        f"{', '.join(names)}: {text.format(it='it' if len(names) == 1 else 'them')}"
        for text, names in kinds.items()
        if names
    )
