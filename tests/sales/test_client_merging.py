"""Merging, splitting and undoing: every field, and where later orders go."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.forms.models import model_to_dict

from clients.contacts import format_phone
from clients.customer import Customer
from clients.identity import ClientBatch, Match, build_client
from clients.models import Client, ClientMerge, MergeRefused
from clients.privacy import Person, anonymise, export_client
from flowzz.accounts.models import User
from flowzz.core.db.locks import lock_user
from sales import client_merging
from sales.client_merging import FieldPreview
from sales.models import Sale, Subscription
from tests import payloads
from tests.factories import NOON, ClientFactory, SaleFactory, UserFactory
from tests.integrations.sellers import Seller
from tests.waiting import wait_until_blocked

pytestmark = pytest.mark.django_db

DOCUMENT, PHONE = "29141777638", "+5511987650001"
OTHER_DOCUMENT, OTHER_PHONE = "39825979194", "+5511987650002"


@pytest.fixture
def staff() -> User:
    return UserFactory.create(is_staff=True)


@pytest.fixture
def kept() -> Client:
    return ClientFactory.create(name="Marina Alves", cpf="", phone=PHONE)


@pytest.fixture
def absorbed(kept: Client) -> Client:
    return ClientFactory.create(
        user=kept.user,
        name="Marina A.",
        cpf=DOCUMENT,
        document_valid=True,
        document_identifies=True,
        phone=OTHER_PHONE,
        city="Santa Maria",
        cep="97010000",
    )


def snapshot() -> list[dict[str, Any]]:
    """Return all rows that a merge or a split may change."""
    clients = [model_to_dict(row) | {"id": row.id} for row in Client.objects.order_by("id")]
    moved: list[Any] = [
        model.objects.order_by("id").values("id", "client") for model in (Sale, Subscription)
    ]
    return [*clients, *moved[0], *moved[1]]


def subscribe(client: Client) -> Subscription:
    return Subscription.objects.create(
        user=client.user,
        client=client,
        source="loja",
        subscription_hash=str(client.id),
        status="ACTIVE",
        observed_at=NOON,
    )


def match(client: Client, **values: str) -> tuple[UUID | None, Match | None]:
    """Match a later order with these values; return the client and how it was found."""
    incoming = build_client(client.user_id, Customer(**values))
    batch = ClientBatch.load(client.user_id, [incoming], [])
    found, kind = batch.match_or_create(incoming)
    batch.save()
    return (found.id if found else None), kind


def test_merge_moves_everything_and_fills_empty_fields(
    kept: Client, absorbed: Client, staff: User
) -> None:
    sale, subscription = SaleFactory.create(client=absorbed, user=kept.user), subscribe(absorbed)

    client_merging.merge(kept.id, absorbed.id, by=staff)

    for row in (sale, subscription, kept, absorbed):
        row.refresh_from_db()
    assert (sale.client_id, subscription.client_id, absorbed.merged_into_id) == (kept.id,) * 3
    assert (kept.name, kept.cpf, kept.document_identifies) == ("Marina Alves", DOCUMENT, True)
    assert (kept.phone, kept.city) == (PHONE, "Santa Maria")


def test_preview_shows_the_resulting_fields(kept: Client, absorbed: Client) -> None:
    ours = format_phone(PHONE)
    assert client_merging.preview(kept, absorbed) == [
        FieldPreview("CPF/CNPJ", "", "291.417.776-38", "291.417.776-38"),
        FieldPreview("nome", "Marina Alves", "Marina A.", "Marina Alves"),
        FieldPreview("telefone", ours, format_phone(OTHER_PHONE), ours),
        FieldPreview("cidade", "", "Santa Maria", "Santa Maria"),
        FieldPreview("CEP", "", "97010-000", "97010-000"),
    ]


def test_later_orders_of_both_clients_match_the_merged_client(
    kept: Client, absorbed: Client, staff: User
) -> None:
    client_merging.merge(kept.id, absorbed.id, by=staff)

    assert match(kept, document=DOCUMENT) == (kept.id, Match.DOCUMENT)
    assert match(kept, phone=PHONE) == (kept.id, Match.PHONE)
    assert match(kept, phone=OTHER_PHONE) == (kept.id, Match.PHONE)


def test_both_documents_match_the_merged_client_but_a_relative_does_not(
    kept: Client, absorbed: Client, staff: User
) -> None:
    Client.objects.filter(id=kept.id).update(cpf=OTHER_DOCUMENT, document_identifies=True)
    client_merging.merge(kept.id, absorbed.id, by=staff)

    assert match(kept, document=DOCUMENT) == (kept.id, Match.DOCUMENT)
    assert match(kept, document=OTHER_DOCUMENT) == (kept.id, Match.DOCUMENT)
    relative = match(kept, name="Rui", document="11144477735", phone=OTHER_PHONE)
    assert relative[1] == Match.NEW


@pytest.mark.django_db(transaction=True)
def test_merge_waits_for_a_batch_and_moves_its_sales(
    kept: Client, absorbed: Client, staff: User
) -> None:
    def merge() -> None:
        try:
            client_merging.merge(kept.id, absorbed.id, by=staff)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_user(kept.user_id)
            merged = pool.submit(merge)
            wait_until_blocked(merged)
            sale = SaleFactory.create(user=kept.user, client=absorbed)
        merged.result()

    sale.refresh_from_db()
    assert sale.client == kept


def test_undoing_a_merge_restores_everything(kept: Client, absorbed: Client, staff: User) -> None:
    SaleFactory.create(client=absorbed, user=kept.user)
    SaleFactory.create(client=kept, user=kept.user)
    subscribe(absorbed)
    before = snapshot()

    done = client_merging.merge(kept.id, absorbed.id, by=staff)
    changed = snapshot()
    client_merging.undo(done.id, by=staff)

    assert changed != before
    assert snapshot() == before
    assert match(absorbed, phone=OTHER_PHONE) == (absorbed.id, Match.PHONE)


def test_order_received_after_the_merge_stays_with_the_kept_client(
    kept: Client, absorbed: Client, staff: User
) -> None:
    done = client_merging.merge(kept.id, absorbed.id, by=staff)
    match(kept, phone=OTHER_PHONE, district="Centro")
    sale = SaleFactory.create(client=kept, user=kept.user)

    client_merging.undo(done.id, by=staff)

    sale.refresh_from_db()
    kept.refresh_from_db()
    assert (sale.client_id, kept.district, kept.city) == (kept.id, "Centro", "")


def test_merges_of_merged_clients_are_undone_newest_first(
    kept: Client, absorbed: Client, staff: User
) -> None:
    third = ClientFactory.create(user=kept.user)
    before = snapshot()
    first = client_merging.merge(absorbed.id, third.id, by=staff)
    second = client_merging.merge(kept.id, absorbed.id, by=staff)

    assert match(kept, phone=third.phone) == (kept.id, Match.PHONE)
    with pytest.raises(MergeRefused, match="Desfaça antes"):
        client_merging.undo(first.id, by=staff)
    client_merging.undo(second.id, by=staff)
    assert match(kept, phone=third.phone) == (absorbed.id, Match.PHONE)
    client_merging.undo(first.id, by=staff)
    assert snapshot() == before


def test_split_moves_chosen_sales_to_a_new_client_and_undo_returns_them(
    kept: Client, staff: User
) -> None:
    chosen, other = SaleFactory.create_batch(2, client=kept, user=kept.user)
    before = snapshot()

    done = client_merging.split(
        kept.id, [chosen.id], Customer(name="Rui", document=DOCUMENT), by=staff
    )

    chosen.refresh_from_db()
    other.refresh_from_db()
    assert (chosen.client, other.client_id) == (done.target, kept.id)
    assert match(kept, document=DOCUMENT) == (chosen.client_id, Match.DOCUMENT)
    client_merging.undo(done.id, by=staff)
    assert snapshot() == before
    assert ClientMerge.objects.get().undone_by == staff


def test_invalid_merges_and_splits_are_refused(kept: Client, absorbed: Client, staff: User) -> None:
    stranger = ClientFactory.create()
    sale = SaleFactory.create(client=kept, user=kept.user)
    customer = Customer(name="Rui", document=DOCUMENT)
    with pytest.raises(MergeRefused, match="mesma conta"):
        client_merging.merge(kept.id, stranger.id, by=staff)
    with pytest.raises(MergeRefused, match="este é o mesmo"):
        client_merging.merge(kept.id, kept.id, by=staff)
    with pytest.raises(MergeRefused, match="documento é de outro"):
        client_merging.split(kept.id, [sale.id], customer, by=staff)
    with pytest.raises(MergeRefused, match="ao menos uma venda"):
        client_merging.split(absorbed.id, [sale.id], replace(customer, document=""), by=staff)
    done = client_merging.merge(kept.id, absorbed.id, by=staff)
    with pytest.raises(MergeRefused, match="já foi unido"):
        client_merging.merge(kept.id, absorbed.id, by=staff)
    client_merging.undo(done.id, by=staff)
    with pytest.raises(MergeRefused, match="Já foi desfeita"):
        client_merging.undo(done.id, by=staff)


def test_erasure_includes_merged_clients_and_merge_records(
    kept: Client, absorbed: Client, staff: User
) -> None:
    done = client_merging.merge(kept.id, absorbed.id, by=staff)
    kept.refresh_from_db()
    person = Person.from_client(kept)

    assert person.is_named_in("391 " + OTHER_PHONE)
    assert [alias["cidade"] for alias in export_client(kept)["unidos"]] == ["Santa Maria"]
    anonymise(kept)

    done.refresh_from_db()
    absorbed.refresh_from_db()
    assert (done.filled_fields, done.previous_documents) == ({}, {})
    assert (absorbed.name, absorbed.phone, absorbed.cpf, absorbed.city) == ("", "", "", "")
    with pytest.raises(MergeRefused, match="foram apagados"):
        client_merging.undo(done.id, by=staff)


def test_subscription_follows_the_document_of_a_merged_client(staff: User) -> None:
    seller = Seller()
    ana, bia, caio = (payloads.cpf(number) for number in (291417776, 734100037, 168995350))

    def renew(code: str, cycle: int, name: str, document: str) -> None:
        body = payloads.subscription(code, cycle=str(cycle), with_order=f"{code}-{cycle}")
        body["client"] = {"client_name": name, "client_documment": document}
        seller.process(body)

    renew("ass1", 1, "Ana Lima", ana)
    renew("ass2", 1, "Bia Reis", bia)
    renew("ass3", 1, "Caio Melo", caio)
    client_merging.merge(seller.buyer("ass1-1").id, seller.buyer("ass2-1").id, by=staff)

    renew("ass3", 2, "Bia Reis", bia)

    subscription = Subscription.objects.select_related("client").get(subscription_hash="ass3")
    assert subscription.client == seller.buyer("ass3-2") == seller.buyer("ass1-1")
