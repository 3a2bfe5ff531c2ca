"""A fine dose histogram of a lesion as few parts of equal volume with doses of equal effect.

A part that is the volume w_l of the levels d_l gets the dose d with

    S(d) = sum w_l S(d_l) / sum w_l

with the survival S of the model (`abscope.model.kill`) at the sensitivity of the draw. So the kill
of the whole histogram is kept, cold spots that are smaller than a part included, where the mean
dose of the part would kill more. What the other effects of a dose (signal, stroma) lose is the
spread inside a part.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from abscope.dose.geometry.grid import Floats
from abscope.engine.declaration import Parameter
from abscope.model.kill import BINS, OWN, SHARED, survival
from abscope.model.values import core_values

__all__ = ["Sensitivity", "equal_effect_gy"]

#: Halvings of the range of doses of a part: to its 1e-9.
_HALVINGS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Sensitivity:
    """The parameters of survival by name in every draw: of the lesion, and of the patient."""

    own: dict[str, Floats]
    shared: dict[str, Floats]

    @classmethod
    def of(
        cls, own: Mapping[str, Floats], shared: Mapping[str, Floats], n_draws: int
    ) -> "Sensitivity":
        """Return the parameters of draws; what is not drawn has the value of the catalog."""

        def known(
            declared: tuple[Parameter, ...], given: Mapping[str, Floats]
        ) -> dict[str, Floats]:
            return {
                q.name: given[q.name]
                if q.name in given
                else np.full(n_draws, core_values()[q.name].value)
                for q in declared
            }

        return cls(known(OWN, own), known(SHARED, shared))

    def survival_frac(self, dose_gy: Floats) -> Floats:
        """Return the share of viable cells that survives doses (n, any) in every draw."""
        x = SimpleNamespace(**{q.name: self.own[q.name][:, None] for q in OWN})
        p = SimpleNamespace(**{q.name: self.shared[q.name][:, None] for q in SHARED})
        return np.asarray(survival(dose_gy, x, p))


def equal_effect_gy(
    dose_gy: Floats, *, share_frac: Floats, cells: Sensitivity, parts: int = BINS
) -> Floats:
    """Return the dose (Gy) of equal effect in parts of equal volume, the coldest first (n, parts).

    ``dose_gy`` (n, levels) has the levels of every draw in ascending order, ``share_frac``
    (levels,) the share of the volume at each. Levels that are cut by the border of two parts count
    in both by their shares.
    """
    edges = np.concatenate([[0.0], np.cumsum(share_frac)])
    edges /= edges[-1]
    cuts = np.linspace(0.0, 1.0, parts + 1)
    low = np.maximum(edges[None, :-1], cuts[:-1, None])
    high = np.minimum(edges[None, 1:], cuts[1:, None])
    weight = np.maximum(high - low, 0.0) * parts  # (parts, levels), rows add up to 1
    wanted = cells.survival_frac(dose_gy) @ weight.T
    inside = np.where(weight[None] > 0.0, dose_gy[:, None, :], np.nan)
    cold, hot = np.nanmin(inside, axis=2), np.nanmax(inside, axis=2)
    for _ in range(_HALVINGS):
        middle = (cold + hot) / 2.0
        too_cold = cells.survival_frac(middle) > wanted
        cold, hot = np.where(too_cold, middle, cold), np.where(too_cold, hot, middle)
    return np.asarray((cold + hot) / 2.0)
