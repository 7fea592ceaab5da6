"""Answers that are held open, by the server that sends them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing, suppress
from socket import create_connection
from threading import Thread
from time import sleep
from typing import Any

import pytest
import requests
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from flowzz.core.server.held_responses import HELD_RESPONSE, PLACES_EACH
from flowzz.local.servers.paths import free_port
from flowzz.rsgi import Application


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"."
        await asyncio.sleep(0.02)


def held(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    has_room = environ[HELD_RESPONSE]("somebody", endless(), seconds=0.1)
    start("200 OK" if has_room else "503 Service Unavailable", [])
    return [b"now"]


@pytest.fixture
def address() -> Iterator[str]:
    """Where a server holds its answers open, in a thread that nobody waits for."""
    port, loop = free_port(), asyncio.new_event_loop()
    application = Application(held, limit_of=lambda path: 0)
    server = Server(
        application, port=port, interface=Interfaces.RSGI, http=HTTPModes.http1, log_enabled=False
    )

    def serve() -> None:
        with closing(loop):
            asyncio.set_event_loop(loop)
            loop.run_until_complete(server.serve())

    serving = Thread(target=serve, daemon=True)
    serving.start()
    wait_for(port)
    yield f"http://127.0.0.1:{port}/"
    loop.call_soon_threadsafe(server.stop)
    serving.join(5)


def wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), create_connection(("127.0.0.1", port)):
            return
        sleep(0.05)


def test_a_held_answer_ends_when_its_time_is_over_and_leaves_its_place(address: str) -> None:
    found = [requests.get(address, timeout=5) for _ in range(PLACES_EACH + 1)]

    assert [answer.status_code for answer in found] == [200] * (PLACES_EACH + 1)
    assert all(answer.text.startswith("now..") for answer in found)
