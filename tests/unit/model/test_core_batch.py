"""Patients as a batch: what is refused, which value wins, draws, seeding, gradients."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.engine.gradients import gradients
from abscope.engine.simulation import Settings
from abscope.errors import ModelError
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.patient import BinnedDose, Infusion, LesionStart, Resection, Seeding
from abscope.model.run import compiled_core, simulate_patients
from abscope.model.seeding import with_seedings
from abscope.model.switches import Switches
from core_patients import fractions, infusions, patient, treated, uniform

DAYS = [0.0, 30.0, 90.0]


def test_every_problem_of_a_patient_is_said_at_once():
    lame = BinnedDose(np.array([2.0, -1.0]), np.array([0.5, 0.5]))
    short = BinnedDose(np.array([2.0]), np.array([0.7]))
    bad = patient(
        ("lung", -1.0), ("large_veins", 3.0), name="p1", weight_kg=-3.0,
        fractions=(*fractions([900.0], {"z": 2.0}), *fractions([5.0], {"a": lame, "b": short}),
                   *fractions([6.0], {}, blood_gy=float("nan"))),
        infusions=(
            *infusions("aspirin", [1.0], 100.0), *infusions("nivolumab", [1.0], 240.0),
            *infusions("pembrolizumab", [2.0], -1.0),
            Infusion(day_d=3.0, agent="nivolumab", amount_mg=240.0, duration_d=-1.0),
        ),
        resections=(Resection(day_d=10.0, lesion="y"),),
        seedings=(Seeding(day_d=10.0, lesion="a", volume_ml=0.0),),
        parameters={"alpha_bet": 3.0, "expansion": float("inf")},
    )  # fmt: skip
    bad = replace(bad, lesions=(*bad.lesions, LesionStart(id="a", compartment="lung", volume_ml=1)))
    with pytest.raises(ModelError) as caught:
        batch_of([bad, patient(name="p2")], observe_at_d=DAYS)
    text = str(caught.value)
    for part in (
        "weight: -3 kg", "volume -1 ml", "'large_veins' is no organ", "lesion a: is there 2 times",
        "day 900", "doses lesion 'z'", "below 0 Gy", "add up to 0.7", "blood_gy is nan",
        "'aspirin' has no pharmacokinetics", "both against pd1", "-1 mg", "takes -1 d",
        "resection: is of lesion 'y'", "seeding: 0 ml", "'alpha_bet' is not known",
        "'expansion' is inf", "patient p2: lesions: none",
    ):  # fmt: skip
        assert part in text, part


def test_options_that_cannot_be_are_refused():
    one = [patient(("lung", 1.0))]
    for options, part in (
        (CoreOptions(run_in_d=-1.0), "run-in of -1 d"),
        (CoreOptions(draws=0), "0 draws"),
        (CoreOptions(homing="luck"), "mode 'luck'"),
    ):
        with pytest.raises(ModelError, match=part):
            batch_of(one, observe_at_d=DAYS, options=options)
    with pytest.raises(ModelError, match="'alphas' is not of the model"):
        batch_of(one, observe_at_d=DAYS, draws={"alphas": [1.0]})
    with pytest.raises(ModelError, match="no patients"):
        batch_of([], observe_at_d=DAYS)


def test_which_value_wins():
    one = patient(("lung", 2.0), ("liver", 2.0), parameters={"alpha": 0.2, "expansion": 99.0})
    one = replace(one, lesions=(replace(one.lesions[0], own={"alpha": 0.3}), one.lesions[1]))
    batch = batch_of([one], observe_at_d=DAYS)
    assert batch.own["alpha"].tolist() == [[0.3, 0.2]]
    assert batch.parameters["expansion"].tolist() == [99.0]
    options = CoreOptions(draws=2, switches=Switches(immune_kill=False))
    drawn = {"alpha": [0.4, 0.5], "expansion": [1.0, 2.0], "kill_max": [0.3, 0.4]}
    batch = batch_of([one], observe_at_d=DAYS, options=options, draws=drawn)
    assert batch.own["alpha"].tolist() == [[0.4, 0.4], [0.5, 0.5]]
    assert batch.parameters["expansion"].tolist() == [1.0, 2.0]
    assert batch.parameters["kill_max"].tolist() == [0.0, 0.0]


def test_sex_and_weight_count_for_the_drug():
    day = infusions("pembrolizumab", [0.0], 200.0)
    people = [
        patient(("lung", 2.0), infusions=day, sex=sex, weight_kg=weight)
        for sex, weight in (("male", 76.8), ("female", 76.8), (None, None), ("male", 40.0))
    ]
    clearance = batch_of(people, observe_at_d=DAYS).parameters["pd1_clearance"]
    expected = [0.22, 0.22 * 0.848, 0.22, 0.22 * (40 / 76.8) ** 0.595]
    assert clearance.tolist() == pytest.approx(expected, rel=1e-6)


def test_draws_of_a_patient_are_members_of_their_own():
    options = CoreOptions(draws=3)
    people = [treated(), patient(("lung", 3.0), infusions=infusions("nivolumab", [5.0], 240.0))]
    found = simulate_patients(
        people, observe_at_d=DAYS, options=options, draws={"alpha": [0.1, 0.2, 0.3] * 2}
    )
    assert found["volume_ml"].shape == (6, 3, 4)
    alone = simulate_patients(people[:1], observe_at_d=DAYS, draws={"alpha": [0.2]})
    assert found["volume_ml"][1] == pytest.approx(alone["volume_ml"][0], rel=1e-9)
    assert found["volume_ml"][3:, :, 0] == pytest.approx(
        np.repeat(found["volume_ml"][3:4, :, 0], 3, 0), rel=1e-9
    )


def test_dose_in_a_lesion_does_not_change_what_the_histogram_is_cut_into():
    halves = BinnedDose(np.array([4.0, 4.0]), np.array([0.3, 0.7]))
    pair = [
        patient(("lung", 5.0), fractions=fractions([3.0], {"a": dose}))
        for dose in (halves, uniform(4.0))
    ]
    volume = simulate_patients(pair, observe_at_d=DAYS)["volume_ml"]
    assert volume[0] == pytest.approx(volume[1], rel=1e-12)


def test_new_lesions_are_poisson_and_follow_the_flow():
    one, rng = patient(("lung", 5.0)), np.random.default_rng(3)
    drawn = [
        with_seedings(one, rng=rng, rate_per_d=4 / 365, organs=("lung", "liver"))
        for _ in range(400)
    ]
    number = np.array([len(each.seedings) for each in drawn])
    # false alarm of 1e-4: mean 4 +- 3.9 sqrt(4 / 400)
    assert abs(number.mean() - 4.0) < 0.39
    assert abs(number.var(ddof=1) - 4.0) < 1.2
    places = [lesion.compartment for each in drawn for lesion in each.lesions[1:]]
    assert abs(places.count("lung") / len(places) - 1 / 1.275) < 3.9 * np.sqrt(0.17 / 1600)
    found = simulate_patients(drawn[:3], observe_at_d=[0.0, 365.0])
    assert found.ok.all()
    for k, each in enumerate(drawn[:3]):
        assert (found["volume_ml"][k, 1, 1 : len(each.lesions)] > 0).all()
    assert with_seedings(one, rng=rng, rate_per_d=0.0) == one
    with pytest.raises(ModelError, match="rate of -1"):
        with_seedings(one, rng=rng, rate_per_d=-1.0)


def test_gradients_are_those_of_differences():
    """Slopes of volumes along sensitivity, homing and clearance against central differences."""
    one, names = treated(), ["alpha", "capture", "debris_loss", "low_dose_depth"]
    options, settings = CoreOptions(run_in_d=60.0), Settings(rtol=1e-9, atol=1e-11)
    batch = batch_of([one], observe_at_d=DAYS, options=options)
    found = gradients(compiled_core(), batch, names, settings)["volume_ml"][0, -1, :2]

    def volume(name, factor):
        center = {**batch.parameters, **batch.own}[name]
        drawn = {name: np.asarray(center).ravel()[:1] * factor}
        one_run = simulate_patients(
            [one], observe_at_d=DAYS, options=options, draws=drawn, settings=settings
        )
        return one_run["volume_ml"][0, -1, :2], float(np.asarray(center).ravel()[0])

    for k, name in enumerate(names):
        high, center = volume(name, 1.001)
        low, _ = volume(name, 0.999)
        slope = (high - low) / (0.002 * center)
        assert found[:, k] == pytest.approx(slope, rel=2e-3, abs=1e-4 * np.abs(slope).max()), name
