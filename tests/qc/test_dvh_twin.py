"""The DVH against its twin that throws points, on random nested polygons in a random dose.

Every value must lie within 4.5 standard errors. The false alarm rate is 7e-6 per value, 0.1 % for
the 150 values of the default run. The negative controls show that the comparison would notice a
hole that is not seen and a dose grid that is half a voxel off.
"""

import math
import os
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abscope.dose.dvh import DvhSettings, dose_at_volume, dvh, mean_dose, total_volume
from abscope.dose.geometry.grid import DoseGrid
from phantom_shapes import grid_of, roi_of
from qc.slow_dvh import throw

LIMIT = 4.5
TRIES = 4000
EXAMPLES = int(os.environ.get("ABSCOPE_QC_DVH", "30"))
GRID = grid_of((17, 17, 17), spacing_mm=(2.5, 3.0, 3.0), origin_mm=(-24.0, -24.0, -20.0))


def star(chance, center, radius):
    """Corners around a center, a polygon that never crosses itself, whichever way it turns."""
    n = chance.randint(5, 12)
    corners = []
    for i in range(n):
        turn = 2 * math.pi * (i + chance.uniform(0.0, 0.8)) / n
        r = radius * chance.uniform(0.55, 1.0)
        corners.append((center[0] + r * math.cos(turn), center[1] + r * math.sin(turn)))
    return corners if chance.random() < 0.5 else corners[::-1]


def shrunk(polygon, center, share):
    cx, cy = center
    return [(cx + share * (x - cx), cy + share * (y - cy)) for x, y in polygon]


def random_planes(seed):
    """Islands with holes, islands in the holes, and a few planes of them."""
    chance = random.Random(seed)
    step = chance.choice([1.0, 2.5, 4.0])
    first = chance.uniform(-8.0, 0.0)
    planes = {}
    for n in range(chance.randint(2, 5)):
        polygons = []
        for center in ((-9.0, -2.0), (9.0, 3.0))[: chance.randint(1, 2)]:
            outer = star(chance, center, chance.uniform(4.0, 9.0))
            polygons.append(outer)
            share = 1.0
            for _ in range(chance.randint(0, 3)):
                share *= chance.uniform(0.5, 0.85)
                ring = shrunk(outer, center, share)
                polygons.append(ring if chance.random() < 0.5 else ring[::-1])
        chance.shuffle(polygons)
        planes[first + n * step] = polygons
    return planes


def random_dose(seed):
    chance = np.random.default_rng(seed)
    slope = np.arange(17) * chance.uniform(0.5, 1.5)
    return chance.uniform(0, 10, GRID.shape) + slope[None, :, None]


def both(seed, *, planes=None, shift=0.0, cap=None):
    cap = cap or ("half" if seed % 2 else "full")
    drawn = random_planes(seed)
    rings = [
        np.column_stack([np.array(p), np.full(len(p), z)]) for z, ps in drawn.items() for p in ps
    ]
    dose = random_dose(seed)
    curve = dvh(
        roi_of("random", rings),
        dose=DoseGrid(GRID, dose, "f"),
        settings=DvhSettings(cap=cap, k=8, kz=6, method="linear"),
    )
    across = np.arange(17) * 3.0 - 24.0
    centers = (GRID.offsets_mm - 20.0, across + shift, across)
    thrown = throw(
        planes or drawn, dose.tolist(), [c.tolist() for c in centers], cap=cap, tries=TRIES,
        seed=seed + 1,
    )  # fmt: skip
    return curve, thrown


def scores(curve, thrown):
    """Standard errors between the two: of volume, mean, and the shares above D98, D50 and D2."""
    yield (total_volume(curve) - thrown.volume_ml) / thrown.volume_error_ml
    yield (mean_dose(curve) - thrown.mean) / thrown.mean_error
    for v in (0.98, 0.5, 0.02):
        share, error = thrown.share_above(dose_at_volume(curve, volume_frac=v))
        yield (v - share) / error


@given(seed=st.integers(0, 10**6))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
def test_both_give_the_same_within_the_standard_error(seed):
    curve, thrown = both(seed)
    assert len(thrown.doses) > 50
    assert curve.outside_ml == 0
    assert max(abs(z) for z in scores(curve, thrown)) < LIMIT


def test_the_scores_are_those_of_chance():
    """Over 40 cases the volume scores have mean 0 and deviation 1 (3 standard errors of each)."""
    found = np.array([next(iter(scores(*both(seed)))) for seed in range(40)])
    assert abs(found.mean()) < 3 / math.sqrt(40)
    assert abs(found.std() - 1) < 3 / math.sqrt(80)


def test_a_hole_that_is_not_seen_would_be_noticed():
    noticed = 0
    for seed in range(12):
        outermost = {
            z: [p for p in polygons if not any(_holds(q, p) for q in polygons if q is not p)]
            for z, polygons in random_planes(seed).items()
        }
        holes = sum(map(len, random_planes(seed).values())) - sum(map(len, outermost.values()))
        if holes:
            worst = max(abs(z) for z in scores(*both(seed, planes=outermost)))
            noticed += worst > LIMIT
    assert noticed >= 8


def _holds(outer, inner):
    """Whether a polygon has the larger box around the same place."""
    size = [max(x for x, _ in p) - min(x for x, _ in p) for p in (outer, inner)]
    middle = [sum(x for x, _ in p) / len(p) for p in (outer, inner)]
    return size[0] > size[1] and abs(middle[0] - middle[1]) < 9


@pytest.mark.parametrize("shift", [1.5])
def test_a_dose_half_a_voxel_off_would_be_noticed(shift):
    worst = [max(abs(z) for z in scores(*both(seed, shift=shift))) for seed in range(10)]
    assert sum(z > LIMIT for z in worst) >= 7
