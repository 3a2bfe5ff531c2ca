"""``abscope dose`` as a person runs it: what it prints, and one clear line for every bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from abscope.cli.app import run
from dicom_case import case_dose_gy, case_grid, write_case
from dicom_phantom import Curve, circle, roi_of, write_dose, write_structures

FAILED, WRONG_USE = 1, 2
CASE = """\
schema: abscope-case/1
id: made-up
title: Made-up case with two lesions
default_missing: not_reported
lesions:
  - {id: L1, site: bone_other}
  - {id: L2, site: lung}
rt_courses:
  - id: RT1
    phases:
      - {id: RT1a, targets: [L1], total_dose_gy: 20, n_fractions_planned: 5}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "export"
    place.mkdir()
    return write_case(place)


def answered(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, list[str]]:
    """Run a command; return its exit code, its output and the lines of complaint."""
    status = run([str(item) for item in arguments])
    out, err = capsys.readouterr()
    return status, out, err.splitlines()


def test_the_readable_output_has_regions_organs_and_warnings(folder, capsys) -> None:
    status, out, err = answered(capsys, "dose", folder)
    assert (status, err) == (0, [])
    lines = out.splitlines()
    assert lines[0] == "export: research use only"
    assert "Course C1: 20 Gy in 5, 5 delivered (planned)" in lines
    head = next(line for line in lines if line.startswith("region"))
    assert head.split() == [
        "region", "course", "ml", "mean", "Gy", "D98", "D95", "D50", "D2", "outside", "ml",
    ]  # fmt: skip
    assert any(line.startswith("GTV") for line in lines)
    assert sum("--fractions" in line for line in lines if line.startswith("warning:")) == 1


def test_findings_of_one_rule_are_one_line_and_json_has_all(tmp_path, capsys) -> None:
    small = [
        roi_of(f"node {n}", [circle((x, 0), 2.0, z, n=24) for z in (0.0, 3.0)], number=n)
        for n, x in enumerate((-8, 0, 8), start=1)
    ]
    far = roi_of("far", [circle((400, 0), 9.0, z, n=24) for z in range(0, 20, 3)], number=9)
    folder = write_case(tmp_path, structures={"rois": [*small, far]})
    _, out, _ = answered(capsys, "dose", folder)
    lines = [line for line in out.splitlines() if line.startswith("warning: 3 regions")]
    assert len([line for line in lines if "fewer than 5 planes" in line]) == 1
    assert all("node 1" in line and "node 3" in line for line in lines)
    assert "far" not in next(line for line in lines if "fewer than 50 voxels" in line)
    _, out, _ = answered(capsys, "dose", folder, "--json")
    found = json.loads(out)["findings"]
    assert [item["about"] for item in found if item["code"] == "few-planes"] == [
        "region node 1", "region node 2", "region node 3",
    ]  # fmt: skip
    assert [item["code"] for item in found if item["about"] == "region far"] == ["roi-outside-grid"]


def test_gaps_of_one_region_are_one_finding(tmp_path, capsys) -> None:
    rings = [circle((0, 0), 6.0, z, n=24) for z in (-12.0, -9.0, -6.0, 3.0, 6.0, 15.0)]
    folder = write_case(tmp_path, structures={"rois": [roi_of("GTV", rings)]})
    _, out, _ = answered(capsys, "dose", folder)
    assert out.count("2 gaps of 9.00 to 9.00 mm") == 1


def test_lesions_get_classes_with_reasons(folder, tmp_path, capsys) -> None:
    case, mapped = tmp_path / "case.yaml", tmp_path / "map.yaml"
    case.write_text(CASE)
    mapped.write_text("lesions:\n  L1: GTV\n")
    arguments = ("dose", folder, "--case", case, "--map", mapped)
    status, out, err = answered(capsys, *arguments)
    assert (status, err) == (0, [])
    assert "because" in out
    assert "question: L2" in out
    status, out, _ = answered(capsys, *arguments, "--explain", "L1")
    assert status == 0
    assert out.startswith("L1 in C1: ")
    status, out, err = answered(capsys, *arguments, "--explain", "L7")
    assert (status, out, len(err)) == (WRONG_USE, "", 1)
    assert "there is no lesion 'L7'" in err[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lesions:\n  L9: GTV\n", "L9"),
        ("lesions:\n  L1: Tumour\n", "Tumour"),
        ("lesions: 5\n", "lesions"),
        ("nonsense: {}\n", "nonsense"),
    ],
)
def test_a_wrong_map_is_told_with_its_place(folder, tmp_path, capsys, text, words) -> None:
    case, mapped = tmp_path / "case.yaml", tmp_path / "map.yaml"
    case.write_text(CASE)
    mapped.write_text(text)
    status, out, err = answered(capsys, "dose", folder, "--case", case, "--map", mapped)
    assert (status, out, len(err)) == (FAILED, "", 1)
    assert "map.yaml" in err[0]
    assert words in err[0]


def truncated(folder: Path) -> None:
    path = folder / "rtdose.dcm"
    path.write_bytes(path.read_bytes()[:-200])


def no_dicom(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_text("no DICOM\n")


def other_patient(folder: Path) -> None:
    (folder / "rtss.dcm").unlink()
    rings = [circle((0, 0), 8.0, z, n=24) for z in (-6.0, -3.0, 0.0, 3.0, 6.0)]
    write_structures(folder / "rtss.dcm", [roi_of("GTV", rings)], patient="somebody else")


def rewritten(**changes: object):
    def change(folder: Path) -> None:
        found = dcmread(folder / "rtdose.dcm")
        for key, value in changes.items():
            if value is None:
                delattr(found, key)
            else:
                setattr(found, key, value)
        found.save_as(folder / "rtdose.dcm")

    return change


def in_centigray(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.unlink()
    write_case(folder, dose={"dose_gy": 100 * case_dose_gy()})


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (truncated, "expected"),
        (no_dicom, "there is no dose: 3 files"),
        (other_patient, "objects of 2 different patients"),
        (in_centigray, "cGy"),
        (rewritten(DoseUnits="RELATIVE"), "DoseUnits is RELATIVE"),
        (rewritten(DoseGridScaling=None), "DoseGridScaling"),
        (rewritten(GridFrameOffsetVector=None), "GridFrameOffsetVector"),
        (rewritten(FrameOfReferenceUID="1.2.3"), "frame of reference"),
    ],
    ids=["truncated", "no DICOM", "patient", "cGy", "relative", "scaling", "offsets", "frame"],
)
def test_a_bad_source_is_one_clear_line(folder, capsys, spoil, words) -> None:
    spoil(folder)
    before = sorted(folder.iterdir())
    status, out, err = answered(capsys, "dose", folder, "-o", folder.parent / "out")
    assert (status, out, len(err)) == (FAILED, "", 1)
    assert err[0].startswith("error: ")
    assert words in err[0]
    assert "; expected " in err[0]
    assert sorted(folder.iterdir()) == before
    assert not (folder.parent / "out").exists()


def test_missing_empty_and_plain_sources(tmp_path, capsys) -> None:
    plain = tmp_path / "notes.txt"
    plain.write_text("nothing here")
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "missing", plain, tmp_path / "empty"):
        status, out, err = answered(capsys, "dose", place)
        assert status in (FAILED, WRONG_USE)
        assert (out, len(err)) == ("", 1)
        assert place.name in err[0]


def test_names_beyond_ascii_are_printed(tmp_path, capsys) -> None:
    rings = [circle((0, 0), 8.0, z, n=24) for z in (-6.0, -3.0, 0.0, 3.0, 6.0)]
    folder = tmp_path / "Übung"
    folder.mkdir()
    write_case(folder, structures={"rois": [roi_of("Prüfkörper", rings)]})
    dataset = dcmread(folder / "rtss.dcm")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.save_as(folder / "rtss.dcm")
    status, out, err = answered(capsys, "dose", folder)
    assert (status, err) == (0, [])
    assert "Prüfkörper" in out
    assert "Übung" in out


def test_options_that_do_not_fit(folder, tmp_path, capsys) -> None:
    table = tmp_path / "given.csv"
    table.write_text("course,fraction\nC1,1\nC1,x\n")
    for arguments, words in (
        (("--csv", "--json"), "--csv and --json"),
        (("--explain", "L1"), "--explain without a case"),
        (("--cap", "round"), "cap is 'round'"),
        (("--fractions", "C9=3"), "there is no course C9"),
        (("--fractions", table), "fraction is 'x'"),
        (("--registration", "a=b"), "is no pair of files"),
        (("--accept", "patient="), "is no pair"),
    ):
        status = run(["dose", str(folder), *map(str, arguments)])
        out, err = capsys.readouterr()
        told = err + out
        assert status in (FAILED, WRONG_USE)
        assert words in told


def test_fractions_come_from_a_table(folder, tmp_path, capsys) -> None:
    table = tmp_path / "given.csv"
    table.write_text("course,fraction\nC1,1\nC1,2\nC1,4\n")
    status, out, _ = answered(capsys, "dose", folder, "--fractions", table)
    assert status == 0
    assert "Course C1: 20 Gy in 5, 3 delivered (stated)" in out


def test_a_stated_registration_joins_two_frames(folder, tmp_path, capsys) -> None:
    """The identity gives the numbers of one frame; a shift of 4 mm gives others."""
    _, plain, _ = answered(capsys, "dose", folder, "--csv")
    rewritten(FrameOfReferenceUID="1.2.3")(folder)
    matrix = tmp_path / "matrix.txt"
    matrix.write_text("1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    join = ("--registration", f"rtdose.dcm:rtss.dcm={matrix}")
    status, same, err = answered(capsys, "dose", folder, "--csv", *join)
    assert (status, err) == (0, [])
    assert same == plain
    matrix.write_text("1 0 0 4\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    assert answered(capsys, "dose", folder, "--csv", *join)[1] != plain
    back = ("--registration", f"rtss.dcm:rtdose.dcm={matrix}")
    assert answered(capsys, "dose", folder, "--csv", *back)[1] not in (plain, "")
    matrix.write_text("2 0 0 4\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    assert answered(capsys, "dose", folder, *join)[0] == FAILED
    wrong = ("--registration", f"rtdose.dcm:nothing.dcm={matrix}")
    matrix.write_text("1 0 0 4\n0 1 0 0\n0 0 1 0\n0 0 0 1\n")
    status, _, err = answered(capsys, "dose", folder, *wrong)
    assert status == WRONG_USE
    assert "'nothing.dcm'" in err[0]


def test_tables_and_figures_are_written_once(folder, tmp_path, capsys) -> None:
    out = tmp_path / "out"
    assert answered(capsys, "dose", folder, "-o", out)[0] == 0
    held = {path.name: path.read_bytes() for path in out.iterdir()}
    assert {"regions.csv", "dvh.svg", "dvh.png"} <= set(held)
    status, _, err = answered(capsys, "dose", folder, "-o", out)
    assert status == WRONG_USE
    assert all("exist" in line for line in err)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == held
    assert answered(capsys, "dose", folder, "-o", out, "--force")[0] == 0


def test_results_go_back_to_dicom_under_the_same_patient(folder, tmp_path, capsys) -> None:
    """20.0 Gy in 5: EQD2 with alpha/beta 10 Gy is D (D / 5 + 10) / 12 in every voxel."""
    case, mapped, out = tmp_path / "case.yaml", tmp_path / "map.yaml", tmp_path / "dicom"
    case.write_text(CASE)
    mapped.write_text("lesions:\n  L1: GTV\n")
    arguments = ("dose", folder, "--case", case, "--map", mapped, "--dicom", out)
    assert answered(capsys, *arguments)[0] == 0
    source = dcmread(folder / "rtdose.dcm")
    made = {path.name: dcmread(path) for path in out.iterdir()}
    assert {"sum.dcm", "eqd2-10.dcm", "lesions.dcm"} == set(made)
    assert {str(item.PatientID) for item in made.values()} == {str(source.PatientID)}
    assert {item.StudyInstanceUID for item in made.values()} == {source.StudyInstanceUID}
    assert "alpha/beta 10 Gy" in made["eqd2-10.dcm"].SeriesDescription
    assert made["eqd2-10.dcm"].DoseType == "EFFECTIVE"
    total, eqd2 = (
        made[name].pixel_array * float(made[name].DoseGridScaling)
        for name in ("sum.dcm", "eqd2-10.dcm")
    )
    assert total == pytest.approx(case_dose_gy(), abs=1e-6)
    assert eqd2 == pytest.approx(total * (total / 5 + 10) / 12, abs=1e-6)
    (region,) = made["lesions.dcm"].StructureSetROISequence
    assert region.ROIName == "L1"
    assert np.isfinite(total).all()
    held = sorted(out.iterdir())
    status, _, err = answered(capsys, *arguments)
    assert status == WRONG_USE
    assert "already exists" in err[0]
    assert sorted(out.iterdir()) == held


def test_archives_are_not_contacted_without_an_address(tmp_path, capsys) -> None:
    for arguments, words in (
        (("fetch", "localhost", tmp_path / "x", "--patient", "1"), "is no address"),
        (("fetch", "localhost:4242", tmp_path / "x", "--patient", "1"), "--aet: is missing"),
        (("fetch", "http://localhost:1/dicom", tmp_path / "x", "--aet", "A"), "--aet: given"),
        (("send", "localhost:99999", tmp_path / "x.dcm", "--aet", "A"), "is no address"),
    ):
        status, out, err = answered(capsys, *arguments)
        assert (status, out) == (WRONG_USE, "")
        assert words in "\n".join(err)
        assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("share_frac", "told"), [(0.5, False), (0.4, True)])
def test_a_plan_is_compared_with_its_beams(tmp_path, capsys, share_frac, told) -> None:
    """Two beams of half the dose add up; where the second has less, 10 % of 21 Gy are missing."""
    folder = write_case(tmp_path, plan={"beams": {1: 100.0, 2: 100.0}})
    for beam, share in ((1, 0.5), (2, share_frac)):
        write_dose(
            folder / f"beam{beam}.dcm", share * case_dose_gy(), case_grid(), uid=f"beam{beam}",
            summation="BEAM", fraction_group=1, beams=(beam,),
        )  # fmt: skip
    _, out, _ = answered(capsys, "dose", folder, "--json")
    found = {item["code"]: item["what"] for item in json.loads(out)["findings"]}
    assert ("beams-differ" in found) is told
    assert "parts-not-added" in found
    if told:
        assert "2.100 Gy apart" in found["beams-differ"]


def test_our_curves_are_compared_with_those_of_the_planning_system(tmp_path, capsys) -> None:
    """A stored curve of half the volume is told; where fewer fractions were given, nothing is."""
    curve = Curve(1, dose_gy=[0.0, 10.5, 21.0], volume_ml=[1.1, 0.55, 0.0])
    folder = write_case(tmp_path, dose={"curves": [curve]})
    for given, told in (((), True), (("--fractions", "C1=3"), False)):
        _, out, _ = answered(capsys, "dose", folder, "--json", *given)
        codes = {item["code"] for item in json.loads(out)["findings"]}
        assert ("system-volume" in codes) is told
