"""Bodies of webhooks are kept for PAYLOAD_RETENTION; what they produced stays."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from flowzz.core.runtime_settings.definitions import PAYLOAD_RETENTION
from integrations.inbox import drain
from integrations.models import WebhookEvent

BATCH = 1_000


def past_retention() -> "QuerySet[WebhookEvent]":
    """Events older than that which have a body yet, but for those still to be done."""
    oldest_kept = timezone.now() - PAYLOAD_RETENTION.exact()
    return WebhookEvent.objects.filter(
        ~Q(state__in=drain.WAITING), body__isnull=False, received_at__lt=oldest_kept
    )


def purge() -> int:
    """Remove the bodies of the next batch, oldest first; return how many."""
    oldest = past_retention().order_by("received_at").values_list("id", flat=True)[:BATCH]
    # Asked again of each row: one that staff replay at this moment has to keep its body.
    return drain.redact_payloads(past_retention().filter(id__in=list(oldest)))
