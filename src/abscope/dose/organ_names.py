"""Names of regions of interest to organs of the catalog: exact ones settled, others asked.

A name is exact where it is a spelling of the catalog (TG-263, TotalSegmentator, clinics) after
case, blanks, underscores, hyphens and points are left out; for paired organs a word for the side
is left out as well, so that left, right and lobes come together in one organ. A name that is only
similar never decides anything: it becomes a question with candidates. What the user says wins.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from abscope.catalog.organs import (
    OrganCatalog,
    name_key,
    name_side,
    organ_catalog,
    sideless_key,
)
from abscope.dose.results import Sides
from abscope.dose.structures import Roi
from abscope.errors import Problem, UsageError

__all__ = [
    "NO_ORGAN",
    "REMAINDER",
    "Candidate",
    "OrganMapping",
    "RoiMatch",
    "candidates",
    "exact_organ",
    "map_rois",
]

#: The organ that holds what is in the body and in no other organ.
REMAINDER = "remainder"

#: What a region can be besides an organ: the outer contour, or nothing of its own.
NO_ORGAN = ("body", "none")

_CUTOFF = 0.6
_MOST = 3
_TARGETS = frozenset({"GTV", "CTV", "PTV", "ITV", "TREATED_VOLUME", "IRRAD_VOLUME"})
_OUTSIDE = frozenset({"BOLUS", "SUPPORT", "MARKER", "ISOCENTER", "REGISTRATION", "FIXATION"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An organ that a name may mean: the spelling that is near and how near, 0..1."""

    organ: str
    spelling: str
    score_frac: float


@dataclass(frozen=True, slots=True)
class RoiMatch:
    """What one region is taken for.

    ``organ`` is '' for the outer contour (``how`` is 'body'), for targets, fixation and what the
    user left out ('elsewhere', 'user'), and for a name that is not known ('open', with the
    candidates to ask for). Such regions are not organs; their volume counts for the organ they
    lie in, else for the remainder.
    """

    roi_name: str
    organ: str
    how: Literal["exact", "user", "body", "elsewhere", "open"]
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class OrganMapping:
    """Every region with the organ it belongs to, in the order of the structure set."""

    matches: tuple[RoiMatch, ...]

    @property
    def organs(self) -> Mapping[str, tuple[str, ...]]:
        """Organ to the names of its regions, in the order of priority of the catalog."""
        found: dict[str, list[str]] = {}
        for match in self.matches:
            if match.organ:
                found.setdefault(match.organ, []).append(match.roi_name)
        known = organ_catalog().organs
        ranked = sorted(found, key=lambda name: known[name].rank)
        return {name: tuple(found[name]) for name in ranked}

    def sides(self, organ: str) -> Sides:
        """Return 'left' or 'right' where every region of a paired organ names this side."""
        if not organ_catalog().organs[organ].paired:
            return "both"
        found = {name_side(match.roi_name) for match in self.matches if match.organ == organ}
        if found == {"left"}:
            return "left"
        return "right" if found == {"right"} else "both"

    @property
    def body(self) -> tuple[str, ...]:
        """Names of the regions that are the outer contour."""
        return tuple(match.roi_name for match in self.matches if match.how == "body")

    @property
    def questions(self) -> tuple[RoiMatch, ...]:
        """Regions whose name is not known; each has its candidates, if any."""
        return tuple(match for match in self.matches if match.how == "open")


def exact_organ(name: str) -> str | None:
    """Return the organ that a name is a spelling of; None where it is none.

    >>> exact_organ("Lt Lung"), exact_organ("vertebrae_T5"), exact_organ("Lungs-GTV")
    ('lung', 'thoracic_spine', None)
    """
    known = organ_catalog()
    return known.exact.get(name_key(name)) or known.sideless.get(sideless_key(name))


@lru_cache(maxsize=1024)
def candidates(name: str) -> tuple[Candidate, ...]:
    """Return up to three organs whose spellings are similar, the nearest first; maybe none.

    The score is the share of matching signs of difflib (2 M / T), at least 0.6.
    """
    known = organ_catalog()
    keys = {name_key(name), sideless_key(name)}
    best: dict[str, Candidate] = {}
    for spelling, organ in known.exact.items():
        score = max(_similarity(key, spelling) for key in keys)
        if score >= _CUTOFF and (organ not in best or score > best[organ].score_frac):
            best[organ] = Candidate(organ, spelling, round(score, 3))
    ranked = sorted(best.values(), key=lambda item: (-item.score_frac, item.organ))
    return tuple(ranked[:_MOST])


def map_rois(rois: Iterable[Roi], *, decided: Mapping[str, str] | None = None) -> OrganMapping:
    """Return what each region is taken for.

    ``decided`` maps names of regions, as written, to an organ of the catalog, to ``body`` or to
    ``none``; it wins over the catalog, and a name in it that no region has is not used. Next come
    the spellings of the catalog, then the DICOM type of the region (EXTERNAL is the body).

    Raises UsageError with every organ of ``decided`` that is not known.
    """
    decided = decided or {}
    known = organ_catalog()
    _refuse_unknown(decided, known)
    return OrganMapping(tuple(_match(roi, decided, known) for roi in rois))


def _match(roi: Roi, decided: Mapping[str, str], known: OrganCatalog) -> RoiMatch:
    if roi.name in decided:
        chosen = decided[roi.name]
        if chosen == "body":
            return RoiMatch(roi.name, "", "body")
        return RoiMatch(roi.name, "" if chosen == NO_ORGAN[1] else chosen, "user")
    key, role = name_key(roi.name), roi.role.upper()
    if role == "EXTERNAL":
        return RoiMatch(roi.name, "", "body")
    if organ := exact_organ(roi.name):
        return RoiMatch(roi.name, organ, "exact")
    if key in known.body:
        return RoiMatch(roi.name, "", "body")
    named = key in known.elsewhere or key.startswith(known.elsewhere_starts)
    if named or role in _TARGETS or role in _OUTSIDE:
        return RoiMatch(roi.name, "", "elsewhere")
    return RoiMatch(roi.name, "", "open", candidates(roi.name))


def _similarity(key: str, spelling: str) -> float:
    matcher = difflib.SequenceMatcher(None, key, spelling, autojunk=False)
    if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < _CUTOFF:
        return 0.0
    return matcher.ratio()


def _refuse_unknown(decided: Mapping[str, str], known: OrganCatalog) -> None:
    problems = []
    for roi_name, organ in decided.items():
        if organ not in known.organs and organ not in NO_ORGAN:
            near = ", ".join(item.organ for item in candidates(organ))
            problems.append(
                Problem(
                    "mapping of organs",
                    f"'{organ}' is no organ",
                    "an organ of the catalog, body or none",
                    f"Did you mean {near}?" if near else "See abscope.catalog.organs.",
                    path=roi_name,
                )
            )
    if problems:
        raise UsageError(problems)
