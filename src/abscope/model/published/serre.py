r"""Radiation, lymphocytes and two immune responses day by day: Serre et al. 2016, Cho et al. 2023.

A tumor of volume elements b, each with its own dose. On day n, with S_T and S_L the survival of
tumor cells and of lymphocytes, T viable and D doomed volume, L lymphocytes and A triggering cells
of an element, Z = Z1 + Z2 the primary and the secondary immune effect and eps the activation:

    T' = T S_T exp(mu - Z),    eps' = 0.999 tanh(k sum (1 - S_T) T / sum (T + D))
    A' = (S_L / S_T A + (1 - A) lam) (1 - eps')
    L' = (1 - lam) S_L L + rho T' + psi eps' A' T'
    Z1' = omega sum L' / (1 + kappa (sum T')^(2/3) sum L' / (1 + p1))
    Z2' = Z2 + gamma (1 + c4) / (r + c4) Z1'
    D' = (1 - lam) D + (1 - S_T) T + S_T T e^mu (1 - e^-Z)

Lymphocytes die on the day of the dose, tumor cells over the days after it. Neglected: a second
tumor, lymphocytes in blood, kinetics of the drugs (p1 and c4 are levels). Source: Serre et al.
2016, Cancer Res 76:4931-4940 (abstract); equations and values as coded for Cho et al. 2023, Phys
Med Biol 68:165010.
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from abscope.catalog import published_parameters
from abscope.engine.declaration import Input, Parameter, State
from abscope.engine.functions import exp, maximum, named, power
from abscope.errors import ModelError, Problem
from abscope.model.card import ModelCard
from abscope.model.stepped import SteppedModel

if TYPE_CHECKING:
    from abscope.dose.geometry.grid import Floats

__all__ = ["CARD", "run_serre", "serre_model"]

_STATES = (
    State("tumor", "mL", "viable volume of an element", "T_b"),
    State("doomed", "mL", "doomed volume of an element", "D_b"),
    State("lymphocytes", "1", "lymphocytes in an element", "L_b"),
    State("trigger", "1", "triggering cells in an element", "A_b"),
    State("activation", "1", "activation", r"\varepsilon"),
    State("primary", "1", "primary immune effect", "Z_1"),
    State("secondary", "1", "secondary immune effect", "Z_2"),
)
_PARAMETERS = (
    Parameter("doubling_time", "d", "doubling time of the tumor", r"t_2", low=1e-6),
    Parameter("clearance_half_life", "d", "half-life of what fades", r"t_{1/2}", low=1e-6),
    Parameter("recruitment", "1/mL", "lymphocytes per viable volume", r"\rho", low=0.0),
    Parameter("release", "1/mL", "lymphocytes per activated volume", r"\psi", low=0.0),
    Parameter("effect", "1", "effect per lymphocyte", r"\omega", low=0.0),
    Parameter("memory_gain", "1", "gain of the secondary effect", r"\gamma", low=0.0),
    Parameter("memory_half", "1", "scale of the drug against CTLA-4", "r", low=1e-6),
    Parameter("suppression", "1", "suppression by the tumor", r"\kappa", low=0.0),
    Parameter("sensitivity", "1", "activation per damaged share", "k", low=0.0),
    Parameter("activation_limit", "1", "largest activation", r"\varepsilon_{max}", low=0.0),
    Parameter("anti_pd1", "1", "level of the drug against PD-1", "p_1", low=0.0),
    Parameter("anti_ctla4", "1", "level of the drug against CTLA-4", "c_4", low=0.0),
    Parameter("start_volume", "mL", "volume on day 0", "T_0", low=0.0),
    Parameter("alpha", "1/Gy", "linear kill of the tumor", r"\alpha", low=0.0),
    Parameter("alpha_beta", "Gy", "alpha/beta of the tumor", r"\alpha/\beta", low=1e-6),
    Parameter("lymphocyte_alpha", "1/Gy", "linear kill of lymphocytes", r"\alpha_L", low=0.0),
    Parameter("lymphocyte_beta", "1/Gy^2", "quadratic kill of lymphocytes", r"\beta_L", low=0.0),
    Parameter("delay", "d", "mean delay of death", "m", low=0.0),
    Parameter("delay_sd", "d", "standard deviation of the delay", "s", low=1e-6),
)
#: Below these a sum counts as this: no tumor is left, and a share of it is asked for.
_SMALL = 1e-15


def _day(now: Any, p: Any, total: Any) -> Mapping[str, Any]:
    fades = named(r"\lambda", 1.0 - power(2.0, -1.0 / p.clearance_half_life))
    grows = named("G", power(2.0, 1.0 / p.doubling_time))
    spared = named(r"e^{-Z}", exp(-(now.primary + now.secondary)))
    lost = (1.0 - now.tumor_survival) * now.tumor
    whole = maximum(total(now.tumor + now.doomed), _SMALL)
    damaged = named("d", p.sensitivity * total(lost) / whole)
    tanh = 1.0 - 2.0 / (exp(2.0 * damaged) + 1.0)
    activation = named(r"\varepsilon'", p.activation_limit * tanh)
    tumor = named("T_b'", now.tumor * now.tumor_survival * grows * spared)
    ratio = now.lymphocyte_survival / maximum(now.tumor_survival, _SMALL)
    trigger = named(
        "A_b'", (ratio * now.trigger + (1.0 - now.trigger) * fades) * (1.0 - activation)
    )
    lymphocytes = named(
        "L_b'",
        (1.0 - fades) * now.lymphocyte_survival * now.lymphocytes
        + (p.recruitment + p.release * activation * trigger) * tumor,
    )
    reach = total(lymphocytes)
    shield = p.suppression * power(total(tumor), 2.0 / 3.0) * reach / (1.0 + p.anti_pd1)
    primary = named("Z_1'", p.effect * reach / (1.0 + shield))
    memory = p.memory_gain * (1.0 + p.anti_ctla4) / (p.memory_half + p.anti_ctla4)
    return {
        "tumor": tumor,
        "doomed": (1.0 - fades) * now.doomed + lost
        + now.tumor_survival * now.tumor * grows * (1.0 - spared),
        "lymphocytes": lymphocytes,
        "trigger": trigger,
        "activation": activation,
        "primary": primary,
        "secondary": now.secondary + memory * primary,
    }  # fmt: skip


def serre_model() -> SteppedModel:
    """Return the map of one day."""
    return SteppedModel(
        name="Serre 2016 and Cho 2023",
        step="one day",
        states=_STATES,
        parameters=_PARAMETERS,
        rule=_day,
        inputs=(
            Input("tumor_survival", "1", "survival of tumor cells today", "S_{T,b}"),
            Input("lymphocyte_survival", "1", "survival of lymphocytes today", "S_{L,b}"),
        ),
        notes=(
            r"Survival: $S_{L,b} = \exp(-\alpha_L x_b - \beta_L x_b^2)$ with today's dose $x_b$;"
            r" $-\ln S_{T,b} = \sum_j w_j (\alpha y + \alpha y^2 / (\alpha/\beta))$ with $y$"
            r" the dose $j$ days ago, $w_j$ the normal density of mean $m$ and deviation $s$ at"
            r" $j \ge 1$ and $w_0 = 1 - \sum_{j \ge 1} w_j$.",
        ),
    )


def run_serre(
    *, dose_gy: "Floats", parameters: Mapping[str, float] | None = None
) -> "dict[str, Floats]":
    """Return every state by name, day by day: (days, elements), or (days,) where it is shared.

    ``dose_gy`` (days, elements) is the dose of every element on every day; ``parameters`` replaces
    values of the catalog by name. Start: ``start_volume`` in equal elements, triggering cells 1,
    all else 0. ``volume`` (mL) is viable and doomed volume together. Raises ModelError for a dose
    that is negative, not finite or of another shape, and for an unknown name.
    """
    import numpy as np

    numbers = {name: entry.value for name, entry in published_parameters("serre2016").items()}
    unknown = sorted(set(parameters or {}) - set(numbers))
    dose_gy = np.asarray(dose_gy, dtype=np.float64)
    fine = dose_gy.ndim == 2 and dose_gy.size > 0 and bool(np.all(np.isfinite(dose_gy)))
    problems = [
        Problem("serre2016", "is no parameter of the model", "a name of the catalog", "Correct.", n)
        for n in unknown
    ]
    if not fine or float(dose_gy.min()) < 0.0:
        expected = "a table (days, elements) of finite doses of 0 Gy or more"
        problems.append(Problem("serre2016", "wrong doses", expected, "Correct it.", "dose_gy"))
    if problems:
        raise ModelError(problems)
    p = SimpleNamespace(**(numbers | dict(parameters or {})))
    days, elements = dose_gy.shape
    tumor_survival, lymphocyte_survival = _survival(dose_gy, p)
    now: dict[str, Any] = {
        state.name: np.zeros(elements if state.symbol.endswith("b") else ()) for state in _STATES
    }
    now |= {"tumor": np.full(elements, p.start_volume / elements), "trigger": np.ones(elements)}
    history = [now]
    for day in range(days - 1):
        seen = {
            "tumor_survival": tumor_survival[day],
            "lymphocyte_survival": lymphocyte_survival[day],
        }
        now = dict(_day(SimpleNamespace(**now, **seen), p, np.sum))
        history.append(now)
    found = {name: np.array([item[name] for item in history]) for name in now}
    found["volume"] = (found["tumor"] + found["doomed"]).sum(axis=1)
    return found


def _survival(dose_gy: "Floats", p: Any) -> "tuple[Floats, Floats]":
    """Return the survival of tumor cells and of lymphocytes, (days, elements) each."""
    import numpy as np

    days = dose_gy.shape[0]
    lag = np.arange(days, dtype=np.float64)
    weight = np.exp(-0.5 * ((lag - p.delay) / p.delay_sd) ** 2) / (p.delay_sd * np.sqrt(2 * np.pi))
    weight[0] = 1.0 - weight[1:].sum()
    hazard = p.alpha * dose_gy * (1.0 + dose_gy / p.alpha_beta)
    late = np.array([weight[: day + 1][::-1] @ hazard[: day + 1] for day in range(days)])
    early = (p.lymphocyte_alpha + p.lymphocyte_beta * dose_gy) * dose_gy
    return np.exp(-late), np.exp(-early)


CARD = ModelCard(
    name="serre2016",
    title="Radiation and a primary and a secondary immune response, day by day",
    source="Serre et al. 2016, Cancer Res 76:4931; Cho et al. 2023, Phys Med Biol 68:165010",
    values=lambda: {p.name: published_parameters("serre2016")[p.name] for p in _PARAMETERS},
    scope="One tumor of many volume elements; drugs as levels; values of mouse experiments.",
    stepped=serre_model,
    run=run_serre,
    departures=(
        "A map from day to day and no system of differential equations: the engine's ensemble"
        " kernels, gradients and exports do not apply.",
        "Equations and values are those of open code for Cho et al. 2023; the bodies of both"
        " articles were not readable.",
    ),
)
