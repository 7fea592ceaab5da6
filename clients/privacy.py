"""Export and erase a client's personal data, and find a person in texts."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from django.db.models import Q, QuerySet
from django.utils import timezone

from clients.contacts import normalise_email, normalise_phone
from clients.identity import FILLABLE_FIELDS
from clients.models import Client, ClientMerge, ClientStatus

EXPORT_FIELDS = {
    "id": "id",
    "nome": "name",
    "cpf_cnpj": "cpf",
    "email": "email",
    "telefone": "phone",
    "telefone_como_enviado": "phone_raw",
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
# Matches the characters between the digits of a formatted number; a quote ends its text.
_SEPARATORS = r'[^0-9a-z"]{0,3}'

_MAX_PARTICLE_LENGTH = 3


@dataclass(frozen=True)
class Person:
    """The name, document and contacts by which texts refer to one person only.

    A phone or an e-mail that is the seller's own, or that another client of the user has, is
    empty here: it would export or erase the data of somebody else.
    """

    name: str
    document: str
    phone: str
    email: str
    aliases: tuple[Self, ...] = ()
    """The clients that were merged into this one."""

    @classmethod
    def from_client(cls, client: Client, *, sellers_emails: Collection[str] = ()) -> Self:
        merged = list(client.merged_clients.all())
        own_ids = {client.id, *(alias.id for alias in merged)}
        others = Client.objects.owned_by(client.user_id).exclude(id__in=own_ids)
        emails = {normalise_email(email) for email in sellers_emails}
        person, *aliases = (cls._without_shared(row, others, emails) for row in (client, *merged))
        return replace(person, aliases=tuple(aliases))

    @classmethod
    def of_own_order(cls, client: Client) -> Self:
        """Return the person in texts about the client's own order: shared contacts count, too."""
        document = client.cpf if client.document_identifies else ""
        return cls(client.name, document, phone=client.phone, email=client.email or "")

    @classmethod
    def _without_shared(
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
    def _names(self) -> list[str]:
        people: tuple[Person, ...] = (self, *self.aliases)
        return [person.name for person in people if person.name]

    @cached_property
    def pattern(self) -> str:
        """A case-insensitive regular expression for Python and PostgreSQL; "" matches nothing."""
        alternatives = []
        if self.document:
            alternatives.append(_document_pattern(self.document.lower()))
        if self.phone:
            alternatives.append(_phone_pattern(self.phone))
        if self.email:
            alternatives.append(rf"(?<![a-z0-9._%+-]){re.escape(self.email)}(?![.]?[a-z0-9-])")
        alternatives += (alias.pattern for alias in self.aliases if alias.pattern)
        return "|".join(alternatives)

    def is_named_in(self, text: str) -> bool:
        """Return whether a text is the person's name, or has their document, phone or e-mail."""
        if text.strip().casefold() in map(str.casefold, self._names):
            return True
        return bool(self.pattern and re.search(self.pattern, text, re.IGNORECASE))

    def shares_name_with(self, text: str) -> bool:
        """Return whether a text has one of the person's names; short words ("da") don't count."""
        words = " ".join(self._names).casefold().split()
        names = {word for word in words if len(word) > _MAX_PARTICLE_LENGTH}
        return not names.isdisjoint(re.findall(r"\w+", text.casefold()))

    def has_contact(self, *, email: str, phone: str) -> bool:
        """Return whether the e-mail or the phone, in any format, is the person's."""
        same_email = self.email and normalise_email(email) == self.email
        same_phone = self.phone and normalise_phone(phone) == self.phone
        is_alias = any(alias.has_contact(email=email, phone=phone) for alias in self.aliases)
        return bool(same_email or same_phone or is_alias)


def export_client(client: Client) -> dict[str, Any]:
    """Return the client's data, with the clients that staff merged into it."""
    merged = client.merged_clients.order_by("created_at", "id")
    return _export_fields(client) | {"unidos": [_export_fields(row) for row in merged]}


def anonymise(client: Client) -> None:
    """Empty the personal fields of a client, of its merged clients and of their merges."""
    for row in (client, *client.merged_clients.all()):
        _empty(row)
        merges = ClientMerge.objects.filter(Q(source=row) | Q(target=row))
        merges.update(filled_fields={}, previous_documents={})


def _export_fields(client: Client) -> dict[str, Any]:
    return {key: getattr(client, field) for key, field in EXPORT_FIELDS.items()}


def _empty(client: Client) -> None:
    for field in ("cpf", *FILLABLE_FIELDS):
        setattr(client, field, "")
    client.email = None
    client.document_valid = client.document_identifies = False
    client.status = ClientStatus.INACTIVE
    client.erased_at = client.erased_at or timezone.now()
    client.save()


def _document_pattern(document: str) -> str:
    """Match with or without punctuation, and without the leading zeros that some senders lose."""
    significant = document.lstrip("0")
    zeros = f"(?:0{_SEPARATORS})?" * (len(document) - len(significant))
    return rf"(?<![0-9a-z]){zeros}{_SEPARATORS.join(significant)}(?![0-9a-z])"


def _phone_pattern(phone: str) -> str:
    """Match a phone in E.164; a Brazilian one also without country code or with a trunk zero."""
    digits = phone.removeprefix("+")
    country = ""
    if digits.startswith("55"):
        digits = digits.removeprefix("55")
        country = f"(?:(?:00)?55{_SEPARATORS})?0?{_SEPARATORS}"
    return rf"(?<![0-9]){country}{_SEPARATORS.join(digits)}(?![0-9])"
