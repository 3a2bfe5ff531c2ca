"""Organ doses and beam times as the blood meets them, and every way they can be wrong."""

import numpy as np
import pytest

from abscope.blood.circulation import reference_network
from abscope.blood.delivery import Beam, deliver, deliver_beams
from abscope.blood.doses import CompartmentDose
from abscope.blood.engines.mean import contributions_gy, mean_gy
from abscope.blood.network import TumorCompartment, with_tumors
from abscope.errors import ModelError

MALE = reference_network("male")


def refused(doses, *, windows=((0.0, 60.0),), unlisted=0.0):
    with pytest.raises(ModelError) as caught:
        deliver(MALE, doses, windows_s=windows, unlisted_gy=unlisted)
    return str(caught.value)


def histogram(name, doses, shares):
    return CompartmentDose(name, np.asarray(doses, float), np.asarray(shares, float))


def test_dose_is_shared_between_windows_by_time():
    given = deliver(MALE, {"liver": 2.0}, windows_s=[(50, 30), (0, 10)], unlisted_gy=0.4)

    assert list(given.start_s) == [0.0, 50.0]
    liver, brain = MALE.position("liver"), MALE.position("brain")
    assert given.dose_gy[:, liver] == pytest.approx([0.5, 1.5])
    assert given.dose_gy[:, brain] == pytest.approx([0.1, 0.3])
    assert given.uniform


def test_parts_without_volume_are_dropped():
    given = deliver(
        MALE,
        [histogram("lung", [0.0, 1.0, 9.0], [0.5, 0.5, 0.0])],
        windows_s=[(0, 60)],
        unlisted_gy=0.0,
    )

    assert given.part_frac.size == 29
    assert not given.uniform
    assert given.mixed.uniform
    assert mean_gy(given) == pytest.approx(mean_gy(given.mixed)) == pytest.approx(0.0525)


def test_a_tumor_has_the_dose_of_its_host_or_its_own():
    network = with_tumors(MALE, [TumorCompartment("met", "liver", 0.1, 1.0, 1.0)])
    like_host = deliver(network, {"liver": 2.0}, windows_s=[(0, 60)], unlisted_gy=0.0)
    own = deliver(network, {"liver": 2.0, "met": 8.0}, windows_s=[(0, 60)], unlisted_gy=0.0)

    assert mean_gy(like_host) == pytest.approx(0.2)
    assert mean_gy(own) == pytest.approx(0.2 + 0.1 * 0.1 * 6.0)
    assert contributions_gy(own)["met"] == pytest.approx(0.08)


def test_beams_of_different_dose():
    beams = [Beam(30.0, 10.0, {"liver": 2.0}), Beam(0.0, 20.0, {"lung": 1.0, "liver": 0.5})]
    given = deliver_beams(MALE, beams, unlisted_gy=0.0)

    assert list(given.duration_s) == [20.0, 10.0]
    assert given.dose_gy[:, MALE.position("liver")] == pytest.approx([0.5, 2.0])
    assert mean_gy(given) == pytest.approx(0.1 * 2.5 + 0.105)


def test_beams_need_the_same_parts():
    beams = [
        Beam(0.0, 10.0, [histogram("lung", [0, 1], [0.5, 0.5])]),
        Beam(10.0, 10.0, [histogram("lung", [0, 1], [0.7, 0.3])]),
    ]
    with pytest.raises(ModelError, match="the dose of lung has other bins in another beam"):
        deliver_beams(MALE, beams, unlisted_gy=0.0)
    with pytest.raises(ModelError, match="beam 2: organ doses: there is no compartment|beam 2"):
        deliver_beams(MALE, [beams[0], Beam(20.0, 5.0, {"lunge": 1.0})], unlisted_gy=0.0)


@pytest.mark.parametrize(
    ("windows", "told"),
    [
        ((), "beam times: no beam"),
        (((0.0, 0.0),), "a beam from 0 s lasts 0 s; expected a duration above 0 s"),
        (((0.0, -5.0),), "lasts -5 s"),
        (((0.0, float("nan")),), "lasts nan s"),
        (((0.0, 30.0), (20.0, 30.0)), "the beam from 0 s is on until 30 s"),
        (((0.0, 30.0), (86400.0, 30.0)), "the fraction takes 86430 s; expected at most 14400 s"),
    ],
)
def test_impossible_times(windows, told):
    assert told in refused({"liver": 2.0}, windows=windows)


@pytest.mark.parametrize(
    ("doses", "told"),
    [
        ({"liver": -1.0}, "organ doses: liver: dose per fraction is -1 Gy; expected 0 Gy or more"),
        ({"liver": 2000.0}, "Is it in cGy, or the dose of the whole course?"),
        ({"liver": 200.0}, "dose per fraction is 200 Gy in the mean and up to 200 Gy"),
        ({"liver": float("nan")}, "a dose or volume is not a number"),
        ({"livr": 2.0}, "there is no compartment 'livr'"),
        ([histogram("lung", [1, 2], [0.5, 0.6])], "volumes from 0.5 add up to 1.1"),
        ([histogram("lung", [1, 2], [1.5, -0.5])], "volumes from -0.5 add up to 1"),
        ([histogram("lung", [1, 2], [1.0])], "(2,) doses for (1,) volumes"),
        ([histogram("lung", [1], [1.0])] * 2, "'lung' has 2 doses"),
    ],
)
def test_impossible_doses(doses, told):
    assert told in refused(doses)


def test_all_problems_come_at_once():
    told = refused({"livr": 2.0, "lung": -1.0, "brain": 900.0})

    assert len(told.splitlines()) == 3


def test_a_dose_for_what_is_not_listed_must_be_possible():
    assert "unlisted compartments get -1 Gy" in refused({"liver": 1.0}, unlisted=-1.0)
    everything = dict.fromkeys(MALE.names, 1.0)
    given = deliver(MALE, everything, windows_s=[(0, 60)])
    assert mean_gy(given) == pytest.approx(1.0)
