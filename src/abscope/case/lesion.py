"""Lesions: where they are, how many, what they are known to be, how they relate to each other."""

import difflib
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from abscope.case.amounts import Flag, Whole
from abscope.case.anatomy import SITES, Laterality, Region, Site
from abscope.case.facts import Fact, Record, complain
from abscope.case.timing import When

__all__ = ["Count", "Identifier", "Lesion", "Link", "SiteName"]

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=40)]


@lru_cache(maxsize=64)
def _similar_sites(name: str) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(name[:80], SITES, n=3, cutoff=0.5))


def _site(data: object) -> object:
    if isinstance(data, str) and data not in SITES:
        close = _similar_sites(data)
        raise complain(
            f"site '{data}' is not in the vocabulary",
            "one of the sites that 'abscope schema --sites' lists",
            f"Did you mean {', '.join(close)}?" if close else "Use 'other' with a name.",
        )
    return data


#: A name of the anatomical vocabulary in `abscope.case.anatomy`.
SiteName = Annotated[str, BeforeValidator(_site), Field(json_schema_extra={"enum": sorted(SITES)})]

#: How many: a number, or the source's word where it gives none.
Count = Annotated[
    Whole | Literal["single", "several", "multiple", "numerous"], Field(union_mode="left_to_right")
]


class Link(Record):
    """How this lesion relates to another: the same one, a fragment, a merger, a regrowth."""

    relation: Literal[
        "same_as", "split_from", "merged_into", "regrowth_of", "part_of", "adjacent_to"
    ]
    lesion: Identifier
    certainty: Literal["certain", "probable", "possible"] = "certain"
    loc: str | None = None
    note: str | None = None


class Lesion(Record):
    """One lesion, or a group that the source reports only together.

    ``node`` overrides the kind that the site implies, for a mass of which the source leaves open
    whether it is a node. ``regions`` overrides the site's regions where the source says more.
    """

    id: Identifier
    name: str | None = None
    site: Fact[SiteName] | None = None
    also_sites: tuple[SiteName, ...] = ()
    regions: tuple[Region, ...] = ()
    laterality: Fact[Laterality] | None = None
    node: Fact[Flag] | None = None
    bone_type: Fact[Literal["lytic", "mixed", "blastic"]] | None = None
    soft_tissue_part: Fact[Flag] | None = None
    cystic: Fact[Flag] | None = None
    primary: Flag = False
    group: str | None = None
    count: Fact[Count] | None = None
    measurable: Fact[Flag] | None = None
    painful: Fact[Flag] | None = None
    first_seen: Fact[When] | None = None
    histology: Fact[str] | None = None
    biopsied: Fact[Flag] | None = None
    trend_before_rt: Fact[Literal["growing", "stable", "shrinking", "new"]] | None = None
    fate: Fact[str] | None = None
    links: tuple[Link, ...] = ()
    loc: str | None = None
    note: str | None = None

    @property
    def sites(self) -> tuple[Site, ...]:
        """Every site the lesion or group may lie in; empty where none is known."""
        names = (self.site.candidates if self.site else ()) + self.also_sites
        return tuple(SITES[name] for name in dict.fromkeys(names))

    @property
    def body_regions(self) -> frozenset[Region]:
        """Every body region the lesion may lie in; empty where none is known."""
        if self.regions:
            return frozenset(self.regions)
        found = {region for site in self.sites for region in site.regions}
        return frozenset(found - {"unknown"})

    @property
    def is_node(self) -> bool | None:
        """True for a lymph node, False for another tissue, None where the source leaves it open."""
        if self.node is not None:
            answers = set(self.node.candidates)
            return answers.pop() if len(answers) == 1 else None
        kinds = {site.kind == "node" for site in self.sites if site.kind != "unknown"}
        return kinds.pop() if len(kinds) == 1 else None

    @property
    def is_parenchymal(self) -> bool | None:
        """True where every site is a parenchymal organ, None where the site is not known."""
        kinds = {site.kind == "parenchymal" for site in self.sites if site.kind != "unknown"}
        return kinds.pop() if len(kinds) == 1 else None

    @property
    def label(self) -> str:
        """A short name for people: the given name, else side and site, else the identifier."""
        if self.name:
            return self.name
        side = self.laterality.value if self.laterality and self.laterality.value else None
        where = " + ".join(site.label for site in self.sites)
        return f"{side} {where}" if side and where else where or self.id
