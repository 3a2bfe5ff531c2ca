"""What the literature says: each number with unit, range and source.

The names are loaded when they are first used, so that importing one file costs no other.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# site_templates is the name of its file, too, so it cannot wait
from abscope.catalog.site_templates import SiteTemplate, site_template, site_templates

if TYPE_CHECKING:
    from abscope.catalog.circulation import (
        Circulation,
        CompartmentFlow,
        blood_dose_limit,
        blood_volume_coefficient,
        edited_circulation,
        parse_circulation,
    )
    from abscope.catalog.entries import Parameter, load
    from abscope.catalog.exposure import exposure_line
    from abscope.catalog.laboratory import ctcae_lymphocyte_floor, lymphocyte_lower_limit
    from abscope.catalog.lymphocytes import edic_parameter, lymphocyte_parameter, marrow_shares
    from abscope.catalog.organs import Organ, OrganCatalog, organ_catalog
    from abscope.catalog.pharmacokinetics import (
        DrugKinetics,
        drug_kinetics,
        drug_kinetics_names,
        half_occupancy,
    )
    from abscope.catalog.proportion import wilson_interval
    from abscope.catalog.published import published_parameters
    from abscope.catalog.radiobiology import (
        GrowthTimes,
        LogisticSet,
        LymanSet,
        alpha,
        alpha_beta,
        growth_times,
        logistic_set,
        lyman_set,
        repair_half_time,
    )
    from abscope.catalog.reader import reader_limits
    from abscope.catalog.response_words import response_word
    from abscope.catalog.rivals import background_rate, onset_time, spontaneous_regression
    from abscope.catalog.trials import (
        DrugRate,
        TrialArm,
        drug_rates,
        expected_drug_rate,
        trial_arms,
    )

__all__ = [
    "Circulation", "CompartmentFlow", "DrugKinetics", "DrugRate", "GrowthTimes", "LogisticSet",
    "LymanSet", "Organ", "OrganCatalog", "Parameter", "SiteTemplate", "TrialArm", "alpha",
    "alpha_beta", "background_rate", "blood_dose_limit", "blood_volume_coefficient",
    "ctcae_lymphocyte_floor", "drug_kinetics", "drug_kinetics_names", "drug_rates",
    "edic_parameter", "edited_circulation", "expected_drug_rate", "exposure_line",
    "growth_times", "half_occupancy", "load", "logistic_set", "lyman_set",
    "lymphocyte_lower_limit", "lymphocyte_parameter", "marrow_shares", "onset_time",
    "organ_catalog", "parse_circulation", "published_parameters", "reader_limits",
    "repair_half_time", "response_word", "site_template", "site_templates",
    "spontaneous_regression", "trial_arms", "wilson_interval",
]  # fmt: skip

_HOMES = {
    "Circulation": "circulation",
    "CompartmentFlow": "circulation",
    "DrugKinetics": "pharmacokinetics",
    "DrugRate": "trials",
    "GrowthTimes": "radiobiology",
    "LogisticSet": "radiobiology",
    "LymanSet": "radiobiology",
    "Organ": "organs",
    "OrganCatalog": "organs",
    "Parameter": "entries",
    "TrialArm": "trials",
    "alpha": "radiobiology",
    "alpha_beta": "radiobiology",
    "background_rate": "rivals",
    "blood_dose_limit": "circulation",
    "blood_volume_coefficient": "circulation",
    "ctcae_lymphocyte_floor": "laboratory",
    "drug_kinetics": "pharmacokinetics",
    "drug_kinetics_names": "pharmacokinetics",
    "drug_rates": "trials",
    "edic_parameter": "lymphocytes",
    "edited_circulation": "circulation",
    "expected_drug_rate": "trials",
    "exposure_line": "exposure",
    "growth_times": "radiobiology",
    "half_occupancy": "pharmacokinetics",
    "load": "entries",
    "logistic_set": "radiobiology",
    "lyman_set": "radiobiology",
    "lymphocyte_lower_limit": "laboratory",
    "lymphocyte_parameter": "lymphocytes",
    "marrow_shares": "lymphocytes",
    "onset_time": "rivals",
    "organ_catalog": "organs",
    "parse_circulation": "circulation",
    "published_parameters": "published",
    "reader_limits": "reader",
    "repair_half_time": "radiobiology",
    "response_word": "response_words",
    "spontaneous_regression": "rivals",
    "trial_arms": "trials",
    "wilson_interval": "proportion",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
