"""Virtual patients for the anchors: the prior of ``from_case`` without a case.

Stated assumptions, none of them fitted to an anchor. Lesions: 3 to 8, each of a size, and in an
organ, drawn alone (`_PLACES`, own). Parameters of the body: log-normal about the value of the
catalog, clipped to its range. Growth and sensitivity differ between patients and again between
lesions; alpha, alpha/beta and the naive cells that know the tumor are those of its type. ``match``
is uniform over its range. Who has a lesion that would shrink within 180 days untreated is left out
and replaced (about one in a hundred): patients of trials have disease that grows.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from abscope.catalog.case_prior import case_prior
from abscope.catalog.entries import Parameter
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.catalog.model_core import naive_pool
from abscope.catalog.radiobiology import alpha, alpha_beta
from abscope.model.lesion_sizes import volume_ml
from abscope.model.patient import Infusion, LesionStart, Patient
from abscope.model.prior_draws import PriorDraws
from abscope.model.system import core_system
from abscope.model.untreated import grows_untreated
from abscope.model.values import core_values

__all__ = ["HORIZON_D", "THREE_TRIALS", "infused", "mixture", "population"]

HORIZON_D = 420.0
_FEWEST, _MOST = 3, 8
#: Organ -> share of the lesions; own, after usual patterns of spread.
_PLACES = {
    "nsclc": {"lung": 0.45, "lymph_nodes": 0.2, "liver": 0.12, "red_marrow": 0.13, "adrenals": 0.1},
    "breast": {"red_marrow": 0.4, "lung": 0.2, "liver": 0.2, "lymph_nodes": 0.2},
    "melanoma": {"lung": 0.3, "lymph_nodes": 0.25, "liver": 0.15, "muscle": 0.15, "skin": 0.15},
    "other": {"lung": 0.35, "lymph_nodes": 0.2, "liver": 0.25, "red_marrow": 0.1, "muscle": 0.1},
}
#: Tumors of the 153 patients of three trials of one center (Chen 2020, pmid:32036004, abstract);
#: the types that it does not name are "other". The patients of Menon 2019 are some of these.
THREE_TRIALS = {"nsclc": 62, "sclc": 25, "hnscc": 16, "rcc": 13, "other": 37}
#: Lymphocytes per uL before treatment: 1260 in 282 patients with bone metastases (J Radiat Res
#: 65:523), 1410 and 1120 in two series of liver cancer; the spread is own.
_COUNT = {"value": 1300.0, "low": 500.0, "high": 3400.0}
_OF_DRUGS = ("pd1_", "ctla4_")


def population(n: int, *, tumor: str, seed: int) -> list[Patient]:
    """Return n untreated patients of day 0 to 420 whose lesions all grow."""
    more = n + n // 16 + 4
    while True:
        drawn = _drawn(more, tumor=tumor, seed=seed)
        kept = [one for one, grows in zip(drawn, grows_untreated(drawn), strict=True) if grows]
        if len(kept) >= n:
            return kept[:n]
        more *= 2


def mixture(n: int, *, counts: Mapping[str, int], seed: int) -> list[Patient]:
    """Return n patients of several tumor types in proportion to ``counts``, in random order."""
    ends = np.round(n * np.cumsum([0, *counts.values()]) / sum(counts.values())).astype(int)
    found = [
        one
        for k, (tumor, many) in enumerate(zip(counts, np.diff(ends).tolist(), strict=True))
        for one in (population(many, tumor=tumor, seed=seed + 1000 * k) if many else ())
    ]
    return [found[k] for k in np.random.default_rng(seed).permutation(n)]


def _drawn(n: int, *, tumor: str, seed: int) -> list[Patient]:
    prior = PriorDraws(n, seed=seed)
    shared, own = _shared(prior, tumor), [_own(prior, tumor, k) for k in range(_MOST)]
    count = _FEWEST + prior.choice("count", range(_MOST - _FEWEST + 1))
    weight = prior.log_normal("weight", case_prior("weight"))
    female = prior.uniform("sex") < 0.5
    return [
        Patient(
            id=f"{tumor}{i}",
            sex="female" if female[i] else "male",
            weight_kg=float(weight[i]),
            lesions=tuple(
                LesionStart(
                    id=f"l{k}",
                    compartment=str(own[k]["place"][i]),
                    volume_ml=float(own[k]["volume_ml"][i]),
                    own={
                        q: float(own[k][q][i]) for q in ("growth", "alpha", "alpha_beta", "match")
                    },
                )
                for k in range(count[i])
            ),
            start_d=0.0,
            horizon_d=HORIZON_D,
            parameters={name: float(values[i]) for name, values in shared.items()},
        )
        for i in range(n)
    ]


def _from_range(name: str, prior: PriorDraws, entry: Parameter | None = None) -> np.ndarray:
    entry = entry or core_values()[name]
    if entry.low <= 0.0 or entry.value in (entry.low, entry.high):
        return prior.spread(name, entry)
    return np.clip(prior.log_normal(name, entry), entry.low, entry.high)


def _shared(prior: PriorDraws, tumor: str) -> dict[str, np.ndarray]:
    names = [q.name for q in core_system().body.parameters if q.name in core_values()]
    found = {
        name: _from_range(name, prior)
        for name in names
        if core_values()[name].high > core_values()[name].low and not name.startswith(_OF_DRUGS)
    }
    found["naive_pool"] = _from_range("naive_pool", prior, naive_pool(tumor))
    count = replace(lymphocyte_parameter("baseline_count"), **_COUNT)
    return found | {"baseline": prior.log_normal("lymphocytes before", count)}


def _own(prior: PriorDraws, tumor: str, k: int) -> dict[str, np.ndarray]:
    spread = {
        "growth": case_prior("doubling_between_lesions").value,
        "alpha": case_prior("alpha_between_lesions").value,
        "alpha_beta": 0.0,
    }
    middle = {
        "growth": _from_range("growth", prior),
        "alpha": prior.log_normal("alpha", alpha(tumor)),
        "alpha_beta": prior.log_normal("alpha/beta", alpha_beta(tumor)),
    }
    size = prior.log_normal(f"{k} size", case_prior("size_unknown"))
    places = _PLACES.get(tumor, _PLACES["other"])
    at = np.searchsorted(np.cumsum(list(places.values())), prior.uniform(f"{k} place"))
    return {
        **{q: middle[q] * np.exp(sd * prior.normal(f"{k} {q}")) for q, sd in spread.items()},
        "match": prior.spread(f"{k} match", core_values()["match"]),
        "volume_ml": volume_ml(size, other_mm=case_prior("axis_ratio").value * size),
        "place": np.array(list(places))[np.minimum(at, len(places) - 1)],
    }


def infused(
    patient: Patient, agent: str, *, first_d: float, amount_mg: float, gap_d: float = 21.0,
    doses: int = 100,
) -> Patient:  # fmt: skip
    """Return the patient with infusions of half an hour until the horizon, or so many of them."""
    days = np.arange(first_d, patient.horizon_d - 1.0, gap_d)[:doses]
    more = tuple(
        Infusion(day_d=float(day), agent=agent, amount_mg=amount_mg, duration_d=1 / 48)
        for day in days
    )
    return replace(patient, infusions=(*patient.infusions, *more))
