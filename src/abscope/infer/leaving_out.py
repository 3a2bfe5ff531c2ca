"""What one course, one agent or one mechanism made of each lesion: the draws again without it.

A course or an agent is taken out of what was delivered, all else stays. A mechanism is switched off
in the model that the draws are of: that says what it does there, not how a model without it would
fit the case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abscope.dose.geometry.grid import Floats
from abscope.infer.attribution import RESPONSE_FRAC, Attribution, core_options
from abscope.infer.spread import Chance, Spread, chance_of, spread_of
from abscope.infer.worlds import EVERYTHING, couples
from abscope.model.case_lesions import recorded_id
from abscope.model.lesion_sizes import diameter_mm
from abscope.model.patient import Patient
from abscope.model.run import simulate_patients
from abscope.model.switches import Switches

__all__ = ["MECHANISMS", "LeftOut", "leave_out"]

#: Switches that stand for a mechanism which a person can name, not for a choice of equations.
MECHANISMS = tuple(
    one.name
    for one in fields(Switches)
    if one.name not in ("growth", "straight_survival", "clearance_drift", "saturable_clearance")
    and one.type in (bool, "bool")
)
#: Those that act in a lesion by itself, whether or not lesions act on each other.
_LOCAL = ("hypoxia", "scar")


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """The world without one thing; ``kind`` is course, agent or mechanism.

    ``change_frac`` has per lesion the change of the diameter, (draws, visits), ``moved_frac`` how
    much more that is than with what was delivered.
    """

    kind: str
    name: str
    change_frac: Mapping[str, Floats] = field(repr=False)
    moved_frac: Mapping[str, Floats] = field(repr=False)

    def effect(self, lesion: str, visit: int, weights: Floats | None = None) -> Spread | None:
        """Return what it did: minus the change that leaving it out makes."""
        return spread_of(-self.moved_frac[lesion][:, visit], weights)

    def responds(self, lesion: str, visit: int, weights: Floats | None = None) -> Chance | None:
        """Return how probable a response is without it."""
        change = self.change_frac[lesion][:, visit]
        known = np.isfinite(change)
        mine = known.astype(float) if weights is None else weights * known
        return chance_of(change <= RESPONSE_FRAC, mine)


def leave_out(
    found: Attribution, *, mechanisms: Sequence[str] | None = None, draws: int | None = None
) -> tuple[LeftOut, ...]:
    """Return the worlds of an attribution without each course, each agent and each mechanism.

    Over ``draws`` of its draws, evenly taken; without a number over all.
    """
    options = found.options
    rows = np.linspace(0, found.draws - 1, min(draws or found.draws, found.draws)).round()
    chosen = rows.astype(np.int64)
    patients = [found.patients[k] for k in chosen]
    courses = dict.fromkeys(one.course for patient in patients for one in patient.fractions)
    agents = dict.fromkeys(one.agent for patient in patients for one in patient.infusions)
    out = [
        _left_out(found, ("course", name), chosen, [_without_course(x, name) for x in patients])
        for name in courses
    ]
    out += [
        _left_out(found, ("agent", name), chosen, [_without_agent(x, name) for x in patients])
        for name in agents
    ]
    names = MECHANISMS if mechanisms is None else tuple(mechanisms)
    for name in names:
        if getattr(options.switches, name) is False or (name.startswith("anti") and not agents):
            continue
        if name not in _LOCAL and not couples(options.switches):
            continue
        change: Any = {name: False}
        off = replace(options.switches, **change)
        out.append(_left_out(found, ("mechanism", name), chosen, patients, switches=off))
    return tuple(out)


def _without_course(patient: Patient, course: str) -> Patient:
    kept = tuple(one for one in patient.fractions if one.course != course)
    return replace(patient, fractions=kept)


def _without_agent(patient: Patient, agent: str) -> Patient:
    kept = tuple(one for one in patient.infusions if one.agent != agent)
    return replace(patient, infusions=kept)


def _left_out(
    found: Attribution,
    what: tuple[str, str],
    chosen: NDArray[np.int64],
    patients: Sequence[Patient],
    *,
    switches: Switches | None = None,
) -> LeftOut:
    visits = len(found.visits)
    got = simulate_patients(
        patients,
        observe_at_d=found.days_d[chosen, :visits],
        options=replace(core_options(found.options), switches=switches or found.options.switches),
        settings=found.options.settings,
    )
    change: dict[str, Floats] = {}
    moved: dict[str, Floats] = {}
    for item in found.lesions:
        rows = [
            [k for k, x in enumerate(patient.lesions) if recorded_id(x.id) == item.lesion]
            for patient in patients
        ]
        volume = np.stack([got["volume_ml"][k][:, row].sum(axis=1) for k, row in enumerate(rows)])
        volume = np.where(np.asarray(got.ok)[:, None], volume, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            change[item.lesion] = diameter_mm(volume) / item.start_mm[chosen, None] - 1.0
        moved[item.lesion] = change[item.lesion] - item.change_frac[EVERYTHING, chosen]
    return LeftOut(*what, change, moved)
