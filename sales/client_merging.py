"""Merge two clients who are one person, split sales off to a new client, and undo either.

Only staff do this, within one user. `ClientMerge` stores all that undoing needs.
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from clients.contacts import format_cep, format_phone
from clients.customer import Customer
from clients.documents import format_document
from clients.identity import FILLABLE_FIELDS, build_client
from clients.models import Client, ClientMerge, MergeRefused
from flowzz.accounts.models import User
from flowzz.core.db.locks import lock_user
from sales.models import Sale, Subscription

_DOCUMENT_FIELDS = ("cpf", "document_valid", "document_identifies")
_FORMATTERS: dict[str, Callable[[str], str]] = {
    "cpf": format_document,
    "phone": format_phone,
    "cep": format_cep,
}


@dataclass(frozen=True, slots=True)
class FieldPreview:
    """A field of two clients, and its value after the merge."""

    label: str
    kept: str
    absorbed: str
    result: str


def preview(kept: Client, absorbed: Client) -> list[FieldPreview]:
    """Return the fields that a merge would leave, without those that are empty in both clients."""
    fields = []
    for name in ("cpf", *FILLABLE_FIELDS):
        values = (getattr(kept, name) or "", getattr(absorbed, name) or "")
        if any(values):
            is_copied = _copies_document(kept, absorbed) if name == "cpf" else not values[0]
            field: Any = Client._meta.get_field(name)
            format_ = _FORMATTERS.get(name, str)
            result = values[1] if is_copied else values[0]
            fields.append(FieldPreview(str(field.verbose_name), *map(format_, (*values, result))))
    return fields


def check_can_merge(kept: Client, absorbed: Client) -> None:
    """Raise MergeRefused unless the two clients can be merged."""
    if kept.id == absorbed.id:
        raise MergeRefused("Escolha outro cliente: este é o mesmo.")
    if kept.user_id != absorbed.user_id:
        raise MergeRefused("Escolha dois clientes da mesma conta.")
    for client in (kept, absorbed):
        _check_can_change(client)


def merge(kept_id: uuid.UUID, absorbed_id: uuid.UUID, *, by: User) -> ClientMerge:
    """Move everything of one client to another, which receives its later orders as well.

    Raises MergeRefused.
    """
    with transaction.atomic():
        kept, absorbed = _lock_clients(kept_id, absorbed_id)
        check_can_merge(kept, absorbed)
        done = ClientMerge(
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
        _merge_fields(kept, absorbed, done)
        _move_sales(done, kept)
        done.save()
    return done


def split(
    client_id: uuid.UUID, sale_ids: Collection[uuid.UUID], customer: Customer, *, by: User
) -> ClientMerge:
    """Move some of a client's sales to a new client. Raises MergeRefused."""
    with transaction.atomic():
        (source,) = _lock_clients(client_id)
        _check_can_change(source)
        chosen = Sale.objects.filter(client=source, id__in=sale_ids)
        others = Sale.objects.filter(client=source).exclude(id__in=sale_ids)
        if not chosen:
            raise MergeRefused("Escolha ao menos uma venda deste cliente.")
        target = build_client(source.user_id, customer)
        _check_document_is_free(target)
        target.save(force_insert=True)
        subscriptions = Subscription.objects.filter(client=source, cycles__sale__in=chosen)
        done = ClientMerge(
            kind=ClientMerge.Kind.SPLIT,
            source=source,
            target=target,
            created_by=by,
            sale_ids=_ids(chosen),
            subscription_ids=_ids(subscriptions.exclude(cycles__sale__in=others).distinct()),
        )
        _move_sales(done, target)
        done.save()
    return done


def undo(merge_id: uuid.UUID, *, by: User) -> ClientMerge:
    """Restore the sales and fields that a merge or a split moved; later changes stay.

    Raises MergeRefused.
    """
    with transaction.atomic():
        found = ClientMerge.objects.get(id=merge_id)
        _lock_clients(*(id_ for id_ in (found.source_id, found.target_id) if id_))
        done = ClientMerge.objects.select_related("source", "target").get(id=merge_id)
        _check_can_undo(done)
        assert done.target is not None
        if done.kind == ClientMerge.Kind.MERGE:
            _restore_fields(done.target, done.source, done)
        _move_sales(done, done.source, client=done.target)
        done.undone_at, done.undone_by = timezone.now(), by
        done.save(update_fields=["undone_at", "undone_by"])
        if done.kind == ClientMerge.Kind.SPLIT:
            _delete_if_unused(done.target)
    return done


def _lock_clients(*client_ids: uuid.UUID) -> list[Client]:
    """Lock the users of clients and read the clients. Raises MergeRefused if one does not exist."""
    found = Client.objects.filter(id__in=client_ids)
    for user_id in sorted(set(found.values_list("user_id", flat=True))):
        lock_user(user_id)
    clients = {client.id: client for client in found.select_for_update()}
    if not clients.keys() >= set(client_ids):
        raise MergeRefused("Um dos clientes não existe mais.")
    return [clients[id_] for id_ in client_ids]


def _check_can_change(client: Client) -> None:
    if client.erased_at:
        raise MergeRefused("Os dados deste cliente foram apagados: não há como saber quem era.")
    if client.merged_into_id:
        raise MergeRefused("Este cliente já foi unido a outro: abra o outro, ou desfaça a união.")


def _check_document_is_free(client: Client) -> None:
    same = Client.objects.owned_by(client.user_id).filter(document_identifies=True, cpf=client.cpf)
    if client.document_identifies and same.exists():
        raise MergeRefused("O documento é de outro cliente: deixe-o em branco, ou una os dois.")


def _check_can_undo(done: ClientMerge) -> None:
    if done.undone_at or done.target is None:
        raise MergeRefused("Já foi desfeita.")
    if done.source.erased_at or done.target.erased_at:
        raise MergeRefused("Os dados destes clientes foram apagados: não dá mais para desfazer.")
    both = (done.source_id, done.target_id)
    later = ClientMerge.objects.filter(undone_at=None, created_at__gt=done.created_at)
    if later.filter(Q(source__in=both) | Q(target__in=both)).exists():
        raise MergeRefused("Desfaça antes o que foi feito depois com um destes clientes.")


def _copies_document(kept: Client, absorbed: Client) -> bool:
    if kept.document_identifies:
        return False
    return absorbed.document_identifies or bool(absorbed.cpf and not kept.cpf)


def _document(client: Client) -> dict[str, str | bool]:
    return {name: getattr(client, name) for name in _DOCUMENT_FIELDS}


def _merge_fields(kept: Client, absorbed: Client, done: ClientMerge) -> None:
    """Save the absorbed client first: an identifying document is unique per user."""
    copies_document = _copies_document(kept, absorbed)
    absorbed.merged_into = kept
    absorbed.document_identifies &= not copies_document
    absorbed.save()
    _set_fields(kept, done.filled_fields)
    if copies_document:
        _set_fields(kept, done.previous_documents["source"])
    kept.save()
    Client.objects.filter(id__in=done.merged_client_ids).update(merged_into=kept)


def _restore_fields(kept: Client, absorbed: Client, done: ClientMerge) -> None:
    """Reverse `_merge_fields`, but for fields that changed since."""
    for name, value in done.filled_fields.items():
        if getattr(kept, name) == value:
            setattr(kept, name, None if name == "email" else "")
    if kept.cpf == absorbed.cpf:
        _set_fields(kept, done.previous_documents["target"])
    kept.save()
    _set_fields(absorbed, done.previous_documents["source"])
    absorbed.merged_into = None
    absorbed.save()
    merged = Client.objects.filter(id__in=done.merged_client_ids, merged_into=kept)
    merged.update(merged_into=absorbed)


def _set_fields(client: Client, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(client, name, value)


def _move_sales(done: ClientMerge, target: Client, **current: Client) -> None:
    sales = Sale.objects.filter(id__any_of=done.sale_ids, **current)
    now = timezone.now()
    sales.update(client=target, updated_at=now)
    subscriptions = Subscription.objects.filter(id__any_of=done.subscription_ids, **current)
    subscriptions.update(client=target, updated_at=now)


def _delete_if_unused(client: Client) -> None:
    """Delete the client that a split created, unless later orders belong to it."""
    if not (client.sales.exists() or client.subscriptions.exists()):
        client.delete()


def _ids(rows: "models.QuerySet[Any]") -> list[uuid.UUID]:
    return list(rows.values_list("id", flat=True))
