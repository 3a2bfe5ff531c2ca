"""What becomes of dying tumor: doomed cells disintegrate, debris is cleared.

    M' = -(mu_M + kill) M
    N' = mu_M M + kill (T + M) + d0 T - mu_N N
    dying = mu_M M + kill (T + M) + d0 T

Volume only leaves with mu_N N: (T + M + N)' = births - mu_N N. Assumed: a doomed cell takes the
room of a viable one and does not divide. Neglected: edema, scar that stays. Sources: delay after
Kosinsky 2018, doi:10.1186/s40425-018-0327-9; clearance of human lesions is slower than in mice.
"""

from typing import Any

from abscope.engine.declaration import Parameter

__all__ = ["SHARED", "debris_rate", "doomed_rate", "dying"]

SHARED = (
    Parameter("doomed_loss", "1/d", "disintegration of doomed cells", r"\mu_M", low=0.0),
    Parameter("debris_loss", "1/d", "clearance of debris", r"\mu_N", low=0.0),
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
