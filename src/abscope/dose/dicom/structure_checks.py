"""What is odd about the regions of a structure set."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from abscope.dose.findings import DoseFinding
from abscope.dose.structures import Contour, Roi, StructureSet

__all__ = ["cleaned"]

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "")
_FEWEST_POINTS = 3


def cleaned(
    structures: StructureSet, *, about: str
) -> tuple[StructureSet, tuple[DoseFinding, ...]]:
    """Return the structure set with closed contours of three points or more only, and warnings.

    Open lines are left out, because they enclose nothing, and so are points, without a warning:
    they are markers. Regions without any contour stay, empty.
    """
    rois, opened, short, empty = [], list[str](), list[str](), list[str]()
    for roi in structures.rois:
        kept, faults = _closed(roi)
        opened += [roi.name] * bool(faults["open"])
        short += [roi.name] * bool(faults["short"])
        empty += [roi.name] * (not kept and not faults["point"])
        rois.append(replace(roi, contours=kept))
    names = Counter(roi.name for roi in structures.rois)
    twice = [name for name, count in names.items() if count > 1]
    rows = (
        ("open-contour", opened, "there are open contours in", "closed contours",
         "These contours are left out; close them in the planning system."),
        ("short-contour", short, "there are contours of fewer than 3 points in", "3 or more",
         "These contours enclose nothing and are left out."),
        ("empty-roi", empty, "nothing is drawn in", "closed contours",
         "No dose is given for them."),
        ("duplicate-name", twice, "one name is used for several regions:", "one name each",
         "Name the region by its number where it matters."),
    )  # fmt: skip
    found = [
        DoseFinding(code, "warning", about, f"{what} {_listed(which)}", expected, action)
        for code, which, what, expected, action in rows
        if which
    ]
    return replace(structures, rois=tuple(rois)), tuple(found)


def _closed(roi: Roi) -> tuple[tuple[Contour, ...], Counter[str]]:
    kept, faults = [], Counter[str]()
    for contour in roi.contours:
        if contour.kind == "POINT":
            faults["point"] += 1
        elif contour.kind not in _CLOSED:
            faults["open"] += 1
        elif contour.points_mm.shape[0] < _FEWEST_POINTS:
            faults["short"] += 1
        else:
            kept.append(contour)
    return tuple(kept), faults


def _listed(names: Iterable[str]) -> str:
    named = [f"'{name}'" for name in names]
    shown = ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")
    return f"{'region' if len(named) == 1 else 'regions'} {shown}"
