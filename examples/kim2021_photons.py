"""A simple dose of photon arcs for a made-up patient. It is NOT a planning system.

The dose of one direction at a point with beam's-eye coordinates (u, v) and water-equivalent depth
w is

    D = B(w) exp(-MU (w - W0)) (SAD / (SAD + t))^2
        ((F * G)(u, v) + P (F * K_p)(u, v) + H (F * K_h)(u, v) + LEAK)

F is the opening (1 inside the projected target with a margin, else 0), G a Gaussian penumbra of
standard deviation SIGMA (an error function at a straight edge), K = exp(-r / L) / (2 pi L^2) the
spread of scatter from the patient (P, L_p) and from the head of the machine (H, L_h), LEAK the
leakage through closed leaves, t the distance behind the isocenter, and B = 1 - 0.6 exp(-w / 5 mm)
the build-up. An arc is the mean over its directions; the weights of the arcs are set so that 95 %
of each target volume gets its prescription.

Assumed numbers, chosen by us to give the order of magnitude that surveys of out-of-field dose
report (about 1 % of the target dose 5 cm and 0.4 % 10 cm from the edge of a small field): MU =
0.0035 / mm, W0 = 15 mm, SIGMA = 4 mm, P = 0.25, L_p = 40 mm, H = 0.03, L_h = 120 mm, LEAK = 0.0015,
SAD = 1000 mm. Neglected: the divergence of rays in the water-equivalent depth, scatter that knows
of tissue, the energy spectrum, electrons at interfaces, leaves and their motion. Never read a dose
of this model as that of the patient.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    affine_transform,
    binary_dilation,
    gaussian_filter,
    map_coordinates,
)
from scipy.signal import fftconvolve

from kim2021_anatomy import Solid, body

__all__ = ["Arc", "Floats", "Medium", "Targeted", "arc_dose", "fill", "medium", "weights"]

Floats = NDArray[np.float64]

SAD_MM, MU_PER_MM, W0_MM, SIGMA_MM = 1000.0, 0.0035, 15.0, 4.0
PATIENT, PATIENT_MM, HEAD, HEAD_MM, LEAK = 0.25, 40.0, 0.03, 120.0, 0.0015
MARGIN_MM = 6.0
_PIXEL_MM, _HALF_MM, _DEPTH_MM = 3.0, 270.0, 6.0


@dataclass(frozen=True)
class Arc:
    """One arc: the target it is shaped to, its isocenter, its gantry angles in degrees."""

    number: int
    name: str
    target: str
    isocenter_mm: tuple[float, float, float]
    gantry_deg: tuple[float, ...]


@dataclass(frozen=True)
class Medium:
    """Density relative to water on a coarse grid [z, y, x] with one spacing, from its corner."""

    density: Floats
    corner_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]
    _tables: dict[float, Floats] = field(default_factory=dict, repr=False)

    def depths(self, angle_deg: float, points_mm: Floats) -> Floats:
        """Return the water-equivalent depth (n,) of points (n, 3) for parallel rays, in mm."""
        to, across = _axes(angle_deg)
        if angle_deg not in self._tables:
            self._tables[angle_deg] = self._depth_table(to, across)
        found: Floats = map_coordinates(
            self._tables[angle_deg],
            (
                (points_mm[:, 2] - self.corner_mm[2]) / self.spacing_mm[2],
                (points_mm @ to + _HALF_MM) / _DEPTH_MM,
                (points_mm @ across + _HALF_MM) / _DEPTH_MM,
            ),
            order=1,
            mode="nearest",
        )
        return found

    def _depth_table(self, to: Floats, across: Floats) -> Floats:
        """Return the depth on a lattice turned with the gantry: [z, along the rays, across]."""
        dx, dy, _ = self.spacing_mm
        count = int(2 * _HALF_MM / _DEPTH_MM)
        matrix = np.array(
            [
                [1.0, 0.0, 0.0],
                [0.0, _DEPTH_MM * to[1] / dy, _DEPTH_MM * across[1] / dy],
                [0.0, _DEPTH_MM * to[0] / dx, _DEPTH_MM * across[0] / dx],
            ]
        )
        start = -_HALF_MM * (to + across)
        offset = (0.0, (start[1] - self.corner_mm[1]) / dy, (start[0] - self.corner_mm[0]) / dx)
        shape = (self.density.shape[0], count, count)
        turned = affine_transform(self.density, matrix, offset, output_shape=shape, order=1)
        table: Floats = (np.cumsum(turned, axis=1) - turned / 2) * _DEPTH_MM
        return table


@dataclass(frozen=True)
class Targeted:
    """What an arc is shaped to: points (n, 3) that fill the target."""

    name: str
    points_mm: Floats


def fill(name: str, solid: Solid, spacing_mm: float = 3.0) -> Targeted:
    """Return the points of a lattice that lie in a solid."""
    x = np.arange(-210.0, 210.0, spacing_mm)
    y = np.arange(-130.0, 130.0, spacing_mm)
    found = []
    for z in np.arange(-440.0, 270.0, spacing_mm):
        rows, columns = np.nonzero(solid.inside(x[None, :], y[:, None], float(z)))
        found.append(np.column_stack((x[columns], y[rows], np.full(rows.size, z))))
    return Targeted(name, np.concatenate(found))


def medium(solids: dict[str, tuple[str, Solid]], spacing_mm: float = 6.0) -> Medium:
    """Return the density of the patient: 1.0, lungs 0.26, bones 1.2."""
    x = np.arange(-210.0, 211.0, spacing_mm)
    y = np.arange(-130.0, 131.0, spacing_mm)
    z = np.arange(-446.0, 276.0, 2 * spacing_mm)
    density = np.zeros((z.size, y.size, x.size))
    values = {"Lung_L": 0.26, "Lung_R": 0.26, "Vertebrae": 1.2, "Sternum": 1.2, "Pelvis": 1.2}
    outline = body()
    for n, height in enumerate(z):
        density[n][outline.inside(x[None, :], y[:, None], float(height))] = 1.0
        for name, value in values.items():
            density[n][solids[name][1].inside(x[None, :], y[:, None], float(height))] = value
    return Medium(density, (x[0], y[0], z[0]), (spacing_mm, spacing_mm, 2 * spacing_mm))


def arc_dose(arc: Arc, target: Targeted, inside: Medium, points_mm: Floats) -> Floats:
    """Return the dose (n,) of an arc of weight 1 at points (n, 3) in the patient."""
    total = np.zeros(points_mm.shape[0])
    for angle, primary in _openings(arc, target):
        to, across = _axes(angle)
        shifted = points_mm - np.array(arc.isocenter_mm)
        behind = shifted @ to
        scale = SAD_MM / (SAD_MM + behind)
        places = np.array([shifted[:, 2] * scale, (shifted @ across) * scale])
        spread = map_coordinates(primary, (places + _HALF_MM) / _PIXEL_MM, order=1, mode="nearest")
        depth = inside.depths(angle, points_mm)
        build_up = 1.0 - 0.6 * np.exp(-depth / 5.0)
        total += build_up * np.exp(-MU_PER_MM * (depth - W0_MM)) * scale**2 * (spread + LEAK)
    averaged: Floats = total / len(arc.gantry_deg)
    return averaged


def weights(doses: list[list[Floats]], prescribed_gy: list[float]) -> Floats:
    """Return the weight of each arc such that 95 % of target n get prescription n.

    ``doses[n][m]`` is the dose of arc m of weight 1 at the points of target n.
    """
    found = np.ones(len(doses))
    for _ in range(60):
        for n, row in enumerate(doses):
            reached = np.percentile(sum(w * one for w, one in zip(found, row, strict=True)), 5.0)
            found[n] = max(found[n] + (prescribed_gy[n] - reached) / np.median(row[n]), 0.0)
    return found


def _axes(angle_deg: float) -> tuple[Floats, Floats]:
    """Return the direction of the rays and the direction across, for a gantry angle (IEC)."""
    angle = np.radians(angle_deg)
    return (
        np.array([-np.sin(angle), np.cos(angle), 0.0]),
        np.array([np.cos(angle), np.sin(angle), 0.0]),
    )


def _openings(arc: Arc, target: Targeted) -> Iterator[tuple[float, Floats]]:
    """Yield each gantry angle with the opening after penumbra and scatter, [v, u]."""
    count = int(2 * _HALF_MM / _PIXEL_MM) + 1
    axis = (np.arange(count) - count // 2) * _PIXEL_MM
    radius = np.hypot(axis[None, :], axis[:, None])
    kernel = PATIENT * _kernel(radius, PATIENT_MM) + HEAD * _kernel(radius, HEAD_MM)
    disk: Any = radius[np.abs(axis) <= MARGIN_MM + 3][:, np.abs(axis) <= MARGIN_MM + 3]
    for angle in arc.gantry_deg:
        to, across = _axes(angle)
        shifted = target.points_mm - np.array(arc.isocenter_mm)
        scale = SAD_MM / (SAD_MM + shifted @ to)
        rows = np.rint((shifted[:, 2] * scale + _HALF_MM) / _PIXEL_MM).astype(int)
        columns = np.rint(((shifted @ across) * scale + _HALF_MM) / _PIXEL_MM).astype(int)
        opening = np.zeros((count, count), dtype=bool)
        keep = (rows >= 0) & (rows < count) & (columns >= 0) & (columns < count)
        opening[rows[keep], columns[keep]] = True
        field = binary_dilation(opening, disk <= MARGIN_MM).astype(float)
        spread = gaussian_filter(field, SIGMA_MM / _PIXEL_MM)
        scatter = fftconvolve(field, kernel, mode="same")
        yield angle, spread + np.maximum(scatter, 0.0)


def _kernel(radius_mm: Floats, length_mm: float) -> Floats:
    made: Floats = np.exp(-radius_mm / length_mm) / (2 * np.pi * length_mm**2) * _PIXEL_MM**2
    return made
