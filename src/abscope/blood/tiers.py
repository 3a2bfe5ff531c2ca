"""Body doses from tables of organs: histograms, mean doses, or a DICOM study read as organs."""

import difflib
import math
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from abscope.blood.doses import BodyDose, CompartmentDose, Tier
from abscope.blood.pools.doses import NODE_SURROUNDINGS, mixture
from abscope.blood.pools.traffic import NODE_REGIONS
from abscope.catalog.circulation import circulation
from abscope.catalog.lymphocytes import lymphocyte_parameter, marrow_shares
from abscope.catalog.organs import organ_catalog
from abscope.dose.organ_rows import volume_shares_frac
from abscope.dose.results import OrganDose
from abscope.errors import ModelError, Problem

__all__ = ["HIGHEST_FRACTION_GY", "body_doses"]

#: Above this an organ's dose per fraction is nearly always in cGy, or the dose of a course.
HIGHEST_FRACTION_GY = 40.0


def body_doses(
    organs: Sequence[OrganDose], *, days_d: Mapping[str, Sequence[float]], tier: Tier
) -> tuple[BodyDose, ...]:
    """Return one body dose per course of an organ table, in the order of the table.

    ``days_d`` has the days of the fractions by course. An organ stands for the compartments of
    the circulation that the catalog gives it, a bone for its share of the active marrow. What the
    table does not list has the dose of the row 'remainder'; without that row it counts as not
    irradiated, which is said in the notes and widens the spread.

    Raises ModelError with every organ that is unknown or listed twice, every negative or
    implausible dose, every beam time that is not positive.
    """
    problems = _table_problems(organs)
    courses = [(course, list(rows)) for course, rows in groupby(organs, lambda row: row.course)]
    problems += [
        _problem(course, "no days of its fractions", "days for every course", "Give its start.")
        for course, _ in courses
        if not days_d.get(course)
    ]
    if not organs:
        problems.append(_problem("organ table", "no rows", "at least one organ", "Add one."))
    if problems:
        raise ModelError(problems)
    return tuple(_body(course, rows, days_d[course], tier) for course, rows in courses)


def _body(course: str, rows: Sequence[OrganDose], days_d: Sequence[float], tier: Tier) -> BodyDose:
    remainder = next((_histogram(row) for row in rows if row.organ == "remainder"), None)
    named = course or "the table"
    rest, unlisted_ml, beyond = _rest(named, rows, remainder)
    doubts = [*_doubts(named, rows, tier), *beyond]
    spread = [lymphocyte_parameter("dose_scale_sd_log").value]
    added = dict.fromkeys(name for name, _ in doubts if name)
    spread += [lymphocyte_parameter(name).value for name in added]
    times = {row.beam_on_time_s for row in rows if row.beam_on_time_s is not None}
    whole = float(sum(row.dose_per_fraction_gy @ row.volume_ml for row in rows))
    return BodyDose(
        course=course,
        compartments=_compartments(rows, rest, unlisted_ml),
        days_d=tuple(float(day) for day in days_d),
        beam_on_time_s=times.pop() if len(times) == 1 else None,
        tier=tier,
        scale_sd_log=math.hypot(*spread),
        notes=tuple(note for _, note in doubts),
        integral_gy_ml=None if remainder is None or math.isnan(whole) else whole,
    )


def _doubts(course: str, rows: Sequence[OrganDose], tier: Tier) -> list[tuple[str, str]]:
    """Return what is not known of the doses: the spread of the catalog that it adds, and a note.

    Each spread is added once. Dose outside the grid is unknown: it is taken as none, which is its
    lower limit, and widens like a missing remainder.
    """
    out = [
        (
            "missing_remainder_sd_log",
            f"{course}: {1 - row.covered_frac:.0%} of {row.organ} lies outside the dose grid: its "
            "dose is not known and is taken as none; the bands are wider",
        )
        for row in rows
        if row.covered_frac < 0.98
    ]
    out += [
        (
            "undrawn_side_sd_log",
            f"{row.organ}: only the {row.sides} side is drawn; the other has the dose of the "
            "remainder; the bands are wider",
        )
        for row in rows
        if row.sides != "both"
    ]
    if not any(row.organ == "remainder" for row in rows):
        what = "what the table does not list counts as not irradiated; the bands are wider"
        out.append(("missing_remainder_sd_log", f"{course}: no row 'remainder'; {what}"))
    if not any(row.organ.startswith(("nodes_", "lymph_nodes")) for row in rows):
        what = "nodes have the dose of organs around them"
        out.append(("", f"{course}: no node is in the table; {what}"))
    if tier == "means":
        what = "how uneven it is inside an organ is not known; the bands are wider"
        out.append(("means_only_sd_log", f"{course}: mean doses of organs only; {what}"))
    return out


def _rest(
    course: str, rows: Sequence[OrganDose], remainder: CompartmentDose | None
) -> tuple[CompartmentDose, float, list[tuple[str, str]]]:
    """Return the dose of all of the body that is not listed, its volume (ml or NaN), and a note.

    The remainder of a scan that ends at the neck and the pelvis is not the whole body: its dose
    spreads over what a reference adult has beside the organs that are listed, so that the integral
    dose stays; the part beyond the scan has none.
    """
    if remainder is None:
        return CompartmentDose("remainder", np.zeros(1), np.ones(1)), math.nan, []
    known = {row.organ: float(row.volume_ml.sum()) / max(row.covered_frac, 1e-3) for row in rows}
    inside = known.pop("remainder")
    if math.isnan(inside):
        note = f"{course}: the remainder has no volume; its dose is taken for all that is unlisted"
        return remainder, math.nan, [("", note)]
    listed = sum(volume for volume in known.values() if not math.isnan(volume))
    whole = lymphocyte_parameter("body_volume").value
    unlisted = max(whole - listed, inside)
    if inside >= 0.98 * unlisted:
        return remainder, unlisted, []
    beyond = CompartmentDose("beyond the scan", np.zeros(1), np.ones(1))
    rest = mixture("remainder", [(remainder, inside), (beyond, unlisted - inside)])
    note = (
        f"{course}: organs and remainder are {(listed + inside) / 1000:.0f} of {whole / 1000:.0f} "
        "liters of an adult; what lies beyond counts as not irradiated"
    )
    return rest, unlisted, [("", note)]


def _compartments(
    rows: Sequence[OrganDose], rest: CompartmentDose, unlisted_ml: float
) -> tuple[CompartmentDose, ...]:
    """Return the dose of every compartment of the circulation and of every pool that is named."""
    known = organ_catalog().organs
    parts: dict[str, list[tuple[CompartmentDose, float]]] = {}
    pools: dict[str, list[tuple[CompartmentDose, float]]] = {}
    for row in rows:
        if row.organ == "remainder":
            parts.setdefault("other", []).append((rest, unlisted_ml))
            continue
        organ, item = known[row.organ], (_whole(row, rest), float(row.volume_ml.sum()))
        bone = organ.pool.startswith("marrow_") and organ.pool[7:] in marrow_shares()
        if bone or organ.pool.startswith(("nodes_", "thymus")):
            pools.setdefault(organ.pool, []).append(item)
        if not bone and not organ.pool.startswith("nodes_"):
            for name in organ.compartments:
                parts.setdefault(name, []).append(item)
    found = {name: _joined(name, items) for name, items in (parts | pools).items()}
    if any(name.startswith("marrow_") for name in found):
        for bone_name in marrow_shares():
            found.setdefault(f"marrow_{bone_name}", mixture(f"marrow_{bone_name}", [(rest, 1.0)]))
    if "lymph_nodes" not in found:
        for region in NODE_REGIONS:
            name = f"nodes_{region}"
            around = [(found[organ], 1.0) for organ in NODE_SURROUNDINGS[region] if organ in found]
            found.setdefault(name, mixture(name, around or [(rest, 1.0)]))
    found |= {
        name: mixture(name, weighted)
        for name, weighted in _weighted(found, rest).items()
        if name not in found
    }
    for flow in circulation("female").compartments:
        found.setdefault(flow.name, mixture(flow.name, [(rest, 1.0)]))
    return tuple(found.values())


def _whole(row: OrganDose, rest: CompartmentDose) -> CompartmentDose:
    """Return the dose of an organ; of a side that was not drawn it is that of the rest."""
    if row.sides == "both":
        return _histogram(row)
    return mixture(row.organ, [(_histogram(row), 1.0), (rest, 1.0)])


def _weighted(
    found: Mapping[str, CompartmentDose], rest: CompartmentDose
) -> dict[str, list[tuple[CompartmentDose, float]]]:
    """Return nodes and marrow of the circulation as mixtures of their regions and bones."""
    nodes = [
        (found.get(f"nodes_{name}", rest), lymphocyte_parameter(f"node_share_{name}").value)
        for name in NODE_REGIONS
    ]
    bones = [(found.get(f"marrow_{name}", rest), x.value) for name, x in marrow_shares().items()]
    out = {}
    if any(name.startswith("nodes_") for name in found):
        out["lymph_nodes"] = nodes
    if any(name.startswith("marrow_") for name in found):
        out |= dict.fromkeys(("red_marrow", "spongy_bone", "compact_bone"), bones)
    return out


def _joined(name: str, items: Sequence[tuple[CompartmentDose, float]]) -> CompartmentDose:
    """Return several doses as one by their volumes; alike where any volume is not known."""
    known = all(math.isfinite(volume) for _, volume in items)
    return mixture(name, [(dose, volume if known else 1.0) for dose, volume in items])


def _histogram(row: OrganDose) -> CompartmentDose:
    share = volume_shares_frac(row)
    dose = row.dose_per_fraction_gy
    if row.covered_frac < 1.0:
        share = np.append(share * row.covered_frac, 1.0 - row.covered_frac)
        dose = np.append(dose, 0.0)
    return CompartmentDose(row.organ, dose.astype(np.float64), share.astype(np.float64))


def _table_problems(organs: Sequence[OrganDose]) -> list[Problem]:
    known = organ_catalog().organs
    problems, seen = [], set[tuple[str, str]]()
    for row in organs:
        where = f"{row.course}: {row.organ}"
        if row.organ != "remainder" and row.organ not in known:
            close = difflib.get_close_matches(row.organ, known, n=3, cutoff=0.5)
            hint = f"Did you mean {', '.join(close)}?" if close else "Leave it to the remainder."
            problems.append(_problem(where, "the organ is not known", "a known organ", hint))
        if (row.course, row.organ) in seen:
            problems.append(_problem(where, "the organ is there twice", "one row", "Remove one."))
        seen.add((row.course, row.organ))
        problems += _row_problems(where, row)
    return problems


def _row_problems(where: str, row: OrganDose) -> list[Problem]:
    out = []
    dose, volume = row.dose_per_fraction_gy, row.volume_ml
    if not np.all(np.isfinite(dose)) or np.any(dose < 0):
        out.append(_problem(where, f"dose {np.min(dose):g} Gy", "0 or more", "Correct it."))
    elif dose.size and np.max(dose) > HIGHEST_FRACTION_GY:
        what = f"{np.max(dose):g} Gy per fraction"
        hint = "Is it in cGy, or the dose of all fractions?"
        out.append(_problem(where, what, f"at most {HIGHEST_FRACTION_GY:g} Gy", hint))
    known = volume.shape != (1,) or np.isfinite(volume[0])
    if known and (not volume.size or np.any(volume < 0) or not volume.sum() > 0):
        out.append(_problem(where, "no volume", "a volume above 0 ml", "Correct it."))
    if row.beam_on_time_s is not None and not row.beam_on_time_s > 0:
        what = f"beam time {row.beam_on_time_s:g} s"
        out.append(_problem(where, what, "more than 0 s", "Leave it out where it is unknown."))
    if row.n_fractions < 1:
        out.append(_problem(where, f"{row.n_fractions} fractions", "1 or more", "Correct it."))
    return out


def _problem(where: str, what: str, expected: str, action: str) -> Problem:
    return Problem(where, what, expected, action)
