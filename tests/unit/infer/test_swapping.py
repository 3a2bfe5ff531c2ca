"""Members of one group swap their quantities, and nothing else moves."""

import numpy as np

from abscope.infer.ensemble import Ensemble
from abscope.infer.posterior import Latent
from abscope.infer.swapping import alike_members, swap_step

NAMES = ("growth", "L1.1 size", "L1.2 size", "L2.1 size", "L1.1 RT1 bath", "L1.2 RT1 bath",
         "L1.2 alpha")  # fmt: skip
LATENTS = tuple(Latent(name=name, meaning=name) for name in NAMES)


def swapped(log_likelihood, walkers=200):
    generator = np.random.default_rng(2)
    z = generator.standard_normal((walkers, len(NAMES)))
    moved = Ensemble(z.copy(), log_likelihood(z))
    groups = alike_members(LATENTS)
    generators = [np.random.default_rng(k) for k in range(walkers)]
    swap_step(moved, log_likelihood=log_likelihood, groups=groups, generators=generators)
    return z, moved


def test_members_of_a_group_are_alike_in_what_all_of_them_have():
    (places,) = alike_members(LATENTS)
    assert {NAMES[k] for k in places.ravel()} == {NAMES[k] for k in (1, 2, 4, 5)}
    assert [NAMES[k].split(" ", 1)[0] for k in places[:, 0]] == ["L1.1", "L1.2"]
    assert alike_members(LATENTS[:2]) == ()


def test_a_likelihood_that_does_not_tell_members_apart_takes_every_swap():
    z, moved = swapped(lambda z: -np.square(z[:, 1] + z[:, 2]))
    both = (z[:, [1, 4]] == moved.z[:, [2, 5]]).all(axis=1)
    assert 0.35 < both.mean() < 0.65
    assert np.array_equal(moved.z[~both], z[~both])
    for k in (0, 3, 6):
        assert np.array_equal(moved.z[:, k], z[:, k])


def test_a_swap_is_taken_as_often_as_the_likelihood_says():
    """The ratio of two places is 3: of the swaps that lower it a third is taken."""

    def told(z):
        return np.where(z[:, 1] > z[:, 2], np.log(3.0), 0.0)

    z, moved = swapped(told, walkers=4000)
    high = z[:, 1] > z[:, 2]
    changed = (moved.z != z).any(axis=1)
    assert abs(changed[~high].mean() - 0.5) < 0.05
    assert abs(changed[high].mean() - 0.5 / 3.0) < 0.04
    assert np.array_equal(moved.log_likelihood, told(moved.z))
