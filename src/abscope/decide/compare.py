"""A scenario against what was delivered, draw by draw: lesions, lymphocytes, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from abscope.decide.differences import (
    Difference,
    ShareDifference,
    difference_of,
    differences_of,
    share_differences_of,
)
from abscope.decide.given_days import GivenDays
from abscope.decide.outcome import ArmOutcome, Course
from abscope.decide.scenario import Scenario
from abscope.decide.seen import never_seen
from abscope.decide.session import Arm, WhatIf
from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem
from abscope.response.ctcae import lymphocyte_bands

__all__ = ["ALL", "OUTSIDE", "Comparison", "GradeShare", "Row", "compare", "compare_arms"]

ALL = "all lesions"
OUTSIDE = "outside the fields"


@dataclass(frozen=True, slots=True)
class Row:
    """One lesion, or several together: the change of diameter at each visit, and what it is called.

    ``change`` has one entry per visit (None where no draw has the lesion). ``response`` is the
    share of draws with at least 30 % less at a visit, ``control`` that without progression.
    ``same_or_better_frac`` is the share of draws whose best response is not worse.
    """

    name: str
    label: str
    change: tuple[Difference | None, ...]
    response: ShareDifference
    control: ShareDifference
    same_or_better_frac: float


@dataclass(frozen=True, slots=True)
class GradeShare:
    """The share of draws whose lowest count has one CTCAE grade."""

    label: str
    delivered_frac: float
    scenario_frac: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A scenario against the delivered treatment.

    ``rows`` begin with all lesions, then those outside the fields of both treatments (where there
    are any), then each. ``nadir`` is of the lowest lymphocyte count seen. ``prior`` is the same
    question to draws of the prior alone, None where these are such draws. ``by_homing`` has the
    difference of all lesions at the last visit by mode. ``never_seen`` says where nobody observed
    anything. ``given`` has the days from day zero to the last visit on which treatment was given.
    """

    scenario: Scenario
    visits_d: tuple[tuple[str, float], ...]
    rows: tuple[Row, ...]
    nadir: Difference
    grades: tuple[GradeShare, ...]
    assumed: tuple[str, ...]
    never_seen: tuple[str, ...]
    draws: int
    failed: int
    prior: "Comparison | None" = None
    by_homing: dict[str, Difference] = field(default_factory=dict)
    given: tuple[GivenDays, ...] = ()

    @property
    def whole(self) -> Row:
        """Return the row of all lesions."""
        return self.rows[0]

    @property
    def outside(self) -> Row | None:
        """Return the row of the lesions outside the fields of both; None where there is none."""
        return next((row for row in self.rows if row.name == OUTSIDE), None)

    def row(self, name: str) -> Row | None:
        """Return the row of a lesion by identifier, None where it has none."""
        return next((row for row in self.rows if row.name == name), None)

    @property
    def width_over_prior_frac(self) -> float | None:
        """Return the width of the difference of all lesions at the end over that of the prior.

        None without draws of a fit. 1 means that the data of this patient taught nothing about it.
        """
        if self.prior is None:
            return None
        mine, theirs = self.whole.change[-1], self.prior.whole.change[-1]
        if mine is None or theirs is None or theirs.width <= 0.0:
            return None
        return mine.width / theirs.width


def compare(
    session: WhatIf,
    scenario: Scenario,
    *,
    prior: WhatIf | None = None,
    homing: Sequence[WhatIf] = (),
) -> Comparison:
    """Return a scenario against the delivered treatment.

    ``prior`` is a session of the same case on draws of the prior, ``homing`` are sessions with
    other modes of homing. Raises UsageError where the scenario cannot be.
    """
    alone = None if prior is None else compare(prior, scenario)
    ends: dict[str, Difference] = {}
    for other in (session, *homing) if homing else ():
        found = compare_arms(other, other.run(scenario)).whole.change[-1]
        if found is not None:
            ends[other.options.homing] = found
    return compare_arms(session, session.run(scenario), prior=alone, by_homing=ends)


def compare_arms(
    session: WhatIf,
    arm: Arm,
    *,
    prior: Comparison | None = None,
    by_homing: dict[str, Difference] | None = None,
) -> Comparison:
    """Return an arm that was run against the delivered treatment of its session.

    Raises ModelError where none of its draws could be finished.
    """
    one, two = session.delivered.outcome, arm.outcome
    lesions = session.case.lesions_by_id
    rows = _rows(
        [
            (ALL, "", one.whole, two.whole),
            (OUTSIDE, "", arm.outside_as_delivered, two.outside),
            *(
                (name, lesions[name].label, course, two.lesions[name])
                for name, course in one.lesions.items()
            ),
        ]
    )
    nadir = difference_of(one.nadir_per_ul, two.nadir_per_ul, lower_is_better=False)
    if nadir is None or rows[0] is None or arm.scenario is None:
        what = "no draw of the scenario could be finished"
        raise ModelError(Problem(session.case.id, what, "a trajectory", "Report it with the case."))
    return Comparison(
        scenario=arm.scenario,
        visits_d=tuple((visit.label, visit.day_d) for visit in session.visits),
        rows=tuple(row for row in rows if row is not None),
        nadir=nadir,
        grades=_grades(one, two),
        assumed=(*arm.assumed, *session.unread),
        never_seen=never_seen(arm.scenario, session.planned),
        draws=session.draws,
        failed=int((~(one.ok & two.ok)).sum()),
        prior=prior,
        by_homing=by_homing or {},
        given=session.given(arm),
    )


def _rows(asked: Sequence[tuple[str, str, Course, Course]]) -> list[Row | None]:
    """Return a row for each name, label and two courses; None where no draw has its lesions."""
    ones, twos = [item[2] for item in asked], [item[3] for item in asked]
    visits = ones[0].change_frac.shape[1]
    changes = differences_of(
        np.concatenate([one.change_frac.T for one in ones]),
        np.concatenate([two.change_frac.T for two in twos]),
        lower_is_better=True,
    )
    response, control = (
        share_differences_of(
            np.stack([getattr(one, name) for one in ones]),
            np.stack([getattr(two, name) for two in twos]),
        )
        for name in ("responds_frac", "controlled_frac")
    )
    before, after = (np.stack([one.category for one in both]) for both in (ones, twos))
    known = (before >= 0) & (after >= 0)
    same = ((after >= before) & known).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    rows: list[Row | None] = []
    for k, (name, label, _, _) in enumerate(asked):
        one, two = response[k], control[k]
        found = changes[k * visits : (k + 1) * visits]
        if one is None or two is None:
            rows.append(None)
        else:
            rows.append(Row(name, label, found, one, two, float(same[k])))
    return rows


def _grades(one: ArmOutcome, two: ArmOutcome) -> tuple[GradeShare, ...]:
    """Return the share of draws in each grade, the worst last; the lower limit is not known."""
    shares = []
    for band in reversed(lymphocyte_bands(None)):
        high = np.inf if band.high_per_ul is None else band.high_per_ul
        found = [_share(x.nadir_per_ul, band.low_per_ul, high) for x in (one, two)]
        shares.append(GradeShare(band.label, found[0], found[1]))
    return tuple(shares)


def _share(count_per_ul: Floats, low_per_ul: float, high_per_ul: float) -> float:
    known = count_per_ul[np.isfinite(count_per_ul)]
    return float(((known >= low_per_ul) & (known < high_per_ul)).mean())
