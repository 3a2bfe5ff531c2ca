"""Every model that can be run, by name: ours and those of other groups."""

import difflib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from abscope.errors import Problem, UsageError
from abscope.model.card import ModelCard

__all__ = ["model_card", "model_cards"]


@cache
def model_cards() -> Mapping[str, ModelCard]:
    """Return the card of every model by name, ours first, then those of others by name."""
    from abscope.model import core_card
    from abscope.model.published import friedrich, jin, kosinsky, kuznetsov, serre, two_sites
    from abscope.model.published.pharmacokinetics import kinetics_cards

    modules = (friedrich, jin, kosinsky, kuznetsov, serre, two_sites)
    others = [*(module.CARD for module in modules), *kinetics_cards()]
    cards = [core_card.CARD, *sorted(others, key=lambda card: card.name)]
    return MappingProxyType({card.name: card for card in cards})


def model_card(name: str) -> ModelCard:
    """Return the card of a model; UsageError with the nearest names where there is none.

    >>> model_card("kosinsky2018").title
    'Radiation and an antibody against PD-L1 in one mouse tumor'
    """
    cards = model_cards()
    if name not in cards:
        close = difflib.get_close_matches(name, cards, n=3, cutoff=0.4)
        close += [
            known for known in cards if name and known.startswith(name) and known not in close
        ]
        hint = f"Did you mean {', '.join(close[:3])}?" if close else f"Known: {', '.join(cards)}."
        raise UsageError(
            Problem("models", f"'{name}' is no model", "a name that 'abscope models' lists", hint)
        )
    return cards[name]
