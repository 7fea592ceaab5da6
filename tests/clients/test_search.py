import pytest

from clients.search import NotOneClient, find_one, search_clients
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
def test_client_is_found_by_what_people_type(text: str, is_found: bool) -> None:
    client = ClientFactory.create(
        name="Ana Beltrão", cpf="52998224725", phone="+5562954544554", email="ana@exemplo.com.br"
    )
    ClientFactory.create(name="Rui Castro")
    assert list(search_clients(text)) == ([client] if is_found else [])


@pytest.mark.django_db
def test_the_other_of_two_who_share_an_email_is_found_beside_the_first() -> None:
    first = ClientFactory.create(email="ana@exemplo.com.br")
    second = ClientFactory.create(email="ana@exemplo.com.br", user=first.user)
    assert find_one("ana@exemplo.com.br", first.user.email, beside=first) == second
    with pytest.raises(NotOneClient):
        find_one("ana@exemplo.com.br", first.user.email)


@pytest.mark.django_db
def test_a_phone_without_its_area_code_is_not_enough_to_choose_somebody() -> None:
    client = ClientFactory.create(phone="+5562954544554")
    assert find_one("(62) 95454-4554", client.user.email) == client
    with pytest.raises(NotOneClient):
        find_one("95454-4554", client.user.email)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["Farmácia 24 Horas", "farmacia 24"])
def test_a_name_may_have_digits(text: str) -> None:
    client = ClientFactory.create(name="Farmácia 24 Horas Ltda")
    ClientFactory.create(name="Farmácia Central")
    assert list(search_clients(text)) == [client]
    with pytest.raises(NotOneClient):
        find_one(text, client.user.email)
