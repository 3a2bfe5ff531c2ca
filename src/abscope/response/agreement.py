"""How far readers agree on the same visits: the table of pairs and Cohen's kappa.

    kappa = (p_o - p_e) / (1 - p_e),  p_e = sum over categories of p_1 p_2

p_o is the share of visits with the same response, p_1 and p_2 the shares of a category with either
reader. Neglected: that disagreements differ in weight. Source: Cohen 1960,
doi 10.1177/001316446002000104.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Protocol

__all__ = ["Agreement", "cohens_kappa", "reader_agreement"]


class _ResponseLike(Protocol):
    @property
    def subject(self) -> str: ...
    @property
    def reader(self) -> str: ...
    @property
    def test(self) -> str: ...
    @property
    def criteria(self) -> str: ...
    @property
    def response(self) -> str: ...
    @property
    def visit_number(self) -> Decimal | None: ...
    @property
    def date(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two readers on the visits that both judged.

    ``pairs`` counts (response of the first, of the second); ``kappa`` is None where one category
    holds everything, so that agreement by chance is certain. ``n_single`` visits had one of the
    two readers only.
    """

    readers: tuple[str, str]
    test: str
    n_visits: int
    n_single: int
    pairs: Mapping[tuple[str, str], int]
    observed_frac: float
    expected_frac: float
    kappa: float | None


def cohens_kappa(pairs: Mapping[tuple[str, str], int]) -> tuple[float, float, float | None]:
    """Return observed and expected agreement (fractions) and kappa of counted pairs.

    Raises ValueError where there are no pairs.

    >>> cohens_kappa({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
    (0.7, 0.5, 0.4)
    """
    n = sum(pairs.values())
    if n == 0:
        raise ValueError("kappa needs at least one pair")
    first, second = Counter[str](), Counter[str]()
    for (one, other), count in pairs.items():
        first[one] += count
        second[other] += count
    same = sum(count for (one, other), count in pairs.items() if one == other)
    by_chance = sum(first[word] * second[word] for word in first)
    if by_chance == n * n:
        return 1.0, 1.0, None
    kappa = (n * same - by_chance) / (n * n - by_chance)
    return same / n, by_chance / (n * n), kappa


def reader_agreement(
    responses: Iterable[_ResponseLike], *, test: str = "OVRLRESP"
) -> tuple[Agreement, ...]:
    """Return the agreement of every two readers on one test, for the visits that both judged."""
    found: dict[str, dict[Hashable, str]] = {}
    for row in responses:
        if row.test == test:
            key = (row.subject, row.criteria, row.visit_number, row.date)
            found.setdefault(row.reader, {})[key] = row.response
    agreements = []
    for one, other in combinations(found, 2):
        shared = found[one].keys() & found[other].keys()
        if not shared:
            continue
        pairs = Counter((found[one][key], found[other][key]) for key in shared)
        observed, expected, kappa = cohens_kappa(pairs)
        agreements.append(
            Agreement(
                readers=(one, other),
                test=test,
                n_visits=len(shared),
                n_single=len(found[one].keys() ^ found[other].keys()),
                pairs=dict(sorted(pairs.items())),
                observed_frac=observed,
                expected_frac=expected,
                kappa=kappa,
            )
        )
    return tuple(agreements)
