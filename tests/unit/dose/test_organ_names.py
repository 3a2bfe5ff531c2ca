"""Names of regions to organs: exact spellings decide, similar ones ask, the user wins."""

import pytest

from abscope.catalog.circulation import circulation
from abscope.catalog.entries import load
from abscope.catalog.organs import name_key, name_side, organ_catalog, parse_organs, sideless_key
from abscope.dose.organ_map_file import mapping_text, read_mapping, write_mapping
from abscope.dose.organ_names import candidates, exact_organ, map_rois
from abscope.dose.structures import Roi
from abscope.errors import ModelError, TableError, UsageError

#: All 117 classes of TotalSegmentator v2 (task total), with the organ each is.
TOTAL_SEGMENTATOR = {
    "spleen": "spleen", "kidney_right": "kidneys", "kidney_left": "kidneys",
    "gallbladder": "gallbladder", "liver": "liver", "stomach": "stomach_esophagus",
    "pancreas": "pancreas", "adrenal_gland_right": "adrenals", "adrenal_gland_left": "adrenals",
    "lung_upper_lobe_left": "lung", "lung_lower_lobe_left": "lung",
    "lung_upper_lobe_right": "lung", "lung_middle_lobe_right": "lung",
    "lung_lower_lobe_right": "lung", "esophagus": "stomach_esophagus", "trachea": "trachea",
    "thyroid_gland": "thyroid", "small_bowel": "small_intestine", "duodenum": "small_intestine",
    "colon": "large_intestine", "urinary_bladder": "bladder", "prostate": "prostate",
    "kidney_cyst_left": "kidney_cysts", "kidney_cyst_right": "kidney_cysts", "sacrum": "sacrum",
    "vertebrae_S1": "sacrum", "heart": "heart", "aorta": "large_arteries",
    "pulmonary_vein": "pulmonary_vessels", "brachiocephalic_trunk": "large_arteries",
    "subclavian_artery_right": "large_arteries", "subclavian_artery_left": "large_arteries",
    "common_carotid_artery_right": "large_arteries",
    "common_carotid_artery_left": "large_arteries", "brachiocephalic_vein_left": "large_veins",
    "brachiocephalic_vein_right": "large_veins", "atrial_appendage_left": "left_heart",
    "superior_vena_cava": "large_veins", "inferior_vena_cava": "large_veins",
    "portal_vein_and_splenic_vein": "large_veins", "iliac_artery_left": "large_arteries",
    "iliac_artery_right": "large_arteries", "iliac_vena_left": "large_veins",
    "iliac_vena_right": "large_veins", "spinal_cord": "spinal_cord", "brain": "brain",
    "skull": "skull", "sternum": "sternum", "costal_cartilages": "other_skeleton",
    **{f"vertebrae_L{i}": "lumbar_spine" for i in range(1, 6)},
    **{f"vertebrae_T{i}": "thoracic_spine" for i in range(1, 13)},
    **{f"vertebrae_C{i}": "cervical_spine" for i in range(1, 8)},
    **{f"rib_{side}_{i}": "ribs" for side in ("left", "right") for i in range(1, 13)},
    **{
        f"{bone}_{side}": organ
        for side in ("left", "right")
        for bone, organ in {
            "humerus": "humeri", "scapula": "scapulae", "clavicula": "clavicles",
            "femur": "femora", "hip": "pelvic_bones", "gluteus_maximus": "muscle",
            "gluteus_medius": "muscle", "gluteus_minimus": "muscle", "autochthon": "muscle",
            "iliopsoas": "muscle",
        }.items()
    },
}  # fmt: skip

#: Names of TG-263 and of clinics.
OTHER = {
    "Lung_L": "lung", "Lungs": "lung", "Lt Lung": "lung", "LUNG RT": "lung", "Heart": "heart",
    "SpinalCord": "spinal_cord", "Kidney_R": "kidneys", "Kidneys": "kidneys",
    "Bowel_Small": "small_intestine", "Bowel_Large": "large_intestine", "Bowel_Bag": "gut",
    "GreatVes": "great_vessels", "A_Aorta": "large_arteries", "V_Venacava_I": "large_veins",
    "LN_Ax_L": "nodes_axilla", "LN_Ax_L2_R": "nodes_axilla", "LN_IMN_L": "nodes_mediastinum",
    "LN_Neck_IIA_L": "nodes_neck", "LN_Iliac_Ext_R": "nodes_pelvis",
    "LN_Paraaortic": "nodes_abdomen", "Rib05_L": "ribs", "VB_T05": "thoracic_spine",
    "Femur_Head_L": "femora", "Bone_Mandible": "skull", "BoneMarrow_Act": "red_marrow",
    "Glnd_Thyroid": "thyroid", "Atrium_R": "right_heart", "Ventricle_L": "left_heart",
    "A_LAD": "coronary", "Parotid_L": "salivary_glands", "Bronchus_Prox": "bronchial",
}  # fmt: skip


def test_every_class_of_total_segmentator():
    assert len(TOTAL_SEGMENTATOR) == 117
    assert {name: exact_organ(name) for name in TOTAL_SEGMENTATOR} == TOTAL_SEGMENTATOR


@pytest.mark.parametrize(("name", "organ"), list(OTHER.items()))
def test_names_of_planning_systems(name, organ):
    assert exact_organ(name) == organ


@pytest.mark.parametrize(
    "name",
    [
        "Lungs-GTV", "Lung_L~", "Kidney_L^Ex", "SpinalCord_PRV05", "zHeart", "L1", "T5", "Nodes",
        "LN", "", "肺", "Left", "heart2",
    ],
)  # fmt: skip
def test_a_similar_name_is_no_match(name):
    assert exact_organ(name) is None


def test_case_blanks_and_separators_do_not_matter():
    for name in ("Spinal Cord", "SPINAL_CORD", "spinal-cord", "spinal.cord", "Ｓpinal cord"):
        assert exact_organ(name) == "spinal_cord"
    assert name_key("A b_C-d.e") == "abcde"
    assert sideless_key("lt") == "lt"
    assert sideless_key("Kidney right") == "kidney"
    assert [name_side(n) for n in ("Lung_L", "R Kidney", "Lung L+R", "Lungs", "Lung L R")] == [
        "left", "right", "", "", "",
    ]  # fmt: skip


def test_every_name_of_the_catalog_is_its_organ():
    known = organ_catalog()
    for organ in known.organs.values():
        for name in organ.names:
            assert exact_organ(name) == organ.name, name


def test_organs_are_those_of_the_circulation_and_the_marrow():
    known = organ_catalog().organs.values()
    compartments = {name for organ in known for name in organ.compartments}
    assert compartments == {item.name for item in circulation("male").compartments}
    bones = {organ.pool for organ in known if organ.pool.startswith("marrow_")}
    assert bones == {f"marrow_{bone}" for bone in load("marrow")}
    regions = {organ.pool.removeprefix("nodes_") for organ in known if "nodes_" in organ.pool}
    assert regions == {"neck", "axilla", "mediastinum", "abdomen", "pelvis"}


def test_a_question_names_candidates_and_decides_nothing():
    found = map_rois([Roi(1, "SpinlCord", ())])
    (question,) = found.questions
    assert question.organ == ""
    assert question.candidates[0].organ == "spinal_cord"
    assert question.candidates[0].score_frac == pytest.approx(2 * 9 / 19, abs=1e-3)
    assert found.organs == {}
    assert candidates("qqqq") == ()


def test_what_a_region_is_taken_for():
    rois = [
        Roi(1, "BODY", (), "EXTERNAL"), Roi(2, "Skin", (), "EXTERNAL"), Roi(3, "Skin2", ()),
        Roi(4, "PTV_60", ()), Roi(5, "Met left", (), "GTV"), Roi(6, "Lung_L", (), "AVOIDANCE"),
        Roi(7, "External", ()), Roi(8, "CouchSurface", ()), Roi(9, "Liver", (), "CTV"),
    ]  # fmt: skip
    found = map_rois(rois)
    assert [match.how for match in found.matches] == [
        "body", "body", "open", "elsewhere", "elsewhere", "exact", "body", "elsewhere", "exact",
    ]  # fmt: skip
    assert found.body == ("BODY", "Skin", "External")
    assert found.organs == {"liver": ("Liver",), "lung": ("Lung_L",)}


def test_the_user_wins():
    rois = [Roi(1, "Heart", ()), Roi(2, "Nodes", ()), Roi(3, "Hull", ()), Roi(4, "Lung_L", ())]
    decided = {"Heart": "none", "Nodes": "nodes_axilla", "Hull": "body", "absent": "liver"}
    found = map_rois(rois, decided=decided)
    assert found.organs == {"nodes_axilla": ("Nodes",), "lung": ("Lung_L",)}
    assert found.body == ("Hull",)
    assert not found.questions
    with pytest.raises(UsageError) as caught:
        map_rois(rois, decided={"a": "livr", "b": "remainder"})
    assert [problem.path for problem in caught.value.problems] == ["a", "b"]
    assert "Did you mean liver" in str(caught.value)


def test_parts_come_together_and_a_single_side_is_told():
    names = ["lung_upper_lobe_left", "Lung lower lobe left", "Kidney_L", "Kidney_R", "Liver_L"]
    found = map_rois([Roi(i, name, ()) for i, name in enumerate(names)])
    assert found.organs["kidneys"] == ("Kidney_L", "Kidney_R")
    assert found.sides("kidneys") == "both"
    assert map_rois([Roi(1, "Rt Lung", ())]).sides("lung") == "right"
    assert map_rois([Roi(1, "Heart", ())]).sides("heart") == "both"


def test_priority_is_the_order_of_the_catalog():
    rois = [Roi(i, name, ()) for i, name in enumerate(("Bones", "Heart", "T-Spine", "Spleen"))]
    assert list(map_rois(rois).organs) == ["spleen", "heart", "thoracic_spine", "bones"]


GOOD = """
[sources]
tg263 = "pmid:1"
total_segmentator = "pmid:1"
other = "pmid:1"
compartments = "pmid:1"
[[organ]]
name = "x"
compartments = ["lung"]
tg263 = ["a{1..2}{b,c}"]
"""


def test_braces_stand_for_several_names():
    assert parse_organs(GOOD, where="t").organs["x"].names == ("x", "a1b", "a1c", "a2b", "a2c")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + '[[organ]]\nname = "x"\ncompartments = ["lung"]\n', "twice"),
        (GOOD + '[[organ]]\nname = "y"\ncompartments = ["lung"]\nother = ["A_1 b"]\n', "x and y"),
        (GOOD + '[[organ]]\nname = "y"\ncompartments = []\n', "no compartment"),
        (GOOD + '[[organ]]\nname = "y"\n', "do not fit"),
        (GOOD + '[body]\nnames = ["X"]\n', "no organ at once"),
        (GOOD.replace('tg263 = "pmid:1"', ""), "no source"),
        ("x = [", "not TOML"),
        (GOOD[: GOOD.index("[[organ]]")], "no organs"),
    ],
)
def test_a_wrong_catalog_does_not_load(text, words):
    with pytest.raises(ModelError, match=words):
        parse_organs(text, where="t")


def test_decisions_are_kept_in_a_file(tmp_path):
    path = tmp_path / "organs.yaml"
    decided = {'Nodes "L"': "nodes_axilla", "肺: links #1": "lung", "yes": "none", "Haut\t": "body"}
    write_mapping(path, decided, force=False)
    assert read_mapping(path) == decided
    with pytest.raises(UsageError, match="--force"):
        write_mapping(path, {}, force=False)
    assert read_mapping(path) == decided
    write_mapping(path, {}, force=True)
    assert read_mapping(path) == {}
    assert [item.name for item in tmp_path.iterdir()] == ["organs.yaml"]


def test_a_file_to_fill_in_decides_no_open_name(tmp_path):
    rois = [Roi(1, "BODY", ()), Roi(2, "Lt Lung", ()), Roi(3, "Nodes", ()), Roi(4, "PTV", ())]
    text = mapping_text(map_rois(rois))
    assert '# "Nodes": ?    nodes_neck (0.71)' in text
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_mapping(path) == {"BODY": "body", "Lt Lung": "lung", "PTV": "none"}
    path.write_text(mapping_text(map_rois(rois[2:3])), encoding="utf-8")
    assert read_mapping(path) == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("organs:\n  A: lung\n  B: livr\n", "m.yaml:3: B: 'livr' is no organ"),
        ("organs:\n  A: 3\n", "m.yaml:2: A: '3'"),
        ("organs:\n  A: lung\n  A: liver\n", "m.yaml:3"),
        ("organs: lung\n", "no mapping"),
        ("other: {}\n", "the key organs"),
        ("- lung\n", "the key organs"),
        ("organs:\n\tA: lung\n", "tab"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path, text, words):
    path = tmp_path / "m.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_mapping(path)
    assert words in str(caught.value).replace(str(tmp_path) + "/", "")


def test_a_map_of_lesions_serves_as_well(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("lesions:\n  L1: GTV\norgans:\n  Lt Lung: lung\n", encoding="utf-8")
    assert read_mapping(path) == {"Lt Lung": "lung"}


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_mapping(tmp_path / "none.yaml")
    (tmp_path / "m.yaml").write_bytes(b"organs:\n  \xff: lung\n")
    with pytest.raises(TableError, match="UTF-8"):
        read_mapping(tmp_path / "m.yaml")
