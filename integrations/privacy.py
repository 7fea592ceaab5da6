"""Export or erase a person's data on their request.

A person is a client of one user. Data that another user stores about them is not included.
"""

import json
import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.utils import timezone

from clients.models import Client
from clients.privacy import Person, anonymise, export_client
from flowzz.core.api.idempotency import calls
from flowzz.core.db.locks import lock_user
from integrations.imports import import_jobs
from integrations.inbox import retention
from integrations.models import Integration, SyncFinding, WebhookEvent
from integrations.models.events import ARRIVAL, UNFINISHED
from integrations.providers.registry import all_providers
from integrations.webhooks import fallback_buffer
from sales import privacy as sales
from sales.exports import export_jobs
from sales.models import Sale, Subscription

log = structlog.stdlib.get_logger(__name__)

ERASED = "Apagado a pedido da pessoa."
PERSONAL_FIELDS = {"tracking_code"}


class ErasureRefused(Exception):
    """Nothing was erased, for a reason to show. It may be tried again."""


class _LocalTimeEncoder(DjangoJSONEncoder):
    def default(self, value: Any) -> Any:
        if isinstance(value, datetime):
            value = timezone.localtime(value)
        return super().default(value)


@dataclass(frozen=True, slots=True)
class Erasure:
    """How many rows an erasure changed."""

    sales: int
    affiliations: int
    events: int
    findings: int


def export(client: Client) -> dict[str, Any]:
    """Return all data stored about a client, as docs/personal-data.md describes it; no secrets."""
    client = client.merged_into or client
    person = build_person(client)
    return {
        "gerado_em": timezone.now(),
        "usuario": client.user.email,
        "cliente": export_client(client),
        "vendas": sales.export_sales(client),
        "assinaturas": sales.export_subscriptions(client),
        "pedidos_de_afiliacao": sales.export_affiliations(client, person),
        "webhooks": [_export_event(event) for event in _events_to_export(client, person)],
    }


def to_json(data: dict[str, Any]) -> str:
    """Return an export as JSON; times in ISO 8601 in the local time zone, money as text."""
    return json.dumps(data, cls=_LocalTimeEncoder, ensure_ascii=False, indent=2)


def erase(client_id: uuid.UUID) -> Erasure:
    """Erase a person from all stored data; amounts and dates stay. May be repeated.

    A later webhook of an existing order only updates the sale's facts; a new order stores the
    person again. Raises Client.DoesNotExist and ErasureRefused.
    """
    client = Client.objects.select_related("user", "merged_into__user").get(id=client_id)
    client = client.merged_into or client
    started = timezone.now()
    _drain_inbox(client)
    person = build_person(client)
    # Before the user is locked: searching many bodies takes seconds.
    event_ids = list(
        _events(client, person).filter(received_at__lt=started).values_list("id", flat=True)
    )
    _check_none_is_paused(event_ids)
    with transaction.atomic():
        lock_user(client.user_id)
        client = Client.objects.select_for_update().get(id=client.id)
        if client.merged_into_id or build_person(client) != person:
            raise ErasureRefused(
                "Nada foi apagado: os dados do cliente mudaram enquanto isso. Tente de novo."
            )
        erasure = Erasure(
            events=retention.redact_payloads(WebhookEvent.objects.filter(id__in=event_ids), ERASED),
            findings=_erase_findings(client),
            affiliations=sales.erase_affiliations(client, person),
            sales=sum(
                sales.erase_sales(client, person, provider.metadata_rules, provider.name)
                for provider in all_providers()
            ),
        )
        anonymise(client)
        import_jobs.discard_previews(client.user_id)
        calls.delete_of(client.user_id)
    export_jobs.discard_files()  # after the commit, so that new files do not contain the person
    log.info("client_erased", client_id=str(client.id), **asdict(erasure))
    return erasure


def _drain_inbox(client: Client) -> None:
    """Process pending events first: their sales count, and their payloads can be deleted."""
    try:
        fallback_buffer.flush_to_inbox()
        for integration in Integration.objects.filter(user_id=client.user_id):
            while fallback_buffer.drain_in_order(integration.id).size:
                pass
    except fallback_buffer.BufferBusy as error:
        raise ErasureRefused(
            "Nada foi apagado: ainda há webhooks sendo gravados. Tente de novo em um minuto."
        ) from error


def _check_none_is_paused(event_ids: Collection[uuid.UUID]) -> None:
    """Refuse to delete what a paused integration has yet to apply: its orders would be lost."""
    waiting = WebhookEvent.objects.filter(id__in=event_ids, state__in=UNFINISHED)
    if waiting.exclude(integration__paused_at=None).exists():
        raise ErasureRefused(
            "Nada foi apagado: a integração está pausada, e webhooks que citam a pessoa esperam "
            "por ela. Retome a integração e tente de novo em um minuto."
        )


def build_person(client: Client) -> Person:
    """Return how texts mention the client, without the seller's own e-mail addresses."""
    rules = [provider.metadata_rules for provider in all_providers()]
    sellers_emails = {client.user.email, *sales.sellers_emails(client, rules)}
    return Person.from_client(client, sellers_emails=sellers_emails)


def _events(client: Client, person: Person) -> "QuerySet[WebhookEvent]":
    """Return events of the client's orders and subscriptions, or whose body names the person."""
    events = WebhookEvent.objects.filter(integration__user_id=client.user_id)
    matches = ~Q(external_id="") & Q(external_id__any_of=_external_ids(client))
    if person.pattern:
        matches |= Q(body_text__iregex=person.pattern)
        # `escape` writes invalid bytes as escapes, so that every body can be searched.
        body = F("payload__body")
        text = Func(body, Value("escape"), function="encode", output_field=TextField())
        events = events.alias(body_text=text)
    return events.filter(matches)


def _events_to_export(client: Client, person: Person) -> "QuerySet[WebhookEvent]":
    """Leave out the orders of other clients that mention this one: their data is not this one's."""
    others = Sale.objects.owned_by(client.user_id).exclude(client=client)
    events = _events(client, person).exclude(external_id__in=others.values("external_id"))
    of_hashes = others.exclude(order_hash="").values("order_hash")
    return events.exclude(external_id__in=of_hashes).order_by(*ARRIVAL)


def _external_ids(client: Client) -> list[str]:
    sales = Sale.objects.filter(client=client).only("external_id", "order_hash")
    orders = [order_id for sale in sales for order_id in sale.order_ids]
    subscriptions = Subscription.objects.filter(client=client)
    return [*orders, *subscriptions.values_list("subscription_hash", flat=True)]


def _export_event(event: WebhookEvent) -> dict[str, Any]:
    body = None if event.body is None else event.body.decode(errors="backslashreplace")
    return {
        "id": event.id,
        "recebido_em": event.received_at,
        "tipo": event.kind,
        "pedido_ou_assinatura": event.external_id,
        "cabecalhos": event.headers,
        "corpo": body,
    }


def _erase_findings(client: Client) -> int:
    """Remove personal values from the sync findings of the client's orders."""
    findings = SyncFinding.objects.filter(
        run__integration__user_id=client.user_id, external_id__any_of=_external_ids(client)
    )
    changed = []
    for finding in findings:
        fields = [_without_personal_values(difference) for difference in finding.fields]
        if fields != finding.fields:
            finding.fields = fields
            changed.append(finding)
    SyncFinding.objects.bulk_update(changed, ["fields"])
    return len(changed)


def _without_personal_values(difference: dict[str, str]) -> dict[str, str]:
    is_personal = difference["field"] in PERSONAL_FIELDS
    return {"field": difference["field"]} if is_personal else difference
