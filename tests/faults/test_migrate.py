"""`manage.py migrate` in a process of its own, killed at many points and started again."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from flowzz.local.servers.paths import PROJECT
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

TABLES_AT_KILL = (1, 20, 40)
"""Kill when so many tables exist: early, between apps, and while the largest app migrates."""
COMMAND = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
TRIGGERS = (
    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
)
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY 1, 2"
PERMISSIONS = "SELECT codename FROM auth_permission ORDER BY codename"
TASKS = "SELECT name, task FROM django_celery_beat_periodictask ORDER BY name"


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database beside the tests' own."""
    name = f"empty_{os.getpid()}"
    server = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def start_migrate(database: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(COMMAND, cwd=PROJECT, env=os.environ | {"DATABASE_URL": database})


def rows(database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database) as session:
        return session.execute(query.encode()).fetchall()


def own_rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_migrate_killed_at_any_point_succeeds_when_started_again(database: str) -> None:
    def has_ended_or_created(process: subprocess.Popen[bytes], tables: int) -> bool:
        return process.poll() is not None or int(str(rows(database, TABLES)[0][0])) >= tables

    for tables in TABLES_AT_KILL:
        with start_migrate(database) as process:
            wait_until(partial(has_ended_or_created, process, tables))
            process.kill()
    with start_migrate(database) as process:
        assert process.wait() == 0
    for query in (INDEXES, TRIGGERS, MIGRATIONS, PERMISSIONS, TASKS):
        assert rows(database, query) == own_rows(query)
