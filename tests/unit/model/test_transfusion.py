"""Lymphocytes that are given into the blood: count, effectors, and what a record tells of them."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.errors import ModelError
from abscope.model.batch import CoreOptions, batch_of
from abscope.model.case_draws import CaseDraws
from abscope.model.patient import Transfusion
from abscope.model.prior_draws import PriorDraws
from abscope.model.run import simulate_patients
from core_patients import patient
from model_cases import small_case

DAYS = [10.0, 10.000502, 40.0]


def test_count_rises_by_cells_over_blood_volume() -> None:
    """Closed form: 7.8e9 cells in the 3.9 l of the reference woman are 2000 per microliter."""
    bare = patient(("lung", 5.0), horizon_d=60.0)
    given = replace(bare, transfusions=(Transfusion(day_d=10.0005, lymphocytes_cells=7.8e9),))
    found = simulate_patients([bare, given], observe_at_d=DAYS)
    assert found.ok.all()
    rise = found["alc_per_ul"][1] - found["alc_per_ul"][0]
    assert rise[0] == pytest.approx(0.0, abs=1e-6)
    assert rise[1] == pytest.approx(2000.0, rel=1e-3)  # two tenths of a second later
    assert 0.0 < rise[2] < 200.0  # spread over the lymphoid tissue


def test_effectors_kill_where_they_arrive_and_no_cells_are_no_event() -> None:
    bare = patient(("lung", 5.0), ("liver", 5.0), horizon_d=60.0)
    effectors = Transfusion(day_d=1.0, lymphocytes_cells=1e10, tumor_specific_frac=0.5)
    patients = [
        bare,
        replace(bare, transfusions=(effectors,)),
        replace(bare, transfusions=(replace(effectors, lymphocytes_cells=0.0),)),
    ]
    last = simulate_patients(patients, observe_at_d=[60.0])["volume_ml"][:, 0]
    assert (last[1] < last[0]).all()
    assert last[2] == pytest.approx(last[0], rel=1e-5)
    batch = batch_of(patients, observe_at_d=[60.0], options=CoreOptions())
    rows = next(one for one in batch.events if one.name == "transfusion")
    assert np.asarray(rows.fields["given_effectors"]).tolist() == [5000.0, 0.0]


def test_impossible_transfusions_are_all_told() -> None:
    wrong = (
        Transfusion(day_d=900.0, lymphocytes_cells=1e9),
        Transfusion(day_d=1.0, lymphocytes_cells=-1.0, tumor_specific_frac=2.0),
    )
    with pytest.raises(ModelError) as caught:
        batch_of([patient(("lung", 5.0), transfusions=wrong)], observe_at_d=[1.0])
    said = str(caught.value)
    for words in ("is on day 900", "-1 cells", "a share of 2"):
        assert words in said


def test_transfusion_on_record_changes_nothing_and_is_told() -> None:
    record = [{"id": "S1", "kind": "transfusion", "name": "two units of red cells",
               "when": "day 5"}]  # fmt: skip
    plain = CaseDraws(small_case(), PriorDraws(2, seed=1)).patients()
    told = CaseDraws(small_case(procedures=record), PriorDraws(2, seed=1)).patients()
    assert told[0].transfusions == ()
    assert told[0].parameters == plain[0].parameters
    assert any("S1: a transfusion, taken as one without leukocytes" in x for x in told[0].unknowns)
