"""A seller with a connected integration, and webhooks that reach it."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from flowzz.accounts.models import User
from integrations.inbox import drain as inbox
from integrations.models import Integration, IntegrationStatus, WebhookEvent, WebhookPayload
from integrations.providers.coinzz import COINZZ
from integrations.webhooks.tokens import webhook_url
from sales.models import Sale
from tests import payloads
from tests.factories import id_at


def post(path: str, body: bytes, **headers: Any) -> HttpResponse:
    """POST to one of our URLs as Coinzz does."""
    headers = {"content_type": "application/json", **headers}
    browser: Any = Browser(raise_request_exception=False)  # its response has its own type
    # Not post(), which encodes the body again by its charset.
    response: HttpResponse = browser.generic("POST", path, body, **headers)
    return response


def answer(response: HttpResponse) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(response.content)
    return content


@dataclass
class Seller:
    """A user whose Coinzz account posts to `path`."""

    email: str = "vendedora@flowzz.test"
    status: IntegrationStatus = IntegrationStatus.CONNECTED
    integration: Integration = field(init=False)

    def __post_init__(self) -> None:
        self.integration = Integration.objects.create(
            user=User.objects.create(email=self.email),
            provider=COINZZ,
            status=self.status,
            connected_at=timezone.now(),
        )

    @property
    def path(self) -> str:
        return urlsplit(webhook_url(self.integration)).path

    def post(self, body: bytes, **headers: Any) -> HttpResponse:
        return post(self.path, body, **headers)

    def receive(self, *bodies: bytes | dict[str, Any], received_at: datetime | None = None) -> None:
        """Store bodies in the inbox as received at a time, by default now."""
        encoded = [body if isinstance(body, bytes) else payloads.encode(body) for body in bodies]
        received_at = received_at or timezone.now()
        with transaction.atomic():  # as the endpoint does: a drain beside it sees both or neither
            events = WebhookEvent.objects.bulk_create(
                WebhookEvent(
                    id=id_at(received_at),
                    integration=self.integration,
                    provider=COINZZ,
                    body_size=len(body),
                    body_hash=sha256(body).digest(),
                    received_at=received_at,
                )
                for body in encoded
            )
            WebhookPayload.objects.bulk_create(
                WebhookPayload(event=event, body=body)
                for event, body in zip(events, encoded, strict=True)
            )

    def drain(self) -> None:
        while inbox.drain_batch(self.integration.id).size:
            pass

    def process(self, *bodies: bytes | dict[str, Any], received_at: datetime | None = None) -> None:
        """Store bodies in the inbox and drain it."""
        self.receive(*bodies, received_at=received_at)
        self.drain()

    def sale(self, number: str = "ordzzzzz") -> Sale:
        sale: Sale = Sale.objects.get(user=self.integration.user, external_id=number)
        return sale

    def buyer(self, number: str) -> Client:
        client = self.sale(number).client
        assert client is not None
        return client

    @property
    def events(self) -> list[WebhookEvent]:
        return list(WebhookEvent.objects.filter(integration=self.integration).order_by("id"))

    @property
    def states(self) -> list[tuple[str, str]]:
        """State and outcome of the events, or the reason where there is no outcome."""
        return [(event.state, event.outcome or event.reason) for event in self.events]
