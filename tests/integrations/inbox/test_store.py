"""Webhooks are stored as events."""

import uuid

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
