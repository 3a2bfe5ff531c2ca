"""The trials of the anchors, each with virtual patients; numbers as the trial reported them.

Every function takes how many patients are drawn and returns counts (events, n) or numbers by name.
What differs from the trial is said in the docstring.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.model.patient import Patient
from abscope.response.cohort_records import RESPONSE_CODES
from plans import CONVENTIONAL, Course, irradiated, largest
from population import THREE_TRIALS, infused, mixture, population
from reading import Seen, best_change, recist, responders, see, share

__all__ = [
    "drug_alone", "hr_positive", "lesions_with_low_dose", "lymphocytes", "many_sites",
    "melanoma_again", "mixed", "nsclc", "nsclc_fields", "resistant", "resistant_with_low_dose",
]  # fmt: skip

Count = tuple[int, int]
_SIX_WEEKS = 42.0
_PARTIAL = -0.3
#: Share of the patients of Chen 2020 with ipilimumab, the others with pembrolizumab.
_ON_IPILIMUMAB = 98 / 153
#: A week after the last of 4 fractions and of 10 or 15.
_WEEK_AFTER_D = (11.0, 28.0)
#: Day on which patients who progressed on a drug are treated again.
_AGAIN_D = 168.0


def _visits(first: float = 0.0, *, last: float = 336.0, gap: float = _SIX_WEEKS) -> np.ndarray:
    return first + np.arange(0.0, last + 1.0, gap)


def _pembrolizumab(patients: Sequence[Patient], first_d: float) -> list[Patient]:
    return [infused(p, "pembrolizumab", first_d=first_d, amount_mg=200.0) for p in patients]


def _outside(
    seen: Seen, patients: Sequence[Patient], targets: Sequence[Sequence[str]]
) -> np.ndarray:
    flags = np.zeros(seen.organs.shape, bool)
    for i, patient in enumerate(patients):
        for k, lesion in enumerate(patient.lesions):
            flags[i, k] = lesion.id not in targets[i]
    return flags


def _small_first(patients: Sequence[Patient], n: int = 1) -> list[tuple[str, ...]]:
    return [largest(p, n) for p in patients]


def nsclc(n: int) -> dict[str, Count | float]:
    """PEMBRO-RT 2019: 24 Gy in 3 to the largest lesion, then pembrolizumab a week later.

    Response at 12 weeks and best, out of field in both arms; the control has the same patients.
    """
    patients = population(n, tumor="nsclc", seed=1)
    targets = _small_first(patients)
    rt = irradiated(patients, Course(dose_gy=8.0, n=3, first_d=0.0, gap_d=2.0), targets, seed=1)
    out: dict[str, Count | float] = {}
    for name, arm in (("rt", _pembrolizumab(rt, 11.0)), ("drug", _pembrolizumab(patients, 11.0)),
                      ("rt alone", rt)):  # fmt: skip
        seen = see(arm, _visits())
        reading = recist(seen, _outside(seen, patients, targets))
        good = np.isin(reading.overall, [RESPONSE_CODES["CR"], RESPONSE_CODES["PR"]])
        out[f"{name} 12 weeks"] = (int(good[:, 1].sum()), reading.patient.size)
        out[f"{name} best"] = share(reading)
        first = seen.days_d[1:][good.argmax(axis=1)][responders(reading)]
        out[f"{name} onset"] = float(np.median(first)) if first.size else float("nan")
    return out


def nsclc_fields(n: int) -> dict[str, Count]:
    """MDACC 2020: 50 Gy in 4 or 45 Gy in 15 to the largest lesion of lung or liver, with the drug.

    Best response out of field. Also 45 Gy in 15 with small fields, and without depletion.
    """
    patients = population(n, tumor="nsclc", seed=2)
    targets = [largest(p, places=("lung", "liver")) for p in patients]
    plans = {
        "50/4": Course(dose_gy=12.5, n=4, first_d=0.0),
        "45/15": Course(dose_gy=3.0, n=15, first_d=0.0, gap_d=1.4, field=CONVENTIONAL),
        "45/15 small fields": Course(dose_gy=3.0, n=15, first_d=0.0, gap_d=1.4),
        "none": None,
    }
    out = {}
    for name, plan in plans.items():
        given = irradiated(patients, plan, targets, seed=2) if plan else patients
        seen = see(_pembrolizumab(given, 0.5), _visits())
        out[name] = share(recist(seen, _outside(seen, patients, targets)))
    return out


def mixed(n: int) -> dict[str, Count]:
    """CHEERS 2023 (five tumor types): 24 Gy in 3 to up to 3 lesions before the second cycle.

    All by the prior over tumor types; response of all lesions, as the trial counted.
    """
    patients = population(n, tumor="other", seed=3)
    targets = _small_first(patients, 3)
    plan = Course(dose_gy=8.0, n=3, first_d=16.0, gap_d=2.0)
    out = {}
    for name, arm in (("rt", irradiated(patients, plan, targets, seed=3)), ("drug", patients)):
        seen = see(_pembrolizumab(arm, 0.5), _visits())
        out[name] = share(recist(seen, np.isfinite(seen.sizes_mm[:, 0])))
        out[f"{name} out of field"] = share(recist(seen, _outside(seen, patients, targets)))
    return out


def _progressed(patients: list[Patient]) -> list[Patient]:
    """Return who has progression by RECIST, and no response, by day 168."""
    seen = see(patients, _visits(last=_AGAIN_D), seed=9)
    every = recist(seen, np.isfinite(seen.sizes_mm[:, 0]))
    bad = (every.overall[:, -1] == RESPONSE_CODES["PD"]) & ~responders(every)
    return [patients[k] for k in every.patient[bad]]


def resistant(n: int) -> dict[str, Count]:
    """Schoenfeld 2022 (NSCLC after PD-1): ipilimumab added, alone, with 8 Gy in 16 or 24 Gy in 3.

    Pembrolizumab goes on in place of durvalumab; ipilimumab 1 mg/kg x 4 stands for tremelimumab.
    """
    patients = _progressed(_pembrolizumab(population(n, tumor="nsclc", seed=4), 0.0))
    patients = [
        infused(p, "ipilimumab", first_d=_AGAIN_D, amount_mg=p.weight_kg, gap_d=28.0, doses=4)
        for p in patients
    ]
    targets = _small_first(patients)
    low = patients
    for cycle in range(4):
        for day in range(2):
            start = _AGAIN_D + 7.0 + 28.0 * cycle + day
            plan = Course(dose_gy=0.5, n=2, first_d=start, gap_d=0.3)
            low = irradiated(low, plan, targets, seed=4)
    high = Course(dose_gy=8.0, n=3, first_d=_AGAIN_D + 7.0, gap_d=2.0)
    arms = {"none": patients, "low": low, "24/3": irradiated(patients, high, targets, seed=4)}
    out = {}
    for name, arm in arms.items():
        seen = see(arm, _visits(_AGAIN_D, last=210.0))
        out[name] = share(recist(seen, _outside(seen, patients, targets)))
    return out


def resistant_with_low_dose(n: int) -> dict[str, Count]:
    """Patel 2021 (after PD-1 failed, drug goes on): 50 Gy in 4, with 1.4 Gy x 4 to two more."""
    patients = _progressed(_pembrolizumab(population(n, tumor="nsclc", seed=5), 0.0))
    order = [largest(p, 3) for p in patients]
    targets, low = [names[:1] for names in order], [names[1:3] for names in order]
    plan = Course(dose_gy=12.5, n=4, first_d=_AGAIN_D + 1.0)
    given = [dict.fromkeys(names, 1.4) for names in low]
    arms = {
        "high + low": irradiated(patients, plan, targets, low=given, seed=5),
        "high": irradiated(patients, plan, targets, seed=5),
    }
    out = {}
    for name, arm in arms.items():
        seen = see(arm, _visits(_AGAIN_D, last=210.0))
        small = best_change(seen) <= _PARTIAL
        known = np.isfinite(best_change(seen))
        in_low = ~_outside(seen, patients, low) & known
        none = _outside(seen, patients, targets) & _outside(seen, patients, low) & known
        out[f"{name}: low-dose lesions"] = (int(small[in_low].sum()), int(in_low.sum()))
        out[f"{name}: no-dose lesions"] = (int(small[none].sum()), int(none.sum()))
        out[f"{name}: patients"] = share(recist(seen, np.isfinite(seen.sizes_mm[:, 0])))
    return out


def lesions_with_low_dose(n: int) -> dict[str, Count]:
    """Menon 2019: 50 Gy in 4 to one lesion, one or two others 1.1 to 19.4 Gy in total; a drug.

    The tumors and drugs are those of all patients of its trials. A lesion counts as discordant, as
    there, where it responds and none of the patient's lesions of the other kind does.
    """
    patients = mixture(n, counts=THREE_TRIALS, seed=6)
    order = [largest(p, 3) for p in patients]
    targets, low = [x[:1] for x in order], [x[1 : 2 + k % 2] for k, x in enumerate(order)]
    rng = np.random.default_rng(6)
    total = np.clip(np.exp(rng.normal(np.log(6.0), 0.7, n)), 1.1, 19.4)
    given = [dict.fromkeys(names, total[i] / 4) for i, names in enumerate(low)]
    plan = Course(dose_gy=12.5, n=4, first_d=1.0)
    arm = _of_three_trials(irradiated(patients, plan, targets, low=given, seed=6))
    seen = see(arm, _visits())
    change = best_change(seen)
    known, small = np.isfinite(change), change <= _PARTIAL
    lit = ~_outside(seen, patients, low) & known
    dark = _outside(seen, patients, targets) & _outside(seen, patients, low) & known

    def alone(one: np.ndarray, other: np.ndarray) -> Count:
        compared = one & other.any(axis=1, keepdims=True)
        by_itself = compared & small & ~(small & other).any(axis=1, keepdims=True)
        return int(by_itself.sum()), int(compared.sum())

    return {
        "low": (int(small[lit].sum()), int(lit.sum())),
        "none": (int(small[dark].sum()), int(dark.sum())),
        "only low": alone(lit, dark),
        "only none": alone(dark, lit),
    }


def _of_three_trials(patients: Sequence[Patient]) -> list[Patient]:
    """Return patients with the drugs of Chen 2020: 98 of 153 with ipilimumab, others not."""
    return [
        infused(p, "ipilimumab", first_d=0.0, amount_mg=3.0 * p.weight_kg, doses=4)
        if k < _ON_IPILIMUMAB * len(patients)
        else _pembrolizumab([p], 0.0)[0]
        for k, p in enumerate(patients)
    ]


def many_sites(n: int) -> dict[str, Count | float]:
    """Luke 2018 (solid tumors): 45 Gy in 3 to 2 to 4 sites, pembrolizumab a week later.

    Lesions above 65 mL, partly irradiated in the trial, get the whole dose here.
    """
    patients = population(n, tumor="other", seed=7)
    targets = [largest(p, 2 + k % 3) for k, p in enumerate(patients)]
    plan = Course(dose_gy=15.0, n=3, first_d=0.0, gap_d=2.0)
    seen = see(_pembrolizumab(irradiated(patients, plan, targets, seed=7), 11.0), _visits())
    outside = _outside(seen, patients, targets)
    change = best_change(seen)
    at_12 = best_change(seen, visit=2)
    known = np.isfinite(change)
    has = (known & outside).any(axis=1)
    any_one = ((change <= _PARTIAL) & outside).any(axis=1)
    return {
        "all lesions": share(recist(seen, np.isfinite(seen.sizes_mm[:, 0]))),
        "any lesion": (int(any_one[has].sum()), int(has.sum())),
        "out of field": share(recist(seen, outside)),
        "irradiated change": float(np.nanmean(at_12[~outside & known])),
        "other change": float(np.nanmean(at_12[outside & known])),
    }


def lymphocytes(n: int) -> dict[str, Count]:
    """Chen 2020: 50 Gy in 4, 60 Gy in 10 or 45 Gy in 15 with a drug, split by the count.

    Half have 50 Gy in 4; the others 60 Gy in 10 with ipilimumab, 45 Gy in 15 with pembrolizumab,
    as in the trials. The count is that of a week after the course, with the error of a laboratory.
    """
    patients = mixture(n, counts=THREE_TRIALS, seed=8)
    targets, k = _small_first(patients), np.arange(n)
    short, ipilimumab = k % 2 == 0, k < _ON_IPILIMUMAB * n
    courses = (
        (short, Course(dose_gy=12.5, n=4, first_d=1.0)),
        (~short & ipilimumab, Course(dose_gy=6.0, n=10, first_d=1.0, gap_d=1.4)),
        (
            ~short & ~ipilimumab,
            Course(dose_gy=3.0, n=15, first_d=1.0, gap_d=1.4, field=CONVENTIONAL),
        ),
    )
    for which, plan in courses:
        rows = np.flatnonzero(which)
        given = irradiated([patients[i] for i in rows], plan, [targets[i] for i in rows], seed=8)
        for i, one in zip(rows, given, strict=True):
            patients[i] = one
    seen = see(_of_three_trials(patients), np.sort(np.append(_visits(), _WEEK_AFTER_D)))
    scans = np.isin(seen.days_d, _visits())
    scanned = replace(seen, days_d=seen.days_d[scans], sizes_mm=seen.sizes_mm[:, scans])
    reading = recist(scanned, _outside(seen, patients, targets))
    good = responders(reading)
    rng = np.random.default_rng(8)
    error = np.exp(lymphocyte_error() * rng.standard_normal((n, 2)))
    after = np.where(short, *(np.searchsorted(seen.days_d, day) for day in _WEEK_AFTER_D))
    out = {}
    for name, visit in (("before", np.zeros(n, int)), ("after", after)):
        count = seen.alc_per_ul[k, visit] * error[:, int(name == "after")]
        high = count[reading.patient] > np.median(count[reading.patient])
        out[f"{name} high"] = (int(good[high].sum()), int(high.sum()))
        out[f"{name} low"] = (int(good[~high].sum()), int((~high).sum()))
    return out


def lymphocyte_error() -> float:
    """Return the relative error of a count."""
    return case_prior("count_cv").value


def melanoma_again(n: int) -> dict[str, Count]:
    """Grimaldi 2014 (melanoma, progressed after ipilimumab): 30 Gy in 10 to one lesion, no drug.

    Stable disease counts as a response, as there; local response is told at 6 weeks.
    """
    first = [
        infused(p, "ipilimumab", first_d=0.0, amount_mg=3.0 * p.weight_kg, doses=4)
        for p in population(n, tumor="melanoma", seed=10)
    ]
    patients = _progressed(first)
    targets = _small_first(patients)
    plan = Course(dose_gy=3.0, n=10, first_d=_AGAIN_D + 1.0, gap_d=1.4)
    seen = see(irradiated(patients, plan, targets, seed=10), _visits(_AGAIN_D, last=210.0))
    change = best_change(seen, visit=1)
    outside = _outside(seen, patients, targets)
    reading = recist(seen, outside)
    partial = responders(reading)
    good = partial | (reading.best == RESPONSE_CODES["SD"])
    local = (np.where(outside, np.nan, change) <= _PARTIAL).any(axis=1)[reading.patient]
    return {
        "local responders": (int(good[local].sum()), int(local.sum())),
        "others": (int(good[~local].sum()), int((~local).sum())),
        "all": (int(good.sum()), good.size),
        "partial": (int(partial.sum()), good.size),
        "local": (int(local.sum()), good.size),
    }


def drug_alone(n: int) -> dict[str, Count]:
    """First treatment with a drug alone, no radiotherapy: best response of all lesions."""
    out = {}
    for agent, tumor in (
        ("pembrolizumab", "nsclc"), ("pembrolizumab", "melanoma"), ("pembrolizumab", "breast"),
        ("ipilimumab", "melanoma"),
    ):  # fmt: skip
        patients = population(n, tumor=tumor, seed=31)
        if agent == "ipilimumab":
            arm = [
                infused(p, agent, first_d=0.0, amount_mg=3.0 * p.weight_kg, doses=4)
                for p in patients
            ]
        else:
            arm = _pembrolizumab(patients, 0.0)
        seen = see(arm, _visits())
        every = recist(seen, np.isfinite(seen.sizes_mm[:, 0]))
        out[f"{agent}, {'NSCLC' if tumor == 'nsclc' else tumor}"] = share(every)
    return out


def hr_positive(n: int) -> dict[str, Count]:
    """Barroso-Sousa 2020 (HR+ breast): pembrolizumab, 20 Gy in 5 to one lesion from day 4."""
    patients = population(n, tumor="breast", seed=11)
    targets = _small_first(patients)
    plan = Course(dose_gy=4.0, n=5, first_d=4.0)
    arm = _pembrolizumab(irradiated(patients, plan, targets, seed=11), 0.0)
    seen = see(arm, _visits())
    return {"out of field": share(recist(seen, _outside(seen, patients, targets)))}
