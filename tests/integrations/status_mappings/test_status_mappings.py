"""A word gets its meaning, another one, and the sales follow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flowzz.accounts.models import User
from integrations.bulk_actions import bulk_jobs
from integrations.models import BulkAction, StatusMapping, StatusMappingUsage, WebhookPayload
from integrations.providers.coinzz import COINZZ
from integrations.providers.contracts import StatusField
from sales.models import Sale, Subscription
from sales.statuses import SaleStatus, SubscriptionStatus
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return Seller()


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("equipe@flowzz.test")


def mean(meaning: str, by: User) -> BulkAction:
    action, _ = bulk_jobs.request_remap(StatusMapping.objects.get(), meaning, by=by)
    bulk_jobs.execute(action.id)
    action.refresh_from_db()
    return action


def test_meaning_is_given_to_the_sales_that_wait_for_it(seller: Seller, staff: User) -> None:
    seller.told(
        payloads.order("ord1", order_status="Confirmadíssimo"),
        payloads.order("ord2", order_status="Aprovado"),
    )
    action = mean(SaleStatus.DELIVERED, staff)

    assert (action.state, action.total, action.processed) == ("SUCCEEDED", 1, 1)
    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.DELIVERED, "")
    change = sale.status_changes.latest("id")
    assert (change.to_status, change.origin_id) == (SaleStatus.DELIVERED, seller.events[0].id)
    assert seller.sale("ord2").status == SaleStatus.PAID


def test_wrong_meaning_is_changed_for_old_and_new_sales(seller: Seller, staff: User) -> None:
    seller.told(payloads.order("ord1", order_status="Confirmadíssimo"))
    mean(SaleStatus.REFUNDED, staff)
    seller.told(payloads.order("ord2", order_status="Confirmadissimo"))
    assert seller.sale("ord2").status == SaleStatus.REFUNDED

    action = mean(SaleStatus.PAID, staff)

    assert action.outcomes == {"updated": 2}
    assert {sale.status for sale in Sale.objects.all()} == {SaleStatus.PAID}


def test_sale_that_moved_on_stays(seller: Seller, staff: User) -> None:
    seller.told(payloads.order("ord1", order_status="Confirmadíssimo"))
    mean(SaleStatus.PAID, staff)
    seller.told(payloads.order("ord1", order_status="Enviado"))
    action = mean(SaleStatus.CANCELLED, staff)
    assert action.outcomes == {"unchanged": 1}
    assert seller.sale("ord1").status == SaleStatus.SHIPPED


def test_sale_whose_body_is_gone_gets_the_meaning_as_well(seller: Seller, staff: User) -> None:
    seller.told(payloads.order("ord1", shipping_status="Na moita"))
    WebhookPayload.objects.all().delete()
    mean("SHIPPED", staff)
    sale = seller.sale("ord1")
    assert (sale.shipping_status, sale.unknown_shipping_status) == ("SHIPPED", "")
    assert mean("DELIVERED", staff).outcomes == {"updated": 1}
    assert seller.sale("ord1").shipping_status == "DELIVERED"


def test_word_of_a_subscription(seller: Seller, staff: User) -> None:
    seller.told(payloads.subscription(status="dormindo", with_order="ord1"))
    assert StatusMapping.objects.get().axis == StatusField.SUBSCRIPTION
    mean(SubscriptionStatus.SUSPENDED, staff)
    row = Subscription.objects.get()
    assert (row.status, row.unknown_status) == (SubscriptionStatus.SUSPENDED, "")


def test_words_are_of_their_provider(seller: Seller, staff: User) -> None:
    seller.told(payloads.order("ord1", order_status="Confirmadíssimo"))
    Sale.objects.update(source="outra")
    action = mean(SaleStatus.PAID, staff)
    assert (action.total, StatusMapping.objects.get().provider) == (0, COINZZ)
    assert seller.sale("ord1").status == SaleStatus.PENDING


def test_meaning_taken_back_leaves_the_state_before_the_word(seller: Seller, staff: User) -> None:
    now = timezone.now()
    seller.told(payloads.order("ord2", order_status="Aprovado"), at=now - timedelta(hours=2))
    seller.told(
        payloads.order("ord1", order_status="Confirmadíssimo"),
        payloads.order("ord2", order_status="Confirmadíssimo"),
        payloads.order("ord3", order_status="Confirmadíssimo"),
        at=now - timedelta(hours=1),
    )
    mean(SaleStatus.REFUNDED, staff)
    mean(SaleStatus.CANCELLED, staff)
    seller.told(payloads.order("ord1", order_status="Confirmadíssimo", product_name="Curso"))
    seller.told(payloads.order("ord3", order_status="Aprovado"))

    action = mean("", staff)

    assert (action.state, action.total, action.outcomes) == (
        "SUCCEEDED",
        3,
        {"updated": 2, "unchanged": 1},
    )
    stands = {sale.external_id: (sale.status, sale.unknown_status) for sale in Sale.objects.all()}
    assert stands == {
        "ord1": (SaleStatus.PENDING, "confirmadíssimo"),
        "ord2": (SaleStatus.PAID, "confirmadíssimo"),
        "ord3": (SaleStatus.PAID, ""),
    }
    change = seller.sale("ord2").status_changes.latest("id")
    assert (change.from_status, change.origin_id) == (SaleStatus.CANCELLED, staff.id)
    assert StatusMappingUsage.objects.count() == 0
    assert mean(SaleStatus.DELIVERED, staff).outcomes == {"updated": 2}


def test_meaning_that_moved_nothing_is_taken_back(seller: Seller, staff: User) -> None:
    seller.told(payloads.order("ord1"), at=timezone.now() - timedelta(hours=1))
    seller.told(payloads.order("ord1", order_status="Confirmadíssimo"))
    mean(SaleStatus.PAID, staff)
    mean("", staff)
    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.PAID, "confirmadíssimo")


def test_meaning_is_taken_back_where_bodies_are_gone(seller: Seller, staff: User) -> None:
    seller.told(payloads.order("ord1", shipping_status="Na moita"))
    mean("SHIPPED", staff)
    WebhookPayload.objects.all().delete()
    mean("DELIVERED", staff)
    assert mean("", staff).outcomes == {"updated": 1}
    sale = seller.sale("ord1")
    assert (sale.shipping_status, sale.unknown_shipping_status) == ("PENDING", "na moita")
    assert sale.status == SaleStatus.PAID


def test_subscriptions_meaning_is_changed_and_taken_back(seller: Seller, staff: User) -> None:
    now = timezone.now()
    seller.told(payloads.subscription("ass1", with_order="ord1"), at=now - timedelta(hours=2))
    seller.told(
        payloads.subscription("ass1", status="dormindo", with_order="ord1"),
        payloads.subscription("ass2", status="dormindo", with_order="ord2"),
        at=now - timedelta(hours=1),
    )
    mean(SubscriptionStatus.SUSPENDED, staff)
    mean(SubscriptionStatus.CANCELLED, staff)
    rows = Subscription.objects.order_by("subscription_hash")
    assert [row.status for row in rows] == [SubscriptionStatus.CANCELLED] * 2
    mean("", staff)
    assert [(row.status, row.unknown_status) for row in rows.all()] == [
        (SubscriptionStatus.ACTIVE, "dormindo"),
        (SubscriptionStatus.PENDING, "dormindo"),
    ]
