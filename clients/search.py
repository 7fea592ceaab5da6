"""Finding clients by what a person types: document, phone, e-mail or part of a name."""

from django.db.models import Q, QuerySet

from clients.contacts import normalise_phone
from clients.documents import normalise_document
from clients.models import Client


def search_clients(text: str) -> "QuerySet[Client]":
    """Clients of all users that fit a text; documents and phones in any writing."""
    return Client.objects.filter(_condition(text.strip()))


def _condition(text: str) -> Q:
    if "@" in text:
        return Q(email__iexact=text)
    exact = Q(cpf=normalise_document(text).value)
    if phone := normalise_phone(text):
        exact |= Q(phone=phone)
    has_digits = any(character.isdecimal() for character in text)
    return exact if has_digits else Q(name__icontains=text)
