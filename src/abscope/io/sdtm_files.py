"""The files of an SDTM folder: which holds which domain, and its rows as text by variable."""

import glob
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from abscope.errors import Problem, TableError, UsageError
from abscope.io.dataset_json import read_dataset_json
from abscope.io.delimited import open_delimited
from abscope.io.xport import read_xport

__all__ = ["DOMAINS", "MAX_ROWS", "find_domains", "find_sets", "read_domain"]

DOMAINS = ("TU", "TR", "RS")
#: Largest number of rows of one domain.
MAX_ROWS = 2_000_000
_ENDINGS = (".csv", ".csv.gz", ".xpt", ".json", ".json.gz", ".ndjson", ".ndjson.gz")
_TOKEN = re.compile(r"(?<![a-z])(tu|tr|rs)(?![a-z])")


def find_domains(place: str | os.PathLike[str]) -> dict[str, Path]:
    """Return the file of each domain in a folder, or among the files that a pattern names.

    A pattern has * or ? in it (``trial/*_onco.csv.gz``). The domain is a word of the file name
    (``sdtm_tu_onco.csv``, ``TU.xpt``); where no name has it, the column DOMAIN of the first row.

    Raises:
        UsageError: There is no such folder, TU or TR is missing, or a domain has several files.
    """
    name = os.fspath(place)
    found = _by_domain(_files(name))
    _settle(name, found)
    return {domain: paths[0] for domain, paths in found.items() if paths}


def find_sets(
    place: str | os.PathLike[str],
) -> tuple[dict[str, dict[str, Path]], tuple[Path, ...]]:
    """Return every set of TU, TR and RS in a folder by its name, and the files that fit in none.

    Files belong together when their names differ in the domain only (``sdtm_tu_onco.csv.gz``,
    ``sdtm_tr_onco.csv.gz``). A folder with one file per domain is one set, whatever their names.

    Raises:
        UsageError: There is no such folder, or no set with both TU and TR.
    """
    name = os.fspath(place)
    found = _by_domain(_files(name))
    if all(len(paths) <= 1 for paths in found.values()):
        return {name: find_domains(place)}, ()
    groups: dict[str, dict[str, Path]] = {}
    for domain, paths in found.items():
        for path in paths:
            rest = _TOKEN.sub("*", path.name.lower(), count=1)
            groups.setdefault(rest, {})[domain] = path
    whole = {rest: paths for rest, paths in sorted(groups.items()) if {"TU", "TR"} <= set(paths)}
    if not whole:
        _settle(name, found)
    alone = (path for rest, paths in groups.items() if rest not in whole for path in paths.values())
    return whole, tuple(sorted(alone))


def _files(name: str) -> list[Path]:
    if any(mark in name for mark in "*?["):
        files = sorted(Path(found) for found in glob.glob(name))
    elif not os.path.isdir(name):
        what = "is a file" if os.path.exists(name) else "there is no such folder"
        raise _usage(name, what, "a folder with TU, TR and RS", "Name the folder.")
    else:
        files = sorted(Path(name).iterdir())
    return [file for file in files if file.is_file() and file.name.lower().endswith(_ENDINGS)]


def _by_domain(files: list[Path]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {domain: [] for domain in DOMAINS}
    unnamed = []
    for file in files:
        tokens = _TOKEN.findall(file.name.lower().split(".")[0])
        if tokens:
            found[tokens[0].upper()].append(file)
        else:
            unnamed.append(file)
    for file in unnamed if any(not found[domain] for domain in DOMAINS) else []:
        domain = _declared_domain(file)
        if domain in found and not found[domain]:
            found[domain].append(file)
    return found


def _settle(name: str, found: dict[str, list[Path]]) -> None:
    problems = []
    for domain, paths in found.items():
        if len(paths) > 1:
            listed = ", ".join(path.name for path in paths)
            problems.append(
                Problem(
                    name, f"{len(paths)} files could be {domain}: {listed}",
                    "one file per domain", "Name a pattern, such as 'DIR/*_onco.csv.gz'.",
                )
            )  # fmt: skip
        if not paths and domain != "RS":
            problems.append(
                Problem(
                    name, f"no file holds the domain {domain}", "TU and TR, and RS to compare",
                    "Add it as CSV, XPT or Dataset-JSON with the domain in its name.",
                )
            )  # fmt: skip
    if problems:
        raise UsageError(problems)


def _declared_domain(file: Path) -> str:
    """Return the DOMAIN of the first row of an SDTM dataset, empty for anything else."""
    try:
        _, row = next(read_domain(file), (0, {}))
    except TableError:
        return ""
    return "" if "PARAMCD" in row else row.get("DOMAIN", "").upper()


def read_domain(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the row number (the line in a CSV file) and the values of each row as text.

    Raises:
        UsageError: The file cannot be opened, or XPT needs an extra that is not installed.
        TableError: The file is damaged, too large, or a row does not fit its header.
    """
    kind = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind == "csv":
        yield from _csv_rows(path)
    elif kind == "xpt":
        for number, values in read_xport(path):
            yield number, {key.upper(): _text(value) for key, value in values.items()}
    else:
        dataset = read_dataset_json(path)
        names = [column.name.upper() for column in dataset.columns]
        for number, row in enumerate(dataset.rows, start=1):
            yield number, dict(zip(names, map(_text, row), strict=True))


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with open_delimited(path, max_lines=MAX_ROWS) as table:
        names = [name.strip().upper() for name in table.header]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise TableError(
                Problem(
                    f"{path}:1", f"the column {twice[0]} stands twice", "each column once",
                    "Remove or rename one.",
                )
            )  # fmt: skip
        for line, cells in table.rows:
            if len(cells) != len(names):
                raise TableError(
                    Problem(
                        f"{path}:{line}", f"the row has {len(cells)} of {len(names)} cells",
                        "as many cells as the header", "Was the file cut off? Copy it again.",
                    )
                )  # fmt: skip
            yield line, dict(zip(names, map(str.strip, cells), strict=True))


def _text(value: Any) -> str:
    """Return a value as a CSV file would hold it; 3.0 is 3."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(repr(value) if isinstance(value, float) else value)
        return f"{number:f}" if number % 1 else f"{int(number)}"
    return str(value).strip()


def _usage(where: str, what: str, expected: str, action: str) -> UsageError:
    return UsageError(Problem(where, what, expected, action))
