"""CD4, CD8, B and NK cells: shares of the count, and sensitivities that sources disagree about."""

from dataclasses import dataclass

from abscope.catalog.lymphocytes import lymphocyte_parameter

__all__ = ["SUBSETS", "Subset", "subsets"]

#: Name in the catalog and name for people.
SUBSETS = {"cd4": "CD4 T", "cd8": "CD8 T", "b": "B", "nk": "NK"}


@dataclass(frozen=True, slots=True)
class Subset:
    """A subset with its share of the count and its sensitivity over that of all lymphocytes.

    ``low_factor_frac`` and ``high_factor_frac`` come from the highest and lowest published D0;
    unstimulated, stimulated and clonogenic cells differ, and sources disagree on CD4 against CD8.
    """

    name: str
    share_frac: float
    factor_frac: float
    low_factor_frac: float
    high_factor_frac: float


def subsets() -> tuple[Subset, ...]:
    """Return the subsets of the catalog.

    factor = (1 / D0) / sum of share_k / D0_k, so that the mean sensitivity over all cells is that
    of the whole count; the range varies the subset's own D0 alone.
    """
    shares = {key: lymphocyte_parameter(f"{key}_share").value for key in SUBSETS}
    whole = sum(shares.values())
    mean = sum(shares[key] / whole / lymphocyte_parameter(f"{key}_d0").value for key in SUBSETS)
    out = []
    for key, name in SUBSETS.items():
        d0 = lymphocyte_parameter(f"{key}_d0")
        out.append(
            Subset(
                name,
                shares[key],
                1.0 / d0.value / mean,
                1.0 / d0.high / mean,
                1.0 / d0.low / mean,
            )
        )
    return tuple(out)
