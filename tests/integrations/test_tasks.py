"""Celery tasks do what they are named after."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty
from unittest.mock import Mock
from uuid import UUID, uuid4

import pytest
from django.core import mail
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.celery import app
from flowzz.core import redis
from integrations import api_availability, dispatch, tasks
from integrations.inbox import drain
from integrations.models import Alert, AlertKind, Integration, SyncRun, Trigger
from integrations.sync import runs
from integrations.webhooks import fallback_buffer
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


def test_run_that_was_deleted_before_its_task_is_no_failure() -> None:
    tasks.run_sync(str(uuid4()))


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


def messages(name: str = "inbox") -> Iterator[str]:
    """Take the ids of work out of a queue, one by one, until it is empty."""
    with app.connection_for_read() as broker, suppress(Empty):
        queue = broker.SimpleQueue(name)
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


@pytest.mark.parametrize(("turn", "drained"), [(60.0, [1, 1]), (0.0, [1])])
def test_drain_goes_on_with_what_has_arrived_until_its_turn_ends(
    monkeypatch: pytest.MonkeyPatch, turn: float, drained: list[int]
) -> None:
    seller = Seller()
    redis.client().flushdb()
    monkeypatch.setattr(tasks, "MAX_TURN_SECONDS", turn)
    sizes, drain_batch = list[int](), fallback_buffer.drain_in_order

    def drain_while_another_arrives(integration_id: UUID) -> drain.DrainedBatch:
        batch = drain_batch(integration_id)
        sizes.append(batch.size)
        if len(sizes) == 1:
            seller.receive(payloads.order("ord2"))
            dispatch.enqueue_drain(integration_id)
        return batch

    monkeypatch.setattr(fallback_buffer, "drain_in_order", drain_while_another_arrives)
    seller.receive(payloads.order("ord1"))

    tasks.drain_inbox(str(seller.integration.id))
    assert sizes == drained
    for integration_id in messages():  # of the turn that ended before the second event
        tasks.drain_inbox(integration_id)

    assert seller.states == [("DONE", "created")] * 2


def test_events_of_a_failed_drain_are_enqueued_by_the_next_webhook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seller = Seller()
    redis.client().flushdb()
    seller.receive(payloads.order("ord1"))
    with monkeypatch.context() as patched:
        patched.setattr(drain, "drain_batch", Mock(side_effect=OperationalError))
        with pytest.raises(OperationalError):
            tasks.drain_inbox(str(seller.integration.id))

    seller.post(payloads.encode(payloads.order("ord2")))
    assert list(messages()) == [str(seller.integration.id)]


@pytest.mark.django_db(transaction=True)
def test_sweeps_of_two_beats_start_each_sync_once_and_mail_once(coinzz: SandboxClient) -> None:
    due = {"status": "CONNECTED", "api_key": "cifrada", "next_sync_at": timezone.now()}
    integrations = IntegrationFactory.create_batch(4, **due)
    Alert.objects.create(integration=integrations[0], kind=AlertKind.KEY_REFUSED, message="a")
    together = threading.Barrier(2)

    def sweep() -> None:
        together.wait()
        tasks.enqueue_due_work()
        connection.close()

    beats = [threading.Thread(target=sweep) for _ in range(2)]
    for beat in beats:
        beat.start()
    for beat in beats:
        beat.join()

    runs_of = SyncRun.objects.filter(trigger=Trigger.SCHEDULE).values_list("integration", flat=True)
    assert sorted(runs_of) == sorted(integration.id for integration in integrations)
    assert Alert.objects.get().opening_mailed
    recipients = [message.to[0] for message in mail.outbox]
    assert len(recipients) == len(set(recipients)) == 2


def test_sweeps_do_not_fill_the_queues_of_stopped_workers() -> None:
    redis.client().flushdb()
    sellers = [Seller(f"{name}@flowzz.test") for name in "abc"]
    for seller in sellers:
        seller.receive(payloads.order())
    ids = {str(seller.integration.id) for seller in sellers}
    rows = IntegrationFactory.create_batch(3, status="CONNECTED", api_key="cifrada")
    run_ids = {str(runs.request_run(row, Trigger.SCHEDULE).id) for row in rows}
    for _ in range(5):
        tasks.enqueue_due_work()
        for flag in redis.client().scan_iter("flowzz:drain-enqueued:*"):
            redis.client().delete(flag)  # it lasts for 15 s

    turns, drains = list(messages("sync")), list(messages("inbox"))
    assert (set(turns), set(drains)) == (run_ids, ids)
    assert len(turns) <= 2 * len(run_ids)
    assert len(drains) <= 2 * len(ids)
