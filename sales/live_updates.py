"""What those who look on are told of sales: which, and in what state. Nothing of buyers."""

import uuid
from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from flowzz.core.api.event_stream import Event, publish
from sales.models import Sale

NAMED = 50
"""Sales of one batch; of more, only how many."""


def publish_on_commit(user_id: uuid.UUID, sales: Collection[Sale]) -> None:
    """Tell of a batch that has just been written, in one event."""
    created = sum(sale._state.adding for sale in sales)
    data = {
        "created": created,
        "updated": len(sales) - created,
        "sales": [_told(sale) for sale in sales] if len(sales) <= NAMED else [],
    }
    event = Event("sales", data)
    transaction.on_commit(partial(publish, user_id, event), robust=True)


def _told(sale: Sale) -> dict[str, Any]:
    return {
        "change": "created" if sale._state.adding else "updated",
        "id": str(sale.id),
        "externalId": sale.external_id,
        "status": sale.status,
        "shippingStatus": sale.shipping_status,
        "updatedAt": timezone.localtime(sale.updated_at).isoformat(),
    }
