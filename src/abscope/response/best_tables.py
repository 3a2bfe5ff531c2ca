"""Best responses per reader and set of criteria, from the rows of a table of time points."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from abscope.errors import Problem, ProtocolError
from abscope.response.switches import read_switches
from abscope.response.tables import TimepointLike, assessments, dates_by_subject
from abscope.response.timepoints import EndpointTable, TableOptions, best_table

__all__ = ["BEST_COLUMNS", "BestTable", "best_tables", "endpoint_rows"]

BEST_COLUMNS = ("USUBJID", "RSEVAL", "RSCAT", "PARAMCD", "AVALC", "ADT")


@dataclass(frozen=True, slots=True)
class BestTable:
    """The endpoints of one reader by one set of criteria, with the options used."""

    reader: str
    criteria: str
    table: EndpointTable
    options: dict[str, Any]


def best_tables(
    rows: Iterable[TimepointLike], *, switches: Iterable[str] = ()
) -> tuple[BestTable, ...]:
    """Return one table per reader and set of criteria, in the order of their first rows.

    Raises:
        UsageError: A switch that is unknown or has a wrong value.
        ProtocolError: A subject without a reference date, with two, or with two responses on one
            date; all at once.
    """
    given = tuple(rows)
    values = read_switches(switches, of=TableOptions, where="--option")
    reference = dates_by_subject(given, event="reference")
    new_therapy = dates_by_subject(given, event="new_therapy")
    lacking = {row.subject: row for row in given if row.subject not in reference}
    problems = [
        Problem(
            f"{row.file}:{row.row}",
            f"{subject} has no reference date",
            "the day from which stable disease counts: randomization or start of treatment",
            "Fill the column 'reference' in one row of the subject.",
        )
        for subject, row in lacking.items()
    ]
    if problems:
        raise ProtocolError(problems)
    out: list[BestTable] = []
    for reader, criteria in dict.fromkeys((row.reader, row.criteria) for row in given):
        options = TableOptions(**{**values, "criteria": criteria})
        try:
            table = best_table(
                assessments(given, criteria=criteria, reader=reader),
                reference=reference,
                new_therapy=new_therapy,
                options=options,
            )
        except ProtocolError as error:
            problems += error.problems
            continue
        out.append(BestTable(reader, criteria, table, {"reader": reader, **options.to_dict()}))
    if problems:
        raise ProtocolError(problems)
    return tuple(out)


def endpoint_rows(found: BestTable) -> tuple[dict[str, Any], ...]:
    """Return the endpoints as rows with the columns `BEST_COLUMNS`."""
    return tuple(
        {
            "USUBJID": item.subject,
            "RSEVAL": found.reader,
            "RSCAT": found.criteria,
            "PARAMCD": item.parameter,
            "AVALC": item.value,
            "ADT": item.date,
        }
        for item in found.table.endpoints
    )
