"""Both founding cases: the exported SBML in libRoadRunner has the trajectories of the engine."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.case.shelf import open_case
from abscope.engine.sbml import sbml_id
from abscope.engine.simulation import Settings, simulate
from abscope.model.export import ExportOptions, export_case
from abscope.model.run import compiled_core
from roadrunner_runs import roadrunner_run

SEEN = ("volume_ml", "viable_ml", "effector_mcell_per_ml", "stroma_frac", "pdl1_frac")


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("kim2021-breast", ExportOptions()),
        ("fong2025-melanoma", ExportOptions()),
        ("fong2025-melanoma", ExportOptions(seed=7, draw=3, homing="organ")),
    ],
)
def test_founding_cases_have_the_same_trajectories(case, options):
    """50 days, none of an event; every observable of the body and five of each lesion, 1e-6."""
    exported = export_case(open_case(case).case, options=options)
    patient, start = exported.patient, exported.sbml.start
    days = np.linspace(patient.start_d + 0.31, patient.horizon_d - 0.123, 50)
    batch = replace(exported.batch, observe_at=days)
    own = simulate(compiled_core(), batch, Settings(rtol=1e-9, atol=1e-12))
    assert own.ok.all()
    series = {o.name: own[o.name][0] for o in exported.system.body.observables}
    for i in range(len(patient.lesions)):
        for name in SEEN:
            series[sbml_id(exported.system, name, replicate=i)] = own[name][0, :, i]
    times = np.concatenate([[0.0], days - start])
    found = roadrunner_run(exported.sbml.text, times, list(series), atol=1e-13)
    assert len(series) == len(exported.system.body.observables) + len(SEEN) * len(patient.lesions)
    for name, values in series.items():
        np.testing.assert_allclose(found[name][1:], values, rtol=1e-6, atol=1e-9, err_msg=name)
