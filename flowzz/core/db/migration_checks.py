"""What is wrong with a database's schema: foreign migrations, invalid indexes."""

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Warning
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader

_INVALID_INDEXES = """
    SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT indisvalid AND pg_table_is_visible(indexrelid)
    ORDER BY relname
"""


def unknown_migrations(loader: MigrationLoader) -> list[str]:
    """Return the recorded migrations of installed apps that the code doesn't have, by name.

    A migration that a squashed one replaces is known, though its file may be deleted.
    """
    installed = {config.label for config in apps.get_app_configs()}
    known = set(loader.disk_migrations)
    known.update(*(migration.replaces for migration in loader.disk_migrations.values()))
    return sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in installed and (app, name) not in known
    )


def invalid_indexes(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of indexes whose concurrent build failed: they serve no query."""
    with connection.cursor() as cursor:
        cursor.execute(_INVALID_INDEXES)
        return [name for (name,) in cursor.fetchall()]


def check_indexes(*, databases: Collection[str] | None, **_: Any) -> list[CheckMessage]:
    """A system check, made by `migrate` and by `check --database default`."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        names = invalid_indexes(connections[DEFAULT_DB_ALIAS])
    except (DatabaseError, InterfaceError):  # reported by whatever needs the database next
        return []
    return [
        Warning(
            f"The index {name} is invalid: it slows writes and serves no query.",
            hint=f"Run: REINDEX INDEX CONCURRENTLY {name}",
            id="core.W001",
        )
        for name in names
    ]
