"""The back-office's search field: its page, results and queries.

An index answers each query, which reads at most `MAX_ROWS` + 1 rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clients.admin import CLIENT_MASKS, search_clients_for
from clients.contacts import format_phone, normalise_email
from clients.documents import format_document
from clients.models import Client
from flowzz.backoffice import masking
from flowzz.backoffice.display import badge_tone, change_url, list_url, short_datetime
from integrations import modes
from integrations.admin.events.admin import STATE_COLOURS
from integrations.models import EventState, Integration, IntegrationStatus, WebhookEvent
from sales.admin.statuses import STATUS_COLOURS
from sales.models import Sale, Subscription
from sales.statuses import SaleStatus, SubscriptionStatus

MAX_ROWS: Final = 8
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


def search(request: HttpRequest, text: str, can_view: CanView) -> list[ResultGroup]:
    """Return the groups with results, of the models that may be viewed.

    By personal data that is masked for the person, only if no order has this number.
    """
    text = text.strip()
    if is_too_short(text):
        return []
    is_masked = not masking.can_see_personal_data(request)
    sales = find_sales(text)
    clients = [] if sales and is_masked else find_clients(request, text)
    sales = sales or find_sales_of(clients[:MAX_ROWS])
    subscriptions = find_subscriptions(text, clients[:MAX_ROWS])
    events, integrations = find_events(text, sales), find_integrations(text)
    if is_masked:
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
    status = modes.effective_status(integration)
    badge = str(status.label)
    tone = "good" if status == IntegrationStatus.CONNECTED else "warning"
    url = change_url(integration)
    return SearchResult(str(integration.user), integration.provider, url, badge, tone)


def _result(
    row: Model, details: Iterable[str | None], badge: str = "", tone: str = ""
) -> SearchResult:
    return SearchResult(str(row), " · ".join(filter(None, details)), change_url(row), badge, tone)


@require_safe
def search_view(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()

    def can_view(model: type[Model]) -> bool:
        return admin.site.get_model_admin(model).has_view_permission(request)

    context = {
        **admin.site.each_context(request),
        "title": "Busca",
        "search_text": text,
        "is_too_short": bool(text) and is_too_short(text),
        "groups": search(request, text, can_view),
    }
    return render(request, "integrations/search.html", context)


def find_clients(request: HttpRequest, text: str) -> "list[Client]":
    return list(search_clients_for(request, text).select_related("user")[: MAX_ROWS + 1])


def find_sales(text: str) -> "list[Sale]":
    """Find sales by the beginning of the order's number or hash."""
    by_number = _starts_with("external_id", text) | _starts_with("order_hash", text)
    return list(_sales().filter(by_number)[: MAX_ROWS + 1])


def find_sales_of(clients: Sequence[Client]) -> "list[Sale]":
    newest = _sales().filter(client__in=clients).order_by("-sale_date")
    return list(newest[: MAX_ROWS + 1])


def _sales() -> "QuerySet[Sale]":
    return Sale.objects.select_related("client", "user").defer("metadata")


def find_events(text: str, sales: Sequence[Sale]) -> "list[WebhookEvent]":
    """Find events by order number, or else those of `sales`. Payloads are not searched."""
    rows = WebhookEvent.objects.select_related("integration__user")
    numbers = [order_id for sale in sales for order_id in sale.order_ids]
    of_sales = Q(external_id__any_of=numbers) & ~Q(external_id="")
    return _first_match(rows, _starts_with("external_id", text), of_sales, "-received_at")


def find_subscriptions(text: str, clients: Sequence[Client]) -> "list[Subscription]":
    """Find subscriptions by number, or else those of `clients`."""
    rows = Subscription.objects.select_related("client", "user")
    by_number = _starts_with("subscription_hash", text)
    return _first_match(rows, by_number, Q(client__in=clients), "-id")


def find_integrations(text: str) -> "list[Integration]":
    """Find integrations by the beginning of the user's e-mail."""
    rows = Integration.objects.select_related("user")
    email = normalise_email(text) or text
    return list(rows.filter(user__email__startswith=email)[: MAX_ROWS + 1])


def _starts_with(field: str, text: str) -> Q:
    """Match the beginning of a number as it was typed, or in lower case as platforms write it."""
    begins = Q(**{f"{field}__startswith": text}) | Q(**{f"{field}__startswith": text.lower()})
    return begins & ~Q(**{field: ""})


def _first_match(rows: "QuerySet[Any]", by_number: Q, by_owner: Q, order: str) -> list[Any]:
    """Return the rows that match by number; if there are none, those that match by owner."""
    matches = list(rows.filter(by_number)[: MAX_ROWS + 1])
    return matches or list(rows.filter(by_owner).order_by(order)[: MAX_ROWS + 1])
