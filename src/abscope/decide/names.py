"""What a scenario can name in a case: courses, phases, therapies, drugs, lesions, organs."""

import difflib
from collections.abc import Collection, Iterable

from abscope.blood.alc.bodies import organ_groups
from abscope.blood.planned import PlannedDose
from abscope.case.anatomy import SITES
from abscope.case.record import Case
from abscope.case.references import named_items
from abscope.decide.scenario import OTHERS
from abscope.errors import Problem, UsageError
from abscope.model.case_frame import CaseFrame
from abscope.model.values import AGENTS

__all__ = ["Names"]


class Names:
    """The names of one case: ``lesions`` are simulated, ``gone`` says why others are not.

    Every method that takes ``where`` raises UsageError, with that place, for a name that is not of
    the case.
    """

    def __init__(
        self,
        case: Case,
        frame: CaseFrame,
        planned: Iterable[PlannedDose],
        *,
        lesions: Collection[str],
        gone: dict[str, str],
    ) -> None:
        plans = {plan.name: plan for plan in planned}
        self._case, self._gone, self._lesions = case, gone, tuple(lesions)
        self._courses = {
            course.id: tuple(phase.id for phase in course.phases if phase.id in plans)
            for course in frame.courses
        }
        self._phases = [phase for phases in self._courses.values() for phase in phases]
        self._early = {
            name
            for course in case.rt_courses
            if course.id not in self._courses
            for name in (course.id, *(phase.id for phase in course.phases))
        }
        self._organs = ["nodes"]
        for plan in plans.values():
            self._organs += [x for x in organ_groups(plan.body) if x not in self._organs]
        self._taken = {name for _, name in named_items(case)}

    @property
    def first_phase(self) -> str:
        """Return the first phase that is simulated."""
        return self._phases[0]

    @property
    def lesions(self) -> tuple[str, ...]:
        """Return the lesions that are simulated."""
        return self._lesions

    @property
    def organs(self) -> tuple[str, ...]:
        """Return the organ groups of the body."""
        return tuple(self._organs)

    @property
    def courses(self) -> tuple[str, ...]:
        """Return the courses that are simulated."""
        return tuple(name for name, phases in self._courses.items() if phases)

    @property
    def others(self) -> tuple[str, ...]:
        """Return the lesions that no course surely treats."""
        sure = {x for course in self._case.rt_courses for x in course.targets}
        return tuple(name for name in self._lesions if name not in sure)

    @property
    def agents(self) -> tuple[str, ...]:
        """Return the drugs of the case that the model knows, in the order of the record."""
        found = (
            agent.name.strip().lower()
            for therapy in self._case.systemic_therapy
            for agent in therapy.agents
        )
        return tuple(dict.fromkeys(name for name in found if name in AGENTS))

    @property
    def therapies(self) -> tuple[str, ...]:
        """Return the therapies of the case."""
        return tuple(therapy.id for therapy in self._case.systemic_therapy)

    def of(self, name: str) -> tuple[str, ...]:
        """Return the phases of a course or a phase, none where it is neither."""
        if name in self._courses:
            return self._courses[name]
        return (name,) if name in self._phases else ()

    def is_rt(self, name: str) -> bool:
        """Return whether a name is of radiotherapy rather than of a drug."""
        return not self._is_drug(name)

    def _is_drug(self, name: str) -> bool:
        return name in self.therapies or name.lower() in self.agents or name.lower() in AGENTS

    def phases(self, name: str, *, where: str) -> tuple[str, ...]:
        """Return the phases of a course, or a phase."""
        found = self.of(name)
        if found:
            return found
        if name in self._early:
            what, hint = f"{name} was given before day zero", "Choose a course that is simulated."
        elif name in self._courses or name in self._taken:
            what, hint = f"'{name}' has no fraction that is simulated", "Choose another."
        else:
            what, hint = f"'{name}' is nothing in this case", self._similar(name)
        raise UsageError(Problem(where, what, self._known(), hint))

    def _known(self) -> str:
        rt = dict.fromkeys((*self._courses, *self._phases))
        return ", ".join((*rt, *self.therapies, *self.agents)) or "nothing that can be changed"

    def _similar(self, name: str) -> str:
        known = (*self._courses, *self._phases, *self.therapies, *self.agents)
        close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        return f"Did you mean {close[0]}?" if close else "Name one of them."

    def drug(self, name: str, *, where: str) -> tuple[tuple[str, ...], str | None]:
        """Return the therapies that a therapy or drug stands for, and the drug (None: all)."""
        if name in self.therapies:
            return (name,), None
        agent = name.lower()
        found = tuple(
            therapy.id
            for therapy in self._case.systemic_therapy
            if agent in (x.name.strip().lower() for x in therapy.agents)
        )
        if not found:
            what = f"{agent} was not given in this case"
            expected = ", ".join((*self.therapies, *self.agents)) or "a case with drugs"
            raise UsageError(Problem(where, what, expected, "Name a drug of the case."))
        return found, agent

    def doses(self, name: str) -> frozenset[tuple[str, str]]:
        """Return the drugs that a therapy or drug stands for, by therapy; none where unknown."""
        return frozenset(
            (therapy.id, agent.name.strip().lower())
            for therapy in self._case.systemic_therapy
            for agent in therapy.agents
            if name == therapy.id or name.lower() == agent.name.strip().lower()
        )

    def check_lesions(self, names: Iterable[str], *, where: str) -> None:
        """Raise UsageError with every lesion that is not simulated."""
        problems = []
        for name in names:
            if name in self._lesions:
                continue
            if name in self._gone:
                what = f"{name} is not simulated, {self._gone[name]}"
            else:
                what = f"there is no lesion '{name}'"
            problems.append(Problem(where, what, ", ".join(self._lesions), "Name one of them."))
        if problems:
            raise UsageError(problems)

    def lesions_at(self, places: Iterable[str], *, where: str) -> tuple[str, ...]:
        """Return the lesions of places; `OTHERS` are those that no course surely treats."""
        found: list[str] = []
        for place in places:
            if place.lower() in (OTHERS, f"all {OTHERS}"):
                mine = list(self.others)
            elif place in self._lesions or place in self._gone:
                self.check_lesions([place], where=where)
                mine = [place]
            else:
                mine = self._in_site(place)
            if not mine:
                what = f"no lesion of the record lies in '{place}'"
                expected = f"a site of {', '.join(self._lesions)}, or one of them"
                raise UsageError(Problem(where, what, expected, self._site_hint(place)))
            found += mine
        return tuple(dict.fromkeys(found))

    def _in_site(self, place: str) -> list[str]:
        key = place.strip().lower().replace(" ", "_")
        return [
            name
            for name in self._lesions
            for site in self._case.lesions_by_id[name].sites
            if key in (site.name, site.organ.replace(" ", "_"))
        ]

    def _site_hint(self, place: str) -> str:
        close = difflib.get_close_matches(place, (*SITES, *self._lesions), n=1, cutoff=0.7)
        return f"Did you mean {close[0]}?" if close and close[0] != place else "Name another place."

    def check_organ(self, name: str, *, where: str) -> None:
        """Raise UsageError for an organ group that the body does not have."""
        if name not in self._organs:
            close = difflib.get_close_matches(name, self._organs, n=1, cutoff=0.6)
            hint = f"Did you mean {close[0]}?" if close else "Name one of them."
            what = f"'{name}' is no organ of the body"
            raise UsageError(Problem(where, what, ", ".join(self._organs), hint))

    def free_id(self, wanted: str) -> str:
        """Return an identifier that the case does not have."""
        name = wanted
        while name in self._taken or f"{name}a" in self._taken:
            name += "_"
        return name
