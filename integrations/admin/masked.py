"""Bodies of webhooks as staff see them who may not see personal data."""

import orjson

from flowzz.backoffice import masking
from integrations.models import WebhookEvent
from integrations.providers import PROVIDERS


def masked_body(event: WebhookEvent) -> bytes | None:
    """The body with all that may name a person masked; of one that is no JSON, its size."""
    if event.body is None:
        return None
    body = bytes(event.body)
    provider = PROVIDERS[event.provider]
    try:
        sent = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
        shown = masking.payload(sent, provider.personal, provider.open_fields)
    except (ValueError, RecursionError):
        return f"(conteúdo oculto: {len(body)} bytes que não são JSON)".encode()
    return orjson.dumps(shown)
