"""Staff replay, assign and discard events."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.inbox import replay, store
from integrations.inbox.store import InboundWebhook
from integrations.models import IntegrationStatus, WebhookEvent
from integrations.providers.coinzz.adapter import COINZZ
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
CREATED, UPDATED, STALE = ("DONE", "created"), ("DONE", "updated"), ("IGNORED", "stale")


def test_events_of_a_disconnected_integration_are_ignored_until_replayed() -> None:
    seller = Seller(status=IntegrationStatus.DISCONNECTED)
    seller.process(payloads.order("ord1"))
    assert seller.states == [("IGNORED", "disconnected")]

    replay.replay(WebhookEvent.objects.all())
    seller.drain()
    assert seller.states == [CREATED]


def test_replay_does_not_undo_a_newer_status(seller: Seller) -> None:
    seller.process(payloads.order(order_status="Aprovado"), received_at=NOON)
    seller.process(payloads.order(order_status="Cancelado"), received_at=NOON + timedelta(hours=1))

    first = WebhookEvent.objects.filter(id=seller.events[0].id)
    assert replay.replay(first) == 1
    seller.drain()

    assert seller.states == [STALE, UPDATED]
    assert seller.sale().status == "CANCELLED"


def test_unroutable_event_is_processed_once_assigned(seller: Seller) -> None:
    webhook = InboundWebhook(
        provider=COINZZ, token_hash="", body=payloads.raw("order_cod_created"), headers={}
    )
    store.execute(store.insertion([(webhook, None)]))
    unowned = WebhookEvent.objects.filter(integration=None)
    assert unowned.values_list("state", "reason").get() == ("QUARANTINED", "unroutable")
    assert replay.replay(unowned) == 0

    assert replay.assign(unowned, seller.integration) == 1
    seller.drain()

    assert seller.states == [CREATED]


def test_discard_ignores_quarantined_events_with_the_reason(seller: Seller) -> None:
    seller.process(b"{", payloads.order("ord1"))

    assert replay.discard(WebhookEvent.objects.all(), "Teste de quem vende") == 1

    assert seller.states == [("IGNORED", "discarded"), CREATED]
    assert seller.events[0].error == "Teste de quem vende"


def test_failures_are_stored_and_grouped_by_cause(seller: Seller) -> None:
    seller.process(b"{", b"[", payloads.order("ord1", order_final_price="caro"))

    assert [event.cause for event in seller.events] == [
        "invalid_json",
        "invalid_json",
        "invalid_money:order.order_final_price",
    ]
    failure = seller.events[2].failures.get()
    assert (failure.attempt, failure.reason) == (1, "invalid_money")
    assert failure.error == seller.events[2].error


def test_replayed_event_leaves_its_group_and_keeps_its_failures(seller: Seller) -> None:
    seller.process(b"{")
    replay.replay(WebhookEvent.objects.all())
    assert seller.events[0].cause == ""
    seller.drain()
    assert seller.events[0].cause == "invalid_json"
    assert seller.events[0].failures.count() == 2
