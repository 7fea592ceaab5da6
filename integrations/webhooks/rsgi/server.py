"""The webhook endpoint on the RSGI server: the event loop reads requests, the writer answers."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from granian.rsgi import Scope
from redis import RedisError

from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.logging import choose_request_id
from flowzz.core.server import bodies
from flowzz.core.server.bodies import BodyReader
from flowzz.core.server.time_limits import TimeLimit
from integrations.inbox.store import InboundWebhook
from integrations.webhooks import known_tokens, responses, routing
from integrations.webhooks.calls import DEADLINE_SECONDS
from integrations.webhooks.requests import Target, UnknownUrl, parse_path, stored_headers
from integrations.webhooks.responses import Response
from integrations.webhooks.rsgi.writer import Exchange, Writer

BODY_SECONDS = 20.0
"""How long a body may take to arrive. Granian limits the time of the head."""
BODIES_BYTES = 32 * 1024 * 1024
"""The memory for the large bodies that one process is receiving."""


class WebhookServer:
    """Handles `/webhooks/…`, except the URLs without a token."""

    def __init__(self) -> None:
        self._writer = Writer()
        self._bodies = BodyReader(BODIES_BYTES)
        self._time_limit = TimeLimit(BODY_SECONDS)
        self._token_check = ThreadPoolExecutor(1, thread_name_prefix="webhook-token")

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._writer.start(loop)

    def stop(self) -> None:
        self._writer.stop()

    async def handle(self, scope: Scope, proto: Any) -> bool:
        """Answer a request. Return False for one that Django must answer."""
        headers = scope.headers
        exchange = Exchange(
            None,
            proto=proto,
            sent=asyncio.get_running_loop().create_future(),
            request_id=choose_request_id(headers.get("x-request-id")),
            method=scope.method,
            path=scope.path,
            started=time.perf_counter(),
        )
        try:
            target = parse_path(exchange.path)
            if not target.token_hash:
                return False
            exchange.url_token_hash = target.token_hash
            if exchange.method == "POST":
                exchange.webhook = await self._receive(target, proto, headers, exchange.request_id)
            else:
                exchange.response = responses.NOT_ALLOWED
        except UnknownUrl:
            return False
        except tuple(_REFUSALS) as error:
            exchange.response = _refusal(error)
            exchange.announced_size = getattr(error, "size", 0)
        self._writer.put(exchange)
        await exchange.sent
        return True

    async def _receive(
        self, target: Target, proto: Any, headers: Any, request_id: str
    ) -> InboundWebhook:
        """Read a webhook; the token is checked before the rest of a large body is read."""
        limit, is_known = settings.WEBHOOK_MAX_BYTES, partial(self._is_known, target.token_hash)
        with self._time_limit:
            body = await self._bodies.read(proto, headers, limit=limit, may_be_large=is_known)
        return InboundWebhook(
            provider=target.provider,
            token_hash=target.token_hash,
            body=body.read(),
            headers=stored_headers(target.provider, headers.get),
            request_id=request_id,
        )

    async def _is_known(self, token_hash: str) -> bool:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._token_check, _is_known, token_hash)


_REFUSALS: dict[type[Exception], Response] = {
    TimeoutError: responses.TOO_SLOW,
    bodies.IncompleteBody: responses.INCOMPLETE,
    bodies.ChunksTooSmall: responses.CHUNKS_TOO_SMALL,
    bodies.LargeBodyRefused: responses.UNKNOWN_TOKEN,
    bodies.MemoryExhausted: responses.UNAVAILABLE,
    bodies.BodyTooLarge: responses.too_large(),
}


def _is_known(token_hash: str) -> bool:
    """Return whether a token is known, or can't be checked."""
    try:
        if known_tokens.contains(token_hash):
            return True
        with cast(DatabaseWrapper, connection).deadline(DEADLINE_SECONDS):
            connection.close_if_unusable_or_obsolete()
            return bool(routing.find_owners({token_hash}))
    except (RedisError, DatabaseError, InterfaceError):
        return True


def _refusal(error: Exception) -> Response:
    return next(response for kind, response in _REFUSALS.items() if isinstance(error, kind))
