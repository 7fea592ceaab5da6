"""A client's personal data: what there is, how other texts mention them, and its removal."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from django.db.models import Q, QuerySet
from django.utils import timezone

from clients.contacts import normalise_email, normalise_phone
from clients.models import Client, ClientMerge, ClientStatus

EXPORTED = {
    "id": "id",
    "nome": "name",
    "cpf_cnpj": "cpf",
    "email": "email",
    "telefone": "phone",
    "endereco": "address",
    "numero": "address_number",
    "complemento": "complement",
    "bairro": "district",
    "cidade": "city",
    "estado": "state",
    "cep": "cep",
    "pais": "country",
    "situacao": "status",
    "criado_em": "created_at",
    "atualizado_em": "updated_at",
    "apagado_em": "erased_at",
}
PERSONAL = (
    "name",
    "phone",
    "cpf",
    "address",
    "address_number",
    "district",
    "complement",
    "city",
    "state",
    "cep",
    "country",
)

# Between the digits of a number as people write it; a quote would end its text.
_SEPARATORS = r'[^0-9a-z"]{0,3}'

_SHORT_WORD = 3


@dataclass(frozen=True)
class Person:
    """How texts name one person, and nobody else.

    A phone or an e-mail that other clients of the user have too, or that is the seller's own,
    tells nothing: by it, one person's data would be given to, or erased for, another.
    """

    name: str
    document: str
    phone: str
    email: str
    aliases: tuple[Self, ...] = ()
    """The same person as they were known before they were merged into this client."""

    @classmethod
    def of(cls, client: Client, *, sellers_emails: Collection[str] = ()) -> Self:
        merged = list(client.merged_clients.all())
        themselves = {client.id, *(alias.id for alias in merged)}
        others = Client.objects.owned_by(client.user_id).exclude(id__in=themselves)
        emails = {normalise_email(email) for email in sellers_emails}
        person, *aliases = (cls._known_as(each, others, emails) for each in (client, *merged))
        return replace(person, aliases=tuple(aliases))

    @classmethod
    def _known_as(
        cls, client: Client, others: QuerySet[Client], sellers_emails: Collection[str]
    ) -> Self:
        is_own_phone = client.phone and not others.filter(phone=client.phone).exists()
        is_own_email = (
            client.email
            and client.email not in sellers_emails
            and not others.filter(email=client.email).exists()
        )
        return cls(
            name=client.name,
            document=client.cpf if client.document_identifies else "",
            phone=client.phone if is_own_phone else "",
            email=(client.email or "") if is_own_email else "",
        )

    @property
    def _known(self) -> "tuple[Person, ...]":
        return (self, *self.aliases)

    @cached_property
    def pattern(self) -> str:
        """A regular expression for Python and PostgreSQL, in any case; "" finds nothing."""
        ways = []
        if self.document:
            ways.append(_document_pattern(self.document.lower()))
        if self.phone:
            ways.append(_phone_pattern(self.phone))
        if self.email:
            ways.append(rf"(?<![a-z0-9._%+-]){re.escape(self.email)}(?![.]?[a-z0-9-])")
        ways += (alias.pattern for alias in self.aliases if alias.pattern)
        return "|".join(ways)

    def is_named_in(self, text: str) -> bool:
        """Whether a text is the person's name, or has their document, phone or e-mail in it."""
        names = {each.name.casefold() for each in self._known if each.name}
        if text.strip().casefold() in names:
            return True
        return bool(self.pattern and re.search(self.pattern, text, re.IGNORECASE))

    def shares_a_name_with(self, text: str) -> bool:
        """Whether a text has one of the person's names in it, short words such as "da" aside."""
        known_as = " ".join(each.name for each in self._known)
        names = {word for word in known_as.casefold().split() if len(word) > _SHORT_WORD}
        return not names.isdisjoint(re.findall(r"\w+", text.casefold()))

    def has(self, *, email: str, phone: str) -> bool:
        """Whether either of these contacts, in any writing, is the person's."""
        same_email = self.email and normalise_email(email) == self.email
        same_phone = self.phone and normalise_phone(phone) == self.phone
        also = any(alias.has(email=email, phone=phone) for alias in self.aliases)
        return bool(same_email or same_phone or also)


def export_client(client: Client) -> dict[str, Any]:
    """The client, and as whom they were known before staff merged them into one."""
    aliases = client.merged_clients.order_by("created_at", "id")
    return _fields(client) | {"unidos": [_fields(alias) for alias in aliases]}


def anonymise(client: Client) -> None:
    """Empty all that tells who it is, here and in what merges kept; the rows stay."""
    for each in (client, *client.merged_clients.all()):
        _empty(each)
        moves = ClientMerge.objects.filter(Q(source=each) | Q(target=each))
        moves.update(filled_fields={}, previous_documents={})


def _fields(client: Client) -> dict[str, Any]:
    return {key: getattr(client, field) for key, field in EXPORTED.items()}


def _empty(client: Client) -> None:
    for field in PERSONAL:
        setattr(client, field, "")
    client.email = None
    client.document_valid = client.document_identifies = False
    client.status = ClientStatus.INACTIVE
    client.erased_at = client.erased_at or timezone.now()
    client.save()


def _document_pattern(document: str) -> str:
    """With or without its punctuation, and without the zeros that some senders lose."""
    significant = document.lstrip("0")
    lost = f"(?:0{_SEPARATORS})?" * (len(document) - len(significant))
    return rf"(?<![0-9a-z]){lost}{_SEPARATORS.join(significant)}(?![0-9a-z])"


def _phone_pattern(phone: str) -> str:
    """From E.164; a Brazilian one also without the country's code, or with a trunk zero."""
    digits = phone.removeprefix("+")
    country = ""
    if digits.startswith("55"):
        digits = digits.removeprefix("55")
        country = f"(?:(?:00)?55{_SEPARATORS})?0?{_SEPARATORS}"
    return rf"(?<![0-9]){country}{_SEPARATORS.join(digits)}(?![0-9])"
