"""The results of the search, grouped by model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from django.db.models import Model

from clients.admin import CLIENT_MASKS
from clients.contacts import format_phone
from clients.documents import format_document
from clients.models import Client
from flowzz.backoffice import masking
from flowzz.backoffice.display import badge_tone, change_url, list_url, short_datetime
from integrations.admin.events.admin import STATE_COLOURS
from integrations.admin.search.queries import (
    MAX_ROWS,
    find_clients,
    find_events,
    find_integrations,
    find_sales,
    find_subscriptions,
)
from integrations.models import EventState, Integration, WebhookEvent
from sales.admin.sales import STATUS_COLOURS
from sales.models import Sale, Subscription
from sales.statuses import SaleStatus, SubscriptionStatus

MIN_WORD_LENGTH: Final = 3
"""Shorter words match too many rows, and no index supports them."""

CanView: TypeAlias = Callable[[type[Model]], bool]


@dataclass(frozen=True, slots=True)
class SearchResult:
    title: str
    details: str
    url: str
    badge: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """The results of one model; `list_url` leads to all of them if not all are shown."""

    title: str
    icon: str
    results: Sequence[SearchResult]
    list_url: str


def search(text: str, can_view: CanView, *, can_see_personal_data: bool) -> list[ResultGroup]:
    """Return the groups with results, of the models that may be viewed."""
    text = text.strip()
    if is_too_short(text):
        return []
    clients = find_clients(text)
    sales = find_sales(text, clients[:MAX_ROWS])
    subscriptions = find_subscriptions(text, clients[:MAX_ROWS])
    events, integrations = find_events(text, sales), find_integrations(text)
    if not can_see_personal_data:
        _mask(clients, [*sales, *subscriptions])
    groups: tuple[tuple[type[Model], str, str, Iterable[SearchResult]], ...] = (
        (Sale, "Vendas", "shopping_bag", map(_sale, sales)),
        (Client, "Clientes", "group", map(_client, clients)),
        (WebhookEvent, "Eventos", "inbox", map(_event, events)),
        (Subscription, "Assinaturas", "autorenew", map(_subscription, subscriptions)),
        (Integration, "Integrações", "hub", map(_integration, integrations)),
    )
    visible = (_group(text, *group) for group in groups if can_view(group[0]))
    return [group for group in visible if group.results]


def is_too_short(text: str) -> bool:
    return max(map(len, text.split()), default=0) < MIN_WORD_LENGTH


def _group(
    text: str, model: type[Model], title: str, icon: str, results: Iterable[SearchResult]
) -> ResultGroup:
    listed = list(results)
    url = list_url(model, q=text) if len(listed) > MAX_ROWS else ""
    return ResultGroup(title, icon, listed[:MAX_ROWS], url)


def _mask(clients: Iterable[Client], rows: "Iterable[Sale | Subscription]") -> None:
    for client in clients:
        masking.mask_row(client, CLIENT_MASKS)
    for row in rows:
        masking.mask_row(row, {"client__name": masking.mask_name})


def _sale(sale: Sale) -> SearchResult:
    details = [
        sale.product_name,
        str(sale.client or ""),
        short_datetime(sale.sale_date),
        str(sale.user),
    ]
    tone = badge_tone(STATUS_COLOURS[SaleStatus(sale.status)])
    return _result(sale, details, sale.get_status_display(), tone)


def _client(client: Client) -> SearchResult:
    place = "/".join(filter(None, (client.city, client.state)))
    contacts = [format_document(client.cpf), format_phone(client.phone), client.email]
    return _result(client, [*contacts, place, f"de {client.user}"])


def _event(event: WebhookEvent) -> SearchResult:
    owner = str(event.integration.user) if event.integration else "sem integração"
    details = [short_datetime(event.received_at), event.get_outcome_display(), owner]
    tone = badge_tone(STATE_COLOURS.get(EventState(event.state), ""))
    return _result(event, details, event.get_state_display(), tone)


def _subscription(subscription: Subscription) -> SearchResult:
    details = [subscription.product_name, str(subscription.client or ""), str(subscription.user)]
    tone = "good" if subscription.status == SubscriptionStatus.ACTIVE else "warning"
    return _result(subscription, details, subscription.get_status_display(), tone)


def _integration(integration: Integration) -> SearchResult:
    badge = integration.get_status_display()
    tone = "good" if integration.is_connected else "warning"
    url = change_url(integration)
    return SearchResult(str(integration.user), integration.provider, url, badge, tone)


def _result(
    row: Model, details: Iterable[str | None], badge: str = "", tone: str = ""
) -> SearchResult:
    return SearchResult(str(row), " · ".join(filter(None, details)), change_url(row), badge, tone)
