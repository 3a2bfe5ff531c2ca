"""Why a lesion has its class, in lines for a person."""

from collections.abc import Sequence

from abscope.dose.results import LesionDose

__all__ = ["explain", "explain_all"]

_CLASS = {
    "in_field": "in field", "partial": "partly in the field", "low_dose": "low dose",
    "out_of_field": "out of field", "unknown": "unknown",
}  # fmt: skip


def explain(row: LesionDose) -> tuple[str, ...]:
    """Return the class of a row, its reasons, the numbers behind them and what to mind.

    Nothing is rounded away that decides a class: doses have two decimals, shares one.
    """
    lines = [f"{row.lesion} in {_course(row.course)}: {_CLASS[row.exposure]}"]
    lines += [f"  because {reason}" for reason in row.reasons]
    lines.append(f"  region: {_region(row)}")
    if row.course != "all":
        lines.append(f"  course: {_prescription(row)}; {row.source}, {row.dose_type} dose")
    doses = _named_doses(row)
    lines.append(f"  dose: {doses}" if doses else "  dose: unknown")
    if row.d98_low_gy is not None and row.d98_high_gy is not None:
        lines.append(f"  D98 between {row.d98_low_gy:.2f} and {row.d98_high_gy:.2f} Gy")
    if row.field_edge_distance_mm is not None:
        lines.append(f"  {_edge(row.field_edge_distance_mm)}")
    lines += [f"  mind: {flag}" for flag in row.flags]
    return tuple(lines)


def explain_all(rows: Sequence[LesionDose], *, lesion: str) -> tuple[str, ...]:
    """Return the lines of every row of one lesion."""
    return tuple(line for row in rows if row.lesion == lesion for line in explain(row))


def _course(name: str) -> str:
    return "all courses" if name == "all" else name


def _region(row: LesionDose) -> str:
    if not row.roi_name:
        return "none"
    how = {"roi": "same name", "manual": "named by a person", "expansion": "sphere around a center"}
    parts = [f"{row.roi_name} ({how.get(row.match, row.match)})"]
    if row.volume_ml is not None:
        parts.append(f"{row.volume_ml:.2f} ml")
    if row.in_grid_frac is not None:
        parts.append(f"{row.in_grid_frac:.1%} inside the dose grid")
    return ", ".join(parts)


def _prescription(row: LesionDose) -> str:
    planned, delivered = row.n_fractions_planned, row.n_fractions_delivered
    rx_gy, per_gy = row.prescribed_dose_gy, row.dose_per_fraction_gy
    dose = "prescription unknown" if rx_gy is None else f"{rx_gy:g} Gy"
    count = "fractions unknown" if planned is None else f"in {planned}"
    each = "" if per_gy is None else f" ({per_gy:g} Gy each)"
    done = "" if delivered is None else f", {delivered} delivered"
    between = ", " if planned is None else " "
    return f"{dose}{between}{count}{each}{done}"


def _named_doses(row: LesionDose) -> str:
    named = (
        ("mean", row.mean_dose_gy), ("D98", row.d98_dose_gy), ("D95", row.d95_dose_gy),
        ("D50", row.d50_dose_gy), ("D2", row.d2_dose_gy), ("near maximum", row.max_dose_gy),
        ("BED10", row.bed10_gy), ("EQD2 (10)", row.eqd2_10_gy),
        ("EQD2 of the tumor", row.eqd2_lesion_gy),
    )  # fmt: skip
    return ", ".join(f"{name} {dose:.2f} Gy" for name, dose in named if dose is not None)


def _edge(distance_mm: float) -> str:
    if distance_mm > 0:
        return f"{distance_mm:.0f} mm outside the 50 % isodose"
    if distance_mm < 0:
        return f"inside the 50 % isodose, at least {-distance_mm:.0f} mm deep"
    return "on both sides of the 50 % isodose"
