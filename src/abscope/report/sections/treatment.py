"""Drugs given and not given, other medication, surgery and procedures."""

from abscope.case.therapy import Agent, SystemicTherapy
from abscope.report.material import Cell, Material, Row, Section, Table
from abscope.report.words import Said, brief, join

__all__ = ["agents", "treatment"]

_MOST_ROWS = 200


def treatment(material: Material) -> Section:
    """Return the tables of systemic therapy, what was not given, medication and procedures."""
    tables = [
        table
        for table in (
            _drugs(material),
            _not_given(material),
            _medications(material),
            _procedures(material),
        )
        if table is not None
    ]
    notes = []
    if not material.case.systemic_therapy and not material.case.no_systemic_therapy:
        notes.append(f"Systemic therapy: {material.missing}. That is not the same as none.")
    if not material.case.medications:
        notes.append(
            f"Steroids, bone agents, antibiotics and other medication: {material.missing}."
        )
    return Section(
        "treatment", "Drugs and procedures", "tables.html", {"tables": tables, "notes": notes}
    )


def _drugs(material: Material) -> Table | None:
    rows = [
        _drug(material, therapy, agent)
        for therapy in material.case.systemic_therapy
        for agent in therapy.agents
    ]
    columns = ("Line", "Drug", "Dose", "Every", "Cycles", "From", "To", "Why it stopped", "Remarks")
    return Table("Systemic therapy", columns, tuple(rows[:_MOST_ROWS])) if rows else None


def _drug(material: Material, therapy: SystemicTherapy, agent: Agent) -> Row:
    doses = [
        material.say(fact, unit)
        for fact, unit in (
            (agent.dose_mg, "mg"),
            (agent.dose_mg_per_kg, "mg/kg"),
            (agent.dose_mg_per_m2, "mg/m²"),
        )
        if fact is not None
    ]
    cycles: list[Cell] = [material.say(agent.n_cycles or therapy.n_cycles)]
    if brief(therapy.n_cycles_scope):
        cycles.append(Said(brief(therapy.n_cycles_scope), missing=True))
    remarks: list[Cell] = [text for text in (brief(therapy.setting),) if text]
    remarks += [
        f"pause from {brief(pause.start) or '?'} to {brief(pause.end) or '?'}"
        for pause in therapy.holidays
    ]
    if brief(therapy.response_stated):
        remarks.append(f"response stated: {brief(therapy.response_stated)}")
    if therapy.note:
        remarks.append(Said(therapy.note, missing=True))
    return Row(
        therapy.id,
        (
            agent.name,
            tuple(doses) or Said(material.missing, missing=True),
            material.say(agent.interval_d or therapy.interval_d, "days"),
            tuple(cycles),
            material.when(agent.start or therapy.start),
            material.when(therapy.stop),
            (material.say(therapy.stop_reason), brief(therapy.stop_reason_text)),
            tuple(remarks) or "none",
        ),
    )


def _not_given(material: Material) -> Table | None:
    rows = [
        Row(
            "any systemic therapy" if item.scope == "any" else item.scope.replace("_", " "),
            (
                material.when(item.start),
                material.when(item.end),
                Said(item.stated or "stated as not given", loc=item.loc or ""),
            ),
        )
        for item in material.case.no_systemic_therapy
    ]
    columns = ("Not given", "From", "To", "As stated")
    return Table("Stated as not given", columns, tuple(rows[:_MOST_ROWS])) if rows else None


def _medications(material: Material) -> Table | None:
    rows = [
        Row(
            item.kind.replace("_", " "),
            (
                material.say(item.given),
                material.say(item.agent),
                material.say(item.dose_mg_per_day, "mg per day"),
                material.when(item.start),
                material.when(item.stop),
                item.note or "none",
            ),
        )
        for item in material.case.medications
    ]
    columns = ("Medication", "Given", "Agent", "Dose", "From", "To", "Remarks")
    return Table("Other medication", columns, tuple(rows[:_MOST_ROWS])) if rows else None


def _procedures(material: Material) -> Table | None:
    rows = []
    for item in material.case.procedures:
        concerned: list[Cell] = [material.lesion(name) for name in item.lesions]
        concerned += [Said(material.lesion(x), status="unsure") for x in item.lesions_uncertain]
        rows.append(
            Row(
                (item.id, item.name),
                (
                    item.kind,
                    material.when(item.when),
                    tuple(concerned) or "none named",
                    (material.say(item.pathology), brief(item.result)),
                    material.say(item.margin),
                    material.say(item.complete),
                    item.note or "none",
                ),
            )
        )
    columns = (
        "Procedure", "Kind", "When", "Lesions", "Pathology", "Margin", "Complete", "Remarks",
    )  # fmt: skip
    return Table("Surgery and procedures", columns, tuple(rows[:_MOST_ROWS])) if rows else None


def agents(material: Material) -> str:
    """Return the drugs of the case in one phrase; empty where none is recorded."""
    names = [agent.name for line in material.case.systemic_therapy for agent in line.agents]
    return join(dict.fromkeys(names))
