"""The webhook endpoint for servers without RSGI: `runserver`, tests, any WSGI server."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from flowzz.core.logging import current_request_id
from flowzz.core.rate_limits import RateLimitExceeded
from integrations.inbox.store import InboundWebhook
from integrations.webhooks import responses, without_token
from integrations.webhooks.calls import BlockingCalls, blocking
from integrations.webhooks.intake import Intake
from integrations.webhooks.requests import (
    PATTERN,
    UnknownUrl,
    WebhookRequest,
    parse_url,
    stored_headers,
)
from integrations.webhooks.responses import Response


@csrf_exempt
def receive(request: HttpRequest, provider: str, rest: str | None = None) -> HttpResponse:
    """Receive a webhook. Its kind is in the body; the path after the token is ignored."""
    parsed = _parse(request, provider, rest or "")
    intake = Intake(BlockingCalls())
    blocking(intake.accept([parsed]))
    intake.follow_up([parsed])
    assert parsed.response
    response = parsed.response
    return HttpResponse(
        response.body_for(current_request_id() or ""),
        status=response.status,
        headers=response.headers,
    )


def _parse(request: HttpRequest, provider: str, rest: str) -> WebhookRequest:
    """Parse a request, which is answered already if there is nothing to accept."""
    if request.method != "POST":
        return WebhookRequest(None, response=responses.NOT_ALLOWED)
    try:
        target = parse_url(provider, rest)
        if not target.token_hash:
            without_token.admit(request)
    except UnknownUrl:
        return WebhookRequest(None, response=responses.UNKNOWN_TOKEN)
    except RateLimitExceeded as error:
        return WebhookRequest(None, response=responses.rate_limited(error.retry_after))
    body = _read_body(request)
    if isinstance(body, Response):
        return WebhookRequest(
            None,
            response=body,
            url_token_hash=target.token_hash,
            announced_size=int(request.META.get("CONTENT_LENGTH") or 0),
        )
    headers = stored_headers(target.provider, request.headers.get)
    return WebhookRequest(
        InboundWebhook(
            provider=target.provider, token_hash=target.token_hash, body=body, headers=headers
        )
    )


def _read_body(request: HttpRequest) -> bytes | Response:
    """Read at most the limit, and nothing if Content-Length exceeds it."""
    limit = settings.WEBHOOK_MAX_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        return responses.too_large()
    body: bytes = request.read(limit + 1)
    return responses.too_large() if len(body) > limit else body


urlpatterns = [re_path("^" + PATTERN, receive)]
