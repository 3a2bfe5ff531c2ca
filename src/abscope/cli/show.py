"""``abscope show CASE``: the record as readable text."""

from abscope.cli.options import CaseArgument, JsonOption
from abscope.cli.output import answer

__all__ = ["show"]


def show(case: CaseArgument, as_json: JsonOption = False) -> None:
    """Print everything a case has on record.

    Where the source contradicts itself, every version is printed with its place.
    """
    from abscope.case.shelf import open_case
    from abscope.cli.readable import case_lines

    located = open_case(case)
    answer(
        {"file": located.name, "case": located.case.to_plain()},
        lambda: case_lines(located),
        as_json=as_json,
    )
