"""What the data of a case say: whether the fit can be trusted, and what it changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from abscope.infer.latents import latent_of
from abscope.report.fit_material import FitMaterial
from abscope.report.material import Row, Section, Table
from abscope.report.profile_figure import interval_words

__all__ = ["fit_section", "profiles_section"]

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
        *(f"Recorded again over its draws: {x}." for x in results.get("recorded_again_says", ())),
    ]
    return Section(
        "fit",
        "What the data say",
        "tables.html",
        {
            "alerts": alerts,
            "figure": "fit",
            "tables": [
                _combinations(results["coordinates"]),
                _quantities(results["quantities"]),
                *_confounded(results.get("confounded", ())),
            ],
            "notes": notes,
        },
    )


def profiles_section(found: FitMaterial) -> Section | None:
    """Return the section of the profiles that a fit was asked for; None where it was for none."""
    profiles = found.results.get("profiles")
    if not profiles:
        return None
    rows = tuple(
        Row(
            one["meaning"],
            (one["name"], one["unit"], interval_words(one), "yes" if one["converged"] else "no"),
        )
        for one in profiles
    )
    note = (
        "The interval is that of the data alone, by the profile without the quantity's own prior "
        "(1.92 below its best). Where a search did not come to rest, its profile is a lower limit."
    )
    columns = ("Quantity", "Name", "Unit", "Without its prior", "Searches at rest")
    table = Table("What the data say of single quantities", columns, rows, note)
    context = {"figure": "profiles", "tables": [table], "notes": []}
    return Section("profiles", "Single quantities", "tables.html", context)


def _confounded(pairs: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Return the table of the pairs that no data of this kind part; none where there is none."""
    rows = tuple(
        Row(
            latent_of(one["first"]).meaning,
            (latent_of(one["second"]).meaning, "product" if one["cosine"] > 0.0 else "ratio"),
        )
        for one in pairs
        if one["exactly"]
    )
    note = "More data of the kind that is on record would not tell the two of a pair apart."
    columns = ("One", "The other", "What the data speak of")
    return [Table("Exactly confounded pairs", columns, rows, note)] if rows else []


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
