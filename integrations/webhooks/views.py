"""The public webhook endpoint: 200 is returned only after the webhook is stored."""

from unicodedata import category

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from redis import RedisError

from flowzz.core.rate_limits import RateLimitExceeded
from integrations.inbox.store import InboundWebhook
from integrations.providers.registry import get_provider, provider_names
from integrations.webhooks import intake, without_token
from integrations.webhooks.fallback_buffer import BufferFull
from integrations.webhooks.metrics import count_responses
from integrations.webhooks.routing import SignatureRefused, UnknownToken
from integrations.webhooks.tokens import hash_token

log = structlog.stdlib.get_logger(__name__)

STORED_HEADERS = ("Content-Type", "Content-Encoding", "User-Agent")
HEADER_LENGTH = 500
RETRY_SECONDS = 30
WITHOUT_TOKEN = {"", "subscription", "subscription/", "affiliation", "affiliation/"}
"""What may follow the provider in a URL without a token; the kind is in the body."""


class BodyTooLarge(Exception):
    """The body exceeds WEBHOOK_MAX_BYTES."""


@csrf_exempt
@count_responses
@require_POST
def receive(request: HttpRequest, provider: str, rest: str | None = None) -> HttpResponse:
    """Receive a webhook. Its kind is in the body; the path after the token is ignored."""
    try:
        intake.accept(_parse_request(request, provider, rest or ""))
    except BodyTooLarge:
        limit = f"O corpo passa do limite de {settings.WEBHOOK_MAX_BYTES // 1024} KiB."
        return _error(413, "PAYLOAD_TOO_LARGE", limit)
    except UnknownToken:
        return _error(404, "NOT_FOUND", "Endereço de webhook desconhecido.")
    except SignatureRefused as error:
        log.warning("webhook_signature_refused", integration_id=str(error.integration_id))
        return _error(401, "INVALID_SIGNATURE", "Assinatura ausente ou inválida.")
    except RateLimitExceeded as error:
        message = "Webhooks demais em pouco tempo."
        return _error(429, "RATE_LIMITED", message, retry_after=error.retry_after)
    except (BufferFull, RedisError):
        message = "Serviço indisponível; envie de novo."
        return _error(503, "UNAVAILABLE", message, retry_after=RETRY_SECONDS)
    return JsonResponse({"success": True, "message": "Webhook received and processing"})


def _parse_request(request: HttpRequest, provider: str, rest: str) -> InboundWebhook:
    token = _strip_invisible(rest.partition("/")[0])
    if provider not in provider_names() or (not token and rest not in WITHOUT_TOKEN):
        raise UnknownToken
    if rest in WITHOUT_TOKEN:
        without_token.admit(request)
    names = (*STORED_HEADERS, get_provider(provider).signature_header)
    return InboundWebhook(
        provider=provider,
        token_hash="" if rest in WITHOUT_TOKEN else hash_token(token),
        body=_read_body(request),
        headers={
            name: value[:HEADER_LENGTH] for name in names if (value := request.headers.get(name))
        },
    )


def _strip_invisible(text: str) -> str:
    """Remove spaces, line breaks and zero-width characters around a token."""
    visible = [index for index, sign in enumerate(text) if category(sign)[0] not in "ZC"]
    return text[visible[0] : visible[-1] + 1] if visible else ""


def _read_body(request: HttpRequest) -> bytes:
    """Read at most the limit, and nothing if Content-Length exceeds it."""
    limit = settings.WEBHOOK_MAX_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise BodyTooLarge
    body: bytes = request.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge
    return body


def _error(
    status: int, code: str, message: str, *, retry_after: float | None = None
) -> HttpResponse:
    response = JsonResponse(
        {"error": code, "message": message, "details": None},
        status=status,
        json_dumps_params={"ensure_ascii": False},
    )
    if retry_after is not None:
        response["Retry-After"] = str(max(1, round(retry_after)))
    return response
