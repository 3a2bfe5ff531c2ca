"""The switches of the response criteria, explicit and stored with every result."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Literal

__all__ = ["Policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the criteria are to be read where protocols differ; the first choice is the default.

    - ``pr_carry_forward``: once PR, a visit that is SD by its sum stays PR until PD (off; on as the
      EORTC FAQ reads it: 100, 70, 70, 80, 80 stays PR).
    - ``cr_then_pr``: after an overall CR anything that is not CR is ``PD`` and raises a query, or
      is taken ``as_observed`` (the R anchor admiralonco does so and warns: its quirks Q1 and Q2).
      A non-target category that the reader stated is kept and only queried.
    - ``treated_target``: a target treated locally is kept, flagged and left out of a second sum
      (``keep``), or is not evaluable from then on (``NE``).
    - ``early_sd``: SD before ``min_sd_d`` counts as ``NE`` or as ``PD`` for the best response.
    - ``min_sd_d``: days from the reference day from which SD counts (6 to 8 weeks are usual).
    - ``confirmation``: whether response, its duration and its time need confirmation.
    - ``confirmation_interval_d``, ``max_ne_between``, ``accept_sd_between``: what confirms a
      response.
    - ``partial_sum_pd``: an incomplete sum that is already too large is PD (the anchor's Q4).
    - ``cr_needs_zero_sum``: read CR only from a sum of 0, as the anchor's ADTR does (Q3); RECIST
      1.1 does not, a node of 7 mm is normal.
    - ``pfs_max_gap_d``: a PD or death later than this after the last evaluable visit is censored
      there; None counts it.
    - ``irecist_min_d``, ``irecist_max_d``, ``irecist_variance_d``: window of confirmation of iUPD;
      the variance is what the protocol allows on either side.
    - ``irecist_reset``: iUPD is undone by an ``improvement``, or by ``any_non_pd``.
    - ``irecist_growth_mm``: growth of a sum since iUPD that confirms it.
    - ``reader``: whose reading is judged; a label.
    """

    pr_carry_forward: bool = False
    cr_then_pr: Literal["PD", "as_observed"] = "PD"
    treated_target: Literal["keep", "NE"] = "keep"
    early_sd: Literal["NE", "PD"] = "NE"
    min_sd_d: float = 42.0
    confirmation: bool = True
    confirmation_interval_d: float = 28.0
    max_ne_between: int = 1
    accept_sd_between: bool = False
    partial_sum_pd: bool = True
    cr_needs_zero_sum: bool = False
    pfs_max_gap_d: float | None = None
    irecist_min_d: float = 28.0
    irecist_max_d: float = 56.0
    irecist_variance_d: float = 0.0
    irecist_reset: Literal["improvement", "any_non_pd"] = "improvement"
    irecist_growth_mm: Decimal = Decimal(5)
    reader: str = "investigator"

    def to_dict(self) -> dict[str, Any]:
        """Return the switches by name, sizes as text, for storing with a result."""
        plain = asdict(self)
        plain["irecist_growth_mm"] = str(self.irecist_growth_mm)
        return plain
