"""Options of the commands that run the model on a case, each with its one help text."""

from typing import Annotated

import typer

from abscope.errors import Problem, UsageError

__all__ = ["CORE", "DropOption", "HomingOption", "ModelOption", "WithoutOption", "check_model"]

#: The one model that takes the facts of a case.
CORE = "abscope-core"

ModelOption = Annotated[
    str, typer.Option("--model", metavar="NAME", help="The model, ours or one of another group.")
]
HomingOption = Annotated[
    str,
    typer.Option(
        "--homing", metavar="MODE",
        help="How T cells find lesions: lesion, organ, presence or bronchial.",
    ),
]  # fmt: skip
WithoutOption = Annotated[
    list[str] | None,
    typer.Option(
        "--without", metavar="MECHANISM",
        help="Switch a mechanism off, for example low-dose-stroma; may be repeated.",
        show_default=False,
    ),
]  # fmt: skip
DropOption = Annotated[
    list[str] | None,
    typer.Option(
        "--drop", metavar="ID",
        help="Leave out a course or a therapy of the case, for example RT2; may be repeated.",
        show_default=False,
    ),
]  # fmt: skip


def check_model(name: str, *, published: bool = False) -> None:
    """Raise UsageError for a model that is not known, or that takes no case.

    ``published`` says whether models of other groups will do where their form can take a case.
    """
    if name == CORE:
        return
    from abscope.model.families.side_by_side import FAMILIES
    from abscope.model.registry import model_card

    card = model_card(name)
    if published and name in FAMILIES:
        return
    raise UsageError(
        Problem(
            "--model",
            f"'{card.name}' ({card.scope}) has no place for the facts of a case",
            ", ".join((CORE, *FAMILIES)) if published else CORE,
            f"Leave --model out; 'abscope models {card.name}' shows its equations.",
        )
    )
