"""Queries of the ORM that are compiled once: compiling one takes longer than executing it."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from flowzz.core.db.arrays import array_text
from flowzz.core.db.backend.base import DatabaseWrapper

RowT = TypeVar("RowT", bound=models.Model)


class Given(RawSQL):
    """A value in a compiled query's filter that is given at each execution.

    `type_` is PostgreSQL's; `any_of` knows its own. An array's values are given as a collection.
    """

    def __init__(self, name: str, type_: str = "text") -> None:
        super().__init__(f"%s::{type_}", [self])
        self.name = name


class CompiledQuery(Generic[RowT]):
    """A query whose text is constant; `build` is called at its first use.

    Rows are fetched when they are iterated: in a pipeline the next statements do not wait for them.
    In a pipeline the server plans them once. One that is `is_planned_once` is so outside of it,
    too: its plan must be good for tables that have grown since.
    """

    def __init__(
        self, build: Callable[[], "QuerySet[RowT, Any]"], *, is_planned_once: bool = False
    ) -> None:
        self._build = build
        self._is_planned_once = is_planned_once

    def values(self, **given: Any) -> Iterator[Any]:
        """Yield rows as tuples, for `values_list` or the columns of `only`."""
        compiler, _, sql, names = self._compiled
        database = cast(DatabaseWrapper, connection)
        cursor = database.prepared_cursor() if self._is_planned_once else database.constant_cursor()
        cursor.execute(sql, [_parameter(given[name]) for name in names])
        return _fetch(cursor, compiler)

    def instances(self, **given: Any) -> Iterator[RowT]:
        """Yield rows as instances of the model, without their relations."""
        compiler, columns, _, _ = self._compiled
        model: type[RowT] = compiler.query.model
        alias = connection.alias
        return (model.from_db(alias, columns, row) for row in self.values(**given))

    @cached_property
    def _compiled(self) -> tuple[Any, list[str], str, list[str]]:
        compiler: Any = self._build().query.get_compiler(connection=connection)
        text, parameters = compiler.as_sql()
        columns = [column.target.attname for column, _, _ in compiler.select if _is_column(column)]
        first, *pieces = text.split("%s")
        names = []
        for parameter, piece in zip(parameters, pieces, strict=True):
            if isinstance(parameter, Given):
                names.append(parameter.name)
                first += f"%s{piece}"
            else:
                first += _literal(parameter) + piece
        expressions = [column for column, _, _ in compiler.select]
        compiler.converters = compiler.get_converters(expressions)
        return compiler, columns, first, names


def execute(statement: str, parameters: Sequence[Any]) -> None:
    """Execute a statement with few texts, which the server plans once in a pipeline."""
    with cast(DatabaseWrapper, connection).constant_cursor() as cursor:
        cursor.execute(statement, parameters)


def _is_column(expression: Any) -> bool:
    return hasattr(expression, "target")


def _fetch(cursor: Any, compiler: Any) -> Iterator[Any]:
    with cursor:
        rows = cursor.fetchall()
    yield from compiler.apply_converters(rows, compiler.converters) if compiler.converters else rows


def _parameter(value: Any) -> Any:
    return array_text(value) if isinstance(value, list | set | tuple) else value


def _literal(value: Any) -> str:
    with connection.cursor() as cursor:
        text: str = cursor.mogrify("%s", [value])
    return text.replace("%", "%%")
