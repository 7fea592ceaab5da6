"""Warm up a process that drains: the first event is then processed as fast as later ones."""

from decimal import Decimal
from uuid import uuid4

import structlog
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from clients.customer import Customer
from flowzz.accounts.models import User
from integrations.inbox.drain import next_batch
from integrations.inbox.processing import process
from integrations.ingest import SourcedOrder, ingest
from integrations.models import Integration
from integrations.providers.contracts import Order
from integrations.providers.registry import default_provider
from sales.facts import SaleFacts
from sales.models import ChangeSource, Origin

log = structlog.stdlib.get_logger(__name__)

EXECUTIONS = 6
"""The server plans a statement for each of its first five executions, then once."""
_CUSTOMER = Customer(name="Aquecimento", phone="+5511987654321", document="52998224725")
_SALE = SaleFacts(external_id="aquecimento", total_price=Decimal(1), quantity=1)


def warm_up() -> None:
    """Apply an invented order in a transaction that is rolled back.

    This loads what a first event would wait for: the connection, the tables' descriptions in the
    server's process, Django's queries, and the plans of those that are planned once. Without a
    database the first task connects.
    """
    try:
        with transaction.atomic():
            user = User.objects.create(email=f"{uuid4()}@flowzz.invalid")
            integration = Integration.objects.create(user=user, provider=default_provider())
            source = ChangeSource(
                observed_at=timezone.now(), origin=Origin.EVENT, origin_id=uuid4()
            )
            ingest(integration, [SourcedOrder(Order(customer=_CUSTOMER, sale=_SALE), source)])
            transaction.set_rollback(True)
        for _ in range(EXECUTIONS):
            next_batch(integration)
            process(integration, [])
    except (DatabaseError, InterfaceError) as error:
        log.warning("warm_up_failed", cause=type(error).__name__)
