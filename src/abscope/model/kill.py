"""Kill of tumor cells by a fraction, on the dose histogram of the lesion itself.

A fraction brings the doses d_1..d_n of ``BINS`` parts of equal volume, so that a hot core, peaks
and valleys of a lattice and a part outside the field count as they are:

    -ln S0(d) = alpha m (1 + m / r) + alpha (1 + 2 d_T / r) (d - m),    m = min(d, d_T)
    S(d) = (1 - h) S0(d) + h S0(d / O)
    S = mean of S(d_k);    T -> S T,    M -> M + (1 - S) T

with r = alpha/beta. Above d_T the curve is straight (LQ-L); with d_T beyond every dose it is LQ. A
share h of the viable cells lacks oxygen and feels a dose as one that is O times smaller; h = 0 is
the model without hypoxia. Assumed: viable cells are spread evenly over the lesion at every fraction
(what a cold part or a part without oxygen keeps is spread again before the next one, that is full
reoxygenation); doses of a part are its mean. Neglected: repair during the fraction, cell cycle.
Sources: LQ and LQ-L as in `abscope.dose.radiobiology.survival`, which the tests hold this against;
two populations by oxygen in their usual form.
"""

from collections.abc import Callable
from typing import Any

from abscope.engine.declaration import Field, Parameter
from abscope.engine.functions import exp, minimum

__all__ = [
    "BINS", "DOSES", "OWN", "SHARED", "binned_mean", "log_survival", "survival", "surviving",
]  # fmt: skip

#: Parts of equal volume that the dose of a lesion is told by.
BINS = 8

OWN = (
    Parameter("alpha", "1/Gy", "linear sensitivity of tumor cells", r"\alpha", low=0.0),
    Parameter("alpha_beta", "Gy", "alpha over beta of tumor cells", "r", low=1e-3),
)
SHARED = (
    Parameter("transition", "Gy", "dose above which survival is straight", "d_T", low=0.0),
    Parameter("hypoxic", "1", "share of viable cells without oxygen", "h", low=0.0, high=1.0),
    Parameter("oxygen_gain", "1", "gain of the effect of dose by oxygen", "O", low=1.0),
)
DOSES = tuple(
    Field(f"dose_{k}", "Gy", f"dose of part {k} of {BINS} of the lesion", f"d_{{{k}}}")
    for k in range(1, BINS + 1)
)


def binned_mean(e: Any, value: Callable[[Any], Any]) -> Any:
    """Return the mean of a function of the dose over the parts of the lesion."""
    total = value(getattr(e, DOSES[0].name))
    for field in DOSES[1:]:
        total = total + value(getattr(e, field.name))
    return total / float(BINS)


def log_survival(dose: Any, x: Any, p: Any) -> Any:
    """Return ln S0 of one dose, of cells with oxygen."""
    bent = minimum(dose, p.transition)
    beyond = 1.0 + 2.0 * p.transition / x.alpha_beta
    return -x.alpha * (bent * (1.0 + bent / x.alpha_beta) + beyond * (dose - bent))


def survival(dose: Any, x: Any, p: Any) -> Any:
    """Return S of one dose, of cells with and without oxygen."""
    without = exp(log_survival(dose / p.oxygen_gain, x, p))
    return (1.0 - p.hypoxic) * exp(log_survival(dose, x, p)) + p.hypoxic * without


def surviving(x: Any, p: Any, e: Any) -> Any:
    """Return the share of viable cells that survives the fraction."""
    return binned_mean(e, lambda dose: survival(dose, x, p))
