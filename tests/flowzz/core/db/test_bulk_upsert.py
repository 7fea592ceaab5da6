"""Rows made past Django's constructor are the rows that it would have made."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from clients.models import Client, ClientStatus
from flowzz.accounts.models import User
from flowzz.core.db.bulk_upsert import upsert
from flowzz.core.db.timestamp_loader import TimestampLoader

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create(email="vendedora@flowzz.test")


def test_a_new_row_has_the_defaults_that_the_constructor_gives(user: User) -> None:
    made, constructed = Client.new(user_id=user.id, name="Ana"), Client(user=user, name="Ana")

    assert made.id != constructed.id
    assert made._state.adding
    for field in Client._meta.concrete_fields:
        if field.name != "id":
            assert getattr(made, field.attname) == getattr(constructed, field.attname)


def test_each_new_row_has_an_id_of_its_own(user: User) -> None:
    assert Client.new(user_id=user.id).id != Client.new(user_id=user.id).id


def test_a_row_that_is_read_can_be_saved_and_followed(user: User) -> None:
    upsert([Client.new(user_id=user.id, name="Ana")])

    row = Client.objects.get()
    row.city = "Recife"
    row.save()

    assert not row._state.adding
    assert Client.objects.values_list("name", "city", "status").get() == (
        "Ana",
        "Recife",
        ClientStatus.ACTIVE,
    )
    assert row.user == user


def test_a_deferred_column_is_fetched_when_it_is_asked_for(user: User) -> None:
    upsert([Client.new(user_id=user.id, name="Ana", city="Recife")])

    row = Client.objects.only("name").get()

    assert row.get_deferred_fields() >= {"city"}
    assert row.city == "Recife"


@pytest.mark.parametrize(
    "document", ["", "a,b", 'a"b', "a\\b", "{}", "NULL", "'; --", "João", " a "]
)
def test_any_of_finds_a_text_whatever_is_in_it(user: User, document: str) -> None:
    upsert([Client.new(user_id=user.id, cpf=document), Client.new(user_id=user.id, cpf="other")])

    found = Client.objects.filter(cpf__any_of=[document, "none"])

    assert [client.cpf for client in found] == [document]


def test_any_of_nothing_finds_nothing(user: User) -> None:
    upsert([Client.new(user_id=user.id)])

    assert not Client.objects.filter(id__any_of=[])
    assert not Client.objects.filter(id__any_of=[uuid.uuid4()])


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-24 01:02:03+00",
        "2026-11-24 01:02:03.5-03",
        "1900-01-01 00:00:00.123456-03:06:28",
        "9999-12-31 23:59:59.999999+00",
    ],
)
def test_a_time_is_read_as_django_reads_it(written: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        (moment,) = cursor.fetchone()

    assert moment == datetime.fromisoformat(written)
    assert moment.utcoffset() == timedelta(0)
    with connection.cursor() as cursor:
        adapters = cursor.connection.adapters
        assert adapters.get_loader(1184, 0) is TimestampLoader


def test_the_loader_names_its_zone_as_django_asks() -> None:
    assert TimestampLoader.timezone is UTC
