"""Radiotherapy: courses and phases, and every version of the dose with its BED and EQD2."""

from abscope.case.radiotherapy import RTCourse, RTPhase
from abscope.catalog.entries import Parameter
from abscope.catalog.radiobiology import alpha_beta
from abscope.report.material import Cell, Material, Row, Section, Table
from abscope.report.prescriptions import Prescription, effects, prescriptions
from abscope.report.words import MISSING_WORDS, Said, Statement, brief, join, plain

__all__ = ["radiotherapy"]

#: The customary values for tumors and early reactions, and for late reactions, in Gy.
_TUMOR_GY, _LATE_GY = 10.0, 3.0


def radiotherapy(material: Material) -> Section | None:
    """Return the table of courses and phases and the table of doses; None without radiotherapy."""
    case = material.case
    if not case.rt_courses:
        return None
    phases = [(course, phase) for course in case.rt_courses for phase in course.phases]
    courses = Table(
        "Courses",
        ("Course", "Intent", "Technique", "From", "To", "Remarks"),
        tuple(_course(material, course) for course in case.rt_courses[:200]),
    )
    columns = ("Phase", "Targets", "From", "To", "Prescription as stated", "Remarks")
    table = Table("Phases", columns, tuple(_phase(material, phase) for _, phase in phases[:200]))
    own = _own(material)
    return Section(
        "radiotherapy",
        "Radiotherapy",
        "tables.html",
        {"tables": [courses, table, _doses(material, phases, own)], "notes": _notes(material, own)},
    )


def _own(material: Material) -> Parameter | None:
    kind = material.case.diagnosis.tumor_type
    return alpha_beta(kind.value) if kind is not None and kind.value is not None else None


def _notes(material: Material, own: Parameter | None) -> list[str]:
    notes = [
        "BED = D (1 + d / (α/β)); EQD2 = D (d + α/β) / (2 + α/β), with D the total and d the dose "
        "per fraction. Each version of a dose stands on its own row; none is preferred here.",
        "The values neglect overall time and incomplete repair, and the formula is not proven for "
        "large single fractions. Doses of different courses or phases are not added.",
    ]
    if own is None:
        notes.append("α/β of this tumor: the record names no single tumor type, so none is used.")
        return notes
    assumed = " It is an assumption, not a measurement." if own.assumed else ""
    kind = brief(material.case.diagnosis.tumor_type).replace("_", " ")
    notes.append(
        f"α/β used for {kind}: {own.value:g} Gy (range {own.low:g} to {own.high:g} Gy).{assumed} "
        f"Source: {own.source}. {own.note}"
    )
    return notes


def _course(material: Material, course: RTCourse) -> Row:
    texts = (course.note, brief(course.concurrent_therapy), brief(course.volumes))
    remarks: list[Cell] = [Said(text, missing=True) for text in texts if text]
    if course.same_volume_as:
        remarks.append(f"same volume as {join(course.same_volume_as)}")
    if brief(course.stop_reason):
        remarks.append(f"stopped early: {brief(course.stop_reason)}")
    return Row(
        (course.id, course.name or ""),
        (
            (material.say(course.intent), brief(course.intent_text)),
            material.say(course.technique),
            material.when(course.start or course.phases[0].start),
            material.when(course.end or course.phases[-1].end),
            tuple(remarks) or "none",
        ),
    )


def _phase(material: Material, phase: RTPhase) -> Row:
    targets: list[Cell] = [material.lesion(name) for name in phase.targets[:30]]
    targets += [
        Said(material.lesion(name), status="unsure") for name in phase.targets_uncertain[:30]
    ]
    dose = tuple(
        _named(name, material.say(fact, unit))
        for name, fact, unit in (
            ("total", phase.total_dose_gy, "Gy"),
            ("per fraction", phase.dose_per_fraction_gy, "Gy"),
            ("fractions planned", phase.n_fractions_planned, ""),
            ("fractions delivered", phase.n_fractions_delivered, ""),
            ("schedule", phase.fractionation, ""),
            ("prescribed to", phase.prescription_point, ""),
            ("margin", phase.margin_mm, "mm"),
        )
    )
    return Row(
        (phase.id, phase.name or ""),
        (
            tuple(targets) or "no target named",
            material.when(phase.start) if phase.start else "as the course",
            material.when(phase.end) if phase.end else "as the course",
            dose,
            _remarks(material, phase),
        ),
    )


def _named(name: str, value: Said) -> Said:
    return Said(
        f"{name}: {value.text}", value.status, value.missing, value.versions, value.loc, value.note
    )


def _remarks(material: Material, phase: RTPhase) -> Cell:
    lines: list[Cell] = []
    if phase.boost:
        lines.append(
            "boost: "
            + join(
                part
                for part in (
                    brief(phase.boost.kind).replace("_", " "),
                    brief(phase.boost.volume),
                    brief(phase.boost.dose_per_fraction_gy, "Gy per fraction"),
                    brief(phase.boost.total_dose_gy, "Gy in total"),
                )
            )
        )
    if phase.lattice:
        peak, valley = (
            brief(phase.lattice.peak_dose_gy, "Gy"),
            brief(phase.lattice.valley_dose_gy, "Gy"),
        )
        missing = MISSING_WORDS[material.case.default_missing]
        lines.append(f"lattice: peaks {peak or missing}, valley {valley or missing}")
    lines += [
        f"pause after fraction {pause.after_fraction}: "
        f"{brief(pause.duration_d, 'days') or 'of unknown length'}"
        for pause in phase.pauses
    ]
    lines += [Said(text, missing=True) for text in (phase.note,) if text]
    return tuple(lines) or "none"


def _doses(
    material: Material, phases: list[tuple[RTCourse, RTPhase]], own: Parameter | None
) -> Table:
    ratios = [("10", _TUMOR_GY)]
    if own is not None and own.value not in (_TUMOR_GY, _LATE_GY):
        ratios.append((f"{own.value:g}", own.value))
    ratios.append(("3", _LATE_GY))
    columns = ["Phase", "Version", "Total Gy", "Fractions", "Gy per fraction"]
    columns += [f"{word}, α/β {name}" for name, _ in ratios for word in ("BED", "EQD2")]
    rows = []
    for _, phase in phases[:200]:
        for item in prescriptions(phase):
            found = effects(item, tuple(value for _, value in ratios))
            numbers = [plain(x) for one in found for x in (one.bed_gy, one.eqd2_gy)]
            numbers = numbers or ["not computable"] * (2 * len(ratios))
            rows.append(Row(phase.id, (*_version(material, item), *numbers)))
    return Table(
        "Doses: every version with BED and EQD2 in Gy",
        tuple(columns),
        tuple(rows),
        numeric=frozenset(range(2, len(columns))),
    )


def _version(material: Material, item: Prescription) -> tuple[Cell, ...]:
    missing = MISSING_WORDS[material.case.default_missing]
    name: list[Cell] = [item.name]
    name += [_place(place) for place in item.places if place.loc or place.note]
    total = Said(
        plain(item.total_gy) if item.total_gy is not None else missing,
        status="derived" if item.derived == "total" else "",
        missing=item.total_gy is None,
    )
    each = Said(
        plain(item.per_fraction_gy) if item.per_fraction_gy is not None else missing,
        status="derived" if item.derived == "dose per fraction" else "",
        missing=item.per_fraction_gy is None,
    )
    count = Said(
        str(item.n_fractions) if item.n_fractions is not None else missing,
        missing=item.n_fractions is None,
    )
    return tuple(name), total, count, each


def _place(place: Statement) -> Said:
    return Said(place.note or "stated", missing=True, loc=place.loc)
