"""Search clients by what a person types: document, phone, e-mail or parts of a name."""

import re
import uuid
from functools import reduce
from operator import and_
from typing import Final

from django.db.models import Q, QuerySet

from clients.contacts import normalise_email, normalise_phone, phones_without_area
from clients.documents import normalise_document
from clients.models import Client
from clients.unaccent import Unaccent, unaccent

MAX_LENGTH: Final = 500
"""Characters of a text that are searched for: the length of a name."""
MAX_WORDS: Final = 10
MIN_PART: Final = 4
"""Digits of a part of a document or phone."""


class ClientLookupError(Exception):
    """Raised when a lookup matches no client or more than one.

    The message is in Portuguese and contains no personal data.
    """


def search_clients(text: str) -> "QuerySet[Client]":
    """Return the clients of all users that match a text; documents and phones in any format.

    A phone without area code matches every area code. A name may contain digits.
    """
    text = text[:MAX_LENGTH]
    clients = Client.objects.alias(unaccented_name=Unaccent("name"))
    if "@" not in text and not _has_digits(text):
        return clients.filter(_matches_name(text))
    condition = _matches_exactly(text.strip())
    if phones := phones_without_area(text):
        condition |= Q(phone__in=phones) & ~Q(phone="")
    if "@" not in text and any(map(str.isalpha, text)):
        condition |= _matches_name(text)
    return clients.filter(condition)


def search_clients_by_part(text: str) -> "QuerySet[Client] | None":
    """Return the clients with this beginning of an e-mail, or part of a document or phone.

    None for a text that is none of these.
    """
    text = text[:MAX_LENGTH].strip()
    if "@" in text:
        return Client.objects.filter(email__startswith=text.lower())
    digits = re.sub(r"\D", "", text)
    if len(digits) < MIN_PART or any(map(str.isalpha, text)):
        return None
    return Client.objects.filter(Q(cpf__contains=digits) | Q(phone__contains=digits))


def search_similar_names(text: str) -> "QuerySet[Client]":
    """Return the clients whose name has words like these, one typo included."""
    clients = Client.objects.alias(unaccented_name=Unaccent("name"))
    return clients.filter(unaccented_name__trigram_word_similar=unaccent(text[:MAX_LENGTH]))


def search_clients_exactly(text: str) -> "QuerySet[Client]":
    """Return the clients of all users with this document, phone, e-mail or full name."""
    clients = Client.objects.alias(unaccented_name=Unaccent("name"))
    text = text[:MAX_LENGTH].strip()
    condition = _matches_exactly(text)
    if name := unaccent(text):
        condition |= Q(unaccented_name=name)
    return clients.filter(condition)


def find_client(
    identifier: str, user_email: str = "", *, excluding: Client | None = None
) -> Client:
    """Return the client with this id, or the user's only one with this document, phone or e-mail.

    `excluding` leaves out a client that is known to share the document, phone or e-mail.
    Raises ClientLookupError.
    """
    try:
        found: QuerySet[Client] = Client.objects.filter(id=uuid.UUID(identifier))
    except ValueError:
        found = _lookup(identifier.strip(), user_email.strip())
        found = found.exclude(id=excluding.id) if excluding else found
    clients = list(found.select_related("user").order_by("id"))
    if len(clients) == 1:
        return clients[0]
    if not clients:
        raise ClientLookupError("Cliente não encontrado.")
    ids = ", ".join(str(client.id) for client in clients)
    raise ClientLookupError(f"Mais de um cliente; escolha pelo id: {ids}")


def _lookup(identifier: str, user_email: str) -> "QuerySet[Client]":
    if not user_email:
        raise ClientLookupError("Diga também de quem é o cliente, com --user, ou use o id dele.")
    if "@" not in identifier and not _has_digits(identifier):
        raise ClientLookupError("Use o id, o documento, o telefone ou o e-mail.")
    return Client.objects.filter(_matches_exactly(identifier), user__email__iexact=user_email)


def _matches_exactly(text: str) -> Q:
    """Match the whole e-mail, document or phone."""
    if "@" in text:
        return Q(email=normalise_email(text))
    condition = Q(cpf=normalise_document(text).value) & ~Q(cpf="")
    if phone := normalise_phone(text):
        condition |= Q(phone=phone) & ~Q(phone="")
    return condition


def _has_digits(text: str) -> bool:
    return any(map(str.isdecimal, text))


def _matches_name(text: str) -> Q:
    """Match names that contain every word, in any order, ignoring case and accents."""
    words = (Q(unaccented_name__contains=word) for word in unaccent(text).split()[:MAX_WORDS])
    return reduce(and_, words, Q())
