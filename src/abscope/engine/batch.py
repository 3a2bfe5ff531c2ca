"""What is simulated: members with their numbers, events, holds and observation times.

Everything is given by name and in columns, so a cohort is drawn in vectorized code:

    Batch(
        members=1000, horizon=365.0, observe_at=np.arange(0.0, 366.0, 7.0), replicates=counts,
        parameters={"clearance": clearances, "volume": 3.5},     # (1000,) or one number
        own={"growth": growths},                                 # (1000, n), (1000,) or one
        initial={"central": 0.0}, replicate_initial={"volume": volumes},
        events=(Events("bolus", times=[0.0, 21.0], fields={"dose": [200.0, 200.0]}),),
        holds=(Holds("infusion", starts=[0.0], ends=[0.02], values=[10_000.0]),),
    )
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from numpy.typing import ArrayLike

__all__ = ["Batch", "Events", "Holds"]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Columns:
    """Rows that belong to some members: ``members`` is one index per row, None: all members."""

    members: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Events(_Columns):
    """Events of one kind: a time per row and the fields, (rows,) or (rows, replicates) each.

    Events at one instant happen in the order of the tables of the batch, then of the rows.
    ``places`` has the row of the fields for each time where many take the same, None: its own.
    """

    name: str
    times: ArrayLike
    fields: Mapping[str, ArrayLike] = field(default_factory=dict)
    places: ArrayLike | None = None


@dataclass(frozen=True, eq=False)
class Holds(_Columns):
    """Values added to an input from ``starts`` to ``ends`` (an infusion); several may overlap.

    ``replicates`` is the index of the replicate per row where the input is one of a replicate.
    """

    name: str
    starts: ArrayLike
    ends: ArrayLike
    values: ArrayLike
    replicates: ArrayLike | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Members of one system; a mapping holds one number or one row per member, by name.

    ``observe_at`` is (times,) for all members or (members, times), with NaN after the last time of
    a member that has fewer. An observation sees the state before the events of its instant.
    ``replicates`` is how many each member has. A start before which nothing happens is ``start``.
    """

    members: int = 1
    horizon: ArrayLike
    observe_at: ArrayLike
    start: ArrayLike = 0.0
    replicates: ArrayLike = 0
    parameters: Mapping[str, ArrayLike] = field(default_factory=dict)
    own: Mapping[str, ArrayLike] = field(default_factory=dict)
    initial: Mapping[str, ArrayLike] = field(default_factory=dict)
    replicate_initial: Mapping[str, ArrayLike] = field(default_factory=dict)
    events: tuple[Events, ...] = ()
    holds: tuple[Holds, ...] = ()
