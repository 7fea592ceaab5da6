"""Events, sales, clients, subscriptions and integrations that fit a text.

Every group is a statement that an index answers, and stops at `MOST` rows: nothing is counted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime

from clients.admin import CLIENT_MASKS
from clients.contacts import format_phone, normalise_email
from clients.documents import format_document
from clients.models import Client
from clients.search import search_clients
from flowzz.backoffice import masking
from flowzz.backoffice.display import badge_tone, change_url
from integrations.admin.events.admin import STATE_COLOURS
from integrations.admin.overview.urls import list_of
from integrations.models import EventState, Integration, WebhookEvent
from sales.admin.sales import STATUS_COLOURS
from sales.models import Sale, Subscription
from sales.statuses import SaleStatus, SubscriptionStatus

MOST = 8
SHORTEST = 3
"""Characters of a word: fewer fit too much, and no index helps."""

May = Callable[[str], bool]
"""Whether the person who asks may see a model, such as `sales.sale`."""


@dataclass(frozen=True, slots=True)
class Found:
    title: str
    details: str
    address: str
    badge: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    icon: str
    rows: Sequence[Found]
    more: str
    """The whole list, where there is more than is shown."""


def find(text: str, may: May, *, sees_personal_data: bool) -> list[Group]:
    """The groups in which something was found."""
    text = text.strip()
    if is_short(text):
        return []
    clients = list(search_clients(text).select_related("user")[: MOST + 1])
    sales = _sales(text, clients[:MOST])
    subscriptions = _subscriptions(text, clients[:MOST])
    if not sees_personal_data:
        _mask(clients, [*sales, *subscriptions])
    groups = (
        ("sales.sale", "Vendas", "shopping_bag", map(_sale, sales)),
        ("clients.client", "Clientes", "group", map(_client, clients)),
        ("integrations.webhookevent", "Eventos", "inbox", map(_event, _events(text, sales))),
        ("sales.subscription", "Assinaturas", "autorenew", map(_subscription, subscriptions)),
        ("integrations.integration", "Integrações", "hub", map(_integration, _integrations(text))),
    )
    found = [_group(text, *group) for group in groups if may(group[0])]
    return [group for group in found if group.rows]


def is_short(text: str) -> bool:
    """Whether no word of the text is long enough to look for."""
    return max(map(len, text.split()), default=0) < SHORTEST


def _group(text: str, model: str, title: str, icon: str, rows: Iterable[Found]) -> Group:
    listed = list(rows)
    more = list_of(model, q=text) if len(listed) > MOST else ""
    return Group(title, icon, listed[:MOST], more)


def _numbered(field: str, text: str) -> Q:
    """As typed, or as the platform writes it; in full, or its beginning."""
    begins = Q(**{f"{field}__startswith": text}) | Q(**{f"{field}__startswith": text.lower()})
    return begins & ~Q(**{field: ""})


def _sales(text: str, clients: Sequence[Client]) -> "list[Sale]":
    rows = Sale.objects.select_related("client", "user").defer("metadata")
    return _either(rows, _numbered("external_id", text), Q(client__in=clients), "-sale_date")


def _events(text: str, sales: Sequence[Sale]) -> "list[WebhookEvent]":
    """Those of the number, else those of the sales that were found: no payload is searched."""
    rows = WebhookEvent.objects.select_related("integration__user")
    numbers = [sale.external_id for sale in sales]
    theirs = Q(external_id__any_of=numbers) & ~Q(external_id="")
    return _either(rows, _numbered("external_id", text), theirs, "-received_at")


def _subscriptions(text: str, clients: Sequence[Client]) -> "list[Subscription]":
    rows = Subscription.objects.select_related("client", "user")
    numbered = _numbered("subscription_hash", text)
    return _either(rows, numbered, Q(client__in=clients), "-id")


def _either(rows: "QuerySet[Any]", numbered: Q, others: Q, order: str) -> list[Any]:
    """What has the number; where there is none, what belongs to those who were found."""
    found = list(rows.filter(numbered)[: MOST + 1])
    return found or list(rows.filter(others).order_by(order)[: MOST + 1])


def _integrations(text: str) -> "list[Integration]":
    """By the user's e-mail, or its beginning."""
    rows = Integration.objects.select_related("user")
    return list(rows.filter(user__email__startswith=normalise_email(text) or text)[: MOST + 1])


def _sale(sale: Sale) -> Found:
    details = [sale.product_name, str(sale.client or ""), _date(sale.sale_date), str(sale.user)]
    badge, tone = (
        sale.get_status_display(),
        badge_tone(STATUS_COLOURS[SaleStatus(sale.status)]),
    )
    return Found(str(sale), _joined(details), change_url(sale), badge, tone)


def _client(client: Client) -> Found:
    place = "/".join(filter(None, (client.city, client.state)))
    known = [format_document(client.cpf), format_phone(client.phone), client.email]
    details = [*known, place, f"de {client.user}"]
    return Found(str(client), _joined(details), change_url(client))


def _mask(clients: Iterable[Client], theirs: "Iterable[Sale | Subscription]") -> None:
    for client in clients:
        masking.mask_row(client, CLIENT_MASKS)
    for row in theirs:
        masking.mask_row(row, {"client__name": masking.mask_name})


def _event(event: WebhookEvent) -> Found:
    owner = str(event.integration.user) if event.integration else "sem integração"
    details = [_date(event.received_at), event.get_outcome_display(), owner]
    badge, tone = (
        event.get_state_display(),
        badge_tone(STATE_COLOURS.get(EventState(event.state), "")),
    )
    return Found(str(event), _joined(details), change_url(event), badge, tone)


def _subscription(subscription: Subscription) -> Found:
    details = [subscription.product_name, str(subscription.client or ""), str(subscription.user)]
    tone = "good" if subscription.status == SubscriptionStatus.ACTIVE else "warning"
    badge = subscription.get_status_display()
    return Found(str(subscription), _joined(details), change_url(subscription), badge, tone)


def _integration(integration: Integration) -> Found:
    status = integration.get_status_display()
    tone = "good" if integration.is_connected else "warning"
    return Found(str(integration.user), integration.provider, change_url(integration), status, tone)


def _date(moment: Any) -> str:
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")


def _joined(parts: Iterable[str | None]) -> str:
    return " · ".join(filter(None, parts))
