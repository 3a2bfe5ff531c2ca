"""The circulation: reference adults, a patient's totals, tumors beside their host."""

import numpy as np
import pytest

from abscope.blood.circulation import nadler_blood_volume_l, patient_network, reference_network
from abscope.blood.network import TumorCompartment, network_of, with_tumors
from abscope.catalog.circulation import circulation
from abscope.errors import ModelError, UsageError


def balanced(network):
    through = network.flow_frac @ network.routing
    return through == pytest.approx(network.flow_frac, abs=1e-12)


@pytest.mark.parametrize(
    ("sex", "turnover_s", "transit_s"),
    [
        ("male", 48.92, {"lung": 5.268639, "liver": 19.185520, "other": 67.577200}),
        ("female", 39.66, {"lung": 4.271186, "kidneys": 4.666002, "other": 39.661017}),
    ],
)
def test_transit_times_of_the_reference_adults(sex, turnover_s, transit_s):
    """Mean transit times as in the workbook of HEDOS; whole-body turnover 48.92 and 39.66 s."""
    network = reference_network(sex)
    found = dict(zip(network.names, network.mean_transit_s, strict=True))

    assert len(network.names) == 28
    assert balanced(network)
    assert network.volume_frac.sum() == pytest.approx(1, abs=1e-15)
    for name, seconds in transit_s.items():
        assert found[name] == pytest.approx(seconds, abs=1e-6)
    minutes = network.blood_volume_l / network.cardiac_output_l_per_min
    assert 60 * minutes == pytest.approx(turnover_s, abs=0.01)


def test_twice_the_output_halves_every_transit_time():
    slow = reference_network("male")
    fast = patient_network("male", cardiac_output_l_per_min=13.0)

    assert fast.mean_transit_s == pytest.approx(slow.mean_transit_s / 2)


@pytest.mark.parametrize("field", ["blood_volume_l", "cardiac_output_l_per_min"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_totals_above_zero(field, value):
    with pytest.raises(ModelError, match=f"{field} is {value:g}; expected a number above 0"):
        network_of(circulation("male"), **{field: value})


def test_nadler_and_its_range():
    """0.3669 x 1.76^3 + 0.03219 x 73 + 0.6041 = 4.954; 0.3561 x 1.63^3 + 0.03308 x 60 + 0.1833."""
    assert nadler_blood_volume_l(sex="male", height_cm=176, weight_kg=73) == pytest.approx(
        4.9543, abs=1e-4
    )
    assert nadler_blood_volume_l(sex="female", height_cm=163, weight_kg=60) == pytest.approx(
        3.7103, abs=1e-4
    )
    with pytest.raises(ModelError) as caught:
        nadler_blood_volume_l(sex="male", height_cm=1.76, weight_kg=7300)
    assert "height is 0.0176 m; expected 1.3 to 2.3 m. Is it in cm?" in str(caught.value)
    assert "weight is 7300 kg" in str(caught.value)


def test_tumors_keep_every_flow_balanced():
    body = reference_network("male")
    tumors = [
        TumorCompartment("a", "liver", 0.05, 1.5, 2.0),
        TumorCompartment("b", "liver", 0.10, 1.0, 0.5),
        TumorCompartment("c", "lung", 0.02, 0.7, 0.4),
    ]
    network = with_tumors(body, tumors)
    volume = dict(zip(network.names, network.volume_frac, strict=True))
    transit = dict(zip(network.names, network.mean_transit_s, strict=True))

    assert balanced(network)
    assert network.volume_frac.sum() == pytest.approx(1)
    assert network.routing.sum(axis=1) == pytest.approx(np.ones(31))
    assert volume["liver"] == pytest.approx(0.1 * (1 - 0.05 * 1.5 - 0.1))
    assert volume["a"] == pytest.approx(0.1 * 0.05 * 1.5)
    liver_s = body.mean_transit_s[body.position("liver")]
    assert transit["a"] == pytest.approx(liver_s * 1.5 / 2.0)
    assert transit["b"] == pytest.approx(liver_s * 2.0)
    assert network.host[-3:] == ("liver", "liver", "lung")


def test_bad_tumors_are_all_named():
    body = reference_network("male")
    tumors = [
        TumorCompartment("lung", "lung", 0.1, 1.0, 1.0),
        TumorCompartment("x", "livr", 0.1, 1.0, 1.0),
        TumorCompartment("y", "spleen", -0.1, 1.0, 1.0),
        TumorCompartment("z", "kidneys", 0.6, 1.0, 2.0),
    ]
    with pytest.raises(ModelError) as caught:
        with_tumors(body, tumors)
    text = str(caught.value)
    assert "tumor 'lung': its name is taken" in text
    assert "tumor 'x': its host 'livr' is not a compartment" in text
    assert "tumor 'y': volume, density and perfusion are -0.1, 1, 1" in text
    assert "tumors take 0.6 of the blood and 1.2 of the flow of kidneys" in text


def test_own_edits_from_a_file(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        """
source = "assumed: kidneys of this patient"
[compartment.kidneys]
flow_percent = 15
to = "large_veins"
[compartment.muscle]
flow_percent = 21
[compartment.large_arteries.to]
kidneys = 15
muscle = 21
""",
        encoding="utf-8",
    )
    network = patient_network("male", edits=path)
    assert network.flow_frac[network.position("kidneys")] == pytest.approx(0.15)
    assert balanced(network)
    with pytest.raises(UsageError, match="there is no such file"):
        patient_network("male", edits=tmp_path / "none.toml")


def test_an_unknown_compartment_names_its_neighbors():
    with pytest.raises(ModelError, match="Did you mean large_veins"):
        reference_network("male").position("large_vein")
