"""Orders reported by number, by hash, or by both: one sale, whatever came first."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.inbox import replay
from integrations.ingest import IngestResult, SourcedOrder, ingest
from integrations.models import Integration, WebhookEvent
from integrations.providers.readers import reader_for
from sales.models import ChangeSource, Origin, Sale, SaleMerge, SaleStatusChange, SubscriptionCycle
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

NUMBER, HASH = "ordaaaaa", "venaaa0001"
ANA = {"client_name": "Ana Suposta", "client_documment": "168.995.350-09"}
OTHER = {"client_name": "Otto Suposto", "client_documment": "291.417.776-38"}


@pytest.fixture
def seller() -> Seller:
    return Seller()


def order(number: str | None, order_hash: str | None = None, /, **changes: Any) -> dict[str, Any]:
    ids = {"order_number": number, "order_hash": order_hash}
    return payloads.order("-", client=ANA, **{**ids, **changes})


def by_api(seller: Seller, *items: Any) -> list[IngestResult]:
    """Apply items as a sync does."""
    integration = Integration.objects.select_related("user").get(id=seller.integration.id)
    reader, now = reader_for(integration), timezone.now()
    source = ChangeSource(
        observed_at=now, origin=Origin.RUN, origin_id=integration.id, is_snapshot=True
    )
    return ingest(integration, [SourcedOrder(reader.parse_order(item), source) for item in items])


def ids(seller: Seller) -> list[tuple[str, str, bool]]:
    sales = Sale.objects.filter(user=seller.integration.user).order_by("id")
    return [(sale.external_id, sale.order_hash, sale.is_associated) for sale in sales]


def test_item_with_a_hash_is_linked_to_the_webhooks_sale(seller: Seller) -> None:
    seller.process(order(NUMBER))
    sale = seller.sale(NUMBER)
    (result,) = by_api(seller, order(None, HASH))
    assert ids(seller) == [(NUMBER, HASH, True)]
    assert result.sale == sale


def test_webhook_with_a_number_is_linked_to_the_sale_of_the_hash(seller: Seller) -> None:
    by_api(seller, order(None, HASH))
    first = seller.sale(HASH)
    seller.process(order(NUMBER))
    assert ids(seller) == [(NUMBER, HASH, True)]
    assert seller.sale(NUMBER).id == first.id


def test_both_ids_together_are_one_sale_that_either_finds(seller: Seller) -> None:
    by_api(seller, order(NUMBER, HASH))
    by_api(seller, order(None, HASH, product_name="Outro"))
    seller.process(order(NUMBER, product_name="Mais um"))
    assert ids(seller) == [(NUMBER, HASH, True)]


def test_hash_in_place_of_the_number_finds_the_sale(seller: Seller) -> None:
    """Files name an order by what stands in its page's address."""
    by_api(seller, order(NUMBER, HASH))
    (result,) = by_api(seller, order(HASH, None, order_status="Enviado"))
    assert ids(seller) == [(NUMBER, HASH, True)]
    assert result.sale
    assert result.sale.status == "SHIPPED"


@pytest.mark.parametrize("first", [(NUMBER, None), (None, HASH)])
def test_both_ids_complete_a_sale_known_by_one(
    seller: Seller, first: tuple[str | None, str | None]
) -> None:
    by_api(seller, order(*first, order_final_price="1.00"))
    sale = Sale.objects.get()
    by_api(seller, order(NUMBER, HASH))
    assert ids(seller) == [(NUMBER, HASH, True)]
    assert Sale.objects.get().id == sale.id


def test_hash_is_known_to_the_messages_behind_it_in_a_batch(seller: Seller) -> None:
    """One without a price would be refused as a new order."""
    seller.process(order(NUMBER))
    refund = order(None, HASH, order_status="Reembolsado", order_final_price=None)
    seller.process(order(NUMBER, HASH), refund)
    assert seller.states[1:] == [("DONE", "updated")] * 2
    assert (ids(seller), seller.sale(NUMBER).status) == ([(NUMBER, HASH, True)], "REFUNDED")


def test_message_with_both_ids_merges_two_sales_into_the_older(seller: Seller) -> None:
    by_api(seller, order(None, HASH, order_final_price="1.00", tracking_code="BR1"))
    older = seller.sale(HASH)
    seller.process(order(NUMBER))
    newer = seller.sale(NUMBER)
    assert len(ids(seller)) == 2
    by_api(seller, order(NUMBER, HASH))
    assert ids(seller) == [(NUMBER, HASH, True)]
    sale = Sale.objects.get()
    assert (sale.id, sale.tracking_code) == (older.id, "BR1")
    assert SaleMerge.objects.kept_sale_id(newer.id) == older.id
    assert SaleStatusChange.objects.filter(sale=sale).count() == 2


def test_sales_of_different_buyers_are_not_merged(seller: Seller) -> None:
    by_api(seller, order(None, HASH))
    seller.process(payloads.order(NUMBER, client=OTHER))
    (result,) = by_api(seller, order(NUMBER, HASH))
    assert ids(seller) == [(HASH, HASH, True), (NUMBER, "", True)]
    assert [warning.reason for warning in result.warnings] == ["hash_of_other_buyer"]
    assert seller.sale(NUMBER).value_warnings == ["hash_of_other_buyer:order.order_hash"]


def test_hash_of_another_order_is_ignored_with_a_warning(seller: Seller) -> None:
    by_api(seller, order("ordbbbbb", HASH))
    (result,) = by_api(seller, order(NUMBER, HASH))
    assert ids(seller) == [("ordbbbbb", HASH, True), (NUMBER, "", True)]
    assert [warning.reason for warning in result.warnings] == ["hash_of_other_order"]


def test_second_hash_of_an_order_is_ignored_with_a_warning(seller: Seller) -> None:
    by_api(seller, order(NUMBER, HASH))
    (result,) = by_api(seller, order(NUMBER, "venaaa0002"))
    assert ids(seller) == [(NUMBER, HASH, True)]
    assert [warning.reason for warning in result.warnings] == ["hash_of_other_order"]


@pytest.mark.parametrize(
    "difference",
    [
        {"product_name": "Outro"},
        {"order_final_price": "100.01"},
        {"date_order": "2025-10-02 22:41:08"},
        {"date_order": None},
        {"product_name": None},
    ],
)
def test_hash_that_agrees_with_no_sale_is_not_associated(
    seller: Seller, difference: dict[str, Any]
) -> None:
    seller.process(order(NUMBER))
    by_api(seller, order(None, HASH, **difference))
    assert ids(seller) == [(NUMBER, "", True), (HASH, HASH, False)]


def test_hash_of_another_buyer_is_not_associated(seller: Seller) -> None:
    seller.process(order(NUMBER))
    by_api(seller, {**order(None, HASH), "client": OTHER})
    assert ids(seller) == [(NUMBER, "", True), (HASH, HASH, False)]


def test_hash_that_agrees_with_two_sales_is_not_associated(seller: Seller) -> None:
    seller.process(order(NUMBER), order("ordbbbbb"))
    by_api(seller, order(None, HASH))
    assert ids(seller) == [(NUMBER, "", True), ("ordbbbbb", "", True), (HASH, HASH, False)]


def test_phone_links_where_a_document_is_missing(seller: Seller) -> None:
    buyer = {"client_name": "Nair Suposta", "client_phone": "31955550145"}
    seller.process({**order(NUMBER), "client": buyer | ANA})
    by_api(seller, {**order(None, HASH), "client": {"client_phone": "+55 31955550145"}})
    assert ids(seller) == [(NUMBER, HASH, True)]


def test_hash_counts_where_no_webhook_was_received(seller: Seller) -> None:
    by_api(seller, order(None, HASH))
    assert ids(seller) == [(HASH, HASH, True)]


def test_hash_that_only_webhooks_report_counts(seller: Seller) -> None:
    seller.process(order(None, HASH))
    seller.process(order(None, "venaaa0002", product_name="Outro"))
    assert ids(seller) == [(HASH, HASH, True), ("venaaa0002", "venaaa0002", True)]


def test_number_that_arrives_later_makes_a_sale_count(seller: Seller) -> None:
    seller.process(order("ordbbbbb", product_name="Outro"))
    by_api(seller, order(None, HASH))
    assert ids(seller)[1] == (HASH, HASH, False)
    by_api(seller, order(NUMBER, HASH))
    assert ids(seller)[1] == (NUMBER, HASH, True)


def test_sale_is_associated_when_the_hash_is_reported_after_the_number(seller: Seller) -> None:
    seller.process(order("ordbbbbb", product_name="Outro"))
    by_api(seller, order(None, HASH))
    seller.process(order(NUMBER, product_name="Curso"), order(NUMBER))
    by_api(seller, order(None, HASH))
    assert ids(seller)[1:] == [(NUMBER, HASH, True)]


def test_webhook_counts_a_sale_that_waited_for_its_number(seller: Seller) -> None:
    seller.process(order("ordbbbbb", product_name="Outro"))
    by_api(seller, order(None, HASH))
    seller.process(order(NUMBER))
    assert ids(seller)[1:] == [(NUMBER, HASH, True)]


def test_webhook_without_a_number_counts_a_sale_that_waited_for_one(seller: Seller) -> None:
    seller.process(order("ordbbbbb", product_name="Outro"))
    by_api(seller, order(None, HASH))
    count = synced(seller)
    for _ in range(2):
        seller.process(order(None, HASH))
        assert ids(seller)[1:] == [(HASH, HASH, True)]
    assert synced(seller) == count + 1


def synced(seller: Seller) -> int:
    return Integration.objects.get(id=seller.integration.id).sales_synced


def test_items_applied_twice_change_nothing(seller: Seller) -> None:
    seller.process(order(NUMBER), order("ordbbbbb", product_name="Outro"))
    items = [order(None, HASH), order(None, "venaaa0002"), order("ordbbbbb", "venaaa0003")]
    by_api(seller, *items)
    before = list(Sale.objects.order_by("id").values())
    outcomes = [result.outcome for result in by_api(seller, *items)]
    assert outcomes == ["unchanged"] * 3
    assert list(Sale.objects.order_by("id").values()) == before


def test_statements_do_not_grow_with_the_merges_and_links_of_a_batch(seller: Seller) -> None:
    def statements(numbers: range) -> int:
        seller.process(*(order(f"ord{n}", date_order=f"2025-10-02 10:00:{n}") for n in numbers))
        for n in numbers:
            by_api(seller, order(None, f"ven{n}", product_name="Outro"))
        items = [order(f"ord{n}", f"ven{n}") for n in numbers]
        items += [order(None, f"ven9{n}", date_order=f"2025-10-02 10:00:{n}") for n in numbers]
        with CaptureQueriesContext(connection) as queries:
            by_api(seller, *items)
        return len(queries)

    assert statements(range(10, 12)) == statements(range(20, 28))
    assert SaleMerge.objects.count() == 10


def test_subscription_with_a_hash_is_paid_by_the_sale_that_stays(seller: Seller) -> None:
    cycle = payloads.subscription() | {
        "order": order(None, HASH, order_final_price="1.00")["order"]
    }
    by_api(seller, order(NUMBER))
    (result,) = by_api(seller, cycle)
    assert result.sale is not None
    merged = [payloads.subscription() | {"order": order(NUMBER, HASH)["order"]}, cycle]
    by_api(seller, *merged)
    assert SubscriptionCycle.objects.get().sale == Sale.objects.get(external_id=NUMBER)


def test_event_with_a_hash_is_replayed_to_the_sale_of_the_number(seller: Seller) -> None:
    seller.process(order(None, HASH, order_status="Pendente"))
    seller.process(order(NUMBER, order_status="Pendente"))
    (event, _) = seller.events
    assert (event.external_id, seller.sale(NUMBER).order_ids) == (HASH, [NUMBER, HASH])
    replay.replay(WebhookEvent.objects.filter(id=event.id))
    seller.drain()
    assert ids(seller) == [(NUMBER, HASH, True)]


def test_date_with_an_offset_in_seconds_is_compared(seller: Seller) -> None:
    seller.process(order(NUMBER, date_order="1900-01-01 00:00:00"))
    by_api(seller, order(None, HASH, date_order="1900-01-01 00:00:00"))
    assert ids(seller) == [(NUMBER, HASH, True)]


def test_warning_about_the_ids_is_on_the_event_and_the_sale(seller: Seller) -> None:
    seller.process(order("ordbbbbb", HASH), order(NUMBER, HASH))
    causes = ["hash_of_other_order:order.order_hash"]
    assert [event.value_warnings for event in seller.events] == [[], causes]
    assert seller.sale(NUMBER).value_warnings == causes
    seller.process(order(NUMBER, "venaaa0002"))
    assert seller.sale(NUMBER).value_warnings == []
