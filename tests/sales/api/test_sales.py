"""The API's sales."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from flowzz.accounts.models import User
from sales.money import PaymentCode
from sales.statuses import SaleStatus, ShippingStatus
from tests.api_client import Frontend, error, invalid
from tests.factories import NOON, SAO_PAULO, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def numbers(user: User) -> Callable[..., list[str]]:
    """Return a function that lists the order numbers that a query finds, newest first."""
    frontend = Frontend(user)

    def find(**query: Any) -> list[str]:
        return [row["externalId"] for row in frontend.fetch("sales", **query).json()["data"]]

    return find


def test_sale_has_all_fields(user: User) -> None:
    client = ClientFactory.create(user=user, name="Íris Tavares")
    sale = SaleFactory.create(
        user=user,
        client=client,
        external_id="ordabcde",
        product_sku="FOTO-1",
        quantity=2,
        commission=Decimal("12.5"),
        fees=Decimal("3.2"),
        shipping_status=ShippingStatus.SHIPPED,
        payment_method="pix",
        payment_code=PaymentCode.PIX,
        sale_date=NOON,
        paid_at=NOON,
        tracking_code="BR123",
        metadata={"utms": {"source": "rede_social"}, "courier_name": "Veloz", "fee": "1.10"},
    )

    response = Frontend(user).fetch(f"sales/{sale.id}")
    data = response.json()["data"]
    assert {data.pop("createdAt")[-6:], data.pop("updatedAt")[-6:]} == {"-03:00"}
    assert data == {
        "id": str(sale.id),
        "externalId": "ordabcde",
        "orderHash": "",
        "source": "coinzz",
        "client": {"id": str(client.id), "name": "Íris Tavares"},
        "productName": "Curso de Fotografia",
        "productSku": "FOTO-1",
        "quantity": 2,
        "unitPrice": "150.99",
        "totalPrice": "301.98",
        "commission": "12.50",
        "fees": "3.20",
        "net": "12.50",
        "status": "PAID",
        "shippingStatus": "SHIPPED",
        "paymentMethod": "pix",
        "paymentCode": "PIX",
        "saleDate": "2026-03-02T12:00:00-03:00",
        "paidAt": "2026-03-02T12:00:00-03:00",
        "shippedAt": None,
        "deliveredAt": None,
        "cancelledAt": None,
        "deletedAt": None,
        "trackingCode": "BR123",
        "metadata": {"utms": {"source": "rede_social"}, "courier_name": "Veloz", "fee": "1.10"},
    }


def test_client_of_a_sale_is_null_if_there_is_none(user: User) -> None:
    sale = SaleFactory.create(user=user, client=None)
    assert Frontend(user).fetch(f"sales/{sale.id}").json()["data"]["client"] is None


@pytest.mark.parametrize("id_", [None, "01a20a8b-a3b7-7101-88c4-7b75d314ea3e", "nada", "%00"])
def test_sale_of_another_user_is_not_found(user: User, id_: str | None) -> None:
    id_ = id_ or str(SaleFactory.create().id)
    response = Frontend(user).fetch(f"sales/{id_}")
    assert (response.status_code, response.json()) == (404, error("NOT_FOUND", "Não encontrado."))


def test_list_contains_only_the_users_sales(user: User, numbers: Callable[..., list[str]]) -> None:
    SaleFactory.create()
    SaleFactory.create(user=user, external_id="mine")
    assert numbers() == ["mine"]


def test_list_of_twenty_takes_as_many_queries_as_a_list_of_one(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    frontend = Frontend(user)
    SaleFactory.create(user=user)
    with django_assert_num_queries(3):  # the user, the version, the sales
        frontend.fetch("sales")
    SaleFactory.create_batch(25, user=user)
    with django_assert_num_queries(3):
        assert len(frontend.fetch("sales").json()["data"]) == 20


def test_deleted_sales_are_listed_on_request_and_with_what_changed(
    user: User, numbers: Callable[..., list[str]]
) -> None:
    SaleFactory.create(user=user, external_id="alive")
    deleted = SaleFactory.create(user=user, external_id="deleted", deleted_at=NOON)
    since = NOON.isoformat()
    assert numbers() == numbers(deleted="false") == ["alive"]
    assert numbers(deleted="true") == ["deleted"]
    assert numbers(deleted="any") == ["deleted", "alive"]
    assert numbers(updatedFrom=since) == ["alive", "deleted"]
    assert numbers(updatedFrom=since, deleted="false") == ["alive"]
    frontend = Frontend(user)
    (marked,) = frontend.fetch("sales", updatedFrom=since, deleted="true").json()["data"]
    single = frontend.fetch(f"sales/{deleted.id}").json()["data"]
    assert marked["deletedAt"] == single["deletedAt"] == "2026-03-02T12:00:00-03:00"
    assert frontend.fetch("sales", deleted="sim").status_code == 400


def test_filter_by_status(user: User, numbers: Callable[..., list[str]]) -> None:
    for status in SaleStatus:
        SaleFactory.create(user=user, external_id=status, status=status)
    assert numbers(status="PAID") == ["PAID"]
    assert numbers(status=["PAID", "REFUNDED"]) == ["REFUNDED", "PAID"]


def test_filter_by_shipping_status(user: User, numbers: Callable[..., list[str]]) -> None:
    for status in ShippingStatus:
        SaleFactory.create(user=user, external_id=status, shipping_status=status)
    assert numbers(shippingStatus="FAILED") == ["FAILED"]


def test_filter_by_day_in_sao_paulo(user: User, numbers: Callable[..., list[str]]) -> None:
    for number, sale_date in {
        "before": datetime(2026, 3, 1, 23, 59, 59, tzinfo=SAO_PAULO),
        "first": datetime(2026, 3, 2, tzinfo=SAO_PAULO),
        "last": datetime(2026, 3, 3, 23, 59, 59, tzinfo=SAO_PAULO),
        "after": datetime(2026, 3, 4, tzinfo=SAO_PAULO),
    }.items():
        SaleFactory.create(user=user, external_id=number, sale_date=sale_date)
    assert numbers(dateFrom="2026-03-02", dateTo="2026-03-03") == ["last", "first"]
    assert numbers(dateTo="2026-03-01") == ["before"]
    assert numbers(dateFrom="2026-03-04") == ["after"]
    assert len(numbers(dateFrom="1900-01-01", dateTo="2999-12-31")) == 4


def test_day_of_25_hours_is_complete(user: User, numbers: Callable[..., list[str]]) -> None:
    # Daylight saving ended: 23:00 to 24:00 happened twice.
    late = datetime(2019, 2, 16, 23, 30, tzinfo=SAO_PAULO, fold=1)
    SaleFactory.create(user=user, external_id="late", sale_date=late)
    assert numbers(dateFrom="2019-02-16", dateTo="2019-02-16") == ["late"]
    assert numbers(dateFrom="2019-02-17") == []


def test_filter_by_product_and_client(user: User, numbers: Callable[..., list[str]]) -> None:
    sale = SaleFactory.create(user=user, external_id="a", product_name="Kit Ração 10%")
    SaleFactory.create(user=user, external_id="b")
    assert numbers(product="ração") == ["a"]
    assert numbers(product="%") == ["a"]
    assert numbers(clientId=str(sale.client_id)) == ["a"]


def test_search_by_number_product_and_client(user: User, numbers: Callable[..., list[str]]) -> None:
    client = ClientFactory.create(
        user=user,
        name="Otávio Lins 3",
        cpf="52998224725",
        phone="+5562954544554",
        email="otavio@exemplo.com.br",
    )
    SaleFactory.create(user=user, external_id="ordaaaaa", product_name="Ração")
    SaleFactory.create(user=user, external_id="ordbbbbb", client=client)
    assert numbers(search="ORDAAAAA") == ["ordaaaaa"]
    assert numbers(search="raç") == ["ordaaaaa"]
    assert numbers(search="racao") == numbers(product="RAÇAO") == ["ordaaaaa"]
    for text in (
        "otávio",
        "OTAVIO LINS 3",
        "529.982.247-25",
        "62 95454-4554",
        "Otavio@exemplo.com.br",
    ):
        assert numbers(search=text) == ["ordbbbbb"]
    assert numbers(search="ninguém") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "VENDIDO"}, "status"),
        ({"dateFrom": "02/31/2026"}, "dateFrom"),
        ({"dateTo": "2026-02-30"}, "dateTo"),
        ({"clientId": "nada"}, "clientId"),
        ({"search": "a\x00"}, "search"),
        ({"product": "x" * 101}, "product"),
    ],
)
def test_invalid_filter_is_a_validation_error(
    user: User, query: dict[str, str], field: str
) -> None:
    response = Frontend(user).fetch("sales", **query)
    assert (response.status_code, response.json()["error"]) == (400, "VALIDATION_ERROR")
    assert [detail["field"] for detail in response.json()["details"]] == [field]


@pytest.mark.parametrize("offset", ["-19:37", "+23:59"])
def test_time_of_change_may_have_any_offset(user: User, offset: str) -> None:
    SaleFactory.create(user=user)
    answers = [
        Frontend(user).fetch("sales", updatedFrom=f"{year}-01-01T00:00:00{offset}").json()
        for year in ("2020", "2999", "0644")
    ]
    assert [len(answer["data"]) for answer in answers[:2]] == [1, 0]
    assert answers[2] == invalid("updatedFrom", "Use um ano de 1900 a 2999.")
