"""Two clients made one or one made two; every field and every order's way, and back again."""

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
from clients.models import Client, ClientMerge
from clients.privacy import Person, anonymise, export_client
from flowzz.accounts.models import User
from flowzz.core.db.locks import lock_user
from sales import merging
from sales.merging import Field, MoveRefused
from sales.models import Sale, Subscription
from tests.factories import NOON, ClientFactory, SaleFactory, UserFactory
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
    )


def state() -> list[dict[str, Any]]:
    """All that a merge or a split may change, as it is now."""
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


def recognise(client: Client, **known: str) -> tuple[UUID | None, Match | None]:
    """Who a later order with these is by."""
    incoming = build_client(client.user_id, Customer(**known))
    batch = ClientBatch.load(client.user_id, [incoming], [])
    found, match = batch.match_or_create(incoming)
    batch.save()
    return (found.id if found else None), match


def test_merge_moves_all_and_completes_what_is_kept(
    kept: Client, absorbed: Client, staff: User
) -> None:
    sale, subscription = SaleFactory.create(client=absorbed, user=kept.user), subscribe(absorbed)

    merging.merge(kept.id, absorbed.id, by=staff)

    for row in (sale, subscription, kept, absorbed):
        row.refresh_from_db()
    assert (sale.client_id, subscription.client_id, absorbed.merged_into_id) == (kept.id,) * 3
    assert (kept.name, kept.cpf, kept.document_identifies) == ("Marina Alves", DOCUMENT, True)
    assert (kept.phone, kept.city) == (PHONE, "Santa Maria")


def test_what_wins_is_told_before(kept: Client, absorbed: Client) -> None:
    ours = format_phone(PHONE)
    assert merging.compare(kept, absorbed) == [
        Field("CPF/CNPJ", "", "291.417.776-38", "291.417.776-38"),
        Field("nome", "Marina Alves", "Marina A.", "Marina Alves"),
        Field("telefone", ours, format_phone(OTHER_PHONE), ours),
        Field("cidade", "", "Santa Maria", "Santa Maria"),
    ]


def test_later_orders_of_either_are_the_merged_clients(
    kept: Client, absorbed: Client, staff: User
) -> None:
    merging.merge(kept.id, absorbed.id, by=staff)

    assert recognise(kept, document=DOCUMENT) == (kept.id, Match.DOCUMENT)
    assert recognise(kept, phone=PHONE) == (kept.id, Match.PHONE)
    assert recognise(kept, phone=OTHER_PHONE) == (kept.id, Match.PHONE)


def test_both_documents_lead_to_the_merged_client_and_no_relatives_do(
    kept: Client, absorbed: Client, staff: User
) -> None:
    Client.objects.filter(id=kept.id).update(cpf=OTHER_DOCUMENT, document_identifies=True)
    merging.merge(kept.id, absorbed.id, by=staff)

    assert recognise(kept, document=DOCUMENT) == (kept.id, Match.DOCUMENT)
    assert recognise(kept, document=OTHER_DOCUMENT) == (kept.id, Match.DOCUMENT)
    relative = recognise(kept, name="Rui", document="11144477735", phone=OTHER_PHONE)
    assert relative[1] == Match.NEW


@pytest.mark.django_db(transaction=True)
def test_merge_waits_for_a_batch_and_takes_what_it_wrote(
    kept: Client, absorbed: Client, staff: User
) -> None:
    def merge() -> None:
        try:
            merging.merge(kept.id, absorbed.id, by=staff)
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


def test_undone_merge_leaves_everything_as_before(
    kept: Client, absorbed: Client, staff: User
) -> None:
    SaleFactory.create(client=absorbed, user=kept.user)
    SaleFactory.create(client=kept, user=kept.user)
    subscribe(absorbed)
    before = state()

    move = merging.merge(kept.id, absorbed.id, by=staff)
    changed = state()
    merging.undo(move.id, by=staff)

    assert changed != before
    assert state() == before
    assert recognise(absorbed, phone=OTHER_PHONE) == (absorbed.id, Match.PHONE)


def test_order_that_came_meanwhile_stays_with_who_was_kept(
    kept: Client, absorbed: Client, staff: User
) -> None:
    move = merging.merge(kept.id, absorbed.id, by=staff)
    recognise(kept, phone=OTHER_PHONE, district="Centro")
    sale = SaleFactory.create(client=kept, user=kept.user)

    merging.undo(move.id, by=staff)

    sale.refresh_from_db()
    kept.refresh_from_db()
    assert (sale.client_id, kept.district, kept.city) == (kept.id, "Centro", "")


def test_merges_of_merged_clients_are_undone_newest_first(
    kept: Client, absorbed: Client, staff: User
) -> None:
    third = ClientFactory.create(user=kept.user)
    before = state()
    first = merging.merge(absorbed.id, third.id, by=staff)
    second = merging.merge(kept.id, absorbed.id, by=staff)

    assert recognise(kept, phone=third.phone) == (kept.id, Match.PHONE)
    with pytest.raises(MoveRefused, match="Desfaça antes"):
        merging.undo(first.id, by=staff)
    merging.undo(second.id, by=staff)
    assert recognise(kept, phone=third.phone) == (absorbed.id, Match.PHONE)
    merging.undo(first.id, by=staff)
    assert state() == before


def test_split_gives_chosen_sales_to_a_new_client_and_back(kept: Client, staff: User) -> None:
    chosen, other = SaleFactory.create_batch(2, client=kept, user=kept.user)
    before = state()

    move = merging.split(kept.id, [chosen.id], Customer(name="Rui", document=DOCUMENT), by=staff)

    chosen.refresh_from_db()
    other.refresh_from_db()
    assert (chosen.client, other.client_id) == (move.target, kept.id)
    assert recognise(kept, document=DOCUMENT) == (chosen.client_id, Match.DOCUMENT)
    merging.undo(move.id, by=staff)
    assert state() == before
    assert ClientMerge.objects.get().undone_by == staff


def test_what_makes_no_sense_is_refused(kept: Client, absorbed: Client, staff: User) -> None:
    stranger = ClientFactory.create()
    sale = SaleFactory.create(client=kept, user=kept.user)
    someones = Customer(name="Rui", document=DOCUMENT)
    with pytest.raises(MoveRefused, match="mesmo usuário"):
        merging.merge(kept.id, stranger.id, by=staff)
    with pytest.raises(MoveRefused, match="diferentes"):
        merging.merge(kept.id, kept.id, by=staff)
    with pytest.raises(MoveRefused, match="documento é de outro"):
        merging.split(kept.id, [sale.id], someones, by=staff)
    with pytest.raises(MoveRefused, match="ao menos uma venda"):
        merging.split(absorbed.id, [sale.id], replace(someones, document=""), by=staff)
    move = merging.merge(kept.id, absorbed.id, by=staff)
    with pytest.raises(MoveRefused, match="já foi unido"):
        merging.merge(kept.id, absorbed.id, by=staff)
    merging.undo(move.id, by=staff)
    with pytest.raises(MoveRefused, match="Já foi desfeita"):
        merging.undo(move.id, by=staff)


def test_erasing_takes_what_merges_kept_too(kept: Client, absorbed: Client, staff: User) -> None:
    move = merging.merge(kept.id, absorbed.id, by=staff)
    kept.refresh_from_db()
    person = Person.of(kept)

    assert person.is_named_in("391 " + OTHER_PHONE)
    assert [alias["cidade"] for alias in export_client(kept)["unidos"]] == ["Santa Maria"]
    anonymise(kept)

    move.refresh_from_db()
    absorbed.refresh_from_db()
    assert (move.filled_fields, move.previous_documents) == ({}, {})
    assert (absorbed.name, absorbed.phone, absorbed.cpf, absorbed.city) == ("", "", "", "")
    with pytest.raises(MoveRefused, match="foram apagados"):
        merging.undo(move.id, by=staff)
