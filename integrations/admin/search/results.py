"""What a search finds, by group: each result says its state, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from clients.admin import CLIENT_MASKS
from clients.contacts import format_phone
from clients.documents import format_document
from clients.models import Client
from flowzz.accounts.models import User
from flowzz.backoffice import masking
from flowzz.backoffice.display import badge_tone, change_url, list_url, short_datetime
from integrations import modes
from integrations.admin.events.admin import STATE_COLOURS
from integrations.admin.search import queries
from integrations.admin.search.queries import MAX_ROWS
from integrations.inbox.failure_reasons import explain
from integrations.models import EventState, Integration, IntegrationStatus, WebhookEvent
from sales.admin.statuses import STATUS_COLOURS, status_note
from sales.models import AffiliationRequest, Sale, Subscription
from sales.order_ids.typed import typed_number
from sales.sale_changes import STATUS_COLUMNS
from sales.statuses import SaleStatus, SaleStatusField, SubscriptionStatus

MIN_WORD_LENGTH: Final = 3
"""Shorter words match too many rows, and no index supports them."""


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


def search(request: HttpRequest, text: str, *, is_typing: bool = False) -> list[ResultGroup]:
    """Return the groups with results, of the models that the person may view.

    By personal data that is masked for the person only if no order has this number, and never
    `is_typing`: each such search counts.
    """
    text = text.strip()
    if is_too_short(text):
        return []
    number = typed_number(text) or text
    is_masked = not masking.can_see_personal_data(request)
    sales = queries.find_sales(number)
    hides_people = is_masked and (bool(sales) or is_typing)
    clients = [] if hides_people else queries.find_clients(request, text, widens=not sales)
    sales = sales or queries.find_sales_of(clients[:MAX_ROWS])
    subscriptions = queries.find_subscriptions(number, clients[:MAX_ROWS])
    events = queries.find_events(number, sales)
    if not is_masked and not events:
        events = queries.find_quarantined(text)
    affiliations = [] if is_masked else queries.find_affiliations(text)
    integrations, users = queries.find_integrations(text), queries.find_users(text)
    if is_masked:
        _mask(clients, [*sales, *subscriptions])
    groups: tuple[tuple[type[Model], str, str, Iterable[SearchResult]], ...] = (
        (Sale, "Vendas", "shopping_bag", map(_sale, sales)),
        (Client, "Clientes", "group", map(_client, clients)),
        (WebhookEvent, "Eventos", "inbox", map(_event, events)),
        (Subscription, "Assinaturas", "autorenew", map(_subscription, subscriptions)),
        (AffiliationRequest, "Pedidos de afiliação", "handshake", map(_affiliation, affiliations)),
        (Integration, "Integrações", "hub", map(_integration, integrations)),
        (User, "Usuários", "person", map(_user, users)),
    )
    visible = (_group(text, *group) for group in groups if _can_view(request, group[0]))
    return [group for group in visible if group.results]


def is_too_short(text: str) -> bool:
    return max(map(len, text.split()), default=0) < MIN_WORD_LENGTH


def _can_view(request: HttpRequest, model: type[Model]) -> bool:
    return admin.site.get_model_admin(model).has_view_permission(request)


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
    marks = ["excluída na origem" if sale.deleted_at else ""]
    marks += [] if sale.is_associated else ["não associada"]
    marks += [_word_or_note(sale, field) for field in SaleStatusField]
    details = [
        *marks,
        sale.product_name,
        str(sale.client or ""),
        short_datetime(sale.sale_date),
        str(sale.user),
    ]
    tone = badge_tone(STATUS_COLOURS[SaleStatus(sale.status)])
    return _result(sale, details, sale.get_status_display(), tone)


def _word_or_note(sale: Sale, field: SaleStatusField) -> str:
    word = getattr(sale, STATUS_COLUMNS[field].unknown)
    return f"veio “{word}”, não reconhecido" if word else status_note(sale, field)


def _client(client: Client) -> SearchResult:
    place = "/".join(filter(None, (client.city, client.state)))
    marks = ["unido a outro" if client.merged_into_id else ""]
    marks += ["dados pessoais apagados"] if client.erased_at else []
    contacts = [format_document(client.cpf), format_phone(client.phone), client.email]
    return _result(client, [*marks, *contacts, place, f"de {client.user}"])


def _event(event: WebhookEvent) -> SearchResult:
    owner, note = "sem integração", ""
    if event.integration:
        owner, note = str(event.integration.user), modes.inactive_note(event.integration)
    cause = explain(event.reason).title if event.reason else ""
    details = [
        cause,
        short_datetime(event.received_at),
        event.get_outcome_display(),
        owner,
        f"integração {note}" if note else "",
    ]
    tone = badge_tone(STATE_COLOURS.get(EventState(event.state), ""))
    return _result(event, details, event.get_state_display(), tone)


def _subscription(subscription: Subscription) -> SearchResult:
    details = [subscription.product_name, str(subscription.client or ""), str(subscription.user)]
    tone = "good" if subscription.status == SubscriptionStatus.ACTIVE else "warning"
    return _result(subscription, details, subscription.get_status_display(), tone)


def _affiliation(request: AffiliationRequest) -> SearchResult:
    details = [request.affiliate_email, request.product_name, str(request.user)]
    return _result(request, details, request.status, "info")


def _integration(integration: Integration) -> SearchResult:
    status = modes.effective_status(integration)
    tone = "good" if status == IntegrationStatus.CONNECTED else "warning"
    details = [integration.provider.capitalize(), "pausada" if integration.paused_at else ""]
    title, text = str(integration.user), " · ".join(filter(None, details))
    return SearchResult(title, text, change_url(integration), str(status.label), tone)


def _user(user: User) -> SearchResult:
    role = "equipe" if user.is_staff else "vendedor(a)"
    badge, tone = ("", "") if user.is_active else ("sem acesso", "warning")
    return _result(user, [user.name, role], badge, tone)


def _result(
    row: Model, details: Iterable[str | None], badge: str = "", tone: str = ""
) -> SearchResult:
    return SearchResult(str(row), " · ".join(filter(None, details)), change_url(row), badge, tone)
