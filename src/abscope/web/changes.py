"""Lines of change, such as ``set rt.RT2: 3 x 8 Gy``, as a scenario, a command and Python."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.decide.scenario import Scenario

__all__ = [
    "DRAWS", "SEED", "change_lines", "changes_command", "changes_python", "draws_argument",
    "draws_python", "scenario_of_lines",
]  # fmt: skip

#: Draws that every answer rests on, and their seed.
DRAWS = 200
SEED = 1
_MOST_CHANGES = 20
_LONGEST = 300
_CHANGE = re.compile(r"^(set|drop|add|shift)\s+(.+)$")


def scenario_of_lines(changes: Sequence[str]) -> "Scenario":
    """Return the scenario of lines such as ``set rt.RT2: 3 x 8 Gy``; UsageError for the wrong."""
    from abscope.decide.scenario_text import parse_scenario

    lists: dict[str, list[str]] = {"set": [], "drop": [], "add": []}
    shifts: list[tuple[str, str]] = []
    problems = []
    expected = "set, drop, add or shift, and what to change"
    if len(changes) > _MOST_CHANGES:
        what = f"{len(changes)} changes"
        problems.append(Problem("changes", what, f"at most {_MOST_CHANGES}", "Leave some out."))
    for line in changes:
        found = _CHANGE.match(line.strip()[:_LONGEST])
        if found is None:
            what = f"'{line[:80]}' is no change"
            problems.append(Problem("changes", what, expected, "set rt.RT2: 3 x 8 Gy"))
            continue
        kind, text = found.groups()
        if kind == "shift":
            target, _, delta = text.strip().rpartition(" ")
            shifts.append((target, delta))
        else:
            lists[kind].append(text)
    if problems:
        raise UsageError(problems)
    return parse_scenario(sets=lists["set"], drops=lists["drop"], adds=lists["add"], shifts=shifts)


def change_lines(scenario: "Scenario") -> tuple[str, ...]:
    """Return the lines that ask a scenario: its arguments of the command line without dashes."""
    return tuple(" ".join(shlex.split(text)).removeprefix("--") for text in scenario.texts)


def draws_argument(run: Path | None) -> str:
    """Return the argument of a command that takes its draws from a kept fit, else the prior."""
    return "--prior" if run is None else f"--run {shlex.quote(str(run))}"


def draws_python(case: str, run: Path | None) -> str:
    """Return the lines of Python that open a case and make the draws."""
    if run is None:
        return (
            "from abscope.case import open_case\n"
            "from abscope.decide.answers import Draws, sessions_of\n\n"
            f"located = open_case({case!r})\n"
            f"draws = Draws.of_prior({DRAWS}, seed={SEED})\n"
            "sessions = sessions_of(located.case, draws)\n"
        )
    return (
        "from pathlib import Path\n\n"
        "from abscope.case import open_case\n"
        "from abscope.decide.answers import Draws, sessions_of\n"
        "from abscope.decide.continuation import WhatIfOptions\n"
        "from abscope.infer.fit_run import read_fit\n\n"
        f"located = open_case({case!r})\n"
        f"fit = read_fit(Path({str(run)!r}), text=located.text)\n"
        f"draws = Draws.of_posterior(fit.posterior, {DRAWS})\n"
        "options = WhatIfOptions(homing=fit.options.homing, switches=fit.options.switches)\n"
        "sessions = sessions_of(located.case, draws, options=options)\n"
    )


def changes_command(case: str, changes: Sequence[str], run: Path | None = None) -> str:
    """Return the command that asks the same changes; ``run`` is a kept fit, None the prior."""
    words = ["abscope", "whatif", shlex.quote(case)]
    for line in changes:
        kind, _, text = line.strip().partition(" ")
        if kind == "shift":
            target, _, delta = text.strip().rpartition(" ")
            words += ["--shift", shlex.quote(target), shlex.quote(delta)]
        else:
            words += [f"--{kind}", shlex.quote(text)]
    return " ".join([*words, *([] if changes else ["--standard"]), draws_argument(run)])


def changes_python(case: str, changes: Sequence[str], run: Path | None = None) -> str:
    """Return the lines of Python that ask the same changes; ``run`` is a kept fit or None."""
    lists: dict[str, list[Any]] = {"sets": [], "drops": [], "adds": [], "shifts": []}
    for line in changes:
        kind, _, text = line.strip().partition(" ")
        if kind == "shift":
            target, _, delta = text.strip().rpartition(" ")
            lists["shifts"].append((target, delta))
        elif f"{kind}s" in lists:
            lists[f"{kind}s"].append(text)
    asked = ", ".join(f"{name}={texts!r}" for name, texts in lists.items() if texts)
    opened = draws_python(case, run)
    if not asked:
        return (
            "from abscope.decide.standard import standard_scenarios\n"
            f"{opened}"
            "for scenario in standard_scenarios(sessions.main):\n"
            "    print(scenario.name)\n"
        )
    return (
        "from abscope.decide.compare import compare\n"
        "from abscope.decide.scenario_text import parse_scenario\n"
        f"{opened}"
        f"scenario = parse_scenario({asked})\n"
        "print(compare(sessions.main, scenario).whole.change[-1])\n"
    )
