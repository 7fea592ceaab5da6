"""Bodies of webhooks as staff see them: with personal data, or masked."""

from typing import Any

from django.utils.safestring import SafeString

from flowzz.backoffice import masking
from flowzz.backoffice.display import preformatted
from flowzz.core.formatting import MAX_SHOWN, format_count, format_json, shorten, visible
from integrations.admin.events import payload_diff
from integrations.admin.events.folded_json import fold
from integrations.inbox.failure_reasons import failed_field
from integrations.models import WebhookEvent
from integrations.providers.registry import get_provider


def render_body(event: WebhookEvent, *, is_masked: bool) -> SafeString:
    """Return the body, folded if it is JSON; of a masked body that is not JSON only the size."""
    body = event.body or b""
    try:
        payload = _parse(event)
    except payload_diff.NotJson:
        if is_masked:
            size = format_count(len(body), "byte", "bytes")
            return preformatted(f"(conteúdo oculto, sem JSON: {size})")
        text = body.decode("utf-8-sig", errors="backslashreplace")
        return preformatted(shorten(visible(text), MAX_SHOWN))
    marked = {failed_field(cause) for cause in (event.cause, *event.value_warnings)}
    return fold(format_json(_mask(event, payload) if is_masked else payload), marked)


def differences(
    before: WebhookEvent, after: WebhookEvent, *, is_masked: bool
) -> list[payload_diff.Difference]:
    """Compare the bodies of two events. Raises NotJson."""
    old, new = map(_parse, (before, after))
    shown = (_mask(before, old), _mask(after, new)) if is_masked else (old, new)
    return payload_diff.differences(old, new, *shown)


def _parse(event: WebhookEvent) -> Any:
    """Parse an event's body, once for its page. Raises NotJson."""
    if "parsed" not in vars(event):
        vars(event)["parsed"] = payload_diff.parse(event.body or b"")
    return vars(event)["parsed"]


def _mask(event: WebhookEvent, payload: Any) -> Any:
    provider = get_provider(event.provider)
    return masking.mask_payload(payload, provider.personal_fields, provider.public_fields)
