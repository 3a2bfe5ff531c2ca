"""Cohorts that the executors' tests draw: at the top of a module, where workers can import them."""

import os

import numpy as np

from abscope.engine.batch import Batch, Events
from engine_systems import CLOSED_PARAMETERS, CLOSED_START


def closed_cohort(draws, *, horizon=4.0, widest=5):
    """Return members of the closed forms with 1 to 5 lesions and up to 2 boluses."""
    count = draws.integers("lesions", 1, widest + 1)
    times = np.sort(draws.uniform("bolus days", 2) * horizon, axis=1)
    chosen = draws.uniform("bolus chosen", 2) < 0.7
    member, row = np.nonzero(chosen)
    parameters = CLOSED_PARAMETERS | {
        "k": 0.3 * np.exp(0.3 * draws.normal("k")),
        "cap": 40.0 * np.exp(0.2 * draws.normal("cap")),
    }
    return Batch(
        members=draws.members,
        horizon=horizon,
        observe_at=np.linspace(0.0, horizon, 9),
        replicates=count,
        parameters=parameters,
        own={"g": 0.5 * np.exp(0.3 * draws.normal("g", widest))},
        initial=CLOSED_START,
        replicate_initial={"v": 0.1 + draws.uniform("v", widest)},
        events=(
            Events(
                "bolus",
                times=times[member, row],
                members=member,
                fields={"dose": draws.uniform("dose", 2)[member, row] * 5.0},
            ),
            Events(
                "cut",
                times=np.ones(draws.members),
                members=np.arange(draws.members),
                fields={"left": 0.2 + 0.8 * draws.uniform("cut", widest)},
            ),
        ),
    )


def cohort_with_a_fault(draws, *, member, how):
    """Return the cohort, except where the member is among those drawn: there, fail."""
    if draws.first <= member < draws.last:
        if how == "raise":
            raise RuntimeError("this draw is broken")
        if how == "die":
            os._exit(1)
        batch = closed_cohort(draws)
        batch.parameters["k"][member - draws.first] = -1.0
        return batch
    return closed_cohort(draws)


def largest_lesion(found):
    """Return the largest last volume of each member."""
    return {"largest": np.nanmax(found["v_seen"][:, -1], axis=1), "steps": found.steps}
