"""Webhooks are stored as events."""

import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from integrations.inbox import store
from integrations.inbox.store import InboundWebhook
from integrations.providers.coinzz.adapter import COINZZ
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_webhook_stored_twice_is_one_event(seller: Seller) -> None:
    webhook = InboundWebhook(
        provider=COINZZ, token_hash="", body=b"{}", headers={}, id=uuid.uuid4()
    )

    store.execute(store.insertion([(webhook, seller.integration)]))
    store.execute(store.insertion([(webhook, seller.integration)]))

    assert [event.id for event in seller.events] == [webhook.id]


@pytest.mark.django_db(transaction=True)
def test_buffered_webhook_keeps_its_arrival_however_late_the_statement_begins(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler, which has no free connection at that moment."""
    webhook = InboundWebhook(provider=COINZZ, token_hash="", body=b"{}", headers={})
    execute = store.execute

    def execute_late(parameters: Sequence[Any]) -> set[uuid.UUID]:
        time.sleep(2)
        return execute(parameters)

    monkeypatch.setattr(store, "execute", execute_late)
    store.store_buffered([(webhook, seller.integration)])

    (event,) = seller.events
    assert abs(event.received_at - webhook.arrived_at) < timedelta(seconds=1)
