"""Versions of a prescription and their biologically effective doses."""

import pytest

from abscope.case.radiotherapy import RTPhase
from abscope.report.prescriptions import effects, prescriptions


def phase(**fields: object) -> RTPhase:
    return RTPhase.model_validate({"id": "A", **fields})


@pytest.mark.parametrize(
    ("schedule", "at_10", "at_3"),
    [
        ("22.5 Gy in 5", (32.625, 27.1875), (56.25, 33.75)),
        ("25 Gy in 5", (37.5, 31.25), (200 / 3, 40.0)),
        ("30 Gy in 5", (48.0, 40.0), (90.0, 54.0)),
        ("10 Gy in 5", (12.0, 10.0), (50 / 3, 10.0)),
    ],
)
def test_effects_are_those_of_the_issue(
    schedule: str, at_10: tuple[float, float], at_3: tuple[float, float]
) -> None:
    """Closed form, numbers as in the issue."""
    (item,) = prescriptions(phase(schedule=schedule))
    found = effects(item, (10.0, 3.0))
    for one, wanted in zip(found, (at_10, at_3), strict=True):
        assert (one.bed_gy, one.eqd2_gy) == pytest.approx(wanted, rel=1e-6)


def test_every_version_of_a_total_gets_its_own_row() -> None:
    items = prescriptions(
        phase(
            total_dose_gy={"versions": [{"value": 22.5, "loc": "text"}, 25, 30]},
            dose_per_fraction_gy=4.5,
            n_fractions_planned=5,
        )
    )
    assert [(x.total_gy, x.per_fraction_gy, x.derived) for x in items] == [
        (22.5, 4.5, ""),
        (25, 5.0, "dose per fraction"),
        (30, 6.0, "dose per fraction"),
    ]
    assert items[0].places[0].loc == "text"


def test_fewer_fractions_delivered_than_planned_are_a_version() -> None:
    items = prescriptions(
        phase(schedule="22.5 Gy in 5", n_fractions_delivered={"versions": [4, 5]})
    )
    assert [(x.name, x.total_gy) for x in items[1:]] == [("if delivered: 4 fractions", 18.0)]


def test_boost_is_a_row_of_its_own() -> None:
    items = prescriptions(phase(schedule="25 Gy in 5", boost={"dose_per_fraction_gy": 6}))
    assert [(x.name, x.total_gy, x.derived) for x in items[1:]] == [("boost", 30.0, "total")]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"total_dose_gy": 30},
        {"dose_per_fraction_gy": 3},
        {"total_dose_gy": 0, "n_fractions_planned": 5},
        {"total_dose_gy": "20-30 Gy", "n_fractions_planned": 5},
        {"total_dose_gy": 150, "n_fractions_planned": 1},
        {"total_dose_gy": "not reported", "n_fractions_planned": 5},
    ],
)
def test_what_is_not_known_has_no_effect(fields: dict[str, object]) -> None:
    for item in prescriptions(phase(**fields)):
        assert effects(item, (10.0, 3.0)) == ()
