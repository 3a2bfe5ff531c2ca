"""The dose of each lesion from a fraction: computed, stated, prescribed, or a stated prior."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from abscope.blood.planned import PlannedDose
from abscope.case.anatomy import SITES, relation
from abscope.case.radiotherapy import Boost, Exposure, RTCourse, RTPhase
from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.catalog.exposure import exposure_line
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats
from abscope.model.case_lesions import DrawnLesion
from abscope.model.equal_effect import Sensitivity, equal_effect_gy
from abscope.model.kill import BINS
from abscope.model.plan_doses import LesionHistogram, PlanDoses
from abscope.model.prior_draws import PriorDraws
from abscope.model.record_draws import drawn_value, has_value

__all__ = ["CourseSetting", "DrawnDose", "PhaseView", "follows", "lesion_dose"]

#: Share of the volume that has at least the dose of each entry of a computed exposure.
_LEVELS = (("d2_dose_gy", 0.02), ("d50_dose_gy", 0.5), ("d95_dose_gy", 0.95), ("d98_dose_gy", 0.98))
_PARTS = 8


@dataclass(frozen=True, slots=True, eq=False)
class DrawnDose:
    """The dose of one fraction in a lesion by draw: ``dose_gy`` and ``volume_frac`` (n, parts)."""

    dose_gy: Floats
    volume_frac: Floats


@dataclass(frozen=True, slots=True, eq=False)
class PhaseView:
    """A phase with its plan; ``prescribed_gy`` (n,) is the dose per fraction in every draw.

    ``place`` is the number of the phase in its course, ``phases`` how many the course has with a
    dose, ``n_course_fractions`` how many fractions they have.
    """

    course: RTCourse
    phase: RTPhase
    plan: PlannedDose
    prescribed_gy: Floats
    place: int
    phases: int
    n_course_fractions: float


@dataclass(frozen=True, slots=True, eq=False)
class CourseSetting:
    """What the doses of a case depend on besides its courses.

    ``shared`` has the parameters of the patient by name, ``own`` those of every member of a lesion
    (`case_parameters`), ``doses`` what a plan tells.
    """

    lesions: tuple[DrawnLesion, ...]
    shared: dict[str, Floats]
    own: dict[str, dict[str, Floats]]
    prior: PriorDraws
    doses: PlanDoses = field(default_factory=PlanDoses)


def lesion_dose(
    case: Case, lesion: DrawnLesion, view: PhaseView, *, setting: CourseSetting, told: list[str]
) -> tuple[DrawnDose, ...]:
    """Return the dose of every member of a lesion in every draw; ``told`` gets what is assumed."""
    prior = setting.prior
    name, phase = lesion.lesion.id, view.phase.id
    planned = setting.doses.lesions.get((phase, name), ())
    if not planned and phase in setting.doses.phases:
        told.append(f"{name}: the plan of {phase} tells no dose of it")
        return _by_record(case, lesion, view, prior=prior, told=told)
    if not planned:
        return _without_plan(case, lesion, view, prior=prior, told=told)
    rest = (
        _by_record(case, lesion, view, prior=prior, told=told)
        if any(one.in_grid_frac < 1.0 for one in planned)
        else ()
    )
    out = []
    for k in range(lesion.volume_ml.shape[1]):
        found = planned[k % len(planned)]
        own = setting.own[f"{name}.{k + 1}"]
        cells = Sensitivity.of(own, setting.shared, prior.n)
        out.append(_of_plan(found, cells, rest[k] if rest else None, prior.n))
        if found.in_grid_frac < 1.0:
            told.append(
                f"{name}: {1.0 - found.in_grid_frac:.0%} of it lies outside the dose grid of "
                f"{phase}, where its dose is a guess"
            )
    return tuple(out)


def _of_plan(
    found: LesionHistogram, cells: Sensitivity, beyond: DrawnDose | None, n: int
) -> DrawnDose:
    """Return the histogram of a plan in parts of equal effect; ``beyond`` is outside its grid.

    What lies outside the grid has at most the smallest dose inside it.
    """
    dose = np.broadcast_to(found.dose_gy, (n, len(found.dose_gy)))
    share = found.share_frac
    if beyond is not None and found.in_grid_frac < 1.0:
        mean = (beyond.dose_gy * beyond.volume_frac).sum(axis=1, keepdims=True)
        dose = np.hstack([np.minimum(mean, found.dose_gy[0]), dose])
        share = np.concatenate([[1.0 - found.in_grid_frac], found.in_grid_frac * share])
    parts = equal_effect_gy(dose, share_frac=share, cells=cells)
    return DrawnDose(parts[:, ::-1], np.full((n, BINS), 1.0 / BINS))


def _without_plan(
    case: Case, lesion: DrawnLesion, view: PhaseView, *, prior: PriorDraws, told: list[str]
) -> tuple[DrawnDose, ...]:
    """Return the computed doses of the record, else what it states or leaves open."""
    name, course = lesion.lesion.id, view.course
    rows = [item for item in course.exposures if item.lesion == name]
    computed = [item for item in rows if item.computed_class is not None and _levels(item)]
    members = range(lesion.volume_ml.shape[1])
    if computed:
        return tuple(_computed(computed, view, k, prior.n) for k in members)
    return _by_record(case, lesion, view, prior=prior, told=told)


def _by_record(
    case: Case, lesion: DrawnLesion, view: PhaseView, *, prior: PriorDraws, told: list[str]
) -> tuple[DrawnDose, ...]:
    """Return what the record states, else what follows from where the lesion lies."""
    name, course = lesion.lesion.id, view.course
    rows = [
        item for item in course.exposures if item.lesion == name and item.computed_class is None
    ]
    members = range(lesion.volume_ml.shape[1])
    stated = [item.mean_dose_gy for item in rows if item.mean_dose_gy is not None]
    stated = [item for item in stated if has_value(item)]
    if stated:
        told.append(f"{name}: the dose on record from {course.id} is spread over its fractions")
        return tuple(
            _uniform(
                drawn_value(stated[0], f"{name} stated dose", prior, zero=True)
                / view.n_course_fractions
            )
            for _ in members
        )
    sure, words = _role(lesion, view, rows, case)
    hit = None
    if sure is None:
        told.append(f"{name}: perhaps a target of {view.phase.id}, treated in half the draws")
        share = lymphocyte_parameter("uncertain_target_share").value
        hit = prior.uniform(f"{name} {course.id} target") < share
    if sure is True:
        return tuple(_as_target(lesion, view, k, prior, told) for k in members)
    outside = tuple(
        _outside(f"{name}.{k + 1}", _bath(case, lesion, view, words), view, words, prior, told)
        for k in members
    )
    if hit is None:
        return outside
    inside = [_as_target(lesion, view, k, prior, told) for k in members]
    return tuple(_either(hit, a, b) for a, b in zip(inside, outside, strict=True))


def _levels(item: Exposure) -> bool:
    return item.mean_dose_gy is not None and item.mean_dose_gy.known


def _computed(rows: Sequence[Exposure], view: PhaseView, member: int, n: int) -> DrawnDose:
    """Return the dose of the plan of this phase, or the mean over all fractions of the course."""
    regions = list(dict.fromkeys(item.region for item in rows))
    mine = [item for item in rows if item.region == regions[member % len(regions)]]
    if len(mine) == view.phases:
        total = _quantiles(mine[view.place]) / float(np.mean(view.plan.n_fractions))
    else:
        total = np.sum([_quantiles(item) for item in mine], axis=0) / view.n_course_fractions
    dose = np.broadcast_to(total, (n, _PARTS))
    return DrawnDose(dose, np.full((n, _PARTS), 1.0 / _PARTS))


def _quantiles(item: Exposure) -> Floats:
    """Return the dose of parts of equal volume, hottest first, whose mean is the computed one."""
    mean = item.mean_dose_gy.value if item.mean_dose_gy else None
    known = [
        (share, quantity.value)
        for key, share in _LEVELS
        if (quantity := getattr(item, key)) is not None and quantity.value is not None
    ]
    if mean is None or len(known) < 2:
        return np.full(_PARTS, mean or 0.0)
    middle = (np.arange(_PARTS) + 0.5) / _PARTS
    shape = np.interp(middle, [share for share, _ in known], [dose for _, dose in known])
    return np.asarray(shape * (mean / shape.mean() if shape.mean() > 0 else 1.0))


def _uniform(dose_gy: Floats) -> DrawnDose:
    return DrawnDose(dose_gy[:, None], np.ones((len(dose_gy), 1)))


def _role(
    lesion: DrawnLesion, view: PhaseView, rows: Sequence[Exposure], case: Case
) -> tuple[bool | None, frozenset[str]]:
    """Return whether a lesion is a target of a phase (None: open), and the stated classes."""
    name = lesion.lesion.id
    words = frozenset(
        word for item in rows if item.stated_class for word in item.stated_class.candidates
    )
    if name in view.phase.targets:
        return True, words
    if name in view.phase.targets_uncertain:
        return (True if words == {"in_field"} else None), words
    named = name in view.course.targets or name in view.course.targets_uncertain
    if words == {"in_field"} and not named:
        return _bath(case, lesion, view, frozenset()) == "bath_same", words
    return False, words


def _as_target(
    lesion: DrawnLesion, view: PhaseView, member: int, prior: PriorDraws, told: list[str]
) -> DrawnDose:
    name, phase = f"{lesion.lesion.id}.{member + 1} {view.phase.id}", view.phase
    mean = view.prescribed_gy * prior.near_normal(f"{name} mean", case_prior("target_mean"))
    if phase.lattice is not None:
        return _lattice(name, view, mean, prior, told)
    boost, lesion_id = phase.boost, lesion.lesion.id
    if boost is None or (boost.lesions and lesion_id not in boost.lesions):
        return _uniform(mean)
    share = boost.part_frac.value if boost.part_frac is not None else None
    if follows(phase):
        if share is None:
            told.append(f"{lesion_id}: the boost of {phase.id} is taken to cover all of it")
            return _uniform(mean)
        core, high, low = np.full(prior.n, share), mean, np.zeros(prior.n)
        told.append(f"{lesion_id}: the boost of {phase.id} is taken to spare what it leaves out")
        return DrawnDose(np.stack([high, low], 1), np.stack([core, 1.0 - core], 1))
    values = _boost_gy(boost, view)
    if not values.size:
        told.append(f"{lesion_id}: the boost of {phase.id} has no dose on record and is left out")
        return _uniform(mean)
    if share is None:
        told.append(f"{lesion_id}: the boosted core of {phase.id} has a share that is not known")
        core = prior.spread(f"{name} core", case_prior("core_share"))
    else:
        core = np.full(prior.n, share)
    high = np.maximum(values[prior.choice(f"{name} boost", values)], mean)
    return DrawnDose(np.stack([high, mean], 1), np.stack([core, 1.0 - core], 1))


def follows(phase: RTPhase) -> bool:
    """Return whether a phase has a boost that comes after its fractions, not within them."""
    boost = phase.boost
    return boost is not None and boost.kind is not None and boost.kind.value == "sequential"


def _boost_gy(boost: Boost, view: PhaseView) -> Floats:
    """Return every version of the dose per fraction of a boost within the same fractions."""
    each = boost.dose_per_fraction_gy
    if each is not None and each.candidates:
        return np.asarray(each.candidates, float)
    total = boost.total_dose_gy
    numbers = boost.n_fractions.candidates if boost.n_fractions is not None else ()
    number = float(np.mean(numbers or view.plan.n_fractions))
    return np.asarray(total.candidates if total is not None else (), float) / number


def _lattice(
    name: str, view: PhaseView, mean: Floats, prior: PriorDraws, told: list[str]
) -> DrawnDose:
    lattice = view.phase.lattice
    peak = lattice.peak_dose_gy.value if lattice and lattice.peak_dose_gy else None
    valley = lattice.valley_dose_gy.value if lattice and lattice.valley_dose_gy else None
    number = float(np.mean(view.plan.n_fractions))
    high = np.full(prior.n, peak / number) if peak else mean
    low = (
        np.full(prior.n, valley / number)
        if valley
        else high * prior.spread(f"{name} valley", case_prior("valley_dose"))
    )
    told.append(f"{name.partition('.')[0]}: the share inside the peaks of the lattice is not known")
    share = prior.spread(f"{name} peaks", case_prior("peak_share"))
    return DrawnDose(np.stack([high, low], 1), np.stack([share, 1.0 - share], 1))


def _bath(case: Case, lesion: DrawnLesion, view: PhaseView, words: frozenset[str]) -> str:
    """Return the prior of the dose of a lesion that is no target, by where it lies."""
    mine = lesion.lesion.sites
    targets = (*view.phase.targets, *view.phase.targets_uncertain)
    theirs = [site for name in targets for site in case.lesions_by_id[name].sites]
    theirs += [SITES[name] for name in view.phase.sites]
    found = {relation(a, b) for a in mine for b in theirs}
    if not found or "unknown" in found:
        return "bath_stated" if words == {"out_of_field"} else "bath_unknown"
    nearest = next(word for word in ("same", "near", "remote") if word in found)
    if nearest != "remote" and words == {"out_of_field"}:
        return "bath_stated"
    return f"bath_{nearest}"


def _outside(
    name: str, bath: str, view: PhaseView, words: frozenset[str], prior: PriorDraws, told: list[str]
) -> DrawnDose:
    """Return the dose of a lesion that is no target; ``bath`` names its prior."""
    label, recorded = f"{name} {view.phase.id}", name.partition(".")[0]
    if words == {"low_dose"}:
        low, high = (exposure_line(x).value for x in ("no_dose_below_gy", "low_dose_up_to_gy"))
        told.append(f"{recorded}: low dose from {view.course.id}, taken as {low:g} to {high:g} Gy")
        total = low * (high / low) ** prior.uniform(f"{name} {view.course.id} low dose")
        return _uniform(total / view.n_course_fractions)
    entry = case_prior(bath)
    dose = view.prescribed_gy * prior.log_spread(f"{label} bath", entry)
    told.append(
        f"{recorded}: dose from {view.phase.id} not on record, taken as {100 * entry.low:g} to "
        f"{100 * entry.high:g} % of the prescription"
    )
    if words != {"partial"}:
        return _uniform(dose)
    told.append(f"{recorded}: partly in the field of {view.course.id}; the share is not known")
    share = prior.spread(f"{label} part", case_prior("partial_share"))
    return DrawnDose(np.stack([view.prescribed_gy, dose], 1), np.stack([share, 1.0 - share], 1))


def _either(hit: np.ndarray, inside: DrawnDose, outside: DrawnDose) -> DrawnDose:
    """Return the dose inside where ``hit``, else that outside."""
    parts = max(inside.dose_gy.shape[1], outside.dose_gy.shape[1])
    one, two = _padded(inside, parts), _padded(outside, parts)
    where = hit[:, None]
    return DrawnDose(
        np.where(where, one.dose_gy, two.dose_gy),
        np.where(where, one.volume_frac, two.volume_frac),
    )


def _padded(dose: DrawnDose, parts: int) -> DrawnDose:
    extra = ((0, 0), (0, parts - dose.dose_gy.shape[1]))
    return DrawnDose(np.pad(dose.dose_gy, extra), np.pad(dose.volume_frac, extra))
