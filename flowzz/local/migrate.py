"""All missing migrations in one transaction: whenever it is killed, all of them or none are there.

Django records a migration after its transaction, and builds indexes CONCURRENTLY in none at all:
killed in between, each later try fails because something exists already. `up` has its database to
itself, so that nobody is kept waiting by plain indexes.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection, transaction
from django.db.migrations import AddIndex, RemoveIndex
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation

QUIET = 0


def migrate() -> None:
    """Apply the migrations that are missing; where none is, know it quickly."""
    executor = MigrationExecutor(connection, _check_what_was_deferred)
    targets = executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(targets)
    if not plan:
        return
    for migration, _ in plan:
        plain = [_for_transactions(each) for each in migration.operations]
        migration.operations = plain  # type: ignore[misc]  # the instance's own, the stubs say not
    with transaction.atomic():
        emit_pre_migrate_signal(QUIET, False, connection.alias, plan=plan)
        executor.migrate(targets, plan)
        emit_post_migrate_signal(QUIET, False, connection.alias, plan=plan)


def _for_transactions(operation: Operation) -> Operation:
    match operation:
        case AddIndexConcurrently():
            return AddIndex(operation.model_name, operation.index)
        case RemoveIndexConcurrently():
            return RemoveIndex(operation.model_name, operation.name)
    return operation


def _check_what_was_deferred(action: str, *_: object) -> None:
    """Where checks are still to come of a table's rows, the next migration can't alter it."""
    if action == "apply_success":
        connection.check_constraints()
