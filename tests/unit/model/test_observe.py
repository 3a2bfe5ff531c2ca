"""A trajectory becomes a case that is judged like any patient."""

import numpy as np
import pytest

from abscope.case.reader import read_case_text
from abscope.case.shelf import open_case
from abscope.case.writer import case_to_yaml
from abscope.catalog.case_prior import case_prior
from abscope.errors import ModelError
from abscope.model.from_case import patients_of
from abscope.model.lesion_sizes import diameter_mm, reader_sd_frac
from abscope.model.observe import Observation, observed_case
from abscope.model.patient import LesionStart, Patient
from abscope.response.assessment import assess_case

PURE = Observation(noise=False)


def patient(*compartments: str, volume_ml: float = 10.0) -> Patient:
    lesions = tuple(
        LesionStart(id=f"L{k + 1}", compartment=name, volume_ml=volume_ml)
        for k, name in enumerate(compartments)
    )
    return Patient(
        id="P.1", sex="female", weight_kg=None, lesions=lesions, start_d=0.0, horizon_d=400.0
    )


@pytest.mark.parametrize(
    ("factor", "category"),
    [(0.3, "PR"), (0.4, "SD"), (1.7, "SD"), (1.8, "PD"), (0.0, "CR")],
)
def test_category_without_noise_is_the_one_by_hand(factor: float, category: str) -> None:
    """The diameter goes with the cube root: -30 % at a volume of 0.343, +20 % at 1.728."""
    drugs = small_treated()
    case = observed_case(
        drugs, days_d=[0, 60], volume_ml=[[10, 20], [10 * factor, 20 * factor]], options=PURE
    )
    (course,) = assess_case(case).courses
    assert course.everything.reading is not None
    assert [visit.overall for visit in course.everything.reading.visits] == [category]


def small_treated() -> Patient:
    from model_cases import small_case

    return patients_of(small_case(), draws=1, seed=1)[0]


def test_case_survives_the_way_through_a_file_with_its_treatment() -> None:
    found = patients_of(open_case("fong2025-melanoma").case, draws=1, seed=1)[0]
    volumes = np.array([[one.volume_ml for one in found.lesions]] * 3) * [[1.0], [0.4], [0.2]]
    case = observed_case(
        found, days_d=[found.start_d, 50, 100], volume_ml=volumes, alc_per_ul=[2000, 900, 1500]
    )
    assert case.kind == "simulated"
    assert read_case_text(case_to_yaml(case), name="x.yaml").case == case
    (course,) = case.rt_courses
    assert course.phases[0].n_fractions_delivered.value == 5
    assert 1.9 < course.phases[0].dose_per_fraction_gy.value < 2.2
    assert {t.agents[0].name for t in case.systemic_therapy} == {"ipilimumab", "pembrolizumab"}
    call = assess_case(case)
    assert len(call.lymphocytes) == 3
    assert call.courses[0].lesions


def test_breast_case_has_two_phases_and_stated_doses() -> None:
    found = patients_of(open_case("kim2021-breast").case, draws=1, seed=1)[0]
    case = observed_case(
        found,
        days_d=[found.start_d, 90],
        volume_ml=[[one.volume_ml for one in found.lesions]] * 2,
        options=PURE,
    )
    (course,) = case.rt_courses
    assert len(course.phases) == 2
    assert "L02" in course.phases[0].targets
    assert "L07" in course.phases[1].targets
    assert len(course.exposures) == len(found.lesions)
    assert case.no_systemic_therapy


def test_small_and_vanished_and_new_lesions_are_said_so() -> None:
    small = 0.02  # 4 mm
    case = observed_case(
        patient("lung", "liver", "lymph_nodes"),
        days_d=[0, 30],
        volume_ml=[[small, 10.0, 10.0], [1e-4, np.nan, 10.0]],
        options=PURE,
    )
    first, second = case.imaging
    assert [x.state for x in first.findings] == ["too_small", "measured", "measured"]
    assert [x.state for x in second.findings] == ["absent", "measured"]
    ratio = case_prior("axis_ratio").value
    longest = float(diameter_mm(np.array(10.0), axis_ratio_frac=ratio))
    assert first.findings[1].size_mm.value == round(longest, 1)
    assert first.findings[2].axis == "short"  # a node
    assert first.findings[2].size_mm.value == round(longest * ratio, 1)
    late = observed_case(
        patient("lung", "liver"), days_d=[0, 30], volume_ml=[[5, np.nan], [5, 2]], options=PURE
    )
    assert late.imaging[1].new_lesions.value is True
    assert late.imaging[1].findings[1].change.value == "new"


def test_noise_has_the_spread_of_the_catalog_and_depends_on_the_seed() -> None:
    days, n = np.arange(4000.0), 4000
    case = observed_case(
        patient("liver"),
        days_d=days,
        volume_ml=np.full((n, 1), 100.0),
        alc_per_ul=np.full(n, 2000.0),
    )
    sizes = np.log([scan.findings[0].size_mm.value for scan in case.imaging])
    assert sizes.std() == pytest.approx(reader_sd_frac(), rel=0.05)
    counts = np.log([lab.value.value for lab in case.labs])
    assert counts.std() == pytest.approx(case_prior("count_cv").value, rel=0.05)
    again = [
        observed_case(patient("liver"), days_d=[0], volume_ml=[[9]], options=Observation(seed=s))
        for s in (1, 1, 2)
    ]
    assert again[0] == again[1] != again[2]


def test_what_does_not_fit_is_refused() -> None:
    for days, volume, words in (
        ([0, 1], [[1.0]], "volumes"),
        ([1, 0], [[1.0], [1.0]], "do not rise"),
        ([0], [[-1.0]], "negative volume"),
    ):
        with pytest.raises(ModelError, match=words):
            observed_case(patient("lung"), days_d=days, volume_ml=volume)
    with pytest.raises(ModelError, match="counts"):
        observed_case(patient("lung"), days_d=[0], volume_ml=[[1.0]], alc_per_ul=[-3])
