"""Tables of many patients: lesions of a flat CSV, SDTM folders, adjudicated time points."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abscope.cli.output import answer, table
from abscope.errors import Problem, UsageError

if TYPE_CHECKING:
    from abscope.response.policy import Policy
    from abscope.response.table_assessment import Criteria, TableAssessment

__all__ = ["assess_lesions", "assess_sdtm", "criteria_of", "write_tables"]

_MOST_LINES = 40

_Tables = Mapping[str, tuple[Sequence[str], Sequence[Mapping[str, Any]]]]


def criteria_of(name: str) -> "Criteria":
    """Return a set of criteria by name. Raises UsageError for any other name."""
    from abscope.response.table_assessment import CRITERIA

    for known in CRITERIA:
        if name == known:
            return known
    raise UsageError(
        Problem(
            "--criteria", f"'{name}' is not known", f"one of {', '.join(CRITERIA)}", "Correct it."
        )
    )


def assess_lesions(
    file: str,
    *,
    reading: tuple[str, Sequence[str]],
    policy: "Policy",
    folders: tuple[Path | None, Path | None],
    switches: Mapping[str, bool],
) -> None:
    """Adjudicate every subject of a flat lesion table and print or write the results.

    ``reading`` names the criteria and the readers (none: the usual names), ``folders`` take the
    tables and the figures. ``switches``: ``force``, ``as_json``,
    ``sizes_checked``, ``leave_out``, ``parquet``.
    """
    from abscope.io.lesion_table import READERS, read_lesion_table
    from abscope.response.plain import plain
    from abscope.response.table_assessment import assess_records
    from abscope.response.tables import patient_records

    checked = switches["sizes_checked"]
    criteria, readers = criteria_of(reading[0]), reading[1] or READERS
    rows = read_lesion_table(
        file,
        readers=readers,
        bad_rows="leave_out" if switches["leave_out"] else "refuse",
        sizes_checked=checked,
    )
    records = patient_records(rows.rows, sizes_checked=checked)
    found = assess_records(records, criteria=criteria, policy=policy)
    written = write_tables(folders[0], _result_tables(found), switches=switches)
    written += _write_figures(folders[1], found, force=switches["force"])
    payload = {
        "file": file,
        "criteria": criteria,
        "policy": policy.to_dict(),
        "counts": {
            "rows_in": rows.n_rows,
            "rows_used": len(rows.rows),
            "rows_left_out": len(rows.left_out),
            "readings": len(found.subjects),
        },
        "left_out": [problem.to_dict() for problem in rows.problems],
        "ignored_columns": list(rows.ignored_columns),
        "written": written,
        "subjects": [_subject(plain(item)) for item in found.subjects],
    }
    answer(
        payload, lambda: _lines(found, payload["counts"], rows.problems, written),
        as_json=switches["as_json"],
    )  # fmt: skip


def _write_figures(folder: Path | None, found: "TableAssessment", *, force: bool) -> list[str]:
    from abscope.case.files import write_files
    from abscope.report.cohort import cohort_figures

    if folder is None:
        return []
    contents: dict[Path, str | bytes] = {}
    for name, figure in cohort_figures(found).items():
        contents[folder / f"cohort-{name}.svg"] = figure.svg()
        contents[folder / f"cohort-{name}.png"] = figure.png()
    write_files(contents, force=force, folder=folder)
    return [str(path) for path in contents]


def _subject(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "subject": item["subject"],
        "reader": item["reader"],
        "visits": [{"visit": visit, "overall": overall} for visit, overall in item["visits"]],
        "best": item["outcome"]["best"],
        "confirmed_best": item["outcome"]["confirmed_best"],
        "best_change_frac": item["best_change_frac"],
        "pfs": item["outcome"]["pfs"],
        "dor": item["outcome"]["dor"],
        "ttr_d": item["outcome"]["ttr_d"],
        "signals": item["outcome"]["signals"],
    }


def _lines(
    found: "TableAssessment",
    counts: Any,
    problems: Sequence[Problem],
    written: Sequence[str],
) -> Iterator[str]:
    shown = found.subjects[:_MOST_LINES]
    yield from table(
        (
            (
                item.subject,
                item.reader,
                " ".join(f"{visit}:{overall}" for visit, overall in item.visits),
                item.outcome.best.response,
                item.outcome.confirmed_best.response,
            )
            for item in shown
        ),
        head=("subject", "reader", "visits", "best", "confirmed"),
    )
    if len(found.subjects) > len(shown):
        yield f"... and {len(found.subjects) - len(shown)} more; write them with --output DIR"
    yield from (f"left out: {problem}" for problem in problems)
    yield (
        f"rows in {counts['rows_in']}, used {counts['rows_used']}, "
        f"left out {counts['rows_left_out']}; readings {counts['readings']}"
    )
    yield from (f"{name}: written" for name in written)


def _result_tables(found: "TableAssessment") -> _Tables:
    from abscope.response.result_tables import ADRS_COLUMNS, ADTR_COLUMNS, ADTTE_COLUMNS

    tables = {"adrs": (ADRS_COLUMNS, found.adrs), "adtte": (ADTTE_COLUMNS, found.adtte)}
    return {**tables, "adtr": (ADTR_COLUMNS, found.adtr)} if found.adtr else tables


def write_tables(
    output: Path | None, tables: _Tables, *, switches: Mapping[str, bool]
) -> list[str]:
    """Write tables into a folder that is made where it is missing; return the names written."""
    from abscope.io.table_files import write_table

    if output is None:
        return []
    ending = ".parquet" if switches["parquet"] else ".csv"
    paths = {name: output / f"{name}{ending}" for name in tables}
    taken = [path for path in paths.values() if path.exists() and not switches["force"]]
    if taken:
        raise UsageError(
            Problem(str(path), "the file exists", "a new name", "Add --force to replace it.")
            for path in taken
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            Problem(str(output), f"cannot be made ({error.strerror})", "a folder", "Name another.")
        ) from error
    for name, (columns, rows) in tables.items():
        write_table(paths[name], columns, rows, force=switches["force"])
    return [str(path) for path in paths.values()]


def assess_sdtm(
    place: Path, *, policy: "Policy", output: Path | None, switches: Mapping[str, bool]
) -> None:
    """Recompute what an SDTM folder submitted, list each difference, compare the readers.

    A folder may hold several sets of TU, TR and RS; each is read on its own.
    """
    from abscope.io.sdtm_files import find_sets

    sets, alone = find_sets(place)
    read = []
    for name, paths in sets.items():
        folder = output
        if output is not None and len(sets) > 1:
            folder = output / name.split(".")[0].replace("*", "sdtm")
        read.append(_sdtm_set(name, paths, policy=policy, output=folder, switches=switches))
    payload = {
        "policy": policy.to_dict(),
        "sets": read,
        "counts": {key: sum(item["counts"][key] for item in read) for key in read[0]["counts"]},
        "not_read": [str(path) for path in alone],
    }
    answer(payload, lambda: _sdtm_lines(payload), as_json=switches["as_json"])


def _sdtm_set(
    name: str,
    paths: Mapping[str, Path],
    *,
    policy: "Policy",
    output: Path | None,
    switches: Mapping[str, bool],
) -> dict[str, Any]:
    from abscope.io.sdtm import read_domains
    from abscope.response.agreement import reader_agreement
    from abscope.response.consistency import check_consistency
    from abscope.response.plain import plain
    from abscope.response.result_tables import DIFFERENCE_COLUMNS, difference_rows
    from abscope.response.submitted import submitted_records
    from abscope.response.table_assessment import assess_records

    given = read_domains(paths)
    found = check_consistency(given.tumors, given.results, given.responses)
    records = submitted_records(given.tumors, given.results, given.responses)
    results = assess_records(records, criteria="recist", policy=policy)
    tables = {
        **_result_tables(results),
        "differences": (DIFFERENCE_COLUMNS, difference_rows(found)),
    }
    return {
        "set": name,
        "files": given.files,
        "readers": list(given.readers),
        "consistency_policy": found.policy.to_dict(),
        "counts": {
            **found.counts,
            "readings": found.n_readings,
            "target_scored": found.n_target_scored,
            "overall_evaluable": found.n_overall_evaluable,
            "overall_not_comparable": found.n_overall_not_comparable,
            "not_scored": found.n_not_scored,
            "repeated_rows": len(given.repeats),
        },
        "differences": plain(difference_rows(found)),
        "agreement": [_agreement(item) for item in reader_agreement(given.responses)],
        "written": write_tables(output, tables, switches=switches),
    }


def _agreement(item: Any) -> dict[str, Any]:
    pairs = [{"first": a, "second": b, "visits": n} for (a, b), n in sorted(item.pairs.items())]
    names = ("readers", "test", "n_visits", "n_single", "observed_frac", "expected_frac")
    return {**{name: getattr(item, name) for name in names}, "kappa": item.kappa, "pairs": pairs}


def _sdtm_lines(payload: Mapping[str, Any]) -> Iterator[str]:
    for item in payload["sets"]:
        yield f"{item['set']}: {', '.join(item['files'].values())}"
        for row in item["differences"][:_MOST_LINES]:
            who = f"{row['subject']} {row['reader']} {row['visit']}"
            yield f"  {row['where']}: {who}: {row['text']}"
        more = len(item["differences"]) - _MOST_LINES
        if more > 0:
            yield f"  ... and {more} more; write them with --output DIR"
        for name, count in item["counts"].items():
            yield f"  {name.replace('_', ' ')}: {count}"
        for pair in item["agreement"]:
            kappa = "not defined" if pair["kappa"] is None else f"{pair['kappa']:.3f}"
            yield (
                f"  {' and '.join(pair['readers'])}: {pair['n_visits']} visits, "
                f"agreement {pair['observed_frac']:.1%}, kappa {kappa}"
            )
        yield from (f"{name}: written" for name in item["written"])
    yield from (f"not read, it belongs to no set with TU and TR: {n}" for n in payload["not_read"])
