"""The sampler on densities whose posterior is known, and what may not change a draw."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from abscope.errors import EngineError, UsageError
from abscope.infer.diagnostics import mcse_mean
from abscope.infer.sampling import SamplerSettings, Start, sample
from synthetic_density import Bent, Linear, start_of

SHORT = SamplerSettings(chains=4, draws=30, warmup=20, seed=5, walkers=6, steps_per_draw=6)
LONG = SamplerSettings(seed=2, warmup=20, walkers=16)


def linear():
    generator = np.random.default_rng(3)
    return Linear(2.0 * generator.standard_normal((4, 6)), generator.standard_normal(4))


def bent_start():
    return Start(center=np.array([0.0, 0.0, 1.5, 0.0, 0.0]), covariance=np.eye(5))


def drawn(density=None, start=None, settings=SHORT, **options):
    density = density or Bent()
    return sample(density, case_id="x", start=start or bent_start(), settings=settings, **options)


@pytest.mark.parametrize("spread", [0.5, 1.0, 2.0])
def test_finds_a_normal_posterior(spread):
    """Closed form, 6 means and variances; each off by 4.5 standard errors once in 10,000 runs."""
    density = linear()
    found = drawn(density, start_of(density, spread), LONG)
    assert found.diagnosis.converged, found.diagnosis.why
    for k, (mean, variance) in enumerate(
        zip(density.mean, np.diag(density.covariance), strict=True)
    ):
        z = found.z[:, :, k]
        assert abs(z.mean() - mean) < 4.5 * mcse_mean(z)
        square = (z - mean) ** 2
        assert abs(square.mean() - variance) < 4.5 * mcse_mean(square)


def test_finds_a_bent_posterior_with_a_jump_and_a_cliff():
    """Closed form of z2 (normal beyond 1) and of the choice; quadrature for z0 and z1."""
    found = drawn(settings=replace(LONG, draws=1500, steps_per_draw=4, seed=3))
    flat = found.z.reshape(-1, 5)
    assert np.all(np.abs(flat[:, 0]) < 2.5)
    assert np.all(flat[:, 2] > 1.0)
    above = norm.pdf(1.0) / norm.sf(1.0)
    assert abs(flat[:, 2].mean() - above) < 4.5 * mcse_mean(found.z[:, :, 2])
    weights = np.diff([0.0, norm.cdf(-0.43), norm.cdf(0.43), 1.0]) * np.exp([-1.0, 0.5, 0.0])
    first = (found.z[:, :, 3] < -0.43).astype(float)
    assert abs(first.mean() - weights[0] / weights.sum()) < 4.5 * mcse_mean(first)
    x, y = np.meshgrid(np.linspace(-2.5, 2.5, 1201), np.linspace(-6.0, 4.0, 1201), indexing="ij")
    p = np.exp(-0.5 * ((y + 0.5 * x**2 - 0.5) / 0.3) ** 2 - 0.5 * (x**2 + y**2))
    assert abs(flat[:, 1].mean() - (p * y).sum() / p.sum()) < 4.5 * mcse_mean(found.z[:, :, 1])
    assert flat[:, 0].var() == pytest.approx((p * x**2).sum() / p.sum(), rel=0.15)


def test_many_quantities_that_the_data_do_not_tell():
    """Closed form; 4 of 60 directions are told. False alarm once in 5,000 choices of the seed."""
    generator = np.random.default_rng(8)
    density = Linear(
        3.0 * generator.standard_normal((4, 60)) / 8.0, np.array([1.0, -2.0, 3.0, 0.5])
    )
    found = drawn(density, start_of(density), replace(LONG, draws=400, seed=4))
    assert found.diagnosis.r_hat < 1.02
    seen = found.z @ density.slopes.T
    for k, mean in enumerate(density.slopes @ density.mean):
        assert abs(seen[:, :, k].mean() - mean) < 4.5 * mcse_mean(seen[:, :, k])
    assert np.square(found.z).sum(axis=2).mean() == pytest.approx(
        np.trace(density.covariance) + density.mean @ density.mean, rel=0.03
    )


def test_too_few_steps_are_said():
    """Negative control: few walkers with few steps from far away do not pass."""
    density = linear()
    far = Start(center=density.mean + 3.0, covariance=0.01 * density.covariance)
    found = drawn(density, far, replace(SHORT, draws=20, warmup=10))
    assert not found.diagnosis.converged


def test_log_density_is_that_of_the_draws():
    found = drawn()
    flat = found.z.reshape(-1, 5)
    expected = Bent().log_likelihood(flat) - 0.5 * np.square(flat).sum(axis=1)
    np.testing.assert_allclose(found.log_density.ravel(), expected, rtol=0, atol=1e-12)
    assert found.z.shape == (4, 30, 5)
    assert np.isfinite(found.z).all()


@pytest.mark.parametrize("batch", [1, 4, 7, 64])
def test_the_batch_changes_no_draw(batch):
    settings = replace(SHORT, batch=batch)
    found, usual = drawn(settings=settings), drawn()
    assert np.array_equal(found.z, usual.z)
    assert found.diagnosis == usual.diagnosis


class Asked(Bent):
    """The bent density, which keeps how many points it is asked for each time."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def log_likelihood(self, z):
        self.sizes.append(len(z))
        return super().log_likelihood(z)


def test_batches_are_filled_and_only_points_that_a_walker_looks_at_are_counted():
    asked, counted = {}, {}
    for batch in (1, 32, 256):
        density, seen = Asked(), []
        drawn(density, settings=replace(SHORT, batch=batch), progress=seen.append)
        assert max(density.sizes) <= batch
        asked[batch], counted[batch] = density.sizes, seen[-1].tried
    assert len(asked[1]) > 4 * len(asked[32]) > 4 * len(asked[256])
    assert sum(asked[1]) == counted[1] == counted[32] == counted[256]
    assert sum(asked[256]) > sum(asked[32]) > sum(asked[1])


def test_another_seed_gives_other_draws():
    other = replace(SHORT, seed=6)
    assert not np.any(drawn(settings=other).z == drawn().z)


class StoppedError(Exception):
    """The user stops the run."""


@pytest.mark.parametrize("stop", [10, 20, 40])
def test_an_interrupted_run_goes_on_to_the_same_draws(stop):
    kept = []

    def watch(seen):
        kept.append(seen.state())
        if seen.done == stop:
            raise StoppedError

    with pytest.raises(StoppedError):
        drawn(progress=watch)
    resumed = drawn(resume=kept[-1])
    whole = drawn()
    assert np.array_equal(resumed.z, whole.z)
    assert np.array_equal(resumed.log_density, whole.log_density)
    assert resumed.diagnosis == whole.diagnosis


def test_progress_tells_every_ten_steps():
    seen = []
    drawn(progress=lambda one: seen.append((one.done, one.total, one.tried)))
    assert [step for step, *_ in seen] == [10, 20, 30, 40, 50]
    assert {total for _, total, _ in seen} == {50}
    assert seen[0][2] < seen[-1][2]


def test_a_fit_ends_when_the_rule_is_met():
    """An easy density needs a part of the steps, and keeps as many draws."""
    seen = []
    density = linear()
    found = drawn(density, start_of(density), LONG, progress=lambda one: seen.append(one))
    assert found.diagnosis.converged
    assert seen[-1].done < seen[-1].total
    assert found.z.shape[:2] == (LONG.chains, LONG.draws)
    assert found.diagnosis.ess_bulk <= LONG.chains * LONG.draws


def state():
    kept = []
    drawn(progress=lambda one: kept.append(one.state()) if one.done == 10 else None)
    return kept[0]


@pytest.mark.parametrize(
    "data", [b"", b"not a state", state()[:300], state()[: len(state()) // 2]],
    ids=["empty", "text", "cut early", "cut late"],
)  # fmt: skip
def test_a_broken_checkpoint_is_refused(data):
    with pytest.raises(UsageError, match="not the state of a sampler"):
        drawn(resume=data)


def test_a_checkpoint_of_another_run_is_refused():
    other = replace(SHORT, seed=6)
    with pytest.raises(UsageError, match="the state of another run"):
        drawn(settings=other, resume=state())


def test_settings_are_checked_all_at_once():
    with pytest.raises(UsageError) as error:
        SamplerSettings(chains=1, draws=0, seed=-1)
    assert [problem.where for problem in error.value.problems] == ["chains", "draws", "seed"]


def test_a_start_of_another_density_is_refused():
    with pytest.raises(UsageError, match="shapes"):
        drawn(start=Start(center=np.zeros(3), covariance=np.eye(3)))
    with pytest.raises(UsageError, match="not that of a distribution"):
        drawn(start=Start(center=np.zeros(5), covariance=-np.eye(5)))


def test_a_start_where_nothing_can_be_simulated_is_an_error():
    density = Bent()
    density.log_likelihood = lambda z: np.full(len(z), -np.inf)
    with pytest.raises(EngineError, match="could be simulated"):
        drawn(density)


def test_walkers_find_what_lies_far_from_the_start():
    """They begin among draws of the prior as well, and move on from there."""
    density = linear()
    far = Start(center=density.mean + 6.0, covariance=0.01 * density.covariance)
    found = drawn(density, far, replace(LONG, warmup=60))
    for k, mean in enumerate(density.mean):
        assert abs(found.z[:, :, k].mean() - mean) < 4.5 * mcse_mean(found.z[:, :, k])


def test_points_that_break_off_count():
    """Outside the cliffs a third or more of the first angles fails; the diagnosis says so."""
    assert any("broke off" in line for line in drawn().diagnosis.why)
