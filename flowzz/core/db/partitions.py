"""Tables partitioned by range on a UUID version 7, so that old rows are dropped in whole ranges.

Each partition covers a period in UTC. Partitions are created ahead; a row outside of them goes to
the DEFAULT partition.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import CreateModel
from django.db.migrations.state import ProjectState
from django.utils import timezone

from flowzz.core.ids import lowest_uuid7, uuid7_time

log = structlog.stdlib.get_logger(__name__)


class Period(Enum):
    DAY = "%Y%m%d"
    MONTH = "%Y%m"

    def start_of(self, time: datetime) -> datetime:
        start = time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return start if self is Period.DAY else start.replace(day=1)

    def next_after(self, start: datetime) -> datetime:
        return self.start_of(start + timedelta(days=1 if self is Period.DAY else 31))


@dataclass(frozen=True, slots=True)
class Partition:
    """No row of the partition was created at `end_time` (UTC) or later."""

    name: str
    end_time: datetime


_PARTITIONS = """
    SELECT child.relname, pg_get_expr(child.relpartbound, child.oid)
    FROM pg_inherits
    JOIN pg_class AS child ON child.oid = inhrelid
    WHERE inhparent = %s::regclass
    ORDER BY child.relname
"""
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
"""The wait for a lock that stops every query on the table. The task runs again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionedTable:
    """A table and how it is divided. Names are constants of ours: they become SQL."""

    name: str
    column: str
    period: Period
    ahead: int
    """Periods after the current one whose partitions are created in advance."""

    @property
    def default_name(self) -> str:
        return f"{self.name}_default"

    def partitions(self) -> list[Partition]:
        """Return all partitions but the DEFAULT one, oldest first."""
        with connection.cursor() as cursor:
            cursor.execute(_PARTITIONS, [self.name])
            rows = cursor.fetchall()
        return [
            Partition(name, uuid7_time(uuid.UUID(bound.split("'")[-2])))
            for name, bound in rows
            if name != self.default_name
        ]

    def create_ahead(self, now: datetime) -> None:
        """Create the missing partitions of the current period and of those ahead.

        A period of which the DEFAULT partition has rows is left out: they stay there.
        """
        for statement in self.creation_sql(now):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(_LOCK_TIMEOUT)
                    cursor.execute(statement)
            except IntegrityError:
                log.warning("partition_not_created", table=self.name)

    def creation_sql(self, now: datetime) -> Iterator[str]:
        start = self.period.start_of(now)
        for _ in range(self.ahead + 1):
            end = self.period.next_after(start)
            yield (
                f"CREATE TABLE IF NOT EXISTS {self.name}_{start:{self.period.value}} "
                f"PARTITION OF {self.name} "
                f"FOR VALUES FROM ('{lowest_uuid7(start)}') TO ('{lowest_uuid7(end)}')"
            )
            start = end

    def drop_before(self, time: datetime, *, retain: str) -> int:
        """Drop the partitions that ended before a time (aware); return how many.

        Rows that fulfil the SQL condition `retain` are moved to the DEFAULT partition. Each
        partition is one transaction. Raises OperationalError where a lock can't be had in time.
        """
        old = [partition for partition in self.partitions() if partition.end_time <= time]
        for partition in old:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_LOCK_TIMEOUT)
                cursor.execute(f"ALTER TABLE {self.name} DETACH PARTITION {partition.name}")
                cursor.execute(
                    f"INSERT INTO {self.name} SELECT * FROM {partition.name} WHERE {retain}"  # noqa: S608 - constants of ours
                )
                cursor.execute(f"DROP TABLE {partition.name}")
        return len(old)


class CreatePartitionedModel(CreateModel):
    """Create a model's table with its DEFAULT partition and those of the current periods."""

    def __init__(self, name: str, fields: Any, table: PartitionedTable, **options: Any) -> None:
        super().__init__(name, fields, **options)
        self.table = table

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{plain} PARTITION BY RANGE ({self.table.column})"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        schema_editor.execute(
            f"CREATE TABLE {self.table.default_name} PARTITION OF {self.table.name} DEFAULT"
        )
        for statement in self.table.creation_sql(timezone.now()):
            schema_editor.execute(statement)
