"""The catalog of drugs: names, what a model holds, and what an unknown name says."""

import pytest

from abscope.catalog import drug_kinetics, drug_kinetics_names, half_occupancy
from abscope.errors import ModelError


def test_every_model_has_two_compartments_and_a_source() -> None:
    names = drug_kinetics_names()
    assert len(names) == 7
    for name in names:
        kinetics = drug_kinetics(name)
        assert {"clearance", "central", "exchange", "peripheral"} <= set(kinetics.typical)
        assert kinetics.source.startswith("doi:")
        assert kinetics.agent in name


def test_an_effect_of_a_continuous_covariate_has_its_reference() -> None:
    for name in drug_kinetics_names():
        kinetics = drug_kinetics(name)
        for effects in kinetics.effects.values():
            powers = {covariate for covariate, effect in effects.items() if effect.unit == "1"}
            assert powers <= set(kinetics.reference)


def test_an_agent_means_its_first_model() -> None:
    assert drug_kinetics("ipilimumab").name == "ipilimumab-feng2014"
    assert drug_kinetics("pembrolizumab").covariance[("clearance", "clearance")].value == 0.134
    assert drug_kinetics("nivolumab").covariance[("clearance", "central")].value == 0.0432


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match="Known: atezolizumab-stroh2017"):
        drug_kinetics("aspirin")
    with pytest.raises(ModelError, match="occupancy.pd2"):
        half_occupancy("pd2")
