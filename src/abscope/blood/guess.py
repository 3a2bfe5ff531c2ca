"""Body doses from nothing but prescription, sites and target volume: a guess, and labelled so."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from abscope.blood.doses import BodyDose, CompartmentDose
from abscope.blood.pools.doses import mixture
from abscope.blood.pools.traffic import NODE_REGIONS
from abscope.catalog.circulation import circulation
from abscope.catalog.lymphocytes import lymphocyte_parameter, marrow_shares
from abscope.catalog.site_templates import site_template
from abscope.errors import ModelError, Problem

__all__ = ["guessed_body"]

#: A field never holds the whole of an organ, nor is the rest of it hotter than the field.
_MOST = 0.95


def guessed_body(
    course: str,
    *,
    sites: Sequence[tuple[str, int]],
    dose_per_fraction_gy: float,
    target_volume_ml: float | None = None,
    beam_on_time_s: float | None = None,
    days_d: Sequence[float] = (0.0,),
) -> BodyDose:
    """Return the guessed dose of one fraction to ``sites``, each with its number of sides.

    Per organ a share f of its volume has the prescribed dose D and the rest b D, with f and b
    from the templates of the sites; several sites add up. Both go with (V / V0)^x, where V is the
    stated target volume and V0 that of the templates. Organs that no template names get scatter.

    Raises ModelError for a site without a template, for a dose or a volume that is not positive.
    """
    return _guess(course, tuple(sites), dose_per_fraction_gy, target_volume_ml, beam_on_time_s,
                  tuple(days_d))  # fmt: skip


@lru_cache(maxsize=256)
def _guess(
    course: str,
    sites: tuple[tuple[str, int], ...],
    dose_per_fraction_gy: float,
    target_volume_ml: float | None,
    beam_on_time_s: float | None,
    days_d: tuple[float, ...],
) -> BodyDose:
    """Return the guess; a what-if asks for that of the same phases again and again."""
    problems = []
    if not 0 < dose_per_fraction_gy <= 40:
        what = f"{dose_per_fraction_gy:g} Gy per fraction"
        problems.append(Problem(course, what, "0 < dose <= 40 Gy", "Is the value in cGy?"))
    if target_volume_ml is not None and not target_volume_ml > 0:
        what = f"target volume {target_volume_ml:g} ml"
        problems.append(Problem(course, what, "more than 0 ml", "Correct it."))
    if not sites:
        problems.append(Problem(course, "no site", "at least one site", "Name the targets."))
    if problems:
        raise ModelError(problems)
    shares = _shares(sites, target_volume_ml)
    found = {
        name: CompartmentDose(
            name,
            np.array([bath, 1.0]) * dose_per_fraction_gy,
            np.array([1.0 - inside, inside]),
        )
        for name, (inside, bath) in shares.items()
    }
    scatter = np.array([lymphocyte_parameter("guess_scatter").value * dose_per_fraction_gy])
    rest = CompartmentDose("rest", scatter, np.ones(1))
    return BodyDose(
        course=course,
        compartments=_complete(found, rest),
        days_d=tuple(days_d),
        beam_on_time_s=beam_on_time_s,
        tier="guess",
        scale_sd_log=lymphocyte_parameter("guess_scale_sd_log").value,
        notes=("organ doses are a guess from the sites of the targets, not from a plan",),
    )


def _shares(
    sites: Sequence[tuple[str, int]], target_volume_ml: float | None
) -> dict[str, tuple[float, float]]:
    templates = [(site_template(site), sides) for site, sides in sites]
    factor = 1.0
    if target_volume_ml is not None:
        usual = sum(template.target_volume_ml * sides for template, sides in templates)
        factor = (target_volume_ml / usual) ** lymphocyte_parameter("guess_volume_exponent").value
    total: dict[str, tuple[float, float]] = {}
    for template, sides in templates:
        for organ, (inside, bath) in template.organ_frac.items():
            before = total.get(organ, (0.0, 0.0))
            total[organ] = (
                before[0] + inside * sides * factor,
                before[1] + bath * sides * factor,
            )
    return {organ: (min(a, _MOST), min(b, _MOST)) for organ, (a, b) in total.items()}


def _complete(
    found: dict[str, CompartmentDose], rest: CompartmentDose
) -> tuple[CompartmentDose, ...]:
    """Return the dose of every compartment, node region and bone; what is not named has scatter."""
    out, alone = dict(found), mixture("", [(rest, 1.0)])
    names = [f"nodes_{region}" for region in NODE_REGIONS]
    names += [f"marrow_{bone}" for bone in marrow_shares()]
    for name in (*names, "thymus"):
        out.setdefault(name, replace(alone, compartment=name))
    nodes = [
        (out[f"nodes_{name}"], lymphocyte_parameter(f"node_share_{name}").value)
        for name in NODE_REGIONS
    ]
    bones = [(out[f"marrow_{name}"], entry.value) for name, entry in marrow_shares().items()]
    out["lymph_nodes"] = mixture("lymph_nodes", nodes)
    for name in ("red_marrow", "spongy_bone", "compact_bone", "other_skeleton"):
        out.setdefault(name, mixture(name, bones))
    for row in circulation("female").compartments:
        out.setdefault(row.name, replace(alone, compartment=row.name))
    return tuple(out.values())
