"""Who is the client? By document, or else by phone, within one user; never by e-mail."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Self

from django.db import models

from clients.contacts import normalise_cep, normalise_email, normalise_phone, normalise_state
from clients.customer import Customer
from clients.documents import normalise_document
from clients.models import Client
from flowzz.core.db.bulk_upsert import upsert


class Match(models.TextChoices):
    """How a client was recognised."""

    DOCUMENT = "documento", "Documento"
    PHONE = "telefone", "Telefone"
    NEW = "novo", "Cliente novo"


FILLABLE = (
    "name",
    "email",
    "phone",
    "address",
    "address_number",
    "district",
    "complement",
    "city",
    "state",
    "cep",
    "country",
)
_WRITTEN = (*FILLABLE, "cpf", "document_valid", "document_identifies", "updated_at")


def describe(user_id: uuid.UUID, customer: Customer) -> Client:
    """A client as this customer would be if nobody like them was known; not saved."""
    document = normalise_document(customer.document)
    return Client.new(
        user_id=user_id,
        name=customer.name,
        email=normalise_email(customer.email) or None,
        phone=normalise_phone(customer.phone),
        cpf=document.value,
        document_valid=document.valid,
        document_identifies=document.identifies,
        address=customer.address,
        address_number=customer.address_number,
        district=customer.district,
        complement=customer.complement,
        city=customer.city,
        state=normalise_state(customer.state),
        cep=normalise_cep(customer.cep),
        country=customer.country,
    )


class ClientBatch:
    """The clients that a batch can touch: read once, decided in memory, written once.

    The caller holds the seller's lock from `load` to `save`.
    """

    def __init__(self, known: Iterable[Client]) -> None:
        self._by_id: dict[uuid.UUID, Client] = {}
        self._by_document: dict[str, Client] = {}
        self._by_phone: defaultdict[str, list[Client]] = defaultdict(list)
        self._changed: dict[uuid.UUID, Client] = {}
        for client in known:
            self._by_id[client.id] = client
        for client in tuple(self._by_id.values()):
            self._index(client)

    @classmethod
    def load(
        cls,
        user_id: uuid.UUID,
        described: Collection[Client],
        client_ids: Collection[uuid.UUID],
    ) -> Self:
        clients = Client.objects.owned_by(user_id)
        known = list(
            clients.candidates(
                ids=client_ids,
                documents={c.cpf for c in described if c.document_identifies},
                phones={c.phone for c in described if c.phone},
            )
        )
        if merged := {c.merged_into_id for c in known if c.merged_into_id}:
            known += clients.filter(id__any_of=merged - {c.id for c in known})
        return cls(known)

    def recognise(self, described: Client) -> tuple[Client | None, Match | None]:
        """Find or add the client that `described` is; nobody where nothing is known of them."""
        if client := self._with_document(described):
            self.fill(client, described)
            return client, Match.DOCUMENT
        if client := self._with_phone(described):
            self.fill(client, described)
            return client, Match.PHONE
        if not (described.name or described.cpf or described.phone or described.email):
            return None, None
        self._index(described)
        self._changed[described.id] = described
        return described, Match.NEW

    def get(self, client_id: uuid.UUID | None) -> Client | None:
        client = self._by_id.get(client_id) if client_id else None
        return self._standing(client) if client else None

    def fill(self, client: Client, described: Client) -> None:
        """Complete a client's empty fields, keeping what is there; an erased one stays empty."""
        if client.erased_at:
            return
        filled = [
            name for name in FILLABLE if not getattr(client, name) and getattr(described, name)
        ]
        for name in filled:
            setattr(client, name, getattr(described, name))
        if "phone" in filled:
            self._by_phone[client.phone].append(client)
        if self._take_document(client, described) or filled:
            self._changed[client.id] = client

    def save(self) -> None:
        upsert(self._changed.values(), update=_WRITTEN)

    def _index(self, client: Client) -> None:
        self._by_id[client.id] = client
        standing = self._standing(client)
        if client.document_identifies:
            self._by_document[client.cpf] = standing
        if client.phone:
            self._by_phone[client.phone].append(standing)

    def _standing(self, client: Client) -> Client:
        """The client that this one was merged into, or itself."""
        return self._by_id[client.merged_into_id] if client.merged_into_id else client

    def _with_document(self, described: Client) -> Client | None:
        return self._by_document.get(described.cpf) if described.document_identifies else None

    def _with_phone(self, described: Client) -> Client | None:
        """The same phone, unless both have a document: relatives share phones.

        Of several, one of the same name, else one without a document, else the oldest.
        """
        candidates = [
            client
            for client in (self._by_phone.get(described.phone, []) if described.phone else [])
            if not (client.document_identifies and described.document_identifies)
        ]
        name = described.name.casefold()
        return min(
            candidates,
            key=lambda client: (client.name.casefold() != name, client.document_identifies),
            default=None,
        )

    def _take_document(self, client: Client, described: Client) -> bool:
        """Give a client without a document the one described, unless it is somebody else's."""
        if client.document_identifies or not described.cpf or described.cpf == client.cpf:
            return False
        if described.document_identifies and described.cpf in self._by_document:
            return False
        if client.cpf and not described.document_identifies:
            return False
        client.cpf = described.cpf
        client.document_valid = described.document_valid
        client.document_identifies = described.document_identifies
        if client.document_identifies:
            self._by_document[client.cpf] = client
        return True
