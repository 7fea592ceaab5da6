"""Events from the inbox to what they produce: repeats, order, faults, replays."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

from integrations import ingest
from integrations.inbox import drain, processing, replay, store
from integrations.inbox.store import InboundWebhook
from integrations.models import EventState, Integration, IntegrationStatus, WebhookEvent
from integrations.providers.coinzz.adapter import COINZZ, CoinzzReader
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
CREATED, UPDATED = ("DONE", "created"), ("DONE", "updated")
UNCHANGED = ("DONE", "unchanged")
DUPLICATE, STALE = ("IGNORED", "duplicate"), ("IGNORED", "stale")
DELIVERED, SHIPPED = "order_cod_delivered", "order_cod_shipped"


@pytest.fixture
def seller() -> Seller:
    return Seller()


@pytest.mark.parametrize("name", payloads.NAMES)
def test_every_recorded_body_counts_once_however_often_it_comes(seller: Seller, name: str) -> None:
    seller.process(payloads.raw(name))
    seller.process(payloads.raw(name))
    seller.process(payloads.raw(name), payloads.raw(name))

    assert seller.states == [CREATED, DUPLICATE, DUPLICATE, DUPLICATE]


def test_repeats_in_one_batch_are_set_apart(seller: Seller) -> None:
    body = payloads.raw("order_cod_created")

    seller.process(body, body)

    assert seller.states == [CREATED, DUPLICATE]


def test_a_batch_of_large_bodies_is_a_small_one(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [payloads.encode(payloads.order(f"ord{n}")) for n in range(5)]
    monkeypatch.setattr(drain, "BATCH_BYTES", len(bodies[0]) + 1)
    seller.receive(*bodies, at=NOON)

    assert [drain.drain(seller.integration.id) for _ in range(4)] == [2, 2, 1, 0]
    assert seller.states == [CREATED] * 5


def test_a_body_larger_than_a_batch_is_one(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "BATCH_BYTES", 1)
    seller.receive(payloads.order("orda"), payloads.order("ordb"))

    assert [drain.drain(seller.integration.id) for _ in range(3)] == [1, 1, 0]


def test_an_event_that_would_go_backward_is_stale(seller: Seller) -> None:
    seller.process(payloads.raw(DELIVERED))
    before = Sale.objects.values().get()

    seller.process(payloads.raw(SHIPPED))

    assert seller.states == [CREATED, STALE]
    assert Sale.objects.values().get() == before


def test_late_resend_does_not_undo_a_newer_status(seller: Seller) -> None:
    paid = payloads.order(order_status="Aprovado")
    seller.process(paid, at=NOON)
    seller.process(payloads.order(order_status="Cancelado"), at=NOON + timedelta(hours=1))

    seller.process(paid, at=NOON + timedelta(hours=71))

    assert seller.states == [CREATED, UPDATED, DUPLICATE]
    assert seller.sale().status == "CANCELLED"


def test_after_the_window_the_table_judges_a_resend(seller: Seller) -> None:
    paid = payloads.order(order_status="Aprovado")
    seller.process(paid, at=NOON)
    seller.process(payloads.order(order_status="Cancelado"), at=NOON + timedelta(hours=1))

    seller.process(paid, at=NOON + timedelta(hours=73))

    assert seller.states == [CREATED, UPDATED, UPDATED]
    assert seller.sale().status == "PAID"


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_repeats_do_not_prolong_the_window(seller: Seller, together: bool) -> None:
    paid = payloads.order(order_status="Aprovado")

    for hours in (0, 50, 100, 150, 60):  # the last comes from a clock that was set back
        seller.receive(paid, at=NOON + timedelta(hours=hours))
        if not together:
            seller.drain()
    seller.drain()

    # In the order of arrival: after 0, 50, 60, 100 and 150 hours.
    assert seller.states == [CREATED, DUPLICATE, DUPLICATE, UNCHANGED, DUPLICATE]


def test_the_same_order_of_two_sellers_is_two_sales(seller: Seller) -> None:
    other = Seller(email="outra@flowzz.test")
    seller.process(payloads.raw("order_cod_created"))
    other.process(payloads.raw("order_cod_created"))

    assert other.states == [CREATED]
    assert seller.sale("ordaaaaa").client != other.sale("ordaaaaa").client
    assert seller.sale("ordaaaaa").user_id == seller.integration.user_id


def test_bad_events_leave_their_neighbours_alone(seller: Seller) -> None:
    seller.process(
        payloads.order("ord1"), b"{", payloads.order("ord2"), b"[]", payloads.order("ord3")
    )

    assert seller.states == [
        CREATED,
        ("QUARANTINED", "invalid_json"),
        CREATED,
        ("QUARANTINED", "not_an_object"),
        CREATED,
    ]
    assert bytes(seller.events[1].body or b"") == b"{"
    assert seller.events[1].error.startswith("O corpo não é um JSON válido")


def test_an_order_that_cannot_be_read_is_quarantined_under_its_number(seller: Seller) -> None:
    seller.process(payloads.order("ord1", order_final_price="caro"))

    assert [(e.state, e.reason, e.external_id) for e in seller.events] == [
        ("QUARANTINED", "invalid_money", "ord1")
    ]


def test_a_fault_of_the_parser_costs_its_event_alone(seller: Seller) -> None:
    real = CoinzzReader.parse_webhook

    def crash(reader: Any, body: bytes, headers: Any) -> Any:
        if b"ord2" in body:
            raise ZeroDivisionError
        return real(reader, body, headers)

    with patch.object(CoinzzReader, "parse_webhook", crash):
        seller.process(*(payloads.order(f"ord{n}") for n in range(1, 4)))

    assert seller.states == [CREATED, ("QUARANTINED", "parser_fault"), CREATED]


class Refusal:
    """`ingest` with a fault for one order, whatever batch it is in."""

    def __init__(self, number: str, fault: Exception) -> None:
        self.number, self.fault = number, fault

    def __call__(self, integration: Integration, batch: Sequence[ingest.SourcedOrder]) -> Any:
        ingested = ingest.ingest(integration, batch)
        if any(observed.order.external_id == self.number for observed in batch):
            raise self.fault
        return ingested


def told_with(seller: Seller, refusal: Refusal, *bodies: dict[str, Any]) -> None:
    with patch.object(processing, "ingest", refusal):
        seller.process(*bodies)


def test_one_poisonous_event_among_500_waits_alone(seller: Seller) -> None:
    bodies = [payloads.order(f"ord{n}") for n in range(500)]

    told_with(seller, Refusal("ord321", ZeroDivisionError()), *bodies)

    assert {n for n, state in enumerate(seller.states) if state != CREATED} == {321}
    poison = seller.events[321]
    assert (poison.state, poison.reason, poison.external_id, poison.attempts) == (
        "RETRY",
        "fault",
        "ord321",
        1,
    )
    assert poison.error == "Falha interna (ZeroDivisionError); nova tentativa agendada."
    assert Sale.objects.count() == 499


def test_what_the_database_refuses_is_quarantined_at_once(seller: Seller) -> None:
    told_with(seller, Refusal("ord2", DataError()), *(payloads.order(f"ord{n}") for n in range(4)))

    assert seller.states == [CREATED, CREATED, ("QUARANTINED", "refused_by_database"), CREATED]
    assert seller.events[2].external_id == "ord2"


def test_attempts_double_their_distance_and_end_in_quarantine(seller: Seller) -> None:
    refusal = Refusal("ord1", ZeroDivisionError())
    seller.receive(payloads.order("ord1"))
    waits = []
    for _ in range(4):
        asked_at = timezone.now()
        told_with(seller, refusal)
        event = seller.events[0]
        assert event.state == EventState.RETRY
        assert event.next_attempt_at is not None
        waits.append((event.next_attempt_at - asked_at).total_seconds())
        WebhookEvent.objects.update(next_attempt_at=asked_at)
    told_with(seller, refusal)

    assert [
        0.8 * w <= wait <= 1.2 * w + 5 for w, wait in zip((30, 60, 120, 240), waits, strict=True)
    ]
    assert seller.states == [("QUARANTINED", "attempts_exhausted")]
    assert seller.events[0].attempts == 5


def test_an_event_is_not_retried_before_its_time(seller: Seller) -> None:
    told_with(seller, Refusal("ord1", ZeroDivisionError()), payloads.order("ord1"))

    seller.drain()
    assert drain.integrations_with_work() == []
    assert seller.events[0].attempts == 1

    WebhookEvent.objects.update(next_attempt_at=timezone.now())
    assert drain.integrations_with_work() == [seller.integration.id]
    seller.drain()
    assert seller.states == [CREATED]


def test_the_repeat_of_a_failed_event_gets_its_own_try(seller: Seller) -> None:
    body = payloads.order("ord1")
    seller.receive(body, body)

    with patch.object(processing, "ingest", Refusal("ord1", DataError())):
        drain.drain(seller.integration.id)
    seller.drain()

    assert seller.states == [("QUARANTINED", "refused_by_database"), CREATED]


def test_a_lost_database_leaves_all_as_it_was(seller: Seller) -> None:
    seller.receive(payloads.order("ord1"), payloads.order("ord2"))

    with pytest.raises(OperationalError):
        told_with(seller, Refusal("ord2", OperationalError()))

    assert seller.states == [("PENDING", ""), ("PENDING", "")]
    assert not Sale.objects.exists()


def test_events_of_a_disconnected_integration_are_ignored_until_replayed() -> None:
    seller = Seller(status=IntegrationStatus.DISCONNECTED)
    seller.process(payloads.order("ord1"))
    assert seller.states == [("IGNORED", "disconnected")]

    replay.replay(WebhookEvent.objects.all())
    seller.drain()
    assert seller.states == [CREATED]


def test_reconnected_a_resend_of_an_ignored_event_counts(seller: Seller) -> None:
    Integration.objects.update(status=IntegrationStatus.DISCONNECTED)
    seller.process(payloads.order("ord1"))
    Integration.objects.update(status=IntegrationStatus.CONNECTED)

    seller.process(payloads.order("ord1"))

    assert seller.states == [("IGNORED", "disconnected"), CREATED]


def test_replay_applies_again_but_undoes_nothing_newer(seller: Seller) -> None:
    seller.process(payloads.order(order_status="Aprovado"), at=NOON)
    seller.process(payloads.order(order_status="Cancelado"), at=NOON + timedelta(hours=1))

    first = WebhookEvent.objects.filter(id=seller.events[0].id)
    assert replay.replay(first) == 1
    seller.drain()

    assert seller.states == [STALE, UPDATED]
    assert seller.sale().status == "CANCELLED"


def test_unroutable_events_wait_for_staff_to_assign_them(seller: Seller) -> None:
    delivery = InboundWebhook(
        provider=COINZZ, token_hash="", body=payloads.raw("order_cod_created"), headers={}
    )
    store.store(delivery, None)
    orphans = WebhookEvent.objects.filter(integration=None)
    assert orphans.values_list("state", "reason").get() == ("QUARANTINED", "unroutable")
    assert replay.replay(orphans) == 0

    assert replay.assign(orphans, seller.integration) == 1
    seller.drain()

    assert seller.states == [CREATED]


def test_discarded_events_keep_the_reason(seller: Seller) -> None:
    seller.process(b"{", payloads.order("ord1"))

    assert replay.discard(WebhookEvent.objects.all(), "Teste do vendedor") == 1

    assert seller.states == [("IGNORED", "discarded"), CREATED]
    assert seller.events[0].error == "Teste do vendedor"


@pytest.mark.django_db(transaction=True)
def test_storing_under_one_id_twice_keeps_one(seller: Seller) -> None:
    delivery = InboundWebhook(
        provider=COINZZ, token_hash="", body=b"{}", headers={}, id=uuid.uuid4()
    )

    store.store(delivery, seller.integration)
    store.store(delivery, seller.integration)

    assert [event.id for event in seller.events] == [delivery.id]


def test_draining_notes_that_webhooks_arrive(seller: Seller) -> None:
    seller.process(payloads.order("ord1"), at=NOON)
    seller.process(payloads.order("ord2"), at=NOON - timedelta(hours=1))

    seller.integration.refresh_from_db()
    assert seller.integration.last_webhook_at == NOON
    assert seller.integration.sales_synced == 2
