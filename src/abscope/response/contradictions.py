"""The response of a lesion whose sizes the source gives in versions or as intervals.

The lesion is judged once for every choice of the smallest or the largest size of each such reading.
Where all choices agree the response stands, told with the choice that changed least; where they
differ nothing is chosen, and the reasons say which responses are possible.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

from abscope.case.clock import Clock
from abscope.case.radiotherapy import RTCourse
from abscope.response.trajectory import Reading, Trajectory, respond

__all__ = ["respond_in_versions"]

#: More readings with versions than this are not tried in every combination (2^n).
_MOST_READINGS = 8


def respond_in_versions(
    found: tuple[Reading, ...],
    *,
    lesion: str,
    course: RTCourse,
    clock: Clock,
    roles: Mapping[str, str | None],
) -> Trajectory:
    """Return what a lesion did after a course, in every version of its sizes.

    The arguments are those of `trajectory.respond`, whose answer this is where no reading has
    versions.
    """
    plain = respond(found, lesion=lesion, course=course, clock=clock, roles=roles)
    unsure = [reading for reading in found if reading.versions]
    if not 0 < len(unsure) <= _MOST_READINGS:
        return plain
    paths = [
        respond(choice, lesion=lesion, course=course, clock=clock, roles=roles)
        for choice in product(*(reading.versions or (reading,) for reading in found))
    ]
    named = "; ".join(_sizes(reading) for reading in unsure)
    possible = list(dict.fromkeys(path.response for path in paths))
    if possible == ["NE"]:
        return plain
    if len(possible) > 1:
        text = f"{named}: {' or '.join(sorted(possible))}, by the size that is taken"
        return replace(plain, reasons=(*plain.reasons, text))
    least = min(paths, key=_change)
    text = f"{named}: {least.response} with every size; the smallest change is told"
    return replace(least, reasons=(*least.reasons, text))


def _change(path: Trajectory) -> float:
    return math.inf if path.change_frac is None else abs(path.change_frac)


def _sizes(reading: Reading) -> str:
    low, high = (version.size_mm for version in (reading.versions[0], reading.versions[-1]))
    return f"{reading.scan}: {low:g} to {high:g} mm"
