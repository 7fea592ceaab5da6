"""A case: what is told about orders, and what is right afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.utils import timezone
from django.utils.timezone import localtime

from clients.models import Client
from integrations.imports import import_jobs
from integrations.models import Trigger
from integrations.providers.coinzz import COINZZ
from integrations.providers.coinzz.decoding import decode_json
from integrations.providers.contracts import Page
from sales.models import AffiliationRequest, Sale, Subscription
from tests import payloads
from tests.factories import SyncRunFactory
from tests.integrations.sellers import Seller, post
from tests.integrations.sync.syncing import apply_page

Step: TypeAlias = Callable[[Seller], list[str]]
"""Tells a seller's account something; returns why it was refused, if it was."""

COUNTED = {
    "sales": Sale,
    "clients": Client,
    "subscriptions": Subscription,
    "affiliations": AffiliationRequest,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An input of a kind that integrations met, and what is right after it."""

    kind: str
    """The row of docs/real-data.md."""
    given: str
    steps: tuple[Step, ...]
    right: Mapping[str, Any]
    """Path → value: `ordzzzzz.total_price`, `ordzzzzz.client.cpf`, or a number of `sales`.

    Amounts are texts, times texts in São Paulo time without seconds.
    """
    warned: tuple[str, ...] = ()
    """The causes of the warnings on all sales, as `reason:field`."""
    refused: tuple[str, ...] = ()
    """The reason of each refused webhook, the message of each refused item or line."""


def webhook(body: dict[str, Any] | bytes, *, path: str = "", **headers: Any) -> Step:
    """Return a webhook; `path` is appended to its URL."""

    def send(seller: Seller) -> list[str]:
        encoded = body if isinstance(body, bytes) else payloads.encode(body)
        response = post(seller.path + path, encoded, **headers)
        assert response.status_code == 200
        seller.drain()
        return [seller.events[-1].reason] if seller.events[-1].reason else []

    return send


def item(order: dict[str, Any]) -> Step:
    """Return a page of a sync with one item, which has the shape of a webhook."""

    def sync(seller: Seller) -> list[str]:
        run = SyncRunFactory.create(integration=seller.integration, trigger=Trigger.USER)
        page = Page(
            number=1,
            last_page=1,
            total=1,
            items=[decode_json(payloads.encode(order))],
            has_next=False,
            fetched_at=timezone.now(),
        )
        apply_page(run, page)
        return [finding.message for finding in run.findings.filter(kind="error")]

    return sync


def file(*lines: str) -> Step:
    """Return an import of a CSV file, exported now."""

    def upload(seller: Seller) -> list[str]:
        job = import_jobs.receive(
            user_id=seller.integration.user_id,
            provider=COINZZ,
            content="\n".join(lines).encode(),
            exported_at=timezone.now(),
        )
        return [line["message"] for line in job.error_lines]

    return upload


def resolve(path: str) -> Any:
    """Return the stored value at a path of `Case.right`."""
    first, *names = path.split(".")
    if first in COUNTED:
        return COUNTED[first]._default_manager.count()
    value: Any = Sale.objects.get(external_id=first)
    for name in names:
        value = value.get(name) if isinstance(value, dict) else getattr(value, name)
    if isinstance(value, datetime):
        return f"{localtime(value):%Y-%m-%d %H:%M}"
    return str(value) if isinstance(value, Decimal) else value
