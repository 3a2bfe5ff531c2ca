"""What-ifs for the page: a session per case, prepared once, and any change asked of it quickly."""

import re
import shlex
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from abscope.errors import Problem, UsageError
from abscope.web.jobs import Job, Jobs, Progress
from abscope.web.reading import Opened

if TYPE_CHECKING:
    from abscope.blood.planned import PlannedDose
    from abscope.case.record import Case
    from abscope.decide.answers import Answers, Sessions
    from abscope.decide.scenario import Scenario
    from abscope.decide.session import WhatIf

__all__ = [
    "DRAWS",
    "SEED",
    "Prepared",
    "changes_command",
    "changes_python",
    "prepared_job",
    "standard_job",
]

#: Draws of the prior that every answer rests on, and their seed.
DRAWS = 200
SEED = 1
_KEPT = 64
_MOST_CHANGES = 20
_LONGEST = 300
_CHANGE = re.compile(r"^(set|drop|add|shift)\s+(.+)$")


class Prepared:
    """A case with its draws simulated as delivered; one change at a time runs on them."""

    def __init__(self, case: "Case") -> None:
        from abscope.decide.answers import Draws, sessions_of

        self.draws = Draws.of_prior(DRAWS, seed=SEED)
        self.case = case
        self.sessions: Sessions = sessions_of(case, self.draws)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], dict[str, Any]] = OrderedDict()

    @property
    def session(self) -> "WhatIf":
        """The session on the draws."""
        return self.sessions.main

    def ask(self, changes: Sequence[str]) -> dict[str, Any]:
        """Return what changes would have done, as JSON can hold it; UsageError for impossible ones.

        Without a change it is only what the delivered treatment is expected to do.
        """
        from abscope.decide.compare import compare
        from abscope.decide.plain import plain_comparison

        scenario = _scenario(changes)
        key = tuple(changes)
        with self._lock:  # one run at a time: it already uses every core
            known = self._kept.get(key)
            if known is None:
                known = plain_comparison(compare(self.session, scenario))
                self._kept[key] = known
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return {
                **known,
                "draws_are": self.draws.words,
                "warnings": list(self.draws.warnings),
                "homing": self.session.options.homing,
            }

    def standard(self, progress: Progress) -> "Answers":
        """Return the answers to the usual alternatives."""
        from abscope.decide.answers import ask
        from abscope.decide.standard import standard_scenarios

        def tell(done: int, of: int) -> None:
            progress(done / of if of else 1.0, f"{done} of {of} alternatives")

        scenarios = standard_scenarios(self.session)
        return ask(
            self.case, scenarios, draws=self.draws, sessions=self.sessions, standard=True,
            progress=tell,
        )  # fmt: skip

    def controls(self) -> dict[str, Any]:
        """Return what of the treatment can be changed: phases, others, drugs, with what was."""
        names = self.session.names
        planned: dict[str, PlannedDose] = {}
        for plan in self.session.planned:
            planned.setdefault(plan.name, plan)
        lesions = self.case.lesions_by_id
        targets = {
            phase.id: (phase.targets, course.id if len(course.phases) == 1 else "", phase.name)
            for course in self.case.rt_courses
            for phase in course.phases
        }
        return {
            "phases": [
                {
                    "id": name,
                    "course": targets[name][1] if name in targets else "",
                    "title": (targets[name][2] or "") if name in targets else "",
                    "dose_gy": plan.prescribed_gy,
                    "n_fractions": plan.n_fractions[0] if plan.n_fractions else None,
                    "targets": list(targets[name][0]) if name in targets else [],
                }
                for name, plan in planned.items()
            ],
            "lesions": [
                {"id": name, "title": lesions[name].label}
                for name in self.session.delivered.outcome.lesions
            ],
            "others": list(names.others),
            "agents": list(names.agents),
        }


def prepared_job(jobs: Jobs, opened: Opened, case: "Case", variant: str) -> Job:
    """Return the work that prepares a case for what-ifs; ``variant`` tells dose data apart."""
    key = ("what-if", opened.shown.shelf, opened.shown.name, opened.shown.revision, variant)

    def work(progress: Progress) -> Prepared:
        progress(0.1, "simulating the delivered treatment on every draw")
        return Prepared(case)

    return jobs.start(key, f"Preparing what-ifs of {opened.shown.name}", work)


def standard_job(jobs: Jobs, job: Job) -> Job:
    """Return the work that asks the usual alternatives of a prepared case."""
    prepared = job.result
    if not isinstance(prepared, Prepared):
        raise UsageError(
            Problem("what-if", "the case is not prepared yet", "a case that is ready", "Wait.")
        )
    return jobs.start(("standard", job.key), "Asking the usual alternatives", prepared.standard)


def _scenario(changes: Sequence[str]) -> "Scenario":
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


def changes_command(case: str, changes: Sequence[str]) -> str:
    """Return the command that asks the same changes."""
    words = ["abscope", "whatif", shlex.quote(case)]
    for line in changes:
        kind, _, text = line.strip().partition(" ")
        if kind == "shift":
            target, _, delta = text.strip().rpartition(" ")
            words += ["--shift", shlex.quote(target), shlex.quote(delta)]
        else:
            words += [f"--{kind}", shlex.quote(text)]
    return " ".join(words if changes else [*words, "--standard"])


def changes_python(case: str, changes: Sequence[str]) -> str:
    """Return the lines of Python that ask the same changes."""
    lists: dict[str, list[Any]] = {"sets": [], "drops": [], "adds": [], "shifts": []}
    for line in changes:
        kind, _, text = line.strip().partition(" ")
        if kind == "shift":
            target, _, delta = text.strip().rpartition(" ")
            lists["shifts"].append((target, delta))
        elif f"{kind}s" in lists:
            lists[f"{kind}s"].append(text)
    asked = ", ".join(f"{name}={texts!r}" for name, texts in lists.items() if texts)
    return (
        "from abscope.case import open_case\n"
        "from abscope.decide.answers import Draws, ask\n"
        "from abscope.decide.scenario_text import parse_scenario\n\n"
        f"draws = Draws.of_prior({DRAWS}, seed={SEED})\n"
        f"scenario = parse_scenario({asked or 'drops=[...]'})\n"
        f"found = ask(open_case({case!r}).case, [scenario], draws=draws)\n"
        "print(found.comparisons[0].whole.change[-1])\n"
    )
