"""Bulk writes: one statement with one parameter a column for any number of rows."""

import gc
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from operator import attrgetter
from typing import Any, Self, TypeVar, cast

import msgspec
import orjson
from django.db import connection, models
from django.db.models.base import ModelState
from django.db.models.lookups import Lookup
from django.utils import timezone

from flowzz.core.db.arrays import FEW, array_text, select_rows
from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.db.backend.compiled_queries import Given

RowT = TypeVar("RowT", bound=models.Model)


class BulkRow(models.Model):
    """Base of models written in batches: creates instances without `Model.__init__`.

    `Model.__init__` took a third of the time of a batch, for signals and for arguments that
    batches don't use.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(  # type: ignore[override]  # a newer Django's stubs know one more argument
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        """Create an instance from a database row (Django's hook)."""
        row = cls.__new__(cls)
        row.__dict__.update(zip(field_names, values, strict=True), _state=_state(db))
        return row

    @classmethod
    def new(cls, **values: Any) -> Self:
        """Create a row to insert, with `values` by column name and defaults for other columns."""
        constants, factories = _defaults(cls._meta)
        row = cls.__new__(cls)
        row.__dict__.update(constants, _state=ModelState())
        for name, factory in factories:
            if name not in values:
                row.__dict__[name] = factory()
        row.__dict__.update(values)
        return row


class JsonDecoder(json.JSONDecoder):
    """Decodes JSON columns in a third of the time; Django creates one for each value."""

    def __init__(self) -> None: ...

    def decode(self, s: str, _w: Any = None) -> Any:
        try:
            return msgspec.json.decode(s)
        except msgspec.DecodeError:  # a number beyond its range
            return json.loads(s)


def upsert(rows: Collection[RowT], *, update: Sequence[str] = ()) -> None:
    """Insert new rows, and update the fields in `update` of those that exist.

    One statement for rows made by `new`, which may exist after all, and one for rows that were
    read. Fields with `auto_now` and `auto_now_add` are set; no signal is sent.
    """
    if not rows:
        return
    model = type(next(iter(rows)))
    _set_timestamps(model, rows)
    columns = [field.attname for field in model._meta.concrete_fields if field.name in update]
    new = [row for row in rows if row._state.adding]
    known = [row for row in rows if not row._state.adding]
    if new:
        _insert(model, new, columns)
    if known and columns:
        _update(model, known, columns)


def execute_with_rows(
    statement: str, types: Mapping[str, str], rows: Sequence[Sequence[Any]], *parameters: Any
) -> None:
    """Execute a statement with a SELECT of the rows for its `{}`; its parameters come first.

    `types` are those of the columns.
    """
    select, values = select_rows(types, rows)
    database = cast(DatabaseWrapper, connection)
    with database.constant_cursor() if len(rows) <= FEW else database.cursor() as cursor:
        cursor.execute(statement.format(select), [*values, *parameters])


def to_json(values: Sequence[dict[str, Any]]) -> str:
    """Return a document for `json_to_recordset`, with ids, times and decimals as text."""
    return orjson.dumps(values, default=_text).decode()


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the garbage collector during a batch, whose objects live until its end.

    Collections found nothing and took a seventh of a drain's time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class AnyOf(Lookup[Any]):
    """`= ANY(array)`: like `in`, without a placeholder per value."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, parameters = self.process_lhs(compiler, connection)
        type_ = _ARRAYS.get(self.lhs.output_field.get_internal_type(), "text[]")
        values = self.rhs if isinstance(self.rhs, Given) else array_text(self.rhs)
        return f"{column} = ANY(%s::{type_})", [*parameters, values]


models.Field.register_lookup(AnyOf)

_ARRAYS = {"UUIDField": "uuid[]", "BinaryField": "bytea[]", "DateTimeField": "timestamptz[]"}


def _text(value: Any) -> str | None:
    return None if isinstance(value, ModelState) else str(value)


def _state(db: str | None) -> ModelState:
    state = ModelState()
    state.adding, state.db = False, db
    return state


@cache
def _defaults(meta: Any) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """Return the constant defaults of new rows, and the factories of the others."""
    fields = {field.attname: field for field in meta.concrete_fields}
    factories = {n: f.default for n, f in fields.items() if f.has_default() and callable(f.default)}
    return (
        {name: f.get_default() for name, f in fields.items() if name not in factories},
        list(factories.items()),
    )


def _set_timestamps(model: type[models.Model], rows: Collection[models.Model]) -> None:
    now = timezone.now()
    for field in model._meta.concrete_fields:
        if getattr(field, "auto_now", False):
            for row in rows:
                setattr(row, field.attname, now)
        elif getattr(field, "auto_now_add", False):
            for row in rows:
                if getattr(row, field.attname) is None:
                    setattr(row, field.attname, now)


def _insert(model: type[models.Model], rows: Sequence[models.Model], update: Sequence[str]) -> None:
    columns = list(_types(model))
    sets = ", ".join(f'"{column}" = excluded."{column}"' for column in update)
    names = ", ".join(f'"{column}"' for column in columns)
    action = f"ON CONFLICT (id) DO UPDATE SET {sets}" if sets else ""
    statement = f'INSERT INTO "{model._meta.db_table}" ({names}) {{}} {action}'
    _execute_with_models(statement, model, rows, columns)


def _update(
    model: type[models.Model], rows: Sequence[models.Model], columns: Sequence[str]
) -> None:
    sets = ", ".join(f'"{column}" = reported."{column}"' for column in columns)
    statement = (
        f'UPDATE "{model._meta.db_table}" AS known SET {sets} '  # noqa: S608 - names of models
        "FROM ({}) AS reported WHERE known.id = reported.id"
    )
    _execute_with_models(statement, model, rows, ["id", *columns])


def _execute_with_models(
    statement: str, model: type[models.Model], rows: Sequence[models.Model], columns: Sequence[str]
) -> None:
    types = _types(model)
    values = list(map(attrgetter(*columns), rows))
    execute_with_rows(statement, {column: types[column] for column in columns}, values)


@cache
def _types(model: type[models.Model]) -> dict[str, str]:
    """Return the columns' types without their lengths: a cast would cut a text or round."""
    fields = model._meta.concrete_fields
    return {field.attname: _LENGTH.sub("", field.db_type(connection) or "") for field in fields}


_LENGTH = re.compile(r"\([^()]*\)")
