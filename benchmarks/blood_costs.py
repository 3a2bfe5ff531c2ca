"""Draws what the dose of blood costs against particles, organs and fractions, beside HEDOS.

python benchmarks/blood_costs.py docs/images/blood-costs.svg [--hedos CHECKOUT ...]
"""

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from blood import CASES, KILL, THORAX, fraction_of, hedos, median_s

from abscope.blood.blood_dose import blood_dose
from abscope.blood.delivery import Delivery
from abscope.blood.engines.events import Particles
from abscope.blood.engines.transform import mean_survival_frac
from abscope.blood.sojourn import Transit
from abscope.report.palette import Role
from abscope.report.svg import Element, Scene, circle, label, line, path, rect

WIDTH, HEIGHT, LEFT, TOP = 300.0, 260.0, 60.0, 50.0
LOWEST_S, HIGHEST_S = 1e-4, 1e2


@dataclass(frozen=True)
class Series:
    name: str
    color: Role
    points: list[tuple[float, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figure", type=Path)
    parser.add_argument("--hedos", type=Path, help="a checkout of github.com/mghro/hedos")
    parser.add_argument("--hedos-python", default=sys.executable, help="a Python that can run it")
    options = parser.parse_args()
    panels = [against_particles(options), against_organs(options), against_fractions()]
    scene = drawn(panels)
    options.figure.write_text(scene.svg("auto"), encoding="utf-8")
    for title, _, series in panels:
        for one in series:
            print(title, one.name, *(f"{x:g}: {y:.4f} s" for x, y in one.points), sep=" | ")


def events_s(given: Delivery, count: int, fractions: int = 1) -> float:
    sample = Particles(count, n_threads=1)
    return median_s(
        lambda: blood_dose(given, engine="events", particles=sample).repeated(fractions), 3
    )


def transform_s(given: Delivery) -> float:
    return median_s(lambda: mean_survival_frac(given, KILL, transit=Transit()), 5)


def peer(options: argparse.Namespace, name: str, count: int) -> tuple[float, float]:
    """Seconds that HEDOS walked, and that it took to add the dose of a case."""
    case = CASES[name]
    out, _, _ = hedos(options, {name: case}, particles=count)
    return out["walk_s"], out["cases"][name]["dose_s"]


Panel = tuple[str, str, list[Series]]


def against_particles(options: argparse.Namespace) -> Panel:
    liver = fraction_of(CASES["liver 2 Gy, 120 s"])
    counts = [10**power for power in range(3, 7)]
    transform = transform_s(liver)
    series = [
        Series("events", "in_field", [(count, events_s(liver, count)) for count in counts]),
        Series("transform", "lymphocytes", [(count, transform) for count in counts]),
    ]
    if options.hedos is not None:
        points = [(n, sum(peer(options, "liver 2 Gy, 120 s", n))) for n in (10_000, 100_000)]
        series.append(Series("HEDOS, 0.05 s", "out_of_field", points))
    return "particles", "particles (one organ, 120 s)", series


def against_organs(options: argparse.Namespace) -> Panel:
    names = list(fraction_of(CASES["thorax, 80 s"]).network.names)
    names.sort(key=lambda name: name not in THORAX)
    window = [[0.0, 80.0]]
    chosen = {
        count: fraction_of({"doses_gy": dict.fromkeys(names[:count], 0.5), "windows_s": window})
        for count in (1, 2, 4, 7, 14, 28)
    }
    series = [
        Series(
            "events", "in_field", [(n, events_s(given, 100_000)) for n, given in chosen.items()]
        ),
        Series(
            "transform", "lymphocytes", [(n, transform_s(given)) for n, given in chosen.items()]
        ),
    ]
    if options.hedos is not None:
        walk, seven = peer(options, "thorax, 80 s", 100_000)
        one = seven / len(THORAX)
        points = [(n, walk + n * one) for n in (1, 7)]
        series.append(Series("HEDOS, 0.05 s", "out_of_field", points))
    return "organs", "organs with dose (100,000 particles)", series


def against_fractions() -> Panel:
    liver = fraction_of(CASES["liver 2 Gy, 120 s"])
    counts = (1, 2, 5, 10, 30)
    transform = transform_s(liver)
    return (
        "fractions",
        "fractions (100,000 particles)",
        [
            Series("events", "in_field", [(n, events_s(liver, 100_000, n)) for n in counts]),
            Series("transform", "lymphocytes", [(n, transform) for n in counts]),
        ],
    )


# ---- drawing -------------------------------------------------------------------------------------


def drawn(panels: list[Panel]) -> Scene:
    elements: list[Element] = []
    for number, panel in enumerate(panels):
        elements += panel_elements(LEFT + number * (WIDTH + 40), panel, first=number == 0)
    legend: dict[str, Role] = {one.name: one.color for _, _, series in panels for one in series}
    for number, (name, color) in enumerate(legend.items()):
        x = LEFT + 150 * number
        elements.append(line((x, 22), (x + 24, 22), stroke=color, stroke_width=2))
        elements.append(mark((x + 12, 22), color))
        elements.append(label((x + 32, 26), name))
    return Scene(
        "blood-costs",
        LEFT + len(panels) * (WIDTH + 40),
        TOP + HEIGHT + 50,
        "Time for the dose of blood",
        "Seconds on one thread against particles, organs and fractions; logarithmic.",
        tuple(elements),
    )


def panel_elements(left: float, panel: Panel, *, first: bool) -> list[Element]:
    _, caption, series = panel
    every = [x for one in series for x, _ in one.points]
    low, high = math.log10(min(every)), math.log10(max(every))

    def place(x: float, seconds: float) -> tuple[float, float]:
        across = (math.log10(x) - low) / (high - low)
        up = math.log10(seconds / LOWEST_S) / math.log10(HIGHEST_S / LOWEST_S)
        return left + 12 + across * (WIDTH - 24), TOP + HEIGHT * (1 - up)

    out = [rect((left, TOP, WIDTH, HEIGHT), stroke="rule")]
    for power in range(-4, 3):
        y = place(10**low, 10.0**power)[1]
        out.append(line((left, y), (left + WIDTH, y), stroke="rule", stroke_width=0.5))
        if first:
            out.append(label((left - 6, y + 4), f"{10.0**power:g} s", size_px=11, anchor="end"))
    for x in sorted(set(every)):
        text = f"{x:g}" if x < 1000 else f"10^{math.log10(x):.0f}"
        out.append(label((place(x, 1)[0], TOP + HEIGHT + 16), text, size_px=11, anchor="middle"))
    out.append(label((left + WIDTH / 2, TOP + HEIGHT + 36), caption, anchor="middle"))
    for one in series:
        points = [place(x, seconds) for x, seconds in sorted(one.points)]
        commands = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(path(commands, stroke=one.color, stroke_width=2))
        out += [mark(point, one.color) for point in points]
    return out


def mark(point: tuple[float, float], color: Role) -> Element:
    x, y = point
    if color == "in_field":
        return circle(point, 4, fill=color)
    if color == "lymphocytes":
        return rect((x - 4, y - 4, 8, 8), fill=color)
    return circle(point, 4, fill="panel", stroke=color, stroke_width=2)


if __name__ == "__main__":
    main()
