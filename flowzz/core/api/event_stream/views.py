"""`GET /events`: a user's news as Server-Sent Events."""

import time
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from redis import RedisError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from flowzz.core.api.current_user import current_user_id
from flowzz.core.api.errors import ApiError
from flowzz.core.api.event_stream import stream
from flowzz.core.api.schema.openapi import error_answers
from flowzz.core.server.held_responses import HELD_RESPONSE

EVENT_STREAM = "text/event-stream"
HELD_SECONDS = 300
RETRY_HELD, RETRY_SHORT = 2_000, 15_000
"""Milliseconds a client waits before it comes back: to a stream, or for what is new meanwhile."""

_EXAMPLE = """\
retry: 2000

id: 1772463612345-0
event: sales
data: {"created":0,"updated":60,"sales":[]}

"""
_DESCRIPTION = """\
Eventos: `start` (a partir daqui), `sales` (vendas novas ou alteradas de uma vez: quantas, em
`created` e `updated`, e até 50 delas em `sales`), `sync` (andamento de uma sincronização),
`integration` (situação da integração) e `reset` (há lacuna: carregue as listas de novo). A
resposta fica aberta por até 5 minutos, ou até o token expirar; ao fim, volte com o último `id`
em `Last-Event-ID` depois de `retry` milissegundos. Depois de um 503, carregue as listas."""


class EventsUnavailable(ApiError):
    status_code = 503
    code = "EVENTS_UNAVAILABLE"
    message = "Atualizações ao vivo indisponíveis no momento. Tente novamente em instantes."
    wait = 15
    """Seconds, for Retry-After."""


class EventStreamNegotiation(DefaultContentNegotiation):
    """Who asks for events gets errors in JSON."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        if EVENT_STREAM in request.headers.get("Accept", ""):
            first = next(iter(renderers))
            return first, str(first.media_type)
        chosen: tuple[BaseRenderer, str]
        chosen = super().select_renderer(request, renderers, format_suffix)
        return chosen


class EventsView(APIView):
    content_negotiation_class = EventStreamNegotiation

    @extend_schema(
        operation_id="v1_events_retrieve",
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
            **error_answers(EventsUnavailable),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        user_id = current_user_id(request)
        after = request.headers.get("Last-Event-ID") or request.query_params.get("after", "")
        try:
            news = stream.read(user_id, after)
        except RedisError:
            raise EventsUnavailable from None
        hold = request.META.get(HELD_RESPONSE)
        token: Any = request.auth
        seconds = min(HELD_SECONDS, token["exp"] - time.time())
        held = hold and hold(str(user_id), stream.follow(user_id, news.last_id), seconds=seconds)
        retry = RETRY_HELD if held else RETRY_SHORT
        return HttpResponse(
            b"retry: %d\n\n%b" % (retry, news.text),
            content_type=EVENT_STREAM,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
