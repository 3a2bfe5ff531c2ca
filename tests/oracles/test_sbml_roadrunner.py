"""What the engine prints as SBML, simulated by libRoadRunner (CVODE), against the engine."""

from dataclasses import replace

import numpy as np
import pytest

from abscope.engine.batch import Batch, Events, Holds
from abscope.engine.compiling import compile_system
from abscope.engine.declaration import Observable
from abscope.engine.gradients import gradients
from abscope.engine.sbml import sbml_id, sbml_of
from abscope.engine.simulation import Settings, simulate
from engine_systems import closed_batch, colonies, colony_batch, decay, kuznetsov, ready
from roadrunner_runs import as_reactions, roadrunner_of, roadrunner_run

#: No time of an event: libRoadRunner shows the state after it, the engine the one before.
TIMES = np.array([0.3, 1.7, 2.6, 3.3, 5.5, 9.9, 19.9])
FINE = Settings(rtol=1e-10, atol=1e-13)


def _holds_together(compiled, batch, *, rtol, scale, **how):
    """Compare every observable of the last member in both; ``scale`` is what counts as small."""
    system, member = compiled.system, batch.members - 1
    printed = sbml_of(system, batch, member=member)
    own = simulate(compiled, batch, FINE)
    assert own.ok.all()
    times = own.times[member] - printed.start
    series = {o.name: own[o.name][member] for o in system.body.observables}
    for observable in system.replicate.observables if system.replicate else ():
        table = own[observable.name][member]
        for i in range(np.broadcast_to(batch.replicates, batch.members)[member]):
            series[sbml_id(system, observable.name, replicate=i)] = table[:, i]
    found = roadrunner_run(printed.text, np.concatenate([[0.0], times]), list(series), **how)
    for name, values in series.items():
        np.testing.assert_allclose(found[name][1:], values, rtol=rtol, atol=rtol * scale)
    return series


def test_decay_agrees_with_its_closed_form():
    batch = Batch(horizon=20.0, observe_at=TIMES, parameters={"k": 0.3}, initial={"x": 5.0})
    exact = 5.0 * np.exp(-0.3 * TIMES)
    times = np.concatenate([[0.0], TIMES])
    found = roadrunner_run(sbml_of(decay(), batch).text, times, ["x_seen"], atol=1e-16)
    np.testing.assert_allclose(found["x_seen"][1:], exact, rtol=1e-7)
    _holds_together(ready("decay"), batch, rtol=1e-7, scale=1.0)


def test_events_and_infusions_of_one_instant_agree():
    """Bolus, halving, cut and both ends of infusions at day 3, an event at the start."""
    batch = closed_batch(
        start=-2.0,
        horizon=18.0,
        observe_at=TIMES - 2.0,
        events=(
            Events("bolus", [-2.0, 1.0], fields={"dose": [5.0, 2.0]}),
            Events("halving", [1.0, 2.0]),
            Events("cut", [1.0, 3.0], fields={"left": [[0.5, 1.0, 0.01], [0.2, 0.2, 1.0]]}),
        ),
        holds=(
            Holds("infusion", [-2.0, 0.5], [-1.98, 1.0], [400.0, 5.0]),
            Holds("feed", [0.0], [1.0], [1.0], replicates=[1]),
        ),
    )
    series = _holds_together(ready("closed"), batch, rtol=1e-7, scale=1e-2)
    assert series["x_seen"][3] == pytest.approx(  # (10 + 5) e^-0.9, + 2, halved, decayed
        0.5 * (15.0 * np.exp(-0.9) + 2.0) * np.exp(-0.3 * 0.3), rel=1e-6
    )


def test_a_stiff_system_with_fractions_agrees():
    batch = colony_batch(2, seed=3, most=4, horizon=40.0, courses=1)
    batch = replace(batch, observe_at=np.linspace(0.37, 39.9, 30))
    _holds_together(ready("colonies"), batch, rtol=1e-7, scale=1e-2)


def test_slopes_of_parameters_agree_with_forward_sensitivities():
    """d state / d parameter of Kuznetsov 1994 against CVODES in libRoadRunner.

    libRoadRunner differentiates reactions only, so each rate is given to it as a reaction.
    """
    system = kuznetsov()
    seen = tuple(Observable(f"{name}_seen", "cell", name) for name in ("e", "t"))
    system = replace(
        system,
        body=replace(
            system.body,
            observables=seen,
            observe=lambda body, total, p: {"e_seen": body.e, "t_seen": body.t},
        ),
    )
    values = {
        "s": 1.3e4, "pp": 0.1245, "g": 2.019e7, "m": 3.422e-10, "d": 0.0412, "a": 0.18,
        "b": 2e-9, "n": 1.101e-7,
    }  # fmt: skip
    times = np.linspace(0.0, 30.0, 7)
    batch = Batch(horizon=30.0, observe_at=times, parameters=values, initial={"e": 2e5, "t": 1e6})
    found = gradients(compile_system(system), batch, list(values), Settings(rtol=1e-9))
    own = np.stack([found["e_seen"][0], found["t_seen"][0]], axis=-1)
    runner = roadrunner_of(as_reactions(sbml_of(system, batch).text), atol=1e-6)
    _, theirs, rows, columns = runner.timeSeriesSensitivities(0.0, 30.0, times.size)
    assert list(rows) == list(values)
    assert list(columns) == ["e", "t"]
    np.testing.assert_allclose(theirs[1:], own[1:], rtol=2e-5)


def test_slopes_across_events_agree_with_differences_of_roadrunner():
    """Central differences of CVODE at 1e-12 over fractions, infusions and 4 colonies."""
    batch = colony_batch(1, seed=5, most=3, horizon=30.0, courses=1)
    batch = replace(batch, observe_at=np.array([11.3, 29.7]))
    names = {
        "shed": "shed",
        "fast": "fast",
        "hurt[0]": "hurt_colony_1",
        "growth[1]": "growth_colony_2",
    }
    found = gradients(ready("colonies"), batch, list(names), Settings(rtol=1e-9, atol=1e-12))
    printed = sbml_of(colonies(), batch)
    values = {one.id: one.value for one in printed.constants}
    times = np.array([0.0, 11.3, 29.7])
    observables = ["blood", "scars", "size_colony_1", "size_colony_2"]
    for k, name in enumerate(names.values()):
        step = 1e-3 * values[name]
        ends = [
            roadrunner_run(
                printed.text, times, observables, values={name: values[name] + way * step},
                rtol=1e-12, atol=1e-14,
            )
            for way in (1, -1)
        ]  # fmt: skip
        for observable in observables:
            theirs = (ends[0][observable] - ends[1][observable])[1:] / (2.0 * step)
            head, _, index = observable.partition("_colony_")
            own = found[head][0, :, int(index) - 1, k] if index else found[head][0, :, k]
            size = np.abs(ends[0][observable]).max() / values[name]
            np.testing.assert_allclose(own, theirs, rtol=3e-5, atol=1e-6 * size)
