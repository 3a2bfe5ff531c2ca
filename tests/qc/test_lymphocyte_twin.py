"""The daily matrix steps against a slow twin: the pools as plain differential equations."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from abscope.blood.alc.model import LymphocyteModel, course_losses
from abscope.catalog import lymphocyte_parameter
from lymphocyte_cases import course, middle_draws, model_of

#: Pool by pool, as blood.md section 5.3 tells it: stay in days, share of what leaves blood.
STAY_D = {"blood": 0.5 / 24, "spleen": 5 / 24, "other": 12 / 24}
NODES = {"neck": 0.25, "axilla": 0.10, "mediastinum": 0.15, "abdomen": 0.35, "pelvis": 0.15}
ENTRY = [0.45, *(0.42 * share for share in NODES.values()), 0.03, 0.05, 0.05]


def slow_counts(survival: np.ndarray, days: list[float], times: np.ndarray) -> np.ndarray:
    """The count relative to before, by an adaptive integrator between fractions."""
    stay = np.array([STAY_D["blood"], STAY_D["spleen"], *[STAY_D["other"]] * 8])
    entry = np.array(ENTRY) / np.sum(ENTRY)
    rest = np.concatenate([[stay[0]], entry * stay[1:]])
    rest /= rest.sum()

    def flow(cells: np.ndarray) -> np.ndarray:
        leaving = cells / stay
        change = -leaving
        change[1:] += entry * leaving[0]
        change[0] += leaving[1:].sum()
        return change

    def rates(_: float, state: np.ndarray) -> np.ndarray:
        alive, fast, slow = state.reshape(3, 10)
        new = 0.0186 * max(0.67 - alive.sum(), 0.0) * rest
        return np.concatenate([
            flow(alive) + new,
            flow(fast) - fast * np.log(2) / 0.125,
            flow(slow) - slow * np.log(2) / 1.25,
        ])  # fmt: skip

    state = np.concatenate([rest, np.zeros(20)])
    out = np.full(times.size, np.nan)
    stops = sorted({*days, *times.tolist()})
    now = 0.0
    for stop in stops:
        if stop > now:
            done = solve_ivp(rates, (now, stop), state, method="LSODA", rtol=1e-9, atol=1e-13)
            state, now = done.y[:, -1], stop
        out[times == stop] = state.reshape(3, 10)[:, 0].sum() / rest[0]
        if stop in days:
            alive, fast, slow = state.reshape(3, 10).copy()
            lost = alive * (1 - survival)
            state = np.concatenate([alive - lost, fast + lost / 2, slow + lost / 2])
    return out


def test_daily_steps_agree_with_the_differential_equations() -> None:
    plan = course()
    model = model_of(plan)
    draws = middle_draws(model)
    loss = course_losses(model.tables, draws)[0][0]
    times = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 25.0, 90.0])
    twin = slow_counts(np.exp(-loss), [0.0, 1.0, 2.0, 3.0, 4.0], times)
    assert model.run(draws).at(times)[0] == pytest.approx(twin, abs=2e-4)


def test_marrow_and_thymus_dose_lower_the_plateau_where_the_option_is_on() -> None:
    """p (1 - 0.3 (1 - S_m)) (1 - 0.2 (1 - S_t)) long after twelve fractions, by hand."""
    plan = course(n_fractions=(12,))
    off = model_of(plan)
    draws = middle_draws(off)
    on = LymphocyteModel(
        replace(off.prior.settings, plateau_by_dose=True), counts=(), blood=off.blood
    )
    late = np.array([2000.0])
    marrow = 1 - np.exp(-12 * course_losses(off.tables, draws)[0][0, 7])
    thymus = next(x for x in plan.body.compartments if x.compartment == "thymus")
    alpha = lymphocyte_parameter("alpha").value
    left = float(thymus.volume_frac @ np.exp(-alpha * thymus.dose_per_fraction_gy)) ** 12
    assert off.run(draws).at(late)[0, 0] == pytest.approx(0.67, abs=1e-6)
    expected = 0.67 * (1 - 0.3 * marrow) * (1 - 0.2 * (1 - left))
    assert on.run(draws).at(late)[0, 0] == pytest.approx(expected, abs=1e-4)
    assert marrow > 0.2
    assert left < 0.9
