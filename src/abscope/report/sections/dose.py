"""Dose from DICOM: exposure table, curves and pictures, organ doses, and what the checks found."""

from abscope.dose.findings import DoseFinding
from abscope.dose.results import LesionDose, OrganDose
from abscope.report.exposure_marks import look
from abscope.report.material import Cell, Material, Row, Section, Table
from abscope.report.words import Said

__all__ = ["dose_section"]

_MOST_ROWS = 300
_NUMBERS = (
    ("Volume ml", "volume_ml", 2), ("Mean Gy", "mean_dose_gy", 2), ("D98 Gy", "d98_dose_gy", 2),
    ("D95 Gy", "d95_dose_gy", 2), ("D50 Gy", "d50_dose_gy", 2), ("D2 Gy", "d2_dose_gy", 2),
    ("Max Gy", "max_dose_gy", 2), ("EQD2, α/β 10", "eqd2_10_gy", 1),
    ("EQD2, α/β of the tumor", "eqd2_lesion_gy", 1),
    ("mm from the field", "field_edge_distance_mm", 0),
)  # fmt: skip


def dose_section(material: Material) -> Section | None:
    """Return exposure and dose of every lesion with curves and pictures; None without dose data."""
    dose = material.dose
    if dose is None:
        return None
    rows = dose.rows[:_MOST_ROWS]
    tables = [_glance(material, rows)] if rows else []
    details = [_exposures(material, rows), _numbers(material, rows)] if rows else []
    if dose.organs:
        tables.append(_organs(dose.organs))
    notes = [
        "Dose outside the dose grid is unknown, not zero. Out of field means that the computed D2, "
        "raised for what planning systems miss far from the field, stays below 1 Gy in the whole "
        "lesion; low dose is not out of field.",
        *dose.notes,
        *(f"Open question: {text}" for text in dose.questions),
    ]
    if len(dose.rows) > len(rows):
        notes.append(f"{len(dose.rows) - len(rows)} more rows are not listed.")
    return Section(
        "dose",
        "Dose",
        "dose.html",
        {
            "source": dose.source,
            "names": list(dose.figures),
            "tables": tables,
            "details": details,
            "notes": notes,
            "findings": [_finding(item) for item in dose.findings],
        },
    )


def _glance(material: Material, rows: tuple[LesionDose, ...]) -> Table:
    """Return one row per lesion with its class and dose in every course."""
    courses = list(dict.fromkeys(row.course for row in rows))
    lesions = list(dict.fromkeys(row.lesion for row in rows))
    held = {(row.lesion, row.course): row for row in rows}
    names = ["all courses" if course == "all" else f"Course {course}" for course in courses]
    return Table(
        "Exposure of each lesion",
        ("Lesion", *names),
        tuple(
            Row(
                material.lesion(lesion),
                tuple(_class_cell(held.get((lesion, course))) for course in courses),
            )
            for lesion in lesions
        ),
        "Mean dose and D2 of all fractions, of the part inside the dose grid.",
    )


def _class_cell(row: LesionDose | None) -> Cell:
    if row is None:
        return Said("not known", missing=True)
    words = look(row.exposure).words
    if row.mean_dose_gy is None:
        return words
    if row.exposure == "unknown":
        words = "class not known"
    text = f"mean {row.mean_dose_gy:.2f} Gy"
    if row.d2_dose_gy is not None:
        text += f", D2 {row.d2_dose_gy:.2f} Gy"
    if row.in_grid_frac is not None and row.in_grid_frac < 0.9995:
        text += f", {_percent(row.in_grid_frac)} inside the grid"
    return words, Said(text, missing=True)


def _exposures(material: Material, rows: tuple[LesionDose, ...]) -> Table:
    return Table(
        "Why each class was given",
        ("Lesion", "Course", "Class", "Because", "Region", "Inside the grid", "Remarks"),
        tuple(
            Row(
                material.lesion(row.lesion),
                (
                    _course(row),
                    look(row.exposure).words,
                    tuple(row.reasons) or "",
                    (row.roi_name, Said(row.match, missing=True)) if row.roi_name else "no region",
                    _share(row.in_grid_frac),
                    _remarks(row),
                ),
            )
            for row in rows
        ),
    )


def _remarks(row: LesionDose) -> Cell:
    """Return what does not stand among the findings: those of the region do, each once."""
    return tuple(flag for flag in row.flags if not flag.startswith("region ")) or "none"


def _numbers(material: Material, rows: tuple[LesionDose, ...]) -> Table:
    return Table(
        "Every number",
        ("Lesion", "Course", *(name for name, _, _ in _NUMBERS)),
        tuple(
            Row(
                material.lesion(row.lesion),
                (
                    _course(row),
                    *(_amount(getattr(row, key), digits) for _, key, digits in _NUMBERS),
                ),
            )
            for row in rows
        ),
        "Doses are those of all fractions together. EQD2 is the mean over the lesion of the EQD2 "
        "of its parts.",
        frozenset(range(2, len(_NUMBERS) + 2)),
    )


def _course(row: LesionDose) -> Cell:
    if row.course == "all":
        return "all courses"
    planned, delivered = row.n_fractions_planned, row.n_fractions_delivered
    words = []
    if row.prescribed_dose_gy is not None:
        words.append(f"{row.prescribed_dose_gy:g} Gy prescribed")
    if planned is not None:
        words.append(f"{planned} fractions planned")
    if delivered is not None:
        words.append(f"{delivered} counted as delivered")
    return (row.course, Said(", ".join(words), missing=True)) if words else row.course


def _amount(value: float | None, digits: int) -> Cell:
    return Said("not known", missing=True) if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> Cell:
    if value is None:
        return Said("not known", missing=True)
    return "all of it" if value >= 0.9995 else _percent(value)


def _percent(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")


def _organs(organs: tuple[OrganDose, ...]) -> Table:
    return Table(
        "Organs, for the blood model",
        ("Organ", "Region", "Course", "Fractions", "Inside the grid", "Integral dose Gy ml"),
        tuple(
            Row(
                item.organ.replace("_", " "),
                (
                    item.roi_name, item.course, str(item.n_fractions), _share(item.covered_frac),
                    f"{item.integral_dose_gy_ml:.0f}",
                ),
            )
            for item in organs[:_MOST_ROWS]
        ),
        "Over all fractions, of the part inside the grid.",
        frozenset({3, 5}),
    )  # fmt: skip


def _finding(item: DoseFinding) -> dict[str, str]:
    names = {"refused": "accepted", "warning": "warning", "note": "note"}
    return {"kind": names[item.severity], "text": str(item)}
