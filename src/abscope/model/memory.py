"""Memory of the immune response, and its recall by antigen.

    Mem'   = k_m d_B Eb - d_M Mem
    recall = k_c see Mem    (see of `priming`)

A share k_m of the effectors that end in blood stay as memory; under antigen they send effectors out
without being used up. At a fraction Mem -> Mem exp(-a_L d_lymphoid). Assumed: one kind of memory,
in lymphoid tissue, with recall in proportion to the antigen that is seen. Neglected: resident
memory in tissue. Source: own.
"""

from typing import Any

from abscope.engine.declaration import Parameter
from abscope.engine.functions import exp

__all__ = ["SHARED", "memory_after", "memory_rate", "recalled"]

SHARED = (
    Parameter("memory_share", "1", "effectors that become memory", "k_m", low=0.0, high=1.0),
    Parameter("memory_loss", "1/d", "loss of memory", "d_M", low=0.0),
    Parameter("recall", "1/d", "effectors per memory cell at full antigen", "k_c", low=0.0),
)


def recalled(body: Any, antigen_seen: Any, p: Any) -> Any:
    """Return the effectors that memory sends out, in Mcell/d."""
    return p.recall * antigen_seen * body.memory


def memory_rate(body: Any, p: Any) -> Any:
    """Return Mem', in Mcell/d."""
    return p.memory_share * p.circulating_loss * body.circulating - p.memory_loss * body.memory


def memory_after(body: Any, p: Any, e: Any) -> Any:
    """Return Mem after a fraction."""
    return body.memory * exp(-p.lymphocyte_alpha * e.lymphoid)
