"""Killing of tumor cells by effector T cells.

    kill = c k_E E / (e50 + E) (1 - a brake) / (1 + S / s50)

E effector density, brake that of PD-L1 as far as no drug lifts it (`exhaustion`), S suppressive
stroma, and c how far the
lesion has the antigens that the T cells know (1: all of them): lesions of one patient differ in c.
Assumed: kill of each cell saturates with the density of effectors and does not depend on that of
tumor cells, so no lesion is killed in finite time. Neglected: NK and CD4 cells, loss of antigen.
Source: own; PD-L1 protection after Kosinsky 2018, doi:10.1186/s40425-018-0327-9.
"""

from typing import Any

from abscope.engine.declaration import Parameter

__all__ = ["OWN", "SHARED", "kill_rate", "suppression"]

OWN = (
    Parameter("match", "1", "share of the known antigens that the lesion has", "c", low=0, high=1),
)
SHARED = (
    Parameter("kill_max", "1/d", "largest rate of killing", "k_E", low=0.0),
    Parameter("kill_half", "Mcell/mL", "effectors that kill at half that rate", "e_{50}", low=1e-9),
    Parameter("pdl1_protection", "1", "share of killing that PD-L1 stops", "a", low=0, high=1),
    Parameter("stroma_strength", "1", "effect of the stroma on T cells", "b_S", low=0.0),
    Parameter("stroma_half", "1", "stroma that halves what T cells do", "s_{50}", low=1e-9),
)


def suppression(x: Any, p: Any) -> Any:
    """Return what the stroma leaves of the activity of T cells, 0..1."""
    return 1.0 / (1.0 + p.stroma_strength * x.stroma / p.stroma_half)


def kill_rate(x: Any, brake: Any, p: Any) -> Any:
    """Return the killing of tumor cells, in 1/d; ``brake`` is that of `exhaustion`."""
    attack = x.match * p.kill_max * x.effector / (p.kill_half + x.effector)
    return attack * (1.0 - p.pdl1_protection * brake) * suppression(x, p)
