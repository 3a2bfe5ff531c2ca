"""Baseline eligibility and the choice of targets."""

import itertools

import pytest

from abscope.response.eligibility import choose_targets, eligibility, eligibility_notes, organ_of
from abscope.response.records import LesionBaseline, NewLesion, mm
from records_of import lesion, record, visit


@pytest.mark.parametrize(
    ("found", "role", "code"),
    [
        (lesion("x", "10.0"), "target", "MEASURABLE"),
        (lesion("x", "9.9"), "non_target", "TOO_SHORT"),
        (lesion("x", 15, node=True), "target", "MEASURABLE"),
        (lesion("x", "14.9", node=True), "non_target", "NODE_SMALL"),
        (lesion("x", "9.9", node=True), "none", "NODE_NORMAL"),
        (lesion("x", 15, slice_mm=8), "non_target", "TOO_SHORT"),
        (lesion("x", 16, slice_mm=8), "target", "MEASURABLE"),
        (lesion("x", 11, slice_mm=5), "target", "MEASURABLE"),
        (lesion("x", 15, node=True, slice_mm=8), "non_target", "NODE_SMALL"),
        (lesion("x", 19, method="chest_x_ray"), "non_target", "TOO_SHORT"),
        (lesion("x", 20, method="chest_x_ray"), "target", "MEASURABLE"),
        (lesion("x", 10, kind="skin", method="caliper"), "target", "MEASURABLE"),
        (lesion("x", 30, kind="bone_lytic"), "non_target", "BONE_NO_SOFT_TISSUE"),
        (lesion("x", 30, kind="bone_mixed", soft_tissue_mm=9), "non_target", "TOO_SHORT"),
        (lesion("x", 30, kind="bone_mixed", soft_tissue_mm=10), "target", "MEASURABLE"),
        (lesion("x", 30, kind="bone_blastic"), "non_target", "BONE_BLASTIC"),
        (lesion("x", 30, kind="simple_cyst"), "non_target", "CYST"),
        (lesion("x", 30, kind="cystic_metastasis"), "target", "MEASURABLE"),
        (lesion("x", 30, kind="effusion"), "non_target", "EFFUSION"),
        (lesion("x", 30, previously_irradiated=True), "non_target", "IRRADIATED"),
        (lesion("x", 30, node=True, previously_irradiated=True), "non_target", "IRRADIATED"),
        (
            lesion("x", 30, previously_irradiated=True, progressed_since=True),
            "target",
            "MEASURABLE",
        ),
        (LesionBaseline(id="x", role="target"), "non_target", "NO_SIZE"),
        (LesionBaseline(id="x", role="target", kind="node"), "non_target", "NO_SHORT_AXIS"),
    ],
)
def test_one_lesion(found, role, code):
    got = eligibility(found)
    assert (got.role, got.reason.code) == (role, code)
    assert (got.size_mm is None) == (role != "target")


def test_at_most_five_targets_and_two_per_organ_with_sides_and_nodes_as_one():
    lesions = [
        lesion("l1", 40, organ="left lung"), lesion("l2", 30, organ="Right lung"),
        lesion("l3", 50, organ="lung"), lesion("n1", 20, node=True, organ="neck"),
        lesion("n2", 22, node=True, organ="axilla"), lesion("n3", 18, node=True),
        lesion("h1", 15, organ="liver"), lesion("a1", 11, organ="adrenal_left"),
        lesion("small", 9, organ="brain"),
    ]  # fmt: skip
    chosen, found = choose_targets(lesions)
    assert chosen == ("l3", "l1", "n2", "n1", "h1")
    assert len(found) == len(lesions)
    for order in itertools.islice(itertools.permutations(lesions), 0, 5000, 997):
        assert choose_targets(order)[0] == chosen
    assert organ_of(lesions[7]) == "adrenal"


def test_solid_lesions_come_before_cystic_ones():
    lesions = [lesion("c", 50, kind="cystic_metastasis", organ="a"), lesion("s", 12, organ="a")]
    assert choose_targets(lesions, max_targets=1)[0] == ("s",)


def test_notes_on_the_targets_of_a_record():
    lesions = [lesion(f"t{k}", 20, organ="liver", previously_irradiated=False) for k in range(6)]
    lesions[0] = lesion("t0", "2.2", organ="liver")
    new = [NewLesion(id=f"x{k}", measured=True, organ="lung") for k in range(3)]
    notes = eligibility_notes(record(lesions, [visit(42, new=new)]))
    assert [note.code for note in notes] == [
        "TARGET_TOO_SHORT", "TREATED_BEFORE_UNKNOWN", "TOO_MANY_TARGETS", "TOO_MANY_IN_ORGAN",
        "TOO_MANY_IN_ORGAN",
    ]  # fmt: skip
    assert "is the size in cm?" in notes[0].text
    assert mm("2.2") == lesions[0].size_mm
