"""Webhooks while the database, Redis or both are down."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from unittest.mock import patch
from uuid import uuid4

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings
from redis import Redis, RedisError

from flowzz.celery import app
from flowzz.core import redis
from flowzz.core.db import jobs
from flowzz.core.db.jobs import JobState
from integrations import dispatch, tasks
from integrations.inbox import drain
from integrations.inbox.store import execute, insertion, store_buffered
from integrations.models import Integration, SyncRun, WebhookEvent, WebhookToken
from integrations.providers.contracts import Page
from integrations.sync.pages import apply_received_webhooks
from integrations.webhooks import fallback_buffer, signing_secrets, tokens
from integrations.webhooks.calls import BlockingCalls
from tests import payloads
from tests.integrations.sellers import Seller, answer, post
from tests.integrations.sync.syncing import apply_page

pytestmark = pytest.mark.django_db
BYTES_KEY = f"{fallback_buffer.KEY}:bytes"


@pytest.fixture
def seller() -> Seller:
    return Seller()


def post_without_database(path: str, *bodies: bytes, failing: str = "find_owners") -> list[Any]:
    with patch.object(BlockingCalls, failing, side_effect=OperationalError):
        return [post(path, body) for body in bodies]


@contextmanager
def without_redis() -> Iterator[None]:
    with (
        patch.object(Redis, "execute_command", side_effect=RedisError),
        patch.object(redis, "_exchange", side_effect=RedisError),
    ):
        yield


def order(number: int) -> bytes:
    return payloads.encode(payloads.order(f"ord{number}"))


@pytest.mark.parametrize("failing", ["find_owners", "insert"])
def test_webhooks_are_buffered_in_redis_while_the_database_is_down(
    seller: Seller, failing: str
) -> None:
    [response] = post_without_database(seller.path, order(1), failing=failing)

    assert response.status_code == 200
    assert answer(response)["message"] == "Webhook received and processing"
    assert (fallback_buffer.length(), seller.events) == (1, [])


def test_buffered_webhooks_move_to_the_inbox_in_order(seller: Seller) -> None:
    post_without_database(seller.path, *(order(number) for number in range(3)))
    an_hour = timedelta(hours=1)

    with time_machine.travel(timezone.now() + an_hour, tick=False):
        assert fallback_buffer.flush_to_inbox() == 3

    assert fallback_buffer.length() == 0
    assert [bytes(event.body or b"") for event in seller.events] == [order(n) for n in range(3)]
    # By the database's clock, which is not an hour ahead.
    ages = [timezone.now() - event.received_at for event in seller.events]
    assert all(an_hour <= age < an_hour + timedelta(minutes=5) for age in ages)
    seller.drain()
    assert seller.states == [("DONE", "created")] * 3


@pytest.mark.django_db(transaction=True)
def test_entry_moved_twice_is_stored_once(seller: Seller) -> None:
    post_without_database(seller.path, order(1))
    [entry] = redis.client().lrange(fallback_buffer.KEY, 0, -1)
    fallback_buffer.flush_to_inbox()
    redis.client().rpush(fallback_buffer.KEY, entry)

    assert fallback_buffer.flush_to_inbox() == 1
    assert len(seller.events) == 1


def test_buffered_copy_corrects_the_arrival_of_an_insert_that_was_frozen(seller: Seller) -> None:
    """The server executed the INSERT when it went on, an hour after the webhook was buffered."""
    post_without_database(seller.path, order(1))
    [entry] = cast(list[bytes], redis.client().lrange(fallback_buffer.KEY, 0, -1))
    execute(insertion([(fallback_buffer._deserialize(entry), seller.integration)]))
    an_hour = timedelta(hours=1)

    with time_machine.travel(timezone.now() + an_hour, tick=False):
        fallback_buffer.flush_to_inbox()

    [event] = seller.events
    assert timezone.now() - event.received_at >= an_hour
    assert bytes(event.body or b"") == order(1)


def test_two_flushes_at_once_lose_no_entry(seller: Seller) -> None:
    """The lock of the first has expired, and the second has already moved the same entries."""
    post_without_database(seller.path, *(order(number) for number in range(3)))

    def store_after_another_flush(routed: list[Any]) -> None:
        redis.client().lpop(fallback_buffer.KEY, len(routed))
        store_buffered(routed)

    with (
        patch.object(fallback_buffer, "BATCH", 1),
        patch.object(fallback_buffer, "store_buffered", store_after_another_flush),
    ):
        fallback_buffer.flush_to_inbox()

    assert len(seller.events) == 3


@pytest.mark.django_db(transaction=True)
def test_flush_killed_after_its_commit_stores_each_entry_once(seller: Seller) -> None:
    post_without_database(seller.path, *(order(number) for number in range(3)))

    with patch.object(Redis, "pipeline", side_effect=SystemExit), pytest.raises(SystemExit):
        fallback_buffer.flush_to_inbox()
    assert (fallback_buffer.length(), len(seller.events)) == (3, 3)

    assert fallback_buffer.flush_to_inbox() == 3
    assert [bytes(event.body or b"") for event in seller.events] == [order(n) for n in range(3)]


def test_batch_is_moved_in_three_statements(
    seller: Seller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    post_without_database(seller.path, *(order(number) for number in range(20)))

    with django_assert_max_num_queries(3):
        assert fallback_buffer.flush_to_inbox() == 20


def test_unknown_token_is_refused_when_the_buffer_is_flushed(seller: Seller) -> None:
    post_without_database("/webhooks/coinzz/unknown", order(1))
    post_without_database(seller.path, order(2))

    fallback_buffer.flush_to_inbox()

    assert [bytes(event.body or b"") for event in WebhookEvent.objects.all()] == [order(2)]


def test_expired_token_is_refused_when_the_buffer_is_flushed(seller: Seller) -> None:
    post_without_database(seller.path, order(1))
    tokens.rotate_token(seller.integration)
    WebhookToken.objects.exclude(expires_at=None).update(
        expires_at=timezone.now() - timedelta(hours=1)
    )

    assert fallback_buffer.flush_to_inbox() == 1
    assert seller.events == []


def test_missing_signature_is_refused_when_the_buffer_is_flushed(seller: Seller) -> None:
    signing_secrets.set_signing_secret(seller.integration, "segredo", keep_previous=False)
    post_without_database(seller.path, order(1))

    assert fallback_buffer.flush_to_inbox() == 1
    assert seller.events == []


def test_unreadable_signing_secret_quarantines_its_webhook_alone(seller: Seller) -> None:
    other = Seller("outra@flowzz.test")
    signing_secrets.set_signing_secret(seller.integration, "segredo", keep_previous=False)
    Integration.objects.filter(id=seller.integration.id).update(signing_secret="cut off")
    post_without_database(seller.path, order(1))
    post_without_database(other.path, order(2))

    assert fallback_buffer.flush_to_inbox() == 2

    assert other.states == [("PENDING", "")]
    unowned = WebhookEvent.objects.get(integration=None)
    assert (unowned.state, unowned.reason, unowned.body) == (
        "QUARANTINED",
        "unverifiable",
        order(1),
    )


def test_entries_stay_buffered_while_the_database_is_down(seller: Seller) -> None:
    post_without_database(seller.path, order(1))

    with (
        patch.object(fallback_buffer, "store_buffered", side_effect=OperationalError),
        pytest.raises(OperationalError),
    ):
        fallback_buffer.flush_to_inbox()

    assert fallback_buffer.length() == 1
    assert fallback_buffer.flush_to_inbox() == 1
    assert len(seller.events) == 1


def test_one_flush_at_a_time(seller: Seller) -> None:
    post_without_database(seller.path, order(1))

    with (
        patch.object(fallback_buffer, "LOCK_WAIT_SECONDS", 0.1),
        redis.client().lock(fallback_buffer.LOCK_KEY, timeout=5),
        pytest.raises(fallback_buffer.BufferBusy),
    ):
        fallback_buffer.flush_to_inbox()
    assert fallback_buffer.flush_to_inbox() == 1


def test_buffered_webhooks_are_applied_before_later_ones(seller: Seller) -> None:
    post_without_database(seller.path, payloads.encode(payloads.order(order_status="Pendente")))
    seller.post(payloads.encode(payloads.order(order_status="Aprovado")))

    tasks.drain_inbox(str(seller.integration.id))

    changes = seller.sale().status_changes.values_list("from_status", "to_status")
    assert list(changes) == [("", "PENDING"), ("PENDING", "PAID")]


@pytest.mark.parametrize("is_flushed", [False, True], ids=["still buffered", "moved meanwhile"])
def test_webhook_that_is_buffered_while_later_ones_are_read_is_applied_before_them(
    seller: Seller, is_flushed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One web process may still buffer what it receives while another one stores."""
    first = payloads.encode(payloads.order(order_status="Pendente"))
    read = drain.next_batch

    def buffer_meanwhile(integration: Integration) -> list[WebhookEvent]:
        monkeypatch.setattr(drain, "next_batch", read)
        post_without_database(seller.path, first)
        seller.post(payloads.encode(payloads.order(order_status="Aprovado")))
        events = read(integration)
        assert len(events) == 1
        if is_flushed:
            fallback_buffer.flush_to_inbox()
        return events

    monkeypatch.setattr(drain, "next_batch", buffer_meanwhile)
    for _ in range(2):
        tasks.drain_inbox(str(seller.integration.id))

    changes = seller.sale().status_changes.values_list("from_status", "to_status")
    assert list(changes) == [("", "PENDING"), ("PENDING", "PAID")]


def test_buffered_webhooks_are_applied_before_a_page_of_a_sync(seller: Seller) -> None:
    """Otherwise the run would report them as missed."""
    run = SyncRun.objects.create(
        integration=seller.integration, state=JobState.RUNNING, trigger="user", lease=uuid4()
    )
    body = payloads.order("ord1")
    post_without_database(seller.path, payloads.encode(body))
    page = Page(
        number=1, last_page=1, total=1, items=[body], has_next=False, fetched_at=timezone.now()
    )

    assert apply_received_webhooks(run)
    apply_page(run, page)

    assert seller.states == [("DONE", "created")]
    assert (run.created, run.unchanged, run.missed) == (0, 1, 0)


def test_drain_is_enqueued_again_while_another_worker_flushes_the_buffer(seller: Seller) -> None:
    post_without_database(seller.path, order(1))
    seller.receive(order(2))

    with (
        patch.object(fallback_buffer, "LOCK_WAIT_SECONDS", 0.1),
        redis.client().lock(fallback_buffer.LOCK_KEY, timeout=5),
        patch.object(dispatch, "enqueue_drain") as enqueue_drain,
    ):
        tasks.drain_inbox(str(seller.integration.id))

    enqueue_drain.assert_called_once_with(seller.integration.id)
    assert seller.states == [("PENDING", "")]


def test_full_buffer_answers_503_with_retry_after(seller: Seller, settings: Settings) -> None:
    settings.FALLBACK_BUFFER_MAX_EVENTS = 2

    responses = post_without_database(seller.path, *(order(number) for number in range(3)))

    assert [response.status_code for response in responses] == [200, 200, 503]
    assert answer(responses[2])["error"] == "UNAVAILABLE"
    assert responses[2]["Retry-After"] == "30"


def test_buffer_full_of_large_bodies_answers_503_until_it_is_flushed(
    seller: Seller, settings: Settings
) -> None:
    settings.FALLBACK_BUFFER_MAX_BYTES = 10_000
    bodies = [order(number) + b" " * 2_500 for number in range(4)]

    responses = post_without_database(seller.path, *bodies)

    assert [response.status_code for response in responses] == [200, 200, 503, 503]
    assert fallback_buffer.flush_to_inbox() == 2
    assert redis.client().get(BYTES_KEY) == b"0"
    responses = post_without_database(seller.path, *bodies[2:])
    assert [response.status_code for response in responses] == [200, 200]


def test_stale_byte_count_does_not_block_an_empty_buffer(
    seller: Seller, settings: Settings
) -> None:
    redis.client().set(BYTES_KEY, settings.FALLBACK_BUFFER_MAX_BYTES)

    [response] = post_without_database(seller.path, order(1))

    assert response.status_code == 200


def test_without_database_and_redis_the_answer_is_503_with_retry_after(seller: Seller) -> None:
    with without_redis():
        [response] = post_without_database(seller.path, order(1))

    assert (response.status_code, response["Retry-After"]) == (503, "30")


def test_webhooks_are_stored_without_redis(seller: Seller) -> None:
    path = seller.path
    with without_redis():
        assert post(path, order(1)).status_code == 200
        assert fallback_buffer.flush_to_inbox() == 0

    assert seller.states == [("PENDING", "")]


def test_many_webhooks_enqueue_one_drain_until_it_ends(seller: Seller) -> None:
    id_ = seller.integration.id
    with patch.object(app, "send_task") as send:
        for number in range(3):
            seller.post(order(number))
        drain = (("integrations.tasks.drain_inbox", [str(id_)]), {"retry": False})
        assert [tuple(call) for call in send.call_args_list] == [drain]

        dispatch.begin_drain(id_)
        assert not dispatch.end_drain(id_)
        dispatch.begin_drain(id_)
        seller.post(order(4))
        assert [tuple(call) for call in send.call_args_list] == [drain]
        assert dispatch.end_drain(id_)

        dispatch.begin_drain(id_)
        assert not dispatch.end_drain(id_)
        seller.post(order(5))
        assert [tuple(call) for call in send.call_args_list] == [drain, drain]


def test_webhook_after_a_drain_enqueues_another_one(seller: Seller) -> None:
    with patch.object(app, "send_task") as send:
        seller.post(order(1))
        tasks.drain_inbox(str(seller.integration.id))
        seller.post(order(2))
        tasks.drain_inbox(str(seller.integration.id))

    assert seller.states == [("DONE", "created")] * 2
    assert send.call_count == 2


def test_drain_enqueues_itself_again_after_its_batch(seller: Seller, settings: Settings) -> None:
    settings.INBOX_BATCH_SIZE = 1
    seller.receive(order(1), order(2))

    with patch.object(app, "send_task") as send:
        tasks.drain_inbox(str(seller.integration.id))

    assert seller.states == [("DONE", "created"), ("PENDING", "")]
    assert send.call_count == 1


def test_sweep_enqueues_work_whose_message_was_lost(seller: Seller) -> None:
    seller.receive(order(1))
    post_without_database(seller.path, order(2))
    enqueued: list[str] = []

    with patch.object(jobs, "enqueue", lambda task, id_: enqueued.append(str(id_))):
        tasks.enqueue_due_work()
        tasks.enqueue_due_work()  # one drain is enqueued at a time

    assert enqueued == [str(seller.integration.id)]
    tasks.drain_inbox(enqueued[0])
    assert seller.states == [("DONE", "created")] * 2
