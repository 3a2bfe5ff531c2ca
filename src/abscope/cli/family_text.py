"""What a published model makes of a case, as lines of text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from abscope.cli.output import table

if TYPE_CHECKING:
    from abscope.model.families.side_by_side import FamilyOutcome

__all__ = ["family_lines"]


def family_lines(case: str, found: "FamilyOutcome") -> Iterator[str]:
    """Yield the lines of an outcome: what the model is, what it drops, its curves."""
    yield f"{case}: research use only"
    yield f"! {found.name} is a model of another group and not one of this patient: {found.scope}"
    yield f"{found.title}; {found.draws} draws"
    if found.failed:
        yield f"! {found.failed} of {found.draws} draws could not be finished and are left out"
    yield ""
    yield "Left out of the case"
    yield from (f"- {text}" for text in found.dropped)
    yield "How the rest is taken"
    yield from (f"- {text}" for text in found.taken)
    heads = tuple(f"{visit.label} (day {visit.day_d:g})" for visit in found.visits)
    for title, bands in (
        ("Volume over that at the start: median, 90 % of the draws in brackets", found.lesions),
        ("The same over that of the same draw without radiotherapy", found.treated_ratio),
    ):
        if bands:
            yield ""
            yield title
            rows = [
                (name, *(_range(band.at(visit.place)) for visit in found.visits))
                for name, band in bands.items()
            ]
            yield from (f"  {line}" for line in table(rows, head=("lesion", *heads)))
    if found.alc_per_ul is not None:
        yield ""
        yield "Lymphocytes per microliter"
        counts = [tuple(_count(found.alc_per_ul.at(visit.place)) for visit in found.visits)]
        yield from (f"  {line}" for line in table(counts, head=heads))
    yield ""
    yield "Not known, and what stands in for it"
    yield from (f"- {text}" for text in found.unknowns)


def _range(of_band: tuple[float, float, float]) -> str:
    low, median, high = of_band
    return f"{median:.3g} ({low:.3g} to {high:.3g})"


def _count(of_band: tuple[float, float, float]) -> str:
    low, median, high = of_band
    return f"{median:.0f} ({low:.0f} to {high:.0f})"
