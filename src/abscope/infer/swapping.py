"""A move that gives lesions of one group each other's quantities: they are told apart by name only.

A lesion that the record counts as several ("L01", four nodules) is simulated as members L01.1,
L01.2 .., whose quantities have the same prior. Which of them is the largest one is a mode of its
own, as likely as the others. A permutation p of the members of every group is proposed, as likely
as its inverse, so that

    z' = p(z) is taken with probability min(1, L(z') / L(z))

which is 1 where the likelihood does not tell members apart either.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.ensemble import Ensemble
from abscope.infer.posterior import Latent

__all__ = ["alike_members", "swap_step"]


def alike_members(latents: Sequence[Latent]) -> tuple[NDArray[np.int64], ...]:
    """Return for each group the places (members, quantities) of what its members have alike."""
    places: dict[str, dict[int, dict[str, int]]] = {}
    for k, latent in enumerate(latents):
        found = re.fullmatch(r"([\w-]+)\.(\d+) (.+)", latent.name)
        if found:
            lesion, member, what = found.groups()
            places.setdefault(lesion, {}).setdefault(int(member), {})[what] = k
    out = []
    for members in places.values():
        shared = set.intersection(*(set(one) for one in members.values()))
        if len(members) > 1 and shared:
            rows = [[one[what] for what in sorted(shared)] for _, one in sorted(members.items())]
            out.append(np.array(rows, np.int64))
    return tuple(out)


def swap_step(
    walkers: Ensemble,
    *,
    log_likelihood: Callable[[Floats], Floats],
    groups: Sequence[NDArray[np.int64]],
    generators: Sequence[np.random.Generator],
) -> None:
    """Give the members of every group of each walker each other's quantities, or leave them."""
    points = walkers.z.copy()
    for k, one in enumerate(generators):
        for places in groups:
            points[k, places] = walkers.z[k, places[one.permutation(len(places))]]
    found = walkers.tried_at(points[:, None, :], log_likelihood)[:, 0]
    log_u = np.log1p(-np.array([one.random() for one in generators]))
    taken = found - walkers.log_likelihood >= log_u
    walkers.z[taken], walkers.log_likelihood[taken] = points[taken], found[taken]
