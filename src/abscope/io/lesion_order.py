"""What only several rows of a lesion table can show: order, identity, baseline and units."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from abscope.io.faults import Faults
from abscope.io.lesion_rows import LesionRow, When

__all__ = ["baseline_visit", "check_order"]

#: A step between two sizes of a lesion by about this factor asks for the unit.
_UNIT_RATIO = (Decimal(9), Decimal(11))
_PER_SUBJECT = ("reference", "death", "new_therapy")
_PER_VISIT = (
    "date", "day_d", "baseline", "markers_normal", "for_symptoms", "clinically_stable",
    "stated_target", "stated_nontarget", "stated_overall",
)  # fmt: skip
_PER_LESION = ("role", "kind", "organ", "method", "previously_irradiated")

_Found = Iterator[tuple[LesionRow, str, str, str, str]]


def check_order(rows: Sequence[LesionRow], *, faults: Faults, sizes_checked: bool) -> None:
    """Add every fault that shows only between rows; the rows of a patient are in time order."""
    found: list[tuple[LesionRow, str, str, str, str]] = []
    found += _spellings(rows, "subject")
    for patient in _grouped(rows, lambda row: row.subject.casefold()).values():
        for column in _PER_SUBJECT:
            found += _constant(patient, column, "subject")
        for reading in _grouped(patient, lambda row: row.reader).values():
            found += _reading(reading, sizes_checked)
    for row, column, what, expected, action in found:
        name = {"day_d": "day", "certainty": "unequivocal"}.get(column, column)
        faults.add(row.row, name, what=what, expected=expected, action=action)


def baseline_visit(reading: Sequence[LesionRow]) -> str:
    """Return the visit that is flagged as baseline, the first one where none is."""
    flagged = next((row.visit for row in reading if row.baseline), None)
    return reading[0].visit if flagged is None else flagged


def _grouped(
    rows: Iterable[LesionRow], key: Callable[[LesionRow], Hashable]
) -> dict[Hashable, list[LesionRow]]:
    groups: dict[Hashable, list[LesionRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _spellings(rows: Iterable[LesionRow], column: str) -> _Found:
    """Find names that differ only in case or blanks from an earlier one."""
    first: dict[str, LesionRow] = {}
    told: set[str] = set()
    for row in rows:
        name = getattr(row, column)
        known = first.setdefault(" ".join(name.casefold().split()), row)
        written = getattr(known, column)
        if written != name and name not in told:
            told.add(name)
            yield (
                row, column, f"'{name}' differs from '{written}' (row {known.row}) only in case "
                "or blanks", f"one spelling of each {column}", "Write both alike.",
            )  # fmt: skip


def _constant(rows: Sequence[LesionRow], column: str, holder: str) -> _Found:
    """Find values that contradict an earlier one of the same holder; empty cells say nothing."""
    known: LesionRow | None = None
    for row in rows:
        value = getattr(row, column)
        if value is None:
            continue
        if known is None:
            known = row
        elif (before := getattr(known, column)) != value:
            yield (
                row, column, f"{_shown(value)}, but row {known.row} of the same {holder} says "
                f"{_shown(before)}", f"one value per {holder}", "Correct one of the two.",
            )  # fmt: skip


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _reading(rows: Sequence[LesionRow], sizes_checked: bool) -> _Found:
    yield from _spellings(rows, "lesion")
    yield from _spellings(rows, "visit")
    visits = _grouped(rows, lambda row: row.visit)
    for visit in visits.values():
        for column in _PER_VISIT:
            yield from _constant(visit, column, "visit")
        yield from _stated_cr(visit)
    yield from _duplicates(rows)
    yield from _time_order([visit[0] for visit in visits.values()])
    start = baseline_visit(rows)
    first = next(iter(visits.values()))[0]
    if first.visit != start:
        yield (
            visits[start][0], "baseline", f"the baseline is '{start}', but '{first.visit}' (row "
            f"{first.row}) comes before it", "the baseline as the first visit",
            "Move the flag, or leave out the earlier visit.",
        )  # fmt: skip
    for lesion in _grouped(rows, lambda row: row.lesion).values():
        for column in _PER_LESION:
            yield from _constant(lesion, column, "lesion")
        yield from _lesion(lesion, start)
        if not sizes_checked:
            yield from _units(lesion)
    yield from _partners(visits.values())


def _duplicates(rows: Iterable[LesionRow]) -> _Found:
    seen: dict[tuple[str, str], LesionRow] = {}
    for row in rows:
        known = seen.setdefault((row.visit, row.lesion), row)
        if known is not row:
            yield (
                row, "lesion", f"lesion '{row.lesion}' stands twice at visit '{row.visit}' (also "
                f"row {known.row})", "one row per lesion, visit and reader", "Remove one.",
            )  # fmt: skip


def _time_order(visits: Sequence[LesionRow]) -> _Found:
    last = visits[0]
    for row in visits:
        column = "day" if row.date is None else "date"
        if row.death is not None and _later(row.when, row.death):
            yield (
                row, column, f"visit '{row.visit}' ({_shown(row.when)}) is after death "
                f"({_shown(row.death)})", "no visit after death", "Correct one of the two.",
            )  # fmt: skip
        if row is last:
            continue
        if row.when == last.when:
            yield (
                row, column, f"visit '{row.visit}' has the same date as '{last.visit}' "
                f"({_shown(row.when)}, row {last.row})", "one visit per date",
                "Merge the visits, or correct a date.",
            )  # fmt: skip
        elif _later(last.when, row.when):
            yield (
                row, column, f"visit '{row.visit}' ({_shown(row.when)}) is before '{last.visit}' "
                f"({_shown(last.when)}, row {last.row})", "visits of a patient in time order",
                "Correct a date, or sort the rows by date.",
            )  # fmt: skip
        else:
            last = row


def _later(one: When, other: When) -> bool:
    return one > other  # type: ignore[operator]


def _lesion(rows: Sequence[LesionRow], start: str) -> _Found:
    first = rows[0]
    if first.role == "new":
        if first.visit == start:
            yield (
                first, "role", f"lesion '{first.lesion}' is new at the baseline",
                "target or non_target at the baseline", "Correct the role or the visit.",
            )  # fmt: skip
        if first.certainty is None:
            yield (
                first, "certainty", f"nothing says whether new lesion '{first.lesion}' is certain",
                "yes, no or dismissed", "An equivocal lesion is no; settle it at a later visit.",
            )  # fmt: skip
        return
    if all(row.visit != start for row in rows):
        yield (
            first, "lesion", f"lesion '{first.lesion}' ({first.role}) has no row at the baseline "
            f"visit '{start}'", "a baseline row for each target and non-target lesion",
            "Add it, or give the role new.",
        )  # fmt: skip
        return
    base = next(row for row in rows if row.visit == start)
    if base.kind is None:
        yield (
            base, "kind", f"nothing says what kind of lesion '{base.lesion}' is",
            "a kind, or a site from the vocabulary that settles it",
            "Say node or soft_tissue; bone is bone_lytic, bone_mixed or bone_blastic.",
        )  # fmt: skip
    elif base.role == "target" and not base.size_mm and not base.soft_tissue_mm:
        column = "short_axis_mm" if base.kind == "node" else "diameter_mm"
        yield (
            base, column, f"target lesion '{base.lesion}' has no size at the baseline",
            "a size above 0 mm (short axis of a node)", "Give it, or make the lesion non_target.",
        )  # fmt: skip


def _units(rows: Sequence[LesionRow]) -> _Found:
    low, high = _UNIT_RATIO
    node = any(row.kind == "node" for row in rows)
    column = "short_axis_mm" if node else "diameter_mm"
    last: LesionRow | None = None
    for row in rows:
        size = getattr(row, column)
        if not size or row.state != "measured":
            continue
        before = getattr(last, column) if last else None
        if last is not None and before:
            ratio = max(size / before, before / size)
            if low <= ratio <= high:
                yield (
                    row, column, f"{size} mm after {before} mm (row {last.row}) is a ratio of "
                    f"{ratio:.1f}", "sizes in mm",
                    "Is one of the two in cm? If both hold, say that the sizes were checked.",
                )  # fmt: skip
        last = row


def _stated_cr(visit: Sequence[LesionRow]) -> _Found:
    """Find targets that are left at a visit where complete response is stated."""
    columns = [
        column for column in ("stated_target", "stated_overall")
        if any(getattr(row, column) == "CR" for row in visit)
    ]  # fmt: skip
    for row in visit if columns else ():
        normal = Decimal(10) if row.kind == "node" or row.diameter_mm is None else Decimal(0)
        size = row.short_axis_mm if normal else row.diameter_mm
        if row.role == "target" and size is not None and size > 0 and size >= normal:
            yield (
                row, columns[0], f"complete response is stated, but target '{row.lesion}' has "
                f"{size} mm left", "every target absent, nodes below 10 mm",
                "Correct the size or the stated response.",
            )  # fmt: skip


def _partners(visits: Iterable[Sequence[LesionRow]]) -> _Found:
    for visit in visits:
        names = {row.lesion for row in visit}
        for row in visit:
            if row.merged_with is not None and row.merged_with not in names - {row.lesion}:
                yield (
                    row, "merged_with", f"'{row.merged_with}' has no row at visit '{row.visit}'",
                    "another lesion of the same visit", "Correct the name, or add its row.",
                )  # fmt: skip
