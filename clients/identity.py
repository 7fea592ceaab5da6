"""Match customers to clients: by document or else by phone, within one user; never by e-mail."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter
from typing import Self

from django.db import models

from clients.cleaning import clean_text
from clients.contacts import (
    normalise_cep,
    normalise_email,
    normalise_phone,
    normalise_state,
    phone_identifies,
)
from clients.customer import Customer
from clients.documents import normalise_document
from clients.models import MAX_OF_PHONE, Client, MergeSuggestion
from clients.names import full_name, given_names_agree
from flowzz.core.db.backend.compiled_queries import CompiledQuery, Given
from flowzz.core.db.bulk_upsert import upsert


class Match(models.TextChoices):
    """How an order's client was found."""

    DOCUMENT = "documento", "Documento"
    PHONE = "telefone", "Telefone"
    NEW = "novo", "Cliente novo"


FILLABLE_FIELDS = (
    *("name", "email", "phone", "phone_raw"),
    *("address", "address_number", "district", "complement", "city", "state", "cep", "country"),
)
_UPDATED_FIELDS = (*FILLABLE_FIELDS, "cpf", "document_valid", "document_identifies", "updated_at")
_MAX_RAW_PHONE = 64
_MAX_SHARING = 3
"""Number of clients up to which a phone and a given name are enough for a match."""

_USER = Given("user_id", "uuid")
_BY_DOCUMENT = CompiledQuery(lambda: Client.objects.candidates(_USER, documents=Given("documents")))
_BY_ID_OR_PHONE = CompiledQuery(
    lambda: Client.objects.candidates(_USER, ids=Given("ids"), phones=Given("phones"))
)


def build_client(user_id: uuid.UUID, customer: Customer) -> Client:
    """Return an unsaved client with the customer's values, normalised."""
    document = normalise_document(customer.document)
    phone = normalise_phone(customer.phone)
    return Client.new(
        user_id=user_id,
        name=customer.name,
        email=normalise_email(customer.email) or None,
        phone=phone,
        phone_raw="" if phone else clean_text(customer.phone)[:_MAX_RAW_PHONE].rstrip(),
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


def read_by_document(user_id: uuid.UUID, incoming: Collection[Client]) -> Iterator[Client]:
    """Read the clients with the identifying documents of incoming ones."""
    documents = {client.cpf for client in incoming if client.document_identifies}
    if not documents:
        return iter(())
    return _BY_DOCUMENT.instances(user_id=user_id, documents=documents)


class ClientBatch:
    """The clients that a batch of orders can match: read once, changed in memory, written once.

    The caller locks the user from `load` to `save`. An `incoming` client is an unsaved one, built
    from an order by `build_client`.
    """

    def __init__(self, clients: Iterable[Client]) -> None:
        self._by_id = {client.id: client for client in clients}
        self._by_document: dict[str, Client] = {}
        self._by_phone: defaultdict[str, list[Client]] = defaultdict(list)
        self._aliases: defaultdict[uuid.UUID, list[Client]] = defaultdict(list)
        self._changed: dict[uuid.UUID, Client] = {}
        self._suggestions: list[MergeSuggestion] = []
        for client in self._by_id.values():
            self._index(client)

    @classmethod
    def load(
        cls,
        user_id: uuid.UUID,
        incoming: Collection[Client],
        client_ids: Collection[uuid.UUID],
        *,
        with_documents: Iterable[Client] | None = None,
    ) -> Self:
        """Read the clients that the incoming ones can match, and those with `client_ids`.

        `with_documents` are the incoming documents' clients, if they were read before. Only the
        phones of unknown documents are searched: a known document decides the match.
        """
        if with_documents is None:
            with_documents = read_by_document(user_id, incoming)
        clients = {client.id: client for client in with_documents}
        known = {client.cpf for client in clients.values()}
        phones = {
            client.phone
            for client in incoming
            if not (client.document_identifies and client.cpf in known)
            and phone_identifies(client.phone)
        }
        ids = set(client_ids) - clients.keys()
        if ids or phones:
            others = _BY_ID_OR_PHONE.instances(user_id=user_id, ids=ids, phones=phones)
            clients = {client.id: client for client in others} | clients
        if merged_into := {c.merged_into_id for c in clients.values()} - clients.keys() - {None}:
            owned = Client.objects.owned_by(user_id)
            clients |= {client.id: client for client in owned.filter(id__any_of=merged_into)}
        return cls(sorted(clients.values(), key=attrgetter("created_at", "id")))

    def match_or_create(self, incoming: Client) -> tuple[Client | None, Match | None]:
        """Return the matching client, completed, or add the incoming one.

        Returns (None, None) if the incoming client has no name, document, phone or e-mail.
        """
        if client := self._match_document(incoming):
            self.fill_empty_fields(client, incoming)
            return client, Match.DOCUMENT
        if client := self._match_phone(incoming):
            self.fill_empty_fields(client, incoming)
            return client, Match.PHONE
        names = ("name", "cpf", "phone", "phone_raw", "email")
        if not any(getattr(incoming, name) for name in names):
            return None, None
        self._suggest_merges(incoming)
        self._by_id[incoming.id] = incoming
        self._index(incoming)
        self._changed[incoming.id] = incoming
        return incoming, Match.NEW

    def get(self, client_id: uuid.UUID | None) -> Client | None:
        """Return a client, or the client that it was merged into."""
        if client_id is None or client_id not in self._by_id:
            return None
        return self._surviving(self._by_id[client_id])

    def owns_document(self, client: Client | None, incoming: Client) -> bool:
        """Return whether the identifying document is the client's, or of one merged into it."""
        return client is not None and self._match_document(incoming) is client

    def is_other_person(self, client: Client, incoming: Client) -> bool:
        """Return whether the incoming document is another client's, or cannot be this client's.

        A client without a document can have it, unless the given names contradict.
        """
        if client.erased_at or not incoming.document_identifies:
            return False
        if owner := self._match_document(incoming):
            return owner is not client
        return client.document_identifies or not self._names_agree(client, incoming)

    def recheck_documents(self) -> None:
        """Withdraw documents that no longer identify by today's rules, such as placeholders."""
        for client in self._by_id.values():
            if client.document_identifies and not normalise_document(client.cpf).identifies:
                del self._by_document[client.cpf]
                client.document_identifies = False
                self._changed[client.id] = client

    def is_mistaken_match(self, client: Client, incoming: Client) -> bool:
        """Return whether today's rules would not match the two: by document, or else by name."""
        owner = self._match_document(incoming)
        if client.erased_at or owner is client:
            return False
        is_other = client.document_identifies and incoming.document_identifies
        return is_other or not self._names_agree(client, incoming)

    def fill_empty_fields(self, client: Client, incoming: Client) -> None:
        """Copy the incoming values to the client's empty fields, unless it was erased.

        Values of another person, by document or else by given name, are not copied.
        """
        owner = self._match_document(incoming)
        is_same = owner is client if owner else self._names_agree(client, incoming)
        if client.erased_at or not is_same:
            return
        filled = [
            name
            for name in FILLABLE_FIELDS
            if not getattr(client, name) and getattr(incoming, name)
        ]
        if client.phone and "phone_raw" in filled:
            filled.remove("phone_raw")
        for name in filled:
            setattr(client, name, getattr(incoming, name))
        if "phone" in filled:
            self._by_phone[client.phone].append(client)
        if self._fill_document(client, incoming) or filled:
            self._changed[client.id] = client

    def save(self) -> None:
        upsert(self._changed.values(), update=_UPDATED_FIELDS)
        if self._suggestions:
            MergeSuggestion.objects.bulk_create(self._suggestions)

    def _index(self, client: Client) -> None:
        surviving = self._surviving(client)
        if surviving is not client:
            self._aliases[surviving.id].append(client)
        if client.document_identifies:
            self._by_document[client.cpf] = surviving
        if client.phone:
            self._by_phone[client.phone].append(surviving)

    def _surviving(self, client: Client) -> Client:
        return self._by_id[client.merged_into_id] if client.merged_into_id else client

    def _match_document(self, incoming: Client) -> Client | None:
        return self._by_document.get(incoming.cpf) if incoming.document_identifies else None

    def _match_phone(self, incoming: Client) -> Client | None:
        """Match by phone and given name, unless both clients have a document.

        Relatives and shops share phones: of several candidates only the one of the same full name
        matches, and so it is if more than three clients share the phone.
        """
        sharing = self._sharing_phone(incoming)
        candidates = [
            client
            for client in sharing
            if _may_be_one_person(client, incoming) and self._names_agree(client, incoming)
        ]
        if len(candidates) == 1 and len(sharing) <= _MAX_SHARING:
            return candidates[0]
        name = full_name(incoming.name)
        same_name = (client for client in candidates if name and full_name(client.name) == name)
        return next(same_name, None)

    def _names_agree(self, client: Client, incoming: Client) -> bool:
        """Return whether the given name is the client's, or that of a client merged into it."""
        names = [client.name, *(alias.name for alias in self._aliases.get(client.id, ()))]
        return any(given_names_agree(name, incoming.name) for name in names)

    def _sharing_phone(self, incoming: Client) -> list[Client]:
        if not phone_identifies(incoming.phone):
            return []
        return list(dict.fromkeys(self._by_phone.get(incoming.phone, [])))[:MAX_OF_PHONE]

    def _suggest_merges(self, incoming: Client) -> None:
        """Suggest the clients that only their names kept from matching, of a few with the phone."""
        sharing = self._sharing_phone(incoming)
        if len(sharing) <= _MAX_SHARING:
            self._suggestions += [
                MergeSuggestion(first_id=client.id, second_id=incoming.id)
                for client in sharing
                if _may_be_one_person(client, incoming)
            ]

    def _fill_document(self, client: Client, incoming: Client) -> bool:
        """Give the incoming document to a client without one, unless another client has it.

        Returns whether the client changed.
        """
        if client.document_identifies or not incoming.cpf:
            return False
        if incoming.document_identifies and incoming.cpf in self._by_document:
            return False
        if client.cpf and not incoming.document_identifies:
            return False
        client.cpf = incoming.cpf
        client.document_valid = incoming.document_valid
        client.document_identifies = incoming.document_identifies
        if client.document_identifies:
            self._by_document[client.cpf] = client
        return True


def documents_differ(first: Client | None, second: Client | None) -> bool:
    """Return whether two documents identify the clients, so that they are rarely one person."""
    if first is None or second is None:
        return False
    both_identify = first.document_identifies and second.document_identifies
    return both_identify and first.cpf != second.cpf


def _may_be_one_person(client: Client, incoming: Client) -> bool:
    return not (client.document_identifies and incoming.document_identifies)
