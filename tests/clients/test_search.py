"""Search for clients."""

import pytest

from clients.search import ClientLookupError, find_client, search_clients
from tests.factories import ClientFactory


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("529.982.247-25", True),
        (" 52998224725 ", True),
        ("(62) 95454-4554", True),
        ("+55 62 95454-4554", True),
        ("ANA@exemplo.com.br", True),
        ("ana", True),
        ("beltr", True),
        ("529.982.247-26", False),
        ("95454-4554", True),
        ("954544555", False),
        ("5454-4554", False),
        ("ana@exemplo.com", False),
        ("joana", False),
    ],
)
def test_search_accepts_what_people_type(text: str, is_found: bool) -> None:
    client = ClientFactory.create(
        name="Ana Beltrão", cpf="52998224725", phone="+5562954544554", email="ana@exemplo.com.br"
    )
    ClientFactory.create(name="Rui Castro")
    assert list(search_clients(text)) == ([client] if is_found else [])


@pytest.mark.django_db
def test_excluding_one_client_finds_the_other_with_the_same_email() -> None:
    first = ClientFactory.create(email="ana@exemplo.com.br")
    second = ClientFactory.create(email="ana@exemplo.com.br", user=first.user)
    assert find_client("ana@exemplo.com.br", first.user.email, excluding=first) == second
    with pytest.raises(ClientLookupError):
        find_client("ana@exemplo.com.br", first.user.email)


@pytest.mark.django_db
def test_phone_without_area_code_does_not_identify_a_client() -> None:
    client = ClientFactory.create(phone="+5562954544554")
    assert find_client("(62) 95454-4554", client.user.email) == client
    with pytest.raises(ClientLookupError):
        find_client("95454-4554", client.user.email)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Farmácia 24 Horas", "farmacia 24"])
def test_name_may_contain_digits(text: str) -> None:
    client = ClientFactory.create(name="Farmácia 24 Horas Ltda")
    ClientFactory.create(name="Farmácia Central")
    assert list(search_clients(text)) == [client]
    with pytest.raises(ClientLookupError):
        find_client(text, client.user.email)
