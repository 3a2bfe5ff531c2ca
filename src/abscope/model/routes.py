"""Which lesions a T cell meets on its way: four modes of perfusion, and the exact shares.

One round is right heart, lung, left heart, one systemic branch, veins. A lesion j in organ o gets
the share q_j of the blood of its organ and keeps a cell of source i with probability eta_ij:

    lung:     p_j = q_j eta_ij,                      s = 1 - sum over the lung of p
    systemic: p_j = s f_o q_j eta_ij
    liver:    p_j = s (f_artery + sum over portal organs k of f_k (1 - sum over k of q eta)) q_j eta
    omega_ij = p_ij / (P_i + (1 - P_i) delta),       P_i = sum over j of p_ij

omega is where a cell ends, delta the chance to be lost per round. The modes of q:

    lesion     q f_o = phi V_j / Q       every mL of lesion has the flow phi, whatever the organ
    organ      q_j = V_j / V_organ       a lesion is perfused as its organ is
    presence   q_j = 1 / lesions in the organ at the start, begun or not (parts count as parts)
    bronchial  as organ, but a lesion of the lung hangs on the bronchial arteries

Halves of a lesion get together what the whole gets, exactly, in every mode. Flows are shares of the
cardiac output Q of the reference adult. Source: own (after Poleszczuk 2016,
doi:10.1158/0008-5472.CAN-15-1423); flows ICRP 89, volumes of organs in ``organ_volumes.toml``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from abscope.catalog.circulation import Sex, circulation
from abscope.catalog.model_core import core_parameter, organ_volume, organs_with_volume
from abscope.dose.geometry.grid import Floats
from abscope.errors import ModelError, Problem

__all__ = [
    "Homing",
    "Lodging",
    "Passes",
    "blood_volume_ul",
    "flow_shares",
    "lodging",
    "mode_scale",
    "omega",
    "organs",
    "passes",
    "rounds_per_d",
]

Homing = Literal["lesion", "organ", "presence", "bronchial"]

#: Organs whose blood passes the liver.
_PORTAL = ("spleen", "pancreas", "stomach_esophagus", "small_intestine", "large_intestine")
_MINUTES_PER_D = 1440.0
_UL_PER_L = 1e6
_SEXES: tuple[Sex, Sex] = get_args(Sex)


@dataclass(frozen=True, slots=True)
class Lodging:
    """Where lesions hang in the circulation: ``share_frac`` of the blood of the organ of each."""

    organs: tuple[str, ...]
    share_frac: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Passes:
    """The share of the cardiac output through each lesion: ``per_ml`` V + ``fixed_frac``."""

    per_ml: Floats
    fixed_frac: Floats


@cache
def _flows(sex: Sex | None) -> dict[str, float]:
    """Return the share of the cardiac output by organ; the mean of both sexes where unknown."""
    both = [
        {row.name: row.flow_frac for row in circulation(one).compartments}
        for one in ((sex,) if sex else _SEXES)
    ]
    flows = {name: sum(each[name] for each in both) / len(both) for name in both[0]}
    return flows | {"lung": 1.0}  # every round passes the lung


def flow_shares(sex: Sex | None, organ: Sequence[str] = ()) -> dict[str, float]:
    """Return how the blood flow divides over organs, by name; over all where none is named.

    Raises ModelError for an organ that is not known.
    """
    chosen = tuple(organ) or tuple(name for name in organs() if name != "bronchial")
    if problems := _problems(chosen, mode="organ"):
        raise ModelError(problems)
    flows = {name: _flows(sex)[name] for name in chosen}
    return {name: flow / sum(flows.values()) for name, flow in flows.items()}


@cache
def _volume_ml(organ: str, sex: Sex | None) -> float:
    both = [organ_volume(organ, sex=one).value for one in ((sex,) if sex else _SEXES)]
    return sum(both) / len(both)


@cache
def _output_ml_per_min(sex: Sex | None) -> float:
    both = [circulation(one).cardiac_output_l_per_min.value for one in ((sex,) if sex else _SEXES)]
    return 1000.0 * sum(both) / len(both)


@cache
def blood_volume_ul(sex: str | None) -> float:
    """Return the blood volume (uL) of the reference adult; the mean of both where unknown.

    >>> round(blood_volume_ul("female") / 1e6, 2)
    3.9
    """
    chosen = (sex,) if sex in _SEXES else _SEXES
    both = [circulation(one).blood_volume_l.value for one in chosen]
    return _UL_PER_L * sum(both) / len(both)


@cache
def rounds_per_d(sex: Sex | None) -> float:
    """Return the rounds of the circulation per day, 1440 Q / blood volume.

    The mean of the reference adults where the sex is unknown.

    >>> round(rounds_per_d("female")), round(rounds_per_d("male"))
    (2178, 1766)
    """
    both = [circulation(one) for one in ((sex,) if sex else _SEXES)]
    rounds = [c.cardiac_output_l_per_min.value / c.blood_volume_l.value for c in both]
    return _MINUTES_PER_D * sum(rounds) / len(rounds)


@cache
def organs() -> tuple[str, ...]:
    """Return the compartments that a lesion can lie in, by name."""
    return organs_with_volume()


def passes(
    organ: Sequence[str],
    *,
    mode: Homing,
    sex: Sex | None,
    part_frac: Floats | None = None,
    perfusion_ml_per_min: float | None = None,
) -> Passes:
    """Return what part of the cardiac output passes each lesion, by its organ.

    ``perfusion_ml_per_min`` is the flow phi per mL of lesion (mode ``lesion``; that of the catalog
    where it is not stated), ``part_frac`` what share of a lesion each record stands for. Raises
    ModelError for a mode or an organ that is not known.
    """
    if problems := _problems(organ, mode=mode):
        raise ModelError(problems)
    flows = np.array([_flows(sex)[_branch(name, mode)] for name in organ])
    nothing = np.zeros(len(organ))
    if mode == "lesion":
        phi = core_parameter("lesion_flow").value
        flow = phi if perfusion_ml_per_min is None else perfusion_ml_per_min
        return Passes(np.full(len(organ), flow / _output_ml_per_min(sex)), nothing)
    if mode == "presence":
        parts = np.ones(len(organ)) if part_frac is None else np.asarray(part_frac, float)
        whole = np.array([parts[[name == other for other in organ]].sum() for name in organ])
        return Passes(nothing, flows * parts / whole)
    volumes = np.array([_volume_ml(name, sex) for name in organ])
    return Passes(flows / volumes, nothing)


def mode_scale(mode: Homing) -> float:
    """Return the factor on the flow through lesions that lets all modes catch alike.

    1 by lesion. The modes are about who gets the cells; how many stay at all is one number
    (``capture``), which without the factor would mean something else in each of them.
    """
    return 1.0 if mode == "lesion" else core_parameter(f"mode_scale_{mode}").value


def _branch(organ: str, mode: Homing) -> str:
    return "bronchial" if mode == "bronchial" and organ == "lung" else organ


def _problems(organ: Sequence[str], *, mode: Homing) -> list[Problem]:
    known = organs()
    out = [
        Problem("homing", f"'{name}' is no organ", ", ".join(known), "Choose one of them.")
        for name in organ
        if name not in known
    ]
    if mode not in get_args(Homing):
        modes = ", ".join(get_args(Homing))
        out.append(Problem("homing", f"mode '{mode}'", modes, "Choose one of them."))
    return out


def lodging(organ: Sequence[str], *, volume_ml: Floats, mode: Homing, sex: Sex | None) -> Lodging:
    """Return the share q of the blood of its organ that each lesion gets, at most 1.

    Raises ModelError for a mode or an organ that is not known.
    """
    found = passes(organ, mode=mode, sex=sex)
    branches = tuple(_branch(name, mode) for name in organ)
    flows = np.array([_flows(sex)[name] for name in branches])
    share = (found.per_ml * np.asarray(volume_ml, float) + found.fixed_frac) / flows
    return Lodging(branches, np.minimum(share, 1.0))


def omega(
    lodged: Lodging, *, capture_frac: Floats, loss_frac: float = 0.0, sex: Sex | None
) -> Floats:
    """Return where cells end, (lesions,) or (sources, lesions) as ``capture_frac`` (eta) is.

    Rows add up to 1 less what is lost; without loss to 1 where any cell can be kept. Raises
    ModelError for a chance outside 0..1.

    >>> four = Lodging(("lung", "liver", "kidneys", "muscle"), np.ones(4))
    >>> omega(four, capture_frac=np.full(4, 1e-9), sex="female").round(4)
    array([0.639 , 0.1757, 0.1086, 0.0767])
    """
    eta = np.atleast_2d(np.asarray(capture_frac, float))
    if not ((eta >= 0) & (eta <= 1)).all() or not 0 <= loss_frac <= 1:
        what = "a chance outside 0..1"
        raise ModelError(Problem("homing", what, "0 <= capture, loss <= 1", "Correct it."))
    kept = lodged.share_frac * eta
    names = np.array(lodged.organs)
    flows = _flows(sex)
    in_lung = names == "lung"
    branch = np.array([flows[name] for name in lodged.organs])
    through = branch * np.ones_like(kept)
    portal = sum(flows[name] * (1.0 - kept[:, names == name].sum(axis=1)) for name in _PORTAL)
    artery = flows["liver"] - sum(flows[name] for name in _PORTAL)
    through[:, names == "liver"] = np.asarray(artery + portal)[:, None]
    after_lung = 1.0 - kept[:, in_lung].sum(axis=1)
    met = np.where(in_lung, kept, after_lung[:, None] * through * kept)
    total = met.sum(axis=1, keepdims=True)
    shares = met / (total + (1.0 - total) * loss_frac)
    return np.asarray(shares[0] if np.ndim(capture_frac) == 1 else shares)
