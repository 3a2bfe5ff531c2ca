"""Writes docs/explanation/published-models.md from the declarations of the models.

    python docs/published_models_page.py

A test compares the page with what this module returns, so the two cannot drift apart.
"""

from pathlib import Path

from abscope.model.model_page import model_markdown
from abscope.model.registry import model_cards

__all__ = ["page"]

PAGE = Path(__file__).parent / "explanation" / "published-models.md"

HEAD = """\
# Published models

<!-- Written by docs/published_models_page.py. Change the declarations, then run it again. -->

Models of other groups that abscope runs beside its own, so that a question can be put to several.
Each is declared once; the equations below are printed from that declaration, the numbers come from
the catalog. None is calibrated to patients of abscope, and most were made for mice. Research use
only. `abscope models NAME` prints the same for one model.

What reproduces their published or recomputed numbers:

- `kuznetsov1994`: the four equilibria (no tumor, dormancy at 8.186e6, saddle at 2.680e8, escape at
  4.470e8 cells), to all digits.
- `walker2018`: two equal sites behave as one, 7.914e6 cells at 800 d; with 0.7 of the recruits to
  one site the other escapes at 4.41e8. Within 3e-5, because recruits need 40 s on their way.
- `kosinsky2018`: volumes of the typical animal in three arms, to 0.1 %; responders of 24 animals:
  radiation 8 %, antibody 12 %, both 62 %, antibody 5 d late 50 %, 12 d late 33 %, 10 Gy once 33 %.
- `serre2016`: volume 20, 40 and 60 d after 10 Gy to none, half and all of the tumor, to all digits.
- `friedrich2022`: abscopal tumor at 10, 20, 30, 50 d in five arms, to all digits; 1e-12 from the
  public code.
- drugs: half-lives, first and steady troughs, occupancy, its fall after the last dose (below 90 %
  after 89 d, below 50 % after 171 d), to all digits.
- `jin2020`: alpha 0.40 /Gy is recovered from made-up counts; the traffic of the print is not known.

The share of responders depends on how a responder is defined: 10 Gy with the antibody has 79 % at
day 40 and 29 % at day 50. The 33 % of 10 Gy alone lie above the 0 to 27 % that the print states for
single treatments. In `walker2018` the sign of the resection effects of the print is not reproduced,
for want of its rates.
"""


def page() -> str:
    """Return the page: what is reproduced, then every published model."""
    cards = [card for card in model_cards().values() if not card.name.startswith("abscope")]
    return "\n".join([HEAD, *(model_markdown(card) for card in cards)])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE}")
