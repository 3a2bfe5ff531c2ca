"""Would patients of the posterior have been recorded as this one was?

For every draw of the posterior each number on record is recorded again, with its error; a word (a
change, a category, "gone") has the probability that it would be said. A number outside the band,
or a word that would hardly be said, speaks against the model or the record. The same data made the
fit, so that agreement is no proof of the model.

Neglected: where the day of an examination is not known, its middle is taken.
Source: Gelman, Meng, Stern 1996, Statistica Sinica 6:733.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem
from abscope.infer.case_model import CaseModel
from abscope.infer.posterior import Posterior
from abscope.infer.readings import CountReading, Reading, SizeReading
from abscope.infer.visits import Visit

__all__ = ["BAND_FRAC", "PredictiveCheck", "predictive_checks", "predictive_words"]

#: Width of the bands, between equal tails.
BAND_FRAC = 0.9
#: A word that would be said less often than this is named.
_RARE_FRAC = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveCheck:
    """One reading against what patients of the posterior would have given.

    A number has ``value``, its band ``low``, ``median``, ``high`` in ``unit``, and ``tail_frac``,
    the probability of one at least as far out (both tails). A word has ``chance_frac``, the
    probability that it would be said. What does not apply is None.
    """

    visit: str
    says: str
    lesion: str
    unit: str = ""
    value: float | None = None
    low: float | None = None
    median: float | None = None
    high: float | None = None
    tail_frac: float | None = None
    chance_frac: float | None = None

    @property
    def agrees(self) -> bool:
        """Return whether the number lies in the band, or the word is not a rare one."""
        if self.tail_frac is not None:
            return self.tail_frac >= 1.0 - BAND_FRAC
        return self.chance_frac is not None and self.chance_frac >= _RARE_FRAC


def predictive_checks(
    model: CaseModel, posterior: Posterior, *, draws: int = 200, seed: int = 1
) -> tuple[PredictiveCheck, ...]:
    """Return a check of every reading of a case, in the order of its examinations.

    ``posterior`` has quantities of the case by name, others are drawn from their prior; ``draws``
    of it are simulated. Raises ModelError where none of them can be.
    """
    generator = np.random.default_rng(seed)
    flat = posterior.z.reshape(-1, len(posterior.latents))
    chosen = np.linspace(0, len(flat) - 1, min(draws, len(flat))).round().astype(np.int64)
    column = {latent.name: k for k, latent in enumerate(posterior.latents)}
    left = [k for k, name in enumerate(model.names) if name not in column]
    z = np.empty((len(chosen), len(model.names)))
    z[:, left] = generator.standard_normal((len(chosen), len(left)))
    for k, name in enumerate(model.names):
        if name in column:
            z[:, k] = flat[chosen, column[name]]
    found = model.computed(z)
    if not found.ok.any():
        what, hint = "no draw of the posterior can be simulated", "Fit again."
        raise ModelError(Problem(posterior.case_id, what, "at least one", hint))
    known = {(id(v), r.says): r for v in model.data.visits for r in v.readings}
    joined: dict[tuple[int, str], tuple[Visit, list[Floats], Floats]] = {}
    for visit, says, likely, number in model.readings(found):
        key = (id(visit), says)
        if key in joined:
            joined[key][1].append(likely.log_density[found.ok])
        else:
            joined[key] = (visit, [likely.log_density[found.ok]], number[found.ok])
    out = []
    for key, (visit, logs, number) in joined.items():
        reading = known[key]
        values = _values(reading)
        if values and isinstance(reading, (SizeReading, CountReading)):
            again = reading.again(number, generator.standard_normal(len(number)))
            out.append(_number(visit, reading, values, again))
        else:
            chance = float(np.exp(np.sum(logs, axis=0)).mean())
            out.append(
                PredictiveCheck(
                    visit=visit.label, says=reading.says, lesion=reading.lesion, chance_frac=chance
                )
            )
    return tuple(out)


def predictive_words(checks: Sequence[PredictiveCheck]) -> tuple[str, ...]:
    """Return how many readings agree, and a sentence for each that does not."""
    numbers = [check for check in checks if check.tail_frac is not None]
    words = [check for check in checks if check.chance_frac is not None]
    out = []
    if numbers:
        inside = sum(check.agrees for check in numbers)
        out.append(f"{inside} of {len(numbers)} recorded numbers lie inside the 90 % band")
    if words:
        usual = sum(check.agrees for check in words)
        out.append(f"{usual} of {len(words)} recorded words would be said again in 5 % or more")
    for check in checks:
        if check.agrees:
            continue
        where = f"{check.visit}: {check.says}"
        if check.tail_frac is not None:
            band = f"{check.low:.3g} to {check.high:.3g} {check.unit}"
            out.append(f"{where} lies outside {band} (tail probability {check.tail_frac:.2g})")
        else:
            out.append(f"{where}: would be said with a probability of {check.chance_frac:.2g}")
    return tuple(out)


def _values(reading: Reading) -> tuple[float, ...]:
    """Return the versions of a reading that is a number; none where it is a word or a bound."""
    if isinstance(reading, CountReading):
        return reading.values if min(reading.values) > reading.least else ()
    if isinstance(reading, SizeReading) and all(span.exact for span in reading.spans):
        return tuple(span.low for span in reading.spans if span.low is not None)
    return ()


def _unit(reading: Reading) -> str:
    if isinstance(reading, SizeReading):
        return "ml" if reading.quantity == "volume" else "mm"
    return "mg/L" if isinstance(reading, CountReading) and reading.target else "per uL"


def _number(
    visit: Visit, reading: Reading, values: tuple[float, ...], again: Floats
) -> PredictiveCheck:
    """Return the check of a number; of several versions, that of the likeliest."""
    below = [float((again <= value).mean()) for value in values]
    tails = [min(1.0, 2.0 * min(part, 1.0 - part)) for part in below]
    best = int(np.argmax(tails))
    edge = 0.5 * (1.0 - BAND_FRAC)
    low, median, high = (float(x) for x in np.quantile(again, [edge, 0.5, 1.0 - edge]))
    return PredictiveCheck(
        visit=visit.label,
        says=reading.says,
        lesion=reading.lesion,
        unit=_unit(reading),
        value=values[best],
        low=low,
        median=median,
        high=high,
        tail_frac=tails[best],
    )
