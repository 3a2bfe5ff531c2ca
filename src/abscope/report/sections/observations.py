"""Lymphocytes, pain and adverse events: each as table, the first two with a figure."""

from abscope.report.events import symptom_place
from abscope.report.material import Cell, Material, Row, Section, Table
from abscope.report.words import Said, brief
from abscope.response.lymphocytes import LymphocyteReading, lymphocyte_readings

__all__ = ["adverse_events", "lymphocytes", "symptoms"]

_MOST_ROWS = 200


def lymphocytes(material: Material) -> Section:
    """Return the lymphocyte counts with change from baseline and CTCAE v5 grade."""
    readings = lymphocyte_readings(material.case, material.clock)
    notes = []
    if not readings:
        notes.append(f"Lymphocyte counts: {material.missing}.")
    elif not any(brief(item.lab.lower_limit) for item in readings):
        notes.append(
            f"The laboratory's lower limit of normal: {material.missing}. A count between 800 per "
            "µL and that limit would be grade 1, above it grade 0; neither is assumed."
        )
    if readings and not any(item.baseline for item in readings):
        notes.append("No count surely precedes radiotherapy, so no change from baseline is given.")
    others = [lab for lab in material.case.labs if lab.test != "lymphocytes"]
    tables = []
    if readings:
        columns = (
            "Count",
            "When",
            "Change from baseline",
            "CTCAE v5",
            "Unit in the source",
            "Remarks",
        )
        rows = tuple(_count(material, item) for item in readings[:_MOST_ROWS])
        tables.append(Table("Lymphocytes per µL", columns, rows))
    if others:
        rows = tuple(
            Row(
                lab.test,
                (material.when(lab.when), material.say(lab.value, lab.unit or ""),
                 material.say(lab.finding), lab.note or "none"),
            )
            for lab in others[:_MOST_ROWS]
        )  # fmt: skip
        tables.append(
            Table("Other laboratory values", ("Test", "When", "Value", "Finding", "Remarks"), rows)
        )
    return Section(
        "lymphocytes",
        "Lymphocytes",
        "tables.html",
        {"figure": "lymphocytes", "tables": tables, "notes": notes},
    )


def _count(material: Material, item: LymphocyteReading) -> Row:
    if item.baseline:
        change = "baseline"
    elif item.change_frac is None:
        change = "not computable"
    else:
        change = f"{item.change_frac:+.0%}".replace("-", "−")
    grade: Cell = "not gradable"
    if item.grade is not None:
        grade = (item.grade.text, Said("; ".join(item.grade.reasons), missing=True))
    return Row(
        material.say(item.lab.value),
        (
            material.when(item.lab.when),
            change,
            grade,
            item.lab.unit_status,
            item.lab.note or brief(item.lab.finding) or "none",
        ),
    )


def symptoms(material: Material) -> Section:
    """Return the symptom scores per site, every conflicting version included."""
    rows = []
    for item in material.case.symptoms[:_MOST_ROWS]:
        place: list[Cell] = [material.lesion(name) for name in item.lesions]
        place += [item.where] if item.where else []
        flags = [word for word, on in (("baseline", item.baseline), ("new", item.new)) if on]
        top = f" of {brief(item.scale_max)}" if brief(item.scale_max) else ""
        rows.append(
            Row(
                tuple(place) or symptom_place(item) or "place not said",
                (
                    item.symptom,
                    item.scale,
                    material.when(item.when),
                    _score(material.say(item.value if item.value is not None else item.text), top),
                    material.say(item.omed_mg, "mg"),
                    tuple(text for text in (", ".join(flags), item.note) if text) or "none",
                ),
            )
        )
    columns = (
        "Site", "Symptom", "Scale", "When", "Score", "Oral morphine equivalent per day", "Remarks",
    )  # fmt: skip
    notes = [] if rows else [f"Symptom scores: {material.missing}."]
    tables = [Table("Symptom scores per site", columns, tuple(rows))] if rows else []
    return Section(
        "pain", "Pain and other symptoms", "tables.html",
        {"figure": "pain", "tables": tables, "notes": notes},
    )  # fmt: skip


def _score(value: Said, top: str) -> Said:
    if value.missing:
        return value
    return Said(value.text + top, value.status, False, value.versions, value.loc, value.note)


def adverse_events(material: Material) -> Section:
    """Return the adverse events as reported, with who reported them."""
    rows = tuple(
        Row(
            event.term,
            (
                material.say(event.grade),
                event.reporter,
                material.when(event.when),
                material.say(event.attribution),
                material.say(event.action),
                material.say(event.resolved),
                " ".join(filter(None, (event.text, event.note))) or "none",
            ),
        )
        for event in material.case.adverse_events[:_MOST_ROWS]
    )
    columns = (
        "Event", "CTCAE grade", "Reported by", "When", "Attributed to", "Action", "Resolved",
        "Remarks",
    )  # fmt: skip
    notes = [
        f"Adverse events: {material.missing}. That is not the same as none.",
    ]
    if rows:
        notes = [
            "Grades are those of the source. Grades from laboratory values stand with the values."
        ]
    tables = [Table("Adverse events as reported", columns, rows)] if rows else []
    return Section(
        "adverse-events", "Adverse events", "tables.html", {"tables": tables, "notes": notes}
    )
