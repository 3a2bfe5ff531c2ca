"""A dose-volume histogram by throwing points, written without looking at the product.

Plain Python and numpy, another way all through: a point is inside where a ray from it crosses all
contours of its slab an odd number of times; its dose is the weighted mean of the eight voxels
around it, found by walking. Imports nothing of the product.
"""

import math
import random
from dataclasses import dataclass


@dataclass
class Thrown:
    """Volume and doses of the points inside, with what is needed for standard errors."""

    box_ml: float
    tried: int
    doses: list[float]

    @property
    def volume_ml(self) -> float:
        return self.box_ml * len(self.doses) / self.tried

    @property
    def volume_error_ml(self) -> float:
        share = len(self.doses) / self.tried
        return self.box_ml * math.sqrt(share * (1 - share) / self.tried)

    @property
    def mean(self) -> float:
        return sum(self.doses) / len(self.doses)

    @property
    def mean_error(self) -> float:
        mean = self.mean
        spread = sum((d - mean) ** 2 for d in self.doses) / (len(self.doses) - 1)
        return math.sqrt(spread / len(self.doses))

    def share_above(self, dose: float) -> tuple[float, float]:
        """The share of the region with at least a dose, and its standard error (never 0)."""
        n = len(self.doses)
        share = sum(d >= dose for d in self.doses) / n
        smooth = (share * n + 1) / (n + 2)
        return share, math.sqrt(smooth * (1 - smooth) / n)


def slab_ends(levels, cap):
    """From where to where each plane counts; evenly spaced planes only."""
    step = levels[1] - levels[0]
    ends = []
    for n, z in enumerate(levels):
        low = z if (n == 0 and cap == "half") else z - step / 2
        high = z if (n == len(levels) - 1 and cap == "half") else z + step / 2
        ends.append((low, high))
    return ends


def crossings(x, y, polygon):
    """How many edges a ray to the right meets."""
    met = 0
    for n in range(len(polygon)):
        (ax, ay), (bx, by) = polygon[n - 1], polygon[n]
        if (ay > y) != (by > y) and ax + (y - ay) / (by - ay) * (bx - ax) > x:
            met += 1
    return met


def voxel_walk(centers, at):
    """The two neighbors of a place among ascending centers, and how far it is to the second."""
    n = 0
    while n < len(centers) - 2 and centers[n + 1] <= at:
        n += 1
    share = (at - centers[n]) / (centers[n + 1] - centers[n])
    return n, min(max(share, 0.0), 1.0)


def dose_between(dose, centers, point):
    """The dose at a point between voxel centers; dose[plane][row][column]."""
    (k, fz), (j, fy), (i, fx) = (voxel_walk(c, p) for c, p in zip(centers, point, strict=True))
    total = 0.0
    for dk, wz in ((0, 1 - fz), (1, fz)):
        for dj, wy in ((0, 1 - fy), (1, fy)):
            for di, wx in ((0, 1 - fx), (1, fx)):
                total += wz * wy * wx * float(dose[k + dk][j + dj][i + di])
    return total


def throw(planes, dose, centers, *, cap, tries, seed):
    """Points thrown over the box around a region: ``planes`` is z -> list of polygons (x, y)."""
    levels = sorted(planes)
    ends = slab_ends(levels, cap)
    xs = [x for polygons in planes.values() for p in polygons for x, _ in p]
    ys = [y for polygons in planes.values() for p in polygons for _, y in p]
    low, high = (min(xs), min(ys), ends[0][0]), (max(xs), max(ys), ends[-1][1])
    chance = random.Random(seed)
    found = []
    for _ in range(tries):
        x, y, z = (chance.uniform(a, b) for a, b in zip(low, high, strict=True))
        where = next(n for n, (a, b) in enumerate(ends) if a <= z <= b)
        if sum(crossings(x, y, p) for p in planes[levels[where]]) % 2:
            found.append(dose_between(dose, centers, (z, y, x)))
    box = math.prod(b - a for a, b in zip(low, high, strict=True)) / 1000
    return Thrown(box, tries, found)
