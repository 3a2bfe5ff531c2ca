"""Organs of a body dose under the names that people use, and the body with some of them spared."""

from collections.abc import Mapping
from dataclasses import replace

from abscope.blood.doses import BodyDose, CompartmentDose
from abscope.blood.planned import PlannedDose

__all__ = ["organ_groups", "spared", "spared_plan"]

#: Parts of the body that act together, by the name shown; a name that is not here stands alone.
_GROUPS: dict[str, tuple[str, ...]] = {
    "marrow": ("red_marrow", "spongy_bone", "compact_bone", "other_skeleton"),
    "lung": ("lung", "bronchial"),
    "heart": ("right_heart", "left_heart", "coronary"),
    "gut": ("small_intestine", "large_intestine", "stomach_esophagus"),
    "large_vessels": ("large_arteries", "large_veins"),
    "muscle_fat_skin": ("muscle", "fat", "skin"),
}


def organ_groups(body: BodyDose) -> dict[str, tuple[str, ...]]:
    """Return the compartments and pools of each organ group, in the order of the body.

    Every compartment is in exactly one group; every bone's marrow is in 'marrow'.
    """
    of = {part: name for name, parts in _GROUPS.items() for part in parts}
    out: dict[str, list[str]] = {}
    for item in body.compartments:
        name = item.compartment
        group = "marrow" if name.startswith("marrow_") else of.get(name, name)
        out.setdefault(group, []).append(name)
    return {group: tuple(names) for group, names in out.items()}


def spared(body: BodyDose, *, factors_frac: Mapping[str, float]) -> BodyDose:
    """Return the body with the doses of organ groups multiplied by factors (0 spares fully).

    'nodes' stands for every node region. A group that the body does not have changes nothing.
    """
    groups = organ_groups(body)
    of = {part: group for group, parts in groups.items() for part in parts}

    def factor(name: str) -> float:
        if name == "lymph_nodes" or name.startswith("nodes_"):
            return factors_frac.get(of[name], factors_frac.get("nodes", 1.0))
        return factors_frac.get(of[name], 1.0)

    return replace(
        body,
        compartments=tuple(
            CompartmentDose(
                item.compartment,
                item.dose_per_fraction_gy * factor(item.compartment),
                item.volume_frac,
            )
            for item in body.compartments
        ),
    )


def spared_plan(
    planned: tuple[PlannedDose, ...], *, factors_frac: Mapping[str, float]
) -> tuple[PlannedDose, ...]:
    """Return all courses with organ groups spared."""
    return tuple(
        replace(
            item,
            body=spared(item.body, factors_frac=factors_frac),
            open_body=None
            if item.open_body is None
            else spared(item.open_body, factors_frac=factors_frac),
        )
        for item in planned
    )
