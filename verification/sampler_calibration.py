"""Simulation-based calibration of the sampler with five times as many data sets as the tests.

The test is that of `tests/unit/infer/test_calibration.py`.

    python verification/sampler_calibration.py --data-sets 300

Truths of the prior, data of the truths, draws of their posteriors by all moves of the sampler of
today on a density that is not normal (`tests/synthetic_density.py`); the rank of the truth among 19
draws that are nearly independent has to be uniform.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from abscope.infer.calibration import coverage_of, rank_tests, ranks_of
from abscope.infer.sampling import SamplerSettings, Start, sample
from synthetic_density import Curve

__all__ = ["judged"]

_NAMES, _RANKS = ("a", "b", "c"), 19


def _posterior(data_set: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a truth and draws (chains, draws, 3)."""
    generator = np.random.default_rng(50_000 + data_set)
    truth = generator.standard_normal(3)
    density = Curve(Curve.mean(truth[None])[0] + 0.3 * generator.standard_normal(4))
    settings = SamplerSettings(draws=50, warmup=30, seed=data_set, walkers=8, steps_per_draw=8)
    start = Start(center=np.zeros(3), covariance=np.eye(3))
    return truth, sample(density, case_id="x", start=start, settings=settings).z


def judged(data_sets: int) -> list[str]:
    """Return a line for each quantity: p of its ranks, and what its intervals hold."""
    places = ranks_of(_posterior, data_sets=range(data_sets), ranks=_RANKS)
    rows = []
    for k, test in enumerate(rank_tests(places, names=_NAMES, ranks=_RANKS)):
        cover = [coverage_of(places[:, k], ranks=_RANKS, width_frac=w) for w in (0.5, 0.9)]
        held = ", ".join(
            f"{c.inside} of {c.total} at {c.width_frac:.0%} ({c.least} to {c.most})" for c in cover
        )
        rows.append(f"{test.name}: p {test.p_frac:.3f} (limit {test.limit_frac:.4f}); {held}")
    return rows


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sets", type=int, default=300)
    print("\n".join(judged(parser.parse_args().data_sets)), flush=True)


if __name__ == "__main__":
    main()
