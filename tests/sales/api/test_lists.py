"""What all lists of the API share (fields, order, size, ETag), subscriptions and affiliations."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from clients.models import Client
from flowzz.accounts.models import User
from sales.models import AffiliationRequest, Sale, Subscription
from tests.api_client import Frontend, invalid
from tests.factories import NOON, ClientFactory, IntegrationFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
LISTS = ("sales", "clients", "subscriptions", "affiliation-requests", "integrations")


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def subscribe(user: User, code: str, **fields: Any) -> Subscription:
    defaults = {"source": "coinzz", "status": "ACTIVE", "observed_at": NOON}
    return Subscription.objects.create(user=user, subscription_hash=code, **defaults | fields)


def request_affiliation(user: User, name: str, **fields: Any) -> AffiliationRequest:
    return AffiliationRequest.objects.create(
        user=user,
        source="coinzz",
        fingerprint=name,
        affiliate_name=name,
        observed_at=NOON,
        **fields,
    )


@pytest.mark.parametrize("path", LISTS)
def test_list_returns_only_the_requested_fields(user: User, path: str) -> None:
    SaleFactory.create(user=user)
    subscribe(user, "ass1")
    request_affiliation(user, "Ana")
    integration = IntegrationFactory.create(user=user)
    frontend = Frontend(integration.user)
    (row,) = frontend.fetch(path, fields="id,createdAt").json()["data"]
    assert set(row) == {"id", "createdAt"}
    response = frontend.fetch(path, fields="id,senha")
    assert (response.status_code, response.json()) == (
        400,
        invalid("fields", "Campo desconhecido: senha."),
    )


@pytest.mark.parametrize("path", LISTS)
def test_unchanged_list_is_not_sent_again(user: User, path: str) -> None:
    IntegrationFactory.create(user=user)
    frontend = Frontend(user)
    first = frontend.fetch(path)
    again = frontend.get(f"/api/v1/{path}", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    other = frontend.get(f"/api/v1/{path}?limit=7", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert other.status_code == (304 if path == "integrations" else 200)


def test_unchanged_list_is_not_queried_and_every_change_is_noticed(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sale = SaleFactory.create(user=user)
    frontend = Frontend(user)

    changes: list[Callable[[], object]] = [
        lambda: Sale.objects.filter(id=sale.id).update(quantity=2),
        lambda: Client.objects.filter(user=user).update(name="Outro Nome"),
        lambda: SaleFactory.create(user=user, client=None),
        lambda: Sale.objects.filter(id=sale.id).delete(),
    ]
    for change in changes:
        known = frontend.fetch("sales").headers["ETag"]
        change()
        assert frontend.get("/api/v1/sales", HTTP_IF_NONE_MATCH=known).status_code == 200
    tag = frontend.fetch("sales").headers["ETag"]
    SaleFactory.create()  # of another user
    with django_assert_num_queries(2):  # the user, the version
        assert frontend.get("/api/v1/sales", HTTP_IF_NONE_MATCH=tag).status_code == 304


def test_reverse_order_leads_through_all_pages(user: User) -> None:
    for number in range(5):
        SaleFactory.create(user=user, client=None, external_id=str(number), sale_date=NOON)
    frontend, found = Frontend(user), []
    page = frontend.fetch("sales", ordering="saleDate", limit=2, fields="externalId").json()
    while True:
        found.append([row["externalId"] for row in page["data"]])
        if page["next"] is None:
            break
        page = frontend.get(page["next"]).json()
    assert found == [["0", "1"], ["2", "3"], ["4"]]
    back = frontend.get(page["previous"]).json()
    assert [row["externalId"] for row in back["data"]] == ["2", "3"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"limit": "0"}, "Use um número de 1 a 100."),
        ({"limit": "101"}, "Use um número de 1 a 100."),
        ({"limit": "x"}, "Use um número de 1 a 100."),
        ({"ordering": "totalPrice"}, "Use -saleDate, saleDate, -updatedAt ou updatedAt."),
    ],
)
def test_invalid_page_parameter_is_a_validation_error(
    user: User, query: dict[str, str], reason: str
) -> None:
    response = Frontend(user).fetch("sales", **query)
    assert (response.status_code, response.json()) == (400, invalid(next(iter(query)), reason))


def test_filter_sales_by_payment_method_and_campaign(user: User) -> None:
    SaleFactory.create(user=user, external_id="a", payment_method="Pix", payment_code="PIX")
    utms = {"utms": {"source": "rede", "campaign": "natal"}}
    SaleFactory.create(user=user, external_id="b", metadata=utms)
    frontend = Frontend(user)
    for query, number in [
        ({"paymentMethod": "pix"}, "a"),
        ({"paymentCode": "PIX"}, "a"),
        ({"utmCampaign": "natal"}, "b"),
        ({"utmSource": "rede"}, "b"),
    ]:
        rows = frontend.fetch("sales", **query).json()["data"]
        assert [row["externalId"] for row in rows] == [number]


def test_filter_subscriptions(user: User) -> None:
    client = ClientFactory.create(user=user, name="Íris Tavares")
    late = timezone.now() - timedelta(days=2)
    subscribe(user, "late", next_charge_date=late, client=client)
    subscribe(user, "gone", next_charge_date=late, status="CANCELLED")
    subscribe(user, "good", next_charge_date=timezone.now() + timedelta(days=2), cycle=2)
    subscribe(UserFactory.create(), "theirs", next_charge_date=late)
    frontend = Frontend(user)

    def codes(**query: Any) -> list[str]:
        data = frontend.fetch("subscriptions", **query).json()["data"]
        return [row["subscriptionHash"] for row in data]

    assert codes() == ["good", "gone", "late"]
    assert codes(overdue="true") == codes(search="íris") == ["late"]
    assert codes(status="CANCELLED") == ["gone"]
    assert codes(overdue="false") == ["good", "gone"]
    assert codes(renewed="true") == ["good"]
    assert codes(renewed="false") == ["gone", "late"]


@pytest.mark.parametrize("wanted", ["talvez", "2"])
def test_invalid_boolean_is_a_validation_error(user: User, wanted: str) -> None:
    response = Frontend(user).fetch("subscriptions", overdue=wanted)
    assert (response.status_code, response.json()) == (
        400,
        invalid("overdue", "Use true ou false."),
    )


def test_filter_affiliation_requests(user: User) -> None:
    request_affiliation(user, "Ana", status="Pendente", affiliate_email="ana@exemplo.com.br")
    request_affiliation(user, "Bia", status="Aprovado")
    request_affiliation(UserFactory.create(), "Caio")
    frontend = Frontend(user)
    for query, names in [
        ({}, ["Bia", "Ana"]),
        ({"status": "pendente"}, ["Ana"]),
        ({"search": "ANA@exemplo.com.br"}, ["Ana"]),
    ]:
        rows = frontend.fetch("affiliation-requests", **query).json()["data"]
        assert [row["affiliateName"] for row in rows] == names
