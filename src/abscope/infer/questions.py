"""What is asked of a lesion: of a target whether the treatment did it, of others whether immunity.

target:      change with all that was given - change without radiotherapy
any other:   share of the dose elsewhere (`abscope.infer.attribution`)
"""

from abscope.case.record import Case
from abscope.dose.geometry.grid import Floats
from abscope.infer.attribution import WORLDS, LesionDraws
from abscope.response.exposure import exposures

__all__ = ["answer_frac", "answer_words", "targets_of"]


def targets_of(case: Case) -> frozenset[str]:
    """Return the lesions that a course meant to treat, by its targets or the source's words."""
    return frozenset(x.lesion for x in exposures(case) if x.intended == "target")


def answer_frac(item: LesionDraws, visit: int, *, target: bool) -> Floats:
    """Return the answer (draws,) at a visit (its number), in fractions of the first diameter."""
    if not target:
        return item.share_draws_frac(visit)["dose_elsewhere"]
    delivered, without = (
        item.change_frac[WORLDS[world], :, visit] for world in ("delivered", "no_radiotherapy")
    )
    return delivered - without


def answer_words(*, target: bool) -> str:
    """Return the answer in words."""
    return "what radiotherapy changed" if target else "what dose elsewhere changed"
