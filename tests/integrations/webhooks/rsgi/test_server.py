"""The webhook endpoint in the event loop: what it answers itself, and what it leaves to Django."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from flowzz.core.server import bodies
from integrations.inbox.store import InboundWebhook
from integrations.webhooks.rsgi import server
from integrations.webhooks.rsgi.server import WebhookServer
from integrations.webhooks.rsgi.writer import Exchange, Writer
from integrations.webhooks.tokens import hash_token

KNOWN = "k" * 43
PATH = f"/webhooks/coinzz/{KNOWN}"


class Proto:
    """Granian's protocol object of a client."""

    def __init__(self, *chunks: bytes, is_cut: bool = False) -> None:
        self._chunks = (*chunks, *[b""] * (2 if is_cut else 1))

    async def __call__(self) -> bytes:
        return b"".join(self._chunks)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def handle(
    proto: Proto, *, method: str = "POST", path: str = PATH, **headers: str
) -> Exchange | None:
    """Handle a request; return what the writer gets, None for a request that Django answers."""
    received = []

    def put(writer: Writer, exchange: Exchange) -> None:
        received.append(exchange)
        exchange.sent.set_result(None)

    names = {name.replace("_", "-"): value for name, value in headers.items()}
    scope: Any = SimpleNamespace(method=method, path=path, headers=names)
    with patch.object(Writer, "put", put):
        is_handled = asyncio.run(WebhookServer().handle(scope, proto))
    assert is_handled == bool(received)
    return received[0] if received else None


def status(exchange: Exchange | None) -> int | None:
    return exchange.response.status if exchange and exchange.response else None


def test_webhook_reaches_the_writer_with_its_headers() -> None:
    exchange = handle(
        Proto(b"{}"), content_length="2", content_type="a/b", x_request_id="r-1", cookie="c"
    )
    assert exchange
    assert isinstance(exchange.webhook, InboundWebhook)
    assert (exchange.response, exchange.request_id) == (None, "r-1")
    assert (exchange.webhook.body, exchange.webhook.headers) == (b"{}", {"Content-Type": "a/b"})


@pytest.mark.parametrize(
    "path", ["/webhooks/coinzz", "/webhooks/coinzz/subscription", "/webhooks/other/x", "/webhooks/"]
)
def test_urls_without_a_token_are_left_to_django(path: str) -> None:
    assert handle(Proto(), path=path) is None


def test_other_methods_are_not_allowed() -> None:
    assert status(handle(Proto(), method="GET")) == 405


def test_slow_body_is_refused() -> None:
    class SlowProto(Proto):
        async def __call__(self) -> bytes:
            await asyncio.sleep(60)
            return b"{}"

    with patch.object(server, "BODY_SECONDS", 0.02):
        assert status(handle(SlowProto(), content_length="2")) == 408


def test_cut_body_is_refused() -> None:
    assert status(handle(Proto(b"{", is_cut=True), transfer_encoding="chunked")) == 400


def test_body_of_tiny_chunks_is_refused() -> None:
    proto = Proto(*[b"x"] * (bodies.FREE_CHUNKS + 100))
    assert status(handle(proto, transfer_encoding="chunked")) == 400


def test_body_over_the_limit_is_refused() -> None:
    exchange = handle(Proto(), content_length=str(256 * 1024 + 1))

    assert exchange
    assert status(exchange) == 413
    assert (exchange.token_hash, exchange.size) == (hash_token(KNOWN), 256 * 1024 + 1)


@pytest.mark.parametrize(("is_known", "expected"), [(True, None), (False, 404)])
def test_token_is_checked_before_a_large_body_is_read(is_known: bool, expected: int | None) -> None:
    with patch.object(server, "_is_known", return_value=is_known):
        exchange = handle(Proto(b" " * 20_000), content_length="20000")
    assert status(exchange) == expected


def test_too_many_large_bodies_at_a_time_are_refused() -> None:
    with (
        patch.object(server, "BODIES_BYTES", 30_000),
        patch.object(server, "_is_known", return_value=True),
    ):
        assert status(handle(Proto(), content_length="30001")) == 503
        assert status(handle(Proto(), content_length="30000")) is None
