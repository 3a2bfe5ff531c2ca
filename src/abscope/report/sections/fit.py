"""What the data of a case say: whether the fit can be trusted, and what it changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from abscope.report.fit_material import FitMaterial
from abscope.report.material import Row, Section, Table

__all__ = ["fit_section"]

#: Quantities that the page shows; the folder of the run has all.
_SHOWN = 12


def fit_section(found: FitMaterial) -> Section:
    """Return the section of a fit; its figure is `expectation_figure.fit_figure`."""
    results = found.results
    alerts = []
    if not results["converged"]:
        alerts.append("The fit did not converge: its numbers are not an answer.")
        alerts += [f"{why[0].upper()}{why[1:]}." for why in results["why_not"]]
    notes = [
        *(f"{text}." for text in results.get("not_informed", ())),
        found.expectation.scope,
        f"{results['chains']} chains of {results['draws']} draws; R-hat at most "
        f"{_plain(results['r_hat'])}, at least {_plain(results['ess_bulk'])} effective draws; "
        f"{results['best']['agreeing']} of {results['best']['starts']} starts of the search agree.",
    ]
    return Section(
        "fit",
        "What the data say",
        "tables.html",
        {
            "alerts": alerts,
            "figure": "fit",
            "tables": [_combinations(results["coordinates"]), _quantities(results["quantities"])],
            "notes": notes,
        },
    )


def _combinations(coordinates: Sequence[Mapping[str, Any]]) -> Table:
    rows = tuple(
        Row(one["meaning"], (f"{min(one['posterior_over_prior_sd'], 1.0):.0%}",))
        for one in coordinates
    )
    note = (
        "What the fit moves: combinations of quantities in standard deviations of their priors. "
        "Where all of the prior is left, this case cannot tell."
    )
    return Table("Combinations that the data speak of", ("Combination", "Prior left"), rows, note)


def _quantities(quantities: Sequence[Mapping[str, Any]]) -> Table:
    rows = tuple(
        Row(
            one["meaning"],
            (
                one["unit"],
                _three(one["before"]),
                _three(one["after"]),
                f"{min(one['ratio_frac'], 1.0):.0%}",
            ),
        )
        for one in quantities[:_SHOWN]
    )
    left = len(quantities) - len(rows)
    note = "Median and middle 90 % of the draws, those first that the data say most of."
    note += f" {left} more quantities keep more of their prior." if left > 0 else ""
    columns = ("Quantity", "Unit", "Before the data", "After", "Prior left")
    return Table("Prior and posterior", columns, rows, note)


def _plain(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _three(values: Sequence[float]) -> str:
    low, middle, high = (f"{value:.3g}" for value in values)
    return f"{middle} ({low} to {high})"
