"""Webhooks while the database, or Redis, or both are away."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings
from redis import Redis, RedisError

from flowzz.celery import app
from flowzz.core import redis
from integrations import connection, dispatch, tasks
from integrations.inbox import drain as inbox
from integrations.models import Integration, RunState, SyncRun, WebhookEvent, WebhookToken
from integrations.providers.coinzz.pages import Page
from integrations.sync.pages import apply_page
from integrations.webhooks import fallback_buffer, views
from tests import payloads
from tests.integrations.sellers import Seller, answer, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_redis() -> Iterator[None]:
    redis.client().flushdb()
    yield
    redis.client().flushdb()


@pytest.fixture
def seller() -> Seller:
    return Seller()


def post_without_database(
    path: str, *bodies: bytes, where: str = "resolve_integration"
) -> list[Any]:
    target = views if where == "resolve_integration" else inbox
    with patch.object(target, where, side_effect=OperationalError):
        return [post(path, body) for body in bodies]


def spooled() -> int:
    length: int = redis.client().llen(fallback_buffer.KEY)
    return length


def order(number: int) -> bytes:
    return payloads.encode(payloads.order(f"ord{number}"))


@pytest.mark.parametrize("where", ["resolve_integration", "store"])
def test_without_the_database_webhooks_are_kept_in_redis(seller: Seller, where: str) -> None:
    [response] = post_without_database(seller.path, order(1), where=where)

    assert response.status_code == 200
    assert answer(response)["message"] == "Webhook received and processing"
    assert (spooled(), seller.events) == (1, [])


def test_what_was_spooled_moves_to_the_inbox_in_its_order(seller: Seller) -> None:
    before = timezone.now()
    post_without_database(seller.path, *(order(number) for number in range(3)))
    after = timezone.now()

    assert fallback_buffer.flush_to_inbox() == 3

    assert spooled() == 0
    assert [bytes(event.body or b"") for event in seller.events] == [order(n) for n in range(3)]
    assert all(before < event.received_at < after for event in seller.events)
    seller.drain()
    assert seller.states == [("DONE", "created")] * 3


@pytest.mark.django_db(transaction=True)
def test_an_entry_moved_twice_is_stored_once(seller: Seller) -> None:
    post_without_database(seller.path, order(1))
    [entry] = redis.client().lrange(fallback_buffer.KEY, 0, -1)
    fallback_buffer.flush_to_inbox()
    redis.client().rpush(fallback_buffer.KEY, entry)

    assert fallback_buffer.flush_to_inbox() == 1
    assert len(seller.events) == 1


def test_movers_at_once_drop_nothing_that_neither_stored(seller: Seller) -> None:
    """The lock of the first has run out: the second has moved its entries already."""
    post_without_database(seller.path, *(order(number) for number in range(3)))
    store_all = inbox.store_all

    def overtaken(routed: list[Any]) -> None:
        redis.client().lpop(fallback_buffer.KEY, len(routed))
        store_all(routed)

    with patch.object(fallback_buffer, "BATCH", 1), patch.object(inbox, "store_all", overtaken):
        fallback_buffer.flush_to_inbox()

    assert len(seller.events) == 3


@pytest.mark.django_db(transaction=True)
def test_a_mover_that_dies_after_its_commit_leaves_nothing_to_double(seller: Seller) -> None:
    post_without_database(seller.path, *(order(number) for number in range(3)))

    with patch.object(Redis, "pipeline", side_effect=SystemExit), pytest.raises(SystemExit):
        fallback_buffer.flush_to_inbox()
    assert (spooled(), len(seller.events)) == (3, 3)

    assert fallback_buffer.flush_to_inbox() == 3
    assert [bytes(event.body or b"") for event in seller.events] == [order(n) for n in range(3)]


def test_a_batch_is_moved_by_a_handful_of_statements(
    seller: Seller, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    post_without_database(seller.path, *(order(number) for number in range(20)))

    with django_assert_max_num_queries(2):
        assert fallback_buffer.flush_to_inbox() == 20


def test_a_bad_token_is_found_out_when_it_is_moved(seller: Seller) -> None:
    post_without_database("/webhooks/coinzz/unknown", order(1))
    post_without_database(seller.path, order(2))

    fallback_buffer.flush_to_inbox()

    assert [bytes(event.body or b"") for event in WebhookEvent.objects.all()] == [order(2)]


def test_an_address_past_its_grace_is_found_out_when_it_is_moved(seller: Seller) -> None:
    post_without_database(seller.path, order(1))
    connection.rotate_webhook(seller.integration)
    WebhookToken.objects.exclude(expires_at=None).update(
        expires_at=timezone.now() - timedelta(hours=1)
    )

    assert fallback_buffer.flush_to_inbox() == 1
    assert seller.events == []


def test_a_missing_signature_is_found_out_when_it_is_moved(seller: Seller) -> None:
    connection.set_signing_secret(seller.integration, "segredo", keep_previous=False)
    post_without_database(seller.path, order(1))

    assert fallback_buffer.flush_to_inbox() == 1
    assert seller.events == []


def test_an_unreadable_secret_holds_nobody_up_and_loses_nothing(seller: Seller) -> None:
    other = Seller("outra@flowzz.test")
    connection.set_signing_secret(seller.integration, "segredo", keep_previous=False)
    Integration.objects.filter(id=seller.integration.id).update(signing_secret="cut off")
    post_without_database(seller.path, order(1))
    post_without_database(other.path, order(2))

    assert fallback_buffer.flush_to_inbox() == 2

    assert other.states == [("PENDING", "")]
    kept = WebhookEvent.objects.get(integration=None)
    assert (kept.state, kept.reason, kept.body) == ("QUARANTINED", "unroutable", order(1))


def test_nothing_leaves_the_spool_while_the_database_is_away(seller: Seller) -> None:
    post_without_database(seller.path, order(1))

    with (
        patch.object(inbox, "store_all", side_effect=OperationalError),
        pytest.raises(OperationalError),
    ):
        fallback_buffer.flush_to_inbox()

    assert spooled() == 1
    assert fallback_buffer.flush_to_inbox() == 1
    assert len(seller.events) == 1


def test_one_mover_at_a_time(seller: Seller) -> None:
    post_without_database(seller.path, order(1))

    with (
        patch.object(fallback_buffer, "WAIT_SECONDS", 0.1),
        redis.client().lock(fallback_buffer.LOCK, timeout=5),
        pytest.raises(fallback_buffer.BufferBusy),
    ):
        fallback_buffer.flush_to_inbox()
    assert fallback_buffer.flush_to_inbox() == 1


def test_what_was_spooled_is_applied_before_what_came_after_it(seller: Seller) -> None:
    post_without_database(seller.path, payloads.encode(payloads.order(order_status="Pendente")))
    seller.post(payloads.encode(payloads.order(order_status="Aprovado")))

    tasks.drain_inbox(str(seller.integration.id))

    changes = seller.sale().status_changes.values_list("from_status", "to_status")
    assert list(changes) == [("", "PENDING"), ("PENDING", "PAID")]


def test_what_was_spooled_is_applied_before_a_page_of_a_sync(seller: Seller) -> None:
    """Else it would be told as missed."""
    run = SyncRun.objects.create(
        integration=seller.integration, state=RunState.RUNNING, trigger="user", lease=uuid4()
    )
    body = payloads.order("ord1")
    post_without_database(seller.path, payloads.encode(body))
    page = Page(
        number=1, last_page=1, total=1, items=[body], has_next=False, fetched_at=timezone.now()
    )

    apply_page(run, page)

    assert seller.states == [("DONE", "created")]
    assert (run.created, run.unchanged, run.missed) == (0, 1, 0)


def test_a_drain_leaves_the_inbox_to_whoever_wakes_it_when_the_spool_is_moved(
    seller: Seller,
) -> None:
    post_without_database(seller.path, order(1))
    seller.receive(order(2))

    with (
        patch.object(fallback_buffer, "WAIT_SECONDS", 0.1),
        redis.client().lock(fallback_buffer.LOCK, timeout=5),
        patch.object(dispatch, "enqueue_drain") as woken,
    ):
        tasks.drain_inbox(str(seller.integration.id))

    woken.assert_called_once_with(seller.integration.id)
    assert seller.states == [("PENDING", "")]


def test_a_full_spool_asks_to_try_again(seller: Seller, settings: Settings) -> None:
    settings.SPOOL_MAX_EVENTS = 2

    responses = post_without_database(seller.path, *(order(number) for number in range(3)))

    assert [response.status_code for response in responses] == [200, 200, 503]
    assert answer(responses[2])["error"] == "UNAVAILABLE"
    assert responses[2]["Retry-After"] == "30"


def test_spool_full_of_large_bodies_asks_to_try_again_until_they_are_moved(
    seller: Seller, settings: Settings
) -> None:
    settings.SPOOL_MAX_BYTES = 10_000
    bodies = [order(number) + b" " * 2_500 for number in range(4)]

    responses = post_without_database(seller.path, *bodies)

    assert [response.status_code for response in responses] == [200, 200, 503, 503]
    assert fallback_buffer.flush_to_inbox() == 2
    assert redis.client().get(fallback_buffer.BYTES) == b"0"
    responses = post_without_database(seller.path, *bodies[2:])
    assert [response.status_code for response in responses] == [200, 200]


def test_a_lost_count_of_bytes_does_not_close_the_spool(seller: Seller, settings: Settings) -> None:
    redis.client().set(fallback_buffer.BYTES, settings.SPOOL_MAX_BYTES)

    [response] = post_without_database(seller.path, order(1))

    assert response.status_code == 200


def test_with_both_away_the_sender_is_asked_to_try_again(seller: Seller) -> None:
    with patch.object(Redis, "execute_command", side_effect=RedisError):
        [response] = post_without_database(seller.path, order(1))

    assert (response.status_code, response["Retry-After"]) == (503, "30")


def test_without_redis_intake_goes_on(seller: Seller) -> None:
    path = seller.path
    with patch.object(Redis, "execute_command", side_effect=RedisError):
        assert post(path, order(1)).status_code == 200
        assert fallback_buffer.flush_to_inbox() == 0

    assert seller.states == [("PENDING", "")]


def test_many_webhooks_wake_the_workers_once_until_draining_begins(seller: Seller) -> None:
    with patch.object(app, "send_task") as send:
        for number in range(3):
            seller.post(order(number))
        drain = (("integrations.tasks.drain_inbox", [str(seller.integration.id)]), {"retry": False})
        assert [tuple(call) for call in send.call_args_list] == [drain]

        dispatch.clear_drain_flag(seller.integration.id)
        seller.post(order(4))
        assert [tuple(call) for call in send.call_args_list] == [drain, drain]


def test_a_drain_does_all_and_another_wake_up_is_needed_afterwards(seller: Seller) -> None:
    with patch.object(app, "send_task") as send:
        seller.post(order(1))
        tasks.drain_inbox(str(seller.integration.id))
        seller.post(order(2))
        tasks.drain_inbox(str(seller.integration.id))

    assert seller.states == [("DONE", "created")] * 2
    assert send.call_count == 2


def test_a_drain_gives_way_when_its_time_is_over(seller: Seller, settings: Settings) -> None:
    settings.INBOX_BATCH_SIZE = 1
    seller.receive(order(1), order(2))

    with patch.object(tasks, "FAIR_SECONDS", -1.0), patch.object(app, "send_task") as send:
        tasks.drain_inbox(str(seller.integration.id))

    assert seller.states == [("DONE", "created"), ("PENDING", "")]
    assert send.call_count == 1


def test_the_sweeper_finds_work_whose_wake_up_was_lost(seller: Seller) -> None:
    seller.receive(order(1))
    post_without_database(seller.path, order(2))
    drained: list[str] = []

    with patch.object(dispatch, "_send", lambda task, id_: drained.append(str(id_))):
        tasks.sweep()
        tasks.sweep()  # one call is on its way at a time

    assert drained == [str(seller.integration.id)]
    tasks.drain_inbox(drained[0])
    assert seller.states == [("DONE", "created")] * 2
