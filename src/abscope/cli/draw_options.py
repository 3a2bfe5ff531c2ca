"""The draws that what-ifs are put to: of a fit to the case, kept or made now, or of the prior."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from abscope.cli.fitted import fitted
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.reader import LocatedCase
    from abscope.decide.answers import Draws
    from abscope.decide.continuation import WhatIfOptions
    from abscope.infer.run_folder import RunFolder

__all__ = ["DrawsOption", "SeedOption", "draws_of"]

DrawsOption = Annotated[int, typer.Option("--draws", help="How many draws.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the fit and of the draws.")]
_MOST_DRAWS = 5_000


def draws_of(
    located: "LocatedCase", *, run: Path | None, prior: bool, number: int, seed: int
) -> "tuple[Draws, WhatIfOptions, RunFolder | None]":
    """Return the draws, how they are simulated, and the kept fit that they are of.

    Raises UsageError for numbers outside their range, and as `abscope.cli.fitted` does.
    """
    from abscope.decide.answers import Draws
    from abscope.decide.continuation import WhatIfOptions

    problems = []
    if not 2 <= number <= _MOST_DRAWS:
        expected = f"2 to {_MOST_DRAWS}"
        problems.append(Problem("--draws", f"{number}", expected, "Choose another number."))
    if not 0 <= seed < 2**32:
        problems.append(Problem("--seed", f"{seed}", "0 to 4294967295", "Choose another."))
    if problems:
        raise UsageError(problems)
    found = fitted(located, run=run, prior=prior, seed=seed)
    options = WhatIfOptions(homing=found.options.homing, switches=found.options.switches)
    if found.posterior is None:
        return Draws.of_prior(number, seed=seed), options, None
    draws = Draws.of_posterior(found.posterior, number, warnings=found.warnings)
    return draws, options, found.folder
