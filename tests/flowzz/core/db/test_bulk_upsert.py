"""Bulk rows equal those of Django's constructor; lookups and timestamps equal Django's."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from clients.models import Client, ClientStatus
from flowzz.accounts.models import User
from flowzz.core.db.backend.base import TimestampLoader
from flowzz.core.db.bulk_upsert import JsonDecoder, upsert

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return User.objects.create(email="vendedora@flowzz.test")


def test_new_row_has_the_defaults_of_the_constructor(user: User) -> None:
    new, constructed = Client.new(user_id=user.id, name="Ana"), Client(user=user, name="Ana")

    assert new.id != constructed.id
    assert new._state.adding
    for field in Client._meta.concrete_fields:
        if field.name != "id":
            assert getattr(new, field.attname) == getattr(constructed, field.attname)


def test_new_rows_have_different_ids(user: User) -> None:
    assert Client.new(user_id=user.id).id != Client.new(user_id=user.id).id


def test_loaded_row_can_be_saved_and_has_its_relations(user: User) -> None:
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


def test_deferred_column_is_loaded_on_access(user: User) -> None:
    upsert([Client.new(user_id=user.id, name="Ana", city="Recife")])

    row = Client.objects.only("name").get()

    assert row.get_deferred_fields() >= {"city"}
    assert row.city == "Recife"


@pytest.mark.parametrize(
    "document", ["", "a,b", 'a"b', "a\\b", "{}", "NULL", "'; --", "João", " a "]
)
def test_any_of_finds_texts_with_special_characters(user: User, document: str) -> None:
    upsert([Client.new(user_id=user.id, cpf=document), Client.new(user_id=user.id, cpf="other")])

    clients = Client.objects.filter(cpf__any_of=[document, "none"])

    assert [client.cpf for client in clients] == [document]


def test_any_of_an_empty_list_finds_nothing(user: User) -> None:
    upsert([Client.new(user_id=user.id)])

    assert not Client.objects.filter(id__any_of=[])
    assert not Client.objects.filter(id__any_of=[uuid.uuid4()])


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24 01:02:03+00",
        "2026-11-24 01:02:03.5-03",
        "1900-01-01 00:00:00.123456-03:06:28",
        "9999-12-31 23:59:59.999999+00",
    ],
)
def test_timestamp_is_loaded_like_by_django(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        (time,) = cursor.fetchone()

    assert time == datetime.fromisoformat(text)
    assert time.utcoffset() == timedelta(0)
    with connection.cursor() as cursor:
        adapters = cursor.connection.adapters
        assert adapters.get_loader(1184, 0) is TimestampLoader


def test_loader_has_the_timezone_attribute_that_django_reads() -> None:
    assert TimestampLoader.timezone is UTC


@pytest.mark.parametrize(
    "text", ['{"a": [1, 1.50, "é \\ud83d\\ude00", null, true]}', "[]", "1" * 40, "1e400", "-0.0"]
)
def test_json_is_decoded_as_python_does(text: str) -> None:
    decoded = json.loads(text, cls=JsonDecoder)
    assert (repr(decoded), type(decoded)) == (repr(json.loads(text)), type(json.loads(text)))
