"""``abscope regimen TEXT``: a one-line regimen, dose by dose."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from abscope.cli.options import JsonOption
from abscope.cli.output import answer, table
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.case.regimen import Dose, Total

__all__ = ["regimen"]

_Text = Annotated[
    str,
    typer.Argument(
        metavar="TEXT",
        help="For example '5 x 4.5 Gy daily from 2018-04-20 skip weekends' or '200 mg q21d x 6'.",
        show_default=False,
    ),
]


def regimen(text: _Text, as_json: JsonOption = False) -> None:
    """Print a one-line regimen dose by dose.

    Each dose is numbered, and dated where the text says when it starts.
    """
    from pydantic_core import PydanticCustomError

    from abscope.case.regimen import expand_regimen, parse_regimen, regimen_totals

    try:
        segments = parse_regimen(text)
        doses = expand_regimen(segments)
    except PydanticCustomError as error:
        said = error.context or {}
        raise UsageError(Problem("TEXT", said["what"], said["expected"], said["action"])) from None
    totals = regimen_totals(segments)
    payload = {
        "text": text,
        "doses": [_dose(dose) for dose in doses],
        "totals": [
            {"label": x.label, "unit": x.unit, "n_doses": x.n_doses, "amount": x.amount}
            for x in totals
        ],
    }
    answer(payload, lambda: _lines(doses, totals), as_json=as_json)


def _dose(dose: "Dose") -> dict[str, Any]:
    return {
        "number": dose.number,
        "label": dose.label,
        "amount": dose.amount,
        "unit": dose.unit,
        "day": dose.day_d,
        "days_since_first": dose.offset_d,
        "date": dose.date.isoformat() if dose.date else None,
    }


def _lines(doses: tuple["Dose", ...], totals: tuple["Total", ...]) -> Iterator[str]:
    rows = [
        (
            str(dose.number),
            dose.date.strftime("%Y-%m-%d %a") if dose.date else "-",
            "-" if dose.day_d is None else f"{dose.day_d:g}",
            "-"
            if dose.offset_d is None or dose.date or dose.day_d is not None
            else f"+{dose.offset_d:g} d",
            f"{dose.amount:g} {dose.unit}",
            dose.label or "-",
        )
        for dose in doses
    ]
    head = ("number", "date", "day", "since first", "dose", "label")
    used = [i for i, name in enumerate(head) if i in (0, 4) or any(row[i] != "-" for row in rows)]
    yield from table(([row[i] for i in used] for row in rows), head=[head[i] for i in used])
    for total in totals:
        label = f"{total.label}: " if total.label else ""
        if total.n_doses is None:
            yield f"{label}the text does not say how many doses; the first is shown"
        else:
            yield f"{label}{total.n_doses} doses, {total.amount:g} {total.unit} in total"
