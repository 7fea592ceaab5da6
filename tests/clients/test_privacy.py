"""Texts that name a person, and texts that name somebody else."""

import re

import pytest
from django.db import connection

from clients.models import Client
from clients.privacy import Person, anonymise
from tests.factories import ClientFactory, UserFactory

MARINA = Person(
    name="Marina Alves",
    document="01152449303",
    phone="+5562954544554",
    email="ana+loja@exemplo.com.br",
)
COMPANY = Person(name="Alves Ltda", document="12ABC34501DE35", phone="", email="")

NAMING = [
    "01152449303",
    "011.524.493-03",
    "1152449303",
    '{"client_documment": 1152449303}',
    "+5562954544554",
    "62954544554",
    "(62) 95454-4554",
    "+55 62 95454-4554",
    "062954544554",
    '"\\u002B5562954544554"',
    '{"e": "ANA+loja@Exemplo.com.br"}',
    "fale com ana+loja@exemplo.com.br.",
]
NOT_NAMING = [
    "",
    "91152449303",
    "011524493031",
    "6295454455",
    "629545445544",
    "joana+loja@exemplo.com.br",
    "ana+loja@exemplo.com.br.net",
    '"629545", "44554"',
    "Marina Alves Pereira",
]


@pytest.mark.parametrize("text", [*NAMING, "marina alves", " Marina Alves "])
def test_text_names_the_person(text: str) -> None:
    assert MARINA.is_named_in(text)


@pytest.mark.parametrize("text", NOT_NAMING)
def test_text_names_somebody_else(text: str) -> None:
    assert not MARINA.is_named_in(text)


@pytest.mark.parametrize("text", ["12ABC34501DE35", "12.abc.345/01DE-35", r"12.ABC.345\/01DE-35"])
def test_text_names_a_company_by_its_alphanumeric_cnpj(text: str) -> None:
    assert COMPANY.is_named_in(text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "is_named"), [(t, True) for t in NAMING] + [(t, False) for t in NOT_NAMING]
)
def test_pattern_matches_the_same_texts_in_postgresql(text: str, is_named: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s ~* %s", [text, MARINA.pattern])
        assert cursor.fetchone() == (is_named,)


def test_person_without_data_is_named_in_no_text() -> None:
    nobody = Person(name="", document="", phone="", email="")
    assert nobody.pattern == ""
    assert not nobody.is_named_in("")


@pytest.mark.django_db
def test_shared_contacts_do_not_identify_a_person() -> None:
    user = UserFactory.create()
    mine = {"phone": "+5562954544554", "email": "suporte@exemplo.com.br"}
    client = ClientFactory.create(user=user, cpf="01152449303", document_identifies=True, **mine)
    assert Person.from_client(client).phone == mine["phone"]
    ClientFactory.create(user=user, **mine)
    ClientFactory.create(**mine)

    assert Person.from_client(client) == Person(client.name, "01152449303", phone="", email="")


@pytest.mark.django_db
def test_contacts_shared_with_other_users_clients_identify_a_person() -> None:
    client = ClientFactory.create(email="ana@exemplo.com.br")
    ClientFactory.create(email="ana@exemplo.com.br")

    assert Person.from_client(client).email == "ana@exemplo.com.br"


@pytest.mark.django_db
def test_email_of_the_seller_does_not_identify_a_person() -> None:
    client = ClientFactory.create(email="loja@exemplo.com.br")

    assert Person.from_client(client, sellers_emails=[" Loja@Exemplo.com.br"]).email == ""


@pytest.mark.django_db
def test_placeholder_document_does_not_identify_a_person() -> None:
    assert Person.from_client(ClientFactory.create(cpf="00000000000")).document == ""


@pytest.mark.django_db
def test_anonymised_client_has_no_personal_text() -> None:
    texts = {
        field.name: "x"
        for field in Client._meta.concrete_fields
        if field.get_internal_type() == "CharField" and field.name != "status"
    }
    client = ClientFactory.create(**texts, document_identifies=True, document_valid=True)

    anonymise(client)

    client.refresh_from_db()
    assert {getattr(client, name) for name in texts} == {"", None}
    assert not client.document_identifies
    assert not client.document_valid
    assert client.erased_at is not None


def test_pattern_escapes_special_characters_of_an_email() -> None:
    odd = Person(name="", document="", phone="", email="a.b+c{1}*@exemplo.com")
    assert odd.is_named_in("a.b+c{1}*@exemplo.com")
    assert not odd.is_named_in("aXb+c{1}*@exemplo.com")
    re.compile(odd.pattern)
