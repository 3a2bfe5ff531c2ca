"""The closed vocabulary of sites: each with its organ, body region and kind of tissue.

Region decides whether a lesion can lie near a radiotherapy field; organ and kind decide how
response criteria count it (two targets per organ, all nodes one organ, bone needs soft tissue).
"""

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "REGIONS", "SITES", "Kind", "Laterality", "Region", "Relation", "Site", "relation",
]  # fmt: skip

Region = Literal[
    "head", "neck", "thorax", "abdomen", "pelvis", "upper_limb", "lower_limb", "unknown"
]
Kind = Literal["parenchymal", "bone", "node", "serosa", "soft_tissue", "skin", "unknown"]
Laterality = Literal["left", "right", "bilateral", "midline"]

REGIONS: tuple[Region, ...] = (
    "head", "neck", "thorax", "abdomen", "pelvis", "upper_limb", "lower_limb", "unknown",
)  # fmt: skip

#: How two sites lie to each other: sharing a body region, touching across a border, or apart.
Relation = Literal["same", "near", "remote", "unknown"]

#: Regions that a site touches without lying in them, so that a field there can reach it. The
#: kidney does not count as touching the thorax, the liver under the diaphragm does.
_TOUCHES: dict[str, tuple[Region, ...]] = {
    "brain": ("neck",), "brainstem": ("neck",), "meninges": ("neck",), "skull": ("neck",),
    "mandible": ("neck",), "oral_cavity": ("neck",), "nasopharynx": ("neck",),
    "skin_head_neck": ("thorax",), "node_cervical": ("head", "thorax"), "thyroid": ("thorax",),
    "larynx": ("head", "thorax"), "hypopharynx": ("head", "thorax"),
    "spine_cervical": ("head", "thorax"), "soft_tissue_head_neck": ("thorax",),
    "node_supraclavicular": ("upper_limb",), "node_axillary": ("upper_limb", "neck"),
    "axilla": ("upper_limb", "neck"), "scapula": ("upper_limb", "neck"),
    "clavicle": ("upper_limb", "neck"), "humerus": ("thorax",),
    "soft_tissue_upper_limb": ("thorax",), "skin_upper_limb": ("thorax",),
    "lung": ("neck", "abdomen"), "pleura": ("neck", "abdomen"), "rib": ("neck", "abdomen"),
    "mediastinum": ("neck", "abdomen"), "node_mediastinal": ("neck", "abdomen"),
    "heart": ("abdomen",), "pericardium": ("abdomen",), "esophagus": ("abdomen",),
    "sternum": ("neck", "abdomen"), "chest_wall": ("neck", "abdomen", "upper_limb"),
    "breast": ("abdomen", "upper_limb"), "spine_thoracic": ("neck", "abdomen"),
    "liver": ("thorax",), "spleen": ("thorax",), "stomach": ("thorax",), "adrenal": ("thorax",),
    "omentum": ("pelvis",), "abdominal_wall": ("thorax", "pelvis"),
    "retroperitoneum": ("pelvis",), "node_retroperitoneal": ("pelvis",),
    "spine_lumbar": ("pelvis",), "sacrum": ("abdomen",), "node_pelvic": ("abdomen",),
    "pelvic_bone": ("abdomen", "lower_limb"), "pelvic_soft_tissue": ("abdomen", "lower_limb"),
    "bladder": ("abdomen",), "uterus": ("abdomen",), "ovary": ("abdomen",),
    "femur": ("pelvis",), "soft_tissue_lower_limb": ("pelvis",), "skin_lower_limb": ("pelvis",),
    "vagina_vulva": ("lower_limb",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One anatomical site: vocabulary name, plain label, organ, regions it lies in, tissue kind."""

    name: str
    label: str
    organ: str
    regions: tuple[Region, ...]
    kind: Kind
    paired: bool = False

    @property
    def touches(self) -> tuple[Region, ...]:
        """Regions that the site borders on without lying in them."""
        return _TOUCHES.get(self.name, ())


# name | label | organ | regions | kind | paired
_TABLE = """
brain | brain | brain | head | parenchymal |
brainstem | brainstem | brain | head | parenchymal |
meninges | meninges | meninges | head | serosa |
pituitary | pituitary | pituitary | head | parenchymal |
eye | eye or orbit | eye | head | parenchymal | paired
scalp | scalp | skin | head | skin |
skin_head_neck | skin of head or neck | skin | head neck | skin |
skull | skull | bone | head | bone |
mandible | mandible | bone | head | bone |
oral_cavity | oral cavity | oral cavity | head | soft_tissue |
nasal_sinus | nose or sinuses | sinus | head | soft_tissue |
nasopharynx | nasopharynx | pharynx | head | soft_tissue |
oropharynx | oropharynx | pharynx | head neck | soft_tissue |
hypopharynx | hypopharynx | pharynx | neck | soft_tissue |
larynx | larynx | larynx | neck | soft_tissue |
salivary_gland | salivary gland | salivary gland | head neck | parenchymal | paired
thyroid | thyroid | thyroid | neck | parenchymal |
node_cervical | cervical node | lymph node | neck | node | paired
node_supraclavicular | supraclavicular node | lymph node | neck thorax | node | paired
node_axillary | axillary node | lymph node | thorax | node | paired
node_mediastinal | mediastinal node | lymph node | thorax | node |
node_hilar | hilar node (lung) | lymph node | thorax | node | paired
node_internal_mammary | internal mammary node | lymph node | thorax | node | paired
node_retroperitoneal | retroperitoneal or para-aortic node | lymph node | abdomen | node |
node_mesenteric | mesenteric node | lymph node | abdomen | node |
node_hepatic | hepatic hilum node | lymph node | abdomen | node |
node_pelvic | pelvic node | lymph node | pelvis | node | paired
node_inguinal | inguinal (groin) node | lymph node | pelvis lower_limb | node | paired
node_popliteal | popliteal node | lymph node | lower_limb | node | paired
node_other | node, site not in this list | lymph node | unknown | node |
lung | lung | lung | thorax | parenchymal | paired
pleura | pleura | pleura | thorax | serosa | paired
pericardium | pericardium | pericardium | thorax | serosa |
heart | heart | heart | thorax | parenchymal |
mediastinum | mediastinum | mediastinum | thorax | soft_tissue |
thymus | thymus | thymus | thorax | parenchymal |
esophagus | esophagus | esophagus | neck thorax | parenchymal |
breast | breast | breast | thorax | parenchymal | paired
axilla | axilla, node or mass | axilla | thorax | soft_tissue | paired
chest_wall | chest wall | chest wall | thorax | soft_tissue | paired
skin_trunk | skin of the trunk | skin | thorax abdomen pelvis | skin |
spine_cervical | cervical spine | bone | neck | bone |
spine_thoracic | thoracic spine | bone | thorax | bone |
spine_lumbar | lumbar spine | bone | abdomen | bone |
sacrum | sacrum | bone | pelvis | bone |
sternum | sternum | bone | thorax | bone |
rib | rib | bone | thorax | bone | paired
clavicle | clavicle | bone | thorax | bone | paired
scapula | scapula | bone | thorax | bone | paired
pelvic_bone | pelvic bone | bone | pelvis | bone | paired
femur_proximal | proximal femur | bone | pelvis lower_limb | bone | paired
femur | femur, shaft or distal | bone | lower_limb | bone | paired
tibia_fibula | tibia or fibula | bone | lower_limb | bone | paired
humerus | humerus | bone | upper_limb | bone | paired
radius_ulna | radius or ulna | bone | upper_limb | bone | paired
hand_foot_bone | bone of hand or foot | bone | upper_limb lower_limb | bone | paired
bone_other | bone, site not in this list | bone | unknown | bone |
liver | liver | liver | abdomen | parenchymal |
biliary | bile ducts or gallbladder | biliary | abdomen | parenchymal |
spleen | spleen | spleen | abdomen | parenchymal |
pancreas | pancreas | pancreas | abdomen | parenchymal |
adrenal | adrenal gland | adrenal | abdomen | parenchymal | paired
kidney | kidney | kidney | abdomen | parenchymal | paired
stomach | stomach | stomach | abdomen | parenchymal |
small_bowel | small bowel | small bowel | abdomen pelvis | parenchymal |
colon | colon | colon | abdomen pelvis | parenchymal |
mesentery | mesentery | peritoneum | abdomen pelvis | serosa |
omentum | omentum | peritoneum | abdomen | serosa |
peritoneum | peritoneum | peritoneum | abdomen pelvis | serosa |
retroperitoneum | retroperitoneum | retroperitoneum | abdomen | soft_tissue |
abdominal_wall | abdominal wall | abdominal wall | abdomen | soft_tissue |
rectum | rectum | rectum | pelvis | parenchymal |
anus | anus | anus | pelvis | parenchymal |
bladder | bladder | bladder | pelvis | parenchymal |
ureter | ureter | ureter | abdomen pelvis | parenchymal | paired
prostate | prostate | prostate | pelvis | parenchymal |
testis | testis | testis | pelvis | parenchymal | paired
ovary | ovary | ovary | pelvis | parenchymal | paired
uterus | uterus | uterus | pelvis | parenchymal |
cervix_uteri | uterine cervix | uterus | pelvis | parenchymal |
vagina_vulva | vagina or vulva | vagina | pelvis | parenchymal |
pelvic_soft_tissue | pelvic soft tissue | soft tissue | pelvis | soft_tissue |
groin | groin, node or soft tissue | groin | pelvis lower_limb | soft_tissue | paired
skin_upper_limb | skin of arm or hand | skin | upper_limb | skin | paired
skin_lower_limb | skin of leg or foot | skin | lower_limb | skin | paired
soft_tissue_head_neck | soft tissue of head or neck | soft tissue | head neck | soft_tissue |
soft_tissue_trunk | soft tissue of the trunk | soft tissue | thorax abdomen | soft_tissue |
soft_tissue_upper_limb | soft tissue of arm | soft tissue | upper_limb | soft_tissue | paired
soft_tissue_lower_limb | soft tissue of leg | soft tissue | lower_limb | soft_tissue | paired
bone_marrow | bone marrow | bone marrow | unknown | parenchymal |
other | site not in this list | other | unknown | unknown |
"""


def _read(line: str) -> Site:
    name, label, organ, regions, kind, paired = (part.strip() for part in line.split("|"))
    return Site(
        name=name,
        label=label,
        organ=organ,
        regions=tuple(region for region in REGIONS if region in regions.split()),
        kind=kind,  # type: ignore[arg-type]
        paired=paired == "paired",
    )


#: Every site by its vocabulary name.
SITES: dict[str, Site] = {
    site.name: site for site in (_read(line) for line in _TABLE.strip().splitlines())
}


def relation(site: Site, other: Site) -> Relation:
    """Return how two sites lie to each other.

    ``same``: they share a body region. ``near``: each touches a region of the other (liver and
    lung). ``remote``: neither; a field at the one ends at least a region's border away from the
    other. ``unknown``: one of them has no known region.
    """
    mine, theirs = set(site.regions) - {"unknown"}, set(other.regions) - {"unknown"}
    if not mine or not theirs:
        return "unknown"
    if mine & theirs:
        return "same"
    if mine & set(other.touches) and theirs & set(site.touches):
        return "near"
    return "remote"
