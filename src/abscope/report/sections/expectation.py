"""What the model expects of the lesions, with what stands in for what is not known."""

from collections.abc import Iterator

from abscope.model.expectation import Expectation, LesionExpectation
from abscope.report.material import Material, Row, Section, Table

__all__ = ["expectation"]

_MODES = {
    "lesion": "By perfusion of the lesion",
    "organ": "By perfusion of its organ",
    "presence": "By presence in the organ",
    "bronchial": "As organ, lung on bronchial arteries",
}


def expectation(material: Material) -> Section | None:
    """Return the section; None where the case has no lesion or no fraction to simulate."""
    found = material.expectation
    if found is None:
        return None
    notes = [
        found.scope,
        "Growth, sensitivity and immunity are drawn from ranges of the literature and of our own; "
        "nothing is fitted to the course of this patient, so agreement is no proof and "
        "disagreement no refutation.",
    ]
    notes.append(f"Doses: {found.doses_from}.")
    if found.failed:
        notes.append(f"{found.failed} of {found.options.draws} draws could not be finished.")
    notes += [f"{text[0].upper()}{text[1:]}." for text in found.unknowns]
    return Section(
        "expectation",
        "What the model expects",
        "tables.html",
        {"figure": "expectation", "tables": [_changes(found), _homing(found)], "notes": notes},
    )


def _changes(found: Expectation) -> Table:
    columns = ("Lesion", "Dose, Gy", *(f"{x.label}, day {x.day_d:g}" for x in found.visits))
    rows = tuple(
        Row(
            f"{lesion.lesion} {lesion.label}",
            (
                "; ".join(
                    (
                        _span(lesion.dose_gy),
                        *(f"{course} not simulated" for course in lesion.not_simulated),
                    )
                ),
                *(_percent(lesion.change_frac.at(visit.place)) for visit in found.visits),
            ),
        )
        for lesion in found.lesions
    )
    note = f"Median and 90 % of {found.options.draws} draws from the prior."
    return Table("Expected change of the diameter", columns, rows, note)


def _homing(found: Expectation) -> Table:
    modes = tuple(mode for mode in _MODES if mode in found.lesions[0].share_frac)
    rows = tuple(
        Row(name, tuple(f"{share[mode]:.1%}" for mode in modes))
        for lesion in found.lesions
        for name, share in _with_members(lesion, found.options.draws)
    )
    note = (
        "Which lesions activated T cells reach depends on what decides that they stay; nobody has "
        "measured it, so all four answers are shown. Means over the draws, at the start."
    )
    if any(lesion.shares_of_members for lesion in found.lesions):
        note += (
            " The members of a group are listed apart, each with the mean of the draws that have "
            "it; where the record does not tell their number or sizes, both are drawn."
        )
    columns = ("Lesion", *(_MODES[mode] for mode in modes))
    return Table("Share of the homing T cells", columns, rows, note)


def _with_members(lesion: LesionExpectation, draws: int) -> Iterator[tuple[str, dict[str, float]]]:
    yield f"{lesion.lesion} {lesion.label}", lesion.share_frac
    for one in lesion.shares_of_members:
        few = "" if one.n_draws == draws else f", in {one.n_draws} of {draws} draws"
        yield f"{one.member}{few}", one.share_frac


def _span(values: tuple[float, float, float]) -> str:
    low, median, high = values
    return f"{median:.3g} ({low:.2g} to {high:.3g})"


def _percent(values: tuple[float, float, float]) -> str:
    low, median, high = values
    return f"{median:+.0%} ({low:+.0%} to {high:+.0%})"
