"""A Coinzz to talk to, and a user who is connected to it."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core import redis
from integrations.models import Integration, IntegrationStatus
from integrations.providers.coinzz import COINZZ
from integrations.secrets import field_encryption
from integrations.sync import reading
from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient


@pytest.fixture
def coinzz(settings: Settings) -> Iterator[SandboxClient]:
    """A sandbox with 120 orders in account 8702; the product talks to it, 50 orders a page."""
    with Sandbox(sales=120, retry_delays=[]) as sandbox:
        settings.COINZZ_API_URL = sandbox.api_url
        settings.SYNC_PAGE_SIZE = 50
        yield SandboxClient(sandbox)


@pytest.fixture(autouse=True)
def _empty_redis() -> Iterator[None]:
    redis.client().flushdb()
    yield
    redis.client().flushdb()


@pytest.fixture
def integration(coinzz: SandboxClient, db: None) -> Integration:
    """Connected to `coinzz` since now, never synced."""
    user = User.objects.create_user("vendedora@flowzz.test")
    row = Integration(
        user=user,
        provider=COINZZ,
        status=IntegrationStatus.CONNECTED,
        connected_at=timezone.now(),
        api_key_set_at=timezone.now(),
    )
    field_encryption.encrypt(row, "api_key", coinzz.sandbox.api_key())
    row.save()
    return row


@pytest.fixture
def pages_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page of `coinzz` is stored alone; the next one is fetched meanwhile."""
    monkeypatch.setattr(reading, "MAX_SALES", 50)
