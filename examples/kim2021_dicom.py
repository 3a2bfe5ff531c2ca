"""A made-up DICOM set for the case Kim 2021: what the report says if the plan had been kept.

The article (Kim and Chang 2021, doi 10.3857/roj.2020.00990) says what was irradiated and with how
much, but holds no plan, no dose of a lesion and no size. This program makes a torso, puts the
lesions of the library case `kim2021-breast` into it, adds nine lung nodules between the targets,
and computes two plans with the simple dose model of `kim2021_photons`. Every object says SYNTHETIC:
nothing in it was measured in the patient, and no call about her may rest on it.

Taken from the record: RT1a, 22.5 Gy in 5 fractions to thoracic spine and pelvic bones; RT1b, 25 Gy
in 5 to the left axilla, its core 30 Gy at the same time, and the sternum, which only a figure
caption names. Made up: all places and sizes, which vertebrae, the arcs, the days. The lumbar spine
and the sacrum, uncertain targets of the record, are no targets here. Each dose grid covers its own
targets, not the whole patient: some nodules lie partly or wholly outside one of them.

    python examples/kim2021_dicom.py OUT

writes OUT/dicom (CT, RTSTRUCT, two RTPLAN, two RTDOSE), OUT/case.yaml (the library case with the
nodules as lesions of their own) and OUT/map.yaml (which region is which lesion). Then

    abscope dose OUT/dicom --case OUT/case.yaml --map OUT/map.yaml
"""

import argparse
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import ascii_lowercase

import numpy as np

from abscope.case.files import write_text
from abscope.dose.dicom.write import Filing, Subject, new_uid, synthetic_subject
from abscope.dose.dicom.write_dose import DoseReferences, write_dose
from abscope.dose.dicom.write_image import write_image
from abscope.dose.dicom.write_plan import BeamGeometry, write_plan
from abscope.dose.dicom.write_structures import ImageReference, write_structures
from abscope.dose.geometry.grid import DoseGrid, Grid, ImageGrid
from abscope.dose.plans import Beam, FractionGroup, Level, Plan
from abscope.dose.structures import Contour, Roi, StructureSet
from kim2021_anatomy import BOTTOM_MM, NODULES, TOP_MM, Solid, body, regions
from kim2021_photons import Arc, Floats, Medium, Targeted, arc_dose, fill, medium, weights

__all__ = ["COARSE", "FINE", "Fineness", "make_kim2021"]

NAME = "KIM2021"
FRAME_UID = new_uid(f"frame of {NAME}")
STRUCTURES_UID = new_uid(f"structures of {NAME}")
COMMENT = "Made-up torso for the published case Kim 2021; no patient was measured."


@dataclass(frozen=True)
class Fineness:
    """How fine the set is; the coarse one is for tests."""

    pixel_mm: float
    slice_mm: float
    dose_mm: float
    turn_deg: float


FINE = Fineness(pixel_mm=4.0, slice_mm=3.0, dose_mm=4.0, turn_deg=20.0)
COARSE = Fineness(pixel_mm=8.0, slice_mm=6.0, dose_mm=7.0, turn_deg=45.0)


@dataclass(frozen=True)
class Prescribed:
    """One plan: what each arc is shaped to and what its target gets, in ``n_fractions``."""

    course: str
    date: str
    arcs: tuple[tuple[str, str, float, tuple[float, float, float], tuple[float, float]], ...]
    n_fractions: int
    box_mm: tuple[float, float, float, float, float, float]


#: arc, target, prescribed Gy, isocenter in mm, first and last gantry angle in degrees
PLANS = (
    Prescribed(
        "RT1a", "20000103",
        (
            ("spine", "PTV thoracic spine", 22.5, (0.0, 55.0, 92.0), (0.0, 340.0)),
            ("pelvis", "PTV pelvic bones", 22.5, (0.0, 45.0, -270.0), (0.0, 340.0)),
        ),
        5, (-188.0, -120.0, -412.0, 188.0, 120.0, 178.0),
    ),
    Prescribed(
        "RT1b", "20000107",
        (
            ("axilla", "PTV axilla", 25.0, (120.0, 0.0, 148.0), (-40.0, 160.0)),
            ("sternum", "PTV sternum", 25.0, (20.0, -70.0, 140.0), (-80.0, 80.0)),
            ("core", "PTV axilla core", 30.0, (120.0, 0.0, 148.0), (-40.0, 160.0)),
        ),
        5, (-196.0, -120.0, -112.0, 196.0, 120.0, 240.0),
    ),
)  # fmt: skip


def make_kim2021(folder: str | Path, *, fineness: Fineness = FINE) -> Path:
    """Write the set into a new folder and return its folder of DICOM files."""
    out = Path(folder)
    dicom = out / "dicom"
    dicom.mkdir(parents=True)
    solids = regions()
    subject = synthetic_subject(NAME, date="20000103", sex="F")
    image = write_image(
        dicom, torso(solids, fineness), subject=subject,
        filing=_filing("CT torso phantom", "image", "20000103"),
    )  # fmt: skip
    _structures(dicom, solids, subject, image, fineness)
    inside = medium(solids)
    targets = {n: fill(n, s) for n, (role, s) in solids.items() if role == "PTV"}
    numbers = {name: n + 1 for n, name in enumerate(solids)}
    for plan in PLANS:
        _plan(dicom, plan, subject, numbers)
        dose = planned_dose(plan, targets, inside, fineness)
        write_dose(
            dicom / f"RD_{plan.course}.dcm", dose, subject=subject,
            filing=_filing(f"{plan.course} dose", f"dose {plan.course}", plan.date),
            refers=DoseReferences((new_uid(f"plan {plan.course} of {NAME}"),)),
        )  # fmt: skip
    write_text(out / "case.yaml", _case(list(NODULES)), force=False)
    write_text(out / "map.yaml", _map(list(solids)), force=False)
    return dicom


def _case(nodules: list[str]) -> str:
    """Return the library case with each made-up nodule as a lesion of its own, said to be so."""
    text = (files("abscope.case") / "library" / "kim2021-breast.yaml").read_text(encoding="utf-8")
    text = text.replace("id: kim2021-breast", "id: kim2021-synthetic", 1)
    text = text.replace("title: ", "title: SYNTHETIC dose for - ", 1)
    added = "".join(
        f'  - {{id: L01{letter}, name: "L01 lung nodule, {name}", site: lung, note: SYNTHETIC, '
        "links: [{relation: part_of, lesion: L01, certainty: possible}]}\n"
        for letter, name in zip(ascii_lowercase, nodules, strict=False)
    )
    before, mark, after = text.partition("  - {id: L02,")
    return before + added + mark + after


def _map(names: list[str]) -> str:
    """Return the map from the lesions of the case to the regions of the set."""
    regions = {name[:3]: name for name in reversed(names) if name[0] == "L" and name[1:3].isdigit()}
    lines = [f'  {lesion}: "{name}"' for lesion, name in sorted(regions.items())]
    return "\n".join(("# SYNTHETIC", "lesions:", *lines, "courses:", "  RT1: [C1, C2]", ""))


def torso(solids: dict[str, tuple[str, Solid]], fineness: Fineness) -> ImageGrid:
    """Return the CT: fat below the skin, muscle, lungs, organs, bones and lesions in HU."""
    z = np.arange(BOTTOM_MM, TOP_MM + 0.1, fineness.slice_mm)
    x = np.arange(-256.0 + fineness.pixel_mm / 2, 256.0, fineness.pixel_mm)
    y = np.arange(-192.0 + fineness.pixel_mm / 2, 192.0, fineness.pixel_mm)
    numbers = {"Lung": -760, "Hear": 45, "Live": 60, "Sple": 50, "Kidn": 35, "Spin": 15,
               "Vert": 260, "Ster": 220, "Pelv": 300, "Femu": 320}  # fmt: skip
    lesions = {"L01": 30, "L02": 140, "L03": 140, "L04": 150, "L05": 130, "L06": 110, "L11": 160,
               "L12": 170}  # fmt: skip
    painted: list[tuple[Solid, int]] = [(body(), -95), (body(12.0), 55)]
    painted += [(s, numbers[n[:4]]) for n, (role, s) in solids.items() if role == "ORGAN"]
    painted += [(s, lesions.get(n[:3], 75)) for n, (role, s) in solids.items() if role == "GTV"]
    ct_hu = np.full((z.size, y.size, x.size), -1000, dtype=np.int16)
    for n, height in enumerate(z):
        for solid, value in painted:
            ct_hu[n][solid.inside(x[None, :], y[:, None], float(height))] = value
    affine = _affine(fineness.pixel_mm, (x[0], y[0], 0.0))
    return ImageGrid(Grid(affine, z, y.size, x.size), ct_hu, FRAME_UID)


def planned_dose(
    plan: Prescribed, targets: dict[str, Targeted], inside: Medium, fineness: Fineness
) -> DoseGrid:
    """Return the dose of a plan in Gy; 95 % of every target volume get its prescription."""
    low, high = plan.box_mm[:3], plan.box_mm[3:]
    x, y, z = (np.arange(a, b + 0.1, fineness.dose_mm) for a, b in zip(low, high, strict=True))
    grid = Grid(_affine(fineness.dose_mm, (x[0], y[0], 0.0)), z, y.size, x.size)
    outline = body()
    mask = np.array([outline.inside(x[None, :], y[:, None], float(height)) for height in z])
    k, j, i = np.nonzero(mask)
    points = np.column_stack((x[i], y[j], z[k]))
    arcs = [_arc(n + 1, row, fineness) for n, row in enumerate(plan.arcs)]
    at_targets = [
        [arc_dose(arc, targets[arc.target], inside, targets[row[1]].points_mm[::4])
         for arc in arcs]
        for row in plan.arcs
    ]  # fmt: skip
    found = weights(at_targets, [row[2] for row in plan.arcs])
    dose_gy = np.zeros(grid.shape)
    total: Floats = np.zeros(points.shape[0])
    for weight, arc in zip(found, arcs, strict=True):
        total += weight * arc_dose(arc, targets[arc.target], inside, points)
    dose_gy[mask] = total
    return DoseGrid(grid, dose_gy, FRAME_UID)


def _arc(
    number: int,
    row: tuple[str, str, float, tuple[float, float, float], tuple[float, float]],
    fineness: Fineness,
) -> Arc:
    name, target, _, isocenter, (first, last) = row
    angles = tuple(float(a) for a in np.arange(first, last + 0.1, fineness.turn_deg))
    return Arc(number, name, target, isocenter, angles)


def _structures(
    dicom: Path,
    solids: dict[str, tuple[str, Solid]],
    subject: Subject,
    image: ImageReference,
    fineness: Fineness,
) -> None:
    planes = np.arange(BOTTOM_MM, TOP_MM + 0.1, fineness.slice_mm)
    rois = []
    for n, (name, (role, solid)) in enumerate(solids.items()):
        contours = tuple(
            Contour(np.column_stack((line, np.full(line.shape[0], z))))
            for z in planes
            for line in solid.outlines(float(z))
        )
        rois.append(Roi(n + 1, name, contours, role))
    write_structures(
        dicom / "RS.dcm",
        StructureSet(STRUCTURES_UID, FRAME_UID, tuple(rois), fineness.slice_mm),
        subject=subject,
        filing=_filing("regions", "structures", "20000103"),
        image=image,
    )


def _plan(dicom: Path, plan: Prescribed, subject: Subject, numbers: dict[str, int]) -> None:
    beams, geometry, levels = [], {}, []
    for n, row in enumerate(plan.arcs):
        arc = _arc(n + 1, row, Fineness(4.0, 3.0, 4.0, 20.0))
        part_gy = row[2] if row[0] != "core" else row[2] - 25.0
        mu = round(250.0 * part_gy / plan.n_fractions, 1)
        beams.append(Beam(arc.number, mu, 600.0, "PHOTON"))
        turned = tuple(angle % 360.0 for angle in arc.gantry_deg)
        geometry[arc.number] = BeamGeometry(
            f"{plan.course} {arc.name}", arc.isocenter_mm, turned, (-70.0, 70.0, -70.0, 70.0)
        )
        levels.append(Level(numbers[row[1]], row[2], row[1]))
    group = FractionGroup(1, plan.n_fractions, tuple(beam.number for beam in beams))
    write_plan(
        dicom / f"RP_{plan.course}.dcm",
        Plan(
            new_uid(f"plan {plan.course} of {NAME}"),
            STRUCTURES_UID,
            (group,),
            tuple(levels),
            tuple(beams),
        ),
        subject=subject,
        filing=_filing(plan.course, f"series of plan {plan.course}", plan.date),
        geometry=geometry,
    )


def _filing(label: str, what: str, date: str) -> Filing:
    uid, series = new_uid(f"{what} of {NAME}"), new_uid(f"series {what} of {NAME}")
    return Filing(label, COMMENT, uid, series, date)


def _affine(step_mm: float, corner_mm: tuple[float, float, float]) -> Floats:
    made = np.diag((step_mm, step_mm, 1.0, 1.0))
    made[:3, 3] = corner_mm
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the synthetic DICOM set of Kim 2021.")
    parser.add_argument("folder", help="a new folder")
    parser.add_argument("--coarse", action="store_true", help="small and quick, for trying out")
    chosen = parser.parse_args()
    where = make_kim2021(chosen.folder, fineness=COARSE if chosen.coarse else FINE)
    sys.stdout.write(f"SYNTHETIC set: {where}\n")
