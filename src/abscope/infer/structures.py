"""How far the answer depends on the structure of the model: the modes of homing side by side.

What decides where T cells stay has not been measured, and the modes of `abscope.model.routes` give
answers that differ more than the draws of one of them. Each mode is seen over the draws of the
posterior made with one mode, weighted by how much better or worse the mode explains the data
(`abscope.infer.reweighting`); a mode whose data would need other draws is named and not counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from abscope.case.record import Case
from abscope.infer.attribution import Attribution, attribute
from abscope.infer.reweighting import Reweighted
from abscope.infer.spread import Chance, Spread
from abscope.infer.worlds import Cause
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import Homing

__all__ = ["Structure", "StructureRange", "anyway_range", "elsewhere_range", "structures"]


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One mode of homing with what it says of every lesion at one visit.

    ``weighted`` is None where the draws are its own or are of the prior; ``usable`` says whether
    they stand for it.
    """

    name: str
    usable: bool
    weighted: Reweighted | None
    total: Mapping[str, Spread | None]
    natural: Mapping[str, Spread | None]
    shares: Mapping[str, Mapping[Cause, Spread | None]]
    anyway: Mapping[str, Chance | None]


@dataclass(frozen=True, slots=True)
class StructureRange:
    """Least and greatest median, or probability, over the structures that can be used."""

    low_frac: float
    high_frac: float
    structures: int


def structures(
    case: Case,
    prior: Callable[[], PriorDraws],
    *,
    base: Attribution,
    visit: int,
    weigh: Callable[[Homing], Reweighted] | None = None,
) -> tuple[Structure, ...]:
    """Return what every mode of homing says of the lesions of ``base`` at a visit (its number).

    ``prior`` gives the draws of ``base`` again; ``weigh`` the weights of another mode for them, and
    is None where the draws are of the prior, which is the same for all modes.
    """
    names = tuple(item.lesion for item in base.lesions)
    out = []
    for mode in get_args(Homing):
        if mode == base.options.homing:
            out.append(_structure(mode, base, visit, None))
            continue
        weighted = weigh(mode) if weigh is not None else None
        options = replace(base.options, homing=mode)
        found = attribute(
            case, prior(), options=options, lesions=names,
            effective_draws=base.lesions[0].effective_draws,
        )  # fmt: skip
        out.append(_structure(mode, found, visit, weighted))
    return tuple(out)


def _structure(name: str, found: Attribution, visit: int, weighted: Reweighted | None) -> Structure:
    weights = None if weighted is None else weighted.weights
    usable = weighted is None or weighted.usable
    lesions = found.lesions if usable else ()
    return Structure(
        name=name,
        usable=usable,
        weighted=weighted,
        total={x.lesion: x.total(visit, weights) for x in lesions},
        natural={x.lesion: x.natural(visit, weights) for x in lesions},
        shares={x.lesion: x.shares(visit, weights) for x in lesions},
        anyway={x.lesion: x.responds("no_radiotherapy", visit, weights) for x in lesions},
    )


def elsewhere_range(found: tuple[Structure, ...], lesion: str) -> StructureRange | None:
    """Return the range of the median share of dose elsewhere over the structures of use."""
    shares = [one.shares[lesion]["dose_elsewhere"] for one in found if one.usable]
    return _range([share.median_frac for share in shares if share is not None])


def anyway_range(found: tuple[Structure, ...], lesion: str) -> StructureRange | None:
    """Return the range of the probability of a response without radiotherapy over them."""
    chances = [one.anyway[lesion] for one in found if one.usable]
    return _range([chance.probability_frac for chance in chances if chance is not None])


def _range(known: list[float]) -> StructureRange | None:
    return StructureRange(min(known), max(known), len(known)) if known else None
