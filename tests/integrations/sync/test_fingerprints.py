"""An item that is the same as last time is skipped, unless anything else wrote its sale."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.customer import Customer
from clients.models import Client
from flowzz.core.models import DataVersion
from integrations import connection as connections
from integrations.bulk_actions import bulk_jobs
from integrations.imports import import_jobs
from integrations.inbox import client_recheck
from integrations.models import BulkAction, StatusMapping
from integrations.privacy import erase
from integrations.providers.coinzz import COINZZ
from integrations.providers.coinzz.adapter import CoinzzReader
from integrations.sync import fingerprints
from sales import client_merging
from sales.admin import set_status
from sales.models import DirtyDay, Sale, SaleMerge
from sales.order_ids import merges
from sales.statuses import SaleStatusField
from tests import payloads
from tests.factories import ClientFactory, UserFactory
from tests.integrations.imports.files import GOOD, encode
from tests.integrations.sellers import Seller
from tests.integrations.sync.syncing import sync_page

pytestmark = pytest.mark.django_db

PERSON = {"client_documment": payloads.cpf(123456780), "client_phone": "62954544554"}
EARNINGS = {
    "producer_email": "produtora@example.com",
    "producer_commission": "80.00",
    "affiliate_email": "afiliada@example.com",
    "affiliate_commission": "12.50",
}
NUMBER, HASH = "ordaaaaa", "venaaa0001"


def item(number: str | None = NUMBER, **changes: Any) -> dict[str, Any]:
    return payloads.order("", client=PERSON, **EARNINGS | {"order_number": number} | changes)


@pytest.fixture
def seller() -> Seller:
    seller = Seller()
    sync_page(seller.integration, [item()])
    assert fingerprint(seller)
    return seller


def fingerprint(seller: Seller, number: str = NUMBER) -> UUID | None:
    return seller.sale(number).report_fingerprint


def count_parsed(seller: Seller, *items: Any) -> int:
    """Sync a page, and return how many of its items were parsed."""
    with patch.object(
        CoinzzReader, "parse_order", autospec=True, side_effect=CoinzzReader.parse_order
    ) as parse:
        sync_page(seller.integration, items)
    return int(parse.call_count)


def test_unchanged_item_is_counted_but_not_parsed(seller: Seller) -> None:
    assert count_parsed(seller, item(), item("ordbbbbb")) == 1
    page = [item(), item("ordbbbbb", shipping_status="Enviado"), item("ordccccc")]
    run = sync_page(seller.integration, page)
    assert (run.processed, run.created, run.updated, run.unchanged) == (3, 1, 1, 1)
    assert seller.sale("ordbbbbb").shipping_status == "SHIPPED"
    assert count_parsed(seller, *page) == 0


def test_unchanged_page_costs_a_constant_number_of_statements_and_writes_no_sale() -> None:
    seller = Seller()
    counts = []
    for size in (1, 40):
        page = [item(f"ord{number}") for number in range(size)]
        sync_page(seller.integration, page)
        with CaptureQueriesContext(connection) as queries:
            sync_page(seller.integration, page)
        counts.append(len(queries))
        assert not [query for query in queries if "sales_sale" in query["sql"]][1:]
    assert counts[0] == counts[1]


def test_report_that_changes_nothing_is_compared_next_time_and_no_change_is_published(
    seller: Seller,
) -> None:
    seller.process(item(order_status="Cancelado"))
    sync_page(seller.integration, [item()])
    seller.process(payloads.order(NUMBER, client=PERSON, shipping_status="Enviado"))
    shipped = item(shipping_status="Enviado")
    DirtyDay.objects.all().delete()
    versions, before = list(DataVersion.objects.values()), Sale.objects.values().get()

    assert sync_page(seller.integration, [shipped]).unchanged == 1

    assert (list(DataVersion.objects.values()), DirtyDay.objects.count()) == (versions, 0)
    assert Sale.objects.values().get() == before | {"report_fingerprint": fingerprint(seller)}
    assert count_parsed(seller, shipped) == 0


def test_late_report_is_not_compared_with(seller: Seller) -> None:
    observed_at = seller.sale(NUMBER).observed_at
    seller.process(payloads.order(NUMBER, order_status="Cancelado"))
    sync_page(seller.integration, [item(tracking_code="BR1")], observed_at)
    assert fingerprint(seller) is None


@pytest.mark.parametrize(
    "same_order",
    [
        pytest.param([item(), item(order_status="Cancelado")], id="before it"),
        pytest.param([item(order_status="Cancelado"), item()], id="after it"),
    ],
)
def test_item_is_applied_if_another_one_of_the_page_is_about_its_sale(
    seller: Seller, same_order: list[Any]
) -> None:
    sync_page(seller.integration, same_order)
    assert seller.sale(NUMBER).status == ("CANCELLED" if same_order[0] == item() else "PAID")


def test_order_with_a_subscription_is_always_parsed(seller: Seller) -> None:
    renewed = payloads.subscription(with_order="ordbbbbb")
    sync_page(seller.integration, [renewed])
    assert count_parsed(seller, renewed) == 1


def test_new_program_new_mapping_and_new_secret_key_parse_again(
    seller: Seller, settings: Any
) -> None:
    mapping = StatusMapping.objects.create(provider=COINZZ, field="order", word="novo")
    assert count_parsed(seller, item()) == 0
    bulk_jobs.request_remap(mapping, "PAID", by=UserFactory.create())
    assert count_parsed(seller, item()) == 1
    with patch.object(fingerprints, "_program", return_value=b"another"):
        assert count_parsed(seller, item()) == 1
    settings.SECRET_KEY += "another"
    assert count_parsed(seller, item()) == 1
    assert count_parsed(seller, item()) == 0


def test_number_and_its_text_are_different(seller: Seller) -> None:
    assert count_parsed(seller, item(order_final_price=100)) == 1


def receive_webhook(seller: Seller) -> None:
    seller.process(payloads.order(NUMBER, order_status="Cancelado"))


def set_status_by_hand(seller: Seller) -> None:
    statuses = {SaleStatusField.STATUS: "REFUNDED"}
    set_status.set_statuses(seller.sale(NUMBER), statuses, by=UserFactory.create())


def import_file(seller: Seller) -> None:
    refunded = GOOD.replace("Aprovado", "Reembolsado")
    import_jobs.receive(
        user_id=seller.integration.user_id, provider=COINZZ, content=encode(refunded)
    )


def merge_client(seller: Seller) -> None:
    kept = ClientFactory.create(user=seller.integration.user)
    client_merging.merge(kept.id, seller.buyer(NUMBER).id, by=UserFactory.create())


def merge_into_client(seller: Seller) -> None:
    absorbed = ClientFactory.create(user=seller.integration.user)
    client_merging.merge(seller.buyer(NUMBER).id, absorbed.id, by=UserFactory.create())


def split_client(seller: Seller) -> None:
    customer, ids = Customer(name="Ana Lima"), [seller.sale(NUMBER).id]
    client_merging.split(seller.buyer(NUMBER).id, ids, customer, by=UserFactory.create())


def merge_sale(seller: Seller) -> None:
    sync_page(seller.integration, [item(None, order_hash=HASH, product_name="Outro")])
    pair = [seller.sale(NUMBER).id, Sale.objects.get(order_hash=HASH).id]
    merges.merge(*pair, by=UserFactory.create())


def undo_merge_of_sale(seller: Seller) -> None:
    merge_sale(seller)
    sync_page(seller.integration, [item(order_hash=HASH)])
    assert fingerprint(seller)
    merges.undo(SaleMerge.objects.get().id, by=UserFactory.create())


def associate(seller: Seller) -> None:
    Sale.objects.update(is_associated=False)
    sync_page(seller.integration, [item()])
    merges.associate([seller.sale(NUMBER).id])


def erase_client(seller: Seller) -> None:
    erase(seller.buyer(NUMBER).id)


def change_owner_email(seller: Seller) -> None:
    connections.set_owner_email(seller.integration, "afiliada@example.com")
    bulk_jobs.execute(BulkAction.objects.get().id)


def reprocess_mapping(seller: Seller) -> None:
    sync_page(seller.integration, [item(order_status="Confirmadíssimo")])
    action, _ = bulk_jobs.request_remap(
        StatusMapping.objects.get(), "DELIVERED", by=UserFactory.create()
    )
    bulk_jobs.execute(action.id)


def recheck_clients(seller: Seller) -> None:
    seller.process(payloads.order(NUMBER, client={"client_name": "Rui Sá"}))
    Client.objects.update(name="Ana Lima", document_identifies=False)
    sync_page(seller.integration, [item()])
    list(client_recheck.recheck(seller.integration, apply=True))


def edit_client(seller: Seller) -> None:
    Client.objects.update(city="Recife")
    sync_page(seller.integration, [item(quantity=1)])
    Client.objects.update(city="")


def delete_client(seller: Seller) -> None:
    seller.buyer(NUMBER).delete()


def write_by_sql(seller: Seller) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sales_sale SET tracking_code = tracking_code")


@pytest.mark.parametrize(
    "write",
    [
        receive_webhook,
        set_status_by_hand,
        import_file,
        merge_client,
        merge_into_client,
        split_client,
        merge_sale,
        undo_merge_of_sale,
        associate,
        erase_client,
        change_owner_email,
        reprocess_mapping,
        recheck_clients,
        edit_client,
        delete_client,
        write_by_sql,
    ],
)
def test_any_other_writer_of_the_sale_or_its_client_clears_it(
    seller: Seller, write: Callable[[Seller], None]
) -> None:
    write(seller)
    assert set(Sale.objects.values_list("report_fingerprint", flat=True)) == {None}


def test_client_that_another_order_completes_stays_compared(seller: Seller) -> None:
    city = {"client_address_city": "Recife"}
    seller.process(payloads.order("ordbbbbb", client=PERSON | {"client_name": ""} | city))
    assert seller.buyer(NUMBER).city == "Recife"
    assert count_parsed(seller, item()) == 0
