"""The draws that what-ifs are put to: of a fit to the case, kept or made now, or of the prior."""

from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.fitted import fitted
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.decide.answers import Draws
    from abscope.decide.continuation import WhatIfOptions
    from abscope.infer.fit_run import StoredFit

__all__ = ["DrawsOption", "SeedOption", "check_draws", "draws_of"]

DrawsOption = Annotated[int, typer.Option("--draws", help="How many draws.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the fit and of the draws.")]
_MOST_DRAWS = 5_000


def check_draws(number: int, *, seed: int) -> None:
    """Raise UsageError for a number of draws or a seed outside its range."""
    problems = []
    if not 2 <= number <= _MOST_DRAWS:
        expected = f"2 to {_MOST_DRAWS}"
        problems.append(Problem("--draws", f"{number}", expected, "Choose another number."))
    if not 0 <= seed < 2**32:
        problems.append(Problem("--seed", f"{seed}", "0 to 4294967295", "Choose another."))
    if problems:
        raise UsageError(problems)


def draws_of(
    located: "LocatedCase", kept: "StoredFit | None", *, prior: bool, number: int, seed: int
) -> "tuple[Draws, WhatIfOptions, dict[str, bytes]]":
    """Return the draws, how they are simulated, and the files of a fit that was made for them.

    ``kept`` is the fit that they are of. Raises UsageError for more draws than it has, and as
    `abscope.cli.fitted` does.
    """
    from abscope.decide.answers import Draws
    from abscope.decide.continuation import WhatIfOptions

    if kept is not None:
        kept.posterior.prior(number)
    found = fitted(located, kept, prior=prior, seed=seed)
    options = WhatIfOptions(homing=found.options.homing, switches=found.options.switches)
    if found.posterior is None:
        return Draws.of_prior(number, seed=seed), options, {}
    draws = Draws.of_posterior(found.posterior, number, warnings=found.warnings)
    return draws, options, found.files
