"""The best fit of a case against the same model in diffrax: one point, and the whole search.

    PEERS/bin/python benchmarks/inference_diffrax.py kim2021-breast [fong2025-melanoma ..]
    PEERS/bin/python benchmarks/inference_diffrax.py fong2025-melanoma --points Tsit5:1e-3

PEERS has jax and diffrax beside the dependencies of abscope. One point is that of the best fit: the
observables and their slopes along the directions that the search goes along, by dual numbers
through the kernel here, by ``jax.jvp`` through diffrax there. Errors are those against rodas4 at
1e-9. The search is `map_fit` from the same starts along the same directions, with values, slopes
and choices by diffrax. Both use one core; processor time, and what is compiled told apart.

Tsit5 is no row of the search: without a longest step it goes on the edge of stability, where the
tolerance holds the solution and nothing holds the slopes (docs/benchmarks.md).
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from case_on_diffrax import LESIONS, OnDiffrax, in_diffrax

from abscope.case.shelf import open_case
from abscope.engine.gradients import Gradients, gradients
from abscope.engine.simulation import Settings
from abscope.infer.case_density import CaseDensity, density_of
from abscope.infer.fit import MapFit, map_fit
from abscope.infer.tangents import first_members, stacked_points, tangents_of
from abscope.model.run import compiled_core

__all__ = ["main"]

_RTOL = 1e-3
#: diffrax: method, tolerance, longest step in days; the first is that of the search
_METHODS = ("Kvaerno5:1e-3", "Tsit5:1e-3:0.08", "Tsit5:1e-3")
_SEEN = LESIONS[0]


def _apart(values: Any, slopes: Any, true: Gradients, n: int) -> tuple[float, float]:
    """Return the largest errors of volumes, and of slopes as a share of the largest slope."""
    real, wanted = true.trajectories[_SEEN][0, :, :n], true[_SEEN][0, :, :n]
    return (
        float(np.abs(values[0, :, :n] / real - 1).max()),
        float(np.abs(slopes[0, :, :n] - wanted).max() / np.abs(wanted).max()),
    )


def _points(name: str, density: CaseDensity, best: MapFit, methods: list[str]) -> list[str]:
    """Return a row for abscope and each method of diffrax: the slopes of the best point."""
    subspace = density.subspace
    z = stacked_points(subspace.points(best.z[None, :]), subspace.directions)
    whole = density.model.prepared(z).batch
    batch, tangents = first_members(whole, 1), tangents_of(whole, 1)
    n, settings = int(np.asarray(batch.replicates)[0]), Settings(rtol=_RTOL, n_threads=1)
    true = gradients(compiled_core(), batch, tangents, Settings(rtol=1e-9))
    ours = gradients(compiled_core(), batch, tangents, settings)
    spent = []
    for _ in range(9):
        begin = time.process_time()
        gradients(compiled_core(), batch, tangents, settings)
        spent.append(time.process_time() - begin)
    mine = float(np.median(spent))
    error = _apart(ours.trajectories[_SEEN], ours[_SEEN], true, n)
    head = f"| {name}, {len(subspace.directions)} directions |"
    rows = [
        f"{head} abscope, rodas4 1e-3 | {ours.trajectories.steps[0]} | {1e3 * mine:.1f} ms | "
        f"| 1 | {error[0]:.1e} | {error[1]:.1e} |"
    ]
    for method in methods:
        by = OnDiffrax(*_method(method))
        values, slopes = by(batch, tangents)
        steps, spent = by.steps, []
        for _ in range(3):
            by.running_s = 0.0
            by(batch, tangents)
            spent.append(by.running_s)
        theirs, error = float(np.median(spent)), _apart(values[_SEEN], slopes[_SEEN], true, n)
        rows.append(
            f"{head} diffrax, {_words(method)} | {steps} | {1e3 * theirs:.0f} ms "
            f"| {by.compiling_s:.0f} s | {theirs / mine:.0f} | {error[0]:.1e} | {error[1]:.1e} |"
        )
    return rows


def _method(text: str) -> tuple[str, float, float | None]:
    name, rtol, *longest = text.split(":")
    return name, float(rtol), float(longest[0]) if longest else None


def _words(method: str) -> str:
    name, rtol, *longest = method.split(":")
    return f"{name} {rtol}" + (f", steps to {longest[0]} d" if longest else "")


def _search(name: str, density: CaseDensity, method: str) -> str:
    """Return the row of a case: the whole search here and by diffrax."""
    begin = time.process_time()
    ours = map_fit(density, seed=1, begin=list(density.starts))
    mine = time.process_time() - begin
    by = OnDiffrax(*_method(method))
    begin = time.process_time()
    theirs = map_fit(in_diffrax(density, by), seed=1, begin=list(density.starts))  # type: ignore[arg-type]
    spent = time.process_time() - begin - by.compiling_s
    apart = np.abs(ours.z - theirs.z).max()
    return (
        f"| {name} | {_words(method)} | {by.points} | {mine:.2f} s | {spent:.0f} s "
        f"(+ {by.compiling_s:.0f} s to compile) | {spent / mine:.0f} | {ours.log_posterior:.4f} "
        f"| {theirs.log_posterior:.4f} | {apart:.1e} | {len(ours.ends)}, {ours.agreeing} "
        f"| {theirs.agreeing} |"
    )


def main() -> None:
    """Print the Markdown rows of every case that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=["fong2025-melanoma", "kim2021-breast"])
    parser.add_argument(
        "--points", action="append", help="METHOD:RTOL[:DAYS] of diffrax, no search"
    )
    parser.add_argument("--search", action="store_true", help="the search alone")
    asked = parser.parse_args()
    for name in asked.cases:
        density = density_of(open_case(name).case)
        if not asked.search:
            best = map_fit(density, seed=1, begin=list(density.starts))
            rows = _points(name, density, best, asked.points or list(_METHODS))
            print("\n".join(rows), flush=True)
        if not asked.points:
            print(_search(name, density, _METHODS[0]), flush=True)


if __name__ == "__main__":
    main()
