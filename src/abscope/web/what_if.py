"""What-ifs for the page: a session per case, prepared once, and any change asked of it quickly."""

import gc
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from abscope.errors import Problem, UsageError
from abscope.web.changes import DRAWS, SEED, scenario_of_lines
from abscope.web.fits import Source, against, kept_fit
from abscope.web.jobs import Job, Progress
from abscope.web.subject import Subject

if TYPE_CHECKING:
    from abscope.blood.planned import PlannedDose
    from abscope.case.record import Case
    from abscope.decide.answers import Answers, Sessions
    from abscope.decide.compare import Comparison
    from abscope.decide.session import WhatIf
    from abscope.infer.fit_run import StoredFit

__all__ = ["Prepared", "prepared_job", "standard_job"]

_KEPT = 64


class Prepared:
    """A case with its draws simulated as delivered; one change at a time runs on them.

    The draws are of ``fit``, of the prior where it is None.
    """

    def __init__(self, case: "Case", fit: "StoredFit | None" = None) -> None:
        from abscope.decide.answers import Draws, sessions_of
        from abscope.decide.continuation import WhatIfOptions

        if fit is None:
            self.draws = Draws.of_prior(DRAWS, seed=SEED)
            self.options = WhatIfOptions()
        else:
            self.draws = Draws.of_posterior(fit.posterior, DRAWS, warnings=against(fit))
            self.options = WhatIfOptions(homing=fit.options.homing, switches=fit.options.switches)
        self.case, self.fit = case, fit
        self.sessions: Sessions = sessions_of(case, self.draws, options=self.options)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], Comparison] = OrderedDict()

    @property
    def session(self) -> "WhatIf":
        """The session on the draws."""
        return self.sessions.main

    def ask(self, changes: Sequence[str]) -> dict[str, Any]:
        """Return what changes would have done, as JSON can hold it; UsageError for impossible ones.

        Without a change it is only what the delivered treatment is expected to do.
        """
        from abscope.decide.plain import plain_comparison
        from abscope.decide.statement import prior_words

        found = self.compare(changes)
        return {
            **plain_comparison(found),
            "how_much_is_prior": prior_words(found, self.draws),
            "draws_are": self.draws.words,
            "warnings": list(self.draws.warnings),
            "homing": self.session.options.homing,
        }

    def compare(self, changes: Sequence[str]) -> "Comparison":
        """Return what changes would have done; UsageError for impossible ones."""
        from abscope.decide.compare import compare

        scenario = scenario_of_lines(changes)
        key = tuple(changes)
        with self._lock:  # one run at a time: it already uses every core
            known = self._kept.get(key)
            if known is None:
                known = compare(self.session, scenario, prior=self.sessions.prior)
                self._kept[key] = known
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return known

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


def prepared_job(subject: Subject, source: Source = "prior") -> Job:
    """Return the work that prepares a case for what-ifs; UsageError where its fit is not kept."""
    fit = kept_fit(subject) if source == "fit" else None
    if source == "fit" and fit is None:
        what, hint = "there is no fit of this case as it is now", "Fit it on the page Explain."
        raise UsageError(Problem(subject.opened.shown.name, what, "a fit that is kept", hint))

    def work(progress: Progress) -> Prepared:
        progress(0.1, "simulating the delivered treatment on every draw")
        prepared = Prepared(subject.case, fit)
        # what stays is not looked through again: that took 50 ms in the middle of a slider's way;
        # what an earlier case left behind is thawed and collected first
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        return prepared

    title = f"Preparing what-ifs of {subject.opened.shown.name}"
    return subject.rooms.jobs.start(("what-if", source, *subject.key), title, work)


def standard_job(subject: Subject, job: Job) -> Job:
    """Return the work that asks the usual alternatives of a prepared case."""
    prepared = job.result
    if not isinstance(prepared, Prepared):
        raise UsageError(
            Problem("what-if", "the case is not prepared yet", "a case that is ready", "Wait.")
        )
    title = "Asking the usual alternatives"
    return subject.rooms.jobs.start(("standard", job.key), title, prepared.standard)
