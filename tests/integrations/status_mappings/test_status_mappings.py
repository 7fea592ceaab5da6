"""Mapping a status word and changing the mapping, with the sales that follow."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from flowzz.accounts.models import User
from integrations.bulk_actions import bulk_jobs
from integrations.inbox import processing
from integrations.models import StatusMapping, WebhookPayload
from integrations.providers.coinzz import COINZZ
from integrations.providers.contracts import StatusField
from integrations.providers.readers import WordMapped, reader_for
from sales.admin.set_status import set_statuses
from sales.models import Origin, Sale, Subscription
from sales.statuses import SaleStatus, SaleStatusField, SubscriptionStatus
from tests import payloads
from tests.integrations.sellers import Seller
from tests.integrations.status_mappings.mapping import remap

pytestmark = pytest.mark.django_db


def test_new_mapping_applies_to_the_sales_that_wait_for_it(seller: Seller, staff: User) -> None:
    seller.process(
        payloads.order("ord1", order_status="Confirmadíssimo"),
        payloads.order("ord2", order_status="Aprovado"),
    )
    before = timezone.now()
    action = remap(SaleStatus.DELIVERED, staff)

    assert (action.state, action.total, action.processed) == ("SUCCEEDED", 1, 1)
    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.DELIVERED, "")
    change = sale.status_changes.latest("id")
    assert (change.to_status, change.origin, change.origin_id) == (
        SaleStatus.DELIVERED,
        Origin.MAPPING,
        action.id,
    )
    received = seller.events[0].received_at
    assert sale.delivered_at == received < before < change.changed_at
    assert seller.sale("ord2").status == SaleStatus.PAID


def test_word_that_is_mapped_while_its_order_is_applied_is_read_again(
    seller: Seller, staff: User
) -> None:
    reader = reader_for(seller.integration)
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    remap(SaleStatus.PAID, staff)
    seller.receive(payloads.order("ord2", order_status="Confirmadíssimo"))

    with (
        patch.object(processing, "reader_for", lambda _: reader),  # from before the mapping
        pytest.raises(WordMapped),
    ):
        seller.drain()
    assert [sale.external_id for sale in Sale.objects.all()] == ["ord1"]
    seller.drain()
    assert seller.sale("ord2").status == SaleStatus.PAID


def test_changed_mapping_applies_to_old_and_new_sales(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    remap(SaleStatus.REFUNDED, staff)
    seller.process(payloads.order("ord2", order_status="Confirmadissimo"))
    assert seller.sale("ord2").status == SaleStatus.REFUNDED

    action = remap(SaleStatus.PAID, staff)

    assert action.outcomes == {"updated": 2}
    assert {sale.status for sale in Sale.objects.all()} == {SaleStatus.PAID}


def test_sale_with_a_newer_word_is_not_changed(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    remap(SaleStatus.PAID, staff)
    seller.process(payloads.order("ord1", order_status="Enviado"))
    action = remap(SaleStatus.CANCELLED, staff)
    assert action.outcomes == {"unchanged": 1}
    assert seller.sale("ord1").status == SaleStatus.SHIPPED


def test_word_before_a_message_without_a_status_is_mapped(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    seller.process(payloads.order("ord1", order_status=None, product_name="Outro"))
    assert seller.sale("ord1").unknown_status == "confirmadíssimo"

    action = remap(SaleStatus.DELIVERED, staff)

    assert action.outcomes == {"updated": 1}
    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.DELIVERED, "")
    assert sale.status_changes.latest("id").origin_id == action.id


def test_mapping_of_shipping_leaves_a_refused_status(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1", order_status="Entregue"))
    seller.process(payloads.order("ord1", order_status="Pendente", shipping_status="Na moita"))

    remap("SHIPPED", staff)

    sale = seller.sale("ord1")
    assert (sale.status, sale.refused_status) == (SaleStatus.DELIVERED, SaleStatus.PENDING)
    assert sale.shipping_status == "SHIPPED"


@pytest.mark.parametrize(
    ("mapped_to", "refused"),
    [(SaleStatus.PAID, SaleStatus.SHIPPED), (SaleStatus.SHIPPED, ""), ("", SaleStatus.SHIPPED)],
)
def test_mapping_keeps_a_status_that_was_refused_after_the_word(
    seller: Seller, staff: User, mapped_to: str, refused: str
) -> None:
    seller.process(payloads.order("ord1", order_status="Entregue"))
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    seller.process(payloads.order("ord1", order_status="Enviado"))
    if not mapped_to:
        remap(SaleStatus.CANCELLED, staff)

    remap(mapped_to, staff)

    sale = seller.sale("ord1")
    assert (sale.status, sale.refused_status) == (mapped_to or SaleStatus.DELIVERED, refused)


def test_refused_status_that_the_word_gets_is_no_longer_listed(seller: Seller, staff: User) -> None:
    """Also beneath a status set by hand."""
    seller.process(payloads.order("ord1", shipping_status="Na moita"))
    remap("DELIVERED", staff)
    set_statuses(seller.sale("ord1"), {SaleStatusField.SHIPPING: "RETURNED"}, by=staff)
    seller.process(payloads.order("ord1", shipping_status="A enviar"))
    assert seller.sale("ord1").refused_shipping_status == "PENDING"

    remap("PENDING", staff)

    sale = seller.sale("ord1")
    assert (sale.shipping_status, sale.refused_shipping_status) == ("RETURNED", "")


def test_sale_without_a_stored_body_gets_the_status_too(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1", shipping_status="Na moita"))
    WebhookPayload.objects.all().delete()
    remap("SHIPPED", staff)
    sale = seller.sale("ord1")
    assert (sale.shipping_status, sale.unknown_shipping_status) == ("SHIPPED", "")
    assert remap("DELIVERED", staff).outcomes == {"updated": 1}
    assert seller.sale("ord1").shipping_status == "DELIVERED"


def test_mapping_applies_to_a_subscription(seller: Seller, staff: User) -> None:
    seller.process(payloads.subscription(status="dormindo", with_order="ord1"))
    assert StatusMapping.objects.get().field == StatusField.SUBSCRIPTION
    remap(SubscriptionStatus.SUSPENDED, staff)
    row = Subscription.objects.get()
    assert (row.status, row.unknown_status) == (SubscriptionStatus.SUSPENDED, "")


def test_mapping_reaches_an_order_that_events_name_by_either_id(
    seller: Seller, staff: User
) -> None:
    now = timezone.now()
    for hours, number, word in (
        (3, None, "Aprovado"),
        (2, None, "Confirmadíssimo"),
        (1, "ord1", "Confirmadíssimo"),
    ):
        order = payloads.order(order_number=number, order_hash="ven1", order_status=word)
        seller.process(order, received_at=now - timedelta(hours=hours))
    remap(SaleStatus.CANCELLED, staff)
    assert seller.sale("ord1").status == SaleStatus.CANCELLED
    remap("", staff)
    sale = seller.sale("ord1")
    assert (sale.status, sale.unknown_status) == (SaleStatus.PAID, "confirmadíssimo")


def test_mapping_does_not_apply_to_another_provider(seller: Seller, staff: User) -> None:
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    Sale.objects.update(source="outra")
    action = remap(SaleStatus.PAID, staff)
    assert (action.total, StatusMapping.objects.get().provider) == (0, COINZZ)
    assert seller.sale("ord1").status == SaleStatus.PENDING


def test_changed_mapping_clears_the_time_of_its_former_status_alone(
    seller: Seller, staff: User
) -> None:
    shipped_at = timezone.now() - timedelta(hours=2)
    seller.process(
        payloads.order("ord1", order_status="Pendente", shipping_status="Enviado"),
        received_at=shipped_at,
    )
    reported_at = timezone.now() - timedelta(hours=1)
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"), received_at=reported_at)
    remap(SaleStatus.DELIVERED, staff)
    remap(SaleStatus.PAID, staff)
    sale = seller.sale("ord1")
    assert (sale.shipped_at, sale.delivered_at, sale.paid_at) == (shipped_at, None, reported_at)

    remap(SaleStatus.CANCELLED, staff)
    sale = seller.sale("ord1")
    assert (sale.paid_at, sale.cancelled_at) == (None, reported_at)


def test_changed_mapping_keeps_the_time_of_a_payment_before_the_word(
    seller: Seller, staff: User
) -> None:
    paid_at = timezone.now() - timedelta(hours=2)
    seller.process(payloads.order("ord1", order_status="Aprovado"), received_at=paid_at)
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    remap(SaleStatus.PAID, staff)
    remap(SaleStatus.REFUNDED, staff)
    assert seller.sale("ord1").paid_at == paid_at


def test_mapping_of_a_subscription_is_changed_and_removed(seller: Seller, staff: User) -> None:
    now = timezone.now()
    seller.process(
        payloads.subscription("ass1", with_order="ord1"), received_at=now - timedelta(hours=2)
    )
    seller.process(
        payloads.subscription("ass1", status="dormindo", with_order="ord1"),
        payloads.subscription("ass2", status="dormindo", with_order="ord2"),
        received_at=now - timedelta(hours=1),
    )
    remap(SubscriptionStatus.SUSPENDED, staff)
    remap(SubscriptionStatus.CANCELLED, staff)
    rows = Subscription.objects.order_by("subscription_hash")
    assert [row.status for row in rows] == [SubscriptionStatus.CANCELLED] * 2
    remap("", staff)
    assert [(row.status, row.unknown_status) for row in rows.all()] == [
        (SubscriptionStatus.ACTIVE, "dormindo"),
        (SubscriptionStatus.PENDING, "dormindo"),
    ]


@pytest.mark.parametrize("mapped_to", [SaleStatus.DELIVERED, ""])
def test_status_set_by_hand_holds_while_its_word_stays(
    seller: Seller, staff: User, mapped_to: str
) -> None:
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo"))
    remap(SaleStatus.PAID, staff)
    set_statuses(seller.sale("ord1"), {SaleStatusField.STATUS: SaleStatus.CANCELLED}, by=staff)

    remap(mapped_to, staff)

    assert seller.sale("ord1").status == SaleStatus.CANCELLED
    seller.process(payloads.order("ord1", order_status="Confirmadíssimo", product_name="Outro"))
    assert seller.sale("ord1").status == SaleStatus.CANCELLED
    seller.process(payloads.order("ord1", order_status="Entregue"))
    assert seller.sale("ord1").status == SaleStatus.DELIVERED


def test_mapping_applies_to_all_spellings_of_the_word(seller: Seller, staff: User) -> None:
    """The API writes in capitals and with underscores what webhooks write with accents."""
    seller.process(
        payloads.order("ord1", order_status="Em conferência"),
        payloads.order("ord2", order_status="EM_CONFERENCIA"),
        payloads.subscription("ass1", status="Em pausa"),
        payloads.subscription("ass2", status="EM_PAUSA"),
    )
    statuses = {StatusField.ORDER: SaleStatus.PAID, StatusField.SUBSCRIPTION: "SUSPENDED"}
    for field, status in statuses.items():
        for mapping in StatusMapping.objects.filter(field=field).order_by("-id"):
            action, _ = bulk_jobs.request_remap(mapping, status, by=staff)
            bulk_jobs.execute(action.id)
        assert {m.status for m in StatusMapping.objects.filter(field=field)} == {status}

    assert {sale.status for sale in Sale.objects.all()} == {SaleStatus.PAID}
    assert {row.status for row in Subscription.objects.all()} == {"SUSPENDED"}
    last = StatusMapping.objects.filter(field=StatusField.ORDER).latest("id")
    action, _ = bulk_jobs.request_remap(last, "", by=staff)
    bulk_jobs.execute(action.id)
    assert len({sale.unknown_status for sale in Sale.objects.all()} - {""}) == 1


@pytest.mark.parametrize("corrected", [SaleStatus.PAID, ""])
def test_correcting_a_mapping_ends_the_wrong_status_beneath_one_set_by_hand(
    seller: Seller, staff: User, corrected: str
) -> None:
    now = timezone.now()
    for hours, word in ((2, "Aprovado"), (1, "Confirmadíssimo")):
        order = payloads.order("ord1", order_status=word)
        seller.process(order, received_at=now - timedelta(hours=hours))
    remap(SaleStatus.REFUNDED, staff)
    set_statuses(seller.sale("ord1"), {SaleStatusField.STATUS: SaleStatus.DELIVERED}, by=staff)

    remap(corrected, staff)

    assert seller.sale("ord1").status == SaleStatus.DELIVERED
    seller.process(payloads.order("ord1", order_status="Cancelado"))
    sale = seller.sale("ord1")
    assert (sale.status, sale.refused_status) == (SaleStatus.CANCELLED, "")
