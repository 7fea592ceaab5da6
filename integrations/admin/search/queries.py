"""The queries of the search: each is answered by an index and reads at most `MAX_ROWS` + 1 rows."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import Q, QuerySet

from clients.contacts import normalise_email
from clients.models import Client
from clients.search import search_clients
from integrations.models import Integration, WebhookEvent
from sales.models import Sale, Subscription

MAX_ROWS: Final = 8


def find_clients(text: str) -> "list[Client]":
    return list(search_clients(text).select_related("user")[: MAX_ROWS + 1])


def find_sales(text: str, clients: Sequence[Client]) -> "list[Sale]":
    """Find sales by order number, or else those of `clients`."""
    rows = Sale.objects.select_related("client", "user").defer("metadata")
    by_number = _starts_with("external_id", text)
    return _first_match(rows, by_number, Q(client__in=clients), "-sale_date")


def find_events(text: str, sales: Sequence[Sale]) -> "list[WebhookEvent]":
    """Find events by order number, or else those of `sales`. Payloads are not searched."""
    rows = WebhookEvent.objects.select_related("integration__user")
    numbers = [sale.external_id for sale in sales]
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
