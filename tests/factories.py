"""Rows for tests: valid, minimal and invented. A test passes the values that matter to it."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from factory.declarations import LazyAttribute, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from clients.models import Client
from flowzz.accounts.models import User
from flowzz.core.db.jobs import JobState
from flowzz.core.ids import lowest_uuid7
from integrations.models import Integration, IntegrationStatus, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ
from sales.models import Sale
from sales.statuses import SaleStatus

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
NOON = datetime(2026, 3, 2, 12, tzinfo=SAO_PAULO)


class UserFactory(DjangoModelFactory[User]):
    """A user without a password, because hashing one takes longer than most tests."""

    class Meta:
        model = User

    email = Sequence(lambda n: f"vendedora{n}@exemplo.com.br")
    name = "Marina Prado"


class IntegrationFactory(DjangoModelFactory[Integration]):
    """A connected integration without an API key."""

    class Meta:
        model = Integration

    user = SubFactory(UserFactory)
    provider = COINZZ
    status = IntegrationStatus.CONNECTED
    connected_at = NOON


class SyncRunFactory(DjangoModelFactory[SyncRun]):
    class Meta:
        model = SyncRun

    integration = SubFactory(IntegrationFactory)
    trigger = Trigger.USER
    state = JobState.QUEUED


class ClientFactory(DjangoModelFactory[Client]):
    """A client with a unique phone and no document."""

    class Meta:
        model = Client

    user = SubFactory(UserFactory)
    name = Sequence(lambda n: f"Beatriz Moura {n}")
    phone = Sequence(lambda n: f"+55629{n:08}")


class SaleFactory(DjangoModelFactory[Sale]):
    """One sale a minute from `NOON` on, each of its own client of the same user."""

    class Meta:
        model = Sale

    user = SubFactory(UserFactory)
    client = SubFactory(ClientFactory, user=SelfAttribute("..user"))
    source = COINZZ
    external_id = Sequence(lambda n: f"ord{n:05}")
    product_name = "Curso de Fotografia"
    quantity = 1
    unit_price = Decimal("150.99")
    total_price = LazyAttribute(lambda sale: sale.unit_price * sale.quantity)
    status = SaleStatus.PAID
    status_word = "aprovado"
    shipping_status_word = "a enviar"
    sale_date = Sequence(lambda n: NOON + timedelta(minutes=n))
    observed_at = SelfAttribute("sale_date")


_numbers = count(1)


def id_at(time: datetime) -> uuid.UUID:
    """Return a UUID version 7 of a time (aware), greater than those returned before for it."""
    return uuid.UUID(int=lowest_uuid7(time).int + next(_numbers))
