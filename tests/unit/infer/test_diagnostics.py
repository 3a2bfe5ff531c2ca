"""R-hat and effective sizes against numbers of ArviZ, and the sentences of a diagnosis.

The expected numbers were printed once by ArviZ 0.23.4 on Python 3.11:

    az.rhat(z, method="rank"); az.ess(z, method="bulk"), "tail", "mean"; az.mcse(z, method="mean")
"""

import numpy as np
import pytest

from abscope.infer.diagnostics import diagnose, ess_bulk, ess_mean, ess_tail, mcse_mean, r_hat
from abscope.infer.posterior import Latent


def noise():
    return np.random.Generator(np.random.Philox(key=7)).standard_normal((4, 250))


def autoregressive(rho):
    z, noise_ = np.zeros((4, 250)), noise()
    for k in range(250):
        z[:, k] = (rho * z[:, k - 1] if k else 0.0) + noise_[:, k]
    return z


CHAINS = {
    "independent": noise,
    "correlated": lambda: autoregressive(0.9),
    "one shifted": lambda: autoregressive(0.9) + np.array([[0.0], [0.0], [0.0], [4.0]]),
    "heavy tails": lambda: np.sign(autoregressive(0.9)) * np.abs(autoregressive(0.9)) ** 3,
    "one wider": lambda: noise() * np.array([[1.0], [1.0], [1.0], [4.0]]),
    "odd number of draws": lambda: autoregressive(0.9)[:3, :101],
    "anticorrelated": lambda: autoregressive(-0.6),
}
ARVIZ = {
    "independent": (1.007885181830139, 819.8413245199988, 873.8868496095548, 833.3473630366093,
                    0.03504786442191046),
    "correlated": (1.194395550149564, 16.188422075855826, 61.83261659878995, 16.07124434933649,
                   0.6428329842454598),
    "one shifted": (1.4219405404803358, 8.706914127959047, 25.284301516428865, 8.51964998657125,
                    1.0432827320035216),
    "heavy tails": (1.194395550149564, 16.188422075855826, 61.83261659878995, 26.891444079948336,
                    12.216522382367137),
    "one wider": (1.2240138542536418, 729.4381776870644, 32.80171233467995, 849.4526613346776,
                  0.07737054507835223),
    "odd number of draws": (1.488657226167597, 6.1106750543863075, 34.154650882686944,
                            5.882108172712875, 1.2087784257600216),
    "anticorrelated": (1.0047729717101574, 3000.0, 909.0598705889768, 3000.0,
                       0.022973287115482955),
}  # fmt: skip


@pytest.mark.parametrize("kind", CHAINS)
def test_agrees_with_arviz(kind):
    """Another package; numbers agree to rounding."""
    z = CHAINS[kind]()
    found = (r_hat(z), ess_bulk(z), ess_tail(z), ess_mean(z), mcse_mean(z))
    assert found == pytest.approx(ARVIZ[kind], rel=1e-9)


LATENTS = (Latent(name="growth", meaning="growth"), Latent(name="alpha", meaning="alpha"))


def test_good_chains_have_no_sentence():
    z = np.random.Generator(np.random.Philox(key=1)).standard_normal((4, 500, 2))
    found = diagnose(z, latents=LATENTS)
    assert found.converged
    assert found.r_hat < 1.01
    assert min(found.ess_bulk, found.ess_tail) > 400


def test_a_shifted_chain_is_named():
    """Negative control of the test above."""
    z = np.random.Generator(np.random.Philox(key=1)).standard_normal((4, 500, 2))
    z[3, :, 1] += 1.0
    found = diagnose(z, latents=LATENTS)
    assert not found.converged
    assert found.why[0].startswith("R-hat above 1.01 for alpha")
    assert "growth" not in found.why[0]


def test_few_draws_are_said():
    z = np.random.Generator(np.random.Philox(key=1)).standard_normal((4, 40, 2))
    assert any("effective draws below 400" in line for line in diagnose(z, latents=LATENTS).why)


def test_a_stuck_chain_is_said():
    z = np.random.Generator(np.random.Philox(key=1)).standard_normal((4, 500, 2))
    z[1] = z[1, :1]
    why = diagnose(z, latents=LATENTS).why
    assert why[0] == "stuck, moved in less than 5 % of its steps: chain 2"


def test_failures_are_said():
    z = np.random.Generator(np.random.Philox(key=1)).standard_normal((4, 500, 2))
    why = diagnose(z, latents=LATENTS, failed_frac=0.2).why
    assert why == (
        "20% of the simulations broke off (limit 5%): the draws avoid patients that could not be "
        "simulated",
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_draws_that_are_not_numbers_never_pass(bad):
    z = np.random.Generator(np.random.Philox(key=1)).standard_normal((4, 500, 2))
    z[0, 0, 0] = bad
    found = diagnose(z, latents=LATENTS)
    assert not found.converged
    assert found.r_hat == np.inf
    assert found.ess_bulk == 0.0


def test_draws_that_are_all_the_same_never_pass():
    found = diagnose(np.zeros((4, 500, 2)), latents=LATENTS)
    assert not found.converged
    assert np.isnan(r_hat(np.zeros((4, 500))))
