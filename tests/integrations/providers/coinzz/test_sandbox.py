"""The sandbox's orders, parsed by the provider: the demo shows every status."""

from random import Random

import pytest

from integrations.providers.coinzz.statuses import DEFAULT_MAPPER
from sales.facts import SaleFacts
from sales.statuses import SaleStatus, ShippingStatus
from sandbox.orders.order import Order
from sandbox.orders.seller import Seller
from tests.integrations.providers.coinzz.samples import order_from, rejection

NOW = 1_795_000_000.0


@pytest.fixture(scope="module")
def history() -> list[Order]:
    return list(Seller(1, "8702").history(1000, NOW))


def sale_from(order: Order) -> SaleFacts:
    sale = order_from(order.webhook(NOW)).sale
    assert sale is not None
    return sale


def test_first_sync_has_sales_in_every_status(history: list[Order]) -> None:
    sales = [sale_from(order) for order in history]
    assert {sale.status for sale in sales} == set(SaleStatus)
    assert {sale.shipping_status for sale in sales} == set(ShippingStatus)


def test_first_sync_has_an_unknown_status_word(history: list[Order]) -> None:
    words = {order.body["order"]["order_status"] for order in history}
    unknown = {DEFAULT_MAPPER.sale_status(word)[1] for word in words} - {""}
    assert unknown == {"em conferência"}


def test_broken_webhook_has_no_number_or_no_price(history: list[Order]) -> None:
    order, random = history[-1], Random(1)
    bodies = {order.broken_webhook(random) for _ in range(20)}
    without_price, without_number = sorted(bodies, key=lambda body: b'"order_number":null' in body)
    sale = order_from(without_price).sale
    assert sale is not None
    assert sale.total_price is None
    assert rejection(without_number)[0] == "missing_identity"
