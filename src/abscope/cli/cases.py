"""``abscope cases``: the library of published cases."""

from abscope.cli.options import JsonOption
from abscope.cli.output import answer, table

__all__ = ["cases"]


def cases(as_json: JsonOption = False) -> None:
    """List the published cases that come with abscope."""
    from abscope.case.shelf import library_names, open_case
    from abscope.report.words import brief

    rows = []
    for name in library_names():
        case = open_case(name).case
        tumor = brief(case.diagnosis.tumor_type) or brief(case.diagnosis.tumor)
        rows.append(
            {
                "id": name,
                "title": case.title,
                "kind": case.kind,
                "tumor": tumor or None,
                "doi": case.source.doi,
                "lesions": len(case.lesions),
            }
        )
    head = ("id", "tumor", "doi", "title")
    answer(
        {"cases": rows},
        lambda: table(([str(row[key] or "-") for key in head] for row in rows), head=head),
        as_json=as_json,
    )
