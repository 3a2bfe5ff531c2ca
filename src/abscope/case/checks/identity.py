"""Whether a lesion can be where and what the record says: resected, resolved, merged, the same."""

from collections.abc import Iterator
from itertools import pairwise

from abscope.case.anatomy import relation
from abscope.case.checks.finding import Check, Remark, check
from abscope.case.checks.view import Sighting, View
from abscope.case.checks.wording import any_of, listed
from abscope.case.lesion import Lesion, Link

__all__ = ["CHECKS"]

_RETURNED = frozenset({"new", "reappeared"})
_PRESENT = frozenset(
    {
        "markedly_decreased", "decreased", "slightly_decreased", "present", "increased",
        "markedly_increased",
    }
)  # fmt: skip


def _seen(sighting: Sighting) -> bool:
    """Whether the finding shows tissue: a size above zero or words that say so."""
    if sighting.gone or sighting.unseen:
        return False
    sized = bool(sighting.sizes_mm) and max(sighting.sizes_mm) > 0
    return sized or bool(sighting.changes & _PRESENT)


@check("resected-still-seen", "a lesion is measured or described after its resection")
def _resected_still_seen(view: View) -> Iterator[Remark]:
    """Compare resections that surely removed a lesion with its later findings."""
    for lesion, resections in view.resections.items():
        for index, span, sure in resections:
            complete = view.case.procedures[index].complete
            if span is None or not sure or (complete and False in complete.candidates):
                continue
            for sighting in view.sightings.get(lesion, ()):
                when = sighting.exam.span
                if when is None or when.low_d <= span.high_d or not _seen(sighting):
                    continue
                if sighting.changes & _RETURNED:
                    continue
                yield Remark(
                    sighting.path,
                    f"{view.name(lesion)} was resected by {view.case.procedures[index].id} and is "
                    f"still described at {sighting.exam.imaging.id}",
                    "no finding of a resected lesion, or 'new' or 'reappeared'",
                    "List the regrowth as a lesion of its own (links: regrowth_of), say "
                    "complete: false, or correct the procedure.",
                    (lesion,),
                )
                break


@check("resolved-then-seen", "a lesion is gone at one examination and there at the next")
def _resolved_then_seen(view: View) -> Iterator[Remark]:
    """Find lesions that come back without the word that they did."""
    for lesion, sightings in view.sightings.items():
        for before, now in pairwise(sightings):
            if not before.gone or not _seen(now) or now.changes & _RETURNED:
                continue
            if view.precedes(before.exam, now.exam):
                yield Remark(
                    now.path,
                    f"{view.name(lesion)} is gone at {before.exam.imaging.id} and described again "
                    f"at {now.exam.imaging.id}",
                    "'reappeared' for a lesion that came back",
                    "Say change: reappeared, or correct one of the two findings.",
                    (lesion,),
                )


@check("new-twice", "a lesion is called new although an earlier examination shows it")
def _new_twice(view: View) -> Iterator[Remark]:
    """Find 'new' at any but the first sighting of a lesion."""
    for lesion, sightings in view.sightings.items():
        for before, now in pairwise(sightings):
            fact = now.finding.change
            if fact is None or fact.value != "new" or before.unseen or before.exam is now.exam:
                continue
            if view.precedes(before.exam, now.exam):
                yield Remark(
                    (*now.path, "change"),
                    f"{view.name(lesion)} is called new at {now.exam.imaging.id}, but "
                    f"{before.exam.imaging.id} already has a finding of it",
                    "'new' once, at the first sighting",
                    "Say reappeared if it had gone, or list a lesion of its own.",
                    (lesion,),
                )


@check("finding-twice", "one examination has two findings of the same lesion")
def _finding_twice(view: View) -> Iterator[Remark]:
    """Find lesions with more than one finding at an examination."""
    for lesion, sightings in view.sightings.items():
        for before, now in pairwise(sightings):
            if before.exam is now.exam:
                yield Remark(
                    now.path,
                    f"{now.exam.imaging.id} has two findings of {view.name(lesion)}",
                    "one finding per lesion and examination",
                    "Join them; values that disagree go under versions.",
                    (lesion,),
                )


@check("state-contradicts", "the state of a finding contradicts its own size")
def _state_contradicts(view: View) -> Iterator[Remark]:
    """Compare state, size, fragments and the partner of a merger within each finding."""
    for lesion, sightings in view.sightings.items():
        for sighting in sightings:
            what = _contradiction(sighting) or _other_partner(view, sighting)
            if what:
                yield Remark(
                    (*sighting.path, "state"),
                    f"{sighting.exam.imaging.id}, {view.name(lesion)}: {what}",
                    "a state that agrees with the sizes",
                    "Correct the state or the size.",
                    (lesion,),
                )


def _contradiction(sighting: Sighting) -> str:
    finding, sizes = sighting.finding, sighting.sizes_mm
    if sizes and min(sizes) > 0 and finding.state in ("absent", "not_imaged"):
        return f"the state is '{finding.state}', the size {any_of(sizes)} mm"
    if finding.state == "measured" and (finding.size_mm is None or finding.size_mm.bounds is None):
        return "the state is 'measured', but there is no size"
    if finding.state == "split" and not finding.fragments_mm:
        return "the lesion is split, but the sizes of its fragments are not given"
    if finding.state == "merged" and finding.merged_with is None:
        return "the lesion is merged, but the partner is not named"
    if finding.merged_with == finding.lesion:
        return "the lesion is merged with itself"
    if finding.fragments_mm and finding.state not in (None, "split"):
        return f"there are fragments, but the state is '{finding.state}'"
    return ""


def _other_partner(view: View, sighting: Sighting) -> str:
    partner, lesion = (
        sighting.finding.merged_with,
        view.case.lesions_by_id.get(sighting.finding.lesion),
    )
    linked = [x.lesion for x in lesion.links if x.relation == "merged_into"] if lesion else []
    if partner is None or not linked or partner in linked:
        return ""
    return f"merged with {partner} here, but into {listed(linked)} by its links"


@check("link-contradicts", "the links between lesions contradict each other or anatomy")
def _link_contradicts(view: View) -> Iterator[Remark]:
    """Find links to oneself, mutual origins, and identity across sides or body regions."""
    directed: set[tuple[str, str, str]] = {
        (lesion.id, link.lesion, link.relation)
        for lesion in view.case.lesions
        for link in lesion.links
    }
    for number, lesion in enumerate(view.case.lesions):
        for index, link in enumerate(lesion.links):
            what = _broken(view, lesion, link, directed)
            if what:
                yield Remark(
                    ("lesions", number, "links", index),
                    f"{view.name(lesion.id)} {link.relation.replace('_', ' ')} "
                    f"{view.name(link.lesion)}: {what}",
                    "links that can be true together",
                    "Correct the link, or lower its certainty.",
                    (lesion.id, link.lesion),
                    severity="note" if link.certainty == "possible" else "warning",
                )


def _broken(view: View, lesion: Lesion, link: Link, directed: set[tuple[str, str, str]]) -> str:
    if link.lesion == lesion.id:
        return "a lesion has no such relation to itself"
    back = (link.lesion, lesion.id, link.relation)
    if link.relation not in ("same_as", "adjacent_to") and back in directed:
        return "each is said to come from, or go into, the other"
    other = view.case.lesions_by_id.get(link.lesion)
    if link.relation != "same_as" or other is None:
        return ""
    pairs = {relation(a, b) for a in lesion.sites for b in other.sites}
    if pairs and pairs <= {"remote"}:
        where = (listed(site.label for site in item.sites) for item in (lesion, other))
        return f"they lie in different body regions ({' and '.join(where)})"
    sides = [item.laterality.value if item.laterality else None for item in (lesion, other)]
    if set(sides) == {"left", "right"}:
        return f"one is on the {sides[0]}, the other on the {sides[1]}"
    return ""


CHECKS: tuple[Check, ...] = (
    _resected_still_seen, _resolved_then_seen, _new_twice, _finding_twice, _state_contradicts,
    _link_contradicts,
)  # fmt: skip
