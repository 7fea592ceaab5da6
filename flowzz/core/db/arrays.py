"""Values of many rows as one array a column, in PostgreSQL's text form.

The driver would adapt each value, and JSON takes PostgreSQL three times as long to read.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

FEW = 50
"""Up to this number, sending the rows costs less than planning another statement."""


def select_rows(
    types: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> tuple[str, list[str | None]]:
    """Return a SELECT of one row or more and its parameters; `types` are those of the columns.

    The rows differ in one column at least, such as an id. In a batch of more than FEW rows a column
    whose values are all equal is sent once; the text for smaller batches is always the same.
    """
    expressions, names, placeholders = [], [], []
    constants: list[str | None] = []
    arrays: list[str | None] = []
    for (column, type_), raw in zip(types.items(), zip(*rows, strict=True), strict=True):
        values = _elements(type_, raw)
        first = values[0]
        if len(values) > FEW and values.count(first) == len(values):
            expressions.append(f'%s::{type_} AS "{column}"')
            constants.append(None if first is None else str(first))
            continue
        # An array of arrays would be one of two dimensions.
        is_nested = type_.endswith("[]")
        expressions.append(f'"{column}"::{type_} AS "{column}"' if is_nested else f'"{column}"')
        names.append(f'"{column}"')
        placeholders.append("%s::text[]" if is_nested else f"%s::{type_}[]")
        arrays.append(_array_of_json(values, is_json=type_ == "jsonb"))
    select = f"SELECT {', '.join(expressions)}"
    if arrays:
        select += f" FROM unnest({', '.join(placeholders)}) AS given ({', '.join(names)})"
    return select, constants + arrays


def _elements(type_: str, values: Sequence[Any]) -> Sequence[Any]:
    if type_ == "jsonb":
        return [
            None if value is None else orjson.dumps(value, default=str).decode() for value in values
        ]
    if type_.endswith("[]"):
        return [None if value is None else array_text(value) for value in values]
    return values


def array_text(values: Collection[uuid.UUID | bytes | str | datetime | None]) -> str:
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: uuid.UUID | bytes | str | datetime | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    if value is None:
        return "NULL"
    return f'"\\\\x{value.hex()}"' if isinstance(value, bytes) else value.hex


def _array_of_json(values: Sequence[Any], *, is_json: bool) -> str:
    r"""Return the array's text by way of JSON, which differs in brackets and escapes like `\n`.

    Documents of JSON have no characters that need one.
    """
    document = orjson.dumps(values, default=str)
    if b"\\" in document and not is_json:
        return array_text(values)
    return "{" + document[1:-1].decode() + "}"
