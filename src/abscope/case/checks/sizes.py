"""Whether sizes can be taken at their word: unit, axis, and the words beside them."""

from collections.abc import Iterator
from itertools import pairwise

from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import Sighting, View
from abscope.case.checks.wording import any_of, listed

__all__ = ["CHECKS"]

_GREW = frozenset({"increased", "markedly_increased"})
_SHRANK = frozenset({"markedly_decreased", "decreased", "slightly_decreased"})
#: A change of this many times between two scans looks like centimeters read as millimeters.
_CM_FOR_MM = (8.0, 12.5)


def _pairs(view: View) -> Iterator[tuple[str, Sighting, Sighting]]:
    """Yield each lesion's successive sightings that have one size above zero each."""
    for lesion, sightings in view.sightings.items():
        sized = [
            s
            for s in sightings
            if s.finding.size_mm is not None and s.finding.size_mm.value and not s.exam.specimen
        ]
        for before, now in pairwise(sized):
            if before.exam is not now.exam:
                yield lesion, before, now


def _size_mm(sighting: Sighting) -> float:
    size = sighting.finding.size_mm
    return size.value if size is not None and size.value is not None else 0.0


@check("size-scale", "two sizes of a lesion differ about tenfold: centimeters or millimeters?")
def _size_scale(view: View) -> Iterator[Remark]:
    """Find successive sizes that differ 8 to 12.5 times in either direction."""
    low, high = _CM_FOR_MM
    for lesion, before, now in _pairs(view):
        a, b = _size_mm(before), _size_mm(now)
        if low <= max(a, b) / min(a, b) <= high:
            yield Remark(
                (*now.path, "size_mm"),
                f"{view.name(lesion)} measures {a:g} mm at {before.exam.imaging.id} and {b:g} mm "
                f"at {now.exam.imaging.id}",
                "sizes in one unit",
                "Check whether one of them is in cm.",
                (lesion,),
            )


@check("change-against-size", "a lesion is said to shrink while its sizes grow, or the reverse")
def _change_against_size(view: View) -> Iterator[Remark]:
    """Compare the stated change with the sizes, where it refers to the sighting before."""
    for lesion, before, now in _pairs(view):
        finding = now.finding
        if finding.relative_to not in (None, before.exam.imaging.id) or finding.change is None:
            continue
        a, b, words = _size_mm(before), _size_mm(now), set(finding.change.candidates)
        if (words and words <= _GREW and b < a) or (words and words <= _SHRANK and b > a):
            yield Remark(
                (*now.path, "change"),
                f"{view.name(lesion)} is called {listed(sorted(words)).replace('_', ' ')} at "
                f"{now.exam.imaging.id}, but went from {a:g} to {b:g} mm",
                "a change in the direction of the sizes",
                "Check the sizes, or name the earlier scan under relative_to.",
                (lesion,),
            )


@check("node-axis", "a lymph node is measured without saying that it is the short axis")
def _node_axis(view: View) -> Iterator[Remark]:
    """Find nodes, and lesions that may be nodes, with sizes of another or an unknown axis."""
    for lesion in view.case.lesions:
        node = lesion.is_node
        maybe = node is None and lesion.node is not None and True in lesion.node.candidates
        if not node and not maybe:
            continue
        loose = [
            s
            for s in view.sightings.get(lesion.id, ())
            if s.sizes_mm and max(s.sizes_mm) > 0 and s.finding.axis != "short"
            and not s.exam.specimen
        ]  # fmt: skip
        if loose:
            kind = "is a node" if node else "may be a node"
            yield Remark(
                (*loose[0].path, "size_mm"),
                f"{view.name(lesion.id)} {kind}, but its size at "
                f"{listed(s.exam.imaging.id for s in loose)} is not said to be the short axis",
                "axis: short for a node (target from 15 mm, normal below 10 mm)",
                "Add axis: short if it is, else ask; a longest diameter does not count.",
                (lesion.id,),
            )


@check("axis-order", "the second axis of a size is on the wrong side of the first")
def _axis_order(view: View) -> Iterator[Remark]:
    """Compare the two axes of a finding: none exceeds the longest, none is below the short."""
    for lesion, sightings in view.sightings.items():
        for sighting in sightings:
            finding, sizes = sighting.finding, sighting.sizes_mm
            others = finding.other_axis_mm.candidates if finding.other_axis_mm else ()
            if not sizes or not others:
                continue
            wrong = (finding.axis == "longest" and min(others) > max(sizes)) or (
                finding.axis == "short" and max(others) < min(sizes)
            )
            if wrong:
                yield Remark(
                    (*sighting.path, "other_axis_mm"),
                    f"{sighting.exam.imaging.id}, {view.name(lesion)}: the {finding.axis} axis is "
                    f"{any_of(sizes)} mm, the other {any_of(others)} mm",
                    "longest axis >= other axis >= short axis",
                    "Swap the two, or correct the axis.",
                    (lesion,),
                )


CHECKS: tuple[Check, ...] = (_size_scale, _change_against_size, _node_axis, _axis_order)
