"""Removing the mapping of a status word: its sales get the status before the word."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flowzz.accounts.models import User
from integrations.models import StatusMappingUsage, WebhookPayload
from sales.models import Sale
from sales.statuses import SaleStatus
from tests import payloads
from tests.integrations.sellers import Seller
from tests.integrations.status_mappings.mapping import remap
from tests.integrations.sync.syncing import sync_page

pytestmark = pytest.mark.django_db


def test_removed_mapping_restores_the_status_before_the_word(seller: Seller, staff: User) -> None:
    now = timezone.now()
    seller.process(
        payloads.order("ord2", order_status="Aprovado"), received_at=now - timedelta(hours=2)
    )
    seller.process(
        payloads.order("ord1", order_status="Confirmadíssimo"),
        payloads.order("ord2", order_status="Confirmadíssimo"),
        payloads.order("ord3", order_status="Confirmadíssimo"),
        received_at=now - timedelta(hours=1),
    )
    remap(SaleStatus.REFUNDED, staff)
    remap(SaleStatus.CANCELLED, staff)
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo", product_name="Curso"))
    seller.process(payloads.order("ord3", order_status="Aprovado"))

    action = remap("", staff)

    assert (action.state, action.total, action.outcomes) == (
        "SUCCEEDED",
        3,
        {"updated": 2, "unchanged": 1},
    )
    statuses = {sale.external_id: (sale.status, sale.unknown_status) for sale in Sale.objects.all()}
    assert statuses == {
        "ord1": (SaleStatus.PENDING, "confirmadíssimo"),
        "ord2": (SaleStatus.PAID, "confirmadíssimo"),
        "ord3": (SaleStatus.PAID, ""),
    }
    change = seller.sale("ord2").status_changes.latest("id")
    assert (change.from_status, change.origin_id) == (SaleStatus.CANCELLED, action.id)
    assert StatusMappingUsage.objects.count() == 0
    assert remap(SaleStatus.DELIVERED, staff).outcomes == {"updated": 2}


def test_removed_mapping_clears_the_time_of_its_status_alone(seller: Seller, staff: User) -> None:
    paid_at = timezone.now() - timedelta(hours=2)
    seller.process(payloads.order("ord1", order_status="Aprovado"), received_at=paid_at)
    seller.process(
        payloads.order("ord1", order_status="Confirmadíssimo"),
        payloads.order("ord2", order_status="Confirmadíssimo", shipping_status="Entregue"),
        received_at=timezone.now() - timedelta(hours=1),
    )
    remap(SaleStatus.DELIVERED, staff)
    assert seller.sale("ord1").delivered_at is not None

    remap("", staff)

    sale = seller.sale("ord1")
    assert (sale.paid_at, sale.delivered_at) == (paid_at, None)
    assert seller.sale("ord2").delivered_at is not None


def test_removing_an_ineffective_mapping_keeps_the_status(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1"), received_at=timezone.now() - timedelta(hours=1))
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    remap(SaleStatus.PAID, staff)
    remap("", staff)
    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.PAID, "confirmadíssimo")


def test_removed_mapping_restores_the_status_without_bodies(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1", shipping_status="Na moita"))
    remap("SHIPPED", staff)
    WebhookPayload.objects.all().delete()
    remap("DELIVERED", staff)
    assert remap("", staff).outcomes == {"updated": 1}
    sale = seller.sale("ord1")
    assert (sale.shipping_status, sale.unknown_shipping_status) == ("PENDING", "na moita")
    assert sale.status == SaleStatus.PAID


def test_removing_a_mapping_keeps_the_status_of_a_word_before_it(
    seller: Seller, staff: User
) -> None:
    """The mapping changed nothing, and no stored body shows when its word was reported."""
    seller.process(
        payloads.order("ord1", order_status="Chargeback"),
        received_at=timezone.now() - timedelta(hours=1),
    )
    sync_page(seller.integration, [payloads.order("ord1", order_status="Confirmadíssimo")])
    remap(SaleStatus.REFUNDED, staff)
    remap("", staff)

    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.REFUNDED, "confirmadíssimo")
    seller.process(payloads.order("ord1", order_status="Aprovado"))
    assert seller.sale("ord1").status == SaleStatus.PAID


def test_removing_a_mapping_reopens_the_refund_before_its_word(seller: Seller, staff: User) -> None:
    now = timezone.now()
    for hours, word in ((2, "Chargeback"), (1, "Confirmadíssimo")):
        order = payloads.order("ord1", order_status=word)
        seller.process(order, received_at=now - timedelta(hours=hours))
    remap(SaleStatus.DELIVERED, staff)
    remap("", staff)

    assert seller.sale("ord1").is_refund_open
    seller.process(payloads.order("ord1", order_status="Aprovado"))
    assert seller.sale("ord1").status == SaleStatus.PAID


def test_removing_a_mapping_keeps_the_change_of_an_event_with_another_word(
    seller: Seller, staff: User
) -> None:
    seller.process(payloads.order("ord2", order_status="Confirmadíssimo"))
    remap(SaleStatus.CANCELLED, staff)
    seller.process(payloads.order("ord1"), received_at=timezone.now() - timedelta(hours=2))
    seller.process(
        payloads.order("ord1", order_status="Cancelado"),
        received_at=timezone.now() - timedelta(hours=1),
    )
    sync_page(seller.integration, [payloads.order("ord1", order_status="Confirmadíssimo")])
    remap("", staff)
    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.CANCELLED, "confirmadíssimo")
