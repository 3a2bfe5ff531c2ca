"""A scenario applied to a case: the edited record, and what a record cannot say.

The case is never changed: courses, phases and therapies are copied with other facts, and each copy
is validated as any record is. Fractions keep their first day unless the scenario moves it, so the
first day of a course is stated in the copy as the span that the delivered one lies in; the clock
of the case, and with it every other day, stays as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from abscope.blood.planned import PlannedDose
from abscope.case.clock import Clock
from abscope.case.radiotherapy import RTCourse
from abscope.case.record import Case
from abscope.decide.drug_edits import drop_drug, shift_drug
from abscope.decide.names import Names
from abscope.decide.phase_edits import PhaseEdit, added_course, edited_course
from abscope.decide.scenario import (
    AddCourse,
    Drop,
    Scenario,
    SetPrescription,
    SetTargets,
    Shift,
    Spare,
)
from abscope.errors import AbscopeError, Problem, UsageError
from abscope.model.lesion_sizes import has_size

__all__ = ["EditedCase", "edit_case"]


@dataclass(frozen=True, slots=True, eq=False)
class EditedCase:
    """A case as a scenario has it.

    ``without`` are phases that are not given; ``spare_frac`` multiplies doses of organ groups;
    ``lesion_factor_frac`` multiplies the dose of a lesion from a phase, by (phase, lesion), where
    the record has words for it only. ``touched`` are phases that are changed, ``added`` new ones,
    each with the phase that it begins together with (None where its day is stated). ``drugs`` says
    whether any drug is changed, ``assumed`` in sentences what the scenario does not say.
    """

    case: Case
    without: frozenset[str] = frozenset()
    spare_frac: Mapping[str, float] = field(default_factory=dict)
    lesion_factor_frac: Mapping[tuple[str, str], float] = field(default_factory=dict)
    touched: frozenset[str] = frozenset()
    added: Mapping[str, str | None] = field(default_factory=dict)
    drugs: bool = False
    assumed: tuple[str, ...] = ()


def edit_case(
    case: Case,
    scenario: Scenario,
    *,
    clock: Clock,
    planned: Mapping[str, PlannedDose],
    names: Names,
) -> EditedCase:
    """Return the case of a scenario.

    ``planned`` has the delivered fractions by phase (`abscope.blood.case_plan`), ``names`` what can
    be named. Raises UsageError with everything in the scenario that cannot be.
    """
    editor = _Editor(case, clock, planned, names)
    for change in scenario.changes:
        try:
            editor.apply(change)
        except AbscopeError as error:
            editor.problems += error.problems
    editor.contradictions(scenario)
    if editor.problems:
        raise UsageError(editor.problems)
    return editor.result()


class _Editor:
    def __init__(
        self, case: Case, clock: Clock, planned: Mapping[str, PlannedDose], names: Names
    ) -> None:
        self.case, self.clock, self.planned, self.names = case, clock, planned, names
        self.problems: list[Problem] = []
        self.edits: dict[str, PhaseEdit] = {}
        self.without: set[str] = set()
        self.spare: dict[str, float] = {}
        self.courses: list[RTCourse] = []
        self.added: dict[str, str | None] = {}
        self.drugs = False
        self.assumed: list[str] = []

    def apply(self, change: object) -> None:
        """Take in one change; raises UsageError where the case has nothing that it could change."""
        match change:
            case SetPrescription():
                for phase in self.names.phases(change.target, where=change.text):
                    self._edit(phase).prescription = change.prescription
            case SetTargets():
                self.names.check_lesions(change.lesions, where=change.text)
                self._say_unsized(change.lesions)
                for phase in self.names.phases(change.target, where=change.text):
                    self._edit(phase).targets = change.lesions
            case Spare():
                self.names.check_organ(change.organ, where=change.text)
                self.spare[change.organ] = change.factor_frac
                self.assumed.append(
                    f"every dose of {change.organ.replace('_', ' ')} times {change.factor_frac:g}, "
                    "all else as delivered"
                )
            case AddCourse():
                self._add(change)
            case Drop():
                if self.names.is_rt(change.target):
                    self.without |= set(self.names.phases(change.target, where=change.text))
                else:
                    self.drugs = True
                    self.case = drop_drug(self.case, change, names=self.names)
            case Shift():
                if self.names.is_rt(change.target):
                    for phase in self.names.phases(change.target, where=change.text):
                        self._edit(phase).by_d = change.by_d
                else:
                    self.drugs = True
                    self.case = shift_drug(
                        self.case, change, clock=self.clock, names=self.names, told=self.assumed
                    )

    def _edit(self, phase: str) -> PhaseEdit:
        return self.edits.setdefault(phase, PhaseEdit())

    def _add(self, change: AddCourse) -> None:
        lesions = self.names.lesions_at(change.where, where=change.text)
        number = len(self.courses) + 1
        first = self.names.first_phase
        course = added_course(
            self.names.free_id(f"ADD{number}"), change, lesions=lesions, like=self.planned[first]
        )
        self.courses.append(course)
        together = first if change.prescription.start_d is None else None
        self.added[course.phases[0].id] = together
        if together:
            self.assumed.append(f"{course.id} begins on the day of the first fraction of {first}")
        self._say_unsized(lesions)
        if len(lesions) > 1 or lesions[0] != change.where[0]:
            self.assumed.append(f"{course.id} treats {', '.join(lesions)}")

    def _say_unsized(self, lesions: Iterable[str]) -> None:
        """Say which lesions have no size on record, so that their answer rests on a prior."""
        sized = {
            found.lesion for scan in self.case.imaging for found in scan.findings if has_size(found)
        }
        without = [name for name in lesions if name not in sized]
        if without:
            self.assumed.append(
                f"{', '.join(without)}: no size on record; what becomes of it rests on a prior"
            )

    def contradictions(self, scenario: Scenario) -> None:
        """Keep what changes a phase that is dropped, or a phase and its course in two ways."""
        names = {
            change.target: change.text for change in scenario.changes if isinstance(change, Drop)
        }
        for phase in sorted(self.without & set(self.edits)):
            text = next((t for name, t in names.items() if phase in self.names.of(name)), "--drop")
            what = f"{phase} is dropped and changed"
            self.problems.append(Problem(text, what, "one of the two", "Leave the other out."))
        seen: dict[tuple[type, str], str] = {}
        for change in scenario.changes:
            if not isinstance(change, SetPrescription | SetTargets | Shift):
                continue
            for phase in self.names.of(change.target):
                before = seen.setdefault((type(change), phase), change.text)
                if before != change.text:
                    what, hint = f"changes {phase}, as {before} does", "Leave one of them out."
                    self.problems.append(Problem(change.text, what, "each phase once", hint))
        self.problems += self._moved_twice(scenario)
        for phase, edit in self.edits.items():
            if edit.by_d and edit.prescription and edit.prescription.start_d is not None:
                what = f"{phase} gets a first day and is shifted"
                self.problems.append(Problem("scenario", what, "one of the two", "Leave one out."))

    def _moved_twice(self, scenario: Scenario) -> list[Problem]:
        """Return which drugs of a therapy two changes move, and what is moved though left out.

        Two changes that name the same word are refused before (`scenario.scenario_problems`).
        """
        out: list[Problem] = []
        drugs = [
            (change, self.names.doses(change.target))
            for change in scenario.changes
            if isinstance(change, Drop | Shift) and not self.names.is_rt(change.target)
        ]
        for k, (change, mine) in enumerate(drugs):
            for other, its in drugs[:k] if isinstance(change, Shift) else ():
                both = mine & its
                if not both or (isinstance(other, Drop) and not mine <= its):
                    continue
                said = ", ".join(f"{agent} of {therapy}" for therapy, agent in sorted(both))
                what = f"changes {said}, as {other.text} does"
                out.append(Problem(change.text, what, "each drug once", "Leave one of them out."))
        return out

    def result(self) -> EditedCase:
        """Return the edited case."""
        factors: dict[tuple[str, str], float] = {}
        courses = tuple(
            edited_course(
                course, self.edits, planned=self.planned, factors=factors, told=self.assumed
            )
            for course in self.case.rt_courses
        )
        case = self.case.model_copy(update={"rt_courses": (*courses, *self.courses)})
        case.__dict__.pop("lesions_by_id", None)
        if self.without:
            self.assumed.append(f"without {', '.join(sorted(self.without))}; all else as delivered")
        return EditedCase(
            case=case,
            without=frozenset(self.without),
            spare_frac=self.spare,
            lesion_factor_frac=factors,
            touched=frozenset(self.edits),
            added=self.added,
            drugs=self.drugs,
            assumed=tuple(dict.fromkeys(self.assumed)),
        )
