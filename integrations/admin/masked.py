"""Bodies of webhooks as staff see them: whole, or with all that may name a person masked."""

from typing import Any

from flowzz.backoffice import masking
from integrations import bodies
from integrations.models import WebhookEvent
from integrations.providers import PROVIDERS


def shown_body(event: WebhookEvent, *, masked: bool) -> str:
    """The body, indented where it is JSON; masked, of one that is no JSON only its size."""
    body = bytes(event.body or b"")
    try:
        return bodies.pretty(_shown(event, bodies.parse(body), masked=masked))
    except bodies.NotJson:
        if masked:
            return f"(conteúdo oculto: {len(body)} bytes que não são JSON)"
        return bodies.visible(body.decode("utf-8-sig", errors="backslashreplace"))


def differences(
    before: WebhookEvent, after: WebhookEvent, *, masked: bool
) -> list[bodies.Difference]:
    """What two events' bodies differ in; raises NotJson."""
    old, new = (bodies.parse(bytes(event.body or b"")) for event in (before, after))
    return bodies.differences(
        old, new, _shown(before, old, masked=masked), _shown(after, new, masked=masked)
    )


def _shown(event: WebhookEvent, sent: Any, *, masked: bool) -> Any:
    provider = PROVIDERS[event.provider]
    return masking.payload(sent, provider.personal, provider.open_fields) if masked else sent
