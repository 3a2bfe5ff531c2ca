"""Pain response after radiotherapy by the international consensus, with and without analgesics.

Scores are the worst pain at the treated site, 0-10; OMED is the daily oral morphine equivalent in
mg. Both are compared with the baseline before treatment:

| call | rule                                                                              |
|------|-----------------------------------------------------------------------------------|
| CR   | pain 0, OMED not higher                                                           |
| PR   | pain down by >= 2 with OMED not higher; or OMED down >= 25 % with pain not higher |
| PP   | pain up by >= 2 with OMED not down >= 25 %; or OMED up >= 25 % with pain 0 to +1  |
|      | above baseline                                                                    |
| IR   | anything else, for example pain down with OMED up                                 |
| NE   | no pain at baseline, or a score missing                                           |

Without both OMED values the same rules hold on pain alone, and the call says that the analgesic is
unknown. "Pain up with stable OMED" is read as OMED not clearly lower, so that pain and OMED both
rising is progression and not indeterminate.

A value that the sources state in several versions gives the set of calls over all of them.

Source: Chow 2012, Int J Radiat Oncol Biol Phys 82:1730; the CR and PR rows read in a review, the
progression row from memory.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from abscope.errors import Problem, ProtocolError

__all__ = ["PainCall", "PainCategory", "PainReading", "pain_response"]

PainCategory = Literal["CR", "PR", "PP", "IR", "NE"]

_RULE = "international consensus on palliative radiotherapy for bone metastases (2012)"
_ORDER: tuple[PainCategory, ...] = ("CR", "PR", "IR", "PP", "NE")

_POINTS = 2.0
_OMED_SHARE = 0.25
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class PainReading:
    """Pain at one site on one day: every score that is stated for it, every OMED.

    Several values are versions that contradict each other; an empty tuple is not known.
    """

    scores: tuple[float, ...]
    omed_mg: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PainCall:
    """The calls that are possible at one site, best first, with rule, numbers and reasons.

    ``numbers`` holds the values used by name, each with all versions.
    """

    site: str
    possible: tuple[PainCategory, ...]
    analgesic_known: bool
    numbers: Mapping[str, tuple[float, ...]] = field(hash=False)
    reasons: tuple[str, ...]
    rule: str = _RULE

    @property
    def call(self) -> PainCategory | None:
        """The call, or None when several are possible."""
        return self.possible[0] if len(self.possible) == 1 else None

    @property
    def text(self) -> str:
        """The call in words: ``PR``, ``CR or IR``, ``PR (analgesic unknown)``."""
        flag = "" if self.analgesic_known or self.possible == ("NE",) else " (analgesic unknown)"
        return " or ".join(self.possible) + flag


def pain_response(baseline: PainReading, *, follow_up: PainReading, site: str) -> PainCall:
    """Return the pain response at one site.

    Raises ProtocolError for a score outside 0-10 or an OMED that is negative or not finite; all of
    them at once. A 0-100 scale has to be divided by 10 before.

    >>> six_or_eight = PainReading(scores=(6, 8), omed_mg=())
    >>> pain_response(six_or_eight, follow_up=PainReading((2,), ()), site="axilla").text
    'PR (analgesic unknown)'
    """
    _check(site, baseline, follow_up)
    known = bool(baseline.omed_mg and follow_up.omed_mg)
    calls: dict[PainCategory, str] = {}
    omed_pairs: list[tuple[float, float] | None] = [None]
    if known:
        omed_pairs = list(itertools.product(baseline.omed_mg, follow_up.omed_mg))
    pairs = itertools.product(baseline.scores, follow_up.scores)
    for (before, after), omed in itertools.product(pairs, omed_pairs):
        call, reason = _one(before, after, omed)
        calls.setdefault(call, reason)
    if not calls:
        calls["NE"] = "no score " + ("at baseline" if not baseline.scores else "at follow-up")
    possible = tuple(call for call in _ORDER if call in calls)
    reasons = [f"{call}: {calls[call]}" for call in possible]
    if not known and possible != ("NE",):
        reasons.append("analgesic unknown: judged on pain alone")
    return PainCall(
        site=site,
        possible=possible,
        analgesic_known=known,
        numbers={
            "baseline_score": baseline.scores,
            "follow_up_score": follow_up.scores,
            "baseline_omed_mg": baseline.omed_mg,
            "follow_up_omed_mg": follow_up.omed_mg,
        },
        reasons=tuple(reasons),
    )


def _one(before: float, after: float, omed: tuple[float, float] | None) -> tuple[PainCategory, str]:
    """Return the call for one version of the values; without OMED both shares stand still."""
    if before == 0:
        return "NE", "no pain at baseline"
    told = f"pain {before:g} -> {after:g}"
    share = 0.0
    if omed is not None:
        told += f", OMED {omed[0]:g} -> {omed[1]:g} mg"
        share = _share(*omed)
    rise = after - before
    not_higher = share <= _TOLERANCE
    clearly_lower = share <= -_OMED_SHARE + _TOLERANCE
    clearly_higher = share >= _OMED_SHARE - _TOLERANCE
    if after == 0 and not_higher:
        return "CR", told
    if rise <= -_POINTS + _TOLERANCE and not_higher:
        return "PR", told
    if clearly_lower and rise <= 0:
        return "PR", told
    if rise >= _POINTS - _TOLERANCE and not clearly_lower:
        return "PP", told
    if clearly_higher and rise >= 0:
        return "PP", told
    return "IR", told


def _share(before_mg: float, after_mg: float) -> float:
    """Return the change of OMED as a share; from none to some is without limit."""
    if before_mg == 0:
        return math.inf if after_mg > 0 else 0.0
    return after_mg / before_mg - 1.0


def _check(site: str, baseline: PainReading, follow_up: PainReading) -> None:
    problems = []
    for name, reading in (("baseline", baseline), ("follow-up", follow_up)):
        problems += [
            Problem(
                f"pain at {site}",
                f"{name} score is {score:g}",
                "0 to 10",
                "Divide a 0-100 scale by 10, or leave the score out.",
                "scores",
            )
            for score in reading.scores
            if not 0 <= score <= 10
        ]
        problems += [
            Problem(
                f"pain at {site}",
                f"{name} OMED is {omed:g} mg per day",
                "a finite number >= 0 mg",
                "Correct it, or leave it out when unknown.",
                "omed_mg",
            )
            for omed in reading.omed_mg
            if not (math.isfinite(omed) and omed >= 0)
        ]
    if problems:
        raise ProtocolError(problems)
