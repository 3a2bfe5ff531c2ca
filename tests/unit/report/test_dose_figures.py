"""Dose in the report: colors, pictures, curves, tables, and words where no dose is known."""

import base64
import re
import struct
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest

from abscope.dose.dvh import dvh, dvh_of
from abscope.dose.findings import DoseFinding
from abscope.dose.geometry.grid import ImageGrid
from abscope.dose.results import LesionDose, OrganDose
from abscope.dose.slices import dose_slices
from abscope.dose.structures import Contour, Roi, StructureSet
from abscope.report.build import build_report
from abscope.report.dose_colors import class_colors, data_uri, hex_color, indexed_png
from abscope.report.dose_figures import DoseMaterial
from abscope.report.dose_picture import DosePicture, dose_picture
from abscope.report.dvh import DvhCurve, DvhPanel, dvh_scene
from abscope.report.figures import Figure
from abscope.report.lettering import text_width_px
from abscope.report.svg import Scene
from dose_objects import box, dose_of
from report_cases import HOSTILE, dated, located

SVG = "{http://www.w3.org/2000/svg}"


def lightness(color: tuple[int, int, int]) -> float:
    """CIE L* of an sRGB color."""
    parts = [c / 255 for c in color]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * (y ** (1 / 3) if y > 0.008856 else 7.787 * y + 16 / 116) - 16


@pytest.mark.parametrize("number", range(1, 10))
def test_classes_of_dose_rise_evenly_in_lightness(number: int) -> None:
    """Closed form: equal steps of CIE L*, so that the order shows without hue."""
    steps = np.diff([lightness(color) for color in class_colors(number)])
    assert len(class_colors(number)) == number
    assert (steps > 5).all()
    assert np.ptp(steps) < 1.5 if number > 1 else True


def test_a_png_holds_the_pixels_it_was_given() -> None:
    classes = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)
    colors = ((0, 0, 0), (10, 20, 30), (255, 255, 255))
    png = indexed_png(classes, colors)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, held = 8, {}
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        name, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(
            name + body
        )
        held[name] = body
        at += 12 + size
    assert struct.unpack(">IIBBBBB", held[b"IHDR"]) == (3, 2, 8, 3, 0, 0, 0)
    assert held[b"PLTE"] == bytes([0, 0, 0, 10, 20, 30, 255, 255, 255])
    assert zlib.decompress(held[b"IDAT"]) == b"\x00\x00\x01\x02\x00\x02\x01\x00"
    assert base64.b64decode(data_uri(png).partition(",")[2]) == png
    assert hex_color(colors[1]) == "#0a141e"


def square(half: float, z: float) -> Contour:
    return Contour(
        np.array([[-half, -half, z], [half, -half, z], [half, half, z], [-half, half, z]])
    )


def roi(name: str, half: float = 10.0, role: str = "GTV") -> Roi:
    reach = 60.0 if role == "EXTERNAL" else 9.0
    return Roi(1, name, tuple(square(half, z) for z in np.arange(-reach, reach + 1, 3.0)), role)


def picture(*, outside: bool = True, name: str = "L1 lung", image: bool = True) -> DosePicture:
    dose = dose_of(lambda x, y, z: 20 * np.exp(-(x**2 + y**2) / 900) + 0 * z)
    body = roi("BODY", 90.0 if outside else 35.0, "EXTERNAL")
    where = box((-90, -90, -60), (90, 90, 60), step_mm=10.0)
    scan = ImageGrid(where, np.zeros(where.shape, np.int16), "F1") if image else None
    drawn = StructureSet("S", "F1", (roi(name), roi("L2", 4.0), body), 3.0)
    slices = dose_slices((0, 0, 0), dose=dose, structures=drawn, image=scan)
    return DosePicture("dose-l1", f"{name} in C1", (name,), slices, {name: "L1", "L2": "L2"})


def texts(scene: Scene) -> list[str]:
    return [t.text or "" for t in ET.fromstring(scene.svg("light")).iter(f"{SVG}text")]


def outside(scene: Scene) -> list[str]:
    """Texts that leave the drawing or the panel they lie in; widths by the package's table."""
    found = []
    root = ET.fromstring(scene.svg("light"))
    held = {t: p for p in root.iter(f"{SVG}svg") if p is not root for t in p.iter(f"{SVG}text")}
    turned = {t for g in root.iter(f"{SVG}g") if g.get("transform") for t in g.iter(f"{SVG}text")}
    for item in root.iter(f"{SVG}text"):
        if item in turned:
            continue
        room = float(held[item].get("width", "0")) if item in held else scene.width_px
        size, x = float(item.get("font-size", "0")), float(item.get("x", "0"))
        bold = item.get("font-weight") == "700" or "font-weight:700" in item.get("style", "")
        wide = text_width_px(item.text or "", size, bold=bold)
        low = x - {"middle": wide / 2, "end": wide}.get(item.get("text-anchor", "start"), 0.0)
        if low < -0.5 or low + wide > room + 0.5:
            found.append(item.text or "")
    return found


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("image", [False, True])
def test_a_picture_names_lesion_planes_sides_doses_and_scale(narrow: bool, image: bool) -> None:
    scene = dose_picture(picture(image=image), narrow=narrow)
    seen = texts(scene)
    assert outside(scene) == []
    for letter in "RLAPHF":
        assert letter in seen
    assert seen.count("5 cm") == 3
    assert seen.count("L1") >= 3
    assert {"5 Gy", "10 Gy", "no dose known"} <= set(seen)
    assert "Axial, z = 0 mm" in seen
    assert any("that is not" in text for text in seen)
    root = ET.fromstring(scene.svg("page"))
    hrefs = [item.get("href", "") for item in root.iter(f"{SVG}image")]
    assert len(hrefs) == 3
    assert all(href.startswith("data:image/png;base64,") for href in hrefs)
    desc = root.findtext(f"{SVG}desc") or ""
    assert "begin at 0.5, 1, 2, 5, 10, 15 Gy" in desc
    assert ("over the CT" in desc) == image
    assert "no dose is known; it is hatched" in desc


def test_a_long_title_takes_more_rows() -> None:
    long = picture(name="L1 a lung nodule with WIDE LETTERS in the right upper lobe, segment 2")
    for narrow in (False, True):
        assert outside(dose_picture(long, narrow=narrow)) == []


def test_nothing_is_hatched_where_the_whole_picture_has_a_dose() -> None:
    held = picture(outside=False)
    whole = [item.dose_gy.size for item in held.slices]
    assert min(whole) > 0
    scene = dose_picture(held, narrow=False)
    assert ("no dose known" in texts(scene)) == any(
        not np.isfinite(item.dose_gy).all() for item in held.slices
    )


def test_texts_of_a_picture_do_not_cover_each_other() -> None:
    scene = dose_picture(picture(), narrow=False)
    root = ET.fromstring(scene.svg("light"))
    for panel in list(root.iter(f"{SVG}svg"))[1:]:
        boxes = []
        for item in panel.iter(f"{SVG}text"):
            x, y = float(item.get("x", "0")), float(item.get("y", "0"))
            boxes.append((x, y - 9, x + text_width_px(item.text or "", 11), y + 2))
        for n, a in enumerate(boxes):
            for b in boxes[n + 1 :]:
                assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_hostile_names_stay_text() -> None:
    scene = dose_picture(picture(name=HOSTILE[:60]), narrow=False)
    assert "<script" not in scene.svg("page")
    ET.fromstring(scene.svg("page"))


def curve(tag: str, half: float, exposure: str | None = "in_field", name: str = "") -> DvhCurve:
    dose = dose_of(lambda x, y, z: 20 * np.exp(-(x**2 + y**2) / 900) + 0 * z)
    return DvhCurve(tag, name or f"{tag} lung", dvh(roi(tag, half), dose=dose), None, exposure)  # type: ignore[arg-type]


def unknown() -> DvhCurve:
    empty = dvh_of(np.zeros(0), volume_ml=np.zeros(0), outside_ml=3.0)
    return DvhCurve("L9", "L9 femur", empty, None, "unknown")


@pytest.mark.parametrize("narrow", [False, True])
def test_curves_are_named_on_themselves_and_in_the_key(narrow: bool) -> None:
    panel = DvhPanel("Course C1", (curve("L1", 5), curve("L2", 20, "partial"), unknown()), (18.0,))
    scene = dvh_scene((panel, panel), narrow=narrow)
    seen = texts(scene)
    assert outside(scene) == []
    assert seen.count("L1") == 4
    assert seen.count("L9") == 2
    assert any("no dose known" in text for text in seen)
    assert "dotted: prescribed 18 Gy" in seen
    dashes = {
        p.get("stroke-dasharray") for p in ET.fromstring(scene.svg("light")).iter(f"{SVG}path")
    }
    assert {"none", "12 3"} <= dashes
    desc = ET.fromstring(scene.svg("light")).findtext(f"{SVG}desc") or ""
    # closed form: half of the square lies within r2 = 50 / pi mm2, 20 exp(-r2 / 900) = 19.65 Gy
    assert "L1 lung 19.7 Gy" in desc


def test_the_share_outside_the_grid_stands_with_the_name() -> None:
    whole = curve("L1", 60).curve
    assert whole.outside_ml > 0
    seen = " ".join(texts(dvh_scene((DvhPanel("C1", (curve("L1", 60),)),), narrow=False)))
    assert "of it outside the grid" in seen


def test_a_visible_spread_of_end_planes_is_a_band() -> None:
    uneven = dose_of(lambda x, y, z: 10 + z / 2)
    from abscope.dose.dvh import DvhSettings

    half, full = (
        dvh(roi("L1"), dose=uneven, settings=DvhSettings(cap=cap)) for cap in ("half", "full")
    )

    def bands(other: object) -> int:
        item = DvhCurve("L1", "L1", half, other, "in_field")  # type: ignore[arg-type]
        root = ET.fromstring(dvh_scene((DvhPanel("C1", (item,)),), narrow=False).svg("light"))
        return sum(p.get("fill-opacity") == "0.25" for p in root.iter(f"{SVG}polygon"))

    assert (bands(full), bands(half), bands(None)) == (1, 0, 0)


def test_many_curves_and_courses_are_counted() -> None:
    many = tuple(curve(f"L{n}", 5 + n) for n in range(26))
    scene = dvh_scene((DvhPanel("C1", many),) + (DvhPanel("C2", many[:1]),) * 8, narrow=False)
    seen = texts(scene)
    assert "2 curves of lower median dose in the table only" in seen
    assert "1 more course in the table only" in seen


def row(lesion: str, course: str, exposure: str, **more: float | None) -> LesionDose:
    number = dict.fromkeys(
        ("volume_ml", "in_grid_frac", "mean_dose_gy", "d98_dose_gy", "d95_dose_gy", "d50_dose_gy",
         "d2_dose_gy", "max_dose_gy", "d98_spread_gy", "bed10_gy", "eqd2_10_gy", "eqd2_lesion_gy",
         "above_half_prescribed_frac", "field_edge_distance_mm")
    ) | more  # fmt: skip
    return LesionDose(
        lesion=lesion, course=course, roi_name="GTV", match="roi", n_fractions_planned=5,
        n_fractions_delivered=None, prescribed_dose_gy=25.0, dose_per_fraction_gy=5.0,
        dose_type="PHYSICAL", source="dicom", exposure=exposure,  # type: ignore[arg-type]
        reasons=(f"because of {exposure}",), flags=(), **number,  # type: ignore[arg-type]
    )  # fmt: skip


def material() -> DoseMaterial:
    organ = OrganDose(
        "lung", "Lung_L", "C1", 5, None, np.array([1.0]), np.array([1000.0]), 0.94, 5000.0
    )
    found = DoseFinding("x", "warning", "plan 1", "is not approved", "approval", "Check it.")
    scenes = [dvh_scene((DvhPanel("C1", (curve("L1", 5),)),), narrow=n) for n in (False, True)]
    return DoseMaterial(
        "export", (row("L1", "C1", "out_of_field", d2_dose_gy=0.3142, in_grid_frac=1.0),
                   row("L2", "C1", "unknown", in_grid_frac=0.187), row("L2", "all", "unknown")),
        (organ,), (found,), ("L3: no region has its id.",),
        {"dvh": Figure("dvh", "Curves.", *scenes)}, ("A remark.",),
    )  # fmt: skip


def section(page: str) -> str:
    part = page[page.index('<section id="dose"') :]
    return part[: part.index("</section>")]


def test_the_report_shows_classes_reasons_numbers_and_findings() -> None:
    page = build_report(located(dated()), (), dose=material())
    part = section(page)
    seen = " ".join(re.sub(r"<[^>]+>", " ", part).split())
    for words in (
        "out of field", "because of out_of_field", "0.31", "19 %", "not known", "all courses",
        "unknown, not zero", "A remark.", "Open question: L3", "is not approved", "94 %", "5000",
        "25 Gy prescribed, 5 fractions planned",
    ):  # fmt: skip
        assert words in seen, words
    assert 'id="dvh-wide-title"' in part
    assert 'id="dvh-narrow-title"' in part
    assert '<a href="#dose">Dose</a>' in page


def test_without_dose_data_the_report_has_no_such_section() -> None:
    assert 'id="dose"' not in build_report(located(dated()), ())


def test_the_same_dose_gives_the_same_report() -> None:
    one, two = (build_report(located(dated()), (), dose=material()) for _ in range(2))
    assert one == two
