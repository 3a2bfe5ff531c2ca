"""Orderings that were published and that the center of the prior of the core model has.

Rung: published ordering (no numbers of the publications are fitted). Vanpouille-Box 2017,
doi:10.1038/ncomms15618: 8 Gy three times is better out of field than 20 Gy once, nothing is left of
it without the innate signal. Menon 2019, doi:10.1186/s40425-019-0718-6: lesions with low dose
respond more often than those without.
"""

from functools import cache

import numpy as np

from abscope.model.batch import CoreOptions
from abscope.model.patient import Fraction
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches
from core_patients import fractions, infusions, patient

LESIONS = (("muscle", 15.0), ("lung", 10.0), ("liver", 10.0))
DRUG = infusions("pembrolizumab", [21.0 * k for k in range(9)], 200.0)
EIGHTS = fractions([7.0, 9.0, 11.0], {"a": 8.0})


@cache
def _change(
    course: tuple[Fraction, ...], drug: bool, day: float = 90.0, off: str = ""
) -> tuple[float, ...]:
    """Return the change of each lesion against the start."""
    one = patient(*LESIONS, fractions=course, infusions=DRUG if drug else ())
    switches = Switches(**{off: False}) if off else Switches()
    found = simulate_patients(
        [one], observe_at_d=[0.0, day], options=CoreOptions(switches=switches)
    )
    volume = found["volume_ml"][0]
    return tuple(np.round(volume[1] / volume[0] - 1.0, 6))


def test_three_times_eight_is_better_out_of_field_than_twenty_once():
    once = fractions([7.0], {"a": 20.0})
    assert _change(EIGHTS, True)[1] < _change(once, True)[1] - 0.02


def test_without_innate_signal_little_is_left():
    nothing = _change((), True)[1]
    whole, left = (
        nothing - _change(EIGHTS, True)[1],
        nothing - _change(EIGHTS, True, 90, "innate_signal")[1],
    )
    assert left < 0.25 * whole


def test_radiation_helps_the_drug_and_neither_alone_shrinks_what_is_out_of_field():
    assert _change(EIGHTS, True)[1] < -0.1
    assert _change(EIGHTS, False)[1] > 0.0
    assert _change((), True)[1] > 0.0
    assert _change((), False)[1] > 0.5


def test_irradiated_nodes_cost_the_abscopal_effect():
    spared = _change(EIGHTS, True)[1]
    hit = fractions([7.0, 9.0, 11.0], {"a": 8.0}, nodes_gy=5.0)
    assert _change(hit, True)[1] > spared + 0.2
    assert _change(hit, True, 90, "node_irradiation")[1] < spared + 0.05


def test_low_dose_to_a_lesion_helps_it_more_than_its_cell_kill():
    low = (*EIGHTS, *fractions([7.0, 9.0, 11.0], {"b": 1.0}))
    with_stroma = _change(low, True)[1]
    without = _change(low, True, 90, "low_dose_stroma")[1]
    assert with_stroma < without < _change(EIGHTS, True)[1]


def test_depletion_of_lymphocytes_costs_the_abscopal_effect():
    wide = fractions([7.0, 9.0, 11.0], {"a": 8.0}, blood_gy=1.0, lymphoid_gy=1.5)
    assert _change(wide, True)[1] > _change(EIGHTS, True)[1] + 0.02
