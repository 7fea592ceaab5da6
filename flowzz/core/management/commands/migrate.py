"""`manage.py migrate`: Django's, safe to kill, and only on a database of this product."""

from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from flowzz.core.db.migration_checks import unknown_migrations


class OneTransactionExecutor(MigrationExecutor):
    """Applies and records a migration in one transaction.

    Django records most of them in a second one: killed in between, each later run fails because
    the tables exist already.
    """

    def apply_migration(
        self,
        state: ProjectState,
        migration: Migration,
        fake: bool = False,
        fake_initial: bool = False,
    ) -> ProjectState:
        if not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        with transaction.atomic(using=self.connection.alias):
            return super().apply_migration(state, migration, fake, fake_initial)


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError where the database was migrated by other code than this."""
        if unknown := unknown_migrations(MigrationLoader(connections[options["database"]])):
            raise CommandError(
                f"This database was not made by this version of Flowzz. It records migrations that "
                f"do not exist here: {', '.join(unknown)}. Use another database, or the version "
                f"that made this one."
            )
        # The command offers no other way to choose its executor.
        vars(migrate)["MigrationExecutor"] = OneTransactionExecutor
        super().handle(*args, **options)
