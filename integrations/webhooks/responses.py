"""The responses to webhooks, whichever server received them."""

import json
from dataclasses import dataclass, field

from django.conf import settings

from flowzz.core.redis_metrics import Counter

# The name is public: dashboards and alert rules of operators use it.
RESPONSES = Counter(
    "flowzz_webhook_answers",
    "Webhooks by the status of the response: 200 stored, 401 signature refused, 429 rate limited.",
    "status",
)
RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Response:
    """A response without the headers that all have."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    is_error: bool = False

    def body_for(self, request_id: str) -> bytes:
        """Return the body; an error's has the request's id, which is safe within JSON."""
        if not self.is_error:
            return self.body
        return b'%b, "requestId": "%b"}' % (self.body[:-1], request_id.encode())


def _error(status: int, code: str, message: str, *, retry_after: float | None = None) -> Response:
    body = {"error": code, "message": message, "details": None}
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, round(retry_after)))
    content = json.dumps(body, ensure_ascii=False).encode()
    return Response(status, content, headers, is_error=True)


ACKNOWLEDGED = Response(
    200,
    b'{"success": true, "message": "Webhook received and processing"}',
    {"Content-Type": "application/json"},
)
INCOMPLETE = _error(400, "INCOMPLETE_BODY", "O corpo terminou antes do fim.")
CHUNKS_TOO_SMALL = _error(400, "CHUNKS_TOO_SMALL", "O corpo veio em pedaços pequenos demais.")
INVALID_SIGNATURE = _error(401, "INVALID_SIGNATURE", "Assinatura ausente ou inválida.")
UNKNOWN_TOKEN = _error(404, "NOT_FOUND", "Endereço de webhook desconhecido.")
NOT_ALLOWED = Response(405, b"", {"Allow": "POST"})
TOO_SLOW = Response(408, b"", {"Connection": "close"})
FAILED = _error(500, "INTERNAL_SERVER_ERROR", "Erro interno; envie de novo.")
UNAVAILABLE = _error(
    503, "UNAVAILABLE", "Serviço indisponível; envie de novo.", retry_after=RETRY_SECONDS
)


def rate_limited(retry_after: float) -> Response:
    message = "Webhooks demais em pouco tempo."
    return _error(429, "RATE_LIMITED", message, retry_after=retry_after)


def too_large() -> Response:
    limit = f"O corpo passa do limite de {settings.WEBHOOK_MAX_BYTES // 1024} KiB."
    return _error(413, "PAYLOAD_TOO_LARGE", limit)
