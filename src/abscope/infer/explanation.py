"""Everything that answers 'was it the radiotherapy?' for one case, joined; no rule of its own."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from abscope.case.record import Case
from abscope.dose.geometry.grid import Floats
from abscope.errors import CaseError, Problem, UsageError
from abscope.infer.attribution import Attribution, LesionDraws, attribute
from abscope.infer.case_model import CaseModel, FitOptions, case_model
from abscope.infer.concluding import Conclusion, Evidence, conclude
from abscope.infer.given import check_given, not_given
from abscope.infer.leaving_out import LeftOut, leave_out
from abscope.infer.posterior import Posterior
from abscope.infer.questions import answer_frac, targets_of
from abscope.infer.reweighting import Reweighted, pareto_smoothed
from abscope.infer.rivals import LesionRivals, compare_rivals
from abscope.infer.settling import SEEN_AFTER_D, Measurement, settling
from abscope.infer.spread import Spread, spread_of
from abscope.infer.structures import Structure, structures
from abscope.model.families.side_by_side import FAMILIES, FamilyOutcome, families
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import Homing
from abscope.response.abscopal import AbscopalCall, abscopal_call

__all__ = ["STEPS", "ExplainOptions", "Explanation", "check_explained", "explain_case"]

#: What `explain_case` does, in this order.
STEPS = (
    "with and without each cause",
    "the same before the data",
    "the modes of homing",
    "models of others",
    "courses, drugs and mechanisms one by one",
    "competing explanations",
)
#: Structures and mechanisms are seen over this part of the draws.
_PART = 0.3
_LEAST_DRAWS, _MOST_DRAWS = 30, 5000
#: Each mechanism is taken out of no more draws than this.
_MECHANISM_DRAWS = 60
#: Some models of others go in small steps.
_FAMILY_DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """``lesions`` are those of the record to explain, without names the ones that were followed.

    ``others`` asks the published models, too (`abscope.model.families`), which takes longer.
    """

    draws: int = 200
    seed: int = 1
    lesions: tuple[str, ...] = ()
    others: bool = False
    fit: FitOptions = field(default_factory=FitOptions)


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What a case tells of causes.

    ``posterior`` is None where the draws are of the prior; then ``before`` is None too, else it is
    the attribution over the prior. ``focus`` is the lesion that the abscopal call rests on,
    ``visit`` the number of the visit that is told. ``families`` has what published models say where
    they were asked. ``settling`` has by lesion what would have
    settled its answer.
    """

    case_id: str
    options: ExplainOptions
    posterior: Posterior | None
    attribution: Attribution
    before: Attribution | None
    focus: str
    visit: int
    structures: tuple[Structure, ...]
    families: Mapping[str, FamilyOutcome]
    left_out: tuple[LeftOut, ...]
    rivals: Mapping[str, LesionRivals]
    settling: Mapping[str, tuple[Measurement, ...]]
    call: AbscopalCall
    targets: frozenset[str]
    conclusion: Conclusion

    @property
    def not_given(self) -> tuple[str, ...]:
        """Return what of the radiotherapy on record is in no draw, and so in no share."""
        return not_given(self.attribution.patients)

    @property
    def answers(self) -> dict[str, Spread | None]:
        """Return by lesion the spread of what is asked of it (`abscope.infer.questions`)."""
        return {item.lesion: spread_of(self._answer(item)) for item in self.attribution.lesions}

    @property
    def prior_widths(self) -> dict[str, float | None]:
        """Return by lesion the width of the answer over its width before the data; None unknown."""
        if self.before is None:
            return dict.fromkeys(self.answers)
        out: dict[str, float | None] = {}
        for name, after in self.answers.items():
            first = spread_of(self._answer(self.before.by_lesion[name]))
            known = after is not None and first is not None and first.width_frac > 0.0
            out[name] = after.width_frac / first.width_frac if known and after and first else None
        return out

    def _answer(self, item: LesionDraws) -> Floats:
        return answer_frac(item, self.visit, target=item.lesion in self.targets)


def explain_case(
    case: Case,
    posterior: Posterior | None,
    *,
    options: ExplainOptions | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Explanation:
    """Return the explanation of a case over draws of a posterior, or of the prior where it is None.

    ``progress`` is told which of `STEPS` is next. Raises CaseError where the case has nothing to
    simulate or no radiotherapy, UsageError for an option outside its range.
    """
    options = options or ExplainOptions()
    check_explained(case, options, posterior=posterior)
    model = _model(case, options.fit)
    number = options.draws if posterior is None else min(options.draws, posterior.size)
    source = _Source(posterior, options.seed, model)
    ess = math.inf if posterior is None else posterior.diagnosis.ess_bulk
    effective = ess if ess > 1.0 else 1.0
    progress(STEPS[0])
    base = attribute(
        case, source.draws(number), options=options.fit, lesions=options.lesions,
        more_days_d=SEEN_AFTER_D, effective_draws=effective,
    )  # fmt: skip
    check_given(case, base.patients)
    names = tuple(item.lesion for item in base.lesions)
    before = None
    if posterior is not None:
        progress(STEPS[1])
        unfitted = _Source(None, options.seed, model).draws(number)
        before = attribute(case, unfitted, options=options.fit, lesions=names)
    call, targets = abscopal_call(case), targets_of(case)
    focus = call.decisive if call.decisive in names else _first(targets, names)
    visit = _visit(case, base, call, focus)
    progress(STEPS[2])
    few = max(_LEAST_DRAWS, round(_PART * number))
    weigh = source.weights(few) if posterior is not None and model is not None else None
    modes = structures(
        case, lambda: source.draws(few), base=base, visit=visit, weigh=weigh
    )  # fmt: skip
    others: dict[str, FamilyOutcome] = {}
    if options.others:
        progress(STEPS[3])
        others = families(case, source.draws(min(few, _FAMILY_DRAWS)), names=tuple(FAMILIES))
    progress(STEPS[4])
    left = leave_out(base, draws=min(few, _MECHANISM_DRAWS))
    progress(STEPS[5])
    rivals: dict[str, LesionRivals] = {}
    if model is not None:
        z = _Source(None, options.seed + 1, model).deviates(number)
        rivals = {one.lesion: one for one in compare_rivals(model, z, lesions=names)}
    would = {
        item.lesion: settling(
            case, base, lesion=item.lesion,
            answer_frac=answer_frac(item, visit, target=item.lesion in targets),
        )
        for item in base.lesions
    }  # fmt: skip
    evidence = Evidence(case, posterior, base, visit, modes, rivals, would, call, focus, targets)
    return Explanation(
        case_id=case.id,
        options=replace(options, draws=number),
        posterior=posterior,
        attribution=base,
        before=before,
        focus=focus,
        visit=visit,
        structures=modes,
        families=others,
        left_out=left,
        rivals=rivals,
        settling=would,
        call=call,
        targets=targets,
        conclusion=conclude(evidence),
    )


def check_explained(
    case: Case, options: ExplainOptions, *, posterior: Posterior | None = None
) -> None:
    """Raise UsageError for an option outside its range and for draws of another case, or few."""
    problems = []
    if not _LEAST_DRAWS <= options.draws <= _MOST_DRAWS:
        expected = f"{_LEAST_DRAWS} to {_MOST_DRAWS}"
        problems.append(Problem("draws", f"{options.draws}", expected, "Choose another number."))
    if not 0 <= options.seed < 2**62:
        problems.append(Problem("seed", f"{options.seed}", "0 or more", "Choose another."))
    if posterior is not None and posterior.case_id != case.id:
        what = f"a posterior of {posterior.case_id}"
        problems.append(Problem(case.id, what, f"one of {case.id}", "Fit this case."))
    if posterior is not None and posterior.size < _LEAST_DRAWS:
        what, expected = f"{posterior.size} draws", f"{_LEAST_DRAWS} or more"
        problems.append(Problem("posterior", what, expected, "Draw more."))
    known = case.lesions_by_id
    problems += [
        Problem(case.id, f"there is no lesion '{name}'", ", ".join(known), "Name another.")
        for name in options.lesions
        if name not in known
    ]
    if problems:
        raise UsageError(problems)


def _model(case: Case, options: FitOptions) -> CaseModel | None:
    """Return the case with its data, None where nothing was measured afterwards."""
    try:
        return case_model(case, options)
    except CaseError as error:
        if any(problem.path == "imaging" for problem in error.problems):
            return None
        raise


class _Source:
    """Draws of a posterior or the prior, in which every quantity has its deviate."""

    def __init__(self, posterior: Posterior | None, seed: int, model: CaseModel | None) -> None:
        self._posterior, self._seed, self._model = posterior, seed, model

    def _plain(self, number: int) -> PriorDraws:
        if self._posterior is not None:
            return self._posterior.prior(number)
        return PriorDraws(number, seed=self._seed)

    def deviates(self, number: int) -> Floats:
        """Return the deviates of all names of the model, (draws, names)."""
        plain = self._plain(number)
        names = self._model.names if self._model is not None else ()
        return np.column_stack([plain.normal(name) for name in names])

    def draws(self, number: int) -> PriorDraws:
        """Return the draws; what the data of a fit need is given by its deviate."""
        if self._model is None:
            return self._plain(number)
        given = dict(zip(self._model.names, self.deviates(number).T, strict=True))
        seed = self._seed if self._posterior is None else self._posterior.seed
        return PriorDraws(number, seed=seed, given=given)

    def weights(self, number: int) -> Callable[[Homing], Reweighted]:
        """Return what weighs the draws for another mode of homing, by how well it explains."""
        model = self._model
        if model is None:
            raise ValueError("a case without data has no weights")
        z = self.deviates(number)
        mine = model.log_likelihood(model.computed(z))

        def weigh(mode: Homing) -> Reweighted:
            other = CaseModel(model.case, replace(model.options, homing=mode), model.data)
            theirs = other.log_likelihood(other.computed(z))
            with np.errstate(invalid="ignore"):
                return pareto_smoothed(np.where(np.isfinite(mine), theirs - mine, -np.inf))

        return weigh


def _first(targets: frozenset[str], names: tuple[str, ...]) -> str:
    """Return the first lesion that was no target, else the first."""
    return next((name for name in names if name not in targets), names[0])


def _visit(case: Case, base: Attribution, call: AbscopalCall, focus: str) -> int:
    """Return the visit at which the record first shows a response of the focus, else sees it."""
    labels = [visit.label for visit in base.visits]
    told = [item.path.first.scan for item in call.candidates
            if item.lesion == focus and item.path.first is not None]  # fmt: skip
    seen = [scan.id for scan in case.imaging if any(x.lesion == focus for x in scan.findings)]
    return next((labels.index(name) for name in (*told, *seen) if name in labels), 0)
