"""What the record does not hold, and the CARE checklist computed from it."""

from dataclasses import dataclass

from abscope.case.facts import Fact, Record
from abscope.report.material import Material, Section
from abscope.report.words import MISSING_WORDS, join, plural

__all__ = ["CareItem", "care", "gaps"]

_PATIENT = {
    "age_years": "age", "sex": "sex", "performance_status": "performance status",
    "weight_kg": "weight", "menopausal_status": "menopausal status",
    "comorbidities": "comorbidities", "immunosuppression": "immunosuppression",
    "smoking": "smoking",
}  # fmt: skip
_DIAGNOSIS = {
    "tumor": "tumor", "histology": "histology", "subtype": "subtype", "stage": "stage",
    "date": "date of diagnosis", "metastatic_date": "date of metastases",
    "prior_therapy": "earlier therapy", "prior_surgery": "earlier surgery",
    "biopsy_of_metastasis": "biopsy of a metastasis",
}  # fmt: skip
_LESION = {
    "site": "site", "count": "count", "measurable": "whether measurable", "node": "whether a node",
    "first_seen": "when first seen", "histology": "histology", "trend_before_rt": "trend before RT",
    "fate": "fate",
}  # fmt: skip
_COURSE = {
    "start": "start", "end": "end", "technique": "technique", "intent": "intent",
    "particle": "particle", "motion_management": "motion management", "volumes": "volumes",
}  # fmt: skip
_PHASE = {
    "total_dose_gy": "total dose", "dose_per_fraction_gy": "dose per fraction",
    "n_fractions_planned": "fractions planned", "n_fractions_delivered": "fractions delivered",
    "fractionation": "schedule", "margin_mm": "margin", "prescription_point": "prescription point",
    "target_volume_ml": "target volume",
}  # fmt: skip
_SCAN = {"when": "date", "modalities": "modality", "slice_mm": "slice thickness"}


def gaps(material: Material) -> Section:
    """Return, per part of the record, the fields that the source leaves open."""
    case = material.case
    groups = [
        ("Patient", _of_one(case.patient, _PATIENT)),
        ("Diagnosis", _of_one(case.diagnosis, _DIAGNOSIS)),
        ("Lesions", _of_many([(x.id, x) for x in case.lesions], _LESION)),
        ("Radiotherapy courses", _of_many([(x.id, x) for x in case.rt_courses], _COURSE)),
        (
            "Radiotherapy phases",
            _of_many([(p.id, p) for c in case.rt_courses for p in c.phases], _PHASE),
        ),
        ("Examinations", _of_many([(x.id, x) for x in case.imaging], _SCAN)),
        ("Whole parts without an entry", _rooms(material)),
    ]
    return Section(
        "missing",
        "What is missing",
        "gaps.html",
        {"groups": [group for group in groups if group[1]], "missing": material.missing},
    )


def _lacks(record: Record, field: str) -> bool:
    value = getattr(record, field)
    return value is None or (isinstance(value, Fact) and value.status in MISSING_WORDS)


def _of_one(record: Record, fields: dict[str, str]) -> list[str]:
    return [word for field, word in fields.items() if _lacks(record, field)]


def _of_many(records: list[tuple[str, Record]], fields: dict[str, str]) -> list[str]:
    words = []
    for field, word in fields.items():
        lacking = [name for name, record in records if _lacks(record, field)]
        if not lacking:
            continue
        if len(lacking) == len(records):
            words.append(f"{word}: all" if len(records) > 1 else word)
        elif len(lacking) > 12:
            words.append(f"{word}: {len(lacking)} of {len(records)}")
        else:
            words.append(f"{word}: {', '.join(lacking)}")
    return words


def _rooms(material: Material) -> list[str]:
    case = material.case
    rooms = {
        "lesions": case.lesions, "radiotherapy": case.rt_courses, "imaging": case.imaging,
        "laboratory values": case.labs, "symptoms": case.symptoms,
        "adverse events": case.adverse_events, "outcomes": case.outcomes,
        "procedures": case.procedures, "other medication": case.medications,
        "systemic therapy, given or not": case.systemic_therapy + case.no_systemic_therapy,
    }  # fmt: skip
    return [name for name, items in rooms.items() if not items]


@dataclass(frozen=True, slots=True)
class CareItem:
    """One item of the checklist: what it asks for, whether the record has it, and why."""

    name: str
    asks: str
    verdict: str
    why: str


def care(material: Material) -> Section:
    """Return the 13 items of the CARE checklist with what the record holds for each."""
    case = material.case
    items = (
        CareItem("Title", "names the finding and says that it is a case", "present", case.title),
        CareItem("Key words", "words to find the article by", "outside", "a record holds none"),
        CareItem("Abstract", "the case in short", "outside", "see the opening of this report"),
        CareItem("Introduction", "why the case matters", "outside", "left to the authors"),
        _patient(material),
        _verdict("Clinical findings", "complaints and examination",
                 [word for word, lacking in (
                     ("symptom scores", not case.symptoms),
                     ("performance status", _lacks(case.patient, "performance_status")),
                 ) if lacking], 2),
        _timeline(material),
        _diagnostics(material),
        _intervention(material),
        _verdict("Follow-up and outcomes", "what happened, adverse events, tolerance",
                 [word for word, lacking in (
                     ("follow-up imaging", not any(s.role == "follow_up" for s in case.imaging)),
                     ("outcome", not case.outcomes),
                     ("adverse events", not case.adverse_events),
                 ) if lacking], 3),
        _verdict("Discussion", "the conclusions and their limits",
                 ["author claims"] * (not case.author_claims)
                 + ["discrepancies weighed"] * (not case.discrepancies), 2),
        _verdict("Patient perspective", "the words of the patient",
                 _of_one(case, {"patient_perspective": "patient perspective"}), 1),
        _verdict("Informed consent", "that the patient agreed",
                 _of_one(case, {"informed_consent": "informed consent"}), 1),
    )  # fmt: skip
    present = sum(item.verdict == "present" for item in items)
    return Section("care", "CARE checklist", "care.html", {"items": items, "present": present})


def _verdict(name: str, asks: str, lacking: list[str], parts: int) -> CareItem:
    if not lacking:
        return CareItem(name, asks, "present", "the record holds it")
    verdict = "missing" if len(lacking) >= parts else "partly"
    return CareItem(name, asks, verdict, f"lacks {join(lacking)}")


def _patient(material: Material) -> CareItem:
    case = material.case
    fields = ("age_years", "sex", "comorbidities")
    lacking = _of_one(case.patient, {field: _PATIENT[field] for field in fields})
    lacking += _of_one(case.diagnosis, {"prior_therapy": "earlier therapy"})
    asks = "who the patient is, history, earlier treatment"
    return _verdict("Patient information", asks, lacking, 4)


def _diagnostics(material: Material) -> CareItem:
    case = material.case
    fields = ("tumor", "histology", "stage", "biopsy_of_metastasis")
    lacking = _of_one(case.diagnosis, {field: _DIAGNOSIS[field] for field in fields})
    lacking += ["imaging"] * (not case.imaging) + ["laboratory values"] * (not case.labs)
    return _verdict("Diagnostic assessment", "how the diagnosis was made", lacking, 6)


def _timeline(material: Material) -> CareItem:
    case, clock = material.case, material.clock
    rooms = (case.imaging, case.labs, case.symptoms, case.procedures, case.outcomes)
    events = [item.when for room in rooms for item in room]
    placed = sum(clock.fact(when) is not None for when in events)
    verdict = "missing" if not placed else "present" if placed == len(events) else "partly"
    calendar = "with calendar dates" if clock.zero_date else "without calendar dates"
    why = f"{placed} of {plural(len(events), 'event')} can be placed on one axis, {calendar}"
    return CareItem("Timeline", "events in order", verdict, why)


def _intervention(material: Material) -> CareItem:
    case = material.case
    phases = [phase for course in case.rt_courses for phase in course.phases]
    lacking = [
        word
        for field, word in _PHASE.items()
        if field in ("total_dose_gy", "dose_per_fraction_gy", "n_fractions_delivered")
        and any(_lacks(phase, field) for phase in phases)
    ]
    lacking += ["dates"] if any(_lacks(course, "start") for course in case.rt_courses) else []
    lacking += ["technique"] if any(_lacks(c, "technique") for c in case.rt_courses) else []
    if not phases:
        lacking = ["radiotherapy"]
    if not case.systemic_therapy and not case.no_systemic_therapy:
        lacking.append("systemic therapy, given or not")
    parts = 2 if not phases else 6
    return _verdict("Therapeutic intervention", "what was given, how and when", lacking, parts)
