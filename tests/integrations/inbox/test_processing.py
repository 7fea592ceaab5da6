"""Events are duplicates, applied, stale, retried or quarantined."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DataError
from django.utils import timezone

from clients.models import Client
from integrations.inbox import drain, processing, replay
from integrations.models import EventState, Integration, IntegrationStatus, WebhookEvent
from integrations.providers.coinzz.adapter import CoinzzReader
from sales.models import Sale, Subscription
from tests import payloads
from tests.integrations.inbox.failing import FailingIngest, process_failing
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
CREATED, UPDATED = ("DONE", "created"), ("DONE", "updated")
UNCHANGED = ("DONE", "unchanged")
DUPLICATE, STALE = ("IGNORED", "duplicate"), ("IGNORED", "stale")


@pytest.mark.parametrize("name", payloads.NAMES)
def test_recorded_body_is_applied_once_and_then_a_duplicate(seller: Seller, name: str) -> None:
    seller.process(payloads.raw(name))
    seller.process(payloads.raw(name))
    seller.process(payloads.raw(name), payloads.raw(name))

    assert seller.states == [CREATED, DUPLICATE, DUPLICATE, DUPLICATE]


def test_duplicate_in_the_same_batch_is_ignored(seller: Seller) -> None:
    body = payloads.raw("order_cod_created")

    seller.process(body, body)

    assert seller.states == [CREATED, DUPLICATE]


def test_earlier_shipping_status_is_stale(seller: Seller) -> None:
    seller.process(payloads.raw("order_cod_delivered"))
    before = Sale.objects.values().get()

    seller.process(payloads.raw("order_cod_shipped"))

    assert seller.states == [CREATED, STALE]
    assert Sale.objects.values().get() == before | {
        "refused_status": "PENDING",
        "refused_shipping_status": "SHIPPED",
        "observed_at": seller.events[1].received_at,
        "updated_at": Sale.objects.get().updated_at,
    }


def test_late_resend_does_not_undo_a_newer_status(seller: Seller) -> None:
    paid = payloads.order(order_status="Aprovado")
    seller.process(paid, received_at=NOON)
    seller.process(payloads.order(order_status="Cancelado"), received_at=NOON + timedelta(hours=1))

    seller.process(paid, received_at=NOON + timedelta(hours=71))

    assert seller.states == [CREATED, UPDATED, DUPLICATE]
    assert seller.sale().status == "CANCELLED"


def test_resend_after_the_window_is_applied_again(seller: Seller) -> None:
    paid = payloads.order(order_status="Aprovado")
    seller.process(paid, received_at=NOON)
    seller.process(payloads.order(order_status="Cancelado"), received_at=NOON + timedelta(hours=1))

    seller.process(paid, received_at=NOON + timedelta(hours=73))

    assert seller.states == [CREATED, UPDATED, UPDATED]
    assert seller.sale().status == "PAID"


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_duplicates_do_not_extend_the_window(seller: Seller, together: bool) -> None:
    paid = payloads.order(order_status="Aprovado")

    for hours in (0, 50, 100, 150, 60):  # the last comes from a clock that was set back
        seller.receive(paid, received_at=NOON + timedelta(hours=hours))
        if not together:
            seller.drain()
    seller.drain()

    # In the order of arrival: after 0, 50, 60, 100 and 150 hours.
    assert seller.states == [CREATED, DUPLICATE, DUPLICATE, UNCHANGED, DUPLICATE]


def test_unreadable_events_do_not_affect_the_rest_of_the_batch(seller: Seller) -> None:
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


def test_unreadable_order_is_quarantined_with_its_number(seller: Seller) -> None:
    seller.process(payloads.order("ord1", order_final_price="caro"))

    assert [(e.state, e.reason, e.external_id) for e in seller.events] == [
        ("QUARANTINED", "invalid_money", "ord1")
    ]


def test_parser_bug_quarantines_one_event(seller: Seller) -> None:
    real = CoinzzReader.parse_webhook

    def crash(reader: Any, body: bytes, headers: Any) -> Any:
        if b"ord2" in body:
            raise ZeroDivisionError
        return real(reader, body, headers)

    with patch.object(CoinzzReader, "parse_webhook", crash):
        seller.process(*(payloads.order(f"ord{n}") for n in range(1, 4)))

    assert seller.states == [CREATED, ("QUARANTINED", "parser_fault"), CREATED]


def test_failing_event_among_500_is_retried_alone(seller: Seller) -> None:
    bodies = [payloads.order(f"ord{n}") for n in range(500)]

    process_failing(seller, FailingIngest("ord321", ZeroDivisionError()), *bodies)

    assert {n for n, state in enumerate(seller.states) if state != CREATED} == {321}
    failed = seller.events[321]
    assert (failed.state, failed.reason, failed.external_id, failed.attempts) == (
        "RETRY",
        "fault",
        "ord321",
        1,
    )
    assert failed.error == "Falha interna (ZeroDivisionError); nova tentativa agendada."
    assert Sale.objects.count() == 499


def test_event_that_the_database_refuses_is_quarantined_at_once(seller: Seller) -> None:
    process_failing(
        seller, FailingIngest("ord2", DataError()), *(payloads.order(f"ord{n}") for n in range(4))
    )

    assert seller.states == [CREATED, CREATED, ("QUARANTINED", "refused_by_database"), CREATED]
    assert seller.events[2].external_id == "ord2"


def test_backoff_doubles_and_ends_in_quarantine(seller: Seller) -> None:
    failing = FailingIngest("ord1", ZeroDivisionError())
    seller.receive(payloads.order("ord1"))
    delays = []
    for _ in range(4):
        before = timezone.now()
        process_failing(seller, failing)
        event = seller.events[0]
        assert event.state == EventState.RETRY
        assert event.next_attempt_at is not None
        delays.append((event.next_attempt_at - before).total_seconds())
        WebhookEvent.objects.update(next_attempt_at=before)
    process_failing(seller, failing)

    assert [
        0.8 * backoff <= delay <= 1.2 * backoff + 5
        for backoff, delay in zip((30, 60, 120, 240), delays, strict=True)
    ]
    assert seller.states == [("QUARANTINED", "attempts_exhausted")]
    assert seller.events[0].attempts == 5


def test_duplicate_of_a_failed_event_is_processed(seller: Seller) -> None:
    body = payloads.order("ord1")
    seller.receive(body, body)

    with patch.object(processing, "ingest", FailingIngest("ord1", DataError())):
        drain.drain_batch(seller.integration.id)
    seller.drain()

    assert seller.states == [("QUARANTINED", "refused_by_database"), CREATED]


def test_resend_of_an_ignored_event_is_applied_after_reconnecting(seller: Seller) -> None:
    Integration.objects.update(status=IntegrationStatus.DISCONNECTED)
    seller.process(payloads.order("ord1"))
    Integration.objects.update(status=IntegrationStatus.CONNECTED)

    seller.process(payloads.order("ord1"))

    assert seller.states == [("IGNORED", "disconnected"), CREATED]


def test_later_webhook_completes_the_sales_client(seller: Seller) -> None:
    seller.process(payloads.order(client={"client_phone": "11987650001"}))
    first = seller.sale().client

    seller.process(
        payloads.order(client={"client_documment": "29141777638"}, order_status="Enviado")
    )

    client = seller.sale().client
    assert client == first
    assert client is not None
    assert (client.cpf, client.phone) == ("29141777638", "+5511987650001")


def test_sale_moves_to_the_person_whose_document_a_later_order_has(seller: Seller) -> None:
    mother = {"client_name": "Marina", "client_phone": "11987650001", "client_email": ""}
    seller.process(payloads.order("ord0", client=mother | {"client_documment": "29141777638"}))
    seller.process(payloads.order("ord1", client=mother))
    daughter = mother | {"client_documment": "94580730224", "client_email": "filha@example.com"}

    seller.process(payloads.order("ord1", client=daughter))

    kept, moved = seller.sale("ord0").client, seller.sale("ord1").client
    assert kept is not None
    assert moved is not None
    assert (kept.cpf, kept.email) == ("29141777638", None)
    assert (moved.cpf, moved.email) == ("94580730224", "filha@example.com")


@pytest.mark.parametrize("mothers_cpf", [payloads.cpf(291417776), ""])
def test_order_of_the_mothers_phone_moves_to_the_daughter_of_a_later_document(
    seller: Seller, mothers_cpf: str
) -> None:
    phone = {"client_phone": "11987650001"}
    mother = phone | {"client_name": "Marina Alves", "client_documment": mothers_cpf}
    daughter = {"client_name": "Bia Alves", "client_documment": payloads.cpf(734100037)}
    other = {"client_phone": "11987650002", "client_email": "bia@exemplo.com.br"}
    seller.process(payloads.order("ord1", client=mother))
    seller.process(payloads.order("ord2", client=phone | {"client_name": ""}))
    mothers_row = Client.objects.values().get()
    assert seller.buyer("ord2").id == mothers_row["id"]

    seller.process(payloads.order("ord2", client=daughter | other))

    assert Client.objects.values().get(id=mothers_row["id"]) == mothers_row
    buyer = seller.buyer("ord2")
    assert (buyer.name, buyer.cpf, buyer.phone, buyer.email) == (
        "Bia Alves",
        payloads.cpf(734100037),
        "+5511987650002",
        "bia@exemplo.com.br",
    )
    assert seller.buyer("ord1").id == mothers_row["id"]


ANA = {"client_name": "Ana Luz", "client_documment": payloads.cpf(291417776)}
BIA = {"client_name": "Bia Reis", "client_documment": payloads.cpf(734100037)}


def test_sale_that_moves_to_another_person_counts_as_updated(seller: Seller) -> None:
    now = timezone.now()
    seller.process(payloads.order(client=ANA), received_at=now - timedelta(hours=2))
    seller.process(payloads.order(client=BIA), received_at=now)

    assert seller.states == [CREATED, UPDATED]
    assert seller.buyer("ordzzzzz").name == "Bia Reis"

    between = payloads.order(client=ANA, order_final_price="55.00")
    seller.process(between, received_at=now - timedelta(hours=1))

    assert seller.states == [CREATED, STALE, UPDATED]
    assert seller.buyer("ordzzzzz").name == "Bia Reis"
    assert seller.sale().total_price == 100


@pytest.mark.parametrize("city", ["", "Natal"])
def test_late_message_does_not_move_the_sale_to_another_person(seller: Seller, city: str) -> None:
    now = timezone.now()
    seller.process(payloads.order(client=BIA), received_at=now)
    bia = Client.objects.values().get()

    late = payloads.order(client=ANA | {"client_address_city": city})
    seller.process(late, received_at=now - timedelta(hours=1))

    assert Client.objects.values().get() == bia
    assert seller.sale().client_id == bia["id"]
    assert seller.states == [STALE, CREATED]


def test_sale_without_a_client_gets_the_reported_one(seller: Seller) -> None:
    seller.process(payloads.order(client={"client_name": ""}))
    assert seller.sale().client is None

    seller.process(payloads.order(client={"client_name": "Marina"}))

    client = seller.sale().client
    assert client is not None
    assert (client.name, seller.sale().client_match) == ("Marina", "novo")


def test_unreadable_values_are_warnings_of_the_event_and_the_sale(seller: Seller) -> None:
    seller.process(payloads.order(order_quantity="dois", client={"client_name": ["Ana"]}))

    causes = ["not_a_text:client.client_name", "invalid_number:order.order_quantity"]
    assert seller.states == [CREATED]
    assert [event.value_warnings for event in seller.events] == [causes]
    assert seller.sale().value_warnings == causes
    assert seller.sale().metadata["extra"] == {
        "client": {"client_name": ["Ana"]},
        "order": {"order_quantity": "dois"},
    }

    seller.process(payloads.order(order_quantity=2, client={"client_name": None}))

    assert seller.events[1].value_warnings == []
    assert seller.sale().quantity == 2
    assert seller.sale().value_warnings == ["not_a_text:client.client_name"]
    assert seller.sale().metadata["extra"] == {"client": {"client_name": ["Ana"]}}


def test_replay_replaces_the_events_warnings(seller: Seller) -> None:
    seller.process(payloads.order(order_quantity=2))
    WebhookEvent.objects.update(value_warnings=["invalid_number:order.order_quantity"])

    replay.replay(WebhookEvent.objects.all())
    seller.drain()

    assert [event.value_warnings for event in seller.events] == [[]]


def test_new_order_without_a_price_is_quarantined_alone(seller: Seller) -> None:
    seller.process(
        payloads.order("ord1"),
        payloads.order("ord2", order_final_price=None),
        payloads.order("ord3"),
    )

    assert seller.states == [
        ("DONE", "created"),
        ("QUARANTINED", "missing_money"),
        ("DONE", "created"),
    ]
    event = seller.events[1]
    assert event.error == "order.order_final_price: campo obrigatório, veio vazio."
    assert (event.external_id, event.attempts) == ("ord2", 1)
    names = Client.objects.order_by("name").values_list("name", flat=True)
    assert list(names) == ["Pessoa ord1", "Pessoa ord3"]


def test_subscription_of_an_order_without_a_price_is_stored(seller: Seller) -> None:
    body = payloads.subscription(with_order="ord1")
    body["order"]["order_final_price"] = None

    seller.process(body)

    assert seller.states == [("QUARANTINED", "missing_money")]
    assert Subscription.objects.get().status == "ACTIVE"
    assert not Sale.objects.exists()


def test_subscription_without_a_status_stays_active(seller: Seller) -> None:
    missing: tuple[Any, ...] = (None, "", [], "-")
    for status in missing:
        seller.process(payloads.subscription(status="ativa"))
        seller.process(payloads.subscription(status=status, frequency="Mensal"))

        row = Subscription.objects.get()
        assert (row.status, row.frequency) == ("ACTIVE", "Mensal")


def test_replaced_price_product_and_client_stay_in_the_history(seller: Seller) -> None:
    first = {"client_name": "Ana Um", "client_documment": payloads.cpf(734100037)}
    second = {"client_name": "Bia Dois", "client_documment": payloads.cpf(291417776)}
    seller.process(payloads.order("ord1", client=first, product_code="pro0001"))
    before = seller.buyer("ord1")
    changes: dict[str, Any] = {
        "order_final_price": "250.00",
        "order_quantity": 3,
        "product_name": "Sérum",
    }
    seller.process(payloads.order("ord1", client=second, product_code="pro0002", **changes))

    created, changed = seller.events
    rows = seller.sale("ord1").status_changes.filter(origin_id=changed.id).order_by("field")
    assert list(rows.values_list("field", "from_status", "to_status")) == [
        ("client_id", str(before.id), str(seller.buyer("ord1").id)),
        ("product_name", "Creme Exemplo", "Sérum"),
        ("product_sku", "pro0001", "pro0002"),
        ("quantity", "1", "3"),
        ("total_price", "100.00", "250.00"),
    ]
    assert seller.sale("ord1").status_changes.filter(origin_id=created.id).count() == 1
