"""The statements of the search: each uses an index, or is limited in rows, bytes or time.

Each returns at most `MAX_ROWS` + 1 rows: one more than is shown says that there are more.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import orjson
from django.db import OperationalError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from clients.admin import search_clients_for
from clients.contacts import normalise_email
from clients.models import Client
from clients.search import search_clients_by_part, search_similar_names
from clients.unaccent import Unaccent, unaccent
from flowzz.accounts.models import User
from flowzz.backoffice import masking
from flowzz.core.db.statement_timeout import limited_statements
from integrations.models import EventState, Integration, WebhookEvent
from integrations.models.events import NEWEST_FIRST, first_within
from sales.models import AffiliationRequest, Sale, Subscription

MAX_ROWS: Final = 8
MIN_PART: Final = 4
"""Characters of a part of a number, phone or document."""
NEWEST_SALES: Final = 20_000
"""The sales that are searched for a part of a number, where none begins with the text."""
NEWEST_QUARANTINED: Final = 300
QUARANTINED_BYTES: Final = 1024 * 1024
"""The largest total size of the bodies of these events that are searched."""
SIMILAR_MS: Final = 200
"""Names with a typo have to be compared one by one: as many as this time allows."""


def find_clients(request: HttpRequest, text: str, *, widens: bool) -> "list[Client]":
    """Find clients as the list does; if it finds none and `widens`, by a part or with a typo."""
    found = _first(search_clients_for(request, text).select_related("user"))
    if found or not widens or not masking.can_see_personal_data(request):
        return found
    by_part = search_clients_by_part(text) if len(text) >= MIN_PART else None
    if by_part is not None:
        return _first(by_part.select_related("user"))
    return _similar(text)


def find_sales(text: str) -> "list[Sale]":
    """Find sales by the beginning of the number or hash, or else newest ones by a part of it."""
    by_number = _starts_with("external_id", text) | _starts_with("order_hash", text)
    if (found := _first(_sales().filter(by_number))) or len(text) < MIN_PART:
        return found
    if not text.isalnum() or text.isalpha():
        return []
    newest = Sale.objects.order_by("-sale_date", "-id").values("id")[:NEWEST_SALES]
    part = Q(external_id__icontains=text) | Q(order_hash__icontains=text)
    return _first(_sales().filter(part, id__in=newest).order_by("-sale_date"))


def find_sales_of(clients: Sequence[Client]) -> "list[Sale]":
    return _first(_sales().filter(client__in=clients).order_by("-sale_date"))


def find_events(text: str, sales: Sequence[Sale]) -> "list[WebhookEvent]":
    """Find events by order number, or else those of `sales`."""
    rows = WebhookEvent.objects.select_related("integration__user")
    numbers = [order_id for sale in sales for order_id in sale.order_ids]
    of_sales = Q(external_id__any_of=numbers) & ~Q(external_id="")
    return _first_match(rows, _starts_with("external_id", text), of_sales, "-received_at")


def find_quarantined(text: str) -> "list[WebhookEvent]":
    """Find the newest events in quarantine whose body names a person, or has a number."""
    rows = WebhookEvent.objects.filter(state=EventState.QUARANTINED)
    newest = first_within(
        rows, count=NEWEST_QUARANTINED, size=QUARANTINED_BYTES, order=NEWEST_FIRST
    )
    wanted = unaccent(text)
    digits = re.sub(r"\D", "", text)
    found = []
    for event in newest.select_related("integration__user", "payload"):
        body = unaccent(_body_text(event.body or b""))
        if wanted in body or (len(digits) >= MIN_PART and digits in re.sub(r"\W", "", body)):
            found.append(event)
    return found[: MAX_ROWS + 1]


def find_subscriptions(text: str, clients: Sequence[Client]) -> "list[Subscription]":
    """Find subscriptions by number, or else those of `clients`."""
    rows = Subscription.objects.select_related("client", "user")
    by_number = _starts_with("subscription_hash", text)
    return _first_match(rows, by_number, Q(client__in=clients), "-id")


def find_integrations(text: str) -> "list[Integration]":
    """Find integrations by the beginning of the seller's e-mail."""
    rows = Integration.objects.select_related("user")
    return _first(rows.filter(user__email__startswith=_email(text)))


def find_users(text: str) -> "list[User]":
    """Find users by the beginning of their e-mail."""
    return _first(User.objects.filter(email__startswith=_email(text)))


def find_affiliations(text: str) -> "list[AffiliationRequest]":
    """Find affiliation requests by a part of the affiliate's name or e-mail."""
    words = {"name": Unaccent("affiliate_name"), "email": Unaccent("affiliate_email")}
    part = Q(name__contains=unaccent(text)) | Q(email__contains=unaccent(text))
    return _first(AffiliationRequest.objects.alias(**words).filter(part).select_related("user"))


def _email(text: str) -> str:
    return normalise_email(text) or text.lower()


def _sales() -> "QuerySet[Sale]":
    return Sale.objects.select_related("client", "user").defer("metadata")


def _first(rows: "QuerySet[Any]") -> list[Any]:
    return list(rows[: MAX_ROWS + 1])


def _similar(text: str) -> "list[Client]":
    try:
        with limited_statements(SIMILAR_MS):
            return _first(search_similar_names(text).select_related("user"))
    except OperationalError:
        return []


def _body_text(body: bytes) -> str:
    """Return a body with its characters instead of JSON's escapes."""
    try:
        return orjson.dumps(orjson.loads(body)).decode()
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")


def _starts_with(field: str, text: str) -> Q:
    """Match the beginning of a number as it was typed, or in lower case as platforms write it."""
    begins = Q(**{f"{field}__startswith": text}) | Q(**{f"{field}__startswith": text.lower()})
    return begins & ~Q(**{field: ""})


def _first_match(rows: "QuerySet[Any]", by_number: Q, by_owner: Q, order: str) -> list[Any]:
    """Return the rows that match by number; if there are none, those that match by owner."""
    return _first(rows.filter(by_number)) or _first(rows.filter(by_owner).order_by(order))
