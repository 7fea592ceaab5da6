"""Two clients who are one person become one; sales of another person get a client of their own.

Staff's doing, within one seller, and undone by what `ClientMerge` keeps.
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from clients.contacts import format_phone
from clients.customer import Customer
from clients.documents import format_document
from clients.identity import FILLABLE_FIELDS, build_client
from clients.models import Client, ClientMerge
from flowzz.accounts.models import User
from flowzz.core.db.locks import lock_user
from sales.models import Sale, Subscription

_DOCUMENT = ("cpf", "document_valid", "document_identifies")


class MoveRefused(Exception):
    """The clients can't be merged or split like this; the message says why, in Portuguese."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of two clients, and what the merged one will have."""

    label: str
    kept: str
    absorbed: str
    result: str


def compare(kept: Client, absorbed: Client) -> list[Field]:
    """What a merge makes of each field; those that are empty in both are left out."""
    fields = []
    for name in ("cpf", *FILLABLE_FIELDS):
        ours, theirs = getattr(kept, name) or "", getattr(absorbed, name) or ""
        if ours or theirs:
            takes = _takes_document(kept, absorbed) if name == "cpf" else not ours
            field: Any = Client._meta.get_field(name)
            shown = [_written(name, value) for value in (ours, theirs, theirs if takes else ours)]
            fields.append(Field(str(field.verbose_name), *shown))
    return fields


def _written(name: str, value: str) -> str:
    return _WRITTEN[name](value) if name in _WRITTEN else value


_WRITTEN: dict[str, Callable[[str], str]] = {"cpf": format_document, "phone": format_phone}


def merge(kept_id: uuid.UUID, absorbed_id: uuid.UUID, *, by: User) -> ClientMerge:
    """Give everything of one client to another, who from now on has their orders as well.

    Raises MoveRefused.
    """
    with transaction.atomic():
        kept, absorbed = _hold(kept_id, absorbed_id)
        _check_merge(kept, absorbed)
        move = ClientMerge(
            kind=ClientMerge.Kind.MERGE,
            source=absorbed,
            target=kept,
            created_by=by,
            sale_ids=_ids(Sale.objects.filter(client=absorbed)),
            subscription_ids=_ids(Subscription.objects.filter(client=absorbed)),
            merged_client_ids=_ids(Client.objects.filter(merged_into=absorbed)),
            filled_fields={
                name: value
                for name in FILLABLE_FIELDS
                if (value := getattr(absorbed, name)) and not getattr(kept, name)
            },
            previous_documents={"source": _document(absorbed), "target": _document(kept)},
        )
        _unite(kept, absorbed, move)
        _give(move, kept)
        move.save()
    return move


def split(
    client_id: uuid.UUID, sale_ids: Collection[uuid.UUID], who: Customer, *, by: User
) -> ClientMerge:
    """Give some of a client's sales to a new client. Raises MoveRefused."""
    with transaction.atomic():
        (source,) = _hold(client_id)
        _check_standing(source)
        chosen = Sale.objects.filter(client=source, id__in=sale_ids)
        rest = Sale.objects.filter(client=source).exclude(id__in=sale_ids)
        if not chosen:
            raise MoveRefused("Escolha ao menos uma venda deste cliente.")
        target = build_client(source.user_id, who)
        _check_unknown(target)
        target.save(force_insert=True)
        of_chosen = Subscription.objects.filter(client=source, cycles__sale__in=chosen)
        move = ClientMerge(
            kind=ClientMerge.Kind.SPLIT,
            source=source,
            target=target,
            created_by=by,
            sale_ids=_ids(chosen),
            subscription_ids=_ids(of_chosen.exclude(cycles__sale__in=rest).distinct()),
        )
        _give(move, target)
        move.save()
    return move


def undo(move_id: uuid.UUID, *, by: User) -> ClientMerge:
    """Put a merge's or a split's sales and fields back; what came since stays where it came.

    Raises MoveRefused.
    """
    with transaction.atomic():
        found = ClientMerge.objects.get(id=move_id)
        _hold(*(id_ for id_ in (found.source_id, found.target_id) if id_))
        move = ClientMerge.objects.select_related("source", "target").get(id=move_id)
        _check_undo(move)
        assert move.target is not None
        if move.kind == ClientMerge.Kind.MERGE:
            _part(move.target, move.source, move)
        _take_back(move, move.target)
        move.undone_at, move.undone_by = timezone.now(), by
        move.save(update_fields=["undone_at", "undone_by"])
        if move.kind == ClientMerge.Kind.SPLIT:
            _remove_if_empty(move.target)
    return move


def _hold(*client_ids: uuid.UUID) -> list[Client]:
    """The clients as they are now, with their seller held; raises MoveRefused."""
    users = set(Client.objects.filter(id__in=client_ids).values_list("user_id", flat=True))
    if len(users) != 1:
        raise MoveRefused("Escolha dois clientes do mesmo usuário.")
    lock_user(users.pop())
    clients = {row.id: row for row in Client.objects.select_for_update().filter(id__in=client_ids)}
    if len(clients) != len(client_ids):
        raise MoveRefused("Escolha dois clientes diferentes, que existam.")
    return [clients[id_] for id_ in client_ids]


def _check_standing(client: Client) -> None:
    if client.erased_at:
        raise MoveRefused("Os dados deste cliente foram apagados: não há como saber quem era.")
    if client.merged_into_id:
        raise MoveRefused("Este cliente já foi unido a outro: abra o outro, ou desfaça a união.")


def _check_merge(kept: Client, absorbed: Client) -> None:
    for client in (kept, absorbed):
        _check_standing(client)


def _check_unknown(client: Client) -> None:
    known = Client.objects.owned_by(client.user_id).filter(document_identifies=True, cpf=client.cpf)
    if client.document_identifies and known.exists():
        raise MoveRefused("O documento é de outro cliente: deixe-o em branco, ou una os dois.")


def _check_undo(move: ClientMerge) -> None:
    if move.undone_at or move.target is None:
        raise MoveRefused("Já foi desfeita.")
    if move.source.erased_at or move.target.erased_at:
        raise MoveRefused("Os dados destes clientes foram apagados: não dá mais para desfazer.")
    both = (move.source_id, move.target_id)
    later = ClientMerge.objects.filter(undone_at=None, created_at__gt=move.created_at)
    if later.filter(Q(source__in=both) | Q(target__in=both)).exists():
        raise MoveRefused("Desfaça antes o que foi feito depois com um destes clientes.")


def _takes_document(kept: Client, absorbed: Client) -> bool:
    if kept.document_identifies:
        return False
    return absorbed.document_identifies or bool(absorbed.cpf and not kept.cpf)


def _document(client: Client) -> dict[str, str | bool]:
    return {name: getattr(client, name) for name in _DOCUMENT}


def _unite(kept: Client, absorbed: Client, move: ClientMerge) -> None:
    """Write both: who is absorbed gives the document away first, as only one may have it."""
    takes_document = _takes_document(kept, absorbed)
    absorbed.merged_into = kept
    absorbed.document_identifies &= not takes_document
    absorbed.save()
    _set(kept, move.filled_fields)
    if takes_document:
        _set(kept, move.previous_documents["source"])
    kept.save()
    Client.objects.filter(id__in=move.merged_client_ids).update(merged_into=kept)


def _part(kept: Client, absorbed: Client, move: ClientMerge) -> None:
    """The other way round; a field that has changed since stays."""
    _set(
        kept,
        {
            n: None if n == "email" else ""
            for n, v in move.filled_fields.items()
            if getattr(kept, n) == v
        },
    )
    if kept.cpf == absorbed.cpf:
        _set(kept, move.previous_documents["target"])
    kept.save()
    _set(absorbed, move.previous_documents["source"])
    absorbed.merged_into = None
    absorbed.save()
    Client.objects.filter(id__in=move.merged_client_ids, merged_into=kept).update(
        merged_into=absorbed
    )


def _set(client: Client, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(client, name, value)


def _give(move: ClientMerge, target: Client) -> None:
    Sale.objects.filter(id__any_of=move.sale_ids).update(client=target)
    Subscription.objects.filter(id__any_of=move.subscription_ids).update(client=target)


def _take_back(move: ClientMerge, target: Client) -> None:
    Sale.objects.filter(id__any_of=move.sale_ids, client=target).update(client=move.source)
    moved = Subscription.objects.filter(id__any_of=move.subscription_ids, client=target)
    moved.update(client=move.source)


def _remove_if_empty(client: Client) -> None:
    """A client that a split made has no reason left, unless orders of their own came since."""
    if not (client.sales.exists() or client.subscriptions.exists()):
        client.delete()


def _ids(rows: "models.QuerySet[Any]") -> list[uuid.UUID]:
    return list(rows.values_list("id", flat=True))
