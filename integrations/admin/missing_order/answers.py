"""Where an order is, or where it stopped. A constant number of statements, each with an index."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from flowzz.backoffice.display import change_url, list_url, short_datetime
from flowzz.core.formatting import format_ago
from integrations import modes
from integrations.admin.events.explanations import explain_event
from integrations.models import (
    EventOutcome,
    EventState,
    FindingKind,
    Integration,
    IntegrationStatus,
    StatusMapping,
    SyncFinding,
    WebhookEvent,
    WebhookPayload,
    WebhookRefusal,
)
from integrations.models.events import NEWEST_FIRST, UNFINISHED, first_within
from integrations.monitoring import refusals
from integrations.providers.contracts import StatusField
from sales.models import Sale

MAX_ROWS = 5
MAX_BODIES = 1_000
"""The newest quarantined events whose bodies are searched: the number may be unreadable."""
MAX_BYTES = 16 * 1024 * 1024
"""The largest total size of these bodies."""
MIN_LENGTH = 3
_NOT_APPLIED = (EventOutcome.DISCONNECTED, EventOutcome.DISCARDED)


@dataclass(frozen=True, slots=True)
class Step:
    """A link to the page where staff act."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    title: str
    text: str
    tone: str
    steps: Sequence[Step] = ()


def explain(number: str, integration: Integration | None) -> list[Answer]:
    """Return why the order does not appear with the seller; the first answer is the main one.

    Without an integration, all sellers are searched.
    """
    ids = {number, number.lower()}
    events = _events(ids)
    answers = [
        *chain.from_iterable(_of_sale(sale, integration) for sale in _sales(ids)),
        *(answer for event in events if (answer := _of_event(event, integration))),
    ]
    if not answers:
        answers = [*_of_findings(ids), *_of_unreadable(number), *_of_applied(events)]
    return answers or [_never_came(integration)]


def _sales(ids: set[str]) -> "QuerySet[Sale]":
    found = Sale.objects.filter(Q(external_id__in=ids) | Q(order_hash__in=ids))
    return found.select_related("user").defer("metadata").order_by("-sale_date")[:MAX_ROWS]


def _of_sale(sale: Sale, integration: Integration | None) -> Iterator[Answer]:
    seen = Step("Ver a venda", change_url(sale))
    if integration and sale.user_id != integration.user_id:
        text = f"O pedido é de {sale.user}, e não de {integration.user}."
        yield Answer("Está em outra conta", text, "warning", [seen])
    elif sale.deleted_at:
        yield Answer(
            "Foi excluída na plataforma",
            f"A plataforma disse em {short_datetime(sale.deleted_at)} que o pedido foi excluído. "
            "A venda fica guardada, fora das listas e dos totais.",
            "warning",
            [seen],
        )
    elif not sale.is_associated:
        yield Answer(
            "Não associada: não entra em número nenhum",
            "A plataforma mandou só o hash, e não dá para saber se é o pedido de outra venda.",
            "warning",
            [Step("Unir com outra venda, ou contar", change_url(sale))],
        )
    else:
        unknown = list(_unknown_words(sale, seen))
        yield from unknown
        if not unknown:
            yield Answer(
                "A venda aparece",
                f"É de {sale.user}: {sale.get_status_display()}, entrega "
                f"{sale.get_shipping_status_display()}, de {short_datetime(sale.sale_date)}.",
                "good",
                [seen],
            )


def _unknown_words(sale: Sale, seen: Step) -> Iterator[Answer]:
    words = {
        StatusField.ORDER: sale.unknown_status,
        StatusField.SHIPPING: sale.unknown_shipping_status,
    }
    for field, word in words.items():
        if not word:
            continue
        mapping = StatusMapping.objects.filter(provider=sale.source, field=field, word=word).first()
        steps = [seen]
        if mapping:
            url = reverse("backoffice:status_mapping", args=[mapping.id])
            steps.insert(0, Step(f"Dar um significado a “{word}”", url))
        yield Answer(
            "A venda veio com um texto que não conhecemos",
            f"{field.label}: “{word}”. Até ele ter um significado, a venda de {sale.user} fica "
            f"como estava ({sale.get_status_display()}).",
            "warning",
            steps,
        )


def _events(ids: set[str]) -> list[WebhookEvent]:
    found = WebhookEvent.objects.filter(external_id__in=ids).select_related("integration__user")
    return list(found.order_by(*NEWEST_FIRST)[:MAX_ROWS])


def _of_event(event: WebhookEvent, integration: Integration | None) -> Answer | None:
    """Explain an event that was not applied; None for one that was."""
    if event.state == EventState.QUARANTINED:
        return _quarantined(event, "O webhook chegou, mas está em quarentena")
    if event.state not in UNFINISHED and event.outcome not in _NOT_APPLIED:
        return None
    owner, explanation = event.integration, explain_event(event)
    step = Step("Ver o evento e reprocessar", change_url(event))
    if owner and owner.is_paused and event.state in UNFINISHED:
        step = Step("Retomar a integração", change_url(owner))
    arrived = f"Chegou em {short_datetime(event.received_at)}, para {_owner(event)}."
    return Answer(explanation.title, f"{arrived} {explanation.next_step}", "warning", [step])


def _quarantined(event: WebhookEvent, title: str) -> Answer:
    explanation = explain_event(event)
    return Answer(
        title,
        f"Chegou em {short_datetime(event.received_at)}, para {_owner(event)}. "
        f"{explanation.title}. {event.error}",
        "bad",
        [Step("Ver o evento, corrigir e reprocessar", change_url(event))],
    )


def _owner(event: WebhookEvent) -> str:
    return str(event.integration.user) if event.integration else "ninguém: falta atribuir"


def _of_findings(ids: set[str]) -> Iterator[Answer]:
    found = SyncFinding.objects.filter(external_id__in=ids, kind=FindingKind.ERROR)
    finding = found.select_related("run__integration__user").order_by("-id").first()
    if finding:
        yield Answer(
            "A sincronização viu o pedido, mas não conseguiu lê-lo",
            f"De {finding.run.integration.user}: {finding.message}",
            "bad",
            [Step("Ver a sincronização", change_url(finding.run))],
        )


def _of_unreadable(number: str) -> Iterator[Answer]:
    """Find the number in the bodies of quarantined events: it may be what can't be read."""
    quarantined = WebhookEvent.objects.filter(state=EventState.QUARANTINED)
    newest = first_within(quarantined, count=MAX_BODIES, size=MAX_BYTES, order=NEWEST_FIRST)
    ids = list(newest.values_list("id", flat=True))
    payloads = WebhookPayload.objects.filter(event_id__in=ids).extra(
        where=["position(%s::bytea in body) > 0"], params=[number.encode()]
    )
    for payload in payloads.select_related("event__integration__user")[:MAX_ROWS]:
        yield _quarantined(payload.event, "O número está num webhook em quarentena")


def _of_applied(events: Sequence[WebhookEvent]) -> Iterator[Answer]:
    """Explain an applied event whose order is not among the sales."""
    for event in events[:1]:
        yield Answer(
            "O webhook chegou e foi lido, mas não há venda com este número",
            f"É de {_owner(event)}, de {short_datetime(event.received_at)}. Pode ser uma "
            "assinatura, ou a venda foi unida a outra ou apagada: o evento diz o que mudou.",
            "warning",
            [Step("Ver o evento", change_url(event))],
        )


def _never_came(integration: Integration | None) -> Answer:
    if integration is None:
        return Answer(
            "Nunca chegou, em nenhuma conta",
            "Nem por webhook, nem por sincronização. Diga de quem é o pedido, para ver o último "
            "webhook e a última sincronização desta pessoa.",
            "bad",
        )
    page, id_ = change_url(integration), integration.id
    diagnosis = reverse("admin:integrations_integration_diagnosis", args=[id_])
    steps = [Step("Fazer o diagnóstico", diagnosis)]
    if modes.uses_api(integration):
        steps.append(Step("Sincronizar, na integração", page))
    refused = refusals.refused_only(refusals.refused_webhooks(integration, refusals.WEEK))
    if refused:
        url = list_url(WebhookRefusal, integration__id__exact=id_)
        return Answer(
            "Nunca chegou, e pode ter sido recusado",
            f"Em 7 dias, {refusals.describe(refused)}. {_last_contacts(integration)}",
            "bad",
            [Step("Ver os webhooks recusados", url), *steps],
        )
    return Answer("Nunca chegou", _last_contacts(integration), "bad", steps)


def _last_contacts(integration: Integration) -> str:
    state = {
        IntegrationStatus.DISCONNECTED: " A integração está desconectada.",
        IntegrationStatus.ERROR: " A chave de API foi recusada.",
    }.get(IntegrationStatus(integration.status), "")
    if integration.is_paused:
        state += " A integração está pausada."
    webhook_at, sync_at, now = integration.last_webhook_at, integration.last_sync_at, timezone.now()
    contacts = "nenhum webhook chegou até hoje"
    if webhook_at:
        contacts = f"o último webhook chegou {format_ago(webhook_at, now)}"
    if modes.uses_api(integration) and sync_at:
        contacts += f", e a última sincronização foi {format_ago(sync_at, now)}"
    elif modes.uses_api(integration):
        contacts += ", e nenhuma sincronização foi concluída"
    return f"De {integration.user}, {contacts}.{state}"
