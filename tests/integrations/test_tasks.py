"""Celery tasks do what they are named after."""

from collections.abc import Iterator
from contextlib import suppress
from queue import Empty

import pytest
from pytest_django.fixtures import Settings

from flowzz.celery import app
from flowzz.core import redis
from integrations import api_availability, dispatch, tasks
from integrations.models import Alert, AlertKind, Integration, Trigger
from integrations.sync import runs
from tests import payloads
from tests.factories import IntegrationFactory
from tests.integrations.sellers import Seller
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db


def test_sync_with_a_refused_key_opens_an_alert_at_once(
    integration: Integration, coinzz: SandboxClient
) -> None:
    coinzz.control("POST", "faults", fault="status:401")
    run = runs.request_run(integration, Trigger.USER)

    tasks.run_sync(str(run.id))

    alert = Alert.objects.get(resolved_at=None)
    assert (alert.kind, alert.integration) == (AlertKind.KEY_REFUSED, integration)


def test_apis_are_tried_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"mode": "webhook", "api_key": "cifrada"}
    expected = [str(row.id) for row in IntegrationFactory.create_batch(3, **key)]
    IntegrationFactory.create(mode="webhook")  # without a key
    tried, enqueued = list[str](), list[str]()
    monkeypatch.setattr(api_availability, "try_api", lambda id_: tried.append(str(id_)))
    monkeypatch.setattr(tasks.try_apis, "delay", enqueued.append)

    tasks.try_apis()
    for integration_id in enqueued:  # grows
        tasks.try_apis(integration_id)

    assert tried == enqueued == expected


def messages() -> Iterator[str]:
    """Take the integrations' ids out of the queue `inbox`, one by one, until it is empty."""
    with app.connection_for_read() as broker, suppress(Empty):
        queue = broker.SimpleQueue("inbox")
        while message := queue.get_nowait():
            message.ack()
            yield message.payload[0][0]


def test_backlog_of_a_seller_delays_another_by_one_batch(settings: Settings) -> None:
    redis.client().flushdb()
    settings.INBOX_BATCH_SIZE = 10
    large, small = Seller("grande@flowzz.test"), Seller("pequena@flowzz.test")
    large.receive(*(payloads.order(f"ord{number:05}") for number in range(25)))
    small.receive(payloads.order())
    for seller in (large, small):
        dispatch.enqueue_drain(seller.integration.id)

    turns = []
    for integration_id in messages():
        tasks.drain_inbox(integration_id)
        turns.append((integration_id, len([s for s, _ in large.states if s == "DONE"])))

    ids = str(large.integration.id), str(small.integration.id)
    assert turns == [(ids[0], 10), (ids[1], 10), (ids[0], 20), (ids[0], 25)]
    assert small.states == [("DONE", "created")]
