"""The rules by which a customer is matched to clients, in memory; test_identity.py stores them."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from clients.customer import Customer
from clients.identity import FILLABLE_FIELDS, ClientBatch, Match, build_client
from clients.models import Client

USER_ID = uuid.UUID(int=7)
CPF, OTHER_CPF, MISTYPED, PLACEHOLDER = "29141777638", "94580730224", "29141777639", "12345678909"
PHONE = "11987650001"
OWNED = "94580730000152"


def person(name: str = "", **values: str) -> Client:
    return build_client(USER_ID, Customer(name=name, **values))


def written(batch: ClientBatch) -> list[str]:
    """Return the names of the clients that `save` would write."""
    return sorted(client.name for client in batch._changed.values())


def suggested(batch: ClientBatch) -> list[tuple[uuid.UUID, uuid.UUID]]:
    return [(suggestion.first_id, suggestion.second_id) for suggestion in batch._suggestions]


MARINA = {"name": "Marina Alves", "document": CPF, "phone": PHONE}
WITHOUT_DOCUMENT = {"name": "Marina Alves", "phone": PHONE}
Values = dict[str, str]


def sharing(*names: str) -> list[Values]:
    """Return people with one phone and no documents."""
    return [{"name": name, "phone": PHONE} for name in names]


@pytest.mark.parametrize(
    ("stored", "incoming", "index"),
    [
        ([MARINA], {"name": "Outra", "document": CPF}, 0),
        ([WITHOUT_DOCUMENT, {"name": "Bia", "document": CPF}], MARINA, 1),
    ],
)
def test_document_matches_before_a_phone(
    stored: list[Values], incoming: Values, index: int
) -> None:
    clients = [person(**values) for values in stored]
    found = ClientBatch(clients).match_or_create(person(**incoming))
    assert found == (clients[index], Match.DOCUMENT)


@pytest.mark.parametrize(
    ("stored", "incoming", "index"),
    [
        ([WITHOUT_DOCUMENT], MARINA, 0),
        ([MARINA], WITHOUT_DOCUMENT, 0),
        ([MARINA | {"document": MISTYPED}], MARINA, 0),
        ([MARINA], {"phone": PHONE}, 0),
        (sharing("Ana Prado", "Bia", "Rui"), {"name": "Ana", "phone": PHONE}, 0),
        (sharing("Ana Prado", "Ana Lima"), {"name": "ANA LIMA", "phone": PHONE}, 1),
        (sharing("Bia", "Caio", "Davi", "Ana Lima"), {"name": "Ana Lima", "phone": PHONE}, 3),
        (sharing("Ana", "Ana"), {"name": "Ana", "phone": PHONE}, 0),
        (sharing(*(f"Pessoa {n}" for n in range(20))), {"name": "Pessoa 19", "phone": PHONE}, 19),
    ],
)
def test_phone_matches_people_whose_names_agree(
    stored: list[Values], incoming: Values, index: int
) -> None:
    clients = [person(**values) for values in stored]
    found = ClientBatch(clients).match_or_create(person(**incoming))
    assert found == (clients[index], Match.PHONE)


@pytest.mark.parametrize(
    ("stored", "incoming"),
    [
        ([{"document": MISTYPED}], {"document": MISTYPED}),
        ([{"document": PLACEHOLDER}], {"document": PLACEHOLDER}),
        ([MARINA], MARINA | {"document": OTHER_CPF}),
        ([MARINA], {"name": "Pedro", "phone": PHONE}),
        ([{"name": "Ana", "phone": "11999999999"}], {"name": "Ana", "phone": "11999999999"}),
        ([{"name": "Ana", "email": "a@b.example"}], {"name": "Ana", "email": "a@b.example"}),
        ([{"name": "Ana"}], {"name": "Ana"}),
        (sharing("", ""), {"phone": PHONE}),
        (sharing("Ana Prado", "Ana Lima"), {"name": "Ana", "phone": PHONE}),
        (sharing("Ana Prado", "Bia", "Caio", "Davi"), {"name": "Ana", "phone": PHONE}),
        (sharing(*(f"Pessoa {n}" for n in range(21))), {"name": "Pessoa 20", "phone": PHONE}),
        *(([], values) for values in ({"email": "a@b.example"}, {"phone": "8765-0501"})),
        *(([], values) for values in ({"document": "não tem"}, {"name": "Ana"})),
    ],
)
def test_other_customer_is_a_new_client(stored: list[Values], incoming: Values) -> None:
    clients = [person(**values) for values in stored]
    new = person(**incoming)
    batch = ClientBatch(clients)

    assert batch.match_or_create(new) == (new, Match.NEW)

    assert batch.get(new.id) is new
    assert written(batch) == [new.name]


def test_new_client_matches_later_customers_of_the_batch() -> None:
    batch, new = ClientBatch([]), person(**MARINA)
    batch.match_or_create(new)
    assert batch.match_or_create(person(document=CPF)) == (new, Match.DOCUMENT)
    assert batch.match_or_create(person(**WITHOUT_DOCUMENT)) == (new, Match.PHONE)


def test_customer_without_name_and_contacts_is_no_client() -> None:
    batch = ClientBatch([])
    assert batch.match_or_create(person(city="Natal")) == (None, None)
    assert written(batch) == []


@pytest.mark.parametrize(
    ("stored", "incoming", "suggested_count"),
    [
        (sharing("Pedro"), {"name": "Ana", "phone": PHONE}, 1),
        (sharing("Bia", "Caio", "Davi"), {"name": "Ana", "phone": PHONE}, 3),
        (sharing("Bia", "Caio", "Davi", "Eva"), {"name": "Ana", "phone": PHONE}, 0),
        ([MARINA], {"name": "Ana", "phone": PHONE}, 1),
        ([MARINA], {"name": "Ana", "phone": PHONE, "document": OTHER_CPF}, 0),
        ([MARINA], WITHOUT_DOCUMENT, 0),
    ],
)
def test_merge_is_suggested_if_only_the_names_differ(
    stored: list[Values], incoming: Values, suggested_count: int
) -> None:
    clients, new = [person(**values) for values in stored], person(**incoming)
    batch = ClientBatch(clients)

    batch.match_or_create(new)

    assert suggested(batch) == [(client.id, new.id) for client in clients[:suggested_count]]


def test_merges_are_suggested_for_every_customer_of_a_batch() -> None:
    ana, bia, caio = (person(name, phone=PHONE) for name in ("Ana", "Bia", "Caio"))
    batch = ClientBatch([ana])
    batch.match_or_create(bia)
    batch.match_or_create(caio)
    assert suggested(batch) == [(ana.id, bia.id), (ana.id, caio.id), (bia.id, caio.id)]


def merged(into: Client, name: str, **values: str) -> Client:
    alias = person(name, **values)
    alias.merged_into_id = into.id
    return alias


def test_merged_client_stands_for_the_one_that_stays() -> None:
    bia = person("Bia Prado", phone=PHONE)
    batch = ClientBatch([bia, merged(bia, "Ana Prado", phone=PHONE, document=CPF)])
    assert batch.match_or_create(person("Ana", phone=PHONE)) == (bia, Match.PHONE)
    assert batch.match_or_create(person("Ana", document=CPF)) == (bia, Match.DOCUMENT)
    assert (bia.cpf, written(batch)) == ("", [])  # a document is one client's


def test_client_is_found_by_its_id_or_that_of_a_merged_one() -> None:
    bia = person("Bia")
    alias = merged(bia, "Ana")
    batch = ClientBatch([bia, alias])
    found = [batch.get(key) for key in (bia.id, alias.id, person().id, None)]
    assert found == [bia, bia, None, None]


EVERY_FIELD = {
    "name": "Marina",
    "email": "m@a.example",
    "phone": PHONE,
    "address": "Rua A",
    "address_number": "1",
    "district": "Centro",
    "complement": "casa",
    "city": "Natal",
    "state": "RN",
    "cep": "59000-000",
    "country": "BR",
}


def values_of(client: Client) -> dict[str, Any]:
    return {name: getattr(client, name) for name in FILLABLE_FIELDS}


def test_client_has_the_normalised_values_of_its_customer() -> None:
    client = person(**EVERY_FIELD | {"state": "Rio Grande do Norte", "email": " M@A.example "})
    normalised = {"phone": "+5511987650001", "cep": "59000000", "phone_raw": ""}
    assert values_of(client) == EVERY_FIELD | normalised
    assert client.user_id == USER_ID


def test_match_fills_every_empty_field() -> None:
    client, incoming = person(document=CPF), person(document=CPF, **EVERY_FIELD)
    batch = ClientBatch([client])

    batch.match_or_create(incoming)

    assert values_of(client) == values_of(incoming)
    assert written(batch) == ["Marina"]
    assert batch.match_or_create(person("Marina", phone=PHONE)) == (client, Match.PHONE)


def test_match_overwrites_nothing() -> None:
    client = person(document=CPF, **EVERY_FIELD)
    before, batch = values_of(client), ClientBatch([client])
    other = dict.fromkeys(EVERY_FIELD, "outro") | {"phone": "11987650002", "email": "o@a.example"}

    batch.match_or_create(person(document=CPF, **other))

    assert (values_of(client), written(batch)) == (before, [])


@pytest.mark.parametrize(
    ("phone", "raw"), [("", "8765-0501"), ("11987650002", "")], ids=["without", "with"]
)
def test_phone_as_sent_is_kept_by_a_client_without_a_phone(phone: str, raw: str) -> None:
    client = person("Ana", document=CPF, phone=phone)
    batch = ClientBatch([client])
    batch.match_or_create(person(document=CPF, phone="8765-0501"))
    assert (client.phone_raw, written(batch)) == (raw, ["Ana"] if raw else [])


def test_long_phone_as_sent_is_cut_without_a_space_at_its_end() -> None:
    sent = ("x" * 70, "x" * 63 + " ramal")
    assert [person(phone=phone).phone_raw for phone in sent] == ["x" * 64, "x" * 63]


@pytest.mark.parametrize(
    ("stored", "incoming", "cpf", "identifies"),
    [
        ("", CPF, CPF, True),
        ("não tem", CPF, CPF, True),
        (MISTYPED, CPF, CPF, True),
        (CPF, OTHER_CPF, CPF, True),
        (CPF, "", CPF, True),
        ("", MISTYPED, MISTYPED, False),
        ("", PLACEHOLDER, PLACEHOLDER, False),
        (MISTYPED, "não tem", MISTYPED, False),
        (MISTYPED, MISTYPED, MISTYPED, False),
        ("", "", "", False),
    ],
)
def test_document_is_filled_by_one_that_says_more(
    stored: str, incoming: str, cpf: str, identifies: bool
) -> None:
    client, sent = person("Ana", document=stored), person("Ana", document=incoming)
    batch = ClientBatch([client])

    batch.fill_empty_fields(client, sent)

    assert (client.cpf, client.document_identifies) == (cpf, identifies)
    assert client.document_valid == (identifies or cpf == PLACEHOLDER)
    assert written(batch) == (["Ana"] if cpf != stored else [])
    found = batch.match_or_create(person("Eva", document=CPF))
    assert found[1] == (Match.DOCUMENT if cpf == CPF else Match.NEW)


def test_document_identifies_once_todays_rules_say_so() -> None:
    client = person("Ana", document=CPF)
    client.document_identifies = False
    batch = ClientBatch([client])
    batch.fill_empty_fields(client, person("Ana", document=CPF))
    assert (client.cpf, client.document_identifies, written(batch)) == (CPF, True, ["Ana"])


def erased(client: Client) -> Client:
    client.erased_at = timezone.now()
    return client


@pytest.mark.parametrize(
    ("client", "owner"),
    [
        (person("Ana"), None),
        (erased(person("Marina")), None),
        (person("Marina"), person("Bia", document=CPF)),
    ],
    ids=["other name", "erased", "document of another"],
)
def test_values_of_another_person_and_of_an_erased_one_are_not_filled(
    client: Client, owner: Client | None
) -> None:
    batch = ClientBatch([client, *([owner] if owner else [])])
    batch.fill_empty_fields(client, person(document=CPF, **EVERY_FIELD))
    assert (client.city, client.cpf, written(batch)) == ("", "", [])


@pytest.mark.parametrize(
    ("stored", "sent", "is_other", "is_mistaken"),
    [
        ({"name": "Ana"}, {"name": "Ana"}, False, False),
        ({"name": "Ana"}, {"name": "Bia"}, False, True),
        ({"name": "Ana"}, {"name": "Ana", "document": OTHER_CPF}, False, False),
        ({"name": "Ana"}, {"name": "Bia", "document": OTHER_CPF}, True, True),
        ({"name": "Ana", "document": CPF}, {"name": "Bia", "document": CPF}, False, False),
        ({"name": "Ana", "document": CPF}, {"name": "Ana", "document": OTHER_CPF}, True, True),
        ({"name": "Ana", "document": CPF}, {"name": "Ana", "document": MISTYPED}, False, False),
        ({"name": "Ana"}, {"name": "Ana", "document": OWNED}, True, False),
        ({"name": "Ana", "document": CPF}, {"name": "Ana", "document": OWNED}, True, True),
    ],
)
def test_person_of_a_later_message(
    stored: Values, sent: Values, is_other: bool, is_mistaken: bool
) -> None:
    client, incoming = person(**stored), person(**sent)
    batch = ClientBatch([client, person("Davi", document=OWNED)])
    assert batch.is_other_person(client, incoming) is is_other
    assert batch.is_mistaken_match(client, incoming) is is_mistaken

    erased(client)
    assert not batch.is_other_person(client, incoming)
    assert not batch.is_mistaken_match(client, incoming)


def test_document_that_identifies_nobody_does_not_match_one_stored_by_earlier_rules() -> None:
    client, sent = person("Ana", document=PLACEHOLDER), person("Bia", document=PLACEHOLDER)
    client.document_identifies = True
    assert ClientBatch([client]).match_or_create(sent) == (sent, Match.NEW)


def test_document_that_no_longer_identifies_is_withdrawn() -> None:
    client, other = person("Ana", document=PLACEHOLDER), person("Bia", document=CPF)
    client.document_identifies = True
    batch = ClientBatch([client, other])

    batch.recheck_documents()

    assert (client.document_identifies, other.document_identifies) == (False, True)
    assert written(batch) == ["Ana"]
    sent = person("Caio", document=PLACEHOLDER)
    sent.document_identifies = True
    assert batch.match_or_create(sent) == (sent, Match.NEW)
    assert batch.match_or_create(person(document=CPF)) == (other, Match.DOCUMENT)
