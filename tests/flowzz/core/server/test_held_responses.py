"""Held responses, sent by a real server."""

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

from flowzz.core.server.held_responses import HELD_RESPONSE, MAX_HELD_PER_USER
from flowzz.core.server.rsgi import Application
from flowzz.local.servers.paths import free_port


async def endless_chunks() -> AsyncIterator[bytes]:
    while True:
        yield b"."
        await asyncio.sleep(0.02)


def wsgi(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    is_held = environ[HELD_RESPONSE].hold("user", endless_chunks(), seconds=0.1)
    start("200 OK" if is_held else "503 Service Unavailable", [])
    return [b"body"]


@pytest.fixture
def url() -> Iterator[str]:
    """Start a server that holds its responses open; return its URL."""
    port, loop = free_port(), asyncio.new_event_loop()
    application = Application(
        wsgi, max_body_bytes=lambda path: 0, max_body_seconds=lambda path: 1.0
    )
    server = Server(
        application, port=port, interface=Interfaces.RSGI, http=HTTPModes.http1, log_enabled=False
    )

    def serve() -> None:
        with closing(loop):
            asyncio.set_event_loop(loop)
            loop.run_until_complete(server.serve())

    thread = Thread(target=serve, daemon=True)
    thread.start()
    wait_for(port)
    yield f"http://127.0.0.1:{port}/"
    loop.call_soon_threadsafe(server.stop)
    thread.join(5)


def wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), create_connection(("127.0.0.1", port)):
            return
        sleep(0.05)


def test_held_response_ends_after_its_time_limit_and_frees_its_slot(url: str) -> None:
    responses = [requests.get(url, timeout=5) for _ in range(MAX_HELD_PER_USER + 1)]

    assert [response.status_code for response in responses] == [200] * (MAX_HELD_PER_USER + 1)
    assert all(response.text.startswith("body..") for response in responses)
