"""Dataset-JSON 1.1 of CDISC, read and written: one dataset per file, as JSON or as NDJSON.

A JSON file is one object with metadata, ``columns`` and ``rows``; an NDJSON file has the metadata
in its first line and one row in each further line. Source of the rules: the published schema of
version 1.1 (CDISC, 2024-12-05).
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from abscope.case.files import write_text
from abscope.errors import Problem, TableError
from abscope.io.delimited import open_bytes

__all__ = [
    "DATA_TYPES", "VERSION", "Dataset", "DatasetColumn", "read_dataset_json", "write_dataset_json",
]  # fmt: skip

VERSION = "1.1.0"
DATA_TYPES = (
    "string", "integer", "decimal", "float", "double", "boolean", "datetime", "date", "time", "URI",
)  # fmt: skip

_REQUIRED = {
    "datasetJSONCreationDateTime": str, "datasetJSONVersion": str, "itemGroupOID": str,
    "records": int, "name": str, "label": str, "columns": list,
}  # fmt: skip
_OPTIONAL = {
    "rows", "dbLastModifiedDateTime", "fileOID", "isReferenceData", "metaDataRef",
    "metaDataVersionOID", "originator", "sourceSystem", "studyOID",
}  # fmt: skip
_COLUMN_REQUIRED = ("itemOID", "name", "label", "dataType")
_COLUMN_OPTIONAL = {"targetDataType", "length", "displayFormat", "keySequence"}
_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?"
    r"([+-]([01]\d|2[0-3]):[0-5]\d|Z)?"
)
_TEXTUAL = {"string", "decimal", "datetime", "date", "time", "URI"}


@dataclass(frozen=True, slots=True)
class DatasetColumn:
    """One variable: its name, label and type (`DATA_TYPES`), as the dataset declares it."""

    name: str
    label: str
    data_type: str
    item_oid: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset: name, label, columns, and rows of values in the order of the columns."""

    name: str
    label: str
    columns: tuple[DatasetColumn, ...]
    rows: tuple[tuple[Any, ...], ...]


def read_dataset_json(path: str | os.PathLike[str]) -> Dataset:
    """Return a dataset from a .json or .ndjson file, plain or gzipped.

    Numbers keep their written digits (Decimal). Whether a file is NDJSON is told by its content.

    Raises:
        UsageError: There is no readable file of this name.
        TableError: The file is no Dataset-JSON 1.1, with everything that breaks the schema.
    """
    name = os.fspath(path)
    with open_bytes(path) as stream:
        data = stream.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refuse(f"{name}:{line}", "the text is not UTF-8") from None
    if not text.strip():
        raise _refuse(name, "the file is empty")
    meta, rows = _split(name, text)
    problems = [*_metadata(name, meta)]
    if problems:
        raise TableError(problems)
    columns = tuple(
        DatasetColumn(c["name"], c["label"], c["dataType"], c["itemOID"]) for c in meta["columns"]
    )
    problems += _rows(name, columns, rows)
    if meta["records"] != len(rows):
        problems.append(
            _problem(
                name, f"records says {meta['records']}, but there are {len(rows)} rows",
                "as many rows as records", "Was the file cut off? Copy it again.",
            )
        )  # fmt: skip
    if problems:
        raise TableError(problems[:50])
    return Dataset(meta["name"], meta["label"], columns, tuple(tuple(row) for row in rows))


def write_dataset_json(
    path: str | os.PathLike[str], dataset: Dataset, *, force: bool, created: datetime | None = None
) -> None:
    """Write a dataset as Dataset-JSON 1.1, as NDJSON where the name ends in .ndjson.

    ``created`` is the time that the file gives as its creation (now where None). Raises UsageError
    where the file exists and ``force`` is false, TableError where a row breaks the columns.
    """
    name = os.fspath(path)
    moment = (created or datetime.now(UTC)).replace(microsecond=0).isoformat()
    meta: dict[str, Any] = {
        "datasetJSONCreationDateTime": moment,
        "datasetJSONVersion": VERSION,
        "itemGroupOID": f"IG.{dataset.name}",
        "records": len(dataset.rows),
        "name": dataset.name,
        "label": dataset.label,
        "columns": [
            {"itemOID": c.item_oid, "name": c.name, "label": c.label, "dataType": c.data_type}
            for c in dataset.columns
        ],
    }
    problems = [*_metadata(name, meta), *_rows(name, dataset.columns, dataset.rows)]
    if problems:
        raise TableError(problems[:50])
    if name.endswith(".ndjson"):
        lines = [_dump(meta), *(_dump(list(row)) for row in dataset.rows)]
        text = "\n".join(lines) + "\n"
    else:
        head = _dump(meta)[:-1]
        text = head + ',"rows":[\n' + ",\n".join(_dump(list(r)) for r in dataset.rows) + "\n]}\n"
    write_text(name, text, force=force)


def _dump(value: Any) -> str:
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_number
    )


def _number(value: Any) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in Dataset-JSON")
    return int(value) if value == value.to_integral_value() else float(value)


def _split(name: str, text: str) -> tuple[dict[str, Any], list[Any]]:
    try:
        whole = _load(text)
    except json.JSONDecodeError as error:
        whole, failure = None, error
    if isinstance(whole, dict) and ("rows" in whole or text.strip().count("\n") == 0):
        return whole, list(whole.get("rows") or [])
    if whole is not None:
        raise _refuse(name, "the file has no object with columns and rows")
    first, _, rest = text.lstrip().partition("\n")
    values = []
    for number, line in enumerate([first, *rest.splitlines()], start=1):
        if not line.strip():
            continue
        try:
            values.append(_load(line))
        except json.JSONDecodeError as error:
            if number == 1:
                raise _refuse(f"{name}:{failure.lineno}:{failure.colno}", failure.msg) from None
            raise _refuse(f"{name}:{number}:{error.colno}", error.msg) from None
    if not values or not isinstance(values[0], dict):
        raise _refuse(name, "the first line is no metadata object")
    return values[0], values[1:]


def _load(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def _no_constant(word: str) -> Any:
    raise json.JSONDecodeError(f"{word} is no JSON number", word, 0)


def _metadata(name: str, meta: dict[str, Any]) -> Iterator[Problem]:
    for key, kind in _REQUIRED.items():
        if key not in meta:
            yield _problem(name, f"'{key}' is missing", f"a {kind.__name__}", "Add it.")
        elif not isinstance(meta[key], kind) or isinstance(meta[key], bool):
            yield _problem(name, f"'{key}' is of another type", f"a {kind.__name__}", "Correct it.")
    for key in sorted(set(meta) - set(_REQUIRED) - _OPTIONAL):
        yield _problem(name, f"'{key}' is not in the schema", "the keys of 1.1", "Remove it.")
    version = meta.get("datasetJSONVersion")
    if isinstance(version, str) and not re.fullmatch(r"1\.1(\.(0|[1-9]\d*))?", version):
        yield _problem(name, f"the version is {version}", "Dataset-JSON 1.1", "Export it as 1.1.")
    created = meta.get("datasetJSONCreationDateTime")
    if isinstance(created, str) and not _TIME.fullmatch(created):
        yield _problem(name, f"'{created}' is no time", "an ISO 8601 time", "Correct it.")
    columns = meta.get("columns")
    for index, column in enumerate(columns if isinstance(columns, list) else []):
        yield from _column(name, f"columns[{index}]", column)


def _column(name: str, place: str, column: Any) -> Iterator[Problem]:
    if not isinstance(column, dict):
        yield _problem(name, f"{place} is no object", "an object", "Correct it.")
        return
    for key in _COLUMN_REQUIRED:
        if not isinstance(column.get(key), str):
            yield _problem(name, f"{place} has no text '{key}'", "a text", "Add it.")
    for key in sorted(set(column) - set(_COLUMN_REQUIRED) - _COLUMN_OPTIONAL):
        yield _problem(name, f"{place}: '{key}' is not in the schema", "known keys", "Remove it.")
    kind = column.get("dataType")
    if isinstance(kind, str) and kind not in DATA_TYPES:
        expected = "one of " + ", ".join(DATA_TYPES)
        yield _problem(name, f"{place}: dataType is '{kind}'", expected, "Correct it.")


def _rows(name: str, columns: Sequence[DatasetColumn], rows: Sequence[Any]) -> Iterator[Problem]:
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, (list, tuple)) or len(row) != len(columns):
            n_values = len(row) if isinstance(row, (list, tuple)) else "no list of"
            yield _problem(
                f"{name}:row {number}", f"{n_values} values", f"a list of {len(columns)} values",
                "One value per column, null where there is none.",
            )  # fmt: skip
            continue
        for column, value in zip(columns, row, strict=True):
            if value is not None and not _is(value, column.data_type):
                yield _problem(
                    f"{name}:row {number}:{column.name}", f"{value!r} is no {column.data_type}",
                    column.data_type, "Correct the value or the dataType.",
                )  # fmt: skip


def _is(value: Any, data_type: str) -> bool:
    if data_type in _TEXTUAL:
        return isinstance(value, str)
    if data_type == "boolean":
        return isinstance(value, bool)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (data_type != "integer" and isinstance(value, (float, Decimal)))


def _problem(where: str, what: str, expected: str, action: str) -> Problem:
    return Problem(where, what, expected, action)


def _refuse(where: str, what: str) -> TableError:
    return TableError(Problem(where, what, "a dataset in Dataset-JSON 1.1", "Export it again."))
