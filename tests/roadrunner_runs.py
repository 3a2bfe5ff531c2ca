"""Simulations by libRoadRunner, the independent reader of what the engine prints as SBML."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray


def roadrunner_of(
    text: str,
    *,
    rtol: float = 1e-10,
    atol: float = 1e-12,
    values: Mapping[str, float] | None = None,
) -> Any:
    """Return libRoadRunner with a model loaded, at its start and at these tolerances (CVODE)."""
    roadrunner = pytest.importorskip("roadrunner", reason="libRoadRunner (test group) is absent")
    config = roadrunner.Config  # half the time to load: these models are run once
    config.setValue(config.LLVM_BACKEND, config.LLJIT)
    config.setValue(config.LLJIT_OPTIMIZATION_LEVEL, config.NONE)
    runner = roadrunner.RoadRunner(text)
    for name, value in (values or {}).items():
        runner[name] = value
    if values:
        runner.reset()
    integrator = runner.getIntegrator()
    integrator.setValue("relative_tolerance", rtol)
    integrator.setValue("absolute_tolerance", atol)
    integrator.setValue("maximum_num_steps", 200_000)
    return runner


def roadrunner_run(
    text: str, times: NDArray[np.float64], names: Sequence[str], **how: Any
) -> dict[str, NDArray[np.float64]]:
    """Return quantities by id at the times, which begin with 0."""
    runner = roadrunner_of(text, **how)
    found = np.asarray(runner.simulate(times=list(times), selections=["time", *names]))
    np.testing.assert_allclose(found[:, 0], times, rtol=0, atol=1e-12)
    return {name: found[:, k + 1] for k, name in enumerate(names)}


def as_reactions(text: str) -> str:
    """Return the model with each rate rule as a reaction and without what is only observed."""
    libsbml = pytest.importorskip("libsbml", reason="python-libsbml (test group) is absent")
    document = libsbml.readSBMLFromString(text)
    model = document.getModel()
    for seen in [rule.getVariable() for rule in model.getListOfRules() if rule.isAssignment()]:
        model.removeRuleByVariable(seen)
        model.removeParameter(seen)
    place = model.createCompartment()
    place.setId("everywhere")
    place.setSize(1.0)
    place.setSpatialDimensions(3)
    place.setConstant(True)
    for rule in [rule.clone() for rule in model.getListOfRules()]:
        name = rule.getVariable()
        start = model.getParameter(name).getValue()
        model.removeParameter(name)
        model.removeRuleByVariable(name)
        species = model.createSpecies()
        species.setId(name)
        species.setCompartment("everywhere")
        species.setInitialConcentration(start)
        species.setConstant(False)
        species.setBoundaryCondition(False)
        species.setHasOnlySubstanceUnits(False)
        reaction = model.createReaction()
        reaction.setId(f"rate_of_{name}")
        reaction.setReversible(False)
        reaction.setFast(False)
        product = reaction.createProduct()
        product.setSpecies(name)
        product.setStoichiometry(1.0)
        product.setConstant(True)
        reaction.createKineticLaw().setMath(rule.getMath())
    return str(libsbml.writeSBMLToString(document))
