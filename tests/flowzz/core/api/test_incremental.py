"""Reading the changes of a list since the last reading."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from clients.models import Client
from flowzz.accounts.models import User
from flowzz.core.api.date_filters import INVALID
from sales.models import Sale
from tests.api_client import Frontend, invalid
from tests.factories import NOON, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def change(user: User, number: str, minutes: int) -> None:
    time = NOW - timedelta(hours=5) + timedelta(minutes=minutes)
    Sale.objects.filter(user=user, external_id=number).update(updated_at=time)


def numbers(user: User, **query: Any) -> list[str]:
    rows = Frontend(user).fetch("sales", **query).json()["data"]
    return [row["externalId"] for row in rows]


def test_changed_rows_are_listed_in_the_order_of_their_changes(user: User) -> None:
    for number, minutes in [("a", 3), ("b", 1), ("c", 2), ("d", 4)]:
        SaleFactory.create(user=user, external_id=number)
        change(user, number, minutes)
    second = Sale.objects.get(external_id="c").updated_at.isoformat()
    third = Sale.objects.get(external_id="a").updated_at.isoformat()
    assert numbers(user, ordering="updatedAt") == ["b", "c", "a", "d"]
    assert numbers(user, ordering="-updatedAt") == ["d", "a", "c", "b"]
    assert numbers(user, updatedFrom=second) == ["c", "a", "d"]
    assert numbers(user, updatedFrom=second, updatedTo=third) == ["c", "a"]
    assert numbers(user, updatedFrom=second, ordering="saleDate") == ["a", "c", "d"]
    assert numbers(user, updatedTo=second) == ["c", "b"]


@pytest.mark.parametrize("path", ["clients", "subscriptions"])
def test_clients_and_subscriptions_are_read_incrementally(user: User, path: str) -> None:
    rows: Any = Client.objects
    old, new = (ClientFactory.create(user=user).id for _ in range(2))
    if path == "subscriptions":
        rows = user.subscriptions
        old, new = (
            rows.create(subscription_hash=code, status="ACTIVE", observed_at=NOON).id
            for code in ("ass1", "ass2")
        )
    rows.filter(id=old).update(updated_at=NOW - timedelta(hours=2))
    rows.filter(id=new).update(updated_at=NOW - timedelta(hours=1))
    fetch = Frontend(user).fetch
    since = (NOW - timedelta(hours=1)).isoformat()
    assert [row["id"] for row in fetch(path, updatedFrom=since).json()["data"]] == [str(new)]
    both = fetch(path, ordering="updatedAt").json()["data"]
    assert [row["id"] for row in both] == [str(old), str(new)]


def test_reader_misses_no_row_that_changes_between_its_pages(user: User) -> None:
    for minutes, number in enumerate("abcde"):
        SaleFactory.create(user=user, external_id=number)
        change(user, number, minutes)
    frontend = Frontend(user)
    page = frontend.fetch("sales", ordering="updatedAt", limit=2).json()
    assert [row["externalId"] for row in page["data"]] == ["a", "b"]
    change(user, "a", 9)
    change(user, "c", 8)
    found = []
    while page["next"]:
        page = frontend.get(page["next"]).json()
        found += [row["externalId"] for row in page["data"]]
    assert found == ["d", "e", "c", "a"]


def test_invalid_time_is_a_validation_error(user: User) -> None:
    response = Frontend(user).fetch("sales", updatedFrom="ontem")
    assert (response.status_code, response.json()) == (400, invalid("updatedFrom", INVALID))


@pytest.mark.django_db(transaction=True)
def test_row_that_commits_late_is_not_passed(user: User) -> None:
    """Its `updated_at` is older than that of a row that is already committed."""

    def create_and_read() -> list[str]:
        try:
            SaleFactory.create(user=user, client=None, external_id="newer")
            return numbers(user, ordering="updatedAt")
        finally:
            connection.close()

    late = SaleFactory.create(user=user, client=None, external_id="late")
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Sale.objects.select_for_update().get(id=late.id)
        late.updated_at = timezone.now()  # as a batch sets it, before it writes
        assert pool.submit(create_and_read).result() == ["late"]
        Sale.objects.filter(id=late.id).update(updated_at=late.updated_at)
    response = Frontend(user).fetch("sales", ordering="updatedAt")
    assert [row["externalId"] for row in response.json()["data"]] == ["late", "newer"]
    assert "ETag" not in response.headers  # an unchanged version may hide a row that settled
