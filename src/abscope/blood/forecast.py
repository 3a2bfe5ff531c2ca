"""The lymphocytes of one patient from dose to count: all that the command and the report show."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from abscope.blood.alc.bodies import organ_groups
from abscope.blood.alc.counts import CaseCounts
from abscope.blood.alc.drivers import OrganShare, first_draws, organ_shares
from abscope.blood.alc.gradient import CountGradient, count_gradient, pool_slopes
from abscope.blood.alc.identifiability import Identifiability, identifiability
from abscope.blood.alc.model import LymphocyteModel
from abscope.blood.alc.posterior import Posterior, sample_posterior
from abscope.blood.alc.prediction import (
    Band,
    CountPrediction,
    GradeChances,
    band_of,
    count_predictions,
    curve_days_d,
    grade_chances,
    replicates_per_ul,
)
from abscope.blood.alc.prior import Draws, PriorSettings
from abscope.blood.alc.schedule import schedule
from abscope.blood.alc.subset_counts import SubsetFall, subset_falls
from abscope.blood.alc.what_if import Scenario, ScenarioResult, check_scenarios, compare
from abscope.blood.course_dose import CourseDose, EdicComparison, course_doses, edic_comparison
from abscope.blood.doses import Tier
from abscope.blood.network import Network
from abscope.blood.planned import PlannedDose
from abscope.blood.pools.flowing import (
    flowing_blood_slopes,
    flowing_blood_survival,
    frozen_blood_survival,
)
from abscope.catalog.circulation import Sex
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.geometry.grid import Floats

__all__ = ["Forecast", "ForecastOptions", "forecast"]

#: Setting: draws for which organs are left out and scenarios are run.
_FEW = 100
#: Days after the last fraction for which grades are given.
_AFTER_D = (0.0, 14.0, 30.0, 90.0)


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """What a caller chooses: how many draws, their seed, scenarios, and drugs that the case has.

    ``tau_mix_s`` is the time after which blood is at a new place of its organ (0 mixes at once,
    infinity never); None lets every draw lie between the two. ``plateau_by_dose`` lowers the
    plateau of the recovery with the dose of marrow and thymus. ``network`` is the circulation of
    the patient; None is the reference adult.
    """

    n_draws: int = 2000
    seed: int = 1
    scenarios: tuple[Scenario, ...] = ()
    subsets: bool = False
    steroid: bool = False
    chemotherapy: bool = False
    tau_mix_s: float | None = None
    plateau_by_dose: bool = False
    network: Network | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Doses, bands before and after the counts, grades, drivers and what cannot be told.

    ``prior_band`` and ``band`` are counts per microliter over time, without the error of counting;
    ``prior_counts`` and ``posterior_counts`` are replicates at the measured times, with it.
    ``lowest_per_ul`` is low, median, high (95 %) of the lowest count after the counts are known.
    ``fraction_days_d`` are the median days of all fractions by course.
    """

    tier: Tier
    sex: Sex
    baseline_per_ul: tuple[float, ...]
    courses: tuple[CourseDose, ...]
    fraction_days_d: Mapping[str, tuple[float, ...]]
    prior_band: Band
    band: Band
    prior_counts: tuple[CountPrediction, ...]
    posterior_counts: tuple[CountPrediction, ...]
    lowest_per_ul: tuple[float, float, float]
    lowest_day_d: float
    grades: tuple[GradeChances, ...]
    lower_limit_per_ul: float | None
    shares: tuple[OrganShare, ...]
    gradient: CountGradient
    identifiability: Identifiability
    edic: EdicComparison
    scenarios: tuple[ScenarioResult, ...]
    subsets: tuple[SubsetFall, ...]
    posterior: Posterior
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The first sentence of the identifiability statement."""
        return self.identifiability.sentences[0]


def forecast(
    planned: tuple[PlannedDose, ...],
    *,
    counts: CaseCounts,
    sex: Sex,
    options: ForecastOptions | None = None,
    notes: tuple[str, ...] = (),
) -> Forecast:
    """Return the forecast of one patient; the same seed gives the same numbers.

    Raises ModelError without any fraction and UsageError for a scenario that cannot be.
    """
    options = options or ForecastOptions()
    check_scenarios(options.scenarios, planned=planned)
    settings = _settings(planned, counts, options)
    tau, flow = options.tau_mix_s, options.network or sex
    model = LymphocyteModel(
        settings,
        counts=counts.counts,
        blood=flowing_blood_survival(flow, tau_mix_s=tau or 0.0),
        frozen=frozen_blood_survival(flow) if tau is None else None,
    )
    rng = np.random.default_rng(options.seed)
    start = model.prior.sample(rng, options.n_draws)
    posterior = sample_posterior(model.log_likelihood, coordinates=start, rng=rng)
    before, after = model.prior.draws(start), model.prior.draws(posterior.coordinates)
    days = schedule(planned, after)
    end_d = float(np.median(days.end_d.max(axis=1)))
    time_d = curve_days_d(float(np.median(days.start_d.min(axis=1))), end_d)
    course = model.run(after)
    curve = model.counts_per_ul(course, time_d)
    prior_curve = model.counts_per_ul(model.run(before), time_d)
    band = band_of(time_d, curve)
    lowest_at = float(time_d[int(np.argmin(np.median(curve, axis=0)))])
    asked = np.array(sorted({round(x) for x in (lowest_at, *(end_d + y for y in _AFTER_D))}), float)
    few = first_draws(_shuffled(after, rng), _FEW)
    n_median = [float(np.median(after.n_fractions[:, i])) for i in range(len(planned))]
    gradient = _gradient(model, posterior, (flow, tau), (end_d, n_median))
    return Forecast(
        tier=planned[0].body.tier,
        sex=sex,
        baseline_per_ul=counts.baseline_per_ul,
        courses=course_doses(planned, sex=flow, n_fractions=n_median, tau_mix_s=tau),
        fraction_days_d=_fraction_days(model, posterior),
        prior_band=band_of(time_d, prior_curve),
        band=band,
        prior_counts=_replicated(model, before, rng),
        posterior_counts=_replicated(model, after, rng),
        lowest_per_ul=_spread(curve.min(axis=1)),
        lowest_day_d=lowest_at,
        grades=grade_chances(
            model.counts_per_ul(course, asked), time_d=asked,
            lower_limit_per_ul=counts.lower_limit_per_ul,
        ),
        lower_limit_per_ul=counts.lower_limit_per_ul,
        shares=_sloped(organ_shares(model, few, sex=flow, n_fractions=n_median), model, gradient),
        gradient=gradient,
        identifiability=identifiability(
            before, posterior=after, n_counts=len(counts.counts)
        ),
        edic=edic_comparison(planned, n_fractions=n_median),
        scenarios=compare(model, few, scenarios=options.scenarios) if options.scenarios else (),
        subsets=subset_falls(model, few) if options.subsets else (),
        posterior=posterior,
        notes=(*notes, *_chosen(options), *counts.notes),
        warnings=_warnings(planned, counts, posterior),
    )  # fmt: skip


def _chosen(options: ForecastOptions) -> tuple[str, ...]:
    """Return the options that move the numbers, in words."""
    out = []
    if options.tau_mix_s is not None:
        out.append(f"blood is at a new place of its organ after {options.tau_mix_s:g} s, as asked")
    if options.plateau_by_dose:
        out.append("option: dose of marrow and thymus lowers the plateau, by assumed amounts")
    if options.network is not None:
        out.append("the circulation is not that of the reference adult, as asked")
    return tuple(out)


def _settings(
    planned: tuple[PlannedDose, ...], counts: CaseCounts, options: ForecastOptions
) -> PriorSettings:
    baseline = None
    if counts.baseline_per_ul:
        baseline = float(np.exp(np.mean(np.log(counts.baseline_per_ul))))
    times = {item.body.beam_on_time_s for item in planned}
    known = times.pop() if len(times) == 1 else None
    return PriorSettings(
        planned,
        baseline_per_ul=baseline,
        n_counts=len(counts.counts),
        beam_on_time_s=known,
        steroid=options.steroid,
        chemotherapy=options.chemotherapy,
        plateau_by_dose=options.plateau_by_dose,
    )


def _shuffled(draws: Draws, rng: np.random.Generator) -> Draws:
    order = rng.permutation(len(draws.alpha_per_gy))
    return Draws(**{name: getattr(draws, name)[order] for name in Draws.__dataclass_fields__})


def _replicated(
    model: LymphocyteModel, draws: Draws, rng: np.random.Generator
) -> tuple[CountPrediction, ...]:
    replicate, time_d = replicates_per_ul(model, draws, rng=rng)
    return count_predictions(model.counts, replicate_per_ul=replicate, time_d=time_d)


def _spread(values: Floats) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, (0.025, 0.5, 0.975)).tolist()
    return low, middle, high


def _middle(model: LymphocyteModel, posterior: Posterior) -> Draws:
    """Return one draw at the median of every coordinate."""
    return model.prior.draws(np.median(posterior.coordinates, axis=0)[None, :])


def _fraction_days(model: LymphocyteModel, posterior: Posterior) -> dict[str, tuple[float, ...]]:
    days = schedule(model.planned, _middle(model, posterior))
    return {
        item.name: tuple(
            days.first_d + float(day)
            for day in np.repeat(np.arange(days.n_days), days.fractions[index, 0])
        )
        for index, item in enumerate(model.planned)
    }


def _gradient(
    model: LymphocyteModel,
    posterior: Posterior,
    blood: tuple[Sex | Network, float | None],
    end: tuple[float, list[float]],
) -> CountGradient:
    """Return the gradient a day after the end, at the middle of the posterior."""
    end_d, n_fractions = end
    sex, tau = blood
    # a plateau that dose lowers is taken as it came out; how it moves with dose is neglected
    draws = model.run(_middle(model, posterior)).draws
    days = schedule(model.planned, draws)
    seconds = float(draws.beam_on_time_s[0])
    slopes = [
        pool_slopes(
            item.body,
            sensitivity_per_gy=float(draws.alpha_per_gy[0] * draws.factor_frac[0, index]),
            beam_on_time_s=item.body.beam_on_time_s or seconds,
            blood=flowing_blood_slopes(
                sex,
                tau_mix_s=tau or 0.0,
                frozen_frac=float(draws.frozen_frac[0]) if tau is None else 0.0,
            ),
        )
        for index, item in enumerate(model.planned)
    ]
    doses = np.zeros(len(slopes[0].organs))
    for item, n in zip(model.planned, n_fractions, strict=True):
        means = {part.compartment: part.mean_gy for part in item.body.compartments}
        doses += np.array([n * means.get(name, 0.0) for name in slopes[0].organs])
    return count_gradient(slopes, draws=draws, days=days, time_d=end_d + 1.0, doses_gy=doses)


def _sloped(
    shares: tuple[OrganShare, ...], model: LymphocyteModel, gradient: CountGradient
) -> tuple[OrganShare, ...]:
    """Return the shares with the slope of each organ in cells per microliter and Gy."""
    groups = organ_groups(model.planned[0].body)
    known = model.prior.settings.baseline_per_ul
    before = known or lymphocyte_parameter("baseline_count").value
    out = []
    for item in shares:
        slope = gradient.of_group(groups[item.organ])
        out.append(replace(item, slope_per_gy=None if slope is None else slope * before))
    return tuple(out)


def _warnings(
    planned: tuple[PlannedDose, ...], counts: CaseCounts, posterior: Posterior
) -> tuple[str, ...]:
    out = []
    if any(item.body.tier == "guess" for item in planned):
        out.append("Organ doses are a guess from sites and prescription: no plan was read.")
    out += [note for item in planned for note in item.body.notes if item.body.tier != "guess"]
    if not counts.baseline_per_ul:
        out.append("No count before radiotherapy: that of any adult is taken, which is wide.")
    if not counts.counts:
        out.append("No count after radiotherapy began: the bands are the prior prediction.")
    if not posterior.trustworthy:
        out.append("The sampler moved little: raise the number of draws before using the bands.")
    return tuple(dict.fromkeys(out))
