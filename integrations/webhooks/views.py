"""The public door: size, token, rate, signature; then kept for good, and only then acknowledged."""

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from redis import RedisError

from flowzz.core.rate_limits import Rate, RateExceeded
from flowzz.core.runtime_settings.definitions import WEBHOOK_RATE
from integrations import dispatch
from integrations.connection import token_hash
from integrations.inbox import drain
from integrations.monitoring import event_metrics
from integrations.providers.registry import PROVIDERS
from integrations.webhooks import fallback_buffer
from integrations.webhooks.routing import (
    InboundWebhook,
    SignatureRefused,
    UnknownToken,
    authenticate,
    resolve_integration,
)

log = structlog.stdlib.get_logger(__name__)

RATE = Rate("webhook", WEBHOOK_RATE.value)
KEPT_HEADERS = ("Content-Type", "Content-Encoding", "User-Agent")
HEADER_LENGTH = 500
RETRY_SECONDS = 30


class TooLarge(Exception):
    """The body is over the limit."""


@csrf_exempt
@event_metrics.counting_answers
@require_POST
def receive(request: HttpRequest, provider: str, token: str = "") -> HttpResponse:
    """Take a webhook in. What it is shows in its body, whatever the path."""
    try:
        delivery = _delivery(request, provider, token)
        _keep(delivery)
    except TooLarge:
        limit = f"O corpo passa do limite de {settings.WEBHOOK_MAX_BYTES // 1024} KiB."
        return _refusal(413, "PAYLOAD_TOO_LARGE", limit)
    except UnknownToken:
        return _refusal(404, "NOT_FOUND", "Endereço de webhook desconhecido.")
    except SignatureRefused as refused:
        log.warning("webhook_signature_refused", integration_id=str(refused.integration_id))
        return _refusal(401, "INVALID_SIGNATURE", "Assinatura ausente ou inválida.")
    except RateExceeded as exceeded:
        return _wait(429, "RATE_LIMITED", "Webhooks demais em pouco tempo.", exceeded.retry_after)
    except (fallback_buffer.BufferFull, RedisError):
        return _wait(503, "UNAVAILABLE", "Serviço indisponível; envie de novo.", RETRY_SECONDS)
    return JsonResponse({"success": True, "message": "Webhook received and processing"})


def _delivery(request: HttpRequest, provider: str, token: str) -> InboundWebhook:
    if provider not in PROVIDERS:
        raise UnknownToken
    names = (*KEPT_HEADERS, PROVIDERS[provider].signature_header)
    return InboundWebhook(
        provider=provider,
        token_hash=token_hash(token) if token else "",
        body=_body(request),
        headers={n: v[:HEADER_LENGTH] for n in names if (v := request.headers.get(n))},
    )


def _body(request: HttpRequest) -> bytes:
    """Read no more than the limit, and nothing where more was announced."""
    limit = settings.WEBHOOK_MAX_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise TooLarge
    body: bytes = request.read(limit + 1)
    if len(body) > limit:
        raise TooLarge
    return body


def _keep(delivery: InboundWebhook) -> None:
    """Store in the inbox; while the database is down, in Redis."""
    try:
        integration = resolve_integration(delivery)
        RATE.hit(str(integration.id) if integration else delivery.provider)
        integration = authenticate(delivery, integration)
        drain.store(delivery, integration)
    except (OperationalError, InterfaceError) as error:
        log.error("webhook_spooled", cause=type(error).__name__)
        RATE.hit(delivery.token_hash or delivery.provider)
        fallback_buffer.push(delivery)
        return
    if integration:
        structlog.contextvars.bind_contextvars(integration_id=str(integration.id))
        dispatch.enqueue_drain(integration.id)


def _refusal(status: int, code: str, message: str) -> HttpResponse:
    body = {"error": code, "message": message, "details": None}
    return JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})


def _wait(status: int, code: str, message: str, seconds: float) -> HttpResponse:
    response = _refusal(status, code, message)
    response["Retry-After"] = str(max(1, round(seconds)))
    return response
