"""Each mechanism of the core model against its closed form, with the others switched off."""

from types import SimpleNamespace

import numpy as np
import pytest

from abscope.blood.alc.simulate import recovered
from abscope.blood.pools.traffic import POOLS, traffic
from abscope.catalog.lymphocytes import lymphocyte_parameter
from abscope.dose.radiobiology.survival import CellSurvival, surviving_frac
from abscope.engine.reference import reference
from abscope.engine.simulation import Settings
from abscope.model import clearance, growth, kill, signal, stroma
from abscope.model.backcast import Room, volume_before_ml
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.dose_bins import equal_parts_gy
from abscope.model.patient import BinnedDose
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches
from abscope.model.system import core_system
from abscope.model.values import core_values
from core_patients import fractions, infusions, patient, uniform

VALUE = {name: entry.value for name, entry in core_values().items()}
P = SimpleNamespace(**VALUE)
#: no immune system and no turnover: growth, radiation and clearance alone
BARE = {"turnover": 0.0}
#: every cell has oxygen
OXIC = SimpleNamespace(**{**VALUE, "hypoxic": 0.0})
FINE = Settings(rtol=1e-10, atol=1e-12)


def _options(**switches):
    return CoreOptions(switches=Switches(immune_kill=False, **switches), run_in_d=0.0)


def _bins(*doses):
    return SimpleNamespace(**{field.name: d for field, d in zip(kill.DOSES, doses, strict=True)})


@pytest.mark.parametrize("law", list(growth.LAWS))
def test_growth_has_the_stated_rate_at_the_reference_volume(law):
    x = SimpleNamespace(viable=10.0, growth=0.01, part=1.0, capacity=1500.0)
    gain = growth.births(law, x, 10.0, P) - growth.deaths(x, P)
    assert gain / 10.0 == pytest.approx(0.01, rel=1e-9)


@pytest.mark.parametrize("law", list(growth.LAWS))
def test_growth_follows_its_closed_form(law):
    one = patient(("lung", 2.0), parameters={**BARE, "growth": 0.02})
    batch = batch_of([one], observe_at_d=[0.0, 200.0], options=_options(growth=law))
    volume = reference(core_system(law), batch)["volume_ml"][0, :, 0]
    room = Room(np.array([1500.0]), np.array([10.0]), np.array([P.bend]))
    back = volume_before_ml(
        volume[1:], law=law, growth_per_d=np.array([0.02]), before_d=200.0, room=room
    )
    assert back == pytest.approx([2.0], rel=1e-7)
    if law == "exponential":
        assert volume[1] == pytest.approx(2.0 * np.exp(4.0), rel=1e-7)


def test_the_generalized_law_runs_from_gompertz_to_logistic():
    x = SimpleNamespace(viable=3.0, growth=0.01, part=1.0, capacity=1500.0)
    for bend, other in ((1e-7, "gompertz"), (1.0, "logistic")):
        p = SimpleNamespace(**{**VALUE, "bend": bend})
        general = growth.births("generalized", x, 3.0, p)
        assert general == pytest.approx(growth.births(other, x, 3.0, p), rel=1e-5)


@pytest.mark.parametrize("transition", [1e9, 8.0])
@pytest.mark.parametrize("dose", [0.0, 2.0, 8.0, 24.0])
def test_kill_is_that_of_the_dose_room(dose, transition):
    x = SimpleNamespace(alpha=0.12, alpha_beta=4.0)
    p = SimpleNamespace(transition=transition, hypoxic=0.0, oxygen_gain=2.8)
    cell = CellSurvival(0.12, 0.03, transition)
    found = kill.surviving(x, p, _bins(*[dose] * 8))
    assert found == pytest.approx(float(surviving_frac(dose, cell=cell)), rel=1e-12)


def test_half_a_lesion_out_of_the_field_keeps_its_cells():
    x = SimpleNamespace(alpha=0.12, alpha_beta=4.0)
    found = kill.surviving(x, OXIC, _bins(*[0.0] * 4, *[20.0] * 4))
    assert 0.5 < found < 0.502


def test_cells_without_oxygen_feel_a_smaller_dose():
    x, p = SimpleNamespace(alpha=0.12, alpha_beta=4.0), SimpleNamespace(**{**VALUE, "hypoxic": 0.2})
    cell = CellSurvival(0.12, 0.03, P.transition)
    felt = [float(surviving_frac(d, cell=cell)) for d in (14.0, 14.0 / P.oxygen_gain)]
    found = kill.surviving(x, p, _bins(*[14.0] * 8))
    assert found == pytest.approx(0.8 * felt[0] + 0.2 * felt[1], rel=1e-12)


def test_parts_of_equal_volume_keep_the_mean_dose():
    lattice = BinnedDose(np.array([15.0, 3.0, 6.0]), np.array([0.1, 0.55, 0.35]))
    parts = equal_parts_gy(lattice)
    assert parts.mean() == pytest.approx(float(lattice.dose_gy @ lattice.volume_frac), rel=1e-12)
    assert (np.diff(parts) >= 0).all()
    assert (parts.min(), parts[:4].tolist()) == (3.0, [3.0] * 4)
    x = SimpleNamespace(alpha=0.12, alpha_beta=4.0)
    fine = equal_parts_gy(lattice, parts=1000)
    exact = np.mean([np.exp(kill.log_survival(float(d), x, P)) for d in fine])
    # means of parts kill more than their spread does (Jensen)
    assert 0.97 * exact < kill.surviving(x, OXIC, _bins(*parts)) < exact
    assert equal_parts_gy(uniform(5.0)).tolist() == [5.0] * 8


@pytest.mark.parametrize(("dose", "expected"), [(2.0, 0.308), (8.0, 0.857), (20.0, 0.148)])
def test_signal_of_a_dose(dose, expected):
    assert signal.immunogenicity(dose, P) == pytest.approx(expected, abs=6e-4)


def test_signal_without_trex1_only_rises():
    p = SimpleNamespace(**{**VALUE, "trex1_on": 0.0})
    assert signal.immunogenicity(20.0, p) > signal.immunogenicity(8.0, p) > 0.87


def test_signals_a_day_apart_add_up():
    """Three fractions 24 h apart leave 1 + exp(-.35) + exp(-.70) = 2.20 of one."""
    options = _options()
    days, more = [1.0, 2.0, 3.0], {"signal_from_kill": 0.0, "alpha": 2.0, "signal_loss": 0.35}
    pair = [
        patient(("lung", 5.0), parameters=more, fractions=fractions(when, {"a": 8.0}))
        for when in (days, days[-1:])
    ]
    found = simulate_patients(pair, observe_at_d=[3.0 + 1e-6], options=options, settings=FINE)
    three, one = found["signal_frac"][:, 0, 0]
    assert three / one == pytest.approx(2.20, abs=0.005)


def test_low_doses_lower_the_stroma_and_high_doses_raise_it():
    x = SimpleNamespace(stroma=1.0)
    after = {d: stroma.stroma_after(x, P, _bins(*[d] * 8)) for d in (0.0, 1.0, 2.0, 20.0)}
    assert after[0.0] == 1.0
    assert after[1.0] == pytest.approx(0.8 + 0.15 / 82, rel=1e-9)
    assert after[1.0] < after[2.0] < 1.0 < after[20.0]


def test_doomed_cells_and_debris_follow_bateman():
    """T(0+) = S T, M = (1 - S) T e^(-mu t), N = mu (e^(-mu t) - e^(-nu t)) / (nu - mu) of it.

    A share f(d) of what a fraction kills is scar from then on, and that goes with a rate alone.
    """
    days = np.array([1.0 + 1e-9, 5.0, 20.0, 60.0])
    one = patient(
        ("lung", 10.0), parameters={**BARE, "growth": 0.0}, fractions=fractions([1.0], {"a": 6.0})
    )
    left = float(surviving_frac(6.0, cell=CellSurvival(0.12, 0.03)))
    mu, nu, t = P.doomed_loss, P.debris_loss, days - 1.0
    share = P.scar_share * 36.0 / (36.0 + P.scar_half_dose**2)
    for scar in (0.0, share):
        options = _options(hypoxia=False, scar=scar > 0.0)
        found = simulate_patients([one], observe_at_d=days, options=options, settings=FINE)
        killed = 10.0 * (1.0 - left) * (1.0 - scar)
        doomed = killed * np.exp(-mu * t)
        debris = killed * mu * (np.exp(-mu * t) - np.exp(-nu * t)) / (nu - mu)
        stays = 10.0 * (1.0 - left) * scar * np.exp(-P.scar_loss * t)
        assert found["viable_ml"][0, :, 0] == pytest.approx(np.full(4, 10.0 * left), rel=1e-9)
        assert found["dead_ml"][0, :, 0] == pytest.approx(doomed + debris + stays, rel=1e-7)


def test_low_doses_leave_hardly_any_scar():
    x = SimpleNamespace(alpha=0.12, alpha_beta=4.0, viable=1.0, doomed=0.0, scar=0.0)
    shares = []
    for dose in (1.4, 15.0):
        e = _bins(*[dose] * 8)
        left = kill.surviving(x, P, e)
        dead = clearance.dead_after(x, left, P, e)
        assert dead["doomed"] + dead["scar"] == pytest.approx(1.0 - left, rel=1e-12)
        shares.append(dead["scar"] / (1.0 - left))
    assert shares[0] < 0.1 * P.scar_share
    assert 0.85 * P.scar_share < shares[1] < P.scar_share


def test_pools_and_sensitivity_are_those_of_the_blood_room():
    weight = traffic().weight_frac[POOLS.index("blood")]
    assert P.lymphoid_ratio == pytest.approx((1.0 - weight) / weight, rel=0.01)
    assert P.lymphocyte_alpha == lymphocyte_parameter("alpha").value
    assert P.recovery == lymphocyte_parameter("recovery_rate").value
    assert P.plateau == lymphocyte_parameter("plateau").value
    assert P.usual_count == lymphocyte_parameter("baseline_count").value


@pytest.mark.parametrize("dose", [0.5, 4.0])
def test_lymphocytes_fall_by_their_dose_and_recover_as_in_the_blood_room(dose):
    """ALC falls by exp(-alpha d); what is below the plateau goes back to it, what is above stays.

    Rung: independent implementation, `abscope.blood.alc.simulate.recovered`. New cells come to
    the blood by way of the pool, which makes it late by about sigma / k_b.
    """
    body = {"blood_gy": dose, "lymphoid_gy": dose}
    one = patient(("lung", 5.0), fractions=fractions([1.0], {}, **body), horizon_d=900.0)
    days = np.array([0.0, 1.0 + 1e-9, 31.0, 101.0, 900.0])
    found = simulate_patients([one], observe_at_d=days, settings=FINE)
    count = found["alc_per_ul"][0] / found["alc_per_ul"][0, 0]
    least = np.exp(-dose * P.lymphocyte_alpha)
    assert count[1] == pytest.approx(least, rel=1e-5)
    back = recovered(least, P.plateau, P.recovery * (days[1:] - 1.0))
    assert found["lymphoid_rest_frac"][0, 1:] == pytest.approx(back, rel=1e-3)
    assert count[1:] == pytest.approx(back, rel=2e-3)


def test_naive_cells_follow_the_absolute_count():
    """Supply (L_t / usual)^h: at half the usual count a quarter of the naive cells, h = 2."""
    counts = (P.usual_count, P.usual_count / 2)
    pair = [patient(("lung", 1.0), parameters={"baseline": count}) for count in counts]
    options = CoreOptions(switches=Switches(priming=False))
    found = simulate_patients(pair, observe_at_d=[365.0], options=options, settings=FINE)
    assert found.final["naive"] == pytest.approx(P.naive_pool * np.array([1.0, 0.25]), rel=1e-7)
    off = CoreOptions(switches=Switches(priming=False, lymphocyte_supply=False))
    same = simulate_patients(pair, observe_at_d=[365.0], options=off, settings=FINE)
    assert same.final["naive"] == pytest.approx(np.full(2, P.naive_pool), rel=1e-7)


def test_pembrolizumab_at_its_reference_patient():
    """200 mg every 3 weeks: first trough 12.7 mg/l, then 29.5; occupancy 0.96 and 0.982."""
    days = [21.0 * k for k in range(16)]
    numbers = {"sex": "male", "weight_kg": 76.8, "horizon_d": 400.0}
    one = patient(("lung", 5.0), infusions=infusions("pembrolizumab", days, 200.0), **numbers)
    found = simulate_patients([one], observe_at_d=[21.0, 315.0])
    assert found["pd1_mg_per_l"][0] == pytest.approx([12.7, 29.5], abs=0.06)
    assert found["pd1_occupancy_frac"][0] == pytest.approx([0.96, 0.982], abs=6e-4)
