"""Writes docs/explanation/model.md and docs/images/model.svg from the declaration of the model.

    python docs/model_page.py

A test compares both with what this module returns, so they cannot drift apart.
"""

from pathlib import Path

from abscope.model.core_card import CARD
from abscope.model.couplings import couplings
from abscope.model.model_page import model_markdown
from abscope.model.system import core_system

__all__ = ["diagram", "edges", "page"]

HERE = Path(__file__).parent
PAGE, PICTURE = HERE / "explanation" / "model.md", HERE / "images" / "model.svg"

#: Node of the picture -> (words, center, states); the arrows come from the rules.
NODES: dict[str, tuple[str, tuple[int, int], str]] = {
    "stroma": ("suppressive stroma", (100, 120), "stroma"),
    "signal": ("innate signal", (392, 180), "signal"),
    "tumor": ("tumor: viable, dead, scar", (100, 300), "viable doomed debris scar"),
    "dying": ("dying tumor", (296, 300), ""),
    "killing": ("killing", (230, 180), ""),
    "pdl1": ("PD-L1", (95, 470), "pdl1"),
    "tcells": ("effectors, exhausted", (270, 470), "effector exhausted"),
    "arrival": ("arrival by blood", (415, 410), ""),
    "antigen": ("antigen in nodes", (610, 210), "antigen"),
    "priming": ("naive and primed cells", (830, 260), "naive primed_1 primed_2 primed_3"),
    "circulating": ("effectors in blood", (610, 390), "circulating"),
    "memory": ("memory", (830, 420), "memory"),
    "lymphocytes": ("lymphocytes", (830, 120), "blood lymphoid"),
    "pd1": ("anti-PD-1", (610, 495), "pd1_blood pd1_tissue pd1_days"),
    "ctla4": ("anti-CTLA-4", (610, 110), "ctla4_blood ctla4_tissue ctla4_days"),
}
NAMED = {r"\kappa": "killing", r"\delta": "dying", r"\phi": "arrival"}
WIDE, HIGH = 64, 21

HEAD = """\
# The model

<!-- Written by docs/model_page.py. Change the mechanisms, then run it again. -->

`abscope-core` follows every lesion of one patient at once. Lesions meet only through the body: one
that dies sends antigen to the nodes, the nodes send T cells into the blood, and the blood brings
them to every lesion. Each mechanism is one file of `abscope.model` and can be switched off; what is
off equals the simpler model. Research use only.

![What acts on what in abscope-core](../images/model.svg)

Arrows are read off the equations below by the program. Boxes without a frame are rates that several
equations share. A dot marks what a fraction of radiotherapy changes at once.

## What it is set to, and what not

The values are a proposal, fitted to no patient. Each value that was set to something says so in its
note, and [calibration](calibration.md) says which published rates were used for it and which only
judge it. In short:

- Untreated lesions of 1 to 20 ml grow in every organ and under every mode of homing, alone and
  several together, at the center of the prior; so do all lesions of 97 or more of 100 draws for the
  founding cases. T cells that are there before treatment are held by PD-L1.
- Of patients with mixed tumors one of six responds to a drug against PD-1 alone. What patients
  differ in most is how many naive T cells know the tumor: most have next to none, and radiation
  primes nothing in them.
- Irradiated lesions are a fifth shorter in the mean 12 weeks after 45 Gy in 3: what large doses
  kill leaves a scar, and cells without oxygen survive.

Orderings that were published and hold at the center of the prior, as tests: 8 Gy three times is
better out of field than 20 Gy once, which is as good as nothing; without the innate signal nothing
is left of it; dose to nodes and to lymphocytes costs the abscopal effect; a low dose helps a lesion
by its stroma.

## Choices that change the answer

- **Homing.** `lesion`: every ml of lesion gets the same blood. `organ`: a lesion is perfused as its
  organ is. `presence`: organs share the T cells, whatever the volume. `bronchial`: as `organ`, with
  lesions of the lung on the bronchial arteries. For lesions of 20, 110, 80 and 90 ml in lung,
  marrow, axilla and chest wall the two nodules of the lung get 0.067, 0.655, 0.857 or 0.045 of the
  T cells. A published reckoning has 0.656 and 0.046 for the second and fourth: with 1000 ml of lung
  and of marrow, 200 ml of nodes and 28 l of muscle ours gives these digits too. Modes differ in who
  gets the cells; a factor lets each keep as many in that patient.
- **Growth.** Exponential, logistic, generalized logistic (default) or Gompertz; the rate is stated
  at 10 ml under all of them.
- **Survival.** LQ, or straight above a transition dose (LQ-L, default).
- **Before the start** the lesions grow untreated for a year with the immune system, and are then
  set to the recorded volumes. A run-in of 0 begins with an immune system that never saw the tumor.

## What a case brings

- **Doses.** A record's words become doses by stated priors. With `--dose` each lesion has the
  histogram of its region in the plan: eight parts of equal volume, each with the dose that kills as
  the part does in that draw, so that a cold spot keeps the cells it keeps. Blood, nodes and
  lymphoid tissue get the doses of the organs. Outside the dose grid a dose stays a guess.
- **Boosts.** A boost inside the fractions doses the share of the lesion that the record tells
  (`part_frac`), else a drawn one. A boost that follows, or a phase with later days, has its own
  fractions.
- **Transfusions.** Red cells come without leukocytes and their volume is balanced within a day: on
  record they change nothing, and are told. Lymphocytes that stay (the patient's own, or of a match)
  are an event of a patient of the model: cells over the blood volume raise the count, effectors
  among them join those in blood.
- **Other treatments of the same draws.** `abscope.model.case_draws.CaseDraws` draws lesions,
  parameters and start once; every treatment of them differs in nothing else. `--drop` and
  `--without` are shown against everything, draw by draw.
- **Back to a record.** A simulated patient becomes a case with scans, lymphocyte counts, drug
  levels and, if asked, PET: SULpeak follows the share of a lesion that is viable. Inflammation is
  not in the model, so a flare is not either.
- **Models of other groups.** Five take a case (`--model`), say what they leave out, and keep their
  own numbers, mostly of mice: compare directions with ours, not sizes
  (`abscope.model.families.side_by_side.families`).

## What holds exactly

Two halves of a lesion (each with `part` 0.5 and the doses of the whole) do what the whole does, in
all four modes. The order of lesions, padding and a shift of time change nothing. A lesion of volume
0 stays so until it is seeded. Volume that leaves viable tumor is in doomed tumor, debris or scar,
drug is in blood or tissue, lymphocytes are in blood or tissue, to 1e-9, where nothing is cleared or
made.

"""


def edges() -> list[tuple[str, str]]:
    """Return the arrows of the picture, from node to node, found in the rules."""
    place = {state: node for node, (_, _, states) in NODES.items() for state in states.split()}
    found = couplings(core_system(), through=NAMED)
    arrows = {
        (place.get(one.source, one.source), place.get(one.target, one.target))
        for one in found
        if not one.event
    }
    return sorted(arrow for arrow in arrows if arrow[0] != arrow[1])


def _irradiated() -> set[str]:
    hit = {one.target for one in couplings(core_system()) if one.event and one.source == "fraction"}
    return {node for node, (_, _, states) in NODES.items() if hit & set(states.split())}


def _border(center: tuple[float, float], toward: tuple[float, float]) -> tuple[float, float]:
    """Return where the way from the center leaves the box."""
    dx, dy = toward[0] - center[0], toward[1] - center[1]
    share = min(WIDE / abs(dx) if dx else 9.0, HIGH / abs(dy) if dy else 9.0)
    return center[0] + share * dx, center[1] + share * dy


def _arrow(source: str, target: str) -> str:
    a, b = NODES[source][1], NODES[target][1]
    bend = 0.14  # both directions of a pair stay apart
    middle = (
        (a[0] + b[0]) / 2 - bend * (b[1] - a[1]),
        (a[1] + b[1]) / 2 + bend * (b[0] - a[0]),
    )
    start, end = _border(a, middle), _border(b, middle)
    numbers = [f"{value:.1f}" for point in (start, middle, end) for value in point]
    path = "M {} {} Q {} {} {} {}".format(*numbers)
    return f'<path d="{path}" class="way" marker-end="url(#head)"/>'


def _box(node: str, hit: bool) -> list[str]:
    words, (x, y), states = NODES[node]
    head, _, tail = words.partition(": ") if ": " in words else words.partition(" ")
    lines = [head, tail] if len(words) > 14 and tail else [words]
    kind = "state" if states else "rate"
    out = [
        f'<rect x="{x - WIDE}" y="{y - HIGH}" width="{2 * WIDE}" height="{2 * HIGH}" rx="6" '
        f'class="{kind}"/>'
    ]
    first = y + 4 - 7 * (len(lines) - 1)
    out += [f'<text x="{x}" y="{first + 14 * k}">{line}</text>' for k, line in enumerate(lines)]
    if hit:
        out.append(f'<circle cx="{x + WIDE - 2}" cy="{y - HIGH + 2}" r="6" class="hit"/>')
    return out


def diagram() -> str:
    """Return the picture of what acts on what, as SVG."""
    hit = _irradiated()
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 560" role="img" '
        'font-family="sans-serif" font-size="12" text-anchor="middle">',
        "<title>What acts on what in abscope-core</title>",
        "<style>.state{fill:#fff;stroke:#34495e;stroke-width:1.4}.rate{fill:#eef2f5;stroke:none}"
        ".way{fill:none;stroke:#5d7388;stroke-width:1.3}.hit{fill:#d55e00}"
        ".room{fill:#f8fafb;stroke:#c3ccd4}text{fill:#1c2833}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M 0 0 L 8 4 L 0 8 z" fill="#5d7388"/></marker>'
        "</defs>",
        '<rect width="920" height="560" fill="#fff"/>',
        '<rect x="20" y="50" width="468" height="480" rx="10" class="room"/>',
        '<rect x="520" y="50" width="384" height="480" rx="10" class="room"/>',
        '<text x="254" y="76" font-weight="bold">each lesion</text>',
        '<text x="712" y="76" font-weight="bold">the body</text>',
        '<circle cx="30" cy="26" r="6" class="hit"/>',
        '<text x="44" y="30" text-anchor="start">changed at once by a fraction</text>',
        *(_arrow(source, target) for source, target in edges()),
        *(line for node in NODES for line in _box(node, node in hit)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def page() -> str:
    """Return the page: what the model is, its picture, equations and numbers."""
    return HEAD + model_markdown(CARD)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(diagram(), encoding="utf-8")
    print(f"written: {PAGE}, {PICTURE}")
