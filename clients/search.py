"""Finding clients by what a person types: document, phone, e-mail or parts of a name."""

import uuid
from functools import reduce
from operator import and_

from django.db.models import Q, QuerySet

from clients.contacts import normalise_email, normalise_phone, phones_without_area
from clients.documents import normalise_document
from clients.models import Client
from clients.unaccent import Unaccent, unaccent


def search_clients(text: str) -> "QuerySet[Client]":
    """Clients of all users that fit a text; documents and phones in any writing.

    A phone without its area code fits those of every area, and a name may have digits.
    """
    if "@" not in text and not _has_digits(text):
        return _clients().filter(_named(text))
    fits = _exactly(text.strip())
    if phones := phones_without_area(text):
        fits |= Q(phone__in=phones) & ~Q(phone="")
    if "@" not in text and any(map(str.isalpha, text)):
        fits |= _named(text)
    return _clients().filter(fits)


def _clients() -> "QuerySet[Client]":
    return Client.objects.alias(unaccented_name=Unaccent("name"))


class NotOneClient(Exception):
    """Nobody is meant, or several are; the message says so in Portuguese, without their data."""


def find_one(who: str, user_email: str = "", *, beside: Client | None = None) -> Client:
    """The client with this id, or the user's one with this document, phone or e-mail.

    Who shares it with a client that is known looks `beside` that one.

    Raises NotOneClient.
    """
    try:
        found: QuerySet[Client] = Client.objects.filter(id=uuid.UUID(who))
    except ValueError:
        if not user_email:
            raise NotOneClient("Diga também o usuário, ou use o id do cliente.") from None
        if "@" not in who and not _has_digits(who):
            raise NotOneClient("Use o id, o documento, o telefone ou o e-mail.") from None
        found = Client.objects.filter(_exactly(who.strip()), user__email__iexact=user_email.strip())
        found = found.exclude(id=beside.id) if beside else found
    clients = list(found.select_related("user").order_by("id"))
    if len(clients) == 1:
        return clients[0]
    if not clients:
        raise NotOneClient("Cliente não encontrado.")
    ids = ", ".join(str(client.id) for client in clients)
    raise NotOneClient(f"Mais de um cliente; escolha pelo id: {ids}")


def _exactly(text: str) -> Q:
    """By the whole e-mail, document or phone."""
    if "@" in text:
        return Q(email=normalise_email(text))
    fits = Q(cpf=normalise_document(text).value) & ~Q(cpf="")
    if phone := normalise_phone(text):
        fits |= Q(phone=phone) & ~Q(phone="")
    return fits


def _has_digits(text: str) -> bool:
    return any(map(str.isdecimal, text))


def _named(text: str) -> Q:
    """Every word is part of the name, in any order, whatever its case and accents."""
    words = (Q(unaccented_name__contains=word) for word in unaccent(text).split())
    return reduce(and_, words, Q())
