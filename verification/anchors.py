"""What ``abscope-core`` predicts for published trials from its prior, against what they found.

    python verification/anchors.py --patients 1000

Nothing is fitted here: the values are those of the catalog, the patients those of `population`. The
table is the one of docs/explanation/calibration.md. An anchor is met where our estimate lies inside
the interval of the trial; its role says whether values were set to it or it only judges.
"""

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import trials
from abscope.catalog.entries import Parameter, load
from abscope.catalog.model_core import core_parameters
from abscope.catalog.proportion import wilson_interval
from abscope.catalog.trials import trial_arms

__all__ = ["Row", "calibrated", "rows"]

#: Anchors whose rates values were set to; the others only judge.
_SET = ("a", "c", "h", "Luke", "drug")

Count = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; ``low`` and ``high`` None where there is nothing to meet."""

    anchor: str
    what: str
    target: str
    ours: float
    low: float | None
    high: float | None
    count: Count | None = None

    @property
    def role(self) -> str:
        """Return 'set' where values were set to this anchor, else 'judged'."""
        return "set" if self.anchor in _SET else "judged"

    @property
    def met(self) -> str:
        """Return 'yes', 'no', 'open' without anybody to judge by, '' with nothing to meet."""
        if self.low is None or self.high is None:
            return ""
        if math.isnan(self.ours):
            return "open"
        return "yes" if self.low <= self.ours <= self.high else "no"


def _frac(count: Count) -> float:
    return count[0] / count[1] if count[1] else math.nan


def _arm(anchor: str, trial: str, arm: str, ours: Count, what: str) -> Row:
    """Return a row against an arm of the catalog, with its Wilson interval."""
    (found,) = (one for one in trial_arms() if one.trial == trial and one.arm == arm)
    return _rate(anchor, f"{trial} {found.year}: {what}", (found.events, found.n), ours)


def _rate(anchor: str, what: str, published: Count, ours: Count) -> Row:
    low, high = wilson_interval(published[0], n=published[1])
    target = f"{_frac(published):.0%} of {published[1]}"
    return Row(
        anchor=anchor, what=what, target=target, ours=_frac(ours), low=low, high=high, count=ours
    )


def _ratio(anchor: str, what: str, target: str, ours: float, low: float, high: float) -> Row:
    return Row(anchor=anchor, what=what, target=target, ours=ours, low=low, high=high)


def _told(anchor: str, what: str, target: str, ours: Count) -> Row:
    return Row(
        anchor=anchor, what=what, target=target, ours=_frac(ours), low=None, high=None, count=ours
    )


def _relative(one: Count, other: Count) -> float:
    return _frac(one) / _frac(other) if other[0] else math.inf


def _odds(one: Count, other: Count) -> float:
    """Return the odds ratio with half an event added to each cell."""
    (a, n), (b, m) = one, other
    return (a + 0.5) * (m - b + 0.5) / ((n - a + 0.5) * (b + 0.5))


def rows(patients: int) -> Iterator[Row]:
    """Yield the lines of the table, in the order of the anchors."""
    yield from _mixed(trials.mixed(patients))
    yield from _nsclc(trials.nsclc(patients), trials.nsclc_fields(patients))
    again = trials.resistant(patients)
    for name, arm in (("none", "drug"), ("low", "low-dose RT"), ("24/3", "hypofractionated")):
        yield _arm("c", "Schoenfeld", arm, again[name], f"resistant, RT {name}")
    yield from _low_dose(trials.lesions_with_low_dose(patients))
    yield from _low_dose_again(trials.resistant_with_low_dose(patients))
    yield from _counts(trials.lymphocytes(patients))
    yield from _local(trials.melanoma_again(patients))
    breast = trials.hr_positive(patients)["out of field"]
    yield _arm("h", "Barroso-Sousa", "single", breast, "HR+ breast, out of field")
    yield from _many(trials.many_sites(patients))
    yield from _alone(trials.drug_alone(patients))


def _mixed(found: dict[str, Count]) -> Iterator[Row]:
    one, other = found["rt out of field"], found["drug out of field"]
    yield _arm("a", "CHEERS", "RT+drug", one, "mixed, 24/3 + drug, out of field")
    yield _arm("a", "CHEERS", "drug", other, "mixed, drug alone, same lesions")
    yield _ratio("a", "ratio of the two", "0.79 to 1.65", _relative(one, other), 0.79, 1.65)
    yield _told("a", "the RT arm with irradiated lesions counted", "27% of 45", found["rt"])


def _nsclc(found: dict[str, Count | float], fields: dict[str, Count]) -> Iterator[Row]:
    rt, drug = found["rt 12 weeks"], found["drug 12 weeks"]
    yield _arm("b", "PEMBRO-RT", "RT+drug", rt, "24/3, at 12 weeks")
    yield _arm("b", "PEMBRO-RT", "drug", drug, "drug alone, at 12 weeks")
    low, high = _katz((13, 36), (7, 40))
    yield _ratio("b", "ratio of the two", "2.1", _relative(rt, drug), low, high)
    rt, drug = found["rt best"], found["drug best"]
    pooled = tuple(
        2 * a + b + c for a, b, c in zip(rt, fields["50/4"], fields["45/15"], strict=True)
    )
    none = tuple(a + b for a, b in zip(drug, fields["none"], strict=True))
    yield _arm("b", "Theelen pooled", "RT+drug", pooled, "best, out of field")
    yield _arm("b", "Theelen pooled", "drug", none, "drug alone, best")
    yield _told("b", "of these 24/3", "48%", rt)
    yield _told("b", "of these 50/4", "54%", fields["50/4"])
    yield _told("b", "of these 45/15", "18%", fields["45/15"])
    yield _told("b", "45/15, were its field small", "", fields["45/15 small fields"])
    weeks = _relative(fields["45/15"], fields["none"])
    yield _ratio("b", "ratio of 45/15 to drug alone", "about 0.6", weeks, 0.0, 1.0)
    yield _told("b", "24/3 without a drug", "rare", found["rt alone best"])
    onset = found["rt onset"]
    yield _ratio("g", "median onset out of field (d)", "2 to 4 months", onset, 61.0, 122.0)


def _low_dose(found: dict[str, Count]) -> Iterator[Row]:
    low, none = found["low"], found["none"]
    yield _arm("d", "Menon", "lesions 1-20 Gy", low, "low-dose lesions")
    yield _arm("d", "Menon", "lesions <1 Gy", none, "no-dose lesions")
    yield _ratio("d", "odds ratio of the two", "4 to 9", _odds(low, none), 4.0, 9.0)
    yield _rate("d", "low-dose lesion responds, no other does", (12, 33), found["only low"])
    yield _rate("d", "no-dose lesion responds, no other does", (2, 45), found["only none"])


def _low_dose_again(found: dict[str, Count]) -> Iterator[Row]:
    both, high = "high + low: ", "high: "
    yield _told("d", "Patel 2021: low-dose lesions", "53%", found[both + "low-dose lesions"])
    yield _told("d", "Patel 2021: no-dose, same arm", "23%", found[both + "no-dose lesions"])
    yield _told("d", "Patel 2021: no-dose, high only", "11%", found[high + "no-dose lesions"])
    yield _arm("d", "Patel", "high+low", found[both + "patients"], "patients, high + low")
    yield _arm("d", "Patel", "high only", found[high + "patients"], "patients, high only")


def _counts(found: dict[str, Count]) -> Iterator[Row]:
    high, low = found["after high"], found["after low"]
    yield _arm("e", "Chen ALC", "post-RT ALC above median", high, "high count after RT")
    yield _arm("e", "Chen ALC", "post-RT ALC below median", low, "low count after RT")
    least, most = _newcombe((26, 76), (3, 77))
    yield _ratio("e", "difference of the two", "30 points", _frac(high) - _frac(low), least, most)


def _local(found: dict[str, Count]) -> Iterator[Row]:
    yield _rate("f", "Grimaldi 2014: local response", (13, 21), found["local"])
    yield _rate(
        "f", "Grimaldi 2014: local responders, PR or SD", (11, 13), found["local responders"]
    )
    yield _rate("f", "Grimaldi 2014: no local response, PR or SD", (0, 8), found["others"])
    yield _arm("f", "Grimaldi", "retrospective", found["all"], "all, PR or SD")
    yield _rate("f", "Grimaldi 2014: all, PR", (9, 21), found["partial"])


def _many(found: dict[str, Count | float]) -> Iterator[Row]:
    yield _arm("Luke", "Luke", "single", found["all lesions"], "all lesions")
    yield _rate("Luke", "Luke 2018: any lesion out of field -30 %", (18, 67), found["any lesion"])
    yield _rate("Luke", "Luke 2018: out of field together", (9, 68), found["out of field"])
    for name, target in (("irradiated", -0.217), ("other", 0.017)):
        ours = found[f"{name} change"]
        yield _ratio(
            "Luke", f"Luke 2018: mean change of {name} lesions, 12 weeks", f"{target:+.1%}", ours,
            target - 0.1, target + 0.1,
        )  # fmt: skip


def _alone(found: dict[str, Count]) -> Iterator[Row]:
    for what, target in (
        ("pembrolizumab, NSCLC", "19%"),
        ("pembrolizumab, melanoma", "33%"),
        ("pembrolizumab, breast", "5%"),
        ("ipilimumab, melanoma", "11%"),
    ):
        yield _told("drug", f"alone: {what}", target, found[what])


def _katz(one: Count, other: Count) -> tuple[float, float]:
    """Return the 95 % interval of a ratio of rates."""
    (a, n), (b, m) = one, other
    half = 1.96 * math.sqrt(1 / a - 1 / n + 1 / b - 1 / m)
    middle = math.log(_relative(one, other))
    return math.exp(middle - half), math.exp(middle + half)


def _newcombe(one: Count, other: Count) -> tuple[float, float]:
    """Return the 95 % interval of a difference of rates, by the Wilson limits of both."""
    (a, b), p = wilson_interval(one[0], n=one[1]), _frac(one)
    (c, d), q = wilson_interval(other[0], n=other[1]), _frac(other)
    return p - q - math.hypot(p - a, d - q), p - q + math.hypot(b - p, q - c)


def calibrated() -> dict[str, str]:
    """Return the parameters that are set to something, and to what."""
    return {
        name: entry.note[entry.note.index("Set ") :]
        for name, entry in _values().items()
        if "Set so that" in entry.note
    }


def _values() -> dict[str, Parameter]:
    by_type = {f"naive_pool, {tumor}": entry for tumor, entry in load("naive_pool").items()}
    return {**core_parameters(), **by_type}


def _cells(row: Row) -> tuple[str, str]:
    if row.count is None and row.what.startswith(("ratio", "odds", "median")):
        form = "{:.0f}" if row.ours > 20 else "{:.2f}"
    else:
        form = "{:.1%}" if row.count is None else "{:.0%}"
    span = "" if row.low is None else f"{form.format(row.low)} to {form.format(row.high)}"
    if row.count is None:
        return span, form.format(row.ours)
    if not row.count[1]:
        return span, "nobody of 0"
    low, high = wilson_interval(row.count[0], n=row.count[1])
    return span, f"{form.format(row.ours)} of {row.count[1]} ({low:.0%} to {high:.0%})"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=1000)
    given = parser.parse_args()
    began = time.time()
    print("| anchor | role | | published | interval | ours | met |\n|---|---|---|---|---|---|---|")
    met: dict[str, list[str]] = {"set": [], "judged": []}
    for row in rows(given.patients):
        span, ours = _cells(row)
        met[row.role] += [row.met] if row.met else []
        cells = (row.anchor, row.role, row.what, row.target, span, ours, row.met)
        print(f"| {' | '.join(cells)} |")
    for role, states in met.items():
        print(f"\n{role}: {states.count('yes')} of {len(states)} met")
    print(f"\n{time.time() - began:.0f} s\n")
    print("| parameter | value | set to what |\n|---|---|---|")
    for name, note in calibrated().items():
        print(f"| {name} | {_values()[name].value:g} | {note} |")


if __name__ == "__main__":
    main()
