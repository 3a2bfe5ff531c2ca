"""One row of the flat lesion table, and what it says about itself."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from abscope.case.anatomy import SITES
from abscope.io.delimited import unify

__all__ = ["KINDS", "ROLES", "STATES", "LesionRow", "When", "build_row", "contradictions"]

#: A calendar date, or a day where the table has days.
When = datetime.date | float

ROLES = ("target", "non_target", "new")
STATES = (
    "measured", "present", "too_small", "absent", "split", "merged",
    "not_imaged", "not_evaluable", "resected",
)  # fmt: skip
KINDS = (
    "soft_tissue", "node", "bone_lytic", "bone_mixed", "bone_blastic", "skin",
    "simple_cyst", "cystic_metastasis", "effusion", "other",
)  # fmt: skip

#: What the kind of a site in the vocabulary says about a lesion there; bone has to be stated.
_KIND_OF_SITE = {
    "node": "node", "skin": "skin", "parenchymal": "soft_tissue", "soft_tissue": "soft_tissue",
    "serosa": "soft_tissue",
}  # fmt: skip
_UNSEEN = ("not_imaged", "not_evaluable", "resected")


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionRow:
    """One lesion at one visit as one reader saw it; None where the table says nothing.

    Either ``date`` or ``day_d`` is given, for all rows of a table alike; ``reference``, ``death``
    and ``new_therapy`` are written the same way. ``certainty`` is unequivocal, equivocal or
    dismissed.
    """

    file: str
    row: int
    subject: str
    visit: str
    lesion: str
    role: str
    date: datetime.date | None
    day_d: float | None
    reader: str
    baseline: bool | None
    site: str | None
    organ: str | None
    kind: str | None
    state: str
    diameter_mm: Decimal | None
    short_axis_mm: Decimal | None
    soft_tissue_mm: Decimal | None
    fragments_mm: tuple[Decimal, ...]
    slice_mm: Decimal | None
    merged_with: str | None
    certainty: str | None
    increased: bool | None
    method: str | None
    treated_locally: bool | None
    previously_irradiated: bool | None
    progressed_since: bool | None
    markers_normal: bool | None
    for_symptoms: bool | None
    clinically_stable: bool | None
    stated_target: str | None
    stated_nontarget: str | None
    stated_overall: str | None
    reference: When | None
    death: When | None
    new_therapy: When | None

    @property
    def size_mm(self) -> Decimal | None:
        """The size that counts (mm): short axis of a node, longest diameter of anything else."""
        return self.short_axis_mm if self.kind == "node" else self.diameter_mm

    @property
    def when(self) -> When:
        """The date, or the day where the table has days."""
        return self.date if self.date is not None else self.day_d or 0.0


def build_row(file: str, line: int, values: dict[str, Any]) -> LesionRow:
    """Return the row with what follows from its other cells: kind from site, state from a size."""
    get = values.get
    site = SITES.get(unify([get("site") or ""])[0])
    fields: dict[str, Any] = {name: get(name) for name in LesionRow.__dataclass_fields__}
    fields |= {
        "file": file,
        "row": line,
        "reader": get("reader") or "investigator",
        "day_d": get("day"),
        "certainty": get("unequivocal"),
        "fragments_mm": get("fragments_mm") or (),
        "organ": get("organ") or (site.organ if site else get("site")),
        "kind": get("kind") or (_KIND_OF_SITE.get(site.kind) if site else None),
        "state": get("state") or _state(values),
    }
    return LesionRow(**fields)


def _state(values: dict[str, Any]) -> str:
    if values.get("fragments_mm"):
        return "split"
    sizes = (values.get("diameter_mm"), values.get("short_axis_mm"), values.get("soft_tissue_mm"))
    return "measured" if any(size is not None for size in sizes) else ""


def contradictions(row: LesionRow) -> Iterator[tuple[str, str, str, str]]:
    """Yield column, finding, rule and advice for everything in the row that cannot be."""
    size = max((s for s in (row.diameter_mm, row.short_axis_mm) if s is not None), default=None)
    if not row.state:
        yield (
            "state", "the lesion has neither a size nor a state", "a size in mm or a state",
            "Say not_imaged, not_evaluable, absent, too_small or present.",
        )  # fmt: skip
    if row.state == "absent" and size:
        yield (
            "state", f"the lesion is absent but has a size of {size} mm", "no size, or 0",
            "Remove the size or change the state.",
        )  # fmt: skip
    if row.state in _UNSEEN and size is not None:
        yield (
            "state", f"the lesion is {row.state} but has a size of {size} mm", "no size",
            "Remove the size or change the state.",
        )  # fmt: skip
    if row.state == "measured" and size is None and row.soft_tissue_mm is None:
        yield "state", "the lesion is measured but has no size", "a size in mm", "Fill it in."
    if row.state == "split" and not row.fragments_mm:
        yield (
            "fragments_mm", "the lesion is split but has no fragments", "sizes such as 8+6.5",
            "Give the size of each part.",
        )  # fmt: skip
    if row.state == "merged" and not row.merged_with:
        yield (
            "merged_with", "the lesion is merged but names no partner", "the name of a lesion",
            "Name the lesion that it merged with.",
        )  # fmt: skip
    both = row.diameter_mm is not None and row.short_axis_mm is not None
    if both and (row.short_axis_mm or 0) > (row.diameter_mm or 0):
        yield (
            "short_axis_mm", f"the short axis ({row.short_axis_mm} mm) is longer than the diameter "
            f"({row.diameter_mm} mm)", "at most the diameter", "Were the two exchanged?",
        )  # fmt: skip
