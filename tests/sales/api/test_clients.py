"""The API's clients, with the totals of their sales."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from clients.models import ClientStatus
from flowzz.accounts.models import User
from sales.statuses import SaleStatus
from tests.api_client import Frontend, error
from tests.factories import NOON, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def names(user: User) -> Callable[..., list[str]]:
    """Return a function that lists the names that a query finds, newest first."""
    frontend = Frontend(user)

    def find(**query: Any) -> list[str]:
        return [row["name"] for row in frontend.fetch("clients", **query).json()["data"]]

    return find


def test_client_has_all_fields(user: User) -> None:
    client = ClientFactory.create(
        user=user,
        name="Íris Tavares",
        email="iris@exemplo.com.br",
        phone="+5555991234567",
        cpf="52998224725",
        address="Rua das Acácias",
        address_number="12",
        district="Centro",
        complement="ap. 3",
        city="Santa Maria",
        state="RS",
        cep="01310100",
        country="BR",
    )

    data = Frontend(user).fetch(f"clients/{client.id}").json()["data"]

    assert {data.pop("createdAt")[-6:], data.pop("updatedAt")[-6:]} == {"-03:00"}
    assert data == {
        "id": str(client.id),
        "name": "Íris Tavares",
        "email": "iris@exemplo.com.br",
        "phone": "+5555991234567",
        "phoneRaw": "",
        "cpf": "52998224725",
        "address": "Rua das Acácias",
        "addressNumber": "12",
        "district": "Centro",
        "complement": "ap. 3",
        "city": "Santa Maria",
        "state": "RS",
        "cep": "01310100",
        "country": "BR",
        "status": "ACTIVE",
        "salesCount": 0,
        "totalSpent": "0.00",
        "lastSaleAt": None,
    }


def test_totals_count_revenue_and_exclude_deleted_sales(user: User) -> None:
    client = ClientFactory.create(user=user)
    SaleFactory.create(user=user)
    for day, status in enumerate(SaleStatus):
        SaleFactory.create(
            user=user,
            client=client,
            status=status,
            unit_price=Decimal("10.01"),
            sale_date=NOON + timedelta(days=day),
        )
    SaleFactory.create(
        user=user, client=client, deleted_at=NOON, sale_date=NOON + timedelta(days=9)
    )

    data = Frontend(user).fetch(f"clients/{client.id}").json()["data"]

    assert (data["salesCount"], data["totalSpent"]) == (6, "30.03")
    assert data["lastSaleAt"] == "2026-03-07T12:00:00-03:00"


def test_client_of_another_user_is_not_found(user: User) -> None:
    response = Frontend(user).fetch(f"clients/{ClientFactory.create().id}")
    assert (response.status_code, response.json()) == (404, error("NOT_FOUND", "Não encontrado."))
    assert Frontend(user).fetch("clients").json()["data"] == []


def test_list_of_twenty_takes_as_many_queries_as_a_list_of_one(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    frontend = Frontend(user)
    SaleFactory.create(user=user)
    with django_assert_num_queries(3):  # the user, the clients with their totals
        frontend.fetch("clients")
    SaleFactory.create_batch(25, user=user)
    with django_assert_num_queries(3):
        assert len(frontend.fetch("clients").json()["data"]) == 20


def test_newest_client_is_first(user: User, names: Callable[..., list[str]]) -> None:
    for name in ("Ana", "Bia", "Cris"):
        ClientFactory.create(user=user, name=name)
    assert names() == ["Cris", "Bia", "Ana"]


def test_filter_by_status_and_day(user: User, names: Callable[..., list[str]]) -> None:
    ClientFactory.create(user=user, name="Ana")
    ClientFactory.create(user=user, name="Bia", status=ClientStatus.BLOCKED)
    assert names(status="BLOCKED") == ["Bia"]
    assert names(dateTo="2020-01-01") == []
    assert names(dateFrom="2020-01-01") == ["Bia", "Ana"]


@pytest.mark.parametrize(
    "text", ["tavares", "IRIS@exemplo.com.br", "(55) 99123-4567", "529.982.247-25"]
)
def test_search_by_name_email_phone_and_document(
    user: User, names: Callable[..., list[str]], text: str
) -> None:
    details = {"email": "iris@exemplo.com.br", "phone": "+5555991234567", "cpf": "52998224725"}
    ClientFactory.create(user=user, name="Íris Tavares", **details)
    ClientFactory.create(name="Íris Tavares", **details)
    ClientFactory.create(user=user)
    assert names(search=text) == ["Íris Tavares"]


def test_filter_by_product(user: User, names: Callable[..., list[str]]) -> None:
    for name, product, deleted_at in [
        ("Ana", "Sérum Orvalho", None),
        ("Bia", "Sérum Orvalho", NOON),
        ("Caio", "Kit Ração", None),
    ]:
        client = ClientFactory.create(user=user, name=name)
        for _ in range(2):
            SaleFactory.create(
                user=user, client=client, product_name=product, deleted_at=deleted_at
            )
    assert names(product="serum") == names(product="orvalho", search="ana") == ["Ana"]
    assert names(product="serum", search="caio") == []


def test_invalid_filter_is_a_validation_error(user: User) -> None:
    response = Frontend(user).fetch("clients", search="\x00", status="nenhum")
    assert (response.status_code, response.json()["error"]) == (400, "VALIDATION_ERROR")
    assert {detail["field"] for detail in response.json()["details"]} == {"search", "status"}
