"""What becomes of dying tumor: doomed cells disintegrate, debris is cleared, a scar stays for long.

    M' = -(mu_M + kill) M
    N' = mu_M M + kill (T + M) + d0 T - mu_N N
    C' = -mu_C C
    dying = mu_M M + kill (T + M) + d0 T
    at a fraction, mean over the parts:
        M -> M + T mean((1 - S(d_k)) (1 - f(d_k))),   C -> C + T mean((1 - S(d_k)) f(d_k))
        f(d) = f d^2 / (d^2 + d_C^2)

Of what a fraction kills, a share f(d) that rises with the dose per fraction becomes scar C, which a
scan does not tell from tumor; low doses, T cells and turnover leave none. f = 0 is the model
without scar. Volume only leaves with mu_N N and mu_C C. Assumed: the form of f(d); what is walled
off as scar gives no antigen; a doomed cell takes the room of a viable one and does not divide.
Neglected: edema, fibrosis of the organ around, the sum of dose. Sources: delay after Kosinsky 2018,
doi:10.1186/s40425-018-0327-9; that irradiated lesions shrink by a fifth only, in the mean, within
12 weeks: Luke 2018, doi:10.1200/JCO.2017.76.2229.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import named
from abscope.model.kill import binned_mean, survival

__all__ = ["SHARED", "dead_after", "debris_rate", "doomed_rate", "dying", "scar_rate"]

SHARED = (
    Parameter("doomed_loss", "1/d", "disintegration of doomed cells", r"\mu_M", low=0.0),
    Parameter("debris_loss", "1/d", "clearance of debris", r"\mu_N", low=0.0),
    Parameter(
        "scar_share", "1", "largest share of the killed that becomes scar", "f", low=0, high=1
    ),
    Parameter("scar_half_dose", "Gy", "dose of half that share", "d_C", low=1e-6),
    Parameter("scar_loss", "1/d", "clearance of scar", r"\mu_C", low=0.0),
)


def dying(x: Any, kill: Any, deaths: Any, p: Any) -> Any:
    """Return the volume that becomes debris, in mL/d."""
    return p.doomed_loss * x.doomed + kill * (x.viable + x.doomed) + deaths


def doomed_rate(x: Any, kill: Any, p: Any) -> Any:
    """Return M', in mL/d."""
    return -(p.doomed_loss + kill) * x.doomed


def debris_rate(x: Any, dying_volume: Any, p: Any) -> Any:
    """Return N', in mL/d."""
    return dying_volume - p.debris_loss * x.debris


def scar_rate(x: Any, p: Any) -> Any:
    """Return C', in mL/d."""
    return -p.scar_loss * x.scar


def dead_after(x: Any, left: Any, p: Any, e: Any) -> dict[str, Any]:
    """Return M and C after a fraction by name; ``left`` is what survives of the viable cells."""

    def scarred(dose: Any) -> Any:
        square = dose * dose
        rise = square / (square + p.scar_half_dose * p.scar_half_dose)
        return rise * (1.0 - survival(dose, x, p))

    scar = named("f_d", p.scar_share * binned_mean(e, scarred))
    return {
        "doomed": x.doomed + x.viable * (1.0 - left - scar),
        "scar": x.scar + x.viable * scar,
    }
