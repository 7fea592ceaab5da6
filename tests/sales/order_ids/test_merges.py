"""Two sales become one, and two again; what depends on them follows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from clients.models import MergeRefused
from flowzz.accounts.models import User
from integrations.models import Integration
from integrations.privacy import erase
from sales.models import Sale, SaleMerge, SaleStatusChange, Subscription, SubscriptionCycle
from sales.order_ids import merges
from tests import payloads
from tests.api_client import Frontend
from tests.factories import NOON, ClientFactory, SaleFactory, UserFactory
from tests.integrations.sellers import Seller
from tests.sales.order_ids.test_matching import by_api, order

pytestmark = pytest.mark.django_db
NUMBER, HASH = "ordaaaaa", "venaaa0001"


@pytest.fixture
def staff() -> User:
    return UserFactory.create()


@pytest.fixture
def by_number() -> Sale:
    """The newer sale, seen first."""
    older = SaleFactory.create(external_id=HASH, order_hash=HASH, tracking_code="BR1")
    return SaleFactory.create(
        user=older.user, external_id=NUMBER, observed_at=NOON, commission=Decimal("1.00")
    )


@pytest.fixture
def by_hash(by_number: Sale) -> Sale:
    """The older sale, seen last."""
    sale: Sale = Sale.objects.get(external_id=HASH)
    sale.observed_at = NOON + timedelta(hours=1)
    sale.status = "SHIPPED"
    sale.save()
    return sale


def columns(sale_id: Any) -> dict[str, Any]:
    values = Sale.objects.values().get(id=sale_id).items()
    return {name: value for name, value in values if name != "updated_at"}


def test_older_sale_stays_with_both_ids_and_the_newest_values(
    by_number: Sale, by_hash: Sale, staff: User
) -> None:
    merges.merge(by_number.id, by_hash.id, by=staff)
    sale = Sale.objects.get()
    assert (sale.id, sale.order_ids) == (by_hash.id, [NUMBER, HASH])
    assert (sale.status, sale.tracking_code, sale.commission) == ("SHIPPED", "BR1", Decimal("1.00"))


def test_history_and_cycles_move_and_return(by_number: Sale, by_hash: Sale, staff: User) -> None:
    change = SaleStatusChange.objects.create(
        sale=by_number, to_status="PAID", changed_at=NOON, origin="event"
    )
    subscription = Subscription.objects.create(
        user=by_number.user, source="coinzz", subscription_hash="ass1", observed_at=NOON
    )
    cycle = SubscriptionCycle.objects.create(
        subscription=subscription, cycle=1, sale=by_number, observed_at=NOON
    )
    done = merges.merge(by_number.id, by_hash.id, by=staff)
    for row in (change, cycle):
        row.refresh_from_db()
        assert row.sale_id == by_hash.id
    merges.undo(done.id, by=staff)
    for row in (change, cycle):
        row.refresh_from_db()
        assert row.sale_id == by_number.id


def test_undo_restores_both_sales(by_number: Sale, by_hash: Sale, staff: User) -> None:
    before = columns(by_number.id), columns(by_hash.id)
    done = merges.merge(by_number.id, by_hash.id, by=staff)
    merges.undo(done.id, by=staff)
    assert (columns(by_number.id), columns(by_hash.id)) == before
    assert SaleMerge.objects.kept_sale_id(by_number.id) is None


def test_number_of_synced_sales_follows_merges_by_staff(staff: User) -> None:
    seller = Seller()
    for external_id, order_hash in ((NUMBER, ""), (HASH, HASH)):
        user = seller.integration.user
        SaleFactory.create(user=user, external_id=external_id, order_hash=order_hash)
    Integration.objects.update(sales_synced=2)

    def synced() -> int:
        seller.integration.refresh_from_db()
        return seller.integration.sales_synced

    merge = merges.merge(*Sale.objects.values_list("id", flat=True), by=staff)
    assert synced() == 1
    merges.undo(merge.id, by=staff)
    assert synced() == 2
    Sale.objects.filter(external_id=HASH).update(is_associated=False)
    merges.associate([seller.sale(HASH).id])
    assert synced() == 3


def test_fees_and_shares_are_those_of_both_reports(staff: User) -> None:
    seller = Seller()
    producer = {"producer_email": seller.email, "logistic_fee": 10}
    shares = {"coproducers": [{"name": "Eva", "commission": 20}]}
    seller.process(order(NUMBER, **producer, **shares))
    by_api(seller, order(None, HASH, order_final_price="100.01", **producer))

    def net() -> list[Decimal | None]:
        return [sale.net for sale in Sale.objects.order_by("id")]

    done = merges.merge(*Sale.objects.values_list("id", flat=True), by=staff)
    assert net() == [Decimal("70.01")]
    merges.undo(done.id, by=staff)
    assert net() == [Decimal("70.00"), Decimal("90.01")]


def test_undo_keeps_later_changes(by_number: Sale, by_hash: Sale, staff: User) -> None:
    done = merges.merge(by_number.id, by_hash.id, by=staff)
    Sale.objects.update(commission=Decimal("2.00"), status="DELIVERED")
    merges.undo(done.id, by=staff)
    by_hash.refresh_from_db()
    assert (by_hash.commission, by_hash.status) == (Decimal("2.00"), "DELIVERED")
    assert Sale.objects.get(id=by_number.id).commission == Decimal("1.00")


def test_merge_is_undone_once(by_number: Sale, by_hash: Sale, staff: User) -> None:
    done = merges.merge(by_number.id, by_hash.id, by=staff)
    merges.undo(done.id, by=staff)
    with pytest.raises(MergeRefused):
        merges.undo(done.id, by=staff)


@pytest.mark.parametrize(
    "change",
    [
        lambda sale: setattr(sale, "order_hash", "venbbb0002"),
        lambda sale: setattr(sale, "source", "outra"),
        lambda sale: setattr(sale, "user", UserFactory.create()),
    ],
)
def test_two_orders_are_not_merged(
    by_number: Sale, by_hash: Sale, staff: User, change: Callable[[Sale], None]
) -> None:
    change(by_number)
    by_number.save()
    with pytest.raises(MergeRefused):
        merges.merge(by_number.id, by_hash.id, by=staff)
    assert Sale.objects.count() == 2


def test_sales_of_two_people_are_not_merged(by_number: Sale, by_hash: Sale, staff: User) -> None:
    for sale, document in ((by_number, "16899535009"), (by_hash, "29141777638")):
        sale.client = ClientFactory.create(
            user=sale.user, cpf=document, document_valid=True, document_identifies=True
        )
        sale.save()
    with pytest.raises(MergeRefused):
        merges.merge(by_number.id, by_hash.id, by=staff)


def test_api_answers_the_id_of_a_merged_sale_with_the_one_that_stayed(
    by_number: Sale, by_hash: Sale, staff: User
) -> None:
    merges.merge(by_number.id, by_hash.id, by=staff)
    frontend = Frontend(by_hash.user)
    assert frontend.fetch(f"sales/{by_number.id}").json()["data"]["id"] == str(by_hash.id)
    assert Frontend(staff).fetch(f"sales/{by_number.id}").status_code == 404
    for search in (NUMBER, HASH):
        (row,) = frontend.fetch("sales", search=search).json()["data"]
        assert (row["externalId"], row["orderHash"]) == (NUMBER, HASH)


def test_separated_sales_are_not_merged_by_the_next_message(staff: User) -> None:
    seller = Seller()
    by_api(seller, order(None, HASH, order_final_price="1.00"))
    seller.process(order(NUMBER))
    by_api(seller, order(NUMBER, HASH))
    merges.undo(SaleMerge.objects.get().id, by=staff)
    (result,) = by_api(seller, order(NUMBER, HASH))
    assert [warning.reason for warning in result.warnings] == ["hash_of_separated_sale"]
    assert sorted(Sale.objects.values_list("external_id", flat=True)) == [NUMBER, HASH]


def test_erasing_the_buyer_empties_what_was_stored_for_undoing(
    by_number: Sale, by_hash: Sale, staff: User
) -> None:
    done = merges.merge(by_number.id, by_hash.id, by=staff)
    assert by_number.client_id
    erase(by_number.client_id)
    done.refresh_from_db()
    assert (done.absorbed, done.changes) == ({}, {})
    with pytest.raises(MergeRefused):
        merges.undo(done.id, by=staff)


def test_sale_of_an_erased_buyer_receives_no_personal_data(staff: User) -> None:
    seller = Seller()
    personal = {"tracking_code": "BR1", "url_bank_slip": "https://boletos.exemplo/ana"}
    seller.process(order(NUMBER, **personal))
    erase(seller.buyer(NUMBER).id)
    by_api(seller, order(None, HASH, **personal))

    by_api(seller, order(NUMBER, HASH, **personal))

    sale, merge = seller.sale(NUMBER), SaleMerge.objects.get()
    assert (sale.order_hash, sale.tracking_code) == (HASH, "")
    assert "url_bank_slip" not in sale.metadata
    assert (merge.absorbed, merge.changes) == ({}, {})


def test_sale_of_an_erased_buyer_receives_no_personal_data_from_staff(
    by_number: Sale, by_hash: Sale, staff: User
) -> None:
    by_hash.client = ClientFactory.create(user=by_hash.user, erased_at=NOON)
    by_hash.tracking_code = ""
    by_hash.save()
    by_number.tracking_code, by_number.metadata = (
        "BR2",
        {"url_bank_slip": "https://boletos.exemplo"},
    )
    by_number.save()

    done = merges.merge(by_number.id, by_hash.id, by=staff)

    sale = Sale.objects.get()
    assert (sale.order_ids, sale.tracking_code, sale.metadata) == ([NUMBER, HASH], "", {})
    with pytest.raises(MergeRefused):
        merges.undo(done.id, by=staff)


def test_associated_sales_count(by_hash: Sale) -> None:
    Sale.objects.update(is_associated=False)
    assert merges.associate([by_hash.id]) == 1
    assert merges.associate([by_hash.id]) == 0
    assert Sale.objects.associated().get() == by_hash


@pytest.mark.django_db(transaction=True)
def test_messages_at_the_same_time_make_one_sale() -> None:
    seller = Seller()

    def apply(ids: tuple[str | None, str | None]) -> None:
        try:
            seller.receive(payloads.encode(order(*ids)))
            seller.drain()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(apply, [(NUMBER, None), (None, HASH), (NUMBER, HASH), (NUMBER, None)]))
    (sale,) = Sale.objects.all()
    assert sale.order_ids == [NUMBER, HASH]


@pytest.mark.parametrize("word", ["", "aprovado"])
def test_status_set_by_hand_holds_while_no_other_word_is_reported(
    by_number: Sale, by_hash: Sale, staff: User, word: str
) -> None:
    Sale.objects.filter(id=by_number.id).update(status="CANCELLED", overridden_status="PAID")
    Sale.objects.filter(id=by_hash.id).update(status="PAID", status_word=word)
    merges.merge(by_number.id, by_hash.id, by=staff)
    sale = Sale.objects.get()
    assert (sale.status, sale.overridden_status, sale.status_word) == (
        *("CANCELLED", "PAID"),
        "aprovado",
    )


def test_open_refund_stays_open_if_the_newer_sale_has_no_status(staff: User) -> None:
    seller = Seller()
    seller.process(order(NUMBER, order_status="Chargeback"))
    by_api(seller, order(None, HASH, order_status=None, order_final_price="1.00"))
    by_api(seller, order(NUMBER, HASH, order_status=None))
    assert seller.sale(NUMBER).is_refund_open
    seller.process(order(NUMBER, order_status="Aprovado", product_name="Outro"))
    assert seller.sale(NUMBER).status == "PAID"


def test_undo_keeps_a_price_with_its_quantity_and_a_status_with_its_word(staff: User) -> None:
    seller = Seller()
    seller.process(order(NUMBER, order_status="Entregue"))
    seller.process(order(NUMBER, order_status="Pendente"))
    changes = {"order_final_price": "300", "order_quantity": 3, "order_status": "Aprovado"}
    by_api(seller, order(None, HASH, **changes))
    done = merges.merge(*Sale.objects.values_list("id", flat=True), by=staff)
    seller.process(order(NUMBER, order_final_price="330", order_quantity=3, order_status="Enviado"))

    merges.undo(done.id, by=staff)

    sale = seller.sale(NUMBER)
    assert (sale.quantity, sale.unit_price, sale.total_price) == (3, Decimal(110), Decimal(330))
    assert (sale.status, sale.status_word, sale.refused_status) == ("SHIPPED", "enviado", "")


def test_reported_date_stays_if_the_newer_sale_was_dated_by_its_arrival(staff: User) -> None:
    seller = Seller()
    seller.process(order(NUMBER))
    date = seller.sale(NUMBER).sale_date
    by_api(seller, order(None, HASH, date_order=None, order_final_price="1.00"))
    merges.merge(*Sale.objects.values_list("id", flat=True), by=staff)
    assert seller.sale(NUMBER).sale_date == date
