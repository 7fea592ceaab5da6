"""Lint the SQL of all migrations with squawk: `python -m tests.repository.migration_lint`.

A statement that locks a large table for long, or that old code can't live with while it is being
replaced, fails. Rules that don't apply here are left out, each with its reason.
"""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from flowzz.local.servers import bootstrap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")

OWN_PACKAGES = ("flowzz.", "clients.", "sales.", "integrations.")
SQUAWK = (
    str(Path(sys.executable).with_name("squawk")),
    *("--pg-version", "18", "--assume-in-transaction", "--reporter", "gcc"),
)
EXCLUDED = {
    "prefer-text-field": "the lengths are part of the API",
    "prefer-bigint-over-int": "counters and quantities have bounds; ids are UUIDs",
    "prefer-bigint-over-smallint": "the same",
    "transaction-nesting": "Django opens the transaction",
    "require-lock-timeout": "the schema editor sets it (flowzz/core/db/backend/base.py)",
    "require-statement-timeout": "the same",
}


def lint(statements: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Lint the SQL of migrations, by the name that reports show."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.sql" for name in statements]
        for path, sql in zip(paths, statements.values(), strict=True):
            path.write_text(sql)
        command = [*SQUAWK, f"--exclude={','.join(EXCLUDED)}", *map(str, paths)]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def migration_sql() -> Iterator[tuple[str, str]]:
    """Yield the name and the SQL of each migration of this project."""
    for (app, name), migration in sorted(MigrationLoader(connection).disk_migrations.items()):
        if type(migration).__module__.startswith(OWN_PACKAGES):
            output = io.StringIO()
            call_command("sqlmigrate", app, name, stdout=output)
            yield f"{app}.{name}", output.getvalue()


def main() -> int:
    statements = dict(migration_sql())
    result = lint(statements)
    print(result.stdout + result.stderr or f"{len(statements)} migrations: nothing found.")  # noqa: T201 - a command
    return result.returncode


if __name__ == "__main__":
    bootstrap.prepare(os.environ, ["sqlmigrate"])
    django.setup()
    sys.exit(main())
