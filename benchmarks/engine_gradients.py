"""What a gradient costs: value and 16 exact directions against the value alone.

    python benchmarks/engine_gradients.py [--members 32] [--rounds 5]

The patients of `core_cohort`, each method and tolerance with its own forward run; processor time of
one thread, the median of some rounds of ratios. What is compiled or read from the cache comes
before the clock.
"""

import argparse
import time
from statistics import median

import core_cohort

from abscope.engine.compiling import compile_system
from abscope.engine.gradients import gradients
from abscope.engine.simulation import Settings, simulate

__all__ = ["main"]

_WAYS = (("rodas4", 1e-5), ("rodas4", 1e-3), ("rodas3", 1e-3))
_DIRECTIONS = 16


def _seconds(work: object) -> float:
    begin = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - begin


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    batch = core_cohort.patients(given.members)
    system = core_cohort.system()
    names = [parameter.name for parameter in system.body.parameters][:_DIRECTIONS]
    print(f"{given.members} patients, {len(names)} directions, {given.rounds} rounds")
    print("| method | forward, ms | value and directions, ms | ratio | each direction |")
    print("|---|---|---|---|---|")
    for method, rtol in _WAYS:
        settings = Settings(rtol=rtol, n_threads=1)
        compiled = compile_system(system, method=method)
        forward = lambda: simulate(compiled, batch, settings)  # noqa: B023, E731
        slopes = lambda: gradients(compiled, batch, names, settings)  # noqa: B023, E731
        forward(), slopes()
        pairs = [(_seconds(forward), _seconds(slopes)) for _ in range(given.rounds)]
        one, all_of = (1e3 * median(part) / given.members for part in zip(*pairs, strict=True))
        ratio = median(after / before for before, after in pairs)
        each = f"{ratio / len(names):.2f} of a forward run"
        print(f"| {method} {rtol:g} | {one:.2f} | {all_of:.1f} | {ratio:.1f} | {each} |")


if __name__ == "__main__":
    main()
