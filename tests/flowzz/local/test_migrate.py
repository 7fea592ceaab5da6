"""A database made by `up`, in a process of its own that is killed on the way."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from flowzz.local.servers.paths import PROJECT
from tests.processes import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

LOCKS_HALFWAY = 300
INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
PERMISSIONS = "SELECT codename FROM auth_permission ORDER BY codename"
RELATIONS = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database WHERE datname = %s
"""


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database beside the tests' own."""
    name = f"empty_{os.getpid()}"
    server = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def preparing(database: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "flowzz.local.prepare"]
    environ = os.environ | {"DATABASE_URL": database}
    with subprocess.Popen(command, cwd=PROJECT, env=environ) as process:
        yield process


def rows(database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database) as session:
        return session.execute(query.encode()).fetchall()


def own_rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_a_kill_leaves_nothing_and_the_next_try_makes_all_of_it(database: str) -> None:
    with preparing(database) as process, psycopg.connect(database, autocommit=True) as session:

        def is_halfway() -> bool:
            assert process.poll() is None
            ((locks,),) = session.execute(LOCKS, [urlsplit(database).path[1:]]).fetchall()
            return int(locks) > LOCKS_HALFWAY

        wait_until(is_halfway)
        process.kill()
    assert rows(database, RELATIONS) == [(0,)]
    with preparing(database) as process:
        assert process.wait() == 0
    assert rows(database, INDEXES) == own_rows(INDEXES)
    assert rows(database, PERMISSIONS) == own_rows(PERMISSIONS)
