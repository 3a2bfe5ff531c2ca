"""A made-up torso for the case Kim 2021: solids with one analytic outline on every axial plane.

Coordinates are DICOM patient coordinates in mm of a patient on her back, head first: x to her
left, y to her back, z to her head; z = 0 lies at the lower end of the ninth thoracic vertebra.
Every solid is a stack of superellipses |u/a|^p + |v/b|^p <= 1 (u, v rotated by an angle) whose
center and half axes are interpolated along z; lungs are cut by a medial plane. Sizes are those of a
textbook adult, rounded by us: no patient was measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AXILLA", "BOTTOM_MM", "NODULES", "TOP_MM", "VERTEBRAE", "Solid", "ball", "body", "regions",
    "target_volumes", "vertebra",
]  # fmt: skip

Floats = NDArray[np.float64]
#: z, center x, center y, half axis along x, half axis along y.
Knot = tuple[float, float, float, float, float]

BOTTOM_MM, TOP_MM = -440.0, 270.0
_POINTS = 72


@dataclass(frozen=True)
class Solid:
    """One convex stack of outlines, or several side by side (``parts``)."""

    knots: tuple[Knot, ...] = ()
    power: float = 2.0
    turn_deg: float = 0.0
    round_ends: bool = False
    cut: tuple[tuple[float, float, int], ...] = ()
    parts: tuple["Solid", ...] = field(default=())

    def outlines(self, z_mm: float) -> Iterator[Floats]:
        """Yield the outlines (n, 2) on one plane."""
        for part in self.parts:
            yield from part.outlines(z_mm)
        found = self._section(z_mm)
        if found is None:
            return
        x, y, a, b = found
        angle = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
        c, s = np.cos(angle), np.sin(angle)
        u = a * np.sign(c) * np.abs(c) ** (2 / self.power)
        v = b * np.sign(s) * np.abs(s) ** (2 / self.power)
        turn = np.radians(self.turn_deg)
        line = np.column_stack(
            (x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn))
        )
        medial = self._medial(z_mm)
        if medial is not None:
            line = _clipped(line, *medial)
        if line.shape[0] >= 3:
            yield line

    def inside(self, x_mm: Floats, y_mm: Floats, z_mm: float) -> NDArray[np.bool_]:
        """Return which points of one plane lie in the solid."""
        hit = np.zeros(np.broadcast(x_mm, y_mm).shape, dtype=bool)
        for part in self.parts:
            hit |= part.inside(x_mm, y_mm, z_mm)
        found = self._section(z_mm)
        if found is None:
            return hit
        x, y, a, b = found
        turn = np.radians(self.turn_deg)
        u = (x_mm - x) * np.cos(turn) + (y_mm - y) * np.sin(turn)
        v = -(x_mm - x) * np.sin(turn) + (y_mm - y) * np.cos(turn)
        own = np.abs(u / a) ** self.power + np.abs(v / b) ** self.power <= 1
        medial = self._medial(z_mm)
        if medial is not None:
            own &= (x_mm - medial[0]) * medial[1] >= 0
        joined: NDArray[np.bool_] = hit | own
        return joined

    def _section(self, z_mm: float) -> tuple[float, float, float, float] | None:
        if not self.knots or not self.knots[0][0] <= z_mm <= self.knots[-1][0]:
            return None
        table = np.array(self.knots)
        x, y, a, b = (float(np.interp(z_mm, table[:, 0], table[:, n])) for n in (1, 2, 3, 4))
        if self.round_ends:
            middle, half = (table[0, 0] + table[-1, 0]) / 2, (table[-1, 0] - table[0, 0]) / 2
            shrink = float(np.sqrt(max(1 - ((z_mm - middle) / half) ** 2, 0.0)))
            a, b = a * shrink, b * shrink
        return (x, y, a, b) if min(a, b) > 0.3 else None

    def _medial(self, z_mm: float) -> tuple[float, int] | None:
        if not self.cut:
            return None
        table = np.array([row[:2] for row in self.cut])
        return float(np.interp(z_mm, table[:, 0], table[:, 1])), self.cut[0][2]


def _clipped(line: Floats, x_mm: float, side: int) -> Floats:
    """Return the part of a closed line with side * (x - x_mm) >= 0 (Sutherland and Hodgman)."""
    out: list[Floats] = []
    for here, following in zip(line, np.roll(line, -1, axis=0), strict=True):
        a, b = side * (here[0] - x_mm), side * (following[0] - x_mm)
        if a >= 0:
            out.append(here)
        if (a >= 0) != (b >= 0):
            out.append(here + (following - here) * (a / (a - b)))
    return np.array(out) if out else np.zeros((0, 2))


def ball(x: float, y: float, z: float, *radii: float, turn_deg: float = 0.0) -> Solid:
    """Return an ellipsoid (one radius, or three) around a point, all in mm."""
    a, b, c = radii if len(radii) == 3 else radii * 3
    knots = ((z - c, x, y, a, b), (z + c, x, y, a, b))
    return Solid(knots, round_ends=True, turn_deg=turn_deg)


#: Center line of the vertebral bodies: z, y; and the half width of a body along z.
_SPINE = ((-258, 42), (-200, 30), (-140, 32), (-78, 44), (0, 58), (80, 62), (160, 52), (270, 30))
#: Upper ends of the vertebrae, from the first thoracic to the fifth lumbar, and the last lower end.
_DISKS = (205, 183, 160, 137, 114, 91, 68, 45, 22, 0, -26, -52, -78, -114, -150, -186, -222, -258)
VERTEBRAE = tuple(f"T{n}" for n in range(1, 13)) + tuple(f"L{n}" for n in range(1, 6))


def _spine_y(z: float) -> float:
    table = np.array(_SPINE, dtype=float)
    return float(np.interp(z, table[:, 0], table[:, 1]))


def _along_spine(low: float, high: float, *, back: float, a: float, b: float) -> Solid:
    zs = [low, *(z for z, _ in _SPINE if low < z < high), high]
    return Solid(tuple((float(z), 0.0, _spine_y(z) + back, a, b) for z in zs), power=2.4)


def vertebra(name: str) -> Solid:
    """Return the body of one vertebra, T1 to L5, without the disk below it."""
    n = VERTEBRAE.index(name)
    a, b = np.interp(n, (0, 11, 16), (13, 18, 24)), np.interp(n, (0, 11, 16), (10, 15, 17))
    return _along_spine(_DISKS[n + 1] + 4, _DISKS[n], back=0.0, a=float(a), b=float(b))


def _pair(left: Solid) -> tuple[Solid, Solid]:
    """Return a solid of the left side and its mirror image."""
    knots = tuple((z, -x, y, a, b) for z, x, y, a, b in left.knots)
    cut = tuple((z, -x, -side) for z, x, side in left.cut)
    return left, Solid(knots, left.power, -left.turn_deg, left.round_ends, cut)


_BODY = Solid(
    (
        (-440, 0, 5, 172, 98), (-380, 0, 5, 178, 112), (-300, 0, 2, 172, 112),
        (-200, 0, 0, 148, 102), (-120, 0, 0, 145, 106), (0, 0, 0, 155, 112),
        (100, 0, 0, 168, 112), (150, 0, 0, 182, 106), (185, 0, 4, 192, 92), (215, 0, 8, 150, 78),
        (240, 0, 8, 74, 66), (270, 0, 4, 62, 62),
    ),
    power=2.6,
)  # fmt: skip
_LUNG = (
    (-78, 92, 66, 36, 16), (-40, 88, 60, 46, 30), (0, 84, 34, 54, 58), (40, 82, 6, 58, 82),
    (60, 78, 2, 60, 84), (120, 72, 4, 54, 78), (170, 60, 14, 42, 56),
    (205, 45, 24, 26, 30), (222, 40, 28, 12, 14),
)  # fmt: skip
_LEFT_CUT = ((-78.0, 40.0, 1), (10.0, 62.0, 1), (70.0, 50.0, 1), (110.0, 28.0, 1), (222.0, 24.0, 1))
_RIGHT_CUT = ((-78.0, -36.0, -1), (10.0, -30.0, -1), (100.0, -26.0, -1), (222.0, -24.0, -1))
_ILIUM = Solid(
    (
        (-372, 92, -2, 22, 20), (-330, 98, 12, 13, 30), (-290, 100, 24, 10, 44),
        (-250, 106, 22, 9, 52), (-214, 112, 16, 7, 38),
    ),
    turn_deg=34.0,
)  # fmt: skip
_FEMUR = Solid(
    ((-440, 128, 6, 16, 16), (-405, 122, 6, 20, 18), (-382, 98, 4, 26, 22), (-345, 92, 2, 20, 20))
)
_SACRUM = Solid(((-362, 0, 88, 14, 8), (-320, 0, 84, 34, 14), (-262, 0, 54, 48, 20)), power=2.4)
_STERNUM = Solid(((10, 0, -94, 15, 5), (120, 0, -92, 20, 6), (168, 0, -78, 28, 7)), power=3.0)

#: Center of the axillary mass in mm.
AXILLA = (146.0, 2.0, 152.0)
#: Lung nodules between the targets: name -> center and radius in mm.
NODULES = {
    "right apex": (-44.0, 30.0, 196.0, 6.0),
    "right upper lobe": (-84.0, -20.0, 128.0, 8.0),
    "right hilum": (-48.0, 22.0, 84.0, 9.0),
    "right lower lobe": (-86.0, 52.0, 2.0, 7.0),
    "right base": (-104.0, 50.0, -48.0, 9.0),
    "left apex": (44.0, 26.0, 181.0, 7.0),
    "left upper lobe": (90.0, -30.0, 116.0, 8.0),
    "left lingula": (104.0, -22.0, 40.0, 7.0),
    "left base": (104.0, 48.0, -56.0, 8.0),
}


def regions() -> dict[str, tuple[str, Solid]]:
    """Return name -> (DICOM interpreted type, solid) of every region, in the order of the set.

    The lesions of the case carry its identifiers; which vertebrae, ribs and parts of a bone they
    fill is made up, because the article does not say.
    """
    left_lung = Solid(_LUNG, power=2.3, cut=_LEFT_CUT)
    right_lung = Solid(
        tuple((z, -x, y, a, b) for z, x, y, a, b in _LUNG), power=2.3, cut=_RIGHT_CUT
    )
    thoracic = Solid(parts=tuple(vertebra(name) for name in ("T4", "T5", "T6", "T7")))
    pelvic = Solid(parts=_pair(ball(84.0, 52.0, -270.0, 10.0, 20.0, 28.0, turn_deg=34.0)))
    femurs = Solid(parts=_pair(ball(112.0, 4.0, -396.0, 14.0)))
    organs = {
        "BODY": ("EXTERNAL", _BODY),
        "Lung_L": ("ORGAN", left_lung),
        "Lung_R": ("ORGAN", right_lung),
        "Heart": ("ORGAN", ball(22.0, -34.0, 44.0, 40.0, 38.0, 52.0)),
        "Liver": ("ORGAN", ball(-60.0, -30.0, -74.0, 74.0, 58.0, 64.0)),
        "Spleen": ("ORGAN", ball(96.0, 36.0, -114.0, 24.0, 34.0, 38.0)),
        "Kidney_L": ("ORGAN", ball(54.0, 56.0, -140.0, 24.0, 20.0, 52.0)),
        "Kidney_R": ("ORGAN", ball(-62.0, 52.0, -146.0, 26.0, 22.0, 54.0)),
        "SpinalCanal": ("ORGAN", _along_spine(-258, TOP_MM, back=26.0, a=8.0, b=7.0)),
        "Vertebrae": ("ORGAN", Solid(parts=tuple(vertebra(name) for name in VERTEBRAE))),
        "Sternum": ("ORGAN", _STERNUM),
        "Pelvis": ("ORGAN", Solid(parts=(*_pair(_ILIUM), _SACRUM))),
        "Femur_Head_L": ("ORGAN", ball(93.0, 2.0, -364.0, 23.0)),
        "Femur_Head_R": ("ORGAN", ball(-93.0, 2.0, -364.0, 23.0)),
    }
    nodules = {name: ball(*place[:3], place[3]) for name, place in NODULES.items()}
    lesions = {
        "L01 lung nodules, all": ("GTV", Solid(parts=tuple(nodules.values()))),
        **{f"L01 lung nodule, {name}": ("GTV", solid) for name, solid in nodules.items()},
        "L02 thoracic spine": ("GTV", thoracic),
        "L03 lumbar spine": ("GTV", vertebra("L3")),
        "L04 both pelvic bones": ("GTV", pelvic),
        "L05 sacrum": ("GTV", ball(0.0, 68.0, -290.0, 22.0, 10.0, 16.0)),
        "L06 sternum": ("GTV", ball(4.0, -85.0, 140.0, 18.0, 6.0, 20.0)),
        "L07 left axilla, level I": ("GTV", ball(*AXILLA, 24.0, 22.0, 30.0)),
        "L07 core of the axillary mass": ("GTV", ball(*AXILLA, 12.0, 11.0, 15.0)),
        "L08 left anterior chest wall mass": ("GTV", ball(92.0, -78.0, 120.0, 26.0, 12.0, 22.0)),
        "L09 left supraclavicular node": ("GTV", ball(62.0, -12.0, 220.0, 9.0)),
        "L10 mediastinal node": ("GTV", ball(-12.0, -18.0, 118.0, 9.0)),
        "L11 rib": ("GTV", ball(-140.0, 34.0, 30.0, 6.0, 16.0, 8.0)),
        "L12 both proximal femurs": ("GTV", femurs),
    }
    targets = {name: ("PTV", solid) for name, solid in target_volumes().items()}
    return {**organs, **lesions, **targets}


def body(skin_mm: float = 0.0) -> Solid:
    """Return the outline of the body, or what lies ``skin_mm`` below it."""
    knots = tuple((z, x, y, a - skin_mm, b - skin_mm) for z, x, y, a, b in _BODY.knots)
    return Solid(knots, power=_BODY.power)


def target_volumes() -> dict[str, Solid]:
    """Return the planning target volumes: the targets of the case with 5 mm around them.

    The sternum is a target of the second plan here, as a figure caption of the article has it.
    """
    low, high = _DISKS[VERTEBRAE.index("T7") + 1] - 1, _DISKS[VERTEBRAE.index("T4")] + 5
    pelvis = _pair(ball(84.0, 52.0, -270.0, 15.0, 25.0, 33.0, turn_deg=34.0))
    return {
        "PTV thoracic spine": _along_spine(low, high, back=0.0, a=23.0, b=20.0),
        "PTV pelvic bones": Solid(parts=pelvis),
        "PTV axilla": ball(*AXILLA, 29.0, 27.0, 35.0),
        "PTV sternum": ball(4.0, -85.0, 140.0, 23.0, 10.0, 25.0),
        "PTV axilla core": ball(*AXILLA, 12.0, 11.0, 15.0),
    }
