"""What ``abscope-core`` says of itself: name, source, equations, values."""

from collections.abc import Mapping
from typing import get_args

from abscope.catalog.circulation import Sex
from abscope.catalog.entries import Parameter
from abscope.model.card import ModelCard
from abscope.model.routes import Homing, mode_scale, organs, passes, rounds_per_d
from abscope.model.system import core_system
from abscope.model.values import core_values

__all__ = ["CARD", "core_card_values"]

_FLOWS = "assumed: own, from the circulation and the volumes of organs of ICRP Publication 89"


def core_card_values() -> Mapping[str, Parameter]:
    """Return every parameter of ``abscope-core`` by name, with its value, range and source.

    Those that follow from the sex and from the organ of a lesion have the range of all sexes,
    organs and modes of homing; their value is that of a woman and a lesion of muscle, by lesion.
    """
    system, known = core_system(), dict(core_values())
    sexes: tuple[Sex, ...] = get_args(Sex)
    modes: tuple[Homing, ...] = get_args(Homing)
    names = organs()
    scaled = [
        (mode_scale(mode), passes(names, mode=mode, sex=sex)) for mode in modes for sex in sexes
    ]
    usual = passes(["muscle"], mode="lesion", sex="female")
    ranges = {
        "rounds": (rounds_per_d("female"), [rounds_per_d(sex) for sex in sexes], "per_d"),
        "perfusion": (
            float(usual.per_ml[0]), [float(k * q) for k, p in scaled for q in p.per_ml], "per_ml"
        ),
        "passage": (
            float(usual.fixed_frac[0]),
            [float(k * q) for k, p in scaled for q in p.fixed_frac],
            "1",
        ),
    }  # fmt: skip
    for name, (value, every, unit) in ranges.items():
        note = "Computed for each patient; the range is over sexes, organs and modes of homing."
        known[name] = Parameter(name, value, min(every), max(every), unit, _FLOWS, note)
    own = system.replicate.parameters if system.replicate else ()
    return {q.name: known[q.name] for q in (*system.body.parameters, *own)}


CARD = ModelCard(
    name="abscope-core",
    title="All metastases of one patient: radiation, blood, immunity and checkpoint inhibitors",
    source="own; mechanisms after the sources of each of them",
    system=core_system,
    values=core_card_values,
    scope="Any number of lesions with their own dose, site and drugs; humans; days to years.",
    departures=(
        "The set of values is a proposal: it is set so that untreated lesions grow and that cohorts"
        " come near some published rates of response, and fitted to no patient.",
        "It has no space, no clones and loss of antigens, no NK and CD4 cells of their own, no"
        " cytokine network, no toxicity, no dose rate or LET; hypoxia is a share of cells that does"
        " not change; the brain is an organ like others.",
        "Lymphocytes are one pool with the plateau of abscope.blood, whose forecast has regions and"
        " delays.",
    ),
)
