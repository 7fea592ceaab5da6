"""Everything about one person: given to them, or removed, on request.

A person is a client of one user: what another user knows of them is that user's to give.
"""

import json
import uuid
from dataclasses import asdict, dataclass
from typing import Any

import structlog
from django.contrib.admin.models import LogEntry
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.utils import timezone

from clients.models import Client
from clients.privacy import Person, anonymise, export_client
from flowzz.core.db.locks import lock_user
from integrations.imports import import_jobs
from integrations.inbox import drain, retention
from integrations.models import Integration, SyncFinding, WebhookEvent
from integrations.providers.registry import all_providers
from integrations.webhooks import fallback_buffer
from sales import privacy as sales
from sales.exports import export_jobs
from sales.models import Sale, Subscription

log = structlog.stdlib.get_logger(__name__)

ERASED = "Apagado a pedido da pessoa."
PERSONAL_DIFFERENCES = {"tracking_code"}


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure changed."""

    sales: int
    affiliations: int
    events: int
    findings: int


def export(client: Client) -> dict[str, Any]:
    """All that is stored of a client, as docs/personal-data.md describes it; no secret."""
    client = client.merged_into or client
    person = person_of(client)
    return {
        "gerado_em": timezone.now(),
        "usuario": client.user.email,
        "cliente": export_client(client),
        "vendas": sales.export_sales(client),
        "assinaturas": sales.export_subscriptions(client),
        "pedidos_de_afiliacao": sales.export_affiliations(client, person),
        "webhooks": [_exported(event) for event in _events_to_give(client, person)],
    }


def as_json(exported: dict[str, Any]) -> str:
    """An export as people and programs read it; times in ISO 8601, money as text."""
    return json.dumps(exported, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def erase(client_id: uuid.UUID) -> Erasure:
    """Remove a person from all that is stored, and keep the numbers; may be repeated.

    Raises Client.DoesNotExist. What comes later of an order of theirs changes its state and
    nothing more; a new order is new data.
    """
    client = Client.objects.select_related("user", "merged_into__user").get(id=client_id)
    client = client.merged_into or client
    started = timezone.now()
    _finish_what_has_arrived(client)
    person = person_of(client)
    # Before the seller is held: looking through many bodies takes seconds.
    events = list(
        _events(client, person).filter(received_at__lt=started).values_list("id", flat=True)
    )
    with transaction.atomic():
        lock_user(client.user_id)
        client = Client.objects.select_for_update().get(id=client.id)
        erasure = Erasure(
            events=retention.redact_payloads(WebhookEvent.objects.filter(id__in=events), ERASED),
            findings=_erase_findings(client),
            affiliations=sales.erase_affiliations(client, person),
            sales=sum(
                sales.erase_sales(client, person, provider.metadata_rules, provider.name)
                for provider in all_providers()
            ),
        )
        anonymise(client)
        _log_of(client).update(object_repr=str(client))
        import_jobs.discard_previews(client.user_id)
    export_jobs.discard_files()  # after the commit: what is read from now on is without the person
    log.info("client_erased", client_id=str(client.id), **asdict(erasure))
    return erasure


def _finish_what_has_arrived(client: Client) -> None:
    """Apply what waits, so that its numbers count and its body needn't stay."""
    fallback_buffer.flush_to_inbox()
    for integration in Integration.objects.filter(user_id=client.user_id):
        while drain.drain(integration.id):
            pass


def person_of(client: Client) -> Person:
    """How texts name the client, without what is the seller's own."""
    rules = [provider.metadata_rules for provider in all_providers()]
    sellers_emails = {client.user.email, *sales.sellers_emails(client, rules)}
    return Person.from_client(client, sellers_emails=sellers_emails)


def _events(client: Client, person: Person) -> "QuerySet[WebhookEvent]":
    """Those of the client's orders and subscriptions, and those whose body names the person."""
    of_user = WebhookEvent.objects.filter(integration__user_id=client.user_id)
    wanted = ~Q(external_id="") & Q(external_id__any_of=_numbers(client))
    if person.pattern:
        wanted |= Q(body_text__iregex=person.pattern)
        # Bytes that are no text are written as escapes, so that no body can be refused.
        body = F("payload__body")
        text = Func(body, Value("escape"), function="encode", output_field=TextField())
        of_user = of_user.alias(body_text=text)
    return of_user.filter(wanted)


def _events_to_give(client: Client, person: Person) -> "QuerySet[WebhookEvent]":
    """Without the orders of other clients, which may name this one: those are theirs."""
    others = Sale.objects.owned_by(client.user_id).exclude(client=client).values("external_id")
    return _events(client, person).exclude(external_id__in=others).order_by("received_at", "id")


def _numbers(client: Client) -> list[str]:
    orders = Sale.objects.filter(client=client).values_list("external_id", flat=True)
    subscriptions = Subscription.objects.filter(client=client)
    return [*orders, *subscriptions.values_list("subscription_hash", flat=True)]


def _exported(event: WebhookEvent) -> dict[str, Any]:
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
    """Take values that lead to the person out of what the syncs noted of their orders."""
    findings = SyncFinding.objects.filter(
        run__integration__user_id=client.user_id, external_id__any_of=_numbers(client)
    )
    changed = []
    for finding in findings:
        fields = [_without_values(difference) for difference in finding.fields]
        if fields != finding.fields:
            finding.fields = fields
            changed.append(finding)
    SyncFinding.objects.bulk_update(changed, ["fields"])
    return len(changed)


def _without_values(difference: dict[str, str]) -> dict[str, str]:
    is_personal = difference["field"] in PERSONAL_DIFFERENCES
    return {"field": difference["field"]} if is_personal else difference


def _log_of(client: Client) -> "QuerySet[LogEntry]":
    """The admin's log of what staff did to the client; each line has the name of then in it."""
    return LogEntry.objects.filter(
        content_type__app_label="clients", content_type__model="client", object_id=str(client.id)
    )
