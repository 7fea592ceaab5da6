"""Matching of customers to clients, on a real database."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection, transaction

from clients.customer import Customer
from clients.identity import ClientBatch, Match, build_client
from clients.models import Client, MergeSuggestion
from flowzz.accounts.models import User
from flowzz.core.db.bulk_upsert import upsert
from flowzz.core.db.locks import lock_user
from flowzz.core.ids import uuid7

MARINA = Customer(name="Marina Alves", document="291.417.776-38", phone="11987650001")
CPF, PHONE = "29141777638", "+5511987650001"


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create(email="vendedora@flowzz.test")


def match_customers(user: User, *customers: Customer) -> list[tuple[Client | None, Match | None]]:
    """Match or create clients for customers, as one batch."""
    incoming = [build_client(user.id, customer) for customer in customers]
    batch = ClientBatch.load(user.id, incoming, [])
    results = [batch.match_or_create(client) for client in incoming]
    batch.save()
    return results


def matches(user: User, *customers: Customer) -> list[Match | None]:
    return [match for _, match in match_customers(user, *customers)]


def test_new_customer_becomes_a_client_with_every_field(user: User) -> None:
    customer = Customer(
        name="Carla Inventada",
        email="Carla@Example.com",
        phone="55991234567",
        document="398.259.791-94",
        address="Rua das Amoras",
        address_number="120",
        district="Centro",
        complement="apto 4",
        city="Santa Maria",
        state="Rio Grande do Sul",
        cep="97010-000",
        country="BR",
    )

    assert matches(user, customer) == [Match.NEW]

    row = Client.objects.values().get()
    del row["id"], row["created_at"], row["updated_at"], row["erased_at"], row["merged_into_id"]
    assert row == {
        "user_id": user.id,
        "name": "Carla Inventada",
        "email": "carla@example.com",
        "phone": "+5555991234567",
        "phone_raw": "",
        "cpf": "39825979194",
        "document_valid": True,
        "document_identifies": True,
        "address": "Rua das Amoras",
        "address_number": "120",
        "district": "Centro",
        "complement": "apto 4",
        "city": "Santa Maria",
        "state": "RS",
        "cep": "97010000",
        "country": "BR",
        "status": "ACTIVE",
    }


def test_absent_email_is_null(user: User) -> None:
    match_customers(user, Customer(name="Davi Modelo"))

    assert Client.objects.get().email is None


@pytest.mark.parametrize("document", ["29141777638", " 291.417.776-38 ", "291417776/38"])
def test_punctuation_of_a_document_does_not_matter(user: User, document: str) -> None:
    match_customers(user, MARINA)

    assert matches(user, Customer(document=document)) == [Match.DOCUMENT]
    assert Client.objects.get().cpf == CPF


def test_alphanumeric_cnpj_is_stored_and_matched(user: User) -> None:
    match_customers(user, Customer(name="Nova Empresa", document="12.ABC.345/01DE-35"))

    assert matches(user, Customer(document="12abc34501de35")) == [Match.DOCUMENT]
    assert Client.objects.get().cpf == "12ABC34501DE35"


def test_shared_email_does_not_match(user: User) -> None:
    shop = "suporte@loja.example"

    assert matches(
        user,
        Customer(name="Elisa", document="94580730224", email=shop),
        Customer(name="Fábio", document="91740029704", email=shop),
    ) == [Match.NEW, Match.NEW]


@pytest.mark.parametrize("document", ["", "000.000.000-00", "não tem"])
def test_empty_documents_never_match(user: User, document: str) -> None:
    assert matches(
        user,
        Customer(name="Gilda", phone="21900000001", document=document),
        Customer(name="Heitor", phone="21900000002", document=document),
    ) == [Match.NEW, Match.NEW]


def test_empty_phones_never_match(user: User) -> None:
    assert matches(
        user, Customer(name="Gilda", phone=""), Customer(name="Heitor", phone="00000000000")
    ) == [Match.NEW, Match.NEW]


@pytest.mark.parametrize("phone", ["11999999999", "(11) 99999-9999", "11912345678", "11900000000"])
def test_placeholder_of_a_phone_does_not_match(user: User, phone: str) -> None:
    ana = Customer(name="Ana", phone=phone)

    assert matches(user, ana, ana) == [Match.NEW, Match.NEW]
    assert matches(user, ana) == [Match.NEW]


def test_area_code_55_is_not_the_country_code(user: User) -> None:
    match_customers(user, Customer(name="Carla", phone="55991234567"))

    assert matches(user, Customer(phone="+55 55991234567")) == [Match.PHONE]
    assert Client.objects.get().phone == "+5555991234567"


def test_relatives_with_one_phone_and_two_documents_do_not_match(user: User) -> None:
    match_customers(user, MARINA)

    assert matches(user, Customer(name="Pedro", document="94580730224", phone=PHONE)) == [Match.NEW]


def test_phone_matches_if_the_client_has_no_document(user: User) -> None:
    match_customers(user, Customer(name="Marina", phone=PHONE))

    assert matches(user, MARINA) == [Match.PHONE]
    client = Client.objects.get()
    assert (client.name, client.cpf, client.document_identifies) == ("Marina", CPF, True)


def test_phone_matches_if_the_order_has_no_document(user: User) -> None:
    match_customers(user, MARINA)

    assert matches(user, Customer(name="Marina", phone=PHONE)) == [Match.PHONE]
    assert Client.objects.get().cpf == CPF


def test_shared_phone_matches_the_client_of_the_same_name(user: User) -> None:
    match_customers(user, MARINA, Customer(name="Pedro Alves", document="94580730224", phone=PHONE))

    [(client, match)] = match_customers(user, Customer(name="PEDRO ALVES", phone=PHONE))

    assert (client and client.cpf, match) == ("94580730224", Match.PHONE)


@pytest.mark.parametrize("name", ["Outra", "Pedra", "", "P."])
def test_shared_phone_of_several_candidates_matches_only_the_full_name(
    user: User, name: str
) -> None:
    for existing in ("Paula Alves", "Pedro Alves", "Outra Pessoa", "Outra Amiga"):
        Client.objects.create(user=user, name=existing, phone=PHONE)

    assert matches(user, Customer(name=name, phone=PHONE)) == [Match.NEW]
    assert matches(user, Customer(name="PÉDRO DE ALVES", phone=PHONE)) == [Match.PHONE]


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("marina", Match.PHONE),
        ("MARÍNA de Souza", Match.PHONE),
        ("M. Alves", Match.PHONE),
        ("", Match.PHONE),
        ("Pedro Alves", Match.NEW),
        ("P. Alves", Match.NEW),
        ("Mariana Alves", Match.NEW),
    ],
)
def test_phone_matches_only_if_the_given_names_agree(user: User, name: str, match: Match) -> None:
    match_customers(user, MARINA)

    assert matches(user, Customer(name=name, phone=PHONE)) == [match]
    assert MergeSuggestion.objects.count() == (match == Match.NEW)


def test_phone_of_more_than_three_clients_matches_only_the_full_name(user: User) -> None:
    for existing in ("Marina Alves", "Pedro", "Ana", "Rui"):
        Client.objects.create(user=user, name=existing, phone=PHONE)

    assert matches(user, Customer(name="Marina", phone=PHONE)) == [Match.NEW]
    assert matches(user, Customer(name="Marina Alves", phone=PHONE)) == [Match.PHONE]


def test_match_fills_empty_fields_and_overwrites_nothing(user: User) -> None:
    match_customers(user, Customer(name="Marina", document=CPF, city="São Paulo"))

    match_customers(
        user,
        Customer(name="M. Alves", document=CPF, phone=PHONE, city="Campinas", email="m@a.example"),
    )

    client = Client.objects.get()
    assert (client.name, client.city, client.phone, client.email) == (
        "Marina",
        "São Paulo",
        PHONE,
        "m@a.example",
    )


def test_match_without_new_values_writes_nothing(user: User) -> None:
    match_customers(user, MARINA)
    before = Client.objects.get().updated_at

    match_customers(user, MARINA)

    assert Client.objects.get().updated_at == before


@pytest.mark.parametrize(
    "document", ["123.456.789-00", "123", "***.972.838-**", "7,34101E+10", "123.456.789-09"]
)
def test_document_that_identifies_nobody_does_not_match(user: User, document: str) -> None:
    assert matches(
        user,
        Customer(name="João Silva", document=document),
        Customer(name="João Silva", document=document),
    ) == [Match.NEW, Match.NEW]

    assert set(Client.objects.values_list("document_identifies", flat=True)) == {False}


def test_document_replaces_a_placeholder(user: User) -> None:
    match_customers(user, Customer(name="Marina", phone=PHONE, document="não tem"))

    match_customers(user, MARINA)

    assert Client.objects.get().cpf == CPF


def test_placeholder_does_not_replace_a_document(user: User) -> None:
    match_customers(user, MARINA)

    match_customers(user, Customer(name="Marina Alves", phone=PHONE, document="não tem"))

    assert Client.objects.get().cpf == CPF


def test_values_of_another_client_are_not_copied(user: User) -> None:
    match_customers(user, MARINA)
    other = Client.objects.create(user=user, name="Pedro")
    incoming = build_client(user.id, Customer(document=CPF, city="Natal"))
    batch = ClientBatch.load(user.id, [incoming], [other.id])

    batch.fill_empty_fields(batch.get(other.id) or other, incoming)
    batch.save()

    other.refresh_from_db()
    assert (other.cpf, other.document_identifies, other.city) == ("", False, "")
    assert Client.objects.get(cpf=CPF).name == "Marina Alves"


def test_new_client_twice_in_a_batch_is_created_once(user: User) -> None:
    assert matches(user, MARINA, MARINA, Customer(phone=PHONE)) == [
        Match.NEW,
        Match.DOCUMENT,
        Match.PHONE,
    ]
    assert Client.objects.count() == 1


def test_document_filled_in_a_batch_matches_in_the_same_batch(user: User) -> None:
    assert matches(user, Customer(name="Marina", phone=PHONE), MARINA, Customer(document=CPF)) == [
        Match.NEW,
        Match.PHONE,
        Match.DOCUMENT,
    ]
    assert Client.objects.count() == 1


def test_customer_without_name_and_contacts_creates_no_client(user: User) -> None:
    assert match_customers(user, Customer(city="Natal")) == [(None, None)]
    assert not Client.objects.exists()


def test_clients_of_another_user_do_not_match(user: User) -> None:
    other = User.objects.create(email="outra@flowzz.test")
    match_customers(other, MARINA)

    assert matches(user, MARINA) == [Match.NEW]
    assert sorted(Client.objects.values_list("user__email", flat=True)) == [
        "outra@flowzz.test",
        "vendedora@flowzz.test",
    ]


def test_name_of_a_merged_client_matches_the_one_that_stays(user: User) -> None:
    people = [Customer(name=name, phone=f"1198765000{n}") for n, name in enumerate(("Ana", "Bia"))]
    match_customers(user, *people)
    ana, bia = Client.objects.order_by("id")
    Client.objects.filter(id=bia.id).update(merged_into=ana)
    assert match_customers(user, people[1]) == [(ana, Match.PHONE)]


def test_large_batch_uses_the_indexes(user: User) -> None:
    upsert(
        [
            build_client(user.id, Customer(document=str(10**10 + n), phone=f"119{10**7 + n}"))
            for n in range(5000)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE clients_client")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

    plan = Client.objects.candidates(
        user.id,
        ids=[uuid7()],
        documents={str(10**10 + n) for n in range(500)},
        phones={f"+55119{10**7 + n}" for n in range(500)},
    )

    assert re.findall(r"Index Scan on (\w+)", plan.explain()) == [
        "client_search_phone",
        "clients_client_pkey",
        "client_document_unique_per_user",
        "clients_client_pkey",
    ]


def test_at_most_twenty_clients_of_a_shared_phone_are_read(user: User) -> None:
    names = [f"Pessoa {number}" for number in range(30)]
    shared = [build_client(user.id, Customer(name=name, phone="11987650001")) for name in names]
    upsert([*shared, build_client(user.id, Customer(name="Outra", phone="11987650002"))])
    phones = [PHONE, "+5511987650002"]

    found = Client.objects.candidates(user.id, ids=[], documents=[], phones=phones)

    assert [client.name for client in found] == [*names[:20], "Outra"]
    assert matches(user, Customer(name="Pessoa 7", phone="11987650001")) == [Match.PHONE]


def test_phone_that_cannot_be_read_is_kept_as_sent(user: User) -> None:
    by_document = Customer(name="Ana Lima", document="291.417.776-38")
    match_customers(user, replace(by_document, phone=" 98765-0501\u200b "))
    client = Client.objects.get()
    assert (client.phone, client.phone_raw) == ("", "98765-0501")

    match_customers(user, replace(by_document, phone="11987650001"))
    match_customers(user, replace(by_document, phone="ligar para a Bia"))

    client.refresh_from_db()
    assert (client.phone, client.phone_raw) == (PHONE, "98765-0501")
    other = Customer(name="Bia Reis", document="734.100.037-62", phone="11987650002")
    match_customers(user, other, replace(other, phone="98765-0501"))
    assert Client.objects.get(phone="+5511987650002").phone_raw == ""
    assert matches(user, Customer(name="Bia", phone="98765-0501")) == [Match.NEW]
    assert matches(user, Customer(name="Bia", phone="98765-0501")) == [Match.NEW]


@pytest.mark.django_db(transaction=True)
def test_concurrent_transactions_create_one_client() -> None:
    user = User.objects.create(email="vendedora@flowzz.test")
    both_ready = threading.Barrier(2)

    def order(_: int) -> Match | None:
        try:
            both_ready.wait()
            with transaction.atomic():
                lock_user(user.id)
                return matches(user, MARINA)[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = sorted(str(match) for match in pool.map(order, range(2)))

    assert found == ["documento", "novo"]
    assert Client.objects.count() == 1
