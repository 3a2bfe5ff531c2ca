"""The compartment of the circulation that each site of the vocabulary hangs on."""

from abscope.case.anatomy import SITES

__all__ = ["compartment", "node_region"]

#: Organ of `abscope.case.anatomy` -> compartment of `abscope.catalog.circulation`. Metastases of
#: bone begin in red marrow; serous membranes and soft tissue without a vessel of their own are
#: 'other' or the muscle that they lie in.
_BY_ORGAN = {
    "brain": "brain", "meninges": "brain", "pituitary": "brain", "skin": "skin",
    "bone": "red_marrow", "bone marrow": "red_marrow", "thyroid": "thyroid",
    "lymph node": "lymph_nodes", "axilla": "lymph_nodes", "groin": "lymph_nodes", "lung": "lung",
    "heart": "coronary", "pericardium": "coronary", "esophagus": "stomach_esophagus",
    "stomach": "stomach_esophagus", "chest wall": "muscle", "abdominal wall": "muscle",
    "soft tissue": "muscle", "liver": "liver", "biliary": "liver", "spleen": "spleen",
    "pancreas": "pancreas", "adrenal": "adrenals", "kidney": "kidneys",
    "small bowel": "small_intestine", "colon": "large_intestine", "rectum": "large_intestine",
    "anus": "large_intestine", "bladder": "bladder", "testis": "gonads", "ovary": "gonads",
}  # fmt: skip
#: Sites whose vessels are not those of their organ.
_BY_SITE = {"mesentery": "small_intestine", "omentum": "stomach_esophagus"}

#: Body region -> region of the nodes that its lesions drain to.
_NODES = {
    "head": "neck", "neck": "neck", "thorax": "mediastinum", "upper_limb": "axilla",
    "abdomen": "abdomen", "pelvis": "pelvis", "lower_limb": "pelvis",
}  # fmt: skip
_NODES_BY_SITE = {
    "breast": "axilla", "chest_wall": "axilla", "axilla": "axilla", "node_axillary": "axilla",
    "scapula": "axilla", "clavicle": "axilla", "skin_trunk": "axilla",
    "soft_tissue_trunk": "axilla", "node_supraclavicular": "neck",
}  # fmt: skip


def compartment(site: str) -> str:
    """Return the compartment that perfuses a site; 'other' for what no compartment names.

    >>> compartment("spine_thoracic"), compartment("chest_wall"), compartment("breast")
    ('red_marrow', 'muscle', 'other')
    """
    return _BY_SITE.get(site) or _BY_ORGAN.get(SITES[site].organ, "other")


def node_region(site: str) -> str | None:
    """Return the region of nodes that a site drains to; None where its region is not known.

    >>> node_region("breast"), node_region("liver"), node_region("other")
    ('axilla', 'abdomen', None)
    """
    if site in _NODES_BY_SITE:
        return _NODES_BY_SITE[site]
    regions = SITES[site].regions
    return _NODES.get(regions[0]) if regions else None
