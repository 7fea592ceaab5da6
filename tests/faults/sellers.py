"""Creates sellers in a stack. Runs in its environment by `python -m django shell --command …`."""

import json
from dataclasses import asdict
from urllib.parse import urlsplit

from django.utils import timezone

from flowzz.accounts import sessions
from flowzz.accounts.models import User
from integrations.connection import connect
from integrations.models import Integration, IntegrationStatus
from integrations.providers.coinzz import COINZZ
from integrations.webhooks.tokens import webhook_url
from tests.faults.load.orders import Seller


def create_sellers(count: int) -> None:
    """Create users with a connected integration, and print them as JSON."""
    sellers = []
    first = User.objects.count()
    for number in range(first, first + count):
        user = User.objects.create(email=f"vendedora{number}@exemplo.com.br")
        integration = Integration.objects.create(
            user=user,
            provider=COINZZ,
            status=IntegrationStatus.CONNECTED,
            connected_at=timezone.now(),
        )
        path = urlsplit(webhook_url(integration)).path
        sellers.append(asdict(Seller(str(user.id), str(integration.id), path)))
    print(json.dumps(sellers))  # noqa: T201 - the caller reads it


def create_logins(count: int) -> None:
    """Create users and print an access token of each."""
    first = User.objects.count()
    for number in range(first, first + count):
        user = User.objects.create(email=f"vizinha{number}@exemplo.com.br")
        print(sessions.log_in(user).access_token)  # noqa: T201 - the caller reads it


def connect_seller(api_key: str) -> None:
    """Connect a new user to the sandbox, which starts the first sync, and print the user's id."""
    user = User.objects.create(email=f"vendedora{User.objects.count()}@exemplo.com.br")
    connect(user_id=user.id, provider=COINZZ, api_key=api_key)
    print(user.id)  # noqa: T201 - the caller reads it
