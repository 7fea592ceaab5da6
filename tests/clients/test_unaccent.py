"""Text without case and accents."""

from unicodedata import normalize

import pytest
from django.db.models import Value

from clients.models import Client
from clients.unaccent import ACCENTED, PLAIN, Unaccent, unaccent
from tests.factories import ClientFactory


def test_accents_and_case_are_removed() -> None:
    assert unaccent("ÍRIS Gonçalves 24h") == "iris goncalves 24h"


def test_typed_text_with_combining_accents_is_the_stored_one() -> None:
    assert unaccent(normalize("NFD", "Poção à moda")) == "pocao a moda"


@pytest.mark.django_db
def test_postgresql_gives_the_same_text() -> None:
    ClientFactory.create()
    text = f"{ACCENTED} {ACCENTED.upper()} Ñandú ß 24"

    in_database = Client.objects.values_list(Unaccent(Value(text)), flat=True).get()

    assert in_database == unaccent(text) == f"{PLAIN} {PLAIN} nandu ß 24"
