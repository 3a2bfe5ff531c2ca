"""What radiation did to the lymphocytes: the predicted count beside the measured ones."""

from abscope.blood.forecast import Forecast
from abscope.report.material import Material, Row, Section, Table
from abscope.report.words import Said

__all__ = ["blood"]


def blood(material: Material) -> Section | None:
    """Return the section; None where neither a usable fraction nor a count is on record."""
    found = material.forecast
    if found is None:
        return None
    notes = [*found.warnings, *found.identifiability.sentences]
    if found.lower_limit_per_ul is None:
        notes.append(
            "The laboratory's lower limit of normal is not known, so grades 0 and 1 are one column."
        )
    notes.append(
        f"EDIC {found.edic.rules.edic_gy:.1f} Gy with an integral dose "
        f"{'that is estimated' if found.edic.guess else 'of organs and remainder'}: the published "
        f"rule for breast cancer predicts {found.edic.rules.ratio_frac:.0%} of the count before."
    )
    notes += [f"{text[0].upper()}{text[1:]}." for text in found.notes]
    return Section(
        "blood",
        "Radiation and lymphocytes (model)",
        "tables.html",
        {"figure": "blood", "tables": _tables(found), "notes": notes},
    )


def _doses(found: Forecast) -> Table:
    """Return the blood dose of one fraction of every course, and what survives it."""
    rows = []
    for item in found.courses:
        kill = item.survival[0]
        frozen = "not known" if kill.frozen_frac is None else f"{kill.frozen_frac:.1%}"
        cells = (
            f"{item.n_fractions:g}",
            f"{item.blood_mean_gy:.2f}",
            f"{item.undosed_frac:.0%}",
            f"{item.weighted_mean_gy:.2f}",
            f"{kill.mixed_frac:.1%}",
            frozen,
        )
        rows.append(Row(item.name, cells))
    columns = ("Course", "Fractions", "Blood, Gy", "Blood without dose", "Lymphocytes, Gy",
               "Blood cells left, mixed", "Blood cells left, frozen")  # fmt: skip
    note = (
        "Means of one fraction. Whether blood mixes inside an organ or stays on its streamline "
        "(frozen) is not known; the bands hold both."
    )
    return Table("Dose of one fraction", columns, tuple(rows), note)


def _tables(found: Forecast) -> list[Table]:
    tables = [_doses(found)]
    if found.posterior_counts:
        rows = tuple(
            Row(
                after.count.label,
                (
                    " or ".join(f"{x:g}" for x in after.count.values_per_ul),
                    f"{before.median_per_ul:.0f} ({before.low_90_per_ul:.0f} to "
                    f"{before.high_90_per_ul:.0f})",
                    f"{after.median_per_ul:.0f} ({after.low_95_per_ul:.0f} to "
                    f"{after.high_95_per_ul:.0f})",
                ),
            )
            for before, after in zip(found.prior_counts, found.posterior_counts, strict=True)
        )
        columns = ("Count", "Measured per µL", "Predicted before (90 %)", "Fitted (95 %)")
        tables.append(Table("Measured and predicted lymphocytes", columns, rows))
    grade_rows = tuple(
        Row(
            f"day {item.time_d:.0f}",
            (
                f"{item.no_or_first_frac:.0%}",
                f"{item.second_frac:.0%}",
                f"{item.third_frac:.0%}",
                f"{item.fourth_frac:.0%}",
            ),
        )
        for item in found.grades
    )
    grades = ("Day", "Grade 0 or 1", "Grade 2", "Grade 3", "Grade 4")
    tables.append(Table("Chance of each CTCAE v5 grade", grades, grade_rows))
    share_rows = tuple(
        Row(
            item.organ.replace("_", " "),
            (
                f"{item.mean_dose_gy:.1f}",
                f"{item.weighted_share_frac:.0%}",
                f"{item.left_out_frac:.0%}",
            ),
        )
        for item in found.shares[:8]
    )
    columns = ("Organ", "Mean dose, Gy", "Share of the lymphocyte dose", "Fall due to it alone")
    if share_rows:
        note = "The last column leaves out one organ at a time and need not add up to 100 %."
        tables.append(Table("What drives the fall", columns, share_rows, note))
    learned = tuple(
        Row(
            item.name,
            (
                Said(f"{item.median:.3g} {item.unit}"),
                f"{item.low:.3g} to {item.high:.3g}",
                f"{item.ratio_frac:.0%}",
            ),
        )
        for item in found.identifiability.parameters
    )
    columns = ("Parameter", "Median", "95 % interval", "Spread left of the prior's")
    tables.append(Table("What the counts tell of each parameter", columns, learned))
    return tables
