"""Subscriptions and their cycles."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clients.models import Client
from flowzz.accounts.models import User
from sales.facts import SubscriptionFacts
from sales.models import ChangeSource, Origin, Sale, Subscription, SubscriptionCycle
from sales.recording import Outcome
from sales.statuses import SubscriptionStatus
from sales.subscriptions import SubscriptionBatch
from tests import payloads
from tests.factories import SaleFactory
from tests.integrations.sellers import Seller

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(email="vendedora@flowzz.test")


def event(hours: float) -> ChangeSource:
    return ChangeSource(
        observed_at=NOON + timedelta(hours=hours), origin=Origin.EVENT, origin_id=uuid.uuid4()
    )


def record(
    user: User,
    source: ChangeSource,
    *,
    client: Client | None = None,
    sale: Sale | None = None,
    **values: Any,
) -> Outcome:
    facts = SubscriptionFacts(
        subscription_hash="ass1", status=values.pop("status", ACTIVE), **values
    )
    batch = SubscriptionBatch.load(user.id, "loja", {"ass1"})
    by_document = client is not None and client.document_identifies
    outcome = batch.record(facts, client, sale, source, by_document=by_document)
    batch.save()
    return outcome


def cycles() -> list[tuple[Any, ...]]:
    rows = SubscriptionCycle.objects.order_by("cycle")
    return list(rows.values_list("cycle", "next_charge_date", "sale__external_id"))


def test_first_report_creates_the_subscription_with_its_cycle(user: User) -> None:
    outcome = record(
        user, event(0), cycle=2, frequency="Mensal", next_charge_date=NOON, product_name="Creme"
    )

    assert outcome == Outcome.CREATED
    row = Subscription.objects.get()
    assert (row.status, row.frequency, row.cycle, row.next_charge_date, row.product_name) == (
        ACTIVE,
        "Mensal",
        2,
        NOON,
        "Creme",
    )
    assert cycles() == [(2, NOON, None)]


def test_subscription_is_marked_until_a_status_is_reported(user: User) -> None:
    record(user, event(0), status=None)
    row = Subscription.objects.get()
    assert (row.status, row.is_status_reported) == (SubscriptionStatus.PENDING, False)
    assert record(user, event(1), status=None) == Outcome.UNCHANGED
    assert record(user, event(2), status=SubscriptionStatus.PENDING) == Outcome.UPDATED
    row.refresh_from_db()
    assert (row.status, row.is_status_reported) == (SubscriptionStatus.PENDING, True)


def test_renewal_adds_a_cycle_with_its_sale(user: User) -> None:
    sale = Sale.objects.create(
        user=user,
        source="loja",
        external_id="ord2",
        unit_price=Decimal("9.90"),
        total_price=Decimal("9.90"),
        sale_date=NOON,
        observed_at=NOON,
    )
    record(user, event(0), cycle=1)

    assert record(user, event(1), cycle=2, sale=sale) == Outcome.UPDATED
    assert Subscription.objects.get().cycle == 2
    assert cycles() == [(1, None, None), (2, None, "ord2")]


def test_repeated_report_changes_nothing(user: User) -> None:
    record(user, event(0), cycle=1)

    assert record(user, event(1), cycle=1) == Outcome.UNCHANGED
    assert cycles() == [(1, None, None)]


def test_earlier_cycle_is_stored_but_changes_nothing_else(user: User) -> None:
    record(user, event(0), cycle=3, frequency="Mensal")

    assert record(user, event(1), cycle=2, status=CANCELLED, frequency="Anual") == Outcome.STALE
    row = Subscription.objects.get()
    assert (row.status, row.cycle, row.frequency) == (ACTIVE, 3, "Mensal")
    assert [number for number, *_ in cycles()] == [2, 3]


def test_report_without_a_cycle_is_applied(user: User) -> None:
    record(user, event(0), cycle=3)

    assert record(user, event(1), status=CANCELLED) == Outcome.UPDATED
    row = Subscription.objects.get()
    assert (row.status, row.cycle) == (CANCELLED, 3)


def test_reports_are_ordered_by_their_sending_time(user: User) -> None:
    record(user, event(3), cycle=1, sent_at=NOON + timedelta(hours=2))

    late = record(user, event(4), cycle=1, status=CANCELLED, sent_at=NOON + timedelta(hours=1))

    assert late == Outcome.STALE
    assert Subscription.objects.get().status == ACTIVE


def test_late_report_only_completes_its_cycle(user: User) -> None:
    sale = SaleFactory.create(user=user, external_id="ord1")
    other = SaleFactory.create(user=user, external_id="ord2")
    record(user, event(2), cycle=1, next_charge_date=NOON)

    record(user, event(1), cycle=1, next_charge_date=NOON - timedelta(days=30), sale=sale)
    assert cycles() == [(1, NOON, "ord1")]

    record(user, event(1), cycle=1, sale=other)
    assert cycles() == [(1, NOON, "ord1")]


def test_known_cycles_are_written_without_reading_their_sales(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        sale = SaleFactory.create(user=user, external_id=f"ord{number}")
        record(user, event(number), cycle=number, sale=sale)
    batch = SubscriptionBatch.load(user.id, "loja", {"ass1"})

    with django_assert_num_queries(2):
        for number in range(5):
            facts = SubscriptionFacts(subscription_hash="ass1", status=ACTIVE, cycle=number)
            batch.record(facts, None, None, event(9))
        batch.save()

    assert [sale for *_, sale in cycles()] == [f"ord{number}" for number in range(5)]


def test_newest_report_counts_even_if_it_changed_nothing(user: User) -> None:
    record(user, event(0), cycle=1)
    record(user, event(2), cycle=1)

    assert record(user, event(1), cycle=1, status=CANCELLED) == Outcome.STALE


def test_sender_clock_ahead_does_not_block_later_reports(user: User) -> None:
    record(user, event(0), cycle=1, sent_at=NOON + timedelta(days=365))

    assert record(user, event(1), cycle=1, status=CANCELLED) == Outcome.UPDATED


def test_unknown_status_word_leaves_the_status_and_is_stored(user: User) -> None:
    record(user, event(0), cycle=1)
    record(user, event(1), status=SubscriptionStatus.PENDING, unknown_status="pausada")

    row = Subscription.objects.get()
    assert (row.status, row.unknown_status) == (ACTIVE, "pausada")

    record(user, event(2), status=CANCELLED)
    row.refresh_from_db()
    assert (row.status, row.unknown_status) == (CANCELLED, "")


def test_client_is_set_once(user: User) -> None:
    first = Client.objects.create(user=user, name="Íris")
    record(user, event(0))
    record(user, event(1), client=first)
    record(user, event(2), client=Client.objects.create(user=user, name="Outra"))

    assert Subscription.objects.get().client == first


def test_subscription_moves_to_the_person_whose_document_a_later_message_has(user: User) -> None:
    mother = Client.objects.create(user=user, name="Marina")
    daughter = Client.objects.create(
        user=user, name="Bia", cpf=payloads.cpf(734100037), document_identifies=True
    )
    record(user, event(0), cycle=2, client=mother)

    record(user, event(-1), cycle=2, client=daughter)
    record(user, event(1), cycle=1, client=daughter)
    assert Subscription.objects.get().client == mother

    assert record(user, event(2), cycle=2, client=daughter) == Outcome.UPDATED
    assert Subscription.objects.get().client == daughter


def test_subscription_does_not_move_by_a_phone(db: None) -> None:
    ana = {"client_name": "Ana Luz", "client_documment": payloads.cpf(291417776)}
    bia = {"client_name": "Bia Reis", "client_documment": payloads.cpf(734100037)}
    phone = {"client_phone": "11987650002"}
    seller = Seller("outra@flowzz.test")
    seller.process(payloads.order("ord1", client=bia | phone))
    seller.process(payloads.subscription() | {"client": ana})

    by_phone = payloads.subscription(cycle="2", with_order="ord2")
    seller.process(by_phone | {"client": {"client_name": "Bia", **phone}})
    assert seller.buyer("ord2").name == "Bia Reis"
    assert Subscription.objects.filter(client__name="Ana Luz").exists()

    seller.process(payloads.subscription(cycle="3") | {"client": bia})
    assert Subscription.objects.filter(client__name="Bia Reis").exists()


def test_subscription_of_an_erased_client_stays_with_it(user: User) -> None:
    erased = Client.objects.create(user=user, erased_at=NOON)
    again = Client.objects.create(user=user, cpf=payloads.cpf(734100037), document_identifies=True)
    record(user, event(0), client=erased)

    assert record(user, event(1), client=again) == Outcome.UNCHANGED
    assert Subscription.objects.get().client == erased


def test_users_with_the_same_code_have_separate_subscriptions(user: User) -> None:
    record(user, event(0))
    record(User.objects.create(email="outra@flowzz.test"), event(0))

    assert Subscription.objects.count() == 2
