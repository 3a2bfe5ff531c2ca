"""Independent integrator: the core model at the default tolerance against LSODA at 1e-8.

The rung is an independent implementation; `verification/against_lsoda.py` is the same at 1e-10 on
1000 patients over longer times, its result is in docs/explanation/model-accuracy.md.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from against_lsoda import ALLOWED, FLOOR, errors_of, rows_of
from convergence import convergence
from random_patients import random_patients


def _shortened(one, last_d):
    """Return a patient until a day, with the schedule as far as it goes."""
    return replace(
        one,
        horizon_d=last_d,
        fractions=tuple(f for f in one.fractions if f.day_d < last_d)[:4],
        infusions=tuple(i for i in one.infusions if i.day_d + i.duration_d < last_d),
        resections=tuple(r for r in one.resections if r.day_d < last_d),
        seedings=tuple(s for s in one.seedings if s.day_d < last_d),
    )


def test_every_observable_agrees_with_lsoda():
    patients = [_shortened(one, 30.0) for one in random_patients(10, seed=77, most_lesions=3)]
    found = errors_of(patients, days_d=[30.0], run_in_d=2.0, rtol=1e-8)
    assert set(found) == set(FLOOR)
    assert max(float(errors.max()) for errors in found.values()) < ALLOWED


def test_random_patients_reach_every_kind_of_event():
    patients = random_patients(100, seed=77)
    assert {len(one.lesions) for one in patients} >= set(range(1, 11))
    assert any(one.resections for one in patients)
    assert any(one.seedings for one in patients)
    assert any(i.duration_d == 0.0 for one in patients for i in one.infusions)
    doses = [d.dose_gy.max() for one in patients for f in one.fractions for d in f.lesions.values()]
    assert min(doses) < 0.5
    assert max(doses) > 15.0
    again = random_patients(3, seed=77)[2]
    assert np.isclose(again.lesions[0].volume_ml, patients[2].lesions[0].volume_ml, rtol=0.0)


def test_the_error_follows_the_order_of_the_method():
    """Rodas4 has order 4: ten times the tolerance less, steps times 10^(1/4), error a tenth."""
    rows = convergence(12, seed=1, rtols=(1e-6, 1e-8))
    (_, few, large), (_, many, small) = rows
    order = np.log(large / small) / np.log(many / few)
    assert 3.2 < order < 5.0


def test_a_run_goes_on_where_it_was_stopped(tmp_path):
    path = tmp_path / "rows.jsonl"
    assert rows_of(path, seed=1) == {}
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps({"patient": 0, "volume_ml": 1e-6}) + '\n{"patient": 1, "vol')
    assert rows_of(path, seed=1) == {0: {"patient": 0, "volume_ml": 1e-6}}
    assert path.read_text(encoding="utf-8").endswith("}\n")
    with pytest.raises(ValueError, match="name another file"):
        rows_of(path, seed=2)
