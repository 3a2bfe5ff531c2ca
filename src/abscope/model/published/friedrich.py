r"""Two tumors, a signal and lymphocytes on a grid of time: Friedrich, Scholz, Durante 2022.

Primary T1 with moribund cells M1, abscopal tumor T2, signal A, lymphocytes L in the primary with
moribund ones LM, lymphocytes LG in the abscopal tumor. Growth mu_k = a_k / (T / 1e6)^b_k with T the
whole tumor, kill f per lymphocyte, d new lymphocytes per day; one step h, v+ = max(0, v + h v'):

    T1' = mu1 T1 - f (L + LM),     T2' = mu2 T2 - f reach LG
    A'  = -lam A + rho (T1 + T2) + psi (cells that die today)
    L'  = -loss L + g d - f L,     LG' = -loss LG + (1 - g) d
    M1' = mu1 M1 - (cells that die today),    LM' = -loss LM - (those that die) - f LM

A fraction moves (1 - S_T) T1 to M1 and (1 - S_L) L to LM and takes the share kRad of LG. What it
made moribund dies after a delay with density k(t; k1, k2, k3) on 0 .. 1/k1; lymphocytes come from
the signal with a delay of density k(t; 1/2, 0.2, 20), scaled by fc4 and by S_LN for each fraction:

    k(t) = c (1 - (k1 t)^k3) (1 - exp(-k2 t)),    k1 = 0.04 dose within 1/7 .. 1/2 per day

The densities end at 1/k1 and have a power that is no whole number: no chain of compartments is
equal to them, so the model is run as published, on a grid with Euler's rule, whose clamp at zero is
part of it (a kill that does not depend on T ends a tumor). Neglected: sites, blood counts, kinetics
of drugs, low-dose effects. Source: Friedrich et al. 2022, doi:10.1016/j.ijrobp.2022.03.030; details
as the group's dashboard runs them, https://github.com/vsandul/RIT_bokeh_app.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from abscope.catalog import published_parameters
from abscope.engine.declaration import Input, Parameter, State
from abscope.engine.functions import maximum, named, power
from abscope.errors import ModelError, Problem
from abscope.model.card import ModelCard
from abscope.model.stepped import SteppedModel

if TYPE_CHECKING:
    from abscope.dose.geometry.grid import Floats

__all__ = ["CARD", "delay_per_d", "friedrich_model", "run_friedrich"]

_STATES = (
    State("primary", "cell", "cells of the primary", "T_1"),
    State("moribund", "cell", "moribund cells of the primary", "M_1"),
    State("abscopal", "cell", "cells of the abscopal tumor", "T_2"),
    State("signal", "cell", "signal", "A"),
    State("lymphocytes", "cell", "lymphocytes in the primary", "L"),
    State("moribund_lymphocytes", "cell", "moribund lymphocytes there", "L_M"),
    State("abscopal_lymphocytes", "cell", "lymphocytes in the abscopal tumor", "L_G"),
)
_PARAMETERS = (
    Parameter("growth_1", "1/d", "growth of the primary of a million cells", "a_1", low=0.0),
    Parameter("slowing_1", "1", "how its growth slows", "b_1", low=0.0),
    Parameter("growth_2", "1/d", "growth of the abscopal tumor of a million cells", "a_2", low=0.0),
    Parameter("slowing_2", "1", "how its growth slows", "b_2", low=0.0),
    Parameter("reach_2", "1", "infiltration of the abscopal tumor", "q", low=0.0),
    Parameter("kill", "1/d", "kill per lymphocyte without a drug", "f_{c1}", low=0.0),
    Parameter("kill_drug", "1/d", "kill per lymphocyte under the drug", "f_{c1}^+", low=0.0),
    Parameter("priming", "1/d", "lymphocytes per signal without a drug", "f_{c4}", low=0.0),
    Parameter("priming_drug", "1/d", "lymphocytes per signal under the drug", "f_{c4}^+", low=0.0),
    Parameter("signal_loss", "1/d", "decay of the signal", r"\lambda", low=0.0),
    Parameter("signal_living", "1/d", "signal from living cells", r"\rho", low=0.0),
    Parameter("signal_dying", "1", "signal per dying cell", r"\psi", low=0.0),
    Parameter("lymphocyte_loss", "1/d", "loss of lymphocytes", r"\mu_L", low=0.0),
    Parameter("share_1", "1", "share of new lymphocytes to the primary", "g", low=0.0, high=1.0),
    Parameter("abscopal_loss", "1", "loss of L_G per fraction", "k_{Rad}", low=0.0, high=1.0),
    Parameter("node_share", "1", "dose of the nodes over that of the primary", "r_N", low=0.0),
    Parameter("tumor_survival", "1", "survival of tumor cells", "S_T", low=0.0, high=1.0),
    Parameter("lymphocyte_alpha", "1/Gy", "linear kill of lymphocytes", r"\alpha_L", low=0.0),
    Parameter("lymphocyte_beta", "1/Gy^2", "quadratic kill of lymphocytes", r"\beta_L", low=0.0),
    Parameter("least_survival", "1", "least survival of lymphocytes", r"S_{min}", low=0.0),
    Parameter("dose", "Gy", "dose per fraction", "x", low=0.0),
    Parameter("release_per_gy", "1/(d*Gy)", "rate of dying per Gy", "k_x", low=0.0),
    Parameter("release_least", "1/d", "least rate of dying", r"k_{1,min}", low=1e-6),
    Parameter("release_most", "1/d", "largest rate of dying", r"k_{1,max}", low=1e-6),
    Parameter("release_rise", "1/d", "how dying begins", "k_2", low=1e-6),
    Parameter("release_shape", "1", "how dying ends", "k_3", low=1e-6),
    Parameter("delay_rate", "1/d", "inverse of the longest delay of priming", "p_1", low=1e-6),
    Parameter("delay_rise", "1/d", "how priming begins", "p_2", low=1e-6),
    Parameter("delay_shape", "1", "how priming ends", "p_3", low=1e-6),
    Parameter("start_tumor", "cell", "cells of each tumor at the start", "T_0", low=1.0),
    Parameter("start_lymphocytes", "cell", "lymphocytes at the start", "L_0", low=0.0),
    Parameter("step", "d", "step of the grid", "h", low=1e-6),
)
_MILLION = 1e6


def _growth(cells: Any, at_million: Any, slowing: Any) -> Any:
    return at_million * power(cells / _MILLION, -slowing)


def _step(now: Any, p: Any, total: Any) -> Mapping[str, Any]:
    h, hits = p.step, now.fractions
    whole = now.primary + now.moribund
    grows_1 = named(r"\mu_1", _growth(whole, p.growth_1, p.slowing_1))
    grows_2 = named(r"\mu_2", _growth(now.abscopal, p.growth_2, p.slowing_2))
    killed = now.kill_now * (now.lymphocytes + now.moribund_lymphocytes)
    hurt = hits * (1.0 - p.tumor_survival) * now.primary
    stunned = hits * (1.0 - now.lymphocyte_survival) * now.lymphocytes
    after = {
        "primary": h * (grows_1 * now.primary - killed) - hurt,
        "moribund": h * (grows_1 * now.still_moribund - now.dying) + hurt,
        "abscopal": h * (grows_2 * now.abscopal
                         - now.kill_now * p.reach_2 * now.abscopal_lymphocytes),
        "signal": h * (p.signal_living * (now.primary + now.abscopal)
                       + p.signal_dying * now.dying - p.signal_loss * now.signal),
        "lymphocytes": h * (p.share_1 * now.produced
                            - (p.lymphocyte_loss + now.kill_now) * now.lymphocytes) - stunned,
        "moribund_lymphocytes": stunned - h * (
            p.lymphocyte_loss * now.still_stunned + now.dying_lymphocytes
            + now.kill_now * now.moribund_lymphocytes),
        "abscopal_lymphocytes": h * ((1.0 - p.share_1) * now.produced
                                     - p.lymphocyte_loss * now.abscopal_lymphocytes)
        - hits * p.abscopal_loss * now.abscopal_lymphocytes,
    }  # fmt: skip
    return {name: maximum(getattr(now, name) + change, 0.0) for name, change in after.items()}


def friedrich_model() -> SteppedModel:
    """Return the map of one step of the grid."""
    return SteppedModel(
        name="Friedrich 2022",
        step="$h$ days",
        states=_STATES,
        parameters=_PARAMETERS,
        rule=_step,
        inputs=(
            Input("fractions", "1", "fractions at the start of this step", "N"),
            Input("kill_now", "1/d", "kill per lymphocyte today", "f"),
            Input("lymphocyte_survival", "1", "survival of lymphocytes", "S_L"),
            Input("dying", "cell/d", "moribund cells that die", r"\dot{Q}"),
            Input("still_moribund", "cell", "cells made moribund that have not died", "Q"),
            Input("dying_lymphocytes", "cell/d", "moribund lymphocytes that die", r"\dot{Q}_L"),
            Input("still_stunned", "cell", "lymphocytes made moribund that have not died", "Q_L"),
            Input("produced", "cell/d", "new lymphocytes", "d"),
        ),
        notes=(
            r"Delays, with the density $k(t; a, b, c) \propto (1 - (a t)^c)(1 - e^{-b t})$ on"
            r" $0 \le t < 1/a$ and $K$ the share that is left after $t$, over the fractions $j$"
            r" before now: $\dot{Q} = \sum_j (1 - S_T) T_1(t_j) e^{\int \mu_1} k(t - t_j)$, $Q$ the"
            r" same with $K$; $\dot{Q}_L = \sum_j (1 - S_L) L(t_j) e^{-\mu_L (t - t_j)} k(t -"
            r" t_j)$, $Q_L$ the same with $K$; $k$ with $k_1 = k_x x$ within its bounds, $k_2$,"
            r" $k_3$.",
            r"Production: $d = \sum_{s < t} h\, f_{c4}(s)\, S_{LN}^{n(s)} A(s)\, k(t - s; p_1, p_2,"
            r" p_3)$ with $n(s)$ the fractions so far. $S_L = \max(S_{min}, e^{-\alpha_L x -"
            r" \beta_L x^2})$, $S_{LN}$ the same at $r_N x$. Delays are seen one step late, and the"
            r" drugs count in $start < t \le end$, as in the published runs.",
        ),
    )


def delay_per_d(
    time_d: "Floats", *, rate_per_d: float, rise_per_d: float, shape: float
) -> "tuple[Floats, Floats]":
    """Return the density (1/d) and the share that is left of the delay after a time in days.

    k(t) = c (1 - (a t)^s) (1 - exp(-b t)) for 0 <= t < 1/a, with integral 1. The dashboard gets c
    from a difference of complete and incomplete gamma functions that cancels for s = 20, and
    divides by the 1.25363 that this gives; the lower incomplete gamma function needs no repair.
    """
    import numpy as np
    from scipy.special import gamma, gammainc

    def whole(upto: Any) -> Any:
        lower = gammainc(1.0 + shape, rise_per_d * upto) * gamma(1.0 + shape)
        early = (1.0 - np.exp(-rise_per_d * upto)) / rise_per_d
        slow = (rate_per_d * upto) ** shape * upto / (1.0 + shape)
        return upto - early - slow + (rate_per_d / rise_per_d) ** shape * lower / rise_per_d

    within = np.clip(time_d, 0.0, 1.0 / rate_per_d)
    norm = whole(1.0 / rate_per_d)
    shapely = (1.0 - (rate_per_d * within) ** shape) * -np.expm1(-rise_per_d * within)
    return shapely / norm, 1.0 - whole(within) / norm


def run_friedrich(
    *,
    fraction_days_d: Sequence[float],
    drug_days_d: Sequence[tuple[float, float]] = (),
    horizon_d: float,
    parameters: Mapping[str, float] | None = None,
) -> "dict[str, Floats]":
    """Return every state by name and ``time_d``, on the grid of ``step`` days below the horizon.

    ``drug_days_d`` are the (start, end) of the time under drug; ``parameters`` replaces values of
    the catalog by name. The signal starts at rho (T1 + T2)^2 / sum (lam + mu_k) T_k. Raises
    ModelError for an unknown name, a horizon or a time that is negative or not finite.
    """
    import numpy as np

    numbers = {name: entry.value for name, entry in published_parameters("friedrich2022").items()}
    times = [*fraction_days_d, *(day for span in drug_days_d for day in span), horizon_d]
    problems = [
        Problem("friedrich2022", "is no parameter of the model", "a name of the catalog", "Fix.", n)
        for n in sorted(set(parameters or {}) - set(numbers))
    ]
    if not all(np.isfinite(times)) or min(times) < 0.0:
        expected = "finite times of 0 or more days"
        problems.append(Problem("friedrich2022", "a wrong time", expected, "Correct it."))
    if problems:
        raise ModelError(problems)
    p = SimpleNamespace(**(numbers | dict(parameters or {})))
    grid = _Grid(p, fraction_days_d, drug_days_d, horizon_d)
    for index in range(1, grid.time.size):
        grid.advance(index)
    return {"time_d": grid.time, **grid.states}


class _Grid:
    """The states on the grid of time, and the sums over the history that a step needs."""

    def __init__(
        self,
        p: Any,
        fractions: Sequence[float],
        drug: Sequence[tuple[float, float]],
        horizon: float,
    ) -> None:
        import numpy as np

        self.p = p
        self.time = np.arange(int(np.ceil(horizon / p.step - 1e-9))) * p.step
        steps = self.time.size
        self.hits = np.zeros(steps)
        at = np.floor(np.asarray(fractions, dtype=np.float64) / p.step + 1e-9).astype(int)
        np.add.at(self.hits, at[at < steps], 1.0)
        under = [(self.time > start) & (self.time <= end) for start, end in drug]
        on = np.any(under, axis=0) if under else np.zeros(steps, dtype=bool)
        self.kill = np.where(on, p.kill_drug, p.kill)
        prime = np.where(on, p.priming_drug, p.priming)
        self.prime = prime * self._survival(p.node_share * p.dose) ** np.cumsum(self.hits)
        self.survival = self._survival(p.dose)
        rate = min(max(p.release_per_gy * p.dose, p.release_least), p.release_most)
        self.density, self.left = delay_per_d(
            self.time, rate_per_d=rate, rise_per_d=p.release_rise, shape=p.release_shape
        )
        self.way, _ = delay_per_d(
            self.time, rate_per_d=p.delay_rate, rise_per_d=p.delay_rise, shape=p.delay_shape
        )
        self.grown = np.zeros(steps)
        self.states = {state.name: np.zeros(steps) for state in _STATES}
        self._start()

    def _survival(self, dose: float) -> float:
        import math

        alpha, beta = self.p.lymphocyte_alpha, self.p.lymphocyte_beta
        return max(math.exp(-alpha * dose - beta * dose**2), float(self.p.least_survival))

    def _start(self) -> None:
        p, first = self.p, self.p.start_tumor
        loss = 2.0 * p.signal_loss + _growth(first, p.growth_1, p.slowing_1)
        loss += _growth(first, p.growth_2, p.slowing_2)
        self.states["primary"][0] = self.states["abscopal"][0] = first
        self.states["signal"][0] = 4.0 * p.signal_living * first / loss
        for name in ("lymphocytes", "abscopal_lymphocytes"):
            self.states[name][0] = p.start_lymphocytes

    def advance(self, index: int) -> None:
        """Fill in the states at an index of the grid from those before it."""
        before = {name: values[index - 1] for name, values in self.states.items()}
        now = SimpleNamespace(**before, **self._seen(index))
        for name, value in _step(now, self.p, None).items():
            self.states[name][index] = value
        whole = now.primary + now.moribund
        growth = _growth(whole, self.p.growth_1, self.p.slowing_1)
        self.grown[index] = self.grown[index - 1] + self.p.step * growth

    def _seen(self, index: int) -> dict[str, float]:
        """Return the inputs of a step: delays as they were one step ago."""
        import numpy as np

        p, seen = self.p, max(index - 1, 0)
        hit = np.flatnonzero(self.hits[:seen])
        lag = index - 2 - hit
        many = self.hits[hit]
        cells = (1.0 - p.tumor_survival) * self.states["primary"][hit] * many
        cells = cells * np.exp(self.grown[index - 1] - self.grown[hit])
        stunned = (1.0 - self.survival) * self.states["lymphocytes"][hit] * many
        stunned = stunned * np.exp(-p.lymphocyte_loss * lag * p.step)
        signal = self.prime[:seen] * self.states["signal"][:seen]
        return {
            "fractions": float(self.hits[index - 1]),
            "kill_now": float(self.kill[index - 2]) if index >= 2 else float(p.kill),
            "lymphocyte_survival": self.survival,
            "dying": float(cells @ self.density[lag]),
            "still_moribund": float(cells @ self.left[lag]),
            "dying_lymphocytes": float(stunned @ self.density[lag]),
            "still_stunned": float(stunned @ self.left[lag]),
            "produced": p.step * float(self.way[:seen] @ signal[::-1]),
        }


CARD = ModelCard(
    name="friedrich2022",
    title="Radiation and checkpoint inhibitors in a primary and an abscopal tumor",
    source="Friedrich, Scholz, Durante 2022, doi:10.1016/j.ijrobp.2022.03.030",
    values=lambda: {p.name: published_parameters("friedrich2022")[p.name] for p in _PARAMETERS},
    scope="Two tumors of mice, drugs on or off; no sites, no counts of blood, no kinetics.",
    stepped=friedrich_model,
    run=run_friedrich,
    departures=(
        "Its delays end at a fixed time and have a power that is no whole number, so it is no"
        " system of differential equations: it is run as published, with Euler's rule on a grid of"
        " 0.1 d, without the ensemble kernels, gradients and exports of the engine.",
        "The density of the delay of priming has the integral 1 by its formula; the public code"
        " loses that to rounding and divides by 1.25363 instead. Results agree to 1e-12.",
        "Equations and values are those of the group's dashboard: the article was not readable.",
    ),
)
