import pytest

from clients.search import search_clients
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
        ("954544554", False),
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
