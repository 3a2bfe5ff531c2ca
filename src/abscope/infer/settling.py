"""Which measurement would have settled an answer: how much of its spread each would take away.

With A the answer of every draw and X what a measurement of that draw would have shown, with its
error, the expected variance that is left once X is known is E[Var(A | X)], so that

    explained = 1 - E[Var(A | X)] / Var(A) = Var(E[A | X]) / Var(A)

E[A | X] is a cubic in the normal scores of X, fitted over the draws by least squares; explained is
corrected for its degrees of freedom, its error is from resampled draws. The outer 2.5 % of A on
either side are drawn in to their edge, since a few far draws would rule the variance. The interval
of the answer shrinks to about sqrt(1 - explained) of its width. Neglected: what two measurements
say only together, save in the entry for all of them; the measurement's own price.
Source: Strong 2014, doi:10.1177/0272989X13505910 (value of information by regression).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from abscope.case.record import Case
from abscope.catalog.case_prior import case_prior
from abscope.catalog.reader import reader_limits
from abscope.dose.geometry.grid import Floats
from abscope.infer.attribution import Attribution, LesionDraws
from abscope.model.lesion_sizes import diameter_mm, reader_sd_frac
from abscope.model.prior_draws import PriorDraws

__all__ = ["SEEN_AFTER_D", "Measurement", "explained_frac", "settling"]

#: Days after the first fraction (below 0: before the start) on which a candidate scan or count is.
SEEN_AFTER_D = (-60.0, 14.0, 28.0, 42.0, 60.0)
_COUNTS, _EARLY, _BIOPSY = (1, 2, 3), (2, 4), 2
_RESAMPLES, _SEED = 100, 20
_DEGREE = 3
_LEAST_DRAWS = 30
_OUTER = 0.025


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measurement and how much of the variance of the answer it would explain.

    ``low_frac`` and ``high_frac`` are the 90 % interval of the number of draws; ``joint`` marks
    the entry for all measurements together.
    """

    text: str
    explained_frac: float
    low_frac: float
    high_frac: float
    joint: bool = False

    @property
    def width_left_frac(self) -> float:
        """Return about how much of the width of the interval would be left."""
        return math.sqrt(1.0 - min(max(self.explained_frac, 0.0), 1.0))


def explained_frac(
    answer_frac: Floats, shown: Floats, weights: Floats | None = None
) -> tuple[float, float, float]:
    """Return the share of the variance of ``answer_frac`` (draws,) that is explained, and its ends.

    ``shown`` is (draws,) or (draws, measurements). NaN where nothing varies or too few draws are
    known.
    """
    columns = np.asarray(shown, float).reshape(len(answer_frac), -1)
    known = np.isfinite(answer_frac) & np.isfinite(columns).all(axis=1)
    mine = np.ones(len(known)) if weights is None else np.asarray(weights, float)
    known &= mine > 0.0
    columns = columns[:, np.ptp(columns[known], axis=0) > 0.0] if known.any() else columns[:, :0]
    if known.sum() < _LEAST_DRAWS or not columns.shape[1] or np.ptp(answer_frac[known]) == 0.0:
        return math.nan, math.nan, math.nan
    basis = np.concatenate([_basis(column[known]) for column in columns.T], axis=1)
    target, each = _drawn_in(np.asarray(answer_frac, float)[known]), mine[known]
    middle = _explained(basis, target, each)
    rng = np.random.default_rng(_SEED)
    found = []
    for _ in range(_RESAMPLES):
        rows = rng.integers(0, len(target), len(target))
        found.append(_explained(basis[rows], target[rows], each[rows]))
    half = 1.645 * float(np.nanstd(found))
    return middle, max(middle - half, 0.0), min(middle + half, 1.0)


def _drawn_in(answer: Floats) -> Floats:
    return np.asarray(np.clip(answer, *np.quantile(answer, (_OUTER, 1.0 - _OUTER))))


def _basis(column: Floats) -> Floats:
    scores = ndtri((rankdata(column) - 0.5) / len(column))
    return np.stack([scores**power for power in range(1, _DEGREE + 1)], axis=1)


def _explained(basis: Floats, target: Floats, weights: Floats) -> float:
    root = np.sqrt(weights / weights.mean())
    design = np.column_stack([np.ones(len(target)), basis]) * root[:, None]
    fitted, _, rank, _ = np.linalg.lstsq(design, target * root, rcond=None)
    rest = target * root - design @ fitted
    around = (target - np.average(target, weights=weights)) * root
    free = len(target) - rank
    whole = float(around @ around)
    if whole <= 0.0 or free <= 0:
        return math.nan
    left = float(rest @ rest) / free
    return float(max(1.0 - left / (whole / (len(target) - 1)), 0.0))


def settling(
    case: Case,
    found: Attribution,
    *,
    lesion: str,
    answer_frac: Floats,
    weights: Floats | None = None,
) -> tuple[Measurement, ...]:
    """Return what each measurement would have told of an answer (draws,), best first; all at last.

    ``found`` must have been made with ``more_days_d=SEEN_AFTER_D``. What the record has already is
    no candidate.
    """
    prior = PriorDraws(found.draws, seed=_SEED)
    shown = dict(_candidates(case, found, found.by_lesion[lesion], prior))
    out = [
        Measurement(text, *numbers)
        for text, values in shown.items()
        if not math.isnan((numbers := explained_frac(answer_frac, values, weights))[0])
    ]
    out.sort(key=lambda one: -one.explained_frac)
    if len(out) > 1:
        every = np.column_stack([shown[one.text] for one in out])
        numbers = explained_frac(answer_frac, every, weights)
        if not math.isnan(numbers[0]):
            out.append(Measurement("all of them together", *numbers, joint=True))
    return tuple(out)


def _candidates(
    case: Case, found: Attribution, item: LesionDraws, prior: PriorDraws
) -> Iterator[tuple[str, Floats]]:
    name, visits = item.lesion, len(found.visits)
    start = np.log(_read(item.start_mm, prior, f"{name} start"))
    more = diameter_mm(found.worlds.delivered_ml[name][:, visits:])
    sized = _sized(case, name)
    if not sized.get("before"):
        yield f"the size of {name} before radiotherapy in mm", start
    before = np.log(_read(more[:, 0], prior, f"{name} before"))
    yield f"a scan of {name} two months before radiotherapy", start - before
    if np.ptp(item.own_dose_gy) > 0.0:
        yield f"the dose of {name} from the plan", item.own_dose_gy
    for k, visit in enumerate(found.visits):
        if not sized.get(visit.label):
            seen = _read(item.diameter_mm[-1, :, k], prior, f"{name} {visit.label}")
            yield f"the size of {name} at {visit.label} in mm", np.log(seen) - start
    for k in _EARLY:
        seen = _read(more[:, k], prior, f"{name} {SEEN_AFTER_D[k]}")
        text = f"a scan of {name} {SEEN_AFTER_D[k]:g} days after the first fraction"
        yield text, np.log(seen) - start
    error = case_prior("tissue_cv").value * prior.normal(f"{name} biopsy")
    cells = found.worlds.effectors_per_ml[name][:, visits + _BIOPSY]
    day = SEEN_AFTER_D[_BIOPSY]
    yield (
        f"T cells in a biopsy of {name} {day:g} days after the first fraction",
        _log(cells) + error,
    )
    yield from _of_the_body(found, prior, visits)


def _of_the_body(
    found: Attribution, prior: PriorDraws, visits: int
) -> Iterator[tuple[str, Floats]]:
    patients = found.patients
    counts = found.worlds.alc_per_ul[:, [visits + k for k in _COUNTS]]
    error = case_prior("count_cv").value * prior.normal("counts")
    yield "lymphocyte counts in weeks 2 to 6", np.log(counts.min(axis=1)) + error
    error = case_prior("tissue_cv").value * prior.normal("specific cells")
    cells = found.worlds.circulating_cells[:, visits + _BIOPSY]
    text = (
        f"tumor-specific T cells in blood {SEEN_AFTER_D[_BIOPSY]:g} days after the first fraction"
    )
    yield text, _log(cells) + error
    lymphoid = np.array([sum(x.lymphoid_gy for x in patient.fractions) for patient in patients])
    yield "the dose of nodes and spleen from the plan", lymphoid
    if any(patient.infusions for patient in patients):
        first = [
            min((x.day_d for x in patient.infusions if x.day_d > patient.start_d), default=np.nan)
            for patient in patients
        ]
        yield "the dates of the drug doses", np.array(first)


def _read(true_mm: Floats, prior: PriorDraws, name: str) -> Floats:
    """Return what a reader would measure (mm), never below the smallest size that is seen."""
    least = case_prior("size_vanished").value
    repeat = reader_limits("repeat_scan_change_sd_mm").value / math.sqrt(2.0)
    sd = np.maximum(reader_sd_frac(), repeat / np.maximum(true_mm, repeat))
    return np.asarray(np.maximum(true_mm * np.exp(sd * prior.normal(name)), least))


def _log(cells: Floats) -> Floats:
    """Return the logarithm of a number of cells, of which less than one is none."""
    return np.asarray(np.log(np.maximum(cells, 1.0)))


def _sized(case: Case, lesion: str) -> Mapping[str, bool]:
    """Return by scan whether the record has a size of the lesion; "before": in any before."""
    out: dict[str, bool] = {}
    for scan in case.imaging:
        for one in scan.findings:
            told = one.size_mm is not None or one.volume_ml is not None or one.state == "absent"
            gone = one.change is not None and one.change.value in ("gone", "complete_response")
            if one.lesion == lesion and (told or gone):
                out[scan.id] = True
                if scan.role != "follow_up":
                    out["before"] = True
    return out
