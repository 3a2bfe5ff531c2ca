"""A kind of fraction as the record tells it: doses, days, and every version that it leaves open."""

from dataclasses import dataclass

from abscope.blood.doses import BodyDose

__all__ = ["PlannedDose"]


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDose:
    """The doses of one course or phase with what is not sure about them.

    ``body`` has the preferred dose and the sure targets; ``open_body`` also the targets that the
    source leaves open (None where there are none). Every entry of ``dose_factor_frac`` (dose over
    the preferred one) and of ``n_fractions`` is equally likely; a repeated entry weighs more.
    The first fraction lies in ``start_d``; the next follow every ``interval_d`` days, on weekdays
    only where ``weekdays``; ``weekday`` (0 is Monday) is that of day zero, None where unknown.
    ``course`` is the course that a phase belongs to. ``pauses_d`` has (fractions before it, days to
    the next fraction) of each interruption; ``end_d`` is the span of the recorded last day, None
    where it is not known.
    ``exact`` means that ``body.days_d`` holds the very days and nothing of this is drawn.
    ``prescribed_gy`` is the preferred dose per fraction on record, None where there is none.
    """

    name: str
    body: BodyDose
    open_body: BodyDose | None = None
    dose_factor_frac: tuple[float, ...] = (1.0,)
    n_fractions: tuple[int, ...] = (1,)
    start_d: tuple[float, float] = (0.0, 0.0)
    interval_d: float = 1.0
    weekdays: bool = True
    weekday: int | None = None
    exact: bool = False
    course: str = ""
    pauses_d: tuple[tuple[int, float], ...] = ()
    end_d: tuple[float, float] | None = None
    prescribed_gy: float | None = None
