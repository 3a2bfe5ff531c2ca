"""Kosinsky 2018 (rung: published numbers recomputed in models.md 5; closed form for the kill).

Volumes in uL of the typical animal at days 7, 14, 20, 30, 50; tolerance 1 % as the check of
models.md section 11 number 8 states. Responders: 24 middles of equal shares of the log-normal of
S_L, total volume of at most 10 mm3 on day 50; whole percents.
"""

import math

import numpy as np
import pytest

from abscope.catalog import published_parameters
from abscope.model.published.kosinsky import half_antigen_mm3, responder_frac
from published_runs import FIVE_BY_TWO, ONCE_TEN, mice, numbers, thrice_weekly

DAYS = (7.0, 14.0, 20.0, 30.0, 50.0)
ARMS = {
    "control": ((), (), (149.2, 488.4, 1048, 1667, 1766)),
    "radiation": (FIVE_BY_TWO, (), (149.2, 165.7, 248.1, 891.5, 1753)),
    "both": (FIVE_BY_TWO, thrice_weekly(7.0), (149.2, 131.7, 88.3, 11.3, 9.7)),
}
LIMIT_MM3 = published_parameters("kosinsky2018")["responder_volume"].value


@pytest.mark.parametrize("arm", ARMS)
def test_typical_animal(arm: str) -> None:
    fractions, injections, expected = ARMS[arm]
    found = mice(DAYS, fractions=fractions, injections=injections)["volume"][0]
    assert found == pytest.approx(expected, rel=0.01)


def share(day: float, limit_mm3: float = LIMIT_MM3, **arm: object) -> int:
    found = mice((day,), half_antigen=half_antigen_mm3(24), **arm)["volume"][:, 0]  # type: ignore[arg-type]
    return round(100 * responder_frac(found, limit_mm3=limit_mm3))


def test_responders_by_arm() -> None:
    late = {days: {"fractions": FIVE_BY_TWO, "injections": thrice_weekly(7.0 + days)}
            for days in (0.0, 5.0, 12.0)}  # fmt: skip
    assert share(50.0, fractions=FIVE_BY_TWO) == 8
    assert share(50.0, injections=thrice_weekly(7.0)) == 12
    assert [share(50.0, **late[days]) for days in (0.0, 5.0, 12.0)] == [62, 50, 33]
    assert share(50.0, fractions=ONCE_TEN) == 33


def test_the_definition_of_a_responder_decides() -> None:
    arm = {"fractions": ONCE_TEN, "injections": thrice_weekly(7.0)}
    assert [share(day, **arm) for day in (40.0, 50.0)] == [79, 29]
    assert share(50.0, limit_mm3=30.0, **arm) > 29


def test_kill_is_linear_quadratic_with_ten_gray() -> None:
    off = dict.fromkeys(("growth", "loss", "recruitment", "clearance"), 0.0)
    alpha = numbers("kosinsky2018")["alpha"]
    for dose in (2.0, 8.0, 20.0):
        found = mice((3.0,), fractions=((0.5, dose),), changed=off, tumor=1.0)
        left = found.final["tumor"][0]
        assert -math.log(left) == pytest.approx(alpha * dose * (1.0 + dose / 10.0), rel=1e-6)
        assert found["volume"][0, 0] == pytest.approx(1.0, rel=1e-7)  # all that died is doomed


def test_activation_falls_in_control_and_returns_with_both() -> None:
    # print: about 5 % by day 20 in control (here 6.6 %), back to 100 % with the combination
    # (here 88 % in the typical animal)
    control = mice((20.0,))["activation"][0]
    days = tuple(float(day) for day in range(20, 46))
    both = mice(days, fractions=FIVE_BY_TWO, injections=thrice_weekly(7.0))["activation"][0]
    assert control[0] == pytest.approx(0.05, abs=0.02)
    assert both.max() == pytest.approx(0.88, abs=0.005)


def test_middles_of_equal_shares_are_those_of_the_log_normal() -> None:
    found = np.log(half_antigen_mm3(24) / 8.89)
    assert found[11] + found[12] == pytest.approx(0.0, abs=1e-12)
    assert np.std(found) == pytest.approx(0.696, rel=0.03)
