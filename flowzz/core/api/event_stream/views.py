"""`GET /events`: live updates for a user as Server-Sent Events."""

import math
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from redis import RedisError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from flowzz.core.api.errors import ApiError
from flowzz.core.api.event_stream import stream
from flowzz.core.api.known_inputs import refuse_unknown
from flowzz.core.api.schema.openapi import error_responses
from flowzz.core.api.views import current_user_id
from flowzz.core.server.held_responses import HELD_RESPONSE, HeldResponse

EVENT_STREAM = "text/event-stream"
MAX_HELD_SECONDS = 300
RETRY_HELD_MS, RETRY_SHORT_MS = 2_000, 15_000
"""Milliseconds until the client reconnects, after a held response or one that ended at once."""

_EXAMPLE = """\
retry: 2000

id: 1772463612345-0
event: sales
data: {"created":0,"updated":60,"sales":[]}

"""
_DESCRIPTION = """\
Eventos: `start` (a partir daqui), `sales` (vendas novas ou alteradas de uma vez: quantas, em
`created` e `updated`, e até 50 delas em `sales`), `sync` (andamento de uma sincronização),
`integration` (status da integração) e `reset` (há lacuna: carregue as listas de novo). A
resposta fica aberta por até 5 minutos, ou até o token expirar ou um acesso desta conta terminar
(saída, nova senha); ao fim, volte com o último `id` em `Last-Event-ID` depois de `retry`
milissegundos. Depois de um 503, carregue as listas."""


class EventsUnavailable(ApiError):
    status_code = 503
    code = "EVENTS_UNAVAILABLE"
    message = "Atualizações ao vivo indisponíveis no momento. Tente novamente em instantes."
    wait = 15
    """Seconds, for Retry-After."""


class EventStreamNegotiation(DefaultContentNegotiation):
    """Accepts `text/event-stream`, and answers errors in JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        if EVENT_STREAM in request.headers.get("Accept", ""):
            first = next(iter(renderers))
            return first, str(first.media_type)
        selected: tuple[BaseRenderer, str]
        selected = super().select_renderer(request, renderers, format_suffix)
        return selected


class EventsView(APIView):
    content_negotiation_class = EventStreamNegotiation

    @extend_schema(
        tags=["Ao vivo"],
        summary="Acompanhar as novidades",
        description=_DESCRIPTION,
        parameters=[
            OpenApiParameter(
                "Last-Event-ID",
                str,
                "header",
                description="O `id` do último evento recebido: vem o que houve depois dele",
            ),
            OpenApiParameter("after", str, description="O mesmo, onde não há como enviá-lo"),
        ],
        responses={
            (200, EVENT_STREAM): OpenApiResponse(
                OpenApiTypes.ANY,  # a tool that knows streams applies it to each event
                description="Server-Sent Events",
                examples=[OpenApiExample("Eventos", value=_EXAMPLE, media_type=EVENT_STREAM)],
            ),
            **error_responses(EventsUnavailable),
        },
    )
    @refuse_unknown(lambda view: ["after"])
    def get(self, request: Request) -> HttpResponse:
        user_id = current_user_id(request)
        last_id = request.headers.get("Last-Event-ID") or request.query_params.get("after", "")
        try:
            text, last_id = stream.read(user_id, last_id)
        except RedisError:
            raise EventsUnavailable from None
        # A login that ended before the last id was read will not end this response.
        self.perform_authentication(self.initialize_request(request._request))
        is_held = _hold_open(request, user_id, last_id)
        retry = RETRY_HELD_MS if is_held else RETRY_SHORT_MS
        return HttpResponse(
            b"retry: %d\n\n%b" % (retry, text),
            content_type=EVENT_STREAM,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


def _hold_open(request: Request, user_id: UUID, last_id: str) -> bool:
    """Hold the response open until its time limit or the token's expiry, if the server can."""
    held_response: HeldResponse | None = request.META.get(HELD_RESPONSE)
    payload: dict[str, Any] = getattr(request.auth, "payload", {})  # an API key has none
    seconds = min(MAX_HELD_SECONDS, payload.get("exp", math.inf) - time.time())
    # A token is accepted for some seconds after its expiry, but holds nothing open.
    if held_response is None or seconds <= 0:
        return False
    return held_response.hold(str(user_id), stream.follow(user_id, last_id), seconds=seconds)
