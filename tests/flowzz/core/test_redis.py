"""What Redis answers, and what it has on its disk when it does."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from pytest_django.fixtures import Settings
from redis import ResponseError, TimeoutError

from flowzz.core import redis
from tests.faults.stack import Server

Run: TypeAlias = Callable[[Sequence[redis.Command]], list[Any]]
APPEND = ("RPUSH", "list", "first")


@pytest.fixture
def server(tmp_path: Path, settings: Settings) -> Iterator[Server]:
    """A server of this test alone that writes to its disk."""
    server = Server("valkey", tmp_path / "servers", tmp_path / "log")
    settings.REDIS_URL = server.url
    redis.client.cache_clear()
    yield server
    redis.client().close()
    redis.client.cache_clear()
    server.close()


def test_durable_write_survives_a_kill(server: Server) -> None:
    assert redis.run_durably([APPEND]) == [1]
    server.kill()
    server.start()

    assert redis.client().lrange("list", 0, -1) == [b"first"]


def test_write_that_does_not_reach_the_disk_is_an_error(server: Server) -> None:
    redis.client().config_set("appendfsync", "no")

    with pytest.raises(TimeoutError, match="did not write"):
        redis.run_durably([APPEND])
    redis.client().config_set("appendfsync", "always")
    assert redis.run_durably([APPEND]) == [2]


def test_redis_without_a_file_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    redis.client().config_set("appendonly", "no")

    assert redis.run_durably([APPEND]) == [1]
    assert "redis_not_durable" in caplog.text


@pytest.mark.parametrize("run", [redis.run, redis.run_durably])
def test_error_leaves_no_unread_result(server: Server, run: Run) -> None:
    with pytest.raises(ResponseError):
        run([("SET", "text", "a"), ("INCR", "text"), ("GET", "text")])

    assert run([("GET", "text")]) == [b"a"]
