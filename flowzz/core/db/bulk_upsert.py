"""Bulk writes: one statement with one parameter for any number of rows."""

import gc
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, Self, TypeVar

import orjson
from django.db import connection, models
from django.db.models.base import ModelState
from django.db.models.lookups import Lookup
from django.utils import timezone

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


def upsert(rows: Collection[RowT], *, update: Sequence[str] = ()) -> None:
    """Insert rows, and update the fields in `update` of rows whose id exists.

    PostgreSQL parses one JSON document, in a third of the time that `bulk_create` takes to adapt
    each value. Fields with `auto_now` and `auto_now_add` are set; no signal is sent. A deferred
    column would be lost.
    """
    if not rows:
        return
    model = type(next(iter(rows)))
    _set_timestamps(model, rows)
    with connection.cursor() as cursor:
        document = to_json([row.__dict__ for row in rows])
        cursor.execute(_statement(model, tuple(update)), [document])


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
        return f"{column} = ANY(%s::{type_})", [*parameters, _array(self.rhs)]


models.Field.register_lookup(AnyOf)

_ARRAYS = {"UUIDField": "uuid[]", "BinaryField": "bytea[]", "DateTimeField": "timestamptz[]"}


def _array(values: Collection[uuid.UUID | bytes | str | datetime]) -> str:
    """Return PostgreSQL's text of an array; the driver would adapt each value."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: uuid.UUID | bytes | str | datetime) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    return f'"\\\\x{value.hex()}"' if isinstance(value, bytes) else value.hex


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


@cache
def _statement(model: type[models.Model], update: tuple[str, ...]) -> str:
    fields = model._meta.concrete_fields
    table = f'"{model._meta.db_table}"'
    columns = ", ".join(f'"{field.column}"' for field in fields)
    sets = ", ".join(
        f'"{field.column}" = excluded."{field.column}"' for field in fields if field.name in update
    )
    action = f"ON CONFLICT (id) DO UPDATE SET {sets}" if sets else ""
    return (
        f"INSERT INTO {table} ({columns}) "  # noqa: S608 - table and column names of models
        f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s) {action}"
    )
