"""Subscriptions with their cycles, and affiliation requests."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clients.models import Client
from flowzz.accounts.models import User
from sales.facts import AffiliationFacts, SubscriptionFacts
from sales.models import AffiliationRequest, Origin, Sale, Subscription, SubscriptionCycle
from sales.recording import ChangeSource, Outcome
from sales.statuses import SubscriptionStatus
from sales.subscriptions import SubscriptionBatch, record_affiliations
from tests.factories import SaleFactory

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
ACTIVE, CANCELLED = SubscriptionStatus.ACTIVE, SubscriptionStatus.CANCELLED


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(email="vendedora@flowzz.test")


def at(hours: float) -> ChangeSource:
    return ChangeSource(
        observed_at=NOON + timedelta(hours=hours), origin=Origin.EVENT, origin_id=uuid.uuid4()
    )


def record(
    user: User,
    seen: ChangeSource,
    *,
    client: Client | None = None,
    sale: Sale | None = None,
    **facts: Any,
) -> Outcome:
    told = SubscriptionFacts(subscription_hash="ass1", status=facts.pop("status", ACTIVE), **facts)
    register = SubscriptionBatch.load(user.id, "loja", {"ass1"})
    outcome = register.record(told, client, sale, seen)
    register.save()
    return outcome


def cycles() -> list[tuple[Any, ...]]:
    rows = SubscriptionCycle.objects.order_by("cycle")
    return list(rows.values_list("cycle", "next_charge_date", "sale__external_id"))


def test_first_message_opens_it_with_its_cycle(user: User) -> None:
    outcome = record(
        user, at(0), cycle=2, frequency="Mensal", next_charge_date=NOON, product_name="Creme"
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


def test_renewal_is_a_cycle_of_its_own_with_its_sale(user: User) -> None:
    sale = Sale.objects.create(
        user=user,
        source="loja",
        external_id="ord2",
        unit_price=Decimal("9.90"),
        total_price=Decimal("9.90"),
        sale_date=NOON,
        observed_at=NOON,
    )
    record(user, at(0), cycle=1)

    assert record(user, at(1), cycle=2, sale=sale) == Outcome.UPDATED
    assert Subscription.objects.get().cycle == 2
    assert cycles() == [(1, None, None), (2, None, "ord2")]


def test_same_message_changes_nothing(user: User) -> None:
    record(user, at(0), cycle=1)

    assert record(user, at(1), cycle=1) == Outcome.UNCHANGED
    assert cycles() == [(1, None, None)]


def test_an_earlier_cycle_is_kept_but_changes_nothing_else(user: User) -> None:
    record(user, at(0), cycle=3, frequency="Mensal")

    assert record(user, at(1), cycle=2, status=CANCELLED, frequency="Anual") == Outcome.STALE
    row = Subscription.objects.get()
    assert (row.status, row.cycle, row.frequency) == (ACTIVE, 3, "Mensal")
    assert [number for number, *_ in cycles()] == [2, 3]


def test_a_message_without_cycle_counts(user: User) -> None:
    record(user, at(0), cycle=3)

    assert record(user, at(1), status=CANCELLED) == Outcome.UPDATED
    row = Subscription.objects.get()
    assert (row.status, row.cycle) == (CANCELLED, 3)


def test_messages_are_ordered_by_when_they_were_sent(user: User) -> None:
    record(user, at(3), cycle=1, sent_at=NOON + timedelta(hours=2))

    late = record(user, at(4), cycle=1, status=CANCELLED, sent_at=NOON + timedelta(hours=1))

    assert late == Outcome.STALE
    assert Subscription.objects.get().status == ACTIVE


def test_a_late_message_only_completes_its_cycle(user: User) -> None:
    sale = SaleFactory.create(user=user, external_id="ord1")
    other = SaleFactory.create(user=user, external_id="ord2")
    record(user, at(2), cycle=1, next_charge_date=NOON)

    record(user, at(1), cycle=1, next_charge_date=NOON - timedelta(days=30), sale=sale)
    assert cycles() == [(1, NOON, "ord1")]

    record(user, at(1), cycle=1, sale=other)
    assert cycles() == [(1, NOON, "ord1")]


def test_known_cycles_are_written_without_reading_their_sales(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        sale = SaleFactory.create(user=user, external_id=f"ord{number}")
        record(user, at(number), cycle=number, sale=sale)
    register = SubscriptionBatch.load(user.id, "loja", {"ass1"})

    with django_assert_num_queries(2):
        for number in range(5):
            told = SubscriptionFacts(subscription_hash="ass1", status=ACTIVE, cycle=number)
            register.record(told, None, None, at(9))
        register.save()

    assert [sale for *_, sale in cycles()] == [f"ord{number}" for number in range(5)]


def test_the_newest_message_counts_even_if_it_changed_nothing(user: User) -> None:
    record(user, at(0), cycle=1)
    record(user, at(2), cycle=1)

    assert record(user, at(1), cycle=1, status=CANCELLED) == Outcome.STALE


def test_a_senders_clock_that_is_ahead_does_not_block_later_messages(user: User) -> None:
    record(user, at(0), cycle=1, sent_at=NOON + timedelta(days=365))

    assert record(user, at(1), cycle=1, status=CANCELLED) == Outcome.UPDATED


def test_an_unknown_word_leaves_the_status_and_is_kept(user: User) -> None:
    record(user, at(0), cycle=1)
    record(user, at(1), status=SubscriptionStatus.PENDING, unknown_status="pausada")

    row = Subscription.objects.get()
    assert (row.status, row.unknown_status) == (ACTIVE, "pausada")

    record(user, at(2), status=CANCELLED)
    row.refresh_from_db()
    assert (row.status, row.unknown_status) == (CANCELLED, "")


def test_the_client_is_given_once(user: User) -> None:
    first = Client.objects.create(user=user, name="Íris")
    record(user, at(0))
    record(user, at(1), client=first)
    record(user, at(2), client=Client.objects.create(user=user, name="Outra"))

    assert Subscription.objects.get().client == first


def test_two_users_have_a_subscription_each(user: User) -> None:
    record(user, at(0))
    record(User.objects.create(email="outra@flowzz.test"), at(0))

    assert Subscription.objects.count() == 2


def request(**changes: Any) -> AffiliationFacts:
    facts = {
        "affiliate_name": "Hugo Exemplo",
        "affiliate_email": "hugo@example.com",
        "affiliate_phone": "62900000001",
        "status": "Pendente",
        "product_name": "Creme",
        "requested_at": NOON,
    }
    return AffiliationFacts(**{**facts, **changes})


def test_a_request_is_one_row_by_its_content(user: User) -> None:
    outcomes = record_affiliations(
        user.id,
        "loja",
        [
            (request(), at(0)),
            (request(affiliate_email="HUGO@example.com"), at(1)),
            (request(product_name="Sérum"), at(1)),
        ],
    )

    assert outcomes == [Outcome.CREATED, Outcome.UNCHANGED, Outcome.CREATED]
    rows = AffiliationRequest.objects.order_by("product_name").values_list(
        "affiliate_name", "affiliate_email", "affiliate_phone", "status", "product_name"
    )
    assert list(rows) == [
        ("Hugo Exemplo", "hugo@example.com", "62900000001", "Pendente", "Creme"),
        ("Hugo Exemplo", "hugo@example.com", "62900000001", "Pendente", "Sérum"),
    ]


def test_an_answer_changes_the_request_and_a_late_one_does_not(user: User) -> None:
    record_affiliations(user.id, "loja", [(request(), at(0))])

    answers = [(request(status="Aprovado"), at(2)), (request(status="Recusado"), at(1))]
    outcomes = record_affiliations(user.id, "loja", answers)

    assert outcomes == [Outcome.UPDATED, Outcome.STALE]
    assert AffiliationRequest.objects.get().status == "Aprovado"
