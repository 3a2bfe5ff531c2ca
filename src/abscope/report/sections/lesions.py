"""The lesions: what each is, what was seen of it, what is said of its exposure and its fate."""

from collections import Counter

from abscope.case.lesion import Lesion
from abscope.case.observation import Finding as Seen
from abscope.report.material import Cell, Material, Row, Section, Table
from abscope.report.words import Said, brief, join, plural

__all__ = ["lesions"]

#: Most lesions that are listed one by one.
_MOST_ROWS = 200
_LINKS = {
    "same_as": "same as", "split_from": "split from", "merged_into": "merged into",
    "regrowth_of": "regrowth of", "part_of": "part of", "adjacent_to": "adjacent to",
}  # fmt: skip


def lesions(material: Material) -> Section | None:
    """Return the lesion table and the list of examinations."""
    case = material.case
    if not case.lesions and not case.imaging:
        return None
    seen = _seen(material)
    exposed = _exposed(material)
    shown = case.lesions[:_MOST_ROWS]
    rows = tuple(
        _row(material, lesion, seen.get(lesion.id, ()), exposed.get(lesion.id, ()))
        for lesion in shown
    )
    columns = (
        "Lesion", "Side", "Count", "Node", "First seen", "Findings over time",
        "Exposure as stated", "Fate and links",
    )  # fmt: skip
    table = Table("Lesions and groups of lesions", columns, rows, _note(material, len(shown)))
    unlisted = sorted(set(seen) - set(case.lesions_by_id))
    return Section(
        "lesions",
        "Lesions",
        "lesions.html",
        {"lesions": table, "examinations": _examinations(material), "unlisted": join(unlisted)},
    )


def _note(material: Material, shown: int) -> str:
    rest = material.case.lesions[shown:]
    if not rest:
        return ""
    sites = Counter(lesion.sites[0].label if lesion.sites else "site unknown" for lesion in rest)
    named = join(f"{label} ({count})" for label, count in sites.most_common(8))
    return (
        f"The first {shown} of {plural(len(material.case.lesions), 'lesion')} are listed; "
        f"the others by first site: {named}."
    )


def _row(
    material: Material, lesion: Lesion, seen: tuple[Cell, ...], exposed: tuple[Cell, ...]
) -> Row:
    sites = join((site.label for site in lesion.sites), last="or")
    name: list[Cell] = [f"{lesion.id} {lesion.label}"]
    if sites and sites.lower() not in lesion.label.lower():
        name.append(Said(sites, missing=True))
    if lesion.note:
        name.append(Said(lesion.note, missing=True))
    node = lesion.is_node
    return Row(
        tuple(name),
        (
            material.say(lesion.laterality),
            material.say(lesion.count),
            "open" if node is None else "yes" if node else "no",
            material.when(lesion.first_seen),
            seen or "no finding recorded",
            exposed or "nothing stated",
            _fate(material, lesion),
        ),
    )


def _fate(material: Material, lesion: Lesion) -> Cell:
    lines: list[Cell] = [material.say(lesion.fate)]
    for link in lesion.links:
        sure = "" if link.certainty == "certain" else f"{link.certainty}: "
        lines.append(f"{sure}{_LINKS[link.relation]} {material.lesion(link.lesion)}")
    if brief(lesion.histology):
        lines.append(f"histology: {brief(lesion.histology)}")
    return tuple(lines)


def _seen(material: Material) -> dict[str, tuple[Cell, ...]]:
    found: dict[str, list[Cell]] = {}
    for scan in material.case.imaging:
        for finding in scan.findings:
            lines = found.setdefault(finding.lesion, [])
            lines.append(_finding(material, scan.id, finding))
        for name in scan.not_assessed:
            found.setdefault(name, []).append(Said(f"{scan.id}: not assessed", missing=True))
    return {name: tuple(lines) for name, lines in found.items()}


def _finding(material: Material, scan: str, finding: Seen) -> Cell:
    size = material.say(finding.size_mm, "mm")
    axis = f" ({finding.axis} axis)" if finding.axis in ("longest", "short") else ""
    words = [
        "" if size.missing else f"{size.line}{axis}",
        f"× {brief(finding.other_axis_mm, 'mm')}" if brief(finding.other_axis_mm) else "",
        brief(finding.change).replace("_", " "),
        (finding.state or "").replace("_", " "),
        f"SUVmax {brief(finding.suv_max)}" if brief(finding.suv_max) else "",
        f"count {brief(finding.count)}" if brief(finding.count) else "",
        brief(finding.stated_response),
        finding.text or "",
    ]
    return Said(
        f"{scan}: {', '.join(word for word in words if word) or 'mentioned'}",
        status="" if size.missing else size.status,
        versions=size.versions,
        loc=finding.loc or size.loc,
        note=finding.note or "",
    )


def _exposed(material: Material) -> dict[str, tuple[Cell, ...]]:
    found: dict[str, list[Cell]] = {}
    for course in material.case.rt_courses:
        for phase in course.phases:
            for name in phase.targets:
                found.setdefault(name, []).append(f"target of {phase.id}")
            for name in phase.targets_uncertain:
                found.setdefault(name, []).append(f"perhaps a target of {phase.id}")
        for item in course.exposures:
            doses = join(
                f"{word} {brief(dose, 'Gy')}"
                for word, dose in (
                    ("mean", item.mean_dose_gy),
                    ("maximum", item.max_dose_gy),
                    ("D95", item.d95_dose_gy),
                )
                if brief(dose)
            )
            stated = brief(item.stated_class).replace("_", " ")
            computed = brief(item.computed_class).replace("_", " ")
            words = join(
                [
                    f"stated {stated}" if stated else "",
                    f"computed {computed}" if computed else "",
                    doses or ("dose unknown" if computed else "dose not reported"),
                ]
            )
            words = f"{item.region}: {words}" if item.region else words
            line = Said(f"{course.id}: {words}", loc=item.loc or "", note=item.note or "")
            found.setdefault(item.lesion, []).append(line)
    return {name: tuple(lines) for name, lines in found.items()}


def _examinations(material: Material) -> Table | None:
    scans = material.case.imaging
    if not scans:
        return None
    rows = []
    for scan in scans[:_MOST_ROWS]:
        said: list[Cell] = [material.say(scan.stated_response)] if scan.stated_response else []
        said += [scan.text] if scan.text else []
        if scan.new_lesions is not None:
            said.append(f"new lesions: {material.say(scan.new_lesions).line}")
        rows.append(
            Row(
                scan.id,
                (
                    material.when(scan.when),
                    material.say(scan.modalities),
                    (scan.role or "not said").replace("_", "-"),
                    material.say(scan.slice_mm, "mm"),
                    tuple(said) or "nothing beyond the findings",
                ),
            )
        )
    columns = ("Examination", "When", "Modality", "Role", "Slice", "Said of it as a whole")
    rest = len(scans) - len(rows)
    note = f"{plural(rest, 'more examination')} not listed." if rest else ""
    return Table("Examinations", columns, tuple(rows), note)
