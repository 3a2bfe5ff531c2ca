"""What the counts tell of each parameter, and what they cannot tell apart."""

from dataclasses import dataclass

import numpy as np

from abscope.blood.alc.prior import Draws, log_parameters

__all__ = ["Identifiability", "ParameterLearning", "TradeOff", "identifiability"]

#: Correlation in the posterior from which a pair is named.
_STRONG = 0.5


@dataclass(frozen=True, slots=True)
class ParameterLearning:
    """One parameter: median and 95 % interval after the counts, and how much narrower it became.

    ``ratio_frac`` is posterior over prior standard deviation, of the logarithm (plateau: of the
    value): 1 means that the counts told nothing.
    """

    name: str
    unit: str
    median: float
    low: float
    high: float
    ratio_frac: float


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Two parameters and their correlation in the posterior."""

    first: str
    second: str
    correlation: float


@dataclass(frozen=True, slots=True)
class Identifiability:
    """Every parameter with what was learned, pairs that trade off, and the sentences that say so.

    ``pairs`` are those with a strong correlation in the posterior.
    """

    parameters: tuple[ParameterLearning, ...]
    pairs: tuple[TradeOff, ...]
    sentences: tuple[str, ...]


_UNITS = {
    "alpha": "/Gy", "dose scale": "x", "alpha x dose scale": "/Gy", "recovery rate": "/d",
    "plateau": "of before", "removal half-life": "d",
}  # fmt: skip


def identifiability(prior: Draws, *, posterior: Draws, n_counts: int) -> Identifiability:
    """Return what ``n_counts`` counts after radiotherapy tell of the parameters.

    Alpha and a common factor on all doses enter only as their product, so no count, however
    many, tells them apart: stated by construction. Plateau and rate trade off until the count has
    stopped rising.
    """
    before, after = log_parameters(prior), log_parameters(posterior)
    for table in (before, after):
        table["alpha x dose scale"] = table["alpha"] + table["dose scale"]
    order = ("alpha", "dose scale", "alpha x dose scale", "recovery rate", "plateau",
             "removal half-life")  # fmt: skip
    learned = []
    for name in order:
        spread = float(np.std(before[name]))
        ratio = float(np.std(after[name])) / spread if spread > 0 else 1.0
        low, middle, high = np.quantile(after[name], (0.025, 0.5, 0.975)).tolist()
        if name != "plateau":
            low, middle, high = np.exp((low, middle, high)).tolist()
        learned.append(ParameterLearning(name, _UNITS[name], middle, low, high, ratio))
    names = [name for name in order if name != "alpha x dose scale"]
    varied = [name for name in names if np.std(after[name]) > 0]
    matrix = np.corrcoef([after[name] for name in varied])
    pairs = tuple(
        TradeOff(a, b, float(matrix[i, j]))
        for i, a in enumerate(varied)
        for j, b in enumerate(varied)
        if i < j and abs(matrix[i, j]) >= _STRONG
    )
    return Identifiability(tuple(learned), pairs, _sentences(learned, pairs, n_counts))


def _sentences(
    learned: list[ParameterLearning], pairs: tuple[TradeOff, ...], n_counts: int
) -> tuple[str, ...]:
    ratio = {item.name: item.ratio_frac for item in learned}
    if n_counts == 0:
        return (
            "There is no count after radiotherapy began: all that is shown is the prior, and "
            "nothing is learned about this patient.",
        )
    told = "count" if n_counts == 1 else "counts"
    out = [
        f"The {n_counts} {told} after radiotherapy began cannot tell apart alpha "
        f"(radiosensitivity), dose scale and recovery: their spreads remain "
        f"{ratio['alpha']:.0%}, {ratio['dose scale']:.0%} and {ratio['recovery rate']:.0%} of the "
        "prior's.",
        "Alpha and dose scale act only as their product, so no number of counts separates them; "
        f"the spread of the product remains {ratio['alpha x dose scale']:.0%}.",
        "A low plateau reached fast and a high one reached slowly pass through the same counts "
        f"(plateau: {ratio['plateau']:.0%} of the prior's spread remains).",
    ]
    out += [
        f"{x.first} and {x.second} trade off (correlation {x.correlation:+.2f})." for x in pairs
    ]
    return tuple(out)
