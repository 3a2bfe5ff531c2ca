"""What a what-if and a search cost once a case is prepared, and how far the preview is off.

    python benchmarks/decide.py [DRAWS]

Both founding cases, draws of the prior, 2 threads. The peer is the plain path in the same run: the
patients of the edited record made anew and simulated from the beginning with the same settings.
The error is against a tolerance of 1e-7.
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from abscope.case.shelf import open_case
from abscope.decide.continuation import WhatIfOptions
from abscope.decide.goals import parse_goals
from abscope.decide.limits import parse_limits
from abscope.decide.optimize import Question, SearchSettings, optimize
from abscope.decide.scenario_text import parse_scenario
from abscope.decide.session import WhatIf
from abscope.decide.variables import parse_variables
from abscope.engine.simulation import Settings
from abscope.model.case_draws import CaseDraws
from abscope.model.prior_draws import PriorDraws
from abscope.model.run import simulate_patients

DRAWS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
QUESTIONS = {
    "kim2021-breast": {"sets": ["rt.RT1: 3 x 8 Gy"]},
    "fong2025-melanoma": {"sets": ["rt.RT2: 5 x 1 Gy"]},
}
SIX = (
    "rt.RT2.dose: 1 to 12 Gy", "rt.RT2.fractions: 1 to 10", "rt.RT2.spacing: 1 to 7 d",
    "others.dose: 0 to 2 Gy", "ipilimumab.shift: -42 to 42 d", "rt.RT2.targets: M12, M13",
)  # fmt: skip


def timed(run: Callable[[], object], rounds: int = 9) -> tuple[float, float, float]:
    """Return the median and the least time of some rounds, and the median CPU time, in seconds."""
    wall, cpu = [], []
    for _ in range(rounds):
        begin, used = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - used)
    return statistics.median(wall), min(wall), statistics.median(cpu)


def question(name: str, lines: dict[str, list[str]]) -> None:
    """Print the times of one what-if."""
    case, scenario = open_case(name).case, parse_scenario(**lines)
    begin = time.perf_counter()
    session = WhatIf(case, PriorDraws(DRAWS, seed=1))
    prepared = time.perf_counter() - begin
    arm = session.run(scenario)
    median, least, cpu = timed(lambda: session.run(scenario))
    tight = WhatIfOptions(settings=Settings(rtol=1e-7, n_threads=2, chunk=25))
    exact = WhatIf(case, PriorDraws(DRAWS, seed=1), options=tight).run(scenario)
    error = np.nanmax(np.abs(arm.outcome.whole.change_frac - exact.outcome.whole.change_frac))
    edited = session.edited(scenario)
    visits = np.array([visit.day_d for visit in session.visits])

    def plain() -> None:
        patients = CaseDraws(case, PriorDraws(DRAWS, seed=1)).patients(
            courses=edited.case.rt_courses
        )
        simulate_patients(patients, observe_at_d=visits, settings=session.options.settings)

    peer, _, peer_cpu = timed(plain, rounds=3)
    print(
        f"{name}: prepared in {prepared:.2f} s; what-if over {DRAWS} draws {1e3 * median:.0f} ms "
        f"(least {1e3 * least:.0f}, CPU of both threads {1e3 * cpu:.0f}); plain path "
        f"{1e3 * peer:.0f} ms (CPU {1e3 * peer_cpu:.0f}); "
        f"error {error:.1e} of the start"
    )


def search() -> None:
    """Print the time of a search over six variables."""
    case = open_case("fong2025-melanoma").case
    session, few = WhatIf(case, PriorDraws(DRAWS, seed=1)), WhatIf(case, PriorDraws(64, seed=1))
    asked = Question(
        parse_variables(SIX, session.names),
        parse_goals(("control", "lymphocytes@0.1")),
        parse_limits(("total RT2 <= 40 Gy",), session.names),
    )
    begin, used = time.perf_counter(), time.process_time()
    found = optimize(session, asked, search=few, settings=SearchSettings(evaluations=240))
    seconds, cpu = time.perf_counter() - begin, time.process_time() - used
    print(
        f"search over 6 variables: {found.evaluated} treatments on {found.search_draws} draws, "
        f"{len(found.chosen)} shown on {found.draws}: {seconds:.1f} s (CPU {cpu:.1f} s)"
    )


if __name__ == "__main__":
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {os.cpu_count()} cores, "
          f"load {load:.1f}")  # fmt: skip
    for each, text in QUESTIONS.items():
        question(each, text)
    search()
