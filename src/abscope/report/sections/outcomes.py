"""Outcomes, what the authors claim, and the words of the patient."""

from abscope.report.material import Material, Row, Section, Table
from abscope.report.words import Said, brief, join

__all__ = ["outcomes"]

_CLAIM = {
    "claimed": "abscopal effect claimed",
    "discussed": "abscopal effect discussed",
    "denied": "abscopal effect denied",
    "not_mentioned": "abscopal effect not mentioned",
}


def outcomes(material: Material) -> Section:
    """Return outcomes, author claims and the patient's perspective."""
    case = material.case
    rows = tuple(
        Row(
            item.kind.replace("_", " "),
            (
                material.when(item.when),
                Said(
                    brief(item.value) or "none recorded", loc=item.loc or "", note=item.note or ""
                ),
                brief(item.cause) or "none recorded",
                join(item.lesions) or "none named",
            ),
        )
        for item in case.outcomes[:200]
    )
    tables = []
    notes = [] if rows else [f"Outcome: {material.missing}."]
    if rows:
        columns = ("Outcome", "When", "Value", "Cause", "Lesions")
        tables.append(Table("Outcomes", columns, rows))
    if case.author_claims:
        claims = tuple(
            Row(_CLAIM[claim.abscopal], (Said(claim.text, loc=claim.loc or ""),))
            for claim in case.author_claims
        )
        tables.append(Table("What the authors claim", ("Stance", "Claim, in our words"), claims))
        notes.append("Claims are kept apart from what the record supports.")
    if case.members:
        members = tuple(
            Row(
                member.id,
                (material.say(member.tumor), str(len(member.rt_courses)), member.note or "none"),
            )
            for member in case.members[:200]
        )
        heads = ("Patient", "Tumor", "Radiotherapy courses", "Remarks")
        tables.append(Table("Patients of the series", heads, members))
    for name, fact in (
        ("Patients behind this report", case.denominator),
        ("Rule of inclusion", case.inclusion_rule),
    ):
        if brief(fact):
            notes.append(f"{name}: {brief(fact)}.")
    return Section(
        "outcomes", "Outcome and claims", "tables.html", {"tables": tables, "notes": notes}
    )
