"""What the literature says: each number with unit, range and source."""

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
from abscope.catalog.site_templates import SiteTemplate, site_template, site_templates
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
