"""Several scenarios asked of one case: the sessions that they need, and what came of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from abscope.case.record import Case
from abscope.decide.compare import Comparison, compare
from abscope.decide.continuation import WhatIfOptions
from abscope.decide.scenario import Scenario
from abscope.decide.session import WhatIf
from abscope.errors import UsageError
from abscope.infer.posterior import Posterior
from abscope.model.prior_draws import PriorDraws
from abscope.model.routes import Homing

__all__ = ["Answers", "Draws", "Sessions", "ask", "sessions_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The draws that a question is put to; ``fitted`` where the data of the case made them.

    ``words`` says where they come from; ``warnings`` what speaks against them, to be shown first.
    """

    make: Callable[[int], PriorDraws]
    n: int
    seed: int
    fitted: bool
    words: str
    warnings: tuple[str, ...] = ()

    @property
    def prior(self) -> PriorDraws:
        """Return the draws."""
        return self.make(self.n)

    @classmethod
    def of_prior(cls, draws: int, *, seed: int) -> "Draws":
        """Return draws of the prior alone."""
        words = (
            f"{draws} draws from the prior, seed {seed}: no scan or count after the start is used"
        )
        return cls(lambda n: PriorDraws(n, seed=seed), draws, seed, False, words)

    @classmethod
    def of_posterior(
        cls, posterior: Posterior, draws: int, *, warnings: Sequence[str] = ()
    ) -> "Draws":
        """Return draws of a fit; ``warnings`` say what speaks against it.

        Raises UsageError for more draws than the fit has.
        """
        words = f"{draws} draws of the fit to this case ({posterior.method}, seed {posterior.seed})"
        posterior.prior(draws)
        return cls(posterior.prior, draws, posterior.seed, True, words, tuple(warnings))


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The comparisons of a case in the order of the scenarios.

    ``refused`` has the scenarios of a standard set that the case has no place for, with the reason.
    """

    case_id: str
    draws: Draws
    homing: Homing
    comparisons: tuple[Comparison, ...]
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Sessions of one case: on the draws, on the prior alone, with other modes of homing."""

    main: WhatIf
    prior: WhatIf | None
    homing: tuple[WhatIf, ...]


def sessions_of(
    case: Case, draws: Draws, *, options: WhatIfOptions | None = None, all_homing: bool = False
) -> Sessions:
    """Return the sessions of a question: on the draws, on the prior, with other modes of homing."""
    options = options or WhatIfOptions()
    alone = PriorDraws(draws.n, seed=draws.seed) if draws.fitted else None
    modes = [mode for mode in get_args(Homing) if mode != options.homing] if all_homing else []
    return Sessions(
        main=WhatIf(case, draws.prior, options=options),
        prior=None if alone is None else WhatIf(case, alone, options=options),
        homing=tuple(
            WhatIf(case, draws.prior, options=replace(options, homing=mode)) for mode in modes
        ),
    )


def ask(
    case: Case,
    scenarios: Sequence[Scenario],
    *,
    draws: Draws,
    sessions: Sessions | None = None,
    standard: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Answers:
    """Return what scenarios would have done.

    With ``standard`` a scenario that the case has no place for is left out and named, else it
    raises UsageError. ``progress`` is told how many of how many are done.
    """
    found = sessions or sessions_of(case, draws)
    comparisons, refused = list[Comparison](), list[tuple[str, str]]()
    for done, scenario in enumerate(scenarios):
        if progress is not None:
            progress(done, len(scenarios))
        try:
            comparisons.append(
                compare(found.main, scenario, prior=found.prior, homing=found.homing)
            )
        except UsageError as error:
            if not standard:
                raise
            refused.append((scenario.name, "; ".join(problem.what for problem in error.problems)))
    if progress is not None:
        progress(len(scenarios), len(scenarios))
    return Answers(case.id, draws, found.main.options.homing, tuple(comparisons), tuple(refused))
