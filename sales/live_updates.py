"""Live updates about sales: their ids and statuses, without data of buyers."""

import uuid
from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from flowzz.core.api.event_stream import Event, publish
from sales.models import Sale

MAX_LISTED_SALES = 50
"""A larger batch is published as numbers only."""


def publish_on_commit(user_id: uuid.UUID, sales: Collection[Sale]) -> None:
    """Publish a batch of written sales as one event when the transaction commits."""
    created = sum(sale._state.adding for sale in sales)
    data = {
        "created": created,
        "updated": len(sales) - created,
        "sales": [_serialize(sale) for sale in sales] if len(sales) <= MAX_LISTED_SALES else [],
    }
    event = Event("sales", data)
    transaction.on_commit(partial(publish, user_id, event), robust=True)


def _serialize(sale: Sale) -> dict[str, Any]:
    return {
        "change": "created" if sale._state.adding else "updated",
        "id": str(sale.id),
        "externalId": sale.external_id,
        "status": sale.status,
        "shippingStatus": sale.shipping_status,
        "updatedAt": timezone.localtime(sale.updated_at).isoformat(),
    }
