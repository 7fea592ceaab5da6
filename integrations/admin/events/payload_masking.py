"""Bodies of webhooks as staff see them: whole, or with all that may name a person masked."""

from typing import Any

from flowzz.backoffice import masking
from integrations.inbox import payload_diff
from integrations.models import WebhookEvent
from integrations.providers.registry import get_provider


def shown_body(event: WebhookEvent, *, masked: bool) -> str:
    """The body, indented where it is JSON; masked, of one that is no JSON only its size."""
    body = event.body or b""
    try:
        return payload_diff.pretty(_shown(event, payload_diff.parse(body), masked=masked))
    except payload_diff.NotJson:
        if masked:
            return f"(conteúdo oculto: {len(body)} bytes que não são JSON)"
        return payload_diff.visible(body.decode("utf-8-sig", errors="backslashreplace"))


def differences(
    before: WebhookEvent, after: WebhookEvent, *, masked: bool
) -> list[payload_diff.Difference]:
    """What two events' bodies differ in; raises NotJson."""
    old, new = (payload_diff.parse(event.body or b"") for event in (before, after))
    return payload_diff.differences(
        old, new, _shown(before, old, masked=masked), _shown(after, new, masked=masked)
    )


def _shown(event: WebhookEvent, sent: Any, *, masked: bool) -> Any:
    provider = get_provider(event.provider)
    if not masked:
        return sent
    return masking.mask_payload(sent, provider.personal_fields, provider.public_fields)
