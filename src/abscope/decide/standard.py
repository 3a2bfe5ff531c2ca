"""The alternatives that every report shows: other prescriptions, low dose, drug, spared spleen."""

import numpy as np

from abscope.catalog.alternatives import alternative
from abscope.decide.scenario import Scenario
from abscope.decide.scenario_text import parse_scenario
from abscope.decide.session import WhatIf

__all__ = ["STANDARD_PRESCRIPTIONS", "standard_scenarios"]

#: The prescriptions that are compared everywhere, by what they are meant for: 8 Gy once (pain), 8
#: Gy x 3 (below the TREX1 threshold), the two of the founding case, palliative, and one large dose.
STANDARD_PRESCRIPTIONS = (
    "1 x 8 Gy", "3 x 8 Gy", "5 x 4.5 Gy", "5 x 6 Gy", "10 x 3 Gy", "1 x 20 Gy",
)  # fmt: skip


def standard_scenarios(session: WhatIf) -> tuple[Scenario, ...]:
    """Return the standard set for a case: those that it has something for.

    Every course that is simulated gets the prescription. Low dose goes to the lesions that no
    course surely treats. A drug is given one cycle earlier, on the day of the first fraction, and
    one cycle later.
    """
    courses = session.names.courses
    out = [
        parse_scenario(sets=[f"rt.{course}: {text}" for course in courses], name=text)
        for text in STANDARD_PRESCRIPTIONS
    ]
    out.append(parse_scenario(drops=[f"rt.{course}" for course in courses], name="no radiotherapy"))
    if session.names.others:
        dose = alternative("low_dose_per_fraction").value
        number = int(alternative("low_dose_fractions").value)
        text = f"rt others {number} x {dose:g} Gy"
        out.append(parse_scenario(adds=[text], name=f"add {number} x {dose:g} Gy to the others"))
    for agent in session.names.agents:
        out += _timings(session, agent)
    factor = alternative("spleen_factor").value
    out.append(
        parse_scenario(sets=[f"blood.spleen_dose: x{factor:g}"], name=f"spleen dose x{factor:g}")
    )
    return tuple(out)


def _timings(session: WhatIf, agent: str) -> list[Scenario]:
    """Return a drug one cycle earlier, together with radiotherapy, and one cycle later."""
    days = [
        [one.day_d for one in patient.infusions if one.agent == agent]
        for patient in session.patients
    ]
    given = [(row, first) for row, first in zip(days, session.first_fraction_d, strict=True) if row]
    if not given:
        return []
    step = alternative("drug_step").value
    moves = {f"{agent} {step:g} d earlier": -step}
    gap = float(np.median([min((first - day for day in row), key=abs) for row, first in given]))
    if abs(gap) >= 1.0:
        moves[f"{agent} with the first fraction"] = round(gap)
    moves[f"{agent} {step:g} d later"] = step
    return [
        parse_scenario(shifts=[(agent, f"{by_d:+g}d")], name=name) for name, by_d in moves.items()
    ]
