"""Many rows at once: one statement, one parameter, whatever their number."""

import gc
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Self, TypeVar

import orjson
from django.db import connection, models
from django.db.models.base import ModelState
from django.db.models.lookups import Lookup
from django.utils import timezone

RowT = TypeVar("RowT", bound=models.Model)


class BulkRow(models.Model):
    """Of a model that batches are made of: its rows are made without `Model.__init__`.

    That takes a third of what a batch costs, for what they don't need: signals, and names and
    related rows as arguments.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(  # type: ignore[override]  # a newer Django's stubs know one more argument
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        """Django's hook, called for each row that is read."""
        row = cls.__new__(cls)
        row.__dict__.update(zip(field_names, values, strict=True), _state=_state(db))
        return row

    @classmethod
    def new(cls, **values: Any) -> Self:
        """A row that is to be inserted: `values` by column, defaults for the others."""
        constants, made = _defaults(cls._meta)
        row = cls.__new__(cls)
        row.__dict__.update(constants, _state=ModelState())
        for name, make in made:
            if name not in values:
                row.__dict__[name] = make()
        row.__dict__.update(values)
        return row


def upsert(rows: Collection[RowT], *, update: Sequence[str] = ()) -> None:
    """Insert rows, and of those whose id is there already update the fields named.

    PostgreSQL takes the one JSON document apart, which costs a third of preparing each value
    for `bulk_create`. Fields with `auto_now` and `auto_now_add` are set; no signal is sent.
    What a row holds besides its columns is not looked at; a deferred column would be lost.
    """
    if not rows:
        return
    model = type(next(iter(rows)))
    _stamp(model, rows)
    with connection.cursor() as cursor:
        document = as_json([row.__dict__ for row in rows])
        cursor.execute(_statement(model, tuple(update)), [document])


def as_json(values: Sequence[dict[str, Any]]) -> str:
    """A document for `json_to_recordset`: ids, times and decimals are read from their text."""
    return orjson.dumps(values, default=_text).decode()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Spare a batch the garbage collector: all it makes lives until its end.

    Collecting meanwhile finds nothing, and took a seventh of a drain's time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class AnyOf(Lookup[Any]):
    """`= ANY(array)`: as `in`, for a list long enough to make its placeholders costly."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, parameters = self.process_lhs(compiler, connection)
        type_ = _ARRAYS.get(self.lhs.output_field.get_internal_type(), "text[]")
        return f"{column} = ANY(%s::{type_})", [*parameters, _array(self.rhs)]


models.Field.register_lookup(AnyOf)

_ARRAYS = {"UUIDField": "uuid[]", "BinaryField": "bytea[]"}


def _array(values: Collection[uuid.UUID | bytes | str]) -> str:
    """PostgreSQL's text for an array, which the driver would put together value by value."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: uuid.UUID | bytes | str) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f'"\\\\x{value.hex()}"' if isinstance(value, bytes) else value.hex


def _text(value: Any) -> str | None:
    return None if isinstance(value, ModelState) else str(value)


def _state(db: str | None) -> ModelState:
    state = ModelState()
    state.adding, state.db = False, db
    return state


@cache
def _defaults(meta: Any) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """What a new row's columns hold: constants, and what is made for each row."""
    fields = {field.attname: field for field in meta.concrete_fields}
    made = {n: f.default for n, f in fields.items() if f.has_default() and callable(f.default)}
    return (
        {name: f.get_default() for name, f in fields.items() if name not in made},
        list(made.items()),
    )


def _stamp(model: type[models.Model], rows: Collection[models.Model]) -> None:
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
        f"INSERT INTO {table} ({columns}) "  # noqa: S608 - names of our own models
        f"SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s) {action}"
    )
