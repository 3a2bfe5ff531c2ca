"""Competing explanations of what a lesion did, compared by how well each foretells the record.

An explanation is a set of causes that act (`abscope.infer.worlds`). Its score is the logarithm of
the probability (density) that it gives to what the record says of the lesion, the mean over draws
from the prior of everything else:

    score = ln( mean over draws of p(readings of the lesion | draw, explanation) )

Two scores differ by the logarithm of a Bayes factor; their difference is taken over the same draws,
its Monte Carlo error by the delta method. Below 1.1 (a factor of 3) nobody should take one for
better. Data that the prior was conditioned on would count twice, so the draws are of the prior and
not of the posterior. Neglected: explanations that are in no world (steroids, hormones, a wrong
diagnosis, pseudoprogression), of which published rates are named beside the scores; how often the
record would exist had the lesion not shrunk. Source: Kass and Raftery 1995,
doi:10.1080/01621459.1995.10476572 (factor of 3: "not worth more than a bare mention").
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.infer.attribution import WORLDS
from abscope.infer.case_model import CaseModel, Ready
from abscope.infer.computed import Computed
from abscope.infer.readings import SizeReading
from abscope.infer.spread import effective_number
from abscope.infer.visits import CaseData
from abscope.infer.worlds import WorldKey, in_world, world_key
from abscope.model.from_case import patients_from

__all__ = ["EVIDENCE", "RIVALS", "LesionRivals", "Score", "compare_rivals"]

#: Difference of scores (ln 3) below which the data do not separate two explanations.
EVIDENCE = math.log(3.0)
#: With fewer draws than these a mean is ruled by a few of them.
_LEAST_DRAWS = 10.0
#: The explanations by the name of their world.
RIVALS: dict[str, str] = {
    "delivered": "everything that was given",
    "no_dose_elsewhere": "no abscopal effect: of radiotherapy only the dose in the lesion itself",
    "no_own_dose": "no dose in the lesion itself: of radiotherapy only the abscopal effect",
    "no_radiotherapy": "the drugs alone: a delayed response",
    "no_drugs": "radiotherapy without the drugs",
    "nothing": "the natural course: no effect of any treatment",
}


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one explanation, and its difference to the best one, each with its error.

    ``effective_draws`` is how many draws carry it; below 10 it is only a rough guess.
    """

    world: str
    text: str
    log_evidence: float
    behind_log10: float
    error_log10: float
    effective_draws: float

    @property
    def separated(self) -> bool:
        """Return whether the best explanation is clearly better than this one."""
        behind, error = (math.log(10.0) * x for x in (self.behind_log10, self.error_log10))
        return behind > max(EVIDENCE, 2.0 * error) and self.effective_draws > 0.0


@dataclass(frozen=True, slots=True, eq=False)
class LesionRivals:
    """The explanations of one lesion, best first; ``says`` are the readings that were foretold.

    ``measured`` says that one of them is a number, so that scores are of densities and not of
    probabilities.
    """

    lesion: str
    says: tuple[str, ...]
    scores: tuple[Score, ...]
    draws: int
    measured: bool

    @property
    def foretold_frac(self) -> float | None:
        """Return how probable the best explanation makes the readings; None for densities."""
        return None if self.measured else math.exp(self.scores[0].log_evidence)

    @property
    def separates(self) -> bool:
        """Return whether the data tell the best explanation from at least one other."""
        return any(score.separated for score in self.scores)

    @property
    def open(self) -> tuple[Score, ...]:
        """Return the explanations that the data cannot tell from the best, the best among them."""
        return tuple(score for score in self.scores if not score.separated)

    @property
    def rough(self) -> bool:
        """Return whether the best score rests on fewer draws than can be trusted."""
        return self.scores[0].effective_draws < _LEAST_DRAWS


def compare_rivals(
    model: CaseModel, z: Floats, *, lesions: Sequence[str]
) -> tuple[LesionRivals, ...]:
    """Return the explanations of every lesion of which the record says something afterwards.

    ``z`` (draws, names) are standard normal deviates of the names of the model.
    """
    patients = model.patients(z)
    drugs = any(patient.infusions for patient in patients)
    done: dict[WorldKey, Computed] = {}
    out = []
    for lesion in lesions:
        about = _about(model.data, lesion)
        says = tuple(f"{v.label}: {r.says}" for v in about.visits for r in v.readings)
        if not says:
            continue
        judge, logs, seen = CaseModel(model.case, model.options, about), {}, set()
        for name in RIVALS:
            if name == "no_radiotherapy" and not drugs:
                continue  # without drugs it is the natural course
            key = world_key(patients, lesion, WORLDS[name], model.options.switches)
            if key in seen:
                continue
            seen.add(key)
            if key not in done:
                done[key] = _InWorld(model, key).computed(z)
            logs[name] = judge.log_likelihood(done[key])
        out.append(LesionRivals(lesion, says, _scores(logs), len(z), _measured(about)))
    return tuple(out)


class _InWorld(CaseModel):
    """A case in a world: its patients are those of the world."""

    def __init__(self, model: CaseModel, key: WorldKey) -> None:
        super().__init__(model.case, model.options, model.data)
        self._key = key

    def prepared(self, z: Floats) -> Ready:
        """Return the points z in the world, ready to simulate."""
        prior = self.prior(z)
        patients = [in_world(one, self._key) for one in patients_from(self._read, prior)]
        return self._prepared_patients(patients, prior)


def _measured(data: CaseData) -> bool:
    readings = [reading for visit in data.visits for reading in visit.readings]
    return any(
        span.exact for reading in readings if isinstance(reading, SizeReading)
        for span in reading.spans
    )  # fmt: skip


def _about(data: CaseData, lesion: str) -> CaseData:
    """Return the data with the readings of one lesion only; the visits stay."""
    visits = (
        replace(visit, readings=tuple(x for x in visit.readings if x.lesion == lesion))
        for visit in data.visits
    )
    return CaseData(tuple(visits), data.notes)


def _scores(logs: Mapping[str, Floats]) -> tuple[Score, ...]:
    """Return the explanations with their scores, best first."""
    top = max(float(values.max()) for values in logs.values())
    weights = {name: np.exp(values - top) for name, values in logs.items()}
    means = {name: float(values.mean()) for name, values in weights.items()}
    best = max(means, key=lambda name: means[name])
    out = []
    for name in sorted(means, key=lambda one: -means[one]):
        mine, mean = weights[name], means[name]
        if mean <= 0.0:
            out.append(Score(name, RIVALS[name], -math.inf, math.inf, math.inf, 0.0))
            continue
        apart = mine / mean - weights[best] / means[best]
        error = float(apart.std(ddof=1)) / math.sqrt(len(apart)) if len(apart) > 1 else math.inf
        behind = math.log(means[best] / mean)
        out.append(
            Score(
                world=name,
                text=RIVALS[name],
                log_evidence=math.log(mean) + top,
                behind_log10=behind / math.log(10.0),
                error_log10=error / math.log(10.0),
                effective_draws=effective_number(mine),
            )
        )
    return tuple(out)
